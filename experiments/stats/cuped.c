/* CUPED and Lin's regression. */
#include "experiments/stats/cuped.h"

#include <math.h>

#include "experiments/stats/ratio.h"

bool cuped_of_ratio(const struct cuped_ratio_arm *arm, struct cuped_arm *out) {
    enum { A, B, N, D }; /* numerator and denominator before; since */
    const struct joint_moments *k = &arm->known;
    const struct cross_moments *m = &arm->missing;
    const double n = k->n + m->n, share = m->n / n;
    const double mean_n = k->mean[N] + (m->mean_x - k->mean[N]) * share;
    const double mean_d = k->mean[D] + (m->mean_y - k->mean[D]) * share;
    if (k->mean[B] == 0 || mean_d == 0) return false;

    const double r = mean_n / mean_d, q = k->mean[A] / k->mean[B], scale_y = 1 / mean_d, scale_x = 1 / k->mean[B];
    out->known = (struct cross_moments){
        .n = k->n,
        .mean_x = q,
        .mean_y = r + (k->mean[N] - r * k->mean[D]) * scale_y,
        .m2_x = ratio_m2(k->c2[A][A], k->c2[B][B], k->c2[A][B], q) * scale_x * scale_x,
        .m2_y = ratio_m2(k->c2[N][N], k->c2[D][D], k->c2[N][D], r) * scale_y * scale_y,
        .c2 = (k->c2[A][N] - r * k->c2[A][D] - q * (k->c2[B][N] - r * k->c2[B][D])) * scale_x * scale_y,
    };
    out->missing = (struct moments){
        .n = m->n,
        .mean = r + (m->mean_x - r * m->mean_y) * scale_y,
        .m2 = ratio_m2(m->m2_x, m->m2_y, m->c2, r) * scale_y * scale_y,
    };
    return true;
}

/* Sums of deviations within one arm over all of its units, x = 0 and m = 1 where there is no history. */
struct within {
    double n, mean_x, mean_m, mean_y, xx, mm, xm, xy, my, yy;
};

static struct within within_of(struct cuped_arm arm) {
    const struct cross_moments *k = &arm.known;
    const double n = k->n + arm.missing.n, both = n > 0 ? k->n * arm.missing.n / n : 0;
    const double step_y = arm.missing.mean - k->mean_y;
    return (struct within){
        .n = n,
        .mean_x = k->mean_x * (k->n / n),
        .mean_m = arm.missing.n / n,
        .mean_y = k->mean_y + step_y * (arm.missing.n / n),
        .xx = k->m2_x + both * k->mean_x * k->mean_x,
        .mm = both,
        .xm = -both * k->mean_x,
        .xy = k->c2 - both * k->mean_x * step_y,
        .my = both * step_y,
        .yy = k->m2_y + arm.missing.m2 + both * step_y * step_y,
    };
}

static struct sample adjusted(const struct within *w, double theta, double gamma, double mean_x, double mean_m) {
    const double squares = w->yy - 2 * (theta * w->xy + gamma * w->my) + theta * theta * w->xx +
                           2 * theta * gamma * w->xm + gamma * gamma * w->mm;
    const double mean = w->mean_y - theta * (w->mean_x - mean_x) - gamma * (w->mean_m - mean_m);
    return (struct sample){w->n, mean, fmax(0, squares) / (w->n - 1)};
}

/* Adds the deviations between arms to those within. */
static struct within with_between(struct within w, const struct within *c, const struct within *t) {
    const double both = c->n * t->n / (c->n + t->n);
    const double x = t->mean_x - c->mean_x, m = t->mean_m - c->mean_m, y = t->mean_y - c->mean_y;
    w.xx += both * x * x;
    w.mm += both * m * m;
    w.xm += both * x * m;
    w.xy += both * x * y;
    w.my += both * m * y;
    return w;
}

struct cuped cuped(struct cuped_arm control, struct cuped_arm treatment, enum cuped_slope slope) {
    struct cuped r = {.theta = NAN,
                      .gamma = NAN,
                      .estimate = NAN,
                      .se = NAN,
                      .raw_estimate = NAN,
                      .raw_se = NAN,
                      .reduction = NAN,
                      .coverage = NAN,
                      .control = {NAN, NAN, NAN},
                      .treatment = {NAN, NAN, NAN}};
    const struct within c = within_of(control), t = within_of(treatment);
    if (!(c.n >= 2 && t.n >= 2)) return r;

