/* Ratio metrics. */
#include "experiments/stats/ratio.h"

#include <math.h>

double ratio_m2(double m2_n, double m2_d, double c2, double r) {
    return fmax(0, m2_n + r * (r * m2_d - 2 * c2));
}

struct ratio ratio_of(struct cross_moments m) {
    if (!(m.n >= 2) || m.mean_y == 0) return (struct ratio){NAN, NAN, NAN};
    const double r = m.mean_x / m.mean_y;
    /* [s_N^2 + R^2 s_D^2 - 2 R cov] / mu_D^2, the paper's three terms over one denominator. */
    const double variance = ratio_m2(m.m2_x, m.m2_y, m.c2, r) / (m.n - 1) / (m.mean_y * m.mean_y);
    return (struct ratio){r, variance, sqrt(variance / m.n)};
}

struct sample ratio_sample(struct cross_moments m) {
    const struct ratio r = ratio_of(m);
    return (struct sample){m.n, r.estimate, r.unit_variance};
}
