/* Bayesian read-outs. */
#include "experiments/stats/bayes.h"

#include <math.h>

#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

struct beta beta_posterior(struct binomial data, struct beta prior) {
    return (struct beta){prior.a + data.successes, prior.b + (data.n - data.successes)};
}

struct interval beta_interval(struct beta b, double alpha) {
    return (struct interval){beta_quantile(alpha / 2, b.a, b.b), beta_upper_quantile(alpha / 2, b.a, b.b)};
}

/* P(X > Y) and E[(X - Y)+] as integrals over the narrower of the two, whose density on the log odds is the kernel; of the other
 * one the tail and the partial expectation are known at every point. */
struct upset {
    struct beta narrow, wide;
    int narrow_is_x;
};
struct upset_sum {
    long double chance, loss;
};

static struct upset_sum upset_at(const struct upset *u, long double logit) {
    const long double x = 1 / (1 + expl(-logit)), y = 1 / (1 + expl(logit));
    const long double a = u->wide.a, b = u->wide.b, density = beta_kernel(u->narrow.a, u->narrow.b, x, y);
    if (density == 0) return (struct upset_sum){0, 0};
    const struct tails tail = beta_tails(a, b, x, y);
    /* E[(x - W)+] = (x - m) F(x) + x^a y^b / ((a+b) B(a,b)), and E[(W - x)+] by symmetry. */
    const long double rest = beta_kernel(a, b, x, y) / (a + b), off = (x * b - y * a) / (a + b);
    const long double chance = u->narrow_is_x ? tail.lower : tail.upper;
    const long double loss = (u->narrow_is_x ? off * tail.lower : -off * tail.upper) + rest;
    return (struct upset_sum){density * chance, density * loss};
}

static struct upset_sum upset_sum_of(const struct upset *u) {
    /* The product of both densities peaks at the pooled log odds; its curvature there sets the step. The step is at most 0.25
     * as the kernel is analytic only up to pi from the real line. */
    const long double a = (long double)u->narrow.a + u->wide.a, b = (long double)u->narrow.b + u->wide.b;
    const long double middle = logl(a / b), step = fminl(0.25L, 0.55L * sqrtl((a + b) / (a * b)));
    struct upset_sum sum = upset_at(u, middle);
    for (int side = -1; side <= 1; side += 2) {
        for (int k = 1; k < 20000; k++) {
            const struct upset_sum part = upset_at(u, middle + side * k * step);
            sum.chance += part.chance;
            sum.loss += part.loss;
            if (part.chance <= 1e-17L * sum.chance && part.loss <= 1e-17L * sum.loss && k > 8) break;
        }
    }
    return (struct upset_sum){sum.chance * step, sum.loss * step};
}

static double spread(struct beta b) {
    return 1 / b.a + 1 / b.b;
}

static int usable(struct beta b) {
    return b.a >= 0.1 && b.b >= 0.1 && b.a <= 2e9 && b.b <= 2e9;
}

struct beta_comparison beta_compare(struct beta control, struct beta treatment) {
    if (!usable(control) || !usable(treatment)) return (struct beta_comparison){NAN, NAN, NAN};
    /* The less likely event is integrated, the other one follows without cancellation. */
    const long double m_c = control.a / ((long double)control.a + control.b);
    const long double m_t = treatment.a / ((long double)treatment.a + treatment.b);
    const int ahead = m_t >= m_c; /* then the upset is C > T */
    const struct beta x = ahead ? control : treatment, y = ahead ? treatment : control;
    const int narrow_is_x = spread(x) <= spread(y);
    const struct upset u = {narrow_is_x ? x : y, narrow_is_x ? y : x, narrow_is_x};
    const struct upset_sum sum = upset_sum_of(&u);
    const double other = (double)(sum.loss + fabsl(m_t - m_c));
    if (ahead) return (struct beta_comparison){(double)(1 - sum.chance), (double)sum.loss, other};
    return (struct beta_comparison){(double)sum.chance, other, (double)sum.loss};
}

/* E[(m + s Z)+] */
static double expected_gain(double m, double s) {
    return m * normal_cdf(m / s) + s * normal_pdf(m / s);
}

struct normal_posterior bayes_normal(double estimate, double se, enum scale scale, struct normal_prior prior,
                                     double control_mean, double alpha) {
    const struct normal_posterior none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!(se > 0) || !(prior.sd > 0) || !(alpha > 0 && alpha < 1)) return none;
    if (prior.scale != scale) {
        if (!(control_mean != 0)) return none;
        const double by = scale == SCALE_RELATIVE ? 1 / control_mean : control_mean;
        prior.mean *= by;
        prior.sd *= fabs(by);
    }
    const double weight = 1 / (se * se), prior_weight = isinf(prior.sd) ? 0 : 1 / (prior.sd * prior.sd);
    const double mean =
        (weight * estimate + (prior_weight > 0 ? prior_weight * prior.mean : 0)) / (weight + prior_weight);
    const double sd = 1 / sqrt(weight + prior_weight), half = normal_upper_quantile(alpha / 2) * sd;
    return (struct normal_posterior){
        mean, sd, mean - half, mean + half, normal_cdf(mean / sd), expected_gain(-mean, sd), expected_gain(mean, sd)};
}
