/* The incomplete beta function, and Student t and F, which are made of it. Continued fraction of Didonato & Morris
 * (ACM TOMS 18, 1992, eq. 9), which does not cancel near the mean; Gauss-Legendre over the integral for large shapes. */
#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

#include <float.h>
#include <math.h>

enum { LARGE = 2000 };

long double beta_kernel(long double a, long double b, long double x, long double y) {
    static const long double one_by_2pi = 0.1591549430918953357688838L;
    if (x <= 0 || y <= 0) return 0;
    /* With x0 = a/(a+b): a ln(x/x0) + b ln(y/y0); the linear parts of both logarithms cancel exactly. */
    const long double n = a + b, e = x * b - y * a;
    const long double exponent = a * log_ratio_minus(x * n / a, e / a) + b * log_ratio_minus(y * n / b, -e / b);
    const long double rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(n);
    return sqrtl(a / n * b * one_by_2pi) * expl(exponent - rest);
}

/* I_x(a, b) divided by the kernel, for x up to about the mean: there every b_n is positive. */
static long double fraction(long double a, long double b, long double x, long double y) {
    const long double tiny = LDBL_MIN * 1e10L, e = a * y - b * x;
    long double f = a * (e + 1) / (a + 1);
    if (fabsl(f) < tiny) f = tiny;
    long double c = f, d = 0;
    for (int n = 1; n < 100000; n++) {
        const long double m = a + 2 * n - 1;
        const long double an = (a + n - 1) / m * ((a + b + n - 1) / m) * n * (b - n) * x * x;
        const long double bn = n + n * (b - n) * x / m + (a + n) * (e + 1 + n * (1 + y)) / (m + 2);
        d = bn + an * d;
        if (fabsl(d) < tiny) d = tiny;
        c = bn + an / c;
        if (fabsl(c) < tiny) c = tiny;
        d = 1 / d;
        const long double by = c * d;
        f *= by;
        if (fabsl(by - 1) <= 2 * LDBL_EPSILON) break;
    }
    return 1 / f;
}

struct shape {
    long double a, b, odds;
};

static long double log_integrand(long double s, const void *of) {
    const struct shape *g = of;
    return (g->a - 1) * log1pl(-s) + (g->b - 1) * log1pl(s * g->odds);
}

/* The same ratio as `fraction` with t = x (1 - s) under the integral. */
static long double large_integral(long double a, long double b, long double x, long double y) {
    const struct shape g = {a, b, x / y};
    const long double slope = (a - 1) - (b - 1) * g.odds, curvature = (a - 1) + (b - 1) * g.odds * g.odds;
    const struct fall fall = {log_integrand, &g, fmaxl(0, slope), curvature, 1};
    return fall_integral(&fall) / y;
}

static long double below_mean(long double a, long double b, long double x, long double y) {
    const long double kernel = beta_kernel(a, b, x, y);
    if (kernel == 0) return 0;
    return kernel * (a > LARGE && b > LARGE ? large_integral(a, b, x, y) : fraction(a, b, x, y));
}

struct tails beta_tails(long double a, long double b, long double x, long double y) {
    if (x <= 0) return (struct tails){0, 1};
    if (y <= 0) return (struct tails){1, 0};
    if (x <= (a + 1) / (a + b + 2)) {
        const long double lower = below_mean(a, b, x, y);
        return (struct tails){lower, 1 - lower};
    }
    const long double upper = below_mean(b, a, y, x);
    return (struct tails){1 - upper, upper};
}

static long double log_beta_of(long double a, long double b) {
    static const long double half_log_2pi = 0.9189385332046727417803297364L;
    const long double n = a + b;
    if (a < 1 && b < 1) return log_gamma(a) + log_gamma(b) - log_gamma(n);
    return half_log_2pi - 0.5L * (logl(a) + logl(b) - logl(n)) - a * log1pl(b / a) - b * log1pl(a / b) +
           stirling_rest(a) + stirling_rest(b) - stirling_rest(n);
}

/* Newton on the log of the lower tail as a function of u = logit x: concave, so it converges from anywhere. Far left the
 * function is the line a u - ln a - ln B. */
static long double lower_logit(long double a, long double b, long double tail, long double start) {
    const long double goal = logl(tail), line = (goal + logl(a) + log_beta_of(a, b)) / a, middle = logl(a / b);
    const long double scale = 1 + 1 / sqrtl(1 / a + 1 / b);
    if (line < -100) return line;
    long double u = start;
    for (int i = 0; i < 200; i++) {
        if (u < -1000) u = line;
        const long double y = 1 / (1 + expl(u)), x = 1 / (1 + expl(-u));
        const long double at = beta_tails(a, b, x, y).lower;
        const long double step = (goal - logl(at)) * at / beta_kernel(a, b, x, y);
        if (!(fabsl(step) < HUGE_VALL)) { /* so far out that tail or density is 0 */
            u = (u + middle) / 2;
            continue;
        }
        u += step;
        /* Convergence is quadratic: the next step would be about step^2 in units of the distribution's width. */
        if (step * step * scale <= 1e-18L) break;
    }
    return u;
}

