/* The calculator's tests that compare arms. Members and answers: docs/statistics.md. */
#include "experiments/judge/calculator_internal.h"

#include <math.h>

#include "experiments/stats/bandit.h"
#include "experiments/stats/bayes.h"
#include "experiments/stats/cuped.h"
#include "experiments/stats/lift.h"
#include "experiments/stats/means.h"
#include "experiments/stats/multiplicity.h"
#include "experiments/stats/ratio.h"
#include "experiments/stats/sequential.h"
#include "experiments/stats/special.h"
#include "experiments/stats/srm.h"

static void means(struct ask *ask) {
    const struct sample c = ask_sample(ask, "control"), t = ask_sample(ask, "treatment");
    const double alpha = ask_alpha(ask);
    if (ask_failed(ask)) return;
    const struct difference d = welch(c, t, alpha);
    ASK_ANSWER(ask, {"estimate", d.estimate}, {"se", d.se}, {"df", d.df}, {"t", d.t}, {"p", d.p}, {"low", d.low},
               {"high", d.high});
}

static void proportions(struct ask *ask) {
    const struct binomial c = ask_binomial(ask, "control", 1), t = ask_binomial(ask, "treatment", 1);
    const double z = normal_upper_quantile(ask_alpha(ask) / 2);
    if (ask_failed(ask)) return;
    const struct proportion_test r = proportion_test(c, t);
    json_open_object(ask->out);
    json_put_double(ask->out, "estimate", r.estimate);
    json_put_double(ask->out, "z", r.z);
    json_put_double(ask->out, "p", r.p);
    ask_put_interval(ask, "wald", proportion_wald(c, t, z));
    ask_put_interval(ask, "newcombe", proportion_newcombe(c, t, z));
    ask_put_interval(ask, "miettinenNurminen", proportion_miettinen_nurminen(c, t, z));
    json_close_object(ask->out);
}

static void lift(struct ask *ask) {
    const struct sample c = ask_sample(ask, "control"), t = ask_sample(ask, "treatment");
    const double z = normal_upper_quantile(ask_alpha(ask) / 2);
    if (c.mean == 0) ask_complain(ask, "control.mean must be a number other than 0");
    if (ask_failed(ask)) return;
    const struct lift delta = lift_delta(c, t, z);
    const struct fieller fieller = lift_fieller(c, t, z);
    json_open_object(ask->out);
    json_put_double(ask->out, "estimate", delta.estimate);
    json_key(ask->out, TEXT("delta"));
    ASK_ANSWER(ask, {"se", delta.se}, {"low", delta.low}, {"high", delta.high});
    json_key(ask->out, TEXT("fieller"));
    ASK_ANSWER(ask, {"g", fieller.g}, {"low", fieller.low}, {"high", fieller.high});
    json_close_object(ask->out);
}

/* Two variables of the same n units, each {"mean","variance"} at `first` and `second`, and their covariance. */
static struct cross_moments read_pair(struct ask *ask, struct place in, const char *first, const char *second) {
    const double n = ask_count(ask, in, "n", 2), covariance = ask_number(ask, in, "covariance");
    const struct place a = ask_object(ask, in, first, "mean variance"),
                       b = ask_object(ask, in, second, "mean variance");
    const struct sample x = {n, ask_number(ask, a, "mean"), ask_not_negative(ask, a, "variance")};
    const struct sample y = {n, ask_number(ask, b, "mean"), ask_not_negative(ask, b, "variance")};
    if (fabs(covariance) > sqrt(x.variance) * sqrt(y.variance) * (1 + 1e-9))
        ask_complain(ask, "%s%scovariance is larger than both variances allow", in.path, in.path[0] ? "." : "");
    return cross_moments_from(x, y, covariance);
}

static void ratio(struct ask *ask) {
    const struct cross_moments m = read_pair(ask, ask_request(ask), "num", "den");
    if (m.mean_y == 0) ask_complain(ask, "den.mean must be a number other than 0");
    if (ask_failed(ask)) return;
    const struct ratio r = ratio_of(m);
    ASK_ANSWER(ask, {"estimate", r.estimate}, {"se", r.se});
}

