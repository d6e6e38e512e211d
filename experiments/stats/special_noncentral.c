/* The noncentral t, for the power of a t test. */
#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

#include <math.h>

struct noncentral {
    long double shape, t, delta;
};

/* T' = (Z + delta) / s with s^2 = G / shape, G ~ Gamma(shape) and shape = df/2; v = ln G. */
static long double integrand(long double v, const void *of) {
    const struct noncentral *n = of;
    const long double g = expl(v), s = sqrtl(g / n->shape), root = 0.7071067811865475244008443621L;
    const long double above = erfcl((n->t * s - n->delta) * root), below = erfcl((n->t * s + n->delta) * root);
    return gamma_kernel(n->shape, g) * (above + below) / 2;
}

double student_noncentral_two_sided(double t, double df, double delta) {
    if (!(df > 0) || isinf(df) || !(t >= 0) || isnan(delta)) return NAN;
    const struct noncentral n = {df / 2.0L, t, delta};
    const long double middle = logl(n.shape), width = fminl(1.5L / sqrtl(n.shape), 3 / (1 + fabsl(n.t)));
    long double sum = 0;
    for (int side = -1; side <= 1; side += 2) {
        for (int k = 0; k < 4000; k++) {
            const long double from = middle + side * k * width, to = from + side * width;
            const long double part = fabsl(gauss_panel(integrand, &n, from, to));
            sum += part;
            if (k > 3 && part <= 1e-17L * sum) break;
        }
    }
    return (double)sum;
}
