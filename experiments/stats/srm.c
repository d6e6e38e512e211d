/* Sample ratio mismatch. */
#include "experiments/stats/srm.h"

#include <math.h>
#include <stdbool.h>

#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

static const struct srm no_answer = {NAN, NAN, NAN};

static bool usable(const double *counts, const double *weights, size_t arms) {
    double total = 0;
    for (size_t i = 0; i < arms; i++) {
        if (!(counts[i] >= 0 && weights[i] >= 0) || isinf(counts[i]) || isinf(weights[i])) return false;
        total += weights[i];
    }
    return total > 0 && !isinf(total);
}

/* The units of arms that have a weight, and the sum of those weights. */
static double units_of(const double *counts, const double *weights, size_t arms, double *total_weight) {
    double n = 0, total = 0;
    for (size_t i = 0; i < arms; i++) {
        if (weights[i] > 0) {
            n += counts[i];
            total += weights[i];
        }
    }
    *total_weight = total;
    return n;
}

static double smallest_expected(const double *expected, size_t arms) {
    double least = INFINITY;
    for (size_t i = 0; i < arms; i++)
        if (expected[i] > 0) least = fmin(least, expected[i]);
    return least;
}

static void accumulate(struct srm *sum, const double *observed, const double *expected, size_t arms) {
    double df = -1;
    for (size_t i = 0; i < arms; i++) {
        if (!(expected[i] > 0)) continue;
        const double step = observed[i] - expected[i];
        sum->chi2 += step * step / expected[i];
        df += 1;
    }
    sum->df += fmax(0, df);
}

struct srm srm_test(const double *counts, const double *weights, size_t arms) {
    if (!usable(counts, weights, arms)) return no_answer;
    double total;
    const double n = units_of(counts, weights, arms, &total);
    struct srm r = {0, -1, NAN};
    for (size_t i = 0; i < arms; i++) {
        if (weights[i] == 0) continue;
        const double expected = n * (weights[i] / total), step = counts[i] - expected;
        if (expected > 0) r.chi2 += step * step / expected;
        r.df += 1;
    }
    if (r.df > 0) r.p = n > 0 ? chi2_sf(r.chi2, r.df) : 1;
    return r;
}

struct srm srm_epochs(const double *counts, const double *weights, size_t epochs, size_t arms) {
    if (arms > SRM_ARMS_MAX) return no_answer;
    struct srm sum = {0, 0, NAN};
    /* `open` collects epochs until every expected count is 5; `last` is the group before, which takes a small remainder. */
    double open_o[SRM_ARMS_MAX] = {0}, open_e[SRM_ARMS_MAX] = {0}, last_o[SRM_ARMS_MAX] = {0},
           last_e[SRM_ARMS_MAX] = {0};
    double in_open = 0;
    for (size_t e = 0; e < epochs; e++) {
        const double *count = counts + e * arms, *weight = weights + e * arms;
        double total;
        if (!usable(count, weight, arms)) return no_answer;
        const double n = units_of(count, weight, arms, &total);
        in_open += n;
        for (size_t i = 0; i < arms; i++) {
            open_o[i] += weight[i] > 0 ? count[i] : 0;
            open_e[i] += n * (weight[i] / total);
        }
        if (in_open == 0 || smallest_expected(open_e, arms) < 5) continue;
        accumulate(&sum, last_o, last_e, arms);
        for (size_t i = 0; i < arms; i++) {
            last_o[i] = open_o[i];
            last_e[i] = open_e[i];
            open_o[i] = open_e[i] = 0;
        }
        in_open = 0;
    }
    for (size_t i = 0; i < arms; i++) {
        last_o[i] += open_o[i];
        last_e[i] += open_e[i];
    }
    accumulate(&sum, last_o, last_e, arms);
    if (sum.df > 0)
        sum.p = chi2_sf(sum.chi2, sum.df);
    else
        sum.p = 1;
    return sum;
}

enum srm_verdict srm_verdict(double p) {
    return p < .001 ? SRM_ALARM : p < .01 ? SRM_WARN : SRM_OK;
}

struct srm_anytime srm_anytime(const double *counts, const double *weights, size_t arms, double k) {
    if (!usable(counts, weights, arms) || !(k > 0) || isinf(k)) return (struct srm_anytime){NAN, NAN};
    double total;
    const long double n = units_of(counts, weights, arms, &total), all = n + k;
    /* ln Gamma(k)/Gamma(k+n) prod Gamma(a_i+n_i)/Gamma(a_i) / theta_i^n_i with a_i = k theta_i, by Stirling's formula on every
     * Gamma: the large parts add up to sum N_i ln(N_i/E_i), N_i = n_i + a_i, E_i = (n+k) theta_i, which does not cancel. */
    long double log_factor = 0.5L * logl(all / k) - stirling_rest(all) + stirling_rest(k);
    for (size_t i = 0; i < arms; i++) {
        if (weights[i] == 0) continue;
        const long double theta = weights[i] / (long double)total, prior = k * theta;
        const long double have = counts[i] + prior, expected = all * theta, off = (counts[i] - n * theta) / have;
        /* N ln(N/E) - (N - E) = N (-ln(1 - off) - off), E/N = 1 - off */
        log_factor -= have * log_ratio_minus(expected / have, -off);
        log_factor += stirling_rest(have) - stirling_rest(prior) - 0.5L * logl(have / prior);
    }
    return (struct srm_anytime){(double)log_factor, (double)fminl(1, expl(-log_factor))};
}