static struct cuped_arm read_cuped_arm(struct ask *ask, const char *name) {
    const struct place p = ask_object(ask, ask_request(ask), name, "n y x covariance");
    return (struct cuped_arm){.known = read_pair(ask, p, "x", "y")};
}

static void adjusted(struct ask *ask) {
    const struct cuped_arm c = read_cuped_arm(ask, "control"), t = read_cuped_arm(ask, "treatment");
    if (ask_failed(ask)) return;
    const struct cuped r = cuped(c, t, SLOPE_OVER_ALL);
    ASK_ANSWER(ask, {"theta", r.theta}, {"estimate", r.estimate}, {"se", r.se}, {"reduction", r.reduction});
}

static void sequential(struct ask *ask) {
    const struct sample c = ask_sample(ask, "control"), t = ask_sample(ask, "treatment");
    const double alpha = ask_alpha(ask), n_star = ask_positive(ask, ask_request(ask), "nStar");
    const enum sided sided = (enum sided)ask_word(ask, ask_request(ask), "sided", "two|greater|less", TWO_SIDED);
    if (sided != TWO_SIDED && alpha >= 0.5) ask_complain(ask, "alpha must be below 0.5 where sided is greater or less");
    if (ask_failed(ask)) return;
    const struct sequence s = sequential_means(c, t, alpha, n_star, sided);
    ASK_ANSWER(ask, {"estimate", s.estimate}, {"se", s.se}, {"rho", s.rho}, {"low", s.low}, {"high", s.high},
               {"p", s.p});
}

static void mixture(struct ask *ask) {
    const struct place in = ask_request(ask);
    const double n = ask_count(ask, in, "n", 1), difference = ask_number(ask, in, "difference");
    const double variance_sum = ask_positive(ask, in, "varianceSum"), tau2 = ask_positive(ask, in, "tau2");
    const double alpha = ask_alpha(ask);
    if (ask_failed(ask)) return;
    const struct msprt r = msprt(n, difference, variance_sum, tau2, alpha);
    ASK_ANSWER(ask, {"lambda", r.lambda}, {"p", r.p}, {"half", r.half});
}

/* Counts and weights of the same arms. */
static size_t read_shares(struct ask *ask, const double **counts, const double **weights) {
    const struct list c = ask_list(ask, ask_request(ask), "counts", 2, SRM_ARMS_MAX);
    const struct list w = ask_list(ask, ask_request(ask), "weights", 2, SRM_ARMS_MAX);
    if (c.n != w.n) ask_complain(ask, "counts and weights must have the same number of arms");
    size_t weighted = 0;
    for (size_t i = 0; i < c.n && i < w.n; i++) {
        if (!(c.at[i] >= 0 && c.at[i] <= 0x1p53 && c.at[i] == floor(c.at[i])))
            ask_complain(ask, "counts[%zu] must be a whole number of at least 0, at most 2^53", i);
        if (!(w.at[i] >= 0)) ask_complain(ask, "weights[%zu] must be a number of at least 0", i);
        weighted += w.at[i] > 0;
    }
    if (weighted < 2) ask_complain(ask, "weights must be above 0 for at least two arms");
    *counts = c.at;
    *weights = w.at;
    return c.n;
}

static void mismatch(struct ask *ask) {
    const double *counts, *weights;
    const size_t arms = read_shares(ask, &counts, &weights);
    if (ask_failed(ask)) return;
    const struct srm r = srm_test(counts, weights, arms);
    ASK_ANSWER(ask, {"chi2", r.chi2}, {"df", r.df}, {"p", r.p});
}

static void mismatch_anytime(struct ask *ask) {
    const double *counts, *weights;
    const size_t arms = read_shares(ask, &counts, &weights);
    const double k = ask_has(ask, ask_request(ask), "k") ? ask_positive(ask, ask_request(ask), "k") : 100;
    if (ask_failed(ask)) return;
    const struct srm_anytime r = srm_anytime(counts, weights, arms, k);
    ASK_ANSWER(ask, {"logBayesFactor", r.log_bayes_factor}, {"p", r.p});
}

