/* Moments of arrays and streams, by Welford (1962) and merged by Chan, Golub & LeVeque (1983), so that nothing cancels:
 * never a sum of squares less a squared sum in floating point. `cell.h` is the exact counterpart for live counting.
 * Units of the means are those of the values; M2 and C2 are sums of squared (cross) deviations. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_MOMENTS_H
#define PARLEY_EXPERIMENTS_STATS_MOMENTS_H

#include <stddef.h>

#include "experiments/stats/sample.h"

struct moments {
    double n, mean, m2;
};

/* Two values per unit; for ratio and CUPED. */
struct cross_moments {
    double n, mean_x, mean_y, m2_x, m2_y, c2;
};

/* Four values per unit; for CUPED of a ratio. */
enum { JOINT_VALUES = 4 };
struct joint_moments {
    double n, mean[JOINT_VALUES], c2[JOINT_VALUES][JOINT_VALUES]; /* c2[i][i] is M2; symmetric */
};

void moments_add(struct moments *m, double value);
/* The moments of both sets together. */
struct moments moments_merge(struct moments a, struct moments b);
/* Moments of `n` values; {0, 0, 0} for none. */
struct moments moments_of(const double *values, size_t n);
/* M2 / (n - 1); NaN for n < 2. */
double moments_variance(struct moments m);
struct sample moments_sample(struct moments m);

void cross_moments_add(struct cross_moments *m, double x, double y);
struct cross_moments cross_moments_merge(struct cross_moments a, struct cross_moments b);
struct cross_moments cross_moments_of(const double *x, const double *y, size_t n);
struct moments cross_moments_x(struct cross_moments m);
struct moments cross_moments_y(struct cross_moments m);
/* C2 / (n - 1); NaN for n < 2. */
double cross_moments_covariance(struct cross_moments m);
/* The moments that have these variances and this covariance (ddof 1). */
struct cross_moments cross_moments_from(struct sample x, struct sample y, double covariance);

#endif
