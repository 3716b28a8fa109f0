/* The model, and how it is fitted. polyglot/wit/trainer.wit tells the order of operations. */
#ifndef LOGISTIC_H
#define LOGISTIC_H

#include "table.h"

/* The rows to learn from. */
typedef struct {
    size_t features, rows, skipped;
    size_t *columns; /* of each feature, its column in the table */
    double *values;  /* row by row, one for each feature */
    double *targets; /* 1 for each row that is positive, 0 for the others */
} examples;

/* A logistic regression on standardised numbers. */
typedef struct {
    size_t features;
    double *mean, *deviation; /* one for each feature */
    double *weights;          /* the intercept, then one for each feature */
} logistic;

/* Both return false on a mistake, and say it in `message`. `progress` is told how many epochs are done, after each one. */
bool examples_select(const table *table, const char *label, const char *positive, examples *examples, char *message, size_t size);
bool logistic_fit(const examples *examples, double learning_rate, unsigned epochs, void (*progress)(unsigned done, unsigned total),
                  logistic *model, char *message, size_t size);

void logistic_examine(const logistic *model, const examples *examples, double *accuracy, double *log_loss);

void examples_free(examples *examples);
void logistic_free(logistic *model);

#endif
