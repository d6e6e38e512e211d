/* The difference of two means. Welch, "The generalization of Student's problem when several different population variances
 * are involved", Biometrika 34 (1947), with Satterthwaite's degrees of freedom. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_MEANS_H
#define PARLEY_EXPERIMENTS_STATS_MEANS_H

#include "experiments/stats/sample.h"

struct difference {
    double estimate;  /* treatment less control, units of the metric */
    double se;        /* of the estimate */
    double df;        /* Satterthwaite; INFINITY for a z test */
    double t, p;      /* two-sided */
    double low, high; /* at 1 - alpha */
};

/* Needs n >= 2 in both arms and 0 < alpha < 1, else every figure is NaN. Where both variances are 0 there is no t, df, p
 * or interval: those are NaN, se is 0. */
struct difference welch(struct sample control, struct sample treatment, double alpha);
/* The standard error alone: sqrt(s_T^2/n_T + s_C^2/n_C). */
double difference_se(struct sample control, struct sample treatment);
/* A z test of any estimate with a known standard error, for what welch() does not cover (ratio, CUPED, strata). */
struct difference z_difference(double estimate, double se, double alpha);

#endif
