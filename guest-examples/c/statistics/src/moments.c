#include "moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Doubles in one vector register, and one vector of them: the compiler makes vector instructions of these on every machine that has them. */
enum { LANES = 2 };
typedef double vector __attribute__((vector_size(LANES * sizeof(double))));

static double *zeros(size_t count) {
    size_t size = (count * sizeof(double) + sizeof(vector) - 1) / sizeof(vector) * sizeof(vector);
    double *numbers = aligned_alloc(sizeof(vector), size);
    if (!numbers) abort();
    return memset(numbers, 0, size);
}

void moments_begin(moments *moments, size_t columns) {
    size_t stride = (columns + LANES - 1) / LANES * LANES;
    moments->columns = columns;
    moments->stride = stride;
    moments->rows = 0;
    moments->mean = zeros(stride);
    moments->minimum = zeros(stride);
    moments->maximum = zeros(stride);
    moments->products = zeros(stride * stride);
    moments->row = zeros(stride);
    for (size_t j = 0; j < columns; j++) {
        moments->minimum[j] = INFINITY;
        moments->maximum[j] = -INFINITY;
    }
}

static bool is_complete(const double *row, size_t columns) {
    bool complete = true;
    for (size_t j = 0; j < columns; j++) complete &= row[j] == row[j];
    return complete;
}

void moments_sum(moments *moments, const double *rows, size_t count) {
    size_t columns = moments->columns;
    double *restrict mean = moments->mean, *restrict minimum = moments->minimum, *restrict maximum = moments->maximum;
    for (const double *row = rows; count; row += columns, count--) {
        if (!is_complete(row, columns)) continue;
        moments->rows++;
        for (size_t j = 0; j < columns; j++) {
            mean[j] += row[j];
            minimum[j] = row[j] < minimum[j] ? row[j] : minimum[j];
            maximum[j] = row[j] > maximum[j] ? row[j] : maximum[j];
        }
    }
}

void moments_centre(moments *moments) {
    for (size_t j = 0; j < moments->columns; j++) moments->mean[j] /= moments->rows;
}

/* The work that grows with columns * columns * rows. Each product has an accumulator of its own, so its order is that of the rows. */
void moments_multiply(moments *moments, const double *rows, size_t count) {
    size_t columns = moments->columns, vectors = moments->stride / LANES;
    const vector *centred = (const vector *)moments->row;
    vector *products = (vector *)moments->products;
    for (const double *row = rows; count; row += columns, count--) {
        if (!is_complete(row, columns)) continue;
        for (size_t j = 0; j < columns; j++) moments->row[j] = row[j] - moments->mean[j];
        for (size_t a = 0; a < columns; a++) {
            double x = moments->row[a];
            vector *line = products + a * vectors;
            for (size_t v = 0; v < vectors; v++) line[v] += x * centred[v];
        }
    }
}

double moments_deviation(const moments *moments, size_t column) {
    return sqrt(moments->products[column * moments->stride + column] / moments->rows);
}

double moments_correlation(const moments *moments, size_t a, size_t b) {
    size_t stride = moments->stride;
    const double *products = moments->products;
    return products[a * stride + b] / (sqrt(products[a * stride + a]) * sqrt(products[b * stride + b]));
}

void moments_end(moments *moments) {
    free(moments->mean);
    free(moments->minimum);
    free(moments->maximum);
    free(moments->products);
    free(moments->row);
}
