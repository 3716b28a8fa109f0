// The steps that wit/world.wit declares: artifacts in, artifacts out. What they compute is in table.c.

#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "{{snake}}.h"

typedef weft_component_artifacts_borrow_dataset_t input_t;

// An error's text, handed over to the runtime.
static void fail(const char *message, {{snake}}_string_t *err) {
    {{snake}}_string_dup(err, message);
}

// The whole of an input as text, asked for in pieces that the runtime is glad to give; NULL if the runtime refuses.
static char *read_all(input_t data) {
    const uint64_t piece = 1 << 20;
    uint64_t length = weft_component_artifacts_method_dataset_length(data);
    char *text = malloc((size_t)length + 1);
    for (uint64_t at = 0; text && at < length; at += piece) {
        {{snake}}_list_u8_t bytes;
        weft_component_artifacts_error_t error;
        if (!weft_component_artifacts_method_dataset_read(data, at, piece < length - at ? piece : length - at, &bytes, &error)) {
            weft_component_artifacts_error_free(&error);
            free(text);
            return NULL;
        }
        memcpy(text + at, bytes.ptr, bytes.len);
        {{snake}}_list_u8_free(&bytes);
    }
    if (text) text[length] = '\0';
    return text;
}

static bool filter(input_t table, {{snake}}_string_t *column, double minimum, {{snake}}_filtered_t *ret, {{snake}}_string_t *err) {
    char *text = read_all(table);
    if (!text) return fail("the table cannot be read", err), false;
    char *name = strndup((char *)column->ptr, column->len);
    struct filtered found;
    bool ok = name && table_filter(text, name, minimum, &found);
    free(name);
    free(text);
    if (!ok) return fail(found.message, err), false;

    weft_component_artifacts_own_dataset_t output = weft_component_artifacts_constructor_dataset();
    {{snake}}_list_u8_t bytes = { (uint8_t *)found.text, found.length };
    weft_component_artifacts_error_t error;
    ok = weft_component_artifacts_method_dataset_append(weft_component_artifacts_borrow_dataset(output), &bytes, &error);
    free(found.text);
    if (!ok) {
        weft_component_artifacts_error_free(&error);
        weft_component_artifacts_dataset_drop_own(output);
        return fail("the output cannot be written", err), false;
    }
    ret->kept = output;
    ret->rows = found.rows;
    return true;
}

bool exports_{{snake}}_filter(input_t table, {{snake}}_string_t *column, double minimum, {{snake}}_filtered_t *ret, {{snake}}_string_t *err) {
    bool ok = filter(table, column, minimum, ret, err);
    // A borrowed handle must be given back before the function returns.
    weft_component_artifacts_dataset_drop_borrow(table);
    {{snake}}_string_free(column);
    return ok;
}
