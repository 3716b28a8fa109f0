#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistic.h"

static bool find_column(const table *table, const char *name, size_t *column, char *message, size_t size) {
    for (*column = 0; *column < table->columns; ++*column)
        if (!strcmp(table->names[*column], name)) return true;
    int length = snprintf(message, size, "the table has no column `%s`; its columns are ", name);
    for (size_t j = 0; j < table->columns && length >= 0 && (size_t)length < size; j++)
        length += snprintf(message + length, size - length, j ? ", %s" : "%s", table->names[j]);
    return false;
}

/* Whether a column holds a value, and nothing but numbers. */
static bool is_numeric(const table *table, size_t column) {
    bool any = false;
    for (size_t i = 0; i < table->rows; i++) {
        const char *value = table_get(table, i, column);
        double number;
        if (value && !table_number(value, &number)) return false;
        any |= value != NULL;
    }
    return any;
}

/* Reads the features of a row; false if one of them is missing. */
static bool read_row(const table *table, size_t row, const examples *examples, double *into) {
    for (size_t j = 0; j < examples->features; j++) {
        const char *value = table_get(table, row, examples->columns[j]);
        if (!value || !table_number(value, &into[j])) return false;
    }
    return true;
}

bool examples_select(const table *table, const char *label, const char *positive, examples *examples, char *message, size_t size) {
    memset(examples, 0, sizeof *examples);
    size_t at_label, positives = 0;
    if (!find_column(table, label, &at_label, message, size)) return false;

    examples->columns = calloc(table->columns, sizeof *examples->columns);
    for (size_t j = 0; examples->columns && j < table->columns; j++)
        if (j != at_label && is_numeric(table, j)) examples->columns[examples->features++] = j;
    if (!examples->features) {
        snprintf(message, size, "no column but `%s` holds only numbers: there is nothing to learn from", label);
        return false;
    }

    examples->values = calloc(table->rows * examples->features, sizeof *examples->values);
    examples->targets = calloc(table->rows, sizeof *examples->targets);
    if (!examples->values || !examples->targets) abort();
    for (size_t i = 0; i < table->rows; i++) {
        const char *word = table_get(table, i, at_label);
        if (!word || !read_row(table, i, examples, examples->values + examples->rows * examples->features)) continue;
        bool is_positive = !strcmp(word, positive);
        positives += is_positive;
        examples->targets[examples->rows++] = is_positive ? 1.0 : 0.0;
    }
    examples->skipped = table->rows - examples->rows;

    if (!examples->rows) snprintf(message, size, "every row has missing values: there is nothing to learn from");
    else if (!positives) snprintf(message, size, "no complete row has `%s` in the column `%s`", positive, label);
    else if (positives == examples->rows)
        snprintf(message, size, "every complete row has `%s` in the column `%s`", positive, label);
    else return true;
    return false;
}

void examples_free(examples *examples) {
    free(examples->columns);
    free(examples->values);
    free(examples->targets);
}
