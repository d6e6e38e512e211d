/* The incomplete gamma function and the chi square: series below the mean, continued fraction above (DLMF 8.11.4, 8.9.2),
 * Gauss-Legendre over the integral itself for shapes above LARGE, where both would need thousands of terms. */
#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

#include <float.h>
#include <math.h>

enum { LARGE = 2000 };

long double gamma_kernel(long double a, long double x) {
    static const long double one_by_2pi = 0.1591549430918953357688838L;
    if (x <= 0) return 0;
    const long double q = x / a;
    return sqrtl(a * one_by_2pi) * expl(a * log_ratio_minus(q, (x - a) / a) - stirling_rest(a));
}

static long double lower_series(long double a, long double x) {
    long double term = 1 / a, sum = term;
    for (int n = 1; n < 100000 && term > sum * LDBL_EPSILON / 4; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum;
}

/* Modified Lentz (Thompson & Barnett 1986) on x^-a e^x Gamma(a, x). */
static long double upper_fraction(long double a, long double x) {
    const long double tiny = LDBL_MIN * 1e10L;
    long double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
    for (int n = 1; n < 100000; n++) {
        const long double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        if (fabsl(d) < tiny) d = tiny;
        c = b + an / c;
        if (fabsl(c) < tiny) c = tiny;
        d = 1 / d;
        const long double by = d * c;
        h *= by;
        if (fabsl(by - 1) <= 2 * LDBL_EPSILON) break;
    }
    return h;
}

struct shape {
    long double a, x;
    int sign;
};

static long double log_integrand(long double s, const void *of) {
    const struct shape *g = of;
    return (g->a - 1) * log1pl(g->sign * s) - g->sign * g->x * s;
}

static long double large_integral(long double a, long double x, int sign) {
    const struct shape g = {a, x, sign};
    const struct fall fall = {log_integrand, &g, fmaxl(0, sign * (x - (a - 1))), a - 1, sign < 0 ? 1 : HUGE_VALL};
    return fall_integral(&fall);
}

struct tails gamma_tails(long double a, long double x) {
    if (x <= 0) return (struct tails){0, 1};
    if (isinf(x)) return (struct tails){1, 0};
    const long double kernel = gamma_kernel(a, x);
    if (x < a + 1) {
        const long double lower = kernel * (a > LARGE ? large_integral(a, x, -1) : lower_series(a, x));
        return (struct tails){lower, 1 - lower};
    }
    const long double upper = kernel * (a > LARGE ? large_integral(a, x, 1) : upper_fraction(a, x));
    return (struct tails){1 - upper, upper};
}

/* Newton on the log of the smaller tail as a function of u = ln x. That function is concave, so that Newton converges
 * from anywhere; far left it is the line a u - ln Gamma(a + 1). */
static long double log_quantile(long double a, struct tails target) {
    const int lower = target.lower <= target.upper;
    const long double goal = logl(lower ? target.lower : target.upper);
    const long double z = lower ? normal_quantile((double)target.lower) : normal_upper_quantile((double)target.upper);
    const long double root = 1 - 1 / (9 * a) + (isinf(z) ? 0 : z) / (3 * sqrtl(a)); /* Wilson & Hilferty 1931 */
    long double u = root > 0.1L ? logl(a) + 3 * logl(root) : (logl(target.lower) + log_gamma(a + 1)) / a;
    for (int i = 0; i < 200; i++) {
        if (u < -100) {
            const long double line = (logl(target.lower) + log_gamma(a + 1)) / a;
            if (line < -100) return line;
        }
        const long double x = expl(u);
        const struct tails at = gamma_tails(a, x);
        const long double tail = lower ? at.lower : at.upper;
        const long double step = (goal - logl(tail)) * tail / gamma_kernel(a, x) * (lower ? 1 : -1);
        if (!(fabsl(step) < HUGE_VALL)) { /* so far out that tail or density is 0 */
            u = (u + logl(a)) / 2;
            continue;
        }
        u += step;
        if (step * step * (1 + sqrtl(a)) <= 1e-18L)
            break; /* quadratic convergence, in units of the distribution's width */
    }
    return u;
}

static int outside(double x, double a) {
    return !(a > 0) || isinf(a) || isnan(x) || x < 0;
}

double gamma_cdf(double x, double a) {
    return outside(x, a) ? NAN : (double)gamma_tails(a, x).lower;
}
double gamma_sf(double x, double a) {
    return outside(x, a) ? NAN : (double)gamma_tails(a, x).upper;
}

static long double quantile(double a, double lower, double upper, int from_lower) {
    const double given = from_lower ? lower : upper;
    if (!(given >= 0 && given <= 1) || !(a > 0) || isinf(a)) return NAN;
    const struct tails target = {from_lower ? lower : 1 - (long double)upper,
                                 from_lower ? 1 - (long double)lower : upper};
    if (target.lower == 0) return 0;
    if (target.upper == 0) return HUGE_VALL;
    return expl(log_quantile(a, target));
}

double gamma_quantile(double p, double a) {
    return (double)quantile(a, p, 0, 1);
}
double gamma_upper_quantile(double q, double a) {
    return (double)quantile(a, 0, q, 0);
}

double chi2_cdf(double x, double df) {
    return outside(x, df) ? NAN : (double)gamma_tails(df / 2.0L, x / 2.0L).lower;
}
double chi2_sf(double x, double df) {
    return outside(x, df) ? NAN : (double)gamma_tails(df / 2.0L, x / 2.0L).upper;
}
double chi2_quantile(double p, double df) {
    return (double)(2 * quantile(df / 2, p, 0, 1));
}
double chi2_upper_quantile(double q, double df) {
    return (double)(2 * quantile(df / 2, 0, q, 0));
}
