/* The calculator's tests about looks, sizes and distributions of values. Members and answers: docs/statistics.md. */
#include "experiments/judge/calculator_internal.h"

#include <math.h>

#include "experiments/stats/group_sequential.h"
#include "experiments/stats/power.h"
#include "experiments/stats/quantile.h"

enum { LOOKS_MAX = 200 };

static void group_sequential(struct ask *ask) {
    const struct list t = ask_list(ask, ask_request(ask), "information", 1, LOOKS_MAX);
    const double alpha = ask_alpha(ask);
    const enum spending spending =
        (enum spending)ask_word(ask, ask_request(ask), "spending", "obf|pocock", SPENDING_OBRIEN_FLEMING);
    for (size_t i = 0; i < t.n; i++)
        if (!(t.at[i] <= 1) || !(t.at[i] - (i ? t.at[i - 1] : 0) >= GROUP_SEQUENTIAL_STEP))
            ask_complain(ask, "information[%zu] must be at most 1 and at least %g above the look before", i,
                         GROUP_SEQUENTIAL_STEP);
    if (ask_failed(ask)) return;
    double z[LOOKS_MAX], spent[LOOKS_MAX];
    group_sequential_bounds(t.at, t.n, alpha, spending, z, spent);
    json_open_object(ask->out);
    ask_put_list(ask, "z", z, t.n);
    ask_put_list(ask, "spent", spent, t.n);
    json_close_object(ask->out);
}

static struct list sorted(struct ask *ask, struct list values) {
    double *copy = arena_array(ask->arena, double, values.n + 1);
    for (size_t i = 0; i < values.n; i++) copy[i] = values.at[i];
    quantile_sort(copy, values.n);
    return (struct list){copy, values.n};
}

/* Reads "clusters", pools their values and gives the cluster-robust error of F at the pooled quantile. */
static struct list read_clusters(struct ask *ask, double q, double *cdf_se) {
    const json_at outer = json_get(ask->json, ask->request, TEXT("clusters"));
    const size_t clusters = json_kind(ask->json, outer) == JSON_KIND_ARRAY ? ask->json->tokens[outer].size : 0;
    if (clusters < 2) ask_complain(ask, "clusters must be an array of at least two arrays of numbers");
    if (ask_failed(ask)) return (struct list){NULL, 0};
    struct list *each = arena_array(ask->arena, struct list, clusters);
    size_t n = 0, k = 0;
    for (json_at c = json_first(ask->json, outer); c != JSON_NONE; c = json_after(ask->json, outer, c), k++) {
        each[k] = ask_numbers(ask, c, arena_printf(ask->arena, "clusters[%zu]", k).at);
        n += each[k].n;
    }
    double *values = arena_array(ask->arena, double, n + 1);
    n = 0;
    for (k = 0; k < clusters; k++)
        for (size_t i = 0; i < each[k].n; i++) values[n++] = each[k].at[i];
    quantile_sort(values, n);
    const double at = quantile_type7(values, n, q);
    struct cross_moments counts = {0};
    for (k = 0; k < clusters; k++) {
        double below = 0;
        for (size_t i = 0; i < each[k].n; i++) below += each[k].at[i] <= at;
        cross_moments_add(&counts, below, (double)each[k].n);
    }
    *cdf_se = quantile_cluster_se(counts);
    return (struct list){values, n};
}

static void quantile(struct ask *ask) {
    const struct place in = ask_request(ask);
    const double q = ask_probability(ask, in, "q"), alpha = ask_alpha(ask);
    const bool clustered = ask_has(ask, in, "clusters");
    if (clustered == ask_has(ask, in, "values")) ask_complain(ask, "either values or clusters must be given");
    if (ask_failed(ask)) return;
    double cdf_se = NAN;
    const struct list values =
        clustered ? read_clusters(ask, q, &cdf_se) : sorted(ask, ask_list(ask, in, "values", 1, ASK_LIST_MAX));
    if (values.n == 0) ask_complain(ask, "%s must have at least one number", clustered ? "clusters" : "values");
    if (ask_failed(ask)) return;
    if (!clustered) cdf_se = quantile_iid_se(q, values.n);
    const struct quantile r = quantile_interval(values.at, values.n, q, cdf_se, alpha);
    ASK_ANSWER(ask, {"estimate", r.estimate}, {"cdfSe", r.cdf_se}, {"low", r.low}, {"high", r.high});
}

static void sample_size(struct ask *ask) {
    const struct place in = ask_request(ask);
    const double mde = ask_not_zero(ask, in, "mde"), alpha = ask_alpha(ask),
                 power = ask_probability_or(ask, in, "power", 0.8);
    const bool proportion = ask_has(ask, in, "baseline");
    if (proportion == ask_has(ask, in, "sd")) ask_complain(ask, "either sd or baseline must be given");
    const double baseline = proportion ? ask_probability(ask, in, "baseline") : 0;
    const double sd = ask_failed(ask) || proportion ? 0 : ask_positive(ask, in, "sd");
    if (proportion && !(baseline + mde > 0 && baseline + mde < 1))
        ask_complain(ask, "baseline + mde must be between 0 and 1");
    if (ask_failed(ask)) return;
    ASK_ANSWER(ask, {"perArm", proportion ? sample_size_proportions(baseline, mde, alpha, power)
                                          : sample_size_means(sd, mde, alpha, power)});
}

/* sqrt(variance / n_C + variance / n_T) */
static double read_se(struct ask *ask) {
    const double variance = ask_positive(ask, ask_request(ask), "variance");
    const struct place c = ask_object(ask, ask_request(ask), "control", "n");
    const struct place t = ask_object(ask, ask_request(ask), "treatment", "n");
    return sqrt(variance / ask_count(ask, c, "n", 1) + variance / ask_count(ask, t, "n", 1));
}

static void mde(struct ask *ask) {
    const double se = read_se(ask), alpha = ask_alpha(ask),
                 power = ask_probability_or(ask, ask_request(ask), "power", 0.8);
    if (ask_failed(ask)) return;
    ASK_ANSWER(ask, {"mde", mde_fixed(se, alpha, power)});
}

static void power(struct ask *ask) {
    const double se = read_se(ask), alpha = ask_alpha(ask),
                 difference = ask_number(ask, ask_request(ask), "difference");
    if (ask_failed(ask)) return;
    ASK_ANSWER(ask, {"power", power_fixed(difference, se, alpha)});
}

const struct ask_test calculator_designs[] = {
    {"groupSequential", "information alpha spending", group_sequential},
    {"quantile", "values clusters q alpha", quantile},
    {"sampleSize", "sd baseline mde alpha power", sample_size},
    {"mde", "variance control treatment alpha power", mde},
    {"power", "variance difference control treatment alpha", power},
    {NULL, NULL, NULL},
};