long double beta_logit_quantile(long double a, long double b, struct tails target) {
    const long double spread = sqrtl(1 / a + 1 / b), middle = logl(a / b);
    if (target.lower <= target.upper)
        return lower_logit(a, b, target.lower, middle + spread * fmaxl(-8, normal_quantile((double)target.lower)));
    return -lower_logit(b, a, target.upper, -middle + spread * fmaxl(-8, normal_quantile((double)target.upper)));
}

static struct tails from_lower(double p) {
    return (struct tails){p, 1 - (long double)p};
}
static struct tails from_upper(double q) {
    return (struct tails){1 - (long double)q, q};
}

static int outside(double a, double b) {
    return !(a > 0 && b > 0) || isinf(a) || isinf(b);
}

double log_beta(double a, double b) {
    return outside(a, b) ? NAN : (double)log_beta_of(a, b);
}

double beta_cdf(double x, double a, double b) {
    return outside(a, b) || !(x >= 0 && x <= 1) ? NAN : (double)beta_tails(a, b, x, 1 - (long double)x).lower;
}

double beta_sf(double x, double a, double b) {
    return outside(a, b) || !(x >= 0 && x <= 1) ? NAN : (double)beta_tails(a, b, x, 1 - (long double)x).upper;
}

/* The odds x/(1-x) at the target: 0 and infinity at the ends, NaN where there is no such target. */
static long double odds_quantile(long double a, long double b, struct tails target) {
    if (!(target.lower >= 0 && target.upper >= 0)) return NAN;
    if (target.lower == 0) return 0;
    if (target.upper == 0) return HUGE_VALL;
    return expl(beta_logit_quantile(a, b, target));
}

static double beta_at(double a, double b, struct tails target) {
    if (outside(a, b)) return NAN;
    const long double odds = odds_quantile(a, b, target);
    return isinf(odds) ? 1 : (double)(odds / (1 + odds));
}

double beta_quantile(double p, double a, double b) {
    return beta_at(a, b, from_lower(p));
}
double beta_upper_quantile(double q, double a, double b) {
    return beta_at(a, b, from_upper(q));
}

static struct tails f_tails(double f, double d1, double d2) {
    if (outside(d1, d2) || !(f >= 0)) return (struct tails){NAN, NAN};
    if (isinf(f)) return (struct tails){1, 0};
    const long double w = (long double)d1 * f, n = w + d2;
    return beta_tails(d1 / 2.0L, d2 / 2.0L, w / n, d2 / n);
}

double f_cdf(double f, double d1, double d2) {
    return (double)f_tails(f, d1, d2).lower;
}
double f_sf(double f, double d1, double d2) {
    return (double)f_tails(f, d1, d2).upper;
}

static double f_at(double d1, double d2, struct tails target) {
    return outside(d1, d2) ? NAN : (double)(odds_quantile(d1 / 2.0L, d2 / 2.0L, target) * d2 / d1);
}

double f_quantile(double p, double d1, double d2) {
    return f_at(d1, d2, from_lower(p));
}
double f_upper_quantile(double q, double d1, double d2) {
    return f_at(d1, d2, from_upper(q));
}

/* Beyond this many degrees of freedom t and the normal agree to the last bit of every tail a double can hold. */
static const double as_normal = 1e22;

/* P(|T| < |t|) and P(|T| >= |t|). */
static struct tails student_tails(double t, double df) {
    if (!(df > 0) || isnan(t)) return (struct tails){NAN, NAN};
    if (isinf(t)) return (struct tails){1, 0};
    const long double half_root = 0.7071067811865475244008443621L;
    if (df > as_normal) return (struct tails){erfl(fabsl(t * half_root)), erfcl(fabsl(t * half_root))};
    const long double t2 = (long double)t * t, n = t2 + df;
    return beta_tails(0.5L, df / 2.0L, t2 / n, df / n);
}

double student_two_sided(double t, double df) {
    return (double)student_tails(t, df).upper;
}

double student_sf(double t, double df) {
    const struct tails both = student_tails(t, df);
    return (double)(t > 0 ? both.upper / 2 : 0.5L + both.lower / 2);
}

double student_cdf(double t, double df) {
    return student_sf(-t, df);
}

double student_quantile(double p, double df) {
    if (!(p >= 0 && p <= 1) || !(df > 0)) return NAN;
    if (df > as_normal) return normal_quantile(p);
    if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5) return 0;
    const long double outer = p < 0.5 ? 2 * (long double)p : 2 * (1 - (long double)p);
    long double t;
    if (outer < 0.5L && df > 2) {
        /* From the first term of Cornish and Fisher; t^2 / df are the odds of a beta whose mirror image is solved for. */
        const long double z = fabs(normal_quantile(p)), start = z + z * (z * z + 1) / (4 * df);
        t = sqrtl(df * expl(-lower_logit(df / 2.0L, 0.5L, outer, logl(df) - 2 * logl(start))));
    } else {
        t = sqrtl(df * odds_quantile(0.5L, df / 2.0L, (struct tails){1 - outer, outer}));
    }
    return (double)(p < 0.5 ? -t : t);
}

double student_upper_quantile(double q, double df) {
    return -student_quantile(q, df);
}
