/* A difference over strata whose shares of treatment differ, such as the epochs between changes of weights: pooled means would
 * be biased (Simpson), so that differences are taken within strata and weighted by size. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_STRATA_H
#define PARLEY_EXPERIMENTS_STATS_STRATA_H

#include <stddef.h>

#include "experiments/stats/sample.h"

struct stratum {
    struct sample control, treatment;
};

struct stratified {
    double estimate; /* sum of (N_e / N) (mean_T,e - mean_C,e) */
    double se;       /* root of the sum of (N_e / N)^2 (s_T,e^2 / n_T,e + s_C,e^2 / n_C,e) */
    double n;        /* units in the strata used */
    size_t used;     /* strata with at least 2 units in either arm; the others have no difference and are left out */
    struct sample control,
        treatment; /* arms standardised to the common mix of strata; variance = n times that of the mean */
};

/* NaN where no stratum can be used. One stratum gives Welch's estimate and se. */
struct stratified strata_difference(const struct stratum *strata, size_t n);

#endif