static void adjustment(struct ask *ask) {
    const struct list p = ask_list(ask, ask_request(ask), "p", 1, ASK_LIST_MAX);
    static const enum correction corrections[] = {CORRECTION_BONFERRONI, CORRECTION_HOLM, CORRECTION_HOCHBERG,
                                                  CORRECTION_BH, CORRECTION_BY};
    const int method = ask_word(ask, ask_request(ask), "method", "bonferroni|holm|hochberg|bh|by", -1);
    for (size_t i = 0; i < p.n; i++)
        if (!(p.at[i] >= 0 && p.at[i] <= 1)) ask_complain(ask, "p[%zu] must be a number from 0 to 1", i);
    if (ask_failed(ask)) return;
    double *adjusted_p = arena_array(ask->arena, double, p.n);
    adjust(corrections[method], p.at, p.n, arena_array(ask->arena, size_t, p.n), adjusted_p);
    json_open_object(ask->out);
    ask_put_list(ask, "p", adjusted_p, p.n);
    json_close_object(ask->out);
}

static void beta_binomial(struct ask *ask) {
    const struct binomial c = ask_binomial(ask, "control", 0), t = ask_binomial(ask, "treatment", 0);
    struct beta prior = {1, 1};
    if (ask_has(ask, ask_request(ask), "prior")) {
        const struct list given = ask_list(ask, ask_request(ask), "prior", 2, 2);
        if (given.n == 2) prior = (struct beta){given.at[0], given.at[1]};
        if (!(prior.a >= 0.1 && prior.a <= 1e9 && prior.b >= 0.1 && prior.b <= 1e9))
            ask_complain(ask, "prior must be two numbers from 0.1 to 1e9");
    }
    if (c.n > 1e9 || t.n > 1e9) ask_complain(ask, "control.n and treatment.n must be at most 1e9");
    if (ask_failed(ask)) return;
    const struct beta_comparison r = beta_compare(beta_posterior(c, prior), beta_posterior(t, prior));
    ASK_ANSWER(ask, {"chanceToBeat", r.chance}, {"expectedLoss", r.loss_treatment});
}

static void bandit(struct ask *ask) {
    const struct list m = ask_list(ask, ask_request(ask), "means", 1, BANDIT_ARMS_MAX);
    const struct list s = ask_list(ask, ask_request(ask), "sds", 1, BANDIT_ARMS_MAX);
    const enum better better = (enum better)ask_word(ask, ask_request(ask), "better", "higher|lower", BETTER_HIGHER);
    const double floor_share =
        ask_has(ask, ask_request(ask), "floor") ? ask_not_negative(ask, ask_request(ask), "floor") : 0.01;
    if (m.n != s.n) ask_complain(ask, "means and sds must have the same number of arms");
    for (size_t i = 0; i < s.n; i++)
        if (!(s.at[i] > 0)) ask_complain(ask, "sds[%zu] must be a number above 0", i);
    if (floor_share * (double)m.n > 1) ask_complain(ask, "floor must be at most 1 / number of arms");
    if (ask_failed(ask)) return;
    double best[BANDIT_ARMS_MAX], top_two[BANDIT_ARMS_MAX], weights[BANDIT_ARMS_MAX];
    thompson(m.at, s.at, m.n, better, floor_share, best, top_two, weights);
    json_open_object(ask->out);
    ask_put_list(ask, "best", best, m.n);
    ask_put_list(ask, "topTwo", top_two, m.n);
    ask_put_list(ask, "weights", weights, m.n);
    json_close_object(ask->out);
}

const struct ask_test calculator_comparisons[] = {
    {"means", "control treatment alpha", means},
    {"proportions", "control treatment alpha", proportions},
    {"lift", "control treatment alpha", lift},
    {"ratio", "n num den covariance", ratio},
    {"cuped", "control treatment", adjusted},
    {"sequential", "control treatment alpha nStar sided", sequential},
    {"msprt", "n difference varianceSum tau2 alpha", mixture},
    {"srm", "counts weights", mismatch},
    {"srmSequential", "counts weights k", mismatch_anytime},
    {"adjust", "p method", adjustment},
    {"betaBinomial", "control treatment prior", beta_binomial},
    {"thompson", "means sds better floor", bandit},
    {NULL, NULL, NULL},
};
