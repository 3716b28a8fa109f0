/*
 * weft_guest.h: the handles of weft:component for people who write C. The README beside it has a whole component.
 *
 * Include the bindings of wit-bindgen before it, and define WEFT_WORLD as the world's name in them. Functions that can fail return false and
 * set `err`, the text that the step fails with. Memory that cannot be had ends the step.
 */
#ifndef WEFT_GUEST_H
#define WEFT_GUEST_H

#ifndef WEFT_WORLD
#error "define WEFT_WORLD as the name of your world before weft_guest.h is included"
#endif

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEFT_JOIN_(a, b) a##b
#define WEFT_JOIN(a, b) WEFT_JOIN_(a, b)
#define WEFT_UNUSED __attribute__((unused))
#define WEFT_PRINTF(text, first) __attribute__((format(printf, text, first), unused))

/* How much is moved at once: enough that a call costs nothing beside the bytes it moves. */
#define WEFT_PIECE ((uint64_t)256 << 10)

typedef WEFT_JOIN(WEFT_WORLD, _string_t) weft_string;
typedef WEFT_JOIN(WEFT_WORLD, _list_u8_t) weft_bytes;
typedef weft_component_types_error_t weft_error;
typedef weft_component_types_value_t weft_value;

WEFT_UNUSED static void *weft_allocate(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    if (!memory) abort();
    return memory;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------------- */

/* A text that grows; begin with `weft_buffer b = {0}`. `text` is to be freed, and ends with a zero that `length` does not count. */
typedef struct {
    char *text;
    size_t length, capacity;
} weft_buffer;

WEFT_UNUSED static void weft_print_bytes(weft_buffer *buffer, const void *bytes, size_t length) {
    if (buffer->length + length + 1 > buffer->capacity) {
        buffer->capacity = 2 * (buffer->length + length + 1);
        buffer->text = weft_allocate(buffer->text, buffer->capacity);
    }
    if (length) memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = 0;
}

WEFT_UNUSED static void weft_print_list(weft_buffer *buffer, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) abort();
    char *text = weft_allocate(NULL, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    weft_print_bytes(buffer, text, (size_t)length);
    free(text);
}

WEFT_PRINTF(2, 3) static void weft_print(weft_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_print_list(buffer, format, arguments);
    va_end(arguments);
}

/* A text as a JSON string, with its quotes. */
WEFT_UNUSED static void weft_print_json(weft_buffer *buffer, const void *text, size_t length) {
    const uint8_t *bytes = text;
    weft_print(buffer, "\"");
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\') weft_print(buffer, "\\%c", bytes[i]);
        else if (bytes[i] < ' ') weft_print(buffer, "\\u%04x", bytes[i]);
        else weft_print_bytes(buffer, bytes + i, 1);
    }
    weft_print(buffer, "\"");
}

/* A number as JSON that gives the same number back; `null` for what JSON has no number for. */
WEFT_UNUSED static void weft_print_number(weft_buffer *buffer, double number) {
    if (isfinite(number)) weft_print(buffer, "%.17g", number);
    else weft_print(buffer, "null");
}

/* Whether bytes are UTF-8, as every text that crosses to the runtime must be. */
WEFT_UNUSED static bool weft_is_utf8(const void *text, size_t length) {
    const uint8_t *at = text, *end = at + length;
    while (at < end) {
        uint8_t first = *at++;
        int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
        if (more < 0 || end - at < more) return false;
        uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80, high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        for (; more; more--, at++, low = 0x80, high = 0xbf)
            if (*at < low || *at > high) return false;
    }
    return true;
}

/* Replaces all that is not ASCII in a text that is not UTF-8 by question marks. */
WEFT_UNUSED static void weft_make_utf8(weft_buffer *buffer) {
    if (weft_is_utf8(buffer->text, buffer->length)) return;
    for (size_t i = 0; i < buffer->length; i++)
        if ((uint8_t)buffer->text[i] >= 0x80) buffer->text[i] = '?';
}

/* ---- failures ------------------------------------------------------------------------------------------------------------------- */

/* Sets the text that the step fails with. Always false. */
WEFT_PRINTF(2, 3) static bool weft_fail(weft_string *err, const char *format, ...) {
    weft_buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    weft_print_list(&buffer, format, arguments);
    va_end(arguments);
    weft_make_utf8(&buffer);
    err->ptr = (uint8_t *)buffer.text;
    err->len = buffer.length;
    return false;
}

/* Sets the text to what the runtime said, and frees that. Always false. */
WEFT_UNUSED static bool weft_refused(weft_string *err, weft_error *error) {
    switch (error->tag) {
    case WEFT_COMPONENT_TYPES_ERROR_OUT_OF_RANGE:
        weft_fail(err, "offset %" PRIu64 " is beyond the end, %" PRIu64, error->val.out_of_range.f0, error->val.out_of_range.f1);
        break;
    case WEFT_COMPONENT_TYPES_ERROR_TOO_LARGE:
        weft_fail(err, "the runtime moves at most %" PRIu64 " bytes at once", error->val.too_large);
        break;
    case WEFT_COMPONENT_TYPES_ERROR_READ_ONLY:
        weft_fail(err, "the artifact is an input, and inputs are never changed");
        break;
    case WEFT_COMPONENT_TYPES_ERROR_NOT_FOUND:
        weft_fail(err, "there is no file `%.*s` in the artifact", (int)error->val.not_found.len, (char *)error->val.not_found.ptr);
        break;
    case WEFT_COMPONENT_TYPES_ERROR_OUTPUT_LIMIT:
        weft_fail(err, "the step may write no more than %" PRIu64 " bytes", error->val.output_limit);
        break;
    default: /* the others hold a text, all in the same place */
        weft_fail(err, "%.*s", (int)error->val.io.len, (char *)error->val.io.ptr);
    }
    weft_component_types_error_free(error);
    return false;
}

