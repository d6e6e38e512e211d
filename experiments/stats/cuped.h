/* Variance reduction by what was known before the experiment: CUPED (Deng, Xu, Kohavi & Walker, WSDM 2013) with one slope
 * pooled within arms, and Lin's regression with a slope per arm (Annals of Applied Statistics 7, 2013). Units without history
 * count as X = 0 with an indicator: the regression of Y on (X, missing) within arms, from moments alone.
 * x is the covariate, y the outcome. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_CUPED_H
#define PARLEY_EXPERIMENTS_STATS_CUPED_H

#include <stdbool.h>
#include <stddef.h>

#include "experiments/stats/means.h"
#include "experiments/stats/moments.h"

/* One arm: its units with history, and the outcomes of those without. */
struct cuped_arm {
    struct cross_moments known;
    struct moments missing; /* n = 0 where every unit has history */
};

/* An arm of a ratio metric: its units with history, {numerator, denominator before they entered, and since}, and the numerators
 * (x) and denominators (y) of those without. */
struct cuped_ratio_arm {
    struct joint_moments known;
    struct cross_moments missing;
};

/* The arm by the values that its ratio behaves as the mean of: R + (N - R D) / mean(D), N and D of a unit, R = sum N / sum D and
 * mean(D) of the arm (as in ratio.h), before and since likewise, so that cuped() adjusts the ratio by itself before the trial.
 * False, and nothing written, where either denominator adds up to 0: there is no ratio to adjust, or none to adjust it by. */
bool cuped_of_ratio(const struct cuped_ratio_arm *arm, struct cuped_arm *out);

struct cuped {
    double theta, gamma; /* slopes on x and on the indicator of missing history; gamma 0 where none is missing */
    double estimate, se; /* adjusted difference, treatment less control */
    double raw_estimate, raw_se; /* unadjusted */
    double reduction;            /* 1 - se^2 / raw_se^2; at or below 0 it does not help, and one should say so */
    double coverage;             /* share of units with history */
    struct sample control,
        treatment; /* adjusted to the common mean of x; ready for welch(), sequential_means(), lift_*() */
};

/* Whose deviations the slope is fitted to. Within arms is what live results use: the effect itself cannot leak into the slope.
 * Over all units is the estimator as Deng et al. print it (cov(Y, X) / var(X) of both arms thrown together). They differ by
 * O(1/n) times the chance imbalance of x. */
enum cuped_slope { SLOPE_WITHIN_ARMS, SLOPE_OVER_ALL };

/* NaN where an arm has fewer than 2 units. Where x does not vary theta is 0. */
struct cuped cuped(struct cuped_arm control, struct cuped_arm treatment, enum cuped_slope slope);
/* Is x itself different between the arms? It must not be: Welch on the units with history. */
struct difference cuped_bias(struct cuped_arm control, struct cuped_arm treatment, double alpha);

struct lin {
    double theta_control, theta_treatment;
    double estimate;
    double se; /* residual variance of each arm's own line, ddof 2 */
};

/* From moments; NaN where an arm has fewer than 3 units or x does not vary in it. */
struct lin lin_of(struct cross_moments control, struct cross_moments treatment);

struct lin_robust {
    double estimate, se_hc0, se_hc2;
};

/* From the units themselves, with heteroscedasticity-robust errors: HC0 (White 1980), HC2 (MacKinnon & White 1985). */
struct lin_robust lin_units(const double *x_control, const double *y_control, size_t n_control,
                            const double *x_treatment, const double *y_treatment, size_t n_treatment);

#endif
