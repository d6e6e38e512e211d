/* Power, minimum detectable effect, sample size. */
#include "experiments/stats/power.h"

#include <math.h>

#include "experiments/stats/random.h"
#include "experiments/stats/sequential.h"
#include "experiments/stats/special.h"

static int probability(double p) {
    return p > 0 && p < 1;
}

static double multiples(double alpha, double power) {
    return probability(alpha) && probability(power) ? normal_upper_quantile(alpha / 2) + normal_quantile(power) : NAN;
}

double sample_size_means(double sd, double difference, double alpha, double power) {
    const double z = multiples(alpha, power) * sd / difference;
    return difference != 0 && sd > 0 ? 2 * z * z : NAN;
}

double power_t(double difference, double sd, double n, double alpha) {
    if (!(n > 1) || !(sd > 0) || !probability(alpha)) return NAN;
    const double df = 2 * n - 2;
    return student_noncentral_two_sided(student_upper_quantile(alpha / 2, df), df, difference / sd * sqrt(n / 2));
}

double sample_size_t(double sd, double difference, double alpha, double power) {
    double n = fmax(2, sample_size_means(sd, difference, alpha, power));
    if (!(n < 1e12)) return NAN;
    /* Secant on the power as a function of root n, close to a normal cdf: starts within a few units of the answer. */
    double before = n * 1.01 + 0.1, p_before = power_t(difference, sd, before, alpha);
    for (int i = 0; i < 50; i++) {
        const double p = power_t(difference, sd, n, alpha);
        if (p == p_before) break;
        const double next = fmax(1.001, n - (p - power) * (n - before) / (p - p_before));
        before = n;
        p_before = p;
        n = next;
        if (fabs(n - before) <= 1e-13 * n) break;
    }
    return n;
}

double sample_size_proportions(double p, double difference, double alpha, double power) {
    const double q = p + difference, z = multiples(alpha, power) / difference;
    if (!probability(p) || !probability(q) || difference == 0) return NAN;
    return z * z * (p * (1 - p) + q * (1 - q));
}

double sample_size_proportions_pooled(double p, double difference, double alpha, double power) {
    const double q = p + difference, middle = p + difference / 2;
    if (!probability(p) || !probability(q) || difference == 0 || !probability(alpha) || !probability(power)) return NAN;
    const double root = normal_upper_quantile(alpha / 2) * sqrt(2 * middle * (1 - middle)) +
                        normal_quantile(power) * sqrt(p * (1 - p) + q * (1 - q));
    return (root / difference) * (root / difference);
}

static double beyond(double multiple, double shift) {
    return normal_sf(multiple - shift) + normal_sf(multiple + shift);
}

double power_fixed(double difference, double se, double alpha) {
    return se > 0 && probability(alpha) ? beyond(normal_upper_quantile(alpha / 2), difference / se) : NAN;
}

double mde_fixed(double se, double alpha, double power) {
    return se > 0 ? multiples(alpha, power) * se : NAN;
}

double power_sequential_once(double difference, double se, double n, double alpha, double n_star) {
    const double rho = sequential_rho(alpha, n_star);
    return se > 0 && n > 0 ? beyond(sequential_multiple(n, rho, alpha, TWO_SIDED), difference / se) : NAN;
}

/* One trial as a Brownian path: at information t the z value is path / sqrt(t) + shift sqrt(t). */
static int some_look_excludes_zero(const double *multiples_at, int looks, double shift, struct random *random) {
    const double step = 1 / (double)looks, sd = sqrt(step);
    double path = 0;
    for (int k = 0; k < looks; k++) {
        const double t = (k + 1) * step;
        path += sd * random_normal(random) + shift * step;
        if (fabs(path) > multiples_at[k] * sqrt(t)) return 1;
    }
    return 0;
}

enum { LOOKS_MAX = 1000 };

double power_sequential(struct sequential_plan plan, double difference, int runs, uint64_t seed) {
    const double rho = sequential_rho(plan.alpha, plan.n_star);
    if (isnan(rho) || !(plan.se > 0) || !(plan.n > 0) || plan.looks < 1 || plan.looks > LOOKS_MAX || runs < 1)
        return NAN;
    double at[LOOKS_MAX];
    for (int k = 0; k < plan.looks; k++)
        at[k] = sequential_multiple(plan.n * (k + 1) / plan.looks, rho, plan.alpha, TWO_SIDED);
    int found = 0;
    for (int i = 0; i < runs; i++) {
        /* A generator per run: a longer run shares its beginning with a shorter one, so that power rises smoothly. */
        struct random random = random_seeded(seed + (uint64_t)i * 0x9e3779b97f4a7c15);
        found += some_look_excludes_zero(at, plan.looks, difference / plan.se, &random);
    }
    return (double)found / runs;
}

double mde_sequential(struct sequential_plan plan, double power, int runs, uint64_t seed) {
    double low = 0, high = plan.se;
    if (!probability(power) || isnan(power_sequential(plan, high, runs, seed))) return NAN;
    while (power_sequential(plan, high, runs, seed) < power) high *= 2;
    for (int i = 0; i < 20; i++) {
        const double middle = (low + high) / 2;
        if (power_sequential(plan, middle, runs, seed) < power)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double sample_size_sequential(struct sequential_plan plan, double unit_variance, double difference, double power,
                              int runs, uint64_t seed) {
    if (!probability(power) || !(unit_variance > 0) || difference == 0) return NAN;
    double low = 0, high = 64;
    for (int i = 0; i < 80 && high - low > 1e-4 * high; i++) {
        const double n = low == 0 ? high : (low + high) / 2;
        plan.n = n;
        plan.se = sqrt(unit_variance / n);
        const double have = power_sequential(plan, difference, runs, seed);
        if (isnan(have) || n > 1e12) return NAN;
        if (have >= power && low == 0)
            low = high / 2;
        else if (have >= power)
            high = n;
        else if (low == 0)
            high *= 2;
        else
            low = n;
    }
    return ceil(high);
}
