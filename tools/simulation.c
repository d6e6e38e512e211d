#include "tools/simulation.h"

#include <math.h>
#include <stdbool.h>

#include "experiments/stats/cell.h"
#include "experiments/stats/cuped.h"
#include "experiments/stats/guardrail.h"
#include "experiments/stats/lift.h"
#include "experiments/stats/means.h"
#include "experiments/stats/moments.h"
#include "experiments/stats/proportions.h"
#include "experiments/stats/quantile.h"
#include "experiments/stats/random.h"
#include "experiments/stats/ratio.h"
#include "experiments/stats/sequential.h"
#include "experiments/stats/special.h"

static const double alpha = 0.05;

struct stream_found {
    bool naive, last, sequence, beyond, guardrail;
    double half_width; /* in standard errors, at the last look */
};

/* The guardrail sees the same noise shifted: its true difference is the margin. */
static struct stream_found one_stream(const struct stream_plan *plan, struct random *random) {
    static const double margin = 0.1;
    const double n_star = 2.0 * plan->looks * plan->per_look;
    struct moments control = {0}, treatment = {0};
    struct stream_found found = {0};
    for (int look = 0; look < plan->looks; look++) {
        for (int i = 0; i < plan->per_look; i++) {
            moments_add(&control, random_normal(random));
            moments_add(&treatment, random_normal(random));
        }
        const struct sample c = moments_sample(control), t = moments_sample(treatment);
        const double se = difference_se(c, t), estimate = t.mean - c.mean, n = c.n + t.n;
        const double df = c.n + t.n - 2; /* equal arms: Satterthwaite's is within a hair of it */
        found.last = student_two_sided(estimate / se, df) < alpha;
        found.naive |= found.last;
        const struct sequence s = sequential_means(c, t, alpha, n_star, TWO_SIDED);
        found.sequence |= s.low > 0 || s.high < 0;
        found.beyond |= sequential_means(c, t, alpha, n_star / 5, TWO_SIDED).p < alpha;
        found.half_width = (s.high - s.low) / 2 / s.se;
        found.guardrail |= guardrail_test(estimate + margin, se, n, HARM_INCREASE, margin, alpha, n_star).fires;
    }
    return found;
}

struct stream_rates simulate_streams(struct stream_plan plan) {
    struct stream_rates sum = {0};
    struct random random = random_seeded(plan.seed);
    for (int i = 0; i < plan.streams; i++) {
        const struct stream_found found = one_stream(&plan, &random);
        sum.naive += found.naive;
        sum.last += found.last;
        sum.sequence += found.sequence;
        sum.beyond += found.beyond;
        sum.guardrail += found.guardrail;
        sum.half_widths += found.half_width;
    }
    const double n = plan.streams;
    return (struct stream_rates){.naive = sum.naive / n,
                                 .last = sum.last / n,
                                 .sequence = sum.sequence / n,
                                 .beyond = sum.beyond / n,
                                 .half_widths = sum.half_widths / n,
                                 .guardrail = sum.guardrail / n};
}

enum { QUANTILE_UNITS = 2000, CLUSTERS = 400, CLUSTER_MAX = 8 };

static bool within(double low, double high, double truth) {
    return low <= truth && truth <= high;
}

static double lognormal(struct random *r, double mean, double sd) {
    return exp(mean + sd * random_normal(r));
}

/* One unit's value. */
static double value_of(enum coverage_kind kind, struct random *r) {
    switch (kind) {
    case COVER_LOGNORMAL: return lognormal(r, 0, 1);
    case COVER_ZERO_INFLATED: return random_uniform(r) < 0.1 ? lognormal(r, 3, 1) : 0;
    default: return random_normal(r);
    }
}

static bool covers_means(enum coverage_kind kind, struct random *r) {
    struct moments c = {0}, t = {0};
    const double shift = 0.3;
    for (int i = 0; i < coverage_units(kind); i++) {
        moments_add(&c, value_of(kind, r));
        moments_add(&t, value_of(kind, r) + shift);
    }
    const struct difference d = welch(moments_sample(c), moments_sample(t), alpha);
    return within(d.low, d.high, shift);
}

