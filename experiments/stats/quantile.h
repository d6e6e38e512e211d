/* Quantiles and what is made of them: outer intervals (Deng, Knoblich & Lu, KDD 2018, section 4.2) whose levels are
 * q -+ z se(F(q)), with se for independent values or robust to clusters (values of one unit belong together), and the cap at
 * a percentile. Quantiles are type 7 (Hyndman & Fan 1996), the default of R and NumPy. Arrays must be sorted in ascending
 * order by the caller: quantile_sort(). No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_QUANTILE_H
#define PARLEY_EXPERIMENTS_STATS_QUANTILE_H

#include <stddef.h>

#include "experiments/stats/moments.h"

void quantile_sort(double *values, size_t n);
/* 0 <= q <= 1, n >= 1, else NaN. */
double quantile_type7(const double *sorted, size_t n, double q);

struct quantile {
    double estimate;
    double cdf_se;                /* of F at the quantile */
    double level_low, level_high; /* q -+ z cdf_se, cut to [0, 1] */
    double low, high;             /* type 7 at these levels */
    double se; /* (high - low) / (2 z): what estimate and a normal distribution would call its error */
};

/* sqrt(q (1 - q) / n) */
double quantile_iid_se(double q, size_t n);
/* Delta method on the ratio of sums (values <= estimate, values) over clusters: x counts those at or below, y all. */
double quantile_cluster_se(struct cross_moments counts);
/* How many of the sorted values are at or below `value`. */
size_t quantile_rank(const double *sorted, size_t n, double value);
/* 0 < q < 1, 0 < alpha < 1, n >= 1, else NaN. */
struct quantile quantile_interval(const double *sorted, size_t n, double q, double cdf_se, double alpha);

/* Winsorised moments: values above `cap` count as `cap`. The cap is quantile_type7() of all unit totals of all arms, zeros
 * included; quantile_nonzero() gives the same percentile of the totals other than 0, for comparison. */
struct moments capped_moments(const double *values, size_t n, double cap);
double quantile_nonzero(const double *sorted, size_t n, double q);

#endif
