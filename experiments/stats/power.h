/* How many units, how small an effect, how likely a verdict: in closed form for a fixed test, by seeded simulation for any look
 * of a confidence sequence. Effects are differences in units of the metric, sizes are units per arm, two-sided at alpha.
 * Needs variances > 0, 0 < alpha < 1, 0 < power < 1, else NaN. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_POWER_H
#define PARLEY_EXPERIMENTS_STATS_POWER_H

#include <stdint.h>

#include "experiments/stats/sample.h"

/* Fixed, normal: n = (z_{1-alpha/2} + z_power)^2 (v_C + v_T) / difference^2 per arm, not rounded. */
double sample_size_means(double sd, double difference, double alpha, double power);
/* The same by the exact power of the two-sample t test (noncentral t). */
double sample_size_t(double sd, double difference, double alpha, double power);
/* Baseline p and p + difference. Unpooled variances throughout, or pooled under the null (Fleiss, Levin & Paik 2003, 4.14). */
double sample_size_proportions(double baseline, double difference, double alpha, double power);
double sample_size_proportions_pooled(double baseline, double difference, double alpha, double power);

/* Of a given standard error: both tails, Phi(d/se - z) + Phi(-d/se - z). */
double power_fixed(double difference, double se, double alpha);
double power_t(double difference, double sd, double n_per_arm, double alpha);
/* (z_{1-alpha/2} + z_power) se */
double mde_fixed(double se, double alpha, double power);

/* A confidence sequence at one look after n units in all: the critical multiple in place of z. What a plan that looks once has;
 * any-look power is a little higher. */
double power_sequential_once(double difference, double se, double n, double alpha, double n_star);

/* A plan of equally spaced looks up to `n` units in both arms together; se at n. */
struct sequential_plan {
    double n, se, alpha, n_star;
    int looks;
};

/* Share of `runs` simulated trials in which some look's sequence excludes 0. 10,000 runs of 50 looks take about 20 ms and are
 * right to half a point. The same seed gives the same answer. */
double power_sequential(struct sequential_plan plan, double difference, int runs, uint64_t seed);
/* The smallest difference with that any-look power, by bisection over the same random numbers. */
double mde_sequential(struct sequential_plan plan, double power, int runs, uint64_t seed);
/* The smallest n (both arms) with that any-look power: `unit_variance` = se^2 n, as it is at every n; plan.n and plan.se are
 * not read. At most 1e12. */
double sample_size_sequential(struct sequential_plan plan, double unit_variance, double difference, double power,
                              int runs, uint64_t seed);

#endif
