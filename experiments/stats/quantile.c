/* Quantiles, their intervals, and caps. */
#include "experiments/stats/quantile.h"

#include <math.h>
#include <stdlib.h>

#include "experiments/stats/ratio.h"
#include "experiments/stats/special.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void quantile_sort(double *values, size_t n) {
    qsort(values, n, sizeof *values, ascending);
}

double quantile_type7(const double *sorted, size_t n, double q) {
    if (n == 0 || !(q >= 0 && q <= 1)) return NAN;
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

double quantile_iid_se(double q, size_t n) {
    return sqrt(q * (1 - q) / (double)n);
}

double quantile_cluster_se(struct cross_moments counts) {
    return ratio_of(counts).se;
}

size_t quantile_rank(const double *sorted, size_t n, double value) {
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (sorted[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct quantile quantile_interval(const double *sorted, size_t n, double q, double cdf_se, double alpha) {
    if (n == 0 || !(q > 0 && q < 1) || !(alpha > 0 && alpha < 1))
        return (struct quantile){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const double z = normal_upper_quantile(alpha / 2), low = fmax(0, q - z * cdf_se), high = fmin(1, q + z * cdf_se);
    struct quantile r = {quantile_type7(sorted, n, q),    cdf_se, low, high, quantile_type7(sorted, n, low),
                         quantile_type7(sorted, n, high), NAN};
    r.se = (r.high - r.low) / (2 * z);
    return r;
}

struct moments capped_moments(const double *values, size_t n, double cap) {
    struct moments m = {0, 0, 0};
    for (size_t i = 0; i < n; i++) moments_add(&m, fmin(values[i], cap));
    return m;
}

double quantile_nonzero(const double *sorted, size_t n, double q) {
    /* The zeros are one run; its neighbours close up. */
    const size_t below = quantile_rank(sorted, n, -0x1p-1074), zeros = quantile_rank(sorted, n, 0) - below,
                 rest = n - zeros;
    if (rest == 0 || !(q >= 0 && q <= 1)) return NAN;
    const double at = q * (double)(rest - 1);
    const size_t i = (size_t)at, j = i + 1 < rest ? i + 1 : i;
    const double from = sorted[i < below ? i : i + zeros], to = sorted[j < below ? j : j + zeros];
    return from + (at - (double)i) * (to - from);
}
