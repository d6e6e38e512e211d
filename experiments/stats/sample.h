/* The shapes that most methods take and give. Numbers only: what they measure is the caller's affair. A bound or figure
 * that does not exist is NaN, a one-sided interval's open end is infinite. */
#ifndef PARLEY_EXPERIMENTS_STATS_SAMPLE_H
#define PARLEY_EXPERIMENTS_STATS_SAMPLE_H

/* One arm: units, mean per unit, variance per unit (ddof 1). Methods need n >= 2 and variance >= 0. */
struct sample {
    double n, mean, variance;
};

struct interval {
    double low, high;
};

enum sided { TWO_SIDED, GREATER, LESS };

#endif
