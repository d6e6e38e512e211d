/* Ratio metrics. */
#include "experiments/stats/ratio.h"

#include <math.h>

struct ratio ratio_of(struct cross_moments m) {
    if (!(m.n >= 2) || m.mean_y == 0) return (struct ratio){NAN, NAN, NAN};
    const double r = m.mean_x / m.mean_y;
    /* [s_N^2 + R^2 s_D^2 - 2 R cov] / mu_D^2, the paper's three terms over one denominator; rounding must not go below 0. */
    const double m2 = fmax(0, m.m2_x + r * (r * m.m2_y - 2 * m.c2));
    const double variance = m2 / (m.n - 1) / (m.mean_y * m.mean_y);
    return (struct ratio){r, variance, sqrt(variance / m.n)};
}

struct sample ratio_sample(struct cross_moments m) {
    const struct ratio r = ratio_of(m);
    return (struct sample){m.n, r.estimate, r.unit_variance};
}
