/* Means, deviations, ranges and correlations of a matrix, taken in two passes over pieces of it. */
#ifndef MOMENTS_H
#define MOMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Rows with a NaN are left out of everything. */
typedef struct {
    size_t columns, stride; /* stride: columns, filled up to whole vectors */
    size_t rows;            /* complete ones seen in the first pass */
    double *mean, *minimum, *maximum;
    double *products; /* stride x stride: sums of products of what varies around the means */
    double *row;
} moments;

void moments_begin(moments *moments, size_t columns);

/* First pass: sums and ranges. `rows` rows one after the other. */
void moments_sum(moments *moments, const double *rows, size_t count);
/* Between the passes: the sums become means. */
void moments_centre(moments *moments);
/* Second pass, over the same rows. */
void moments_multiply(moments *moments, const double *rows, size_t count);

double moments_deviation(const moments *moments, size_t column);
/* NaN where one of the columns is constant. */
double moments_correlation(const moments *moments, size_t a, size_t b);

void moments_end(moments *moments);

#endif
