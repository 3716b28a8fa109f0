/* A CSV table in memory. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* `rows` times `columns` values, row by row; each ends with a zero, lies in the text that was parsed, and has no spaces around it. */
typedef struct table {
    size_t columns, rows;
    char **names;
    char **values;
} table;

/* Parses a text in place, which must outlive the table. On a mistake returns false and says it in `message`. */
bool table_parse(char *text, size_t length, table *table, char *message, size_t size);
void table_free(table *table);

/* The value in a column of a row; NULL where it is missing. */
const char *table_get(const table *table, size_t row, size_t column);

/* Whether a text is a number as the tables here have it: finite and decimal, unlike much of what strtod reads. */
bool table_number(const char *text, double *number);

#endif
