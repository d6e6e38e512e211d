/* Two proportions: tests and intervals. */
#include "experiments/stats/proportions.h"

#include <math.h>

#include "experiments/stats/special.h"

static int usable(struct binomial b) {
    return b.n > 0 && b.successes >= 0 && b.successes <= b.n;
}

static double unpooled_se(struct binomial c, struct binomial t) {
    const double p_c = c.successes / c.n, p_t = t.successes / t.n;
    return sqrt(p_t * (1 - p_t) / t.n + p_c * (1 - p_c) / c.n);
}

struct proportion_test proportion_test(struct binomial c, struct binomial t) {
    struct proportion_test r = {NAN, NAN, NAN, NAN, NAN, NAN};
    if (!usable(c) || !usable(t)) return r;
    r.estimate = t.successes / t.n - c.successes / c.n;
    const double pooled = (c.successes + t.successes) / (c.n + t.n);
    const double pooled_se = sqrt(pooled * (1 - pooled) * (1 / c.n + 1 / t.n));
    r.z = pooled_se > 0 ? r.estimate / pooled_se : 0;
    r.p = 2 * normal_sf(fabs(r.z));
    r.se = unpooled_se(c, t);
    if (r.se == 0) return r;
    r.z_wald = r.estimate / r.se;
    r.p_wald = 2 * normal_sf(fabs(r.z_wald));
    return r;
}

struct interval proportion_wald(struct binomial c, struct binomial t, double z) {
    if (!usable(c) || !usable(t)) return (struct interval){NAN, NAN};
    const double estimate = t.successes / t.n - c.successes / c.n, half = z * unpooled_se(c, t);
    return (struct interval){estimate - half, estimate + half};
}

/* Wilson's centre shift and half-width, so that neither bound is a difference of near equals. */
struct interval proportion_wilson(struct binomial b, double z) {
    if (!usable(b)) return (struct interval){NAN, NAN};
    const double p = b.successes / b.n, q = (b.n - b.successes) / b.n, zz = z * z / b.n;
    const double root = sqrt(zz * zz / 4 + zz * p * q);
    /* Both bounds solve (1+zz) w^2 - (2p+zz) w + p^2 = 0; the smaller one from the product of the roots. */
    const double high = (p + zz / 2 + root) / (1 + zz);
    const double low = high > 0 ? p * p / ((1 + zz) * high) : 0;
    return (struct interval){low, fmin(high, 1)};
}

struct interval proportion_newcombe(struct binomial c, struct binomial t, double z) {
    if (!usable(c) || !usable(t)) return (struct interval){NAN, NAN};
    const double p_c = c.successes / c.n, p_t = t.successes / t.n, d = p_t - p_c;
    const struct interval w_c = proportion_wilson(c, z), w_t = proportion_wilson(t, z);
    return (struct interval){d - hypot(p_t - w_t.low, w_c.high - p_c), d + hypot(w_t.high - p_t, p_c - w_c.low)};
}

/* The restricted maximum likelihood estimate of p_C given p_T - p_C = d: Miettinen & Nurminen 1985, appendix 1. */
static long double restricted(struct binomial c, struct binomial t, long double d) {
    const long double n = (long double)c.n + t.n, x_c = c.successes, x_t = t.successes;
    const long double l3 = n, l2 = (t.n + 2 * (long double)c.n) * d - n - x_c - x_t;
    const long double l1 = (c.n * d - n - 2 * x_c) * d + x_c + x_t, l0 = x_c * d * (1 - d);
    const long double s = l2 / (3 * l3), q = s * s * s - l1 * l2 / (6 * l3 * l3) + l0 / (2 * l3);
    const long double inside = s * s - l1 / (3 * l3), p = (q >= 0 ? 1 : -1) * sqrtl(fmaxl(0, inside));
    if (p == 0) return -s;
    const long double cube = q / (p * p * p);
    const long double angle = (3.14159265358979323846264338328L + acosl(fmaxl(-1, fminl(1, cube)))) / 3;
    const long double low = fmaxl(0, -d), high = fminl(1, 1 - d);
    return fmaxl(low, fminl(high, 2 * p * cosl(angle) - s));
}

/* (estimate - d)^2 less z^2 times its variance at the restricted estimate: negative inside of the interval. */
static long double excess(struct binomial c, struct binomial t, long double estimate, long double d, long double z) {
    const long double p_c = restricted(c, t, d), p_t = fmaxl(0, fminl(1, p_c + d)), n = (long double)c.n + t.n;
    const long double variance = (p_t * (1 - p_t) / t.n + p_c * (1 - p_c) / c.n) * n / (n - 1);
    return (estimate - d) * (estimate - d) - z * z * variance;
}

/* Between the estimate (inside) and the end of the range the excess rises through 0 once: regula falsi, with the Illinois
 * halving so that neither end stays. */
static double score_bound(struct binomial c, struct binomial t, long double estimate, long double end, long double z) {
    long double in = estimate, out = end;
    long double at_in = excess(c, t, estimate, in, z), at_out = excess(c, t, estimate, out, z);
    if (at_out <= 0) return (double)end;
    for (int i = 0, side = 0; i < 200 && fabsl(out - in) > 1e-18L * fabsl(estimate - end); i++) {
        const long double next = i < 4 || at_in >= 0 ? (in + out) / 2 : in + (out - in) * (at_in / (at_in - at_out));
        const long double at = excess(c, t, estimate, next, z);
        if (at == 0 || next == in || next == out) return (double)next;
        if (at < 0) {
            in = next;
            at_in = at;
            if (side < 0) at_out /= 2;
            side = -1;
        } else {
            out = next;
            at_out = at;
            if (side > 0) at_in /= 2;
            side = 1;
        }
        if (fabsl(out - in) <= 1e-16L * fabsl(next)) break;
    }
    return (double)((in + out) / 2);
}

struct interval proportion_miettinen_nurminen(struct binomial c, struct binomial t, double z) {
    if (!usable(c) || !usable(t) || c.n + t.n <= 1) return (struct interval){NAN, NAN};
    const long double estimate = (long double)t.successes / t.n - (long double)c.successes / c.n;
    return (struct interval){score_bound(c, t, estimate, -1, z), score_bound(c, t, estimate, 1, z)};
}

struct sample proportion_sample(struct binomial b) {
    if (!usable(b) || b.n < 2) return (struct sample){b.n, usable(b) ? b.successes / b.n : NAN, NAN};
    const double p = b.successes / b.n;
    return (struct sample){b.n, p, p * (b.n - b.successes) / (b.n - 1)};
}