    /* Normal equations of Y on (X, M). The indicator is eliminated first. */
    struct within s = {.xx = c.xx + t.xx, .mm = c.mm + t.mm, .xm = c.xm + t.xm, .xy = c.xy + t.xy, .my = c.my + t.my};
    if (slope == SLOPE_OVER_ALL) s = with_between(s, &c, &t);
    const double lever = s.mm > 0 ? s.xm / s.mm : 0, rest_xx = s.xx - lever * s.xm, rest_xy = s.xy - lever * s.my;
    /* What is left of x may be rounding alone. */
    r.theta = rest_xx > 1e-14 * s.xx ? rest_xy / rest_xx : 0;
    r.gamma = s.mm > 0 ? (s.my - r.theta * s.xm) / s.mm : 0;

    const double n = c.n + t.n, mean_x = (c.n * c.mean_x + t.n * t.mean_x) / n;
    const double mean_m = (c.n * c.mean_m + t.n * t.mean_m) / n;
    r.control = adjusted(&c, r.theta, r.gamma, mean_x, mean_m);
    r.treatment = adjusted(&t, r.theta, r.gamma, mean_x, mean_m);
    r.estimate = r.treatment.mean - r.control.mean;
    r.se = difference_se(r.control, r.treatment);
    r.raw_estimate = t.mean_y - c.mean_y;
    r.raw_se = sqrt(t.yy / (t.n - 1) / t.n + c.yy / (c.n - 1) / c.n);
    r.reduction = r.raw_se > 0 ? 1 - (r.se / r.raw_se) * (r.se / r.raw_se) : 0;
    r.coverage = (control.known.n + treatment.known.n) / n;
    return r;
}

struct difference cuped_bias(struct cuped_arm control, struct cuped_arm treatment, double alpha) {
    return welch(moments_sample(cross_moments_x(control.known)), moments_sample(cross_moments_x(treatment.known)),
                 alpha);
}

struct lin lin_of(struct cross_moments c, struct cross_moments t) {
    if (!(c.n >= 3 && t.n >= 3 && c.m2_x > 0 && t.m2_x > 0)) return (struct lin){NAN, NAN, NAN, NAN};
    const double theta_c = c.c2 / c.m2_x, theta_t = t.c2 / t.m2_x;
    const double off_c = t.n / (c.n + t.n) * (t.mean_x - c.mean_x), off_t = -c.n / (c.n + t.n) * (t.mean_x - c.mean_x);
    /* The value of each arm's line at the common mean of x, and its variance. */
    const double at_c = c.mean_y + theta_c * off_c, at_t = t.mean_y + theta_t * off_t;
    const double v_c = fmax(0, c.m2_y - theta_c * c.c2) / (c.n - 2), v_t = fmax(0, t.m2_y - theta_t * t.c2) / (t.n - 2);
    const double se = sqrt(v_c * (1 / c.n + off_c * off_c / c.m2_x) + v_t * (1 / t.n + off_t * off_t / t.m2_x));
    return (struct lin){theta_c, theta_t, at_t - at_c, se};
}

/* Adds the robust variances of one arm's line at mean + off. */
static void add_robust(const double *x, const double *y, size_t n, struct cross_moments m, double off, double *hc0,
                       double *hc2) {
    const double theta = m.c2 / m.m2_x;
    for (size_t i = 0; i < n; i++) {
        const double dx = x[i] - m.mean_x, residual = y[i] - m.mean_y - theta * dx;
        const double weight = 1 / m.n + dx * off / m.m2_x, leverage = 1 / m.n + dx * dx / m.m2_x;
        const double part = weight * residual * weight * residual;
        *hc0 += part;
        *hc2 += leverage < 1 ? part / (1 - leverage) : 0; /* leverage 1: the line goes through the unit, residual 0 */
    }
}

struct lin_robust lin_units(const double *x_c, const double *y_c, size_t n_c, const double *x_t, const double *y_t,
                            size_t n_t) {
    const struct cross_moments c = cross_moments_of(x_c, y_c, n_c), t = cross_moments_of(x_t, y_t, n_t);
    const struct lin lin = lin_of(c, t);
    if (isnan(lin.estimate)) return (struct lin_robust){NAN, NAN, NAN};
    double hc0 = 0, hc2 = 0;
    const double step = t.mean_x - c.mean_x, n = c.n + t.n;
    add_robust(x_c, y_c, n_c, c, t.n / n * step, &hc0, &hc2);
    add_robust(x_t, y_t, n_t, t, -c.n / n * step, &hc0, &hc2);
    return (struct lin_robust){lin.estimate, sqrt(hc0), sqrt(hc2)};
}
