// `make test`

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define TABLE "species,height\nfern,42.5\nmoss,2\n"

static void keeps(double minimum, const char *text, uint32_t rows) {
    struct filtered found;
    assert(table_filter(TABLE, "height", minimum, &found));
    assert(found.rows == rows && found.length == strlen(text) && memcmp(found.text, text, found.length) == 0);
    free(found.text);
}

static void says(const char *table, const char *column, const char *message) {
    struct filtered found;
    assert(!table_filter(table, column, 1, &found));
    assert(strcmp(found.message, message) == 0);
}

int main(void) {
    keeps(10, "species,height\nfern,42.5\n", 1);
    keeps(100, "species,height\n", 0);
    says(TABLE, "width", "there is no column `width` in: species,height");
    says(TABLE, "species", "line 2: `fern` is no number");
    says("", "height", "the table is empty");
    puts("ok");
    return 0;
}
