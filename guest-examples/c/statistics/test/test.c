/* Tests without a runtime. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "../src/moments.h"

static void close_to(double ours, double theirs) {
    assert(fabs(ours - theirs) < 1e-12);
}

/* Three columns, an odd number: the vectors are not full. One row is incomplete, and the rows come in two pieces. */
static void moments_of_a_small_matrix(void) {
    static const double rows[][3] = {{1, 10, 7}, {2, 8, 7}, {NAN, 100, 7}, {3, 6, 7}, {4, 0, 7}};
    moments all;
    moments_begin(&all, 3);
    moments_sum(&all, rows[0], 2);
    moments_sum(&all, rows[2], 3);
    moments_centre(&all);
    moments_multiply(&all, rows[0], 2);
    moments_multiply(&all, rows[2], 3);
    assert(all.rows == 4);
    close_to(all.mean[0], 2.5);
    close_to(all.mean[1], 6);
    assert(all.minimum[1] == 0 && all.maximum[1] == 10);
    close_to(moments_deviation(&all, 0), sqrt(1.25));
    close_to(moments_deviation(&all, 1), sqrt(14));
    close_to(moments_correlation(&all, 0, 0), 1);
    close_to(moments_correlation(&all, 0, 1), -16 / sqrt(5.0 * 56.0));
    close_to(moments_correlation(&all, 1, 0), moments_correlation(&all, 0, 1));
    assert(moments_deviation(&all, 2) == 0 && isnan(moments_correlation(&all, 0, 2)));
    moments_end(&all);
}

/* Values far from 0: what one pass over squares would lose stays. */
static void small_variation_around_a_large_mean(void) {
    double rows[1000];
    for (int i = 0; i < 1000; i++) rows[i] = 1e9 + i % 2;
    moments all;
    moments_begin(&all, 1);
    moments_sum(&all, rows, 1000);
    moments_centre(&all);
    moments_multiply(&all, rows, 1000);
    close_to(moments_deviation(&all, 0), 0.5);
    moments_end(&all);
}

int main(void) {
    moments_of_a_small_matrix();
    small_variation_around_a_large_mean();
    puts("2 tests passed");
}
