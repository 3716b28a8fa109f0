#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The value at a position of a line, and its length.
static const char *value_at(const char *line, size_t length, size_t at, size_t *value_length) {
    const char *end = line + length;
    for (; at > 0; at--) {
        line = memchr(line, ',', (size_t)(end - line));
        if (!line) return *value_length = 0, end;
        line++;
    }
    const char *comma = memchr(line, ',', (size_t)(end - line));
    *value_length = (size_t)((comma ? comma : end) - line);
    return line;
}

static size_t line_length(const char *line) {
    size_t length = strcspn(line, "\n");
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

static void keep(struct filtered *found, const char *line, size_t length) {
    memcpy(found->text + found->length, line, length);
    found->length += length;
    found->text[found->length++] = '\n';
}

bool table_filter(const char *table, const char *column, double minimum, struct filtered *found) {
    *found = (struct filtered){ 0 };
    size_t header = line_length(table);
    if (header == 0) return snprintf(found->message, sizeof found->message, "the table is empty"), false;

    size_t at = 0, length = 0;
    for (;; at++) {
        const char *name = value_at(table, header, at, &length);
        if (length == strlen(column) && memcmp(name, column, length) == 0) break;
        if (name + length >= table + header) {
            snprintf(found->message, sizeof found->message, "there is no column `%s` in: %.*s", column, (int)header, table);
            return false;
        }
    }

    found->text = malloc(strlen(table) + 2);
    if (!found->text) return snprintf(found->message, sizeof found->message, "there is too little memory"), false;
    keep(found, table, header);
    size_t number = 2;
    for (const char *line = next_line(table); *line; line = next_line(line), number++) {
        size_t whole = line_length(line);
        if (whole == 0) continue;
        const char *text = value_at(line, whole, at, &length);
        char copy[64], *end = copy;
        snprintf(copy, sizeof copy, "%.*s", (int)length, text);
        double value = strtod(copy, &end);
        if (end == copy || *end != '\0') {
            snprintf(found->message, sizeof found->message, "line %zu: `%s` is no number", number, copy);
            free(found->text);
            found->text = NULL;
            return false;
        }
        if (value >= minimum) {
            keep(found, line, whole);
            found->rows++;
        }
    }
    return true;
}
