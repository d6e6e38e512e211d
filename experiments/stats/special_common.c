/* Extended precision pieces shared by the special functions: logarithms without cancellation, the rest of Stirling's
 * formula, and Gauss-Legendre panels for log-concave integrands. */
#include "experiments/stats/special_internal.h"

#include <float.h>
#include <math.h>

long double log1p_minus(long double d) {
    if (d < -0.3L || d > 0.5L) return log1pl(d) - d;
    /* log(1+d) = 2 atanh(t), t = d/(2+d), and 2t - d = -dt. */
    const long double t = d / (2 + d), t2 = t * t;
    long double sum = 0, power = 2 * t * t2;
    for (int k = 3; k < 80; k += 2) {
        const long double term = power / k;
        sum += term;
        if (fabsl(term) <= LDBL_EPSILON / 4 * fabsl(d * t)) break;
        power *= t2;
    }
    return sum - d * t;
}

long double log_ratio_minus(long double q, long double d) {
    return q < 0.5L ? logl(q) - (q - 1) : log1p_minus(d);
}

long double log_gamma(long double a) {
    int sign;
    return lgammal_r(a, &sign);
}

long double stirling_rest(long double a) {
    /* B_2k / (2k (2k-1)), DLMF 5.11.1; the first one left out is below 1e-21 for a >= 10. */
    static const long double c[] = {1.0L / 12,
                                    -1.0L / 360,
                                    1.0L / 1260,
                                    -1.0L / 1680,
                                    1.0L / 1188,
                                    -691.0L / 360360,
                                    1.0L / 156,
                                    -3617.0L / 122400,
                                    43867.0L / 244188,
                                    -174611.0L / 125400,
                                    13.40286404416839199447895L,
                                    -156.8482846260020173063651L,
                                    2193.103333333333333333333L};
    static const long double half_log_2pi = 0.9189385332046727417803297364L;
    if (a < 10) return log_gamma(a) - ((a - 0.5L) * logl(a) - a + half_log_2pi);
    const long double r = 1 / a, r2 = r * r;
    long double sum = 0;
    for (int k = (int)(sizeof c / sizeof *c) - 1; k >= 0; k--) sum = sum * r2 + c[k];
    return sum * r;
}

const long double gauss_nodes[GAUSS_HALF][2] = {
    {0.0950125098376374401853193L, 0.189450610455068496285397L},
    {0.281603550779258913230461L, 0.182603415044923588866764L},
    {0.458016777657227386342419L, 0.169156519395002538189312L},
    {0.617876244402643748446672L, 0.149595988816576732081502L},
    {0.755404408355003033895101L, 0.124628971255533872052476L},
    {0.865631202387831743880468L, 0.0951585116824927848099251L},
    {0.944575023073232576077988L, 0.0622535239386478928628438L},
    {0.989400934991649932596154L, 0.0271524594117540948517806L},
};

long double gauss_panel(long double (*f)(long double, const void *), const void *of, long double from, long double to) {
    const long double half = (to - from) / 2, middle = from + half;
    long double sum = 0;
    for (int i = 0; i < GAUSS_HALF; i++) {
        const long double step = half * gauss_nodes[i][0];
        sum += gauss_nodes[i][1] * (f(middle - step, of) + f(middle + step, of));
    }
    return sum * half;
}

static long double exp_of_fall(long double s, const void *of) {
    const struct fall *f = of;
    return expl(f->log_of(s, f->of));
}

long double fall_integral(const struct fall *f) {
    /* Two standard deviations or a fall by e^5 a panel: 16 nodes then leave less than 1e-20. */
    const long double wide = 2 / sqrtl(f->curvature);
    const long double width = f->slope > 0 ? fminl(wide, 5 / f->slope) : wide;
    long double sum = 0;
    for (long double from = 0; from < f->end; from += width) {
        const long double part = gauss_panel(exp_of_fall, f, from, fminl(from + width, f->end));
        sum += part;
        if (part <= LDBL_EPSILON / 16 * sum) break;
    }
    return sum;
}
