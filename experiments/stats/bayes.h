/* Bayesian read-outs: two beta-binomial arms exactly, and a normal posterior of an effect with a normal prior, in closed form
 * (Gelman et al., Bayesian Data Analysis, 2.4-2.5). No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_BAYES_H
#define PARLEY_EXPERIMENTS_STATS_BAYES_H

#include "experiments/stats/proportions.h"
#include "experiments/stats/sample.h"

/* Beta(a, b). As a prior, 0.1 <= a, b <= 1e9; Parley's is (1, 1). */
struct beta {
    double a, b;
};

struct beta beta_posterior(struct binomial data, struct beta prior);
/* Equal-tailed credible interval. */
struct interval beta_interval(struct beta posterior, double alpha);

struct beta_comparison {
    double chance;         /* P(T > C) */
    double loss_treatment; /* E[(C - T)+]: what choosing T costs on average, in units of the proportion */
    double loss_control;   /* E[(T - C)+] */
};

/* By the trapezoidal rule on the log odds, which converges exponentially; relative error below 1e-10 also when a chance is
 * tiny. NaN where a shape is outside of [0.1, 2e9]. */
struct beta_comparison beta_compare(struct beta control, struct beta treatment);

enum scale { SCALE_RELATIVE, SCALE_ABSOLUTE };

/* What is believed about the effect beforehand, on the scale of a lift or of a difference; sd = INFINITY believes nothing. */
struct normal_prior {
    double mean, sd;
    enum scale scale;
};

struct normal_posterior {
    double mean, sd, low, high; /* equal-tailed at 1 - alpha */
    double chance;              /* P(effect > 0) */
    double loss_treatment;      /* E[(-effect)+] */
    double loss_control;        /* E[effect+] */
};

/* `estimate` and `se` > 0 on `scale`. A prior on the other scale is brought over with the control mean (other than 0), never
 * ignored. Losses are on `scale`. */
struct normal_posterior bayes_normal(double estimate, double se, enum scale scale, struct normal_prior prior,
                                     double control_mean, double alpha);

#endif
