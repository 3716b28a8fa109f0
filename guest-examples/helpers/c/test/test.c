/* Tests of weft_guest.h without a runtime: the functions that the bindings import are written here, on one artifact in memory. */
#include <assert.h>

#include "trainer.h"
#define WEFT_WORLD trainer
#include "../weft_guest.h"

WEFT_HANDLE(dataset)

static weft_buffer content;
static uint64_t limit = UINT64_MAX;
static int given_back;
static char logged[100], property[100];
static weft_value value;

uint64_t weft_component_artifacts_method_dataset_length(weft_borrow_dataset self) {
    (void)self;
    return content.length;
}

bool weft_component_artifacts_method_dataset_read(weft_borrow_dataset self, uint64_t offset, uint64_t length, weft_bytes *ret,
                                                  weft_error *err) {
    (void)self;
    if (limit == 0) {
        *err = (weft_error){.tag = WEFT_COMPONENT_TYPES_ERROR_OUT_OF_RANGE, .val.out_of_range = {offset, content.length}};
        return false;
    }
    ret->len = offset + length < content.length ? length : content.length - offset;
    ret->ptr = malloc(ret->len);
    memcpy(ret->ptr, content.text + offset, ret->len);
    return true;
}

bool weft_component_artifacts_method_dataset_append(weft_borrow_dataset self, weft_bytes *bytes, weft_error *err) {
    (void)self;
    if (content.length + bytes->len > limit) {
        *err = (weft_error){.tag = WEFT_COMPONENT_TYPES_ERROR_OUTPUT_LIMIT, .val.output_limit = limit};
        return false;
    }
    weft_print_bytes(&content, bytes->ptr, bytes->len);
    return true;
}

bool weft_component_artifacts_method_dataset_set_property(weft_borrow_dataset self, weft_string *name, weft_value *given, weft_error *err) {
    (void)self;
    snprintf(property, sizeof property, "%.*s", (int)name->len, (char *)name->ptr);
    value = *given;
    if (given->tag != WEFT_COMPONENT_TYPES_VALUE_LIST) return true;
    *err = (weft_error){.tag = WEFT_COMPONENT_TYPES_ERROR_INVALID, .val.invalid = weft_str("no JSON")};
    return false;
}

weft_borrow_dataset weft_component_artifacts_borrow_dataset(weft_own_dataset handle) {
    return (weft_borrow_dataset){handle.__handle};
}

void weft_component_artifacts_dataset_drop_borrow(weft_borrow_dataset handle) {
    given_back += handle.__handle;
}

void weft_component_types_error_free(weft_error *error) {
    error->tag = 255;
}

void weft_component_run_log(weft_component_run_level_t level, weft_string *message) {
    assert(level == WEFT_COMPONENT_RUN_LEVEL_INFO);
    snprintf(logged, sizeof logged, "%.*s", (int)message->len, (char *)message->ptr);
}

static const weft_own_dataset own = {7};
static const weft_borrow_dataset borrowed = {7};

static bool says(weft_string *err, const char *text) {
    bool same = err->len == strlen(text) && memcmp(err->ptr, text, err->len) == 0;
    if (!same) fprintf(stderr, "it says: %.*s\n", (int)err->len, (char *)err->ptr);
    free(err->ptr);
    return same;
}

static bool count(void *pieces, const uint8_t *bytes, size_t length, weft_string *err) {
    (void)bytes;
    *(size_t *)pieces += 1;
    return length > 1 || weft_fail(err, "a piece of %zu byte", length);
}

static void whole_artifacts_and_pieces(void) {
    weft_string err;
    size_t length = 3 * WEFT_PIECE + 17, pieces = 0;
    char *bytes = malloc(length), *all;
    for (size_t i = 0; i < length; i++) bytes[i] = (char)(i % 251);
    assert(weft_dataset_append(own, bytes, length, &err));
    assert(content.length == length);

    size_t seen;
    assert(weft_dataset_read(borrowed, &all, &seen, &err));
    assert(seen == length && memcmp(all, bytes, length) == 0 && all[length] == 0);
    assert(weft_dataset_each_chunk(borrowed, 1000, count, &pieces, &err));
    assert(pieces == length / 1000 + 1);
    assert(!weft_dataset_each_chunk(borrowed, 1, count, &pieces, &err) && says(&err, "a piece of 1 byte"));

    limit = length;
    assert(!weft_dataset_append(own, "x", 1, &err) && says(&err, "the step may write no more than 786449 bytes"));
    limit = 0;
    assert(!weft_dataset_read(borrowed, &all, &seen, &err) && says(&err, "offset 0 is beyond the end, 786449"));
    limit = UINT64_MAX;
    free(bytes);
    free(all);
}

static void an_empty_artifact_is_an_empty_text(void) {
    weft_string err;
    char *all;
    size_t length;
    content.length = 0;
    assert(weft_dataset_read(borrowed, &all, &length, &err) && length == 0 && all[0] == 0);
    free(all);
}

static bool early(bool fail, weft_string *err) {
    WEFT_BORROWED(dataset, borrowed);
    if (fail) return weft_fail(err, "%s", "early");
    return true;
}

static void borrowed_handles_are_given_back_on_every_way_out(void) {
    weft_string err;
    assert(early(false, &err) && given_back == 7);
    assert(!early(true, &err) && given_back == 14 && says(&err, "early"));
}

static void properties_and_refusals(void) {
    weft_string err;
    assert(weft_dataset_set(own, "rows", weft_int(7), &err) && strcmp(property, "rows") == 0 && value.val.int_ == 7);
    assert(weft_dataset_set(own, "share", weft_double(0.5), &err) && value.val.double_ == 0.5);
    assert(weft_dataset_set(own, "name", weft_text(weft_str("x")), &err) && value.val.string.len == 1);
    assert(!weft_dataset_set(own, "list", weft_list("[1"), &err) && says(&err, "no JSON"));
    weft_log_info("%d rows", 7);
    assert(strcmp(logged, "7 rows") == 0);
}

static void texts_grow_and_are_json(void) {
    weft_buffer b = {0};
    weft_print_json(&b, "a \"b\" \\ \n ü", 12);
    weft_print(&b, ",");
    weft_print_number(&b, 0.1);
    weft_print(&b, ",");
    weft_print_number(&b, NAN);
    assert(strcmp(b.text, "\"a \\\"b\\\" \\\\ \\u000a ü\",0.10000000000000001,null") == 0 && b.length == strlen(b.text));
    free(b.text);
}

static void texts_that_cross_are_utf8(void) {
    static const char *good[] = {"", "a", "ü", "€", "\xf0\x9f\x90\xa7", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *bad[] = {"\xff", "\x80", "a\xc3", "\xc0\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                "\xe2\x82", "\xc3("};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert(weft_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert(!weft_is_utf8(bad[i], strlen(bad[i])));
    weft_string err;
    assert(!weft_fail(&err, "no column `%s`", "\xfc") && says(&err, "no column `?`"));
    assert(!weft_fail(&err, "no column `%s`", "ü") && says(&err, "no column `ü`"));
}

int main(void) {
    whole_artifacts_and_pieces();
    an_empty_artifact_is_an_empty_text();
    borrowed_handles_are_given_back_on_every_way_out();
    properties_and_refusals();
    texts_grow_and_are_json();
    texts_that_cross_are_utf8();
    puts("6 tests passed");
}
