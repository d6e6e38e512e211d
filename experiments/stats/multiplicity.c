/* Adjusted p-values. */
#include "experiments/stats/multiplicity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static int by_p(const void *a, const void *b, void *p) {
    const double *values = p, x = values[*(const size_t *)a], y = values[*(const size_t *)b];
    return (x > y) - (x < y);
}

/* What the p-value of rank `rank` (from 1) is multiplied by. */
static double factor(enum correction correction, size_t rank, size_t n) {
    switch (correction) {
    case CORRECTION_BONFERRONI: return (double)n;
    case CORRECTION_HOLM:
    case CORRECTION_HOCHBERG: return (double)(n - rank + 1);
    case CORRECTION_BH:
    case CORRECTION_BY: return (double)n / (double)rank;
    case CORRECTION_NONE: break;
    }
    return 1;
}

void adjust(enum correction correction, const double *p, size_t n, size_t *order, double *out) {
    bool usable = true;
    double harmonic = 0;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        usable &= p[i] >= 0 && p[i] <= 1;
        harmonic += 1 / (double)(i + 1);
    }
    if (!usable) {
        for (size_t i = 0; i < n; i++) out[i] = NAN;
        return;
    }
    qsort_r(order, n, sizeof *order, by_p, (void *)p);
    const double extra = correction == CORRECTION_BY ? harmonic : 1;
    for (size_t i = 0; i < n; i++) out[order[i]] = fmin(1, p[order[i]] * factor(correction, i + 1, n) * extra);
    /* Order is kept: step-down takes the running maximum from the smallest p, step-up the running minimum from the largest. */
    const bool down = correction == CORRECTION_HOLM;
    for (size_t k = 1; k < n; k++) {
        double *at = &out[order[down ? k : n - 1 - k]], before = out[order[down ? k - 1 : n - k]];
        *at = down ? fmax(*at, before) : fmin(*at, before);
    }
}

void adjust_preferential(const double *p, const double *shares, size_t n, double *out) {
    for (size_t i = 0; i < n; i++) {
        const bool usable = p[i] >= 0 && p[i] <= 1 && shares[i] > 0 && shares[i] <= 1;
        out[i] = usable ? fmin(1, p[i] / shares[i]) : NAN;
    }
}
