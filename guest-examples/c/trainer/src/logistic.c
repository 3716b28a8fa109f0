#include "logistic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The least probability whose logarithm is taken. */
static const double LEAST = 1e-15;

static double *zeros(size_t count) {
    double *numbers = calloc(count ? count : 1, sizeof *numbers);
    if (!numbers) abort();
    return numbers;
}

/* How likely a row of standardised values is positive. */
static double probability(const logistic *model, const double *z) {
    double s = model->weights[0];
    for (size_t j = 0; j < model->features; j++) s += model->weights[j + 1] * z[j];
    return 1.0 / (1.0 + exp(-s));
}

static void measure(const examples *examples, logistic *model) {
    size_t n = examples->rows, d = examples->features;
    for (size_t j = 0; j < d; j++) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < n; i++) sum += examples->values[i * d + j];
        double mean = sum / n;
        for (size_t i = 0; i < n; i++) {
            double off = examples->values[i * d + j] - mean;
            squares += off * off;
        }
        double deviation = sqrt(squares / n);
        model->mean[j] = mean;
        model->deviation[j] = deviation == 0.0 ? 1.0 : deviation;
    }
}

/* All rows, standardised; to be freed. */
static double *standardise(const logistic *model, const examples *examples) {
    size_t n = examples->rows, d = examples->features;
    double *z = zeros(n * d);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) z[i * d + j] = (examples->values[i * d + j] - model->mean[j]) / model->deviation[j];
    return z;
}

bool logistic_fit(const examples *examples, double learning_rate, unsigned epochs, void (*progress)(unsigned done, unsigned total),
                  logistic *model, char *message, size_t size) {
    size_t n = examples->rows, d = examples->features;
    *model = (logistic){.features = d, .mean = zeros(d), .deviation = zeros(d), .weights = zeros(d + 1)};
    measure(examples, model);

    double *z = standardise(model, examples), *gradient = zeros(d + 1);
    for (unsigned epoch = 0; epoch < epochs; epoch++) {
        memset(gradient, 0, (d + 1) * sizeof *gradient);
        for (size_t i = 0; i < n; i++) {
            const double *row = z + i * d;
            double error = probability(model, row) - examples->targets[i];
            gradient[0] += error;
            for (size_t j = 0; j < d; j++) gradient[j + 1] += error * row[j];
        }
        for (size_t j = 0; j <= d; j++) model->weights[j] -= learning_rate * (gradient[j] / n);
        progress(epoch + 1, epochs);
    }
    free(z);
    free(gradient);

    for (size_t j = 0; j <= d; j++) {
        if (isfinite(model->weights[j])) continue;
        snprintf(message, size, "the weights grew beyond all bounds: the learning rate %g is too large", learning_rate);
        return false;
    }
    return true;
}

void logistic_examine(const logistic *model, const examples *examples, double *accuracy, double *log_loss) {
    size_t n = examples->rows, right = 0;
    double *z = standardise(model, examples), loss = 0.0;
    for (size_t i = 0; i < n; i++) {
        double p = probability(model, z + i * examples->features);
        bool positive = examples->targets[i] == 1.0;
        right += (p >= 0.5) == positive;
        loss += -log(fmax(positive ? p : 1.0 - p, LEAST));
    }
    free(z);
    *accuracy = (double)right / n;
    *log_loss = loss / n;
}

void logistic_free(logistic *model) {
    free(model->mean);
    free(model->deviation);
    free(model->weights);
}
