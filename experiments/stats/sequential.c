/* Confidence sequences and the mSPRT. */
#include "experiments/stats/sequential.h"

#include <math.h>

#include "experiments/stats/means.h"
#include "experiments/stats/special.h"

double sequential_rho(double alpha, double n_star) {
    if (!(alpha > 0 && alpha < 1) || !(n_star > 0)) return NAN;
    const double l = -2 * log(alpha);
    return sqrt((l + log1p(l)) / n_star);
}

double sequential_rho_exact(double alpha, double n_star) {
    if (!(alpha > 0 && alpha < 1) || !(n_star > 0)) return NAN;
    return sqrt((-lambert_w_minus1(-alpha * alpha * exp(-1)) - 1) / n_star);
}

double sequential_rho_for(double alpha, double n_star, enum sided sided) {
    return sequential_rho(sided == TWO_SIDED ? alpha : 2 * alpha, n_star);
}

double sequential_multiple(double n, double rho, double alpha, enum sided sided) {
    const double nr = n * rho * rho, root = sqrt(nr + 1);
    const double tail = sided == TWO_SIDED ? log(root / alpha) : log1p(root / (2 * alpha));
    return sqrt(2 * (nr + 1) / nr * tail);
}

double sequential_p(double estimate, double se, double n, double rho, enum sided sided) {
    const double t = estimate / se, nr = n * rho * rho, exponent = nr / (nr + 1) * t * t / 2, root = sqrt(nr + 1);
    if (sided == TWO_SIDED) return fmin(1, exp(log(root) - exponent));
    /* The alpha whose bound is 0: ln(1 + root/(2 alpha)) = exponent. */
    if ((sided == GREATER) != (estimate > 0)) return 1;
    return fmin(1, root / 2 * exp(-exponent) / -expm1(-exponent));
}

struct sequence sequential_test(double estimate, double se, double n, double alpha, double n_star, enum sided sided) {
    const double rho = sequential_rho_for(alpha, n_star, sided);
    struct sequence r = {estimate, se, rho, NAN, NAN, NAN};
    if (isnan(rho) || !(se > 0) || !(n >= 2)) return r;
    const double half = se * sequential_multiple(n, rho, alpha, sided);
    r.low = sided == LESS ? -INFINITY : estimate - half;
    r.high = sided == GREATER ? INFINITY : estimate + half;
    r.p = sequential_p(estimate, se, n, rho, sided);
    return r;
}

struct sequence sequential_means(struct sample c, struct sample t, double alpha, double n_star, enum sided sided) {
    return sequential_test(t.mean - c.mean, difference_se(c, t), c.n + t.n, alpha, n_star, sided);
}

struct sequential_path sequential_path_start(void) {
    return (struct sequential_path){-INFINITY, INFINITY, 1};
}

void sequential_path_look(struct sequential_path *path, const struct sequence *look) {
    /* fmax and fmin pass over the NaN of a look that had no answer. */
    path->low = fmax(path->low, look->low);
    path->high = fmin(path->high, look->high);
    path->p = fmin(path->p, look->p);
}

struct msprt msprt(double n, double difference, double variance_sum, double tau2, double alpha) {
    if (!(n > 0) || !(variance_sum > 0) || !(tau2 > 0) || !(alpha > 0 && alpha < 1))
        return (struct msprt){NAN, NAN, NAN};
    const double wide = variance_sum + n * tau2;
    const double log_lambda =
        (n * difference) * (n * difference) * tau2 / (2 * variance_sum * wide) + 0.5 * log(variance_sum / wide);
    const double half = sqrt(variance_sum * wide / (n * n * tau2) * (log(wide / variance_sum) - 2 * log(alpha)));
    return (struct msprt){exp(log_lambda), fmin(1, exp(-log_lambda)), half};
}
