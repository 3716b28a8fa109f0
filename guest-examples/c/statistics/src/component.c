/* The statistics of polyglot/wit/statistics.wit in C. Nothing is freed where a step ends: its memory is gone with it. */
#include "statistics.h"
#define WEFT_WORLD statistics
#include "weft_guest.h"

#include "moments.h"

WEFT_HANDLE(dataset)
WEFT_HANDLE(artifact)

/* Every pair of columns has an accumulator, and all of them have to fit into memory. */
enum { MOST_COLUMNS = 4096 };

static bool sum(void *into, const uint8_t *bytes, size_t length, weft_string *err) {
    (void)err;
    moments *all = into;
    moments_sum(all, (const double *)bytes, length / (all->columns * sizeof(double)));
    return true;
}

static bool multiply(void *into, const uint8_t *bytes, size_t length, weft_string *err) {
    (void)err;
    moments *all = into;
    moments_multiply(all, (const double *)bytes, length / (all->columns * sizeof(double)));
    return true;
}

static void print_column(weft_buffer *json, const moments *all, size_t j, weft_string name) {
    weft_print(json, "%s\n    {\"name\": ", j ? "," : "");
    weft_print_json(json, name.ptr, name.len);
    weft_print(json, ", \"mean\": ");
    weft_print_number(json, all->mean[j]);
    weft_print(json, ", \"deviation\": ");
    weft_print_number(json, moments_deviation(all, j));
    weft_print(json, ", \"minimum\": ");
    weft_print_number(json, all->minimum[j]);
    weft_print(json, ", \"maximum\": ");
    weft_print_number(json, all->maximum[j]);
    weft_print(json, "}");
}

static weft_buffer print_statistics(const moments *all, const statistics_list_string_t *columns) {
    weft_buffer json = {0};
    weft_print(&json, "{\n  \"rows\": %zu,\n  \"columns\": [", all->rows);
    for (size_t j = 0; j < all->columns; j++) print_column(&json, all, j, columns->ptr[j]);
    weft_print(&json, "\n  ],\n  \"correlation\": [");
    for (size_t a = 0; a < all->columns; a++) {
        weft_print(&json, "%s\n    [", a ? "," : "");
        for (size_t b = 0; b < all->columns; b++) {
            if (b) weft_print(&json, ", ");
            weft_print_number(&json, moments_correlation(all, a, b));
        }
        weft_print(&json, "]");
    }
    weft_print(&json, "\n  ]\n}\n");
    return json;
}

bool exports_statistics_describe(weft_borrow_dataset matrix, statistics_list_string_t *columns, statistics_described_t *ret,
                                 weft_string *err) {
    WEFT_BORROWED(dataset, matrix);
    if (columns->len == 0 || columns->len > MOST_COLUMNS)
        return weft_fail(err, "the matrix must have 1 to %d columns, not %zu", MOST_COLUMNS, columns->len);
    size_t row = columns->len * sizeof(double);
    uint64_t length = weft_component_artifacts_method_dataset_length(matrix);
    if (length % row)
        return weft_fail(err, "%" PRIu64 " bytes are no whole number of rows with %zu columns", length, columns->len);

    moments all;
    size_t piece = (WEFT_PIECE + row - 1) / row * row; /* whole rows */
    moments_begin(&all, columns->len);
    if (!weft_dataset_each_chunk(matrix, piece, sum, &all, err)) return false;
    if (all.rows == 0) return weft_fail(err, "no row of the matrix is complete");
    moments_centre(&all);
    if (!weft_dataset_each_chunk(matrix, piece, multiply, &all, err)) return false;
    weft_log_info("%zu complete rows of %zu columns", all.rows, all.columns);

    weft_buffer json = print_statistics(&all, columns);
    ret->statistics = weft_component_artifacts_constructor_artifact();
    ret->rows = all.rows;
    return weft_artifact_append(ret->statistics, json.text, json.length, err);
}