/* Orders per unit 1 to 4, spend per order lognormal around a unit's own level: numerator and denominator hang together. */
static struct sample ratio_arm(struct random *r, int n, double price) {
    struct cross_moments m = {0};
    for (int i = 0; i < n; i++) {
        const int orders = 1 + (int)(random_bits(r) % 4);
        double spend = 0;
        for (int k = 0; k < orders; k++) spend += price * lognormal(r, 0, 0.5);
        cross_moments_add(&m, spend * (orders > 2 ? 1.2 : 0.8), orders);
    }
    return ratio_sample(m);
}

static bool covers_ratio(struct random *r) {
    /* E[spend] / E[orders] with factors 0.8 on 1, 2 and 1.2 on 3, 4 orders: (0.8 * 3 + 1.2 * 7) / 10. */
    const double unit = exp(0.125) * 1.08, n = coverage_units(COVER_RATIO);
    const struct difference d = welch(ratio_arm(r, (int)n, 10), ratio_arm(r, (int)n, 10.5), alpha);
    return within(d.low, d.high, 0.5 * unit);
}

static bool covers_lift(struct random *r) {
    struct moments c = {0}, t = {0};
    for (int i = 0; i < coverage_units(COVER_LIFT); i++) {
        moments_add(&c, lognormal(r, 0, 1));
        moments_add(&t, 1.2 * lognormal(r, 0, 1));
    }
    const struct lift lift = lift_interval(moments_sample(c), moments_sample(t), normal_upper_quantile(alpha / 2));
    return within(lift.low, lift.high, 0.2);
}

static struct cuped_arm cuped_arm(struct random *r, int n, double shift) {
    struct cuped_arm arm = {0};
    for (int i = 0; i < n; i++) {
        const double x = lognormal(r, 0, 0.5), y = 2 * x + random_normal(r) + shift;
        if (random_uniform(r) < 0.3)
            moments_add(&arm.missing, y);
        else
            cross_moments_add(&arm.known, x, y);
    }
    return arm;
}

static bool covers_cuped(struct random *r) {
    const int n = coverage_units(COVER_CUPED);
    const struct cuped_arm c = cuped_arm(r, n, 0), t = cuped_arm(r, n, 0.1);
    const struct cuped adjusted = cuped(c, t, SLOPE_WITHIN_ARMS);
    const struct difference d = welch(adjusted.control, adjusted.treatment, alpha);
    return within(d.low, d.high, 0.1);
}

/* Orders before and since, each worth what the unit is in the habit of spending, more or less. */
static struct cuped_arm ratio_history(struct random *r, int n, double price) {
    struct cell_joint known = {0};
    struct cell missing = {0};
    for (int i = 0; i < n; i++) {
        const double habit = lognormal(r, 0, 0.5);
        int64_t spend[2] = {0}, orders[2] = {(int64_t)(random_bits(r) % 4), 1 + (int64_t)(random_bits(r) % 4)};
        for (int k = 0; k < 2; k++)
            for (int64_t order = 0; order < orders[k]; order++)
                spend[k] += llround((k ? price : 10) * habit * lognormal(r, 0, 0.3) * CELL_SCALE);
        if (random_uniform(r) < 0.3)
            cell_add(&missing, spend[1], orders[1] * CELL_SCALE);
        else
            cell_joint_add(&known,
                           (const int64_t[]){spend[0], orders[0] * CELL_SCALE, spend[1], orders[1] * CELL_SCALE});
    }
    struct cuped_arm arm = {0};
    cuped_of_ratio(&(struct cuped_ratio_arm){cell_joint_moments(&known), cell_moments(&missing)}, &arm);
    return arm;
}

static bool covers_ratio_cuped(struct random *r) {
    const int n = coverage_units(COVER_RATIO_CUPED);
    const struct cuped_arm c = ratio_history(r, n, 10), t = ratio_history(r, n, 10.5);
    const struct cuped adjusted = cuped(c, t, SLOPE_WITHIN_ARMS);
    const struct difference d = welch(adjusted.control, adjusted.treatment, alpha);
    return within(d.low, d.high, 0.5 * exp(0.125) * exp(0.045));
}

