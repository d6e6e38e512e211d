/* Adjusted p-values for several hypotheses. Family-wise: Bonferroni, weighted ("preferential") Bonferroni, Holm (1979), Hochberg
 * (1988). False discovery rate: Benjamini & Hochberg (1995), Benjamini & Yekutieli (2001). Guardrails are adjusted apart, by
 * calling this for them alone. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_MULTIPLICITY_H
#define PARLEY_EXPERIMENTS_STATS_MULTIPLICITY_H

#include <stddef.h>

enum correction {
    CORRECTION_NONE,
    CORRECTION_BONFERRONI,
    CORRECTION_HOLM,
    CORRECTION_HOCHBERG,
    CORRECTION_BH,
    CORRECTION_BY
};

/* Writes n adjusted p-values, in the order given, into `out` (may be `p` itself). `order` is scratch for n indices. Each p must be
 * in [0, 1]: all answers are NaN where one is not. */
void adjust(enum correction correction, const double *p, size_t n, size_t *order, double *out);
/* min(1, p / share): shares of alpha, above 0 and adding up to 1, e.g. half for the primary metric and the rest split. */
void adjust_preferential(const double *p, const double *shares, size_t n, double *out);

#endif
