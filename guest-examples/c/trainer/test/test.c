/* Tests without a runtime. Arguments: the table of the penguins, and what is expected of the model. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/logistic.h"

static char message[1024];

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    assert(file);
    char *text = calloc(1 << 20, 1);
    *length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* Parses a copy of the text, which the table keeps, and selects the examples. */
static bool read_examples(const char *text, size_t length, const char *label, const char *positive, table *table, examples *examples) {
    char *copy = calloc(length + 1, 1);
    memcpy(copy, text, length);
    return table_parse(copy, length, table, message, sizeof message) &&
           examples_select(table, label, positive, examples, message, sizeof message);
}

static bool read(const char *text, table *table, examples *examples) {
    return read_examples(text, strlen(text), "kind", "a", table, examples);
}

static void quotes_and_line_breaks_survive(void) {
    char text[] = "\xef\xbb\xbf" "a,b\r\n\"1,5\",\"two\nlines\"\n\n plain ,\"a \"\"word\"\"\"";
    table table;
    assert(table_parse(text, sizeof text - 1, &table, message, sizeof message));
    assert(table.columns == 2 && table.rows == 2 && !strcmp(table.names[0], "a"));
    assert(!strcmp(table_get(&table, 0, 0), "1,5") && !strcmp(table_get(&table, 0, 1), "two\nlines"));
    assert(!strcmp(table_get(&table, 1, 0), "plain") && !strcmp(table_get(&table, 1, 1), "a \"word\""));
}

static void numeric_columns_are_features(void) {
    table table;
    examples examples;
    assert(read("x,kind,word,y,empty\n 1 ,a,one,-1.5e3,\nNA,b,2,2,\n3,,4,4,\n.5,b,nan,+7,NA\n", &table, &examples));
    assert(examples.features == 2 && examples.columns[0] == 0 && examples.columns[1] == 3);
    assert(examples.rows == 2 && examples.skipped == 2);
    assert(examples.values[0] == 1.0 && examples.values[1] == -1500.0 && examples.values[2] == 0.5 && examples.values[3] == 7.0);
    assert(examples.targets[0] == 1.0 && examples.targets[1] == 0.0);
}

/* Every number is the one that the C library reads. */
static void numbers_are_exact(void) {
    static const char *numbers[] = {"0", "-0", "1.", ".5", "-.5", "0.1", "39.1", "123456789.012345", "0.000000000000001", "999999999999999",
                                    "9007199254740993", "0.1234567890123456789", "1e22", "-1.5E-300", "+7", "4.35"};
    static const char *words[] = {"", ".", "-", "+-1", "1e", "e5", "1.2.3", "0x10", "inf", "nan", "1e999", "1 2", "1_000", "--1"};
    double number;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert(table_number(numbers[i], &number));
        double theirs = strtod(numbers[i], NULL);
        assert(!memcmp(&number, &theirs, sizeof number));
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) assert(!table_number(words[i], &number));
    srand(1);
    for (int i = 0; i < 200000; i++) {
        char text[40];
        snprintf(text, sizeof text, "%s%d.%0*d", i % 3 ? "" : "-", rand() % 1000000, 1 + i % 9, rand() % 10);
        assert(table_number(text, &number) && number == strtod(text, NULL));
    }
}

static void what_is_wrong_is_said(void) {
    static const char *wrong[][2] = {
        {"", "the table is empty: it has no header line"},
        {"x,y\n1,2\n", "the table has no column `kind`; its columns are x, y"},
        {"x,kind\n1,a\n2\n", "line 3 has 1 values, but the header names 2 columns"},
        {"x,kind\n0x1,a\n2,b\n", "no column but `kind` holds only numbers: there is nothing to learn from"},
        {"x,kind\n1,\n2,NA\n", "every row has missing values: there is nothing to learn from"},
        {"x,kind\n1,b\n2,b\n", "no complete row has `a` in the column `kind`"},
        {"x,kind\n1,a\n2,a\n", "every complete row has `a` in the column `kind`"},
    };
    table table;
    examples examples;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert(!read(wrong[i][0], &table, &examples));
        assert(!strcmp(message, wrong[i][1]));
    }
}

static void ignore(unsigned done, unsigned total) {
    (void)done, (void)total;
}

/* The numbers after a name in the expected JSON. */
static void expect(const char *json, const char *name, const double *ours, size_t count) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *at = strstr(json, quoted) + strlen(quoted);
    for (size_t j = 0; j < count; j++) {
        at += strcspn(at, "-0123456789");
        char *end;
        double theirs = strtod(at, &end);
        assert(fabs(ours[j] - theirs) < 1e-9);
        at = end;
    }
}

static void the_penguins_give_the_model_that_all_languages_give(const char *penguins, const char *expected) {
    size_t length, unused;
    char *text = read_file(penguins, &length), *json = read_file(expected, &unused);
    table table;
    examples examples;
    logistic model;
    double scores[2];
    assert(read_examples(text, length, "species", "Gentoo", &table, &examples));
    assert(examples.rows == 342 && examples.skipped == 2 && examples.features == 5);
    assert(logistic_fit(&examples, 0.5, 200, ignore, &model, message, sizeof message));
    logistic_examine(&model, &examples, &scores[0], &scores[1]);
    expect(json, "mean", model.mean, 5);
    expect(json, "deviation", model.deviation, 5);
    expect(json, "weights", model.weights, 6);
    expect(json, "accuracy", &scores[0], 1);
    expect(json, "log-loss", &scores[1], 1);
}

static void a_constant_column_has_no_say_and_a_wild_learning_rate_is_refused(void) {
    table table;
    examples examples;
    logistic model;
    assert(read("x,c,kind\n1,5,a\n2,5,b\n", &table, &examples));
    assert(logistic_fit(&examples, 0.1, 50, ignore, &model, message, sizeof message));
    assert(model.deviation[1] == 1.0 && model.weights[2] == 0.0 && model.weights[1] < 0.0);
    assert(read("x,y,kind\n1,1,a\n6,4,b\n3,2,a\n0,1,b\n", &table, &examples));
    assert(!logistic_fit(&examples, 1.7e308, 20, ignore, &model, message, sizeof message) && strstr(message, "too large"));
}

int main(int count, char **arguments) {
    assert(count == 3);
    quotes_and_line_breaks_survive();
    numeric_columns_are_features();
    numbers_are_exact();
    what_is_wrong_is_said();
    the_penguins_give_the_model_that_all_languages_give(arguments[1], arguments[2]);
    a_constant_column_has_no_say_and_a_wild_learning_rate_is_refused();
    puts("6 tests passed");
}
