/* The difference of two proportions: pooled z for the p-value; unpooled Wald, Newcombe's hybrid score (Statistics in Medicine
 * 17, 1998, method 10) and Miettinen & Nurminen (Statistics in Medicine 4, 1985) for the interval. Zero counts are fine.
 * `z` is the critical multiple, 1.96 at 95 %. Needs 0 <= successes <= n and n > 0, else NaN. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_PROPORTIONS_H
#define PARLEY_EXPERIMENTS_STATS_PROPORTIONS_H

#include "experiments/stats/sample.h"

struct binomial {
    double n, successes;
};

struct proportion_test {
    double estimate;           /* p_T - p_C */
    double z, p;               /* pooled; 0 and 1 where both arms are all failures or all successes */
    double se, z_wald, p_wald; /* unpooled; NaN z and p where se is 0 */
};

struct proportion_test proportion_test(struct binomial control, struct binomial treatment);
struct interval proportion_wald(struct binomial control, struct binomial treatment, double z);
struct interval proportion_newcombe(struct binomial control, struct binomial treatment, double z);
struct interval proportion_miettinen_nurminen(struct binomial control, struct binomial treatment, double z);
/* One proportion (Wilson, JASA 22, 1927). */
struct interval proportion_wilson(struct binomial b, double z);
/* The arm as 0/1 means: variance n/(n-1) p (1-p). */
struct sample proportion_sample(struct binomial b);

#endif