static bool covers_proportion(struct random *r) {
    struct binomial c = {coverage_units(COVER_PROPORTION), 0}, t = c;
    for (int i = 0; i < (int)c.n; i++) {
        c.successes += random_uniform(r) < 0.05;
        t.successes += random_uniform(r) < 0.06;
    }
    const struct interval i = proportion_miettinen_nurminen(c, t, normal_upper_quantile(alpha / 2));
    return within(i.low, i.high, 0.01);
}

static bool covers_quantile(struct random *r) {
    double values[QUANTILE_UNITS];
    for (int i = 0; i < QUANTILE_UNITS; i++) values[i] = lognormal(r, 0, 1);
    quantile_sort(values, QUANTILE_UNITS);
    const struct quantile q =
        quantile_interval(values, QUANTILE_UNITS, 0.9, quantile_iid_se(0.9, QUANTILE_UNITS), alpha);
    return within(q.low, q.high, exp(normal_quantile(0.9)));
}

static bool covers_clustered(struct random *r) {
    double values[CLUSTERS * CLUSTER_MAX], sorted[CLUSTERS * CLUSTER_MAX];
    int ends[CLUSTERS], n = 0;
    for (int k = 0; k < CLUSTERS; k++) {
        const double level = random_normal(r); /* shared by the unit's values: half of the variance */
        for (int left = 1 + (int)(random_bits(r) % CLUSTER_MAX); left > 0; left--)
            values[n++] = level + random_normal(r);
        ends[k] = n;
    }
    for (int i = 0; i < n; i++) sorted[i] = values[i];
    quantile_sort(sorted, (size_t)n);
    const double at = quantile_type7(sorted, (size_t)n, 0.5);
    struct cross_moments counts = {0};
    for (int k = 0, i = 0; k < CLUSTERS; k++) {
        const int from = i;
        double below = 0;
        for (; i < ends[k]; i++) below += values[i] <= at;
        cross_moments_add(&counts, below, ends[k] - from);
    }
    const struct quantile q = quantile_interval(sorted, (size_t)n, 0.5, quantile_cluster_se(counts), alpha);
    return within(q.low, q.high, 0);
}

static const struct {
    const char *name;
    int units;
} kinds[COVER_KINDS] = {
    [COVER_NORMAL] = {"normal, Welch", 100},
    [COVER_LOGNORMAL] = {"lognormal, Welch", 1000},
    [COVER_ZERO_INFLATED] = {"10 % spenders, lognormal, Welch", 2000},
    [COVER_RATIO] = {"ratio of sums, delta method", 1000},
    [COVER_LIFT] = {"relative lift, delta / Fieller", 1000},
    [COVER_CUPED] = {"CUPED, 30 % without history", 500},
    [COVER_PROPORTION] = {"proportions, Miettinen-Nurminen", 1000},
    [COVER_QUANTILE] = {"90th percentile, lognormal", QUANTILE_UNITS},
    [COVER_CLUSTERED] = {"median of clustered values", CLUSTERS},
    [COVER_RATIO_CUPED] = {"ratio with CUPED, 30 % without history", 500},
};

const char *coverage_name(enum coverage_kind kind) {
    return kinds[kind].name;
}

int coverage_units(enum coverage_kind kind) {
    return kinds[kind].units;
}

static bool covers(enum coverage_kind kind, struct random *r) {
    switch (kind) {
    case COVER_RATIO: return covers_ratio(r);
    case COVER_LIFT: return covers_lift(r);
    case COVER_CUPED: return covers_cuped(r);
    case COVER_PROPORTION: return covers_proportion(r);
    case COVER_QUANTILE: return covers_quantile(r);
    case COVER_CLUSTERED: return covers_clustered(r);
    case COVER_RATIO_CUPED: return covers_ratio_cuped(r);
    default: return covers_means(kind, r);
    }
}

double simulate_coverage(enum coverage_kind kind, int runs, uint64_t seed) {
    struct random random = random_seeded(seed);
    int covered = 0;
    for (int i = 0; i < runs; i++) covered += covers(kind, &random);
    return (double)covered / runs;
}
