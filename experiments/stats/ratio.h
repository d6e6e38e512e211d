/* Ratio metrics, sum of numerators over sum of denominators, both per unit: the delta method (Deng, Knoblich & Lu, KDD 2018,
 * section 3.2), which is the variance of the linearised unit value (N - R D) / mean(D) (Budylin et al., WSDM 2018).
 * No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_RATIO_H
#define PARLEY_EXPERIMENTS_STATS_RATIO_H

#include "experiments/stats/moments.h"

struct ratio {
    double estimate;
    double unit_variance; /* of the linearised value; estimate and this make a `struct sample` of the arm */
    double se;            /* sqrt(unit_variance / n) */
};

/* The squared deviations of N - R D added up, from those of N and D and of their products; never below 0. */
double ratio_m2(double m2_n, double m2_d, double c2, double r);
/* x: numerator, y: denominator, over the same units. NaN where n < 2 or the mean of y is 0. */
struct ratio ratio_of(struct cross_moments m);
/* The arm as a sample, for welch(), sequential_means(), lift_*(). */
struct sample ratio_sample(struct cross_moments m);

#endif
