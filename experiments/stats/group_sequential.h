/* Group sequential bounds: a few planned looks that spend alpha (Lan & DeMets, Biometrika 70, 1983), by recursive integration
 * (Armitage, McPherson & Rowe, JRSS A 132, 1969; Jennison & Turnbull 2000, chapter 19). No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_GROUP_SEQUENTIAL_H
#define PARLEY_EXPERIMENTS_STATS_GROUP_SEQUENTIAL_H

#include <stddef.h>

enum spending {
    SPENDING_OBRIEN_FLEMING, /* 4 - 4 Phi(z_{alpha/4} / sqrt t), two-sided */
    SPENDING_POCOCK          /* alpha ln(1 + (e - 1) t) */
};

/* Looks closer than this in information are refused: the grid would not resolve them. */
#define GROUP_SEQUENTIAL_STEP 0.002

/* Alpha spent by information fraction 0 <= t <= 1. */
double spending_at(enum spending spending, double alpha, double t);
/* Two-sided symmetric bounds: |Z| >= z[i] at look i stops. `information` rises strictly from above 0 to at most 1. Writes `looks`
 * values each; `spent` is cumulative. False, with NaN everywhere, where information or alpha are not so. 0.3 ms for 5 looks;
 * time grows with looks and with how close they are. */
int group_sequential_bounds(const double *information, size_t looks, double alpha, enum spending spending, double *z,
                            double *spent);

#endif
