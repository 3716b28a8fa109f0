// What the step computes: plain C, tested by `make test` without a runtime.
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filtered {
    char *text;  // the header and the rows that were kept; the caller frees it
    size_t length;
    uint32_t rows;
    char message[160];  // what is wrong, if anything is
};

// Keeps the rows of a CSV table whose number in `column` is at least `minimum`. False with a message if that cannot be.
bool table_filter(const char *table, const char *column, double minimum, struct filtered *found);

#endif