/* ---- the run -------------------------------------------------------------------------------------------------------------------- */

/* Writes what a user would like to know to the step's log. */
WEFT_PRINTF(1, 2) static void weft_log_info(const char *format, ...) {
    weft_buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    weft_print_list(&buffer, format, arguments);
    va_end(arguments);
    weft_make_utf8(&buffer);
    weft_string message = {(uint8_t *)buffer.text, buffer.length};
    weft_component_run_log(WEFT_COMPONENT_RUN_LEVEL_INFO, &message);
    free(buffer.text);
}

/* ---- properties ----------------------------------------------------------------------------------------------------------------- */

/* A text as the bindings want it; not copied. */
WEFT_UNUSED static weft_string weft_str(const char *text) {
    return (weft_string){(uint8_t *)text, strlen(text)};
}

WEFT_UNUSED static weft_value weft_int(int64_t value) {
    return (weft_value){.tag = WEFT_COMPONENT_TYPES_VALUE_INT, .val.int_ = value};
}

WEFT_UNUSED static weft_value weft_double(double value) {
    return (weft_value){.tag = WEFT_COMPONENT_TYPES_VALUE_DOUBLE, .val.double_ = value};
}

WEFT_UNUSED static weft_value weft_text(weft_string value) {
    return (weft_value){.tag = WEFT_COMPONENT_TYPES_VALUE_STRING, .val.string = value};
}

/* A list, as the text of a JSON array. */
WEFT_UNUSED static weft_value weft_list(const char *json) {
    return (weft_value){.tag = WEFT_COMPONENT_TYPES_VALUE_LIST, .val.list = weft_str(json)};
}

/* ---- handles -------------------------------------------------------------------------------------------------------------------- */

/* Called with one piece of an artifact after the other. To stop, return false with `err` set. */
typedef bool weft_chunk(void *context, const uint8_t *bytes, size_t length, weft_string *err);

/* Gives a borrowed handle back when the function ends, as every component must. */
#define WEFT_BORROWED(kind, handle) \
    __attribute__((cleanup(weft_##kind##_give_back), unused)) weft_borrow_##kind weft_borrowed_##handle = handle

/* The functions for one kind of artifact, such as `dataset`. */
#define WEFT_HANDLE(kind) \
    typedef weft_component_artifacts_own_##kind##_t weft_own_##kind; \
    typedef weft_component_artifacts_borrow_##kind##_t weft_borrow_##kind; \
\
    WEFT_UNUSED static void weft_##kind##_give_back(weft_borrow_##kind *handle) { \
        weft_component_artifacts_##kind##_drop_borrow(*handle); \
    } \
\
    WEFT_UNUSED static bool weft_##kind##_each_chunk(weft_borrow_##kind handle, size_t size, weft_chunk *chunk, void *context, \
                                                     weft_string *err) { \
        uint64_t length = weft_component_artifacts_method_##kind##_length(handle); \
        for (uint64_t offset = 0; offset < length;) { \
            weft_bytes piece; \
            weft_error error; \
            if (!weft_component_artifacts_method_##kind##_read(handle, offset, size, &piece, &error)) return weft_refused(err, &error); \
            offset += piece.len; \
            bool go_on = chunk(context, piece.ptr, piece.len, err); \
            free(piece.ptr); \
            if (!go_on) return false; \
        } \
        return true; \
    } \
\
    WEFT_UNUSED static bool weft_##kind##_read(weft_borrow_##kind handle, char **bytes, size_t *length, weft_string *err) { \
        weft_buffer all = {0}; \
        weft_print_bytes(&all, NULL, 0); \
        if (!weft_##kind##_each_chunk(handle, WEFT_PIECE, weft_collect, &all, err)) { \
            free(all.text); \
            return false; \
        } \
        *bytes = all.text; \
        *length = all.length; \
        return true; \
    } \
\
    WEFT_UNUSED static bool weft_##kind##_append(weft_own_##kind handle, const void *bytes, size_t length, weft_string *err) { \
        for (size_t start = 0; start < length; start += WEFT_PIECE) { \
            size_t rest = length - start; \
            weft_bytes piece = {(uint8_t *)bytes + start, rest < WEFT_PIECE ? rest : WEFT_PIECE}; \
            weft_error error; \
            if (!weft_component_artifacts_method_##kind##_append(weft_component_artifacts_borrow_##kind(handle), &piece, &error)) \
                return weft_refused(err, &error); \
        } \
        return true; \
    } \
\
    WEFT_UNUSED static bool weft_##kind##_set(weft_own_##kind handle, const char *name, weft_value value, weft_string *err) { \
        weft_string named = weft_str(name); \
        weft_error error; \
        if (!weft_component_artifacts_method_##kind##_set_property(weft_component_artifacts_borrow_##kind(handle), &named, &value, &error)) \
            return weft_refused(err, &error); \
        return true; \
    }

WEFT_UNUSED static bool weft_collect(void *all, const uint8_t *bytes, size_t length, weft_string *err) {
    (void)err;
    weft_print_bytes(all, bytes, length);
    return true;
}

#endif
