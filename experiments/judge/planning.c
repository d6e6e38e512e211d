#include "experiments/judge/planning.h"

#include <math.h>

#include "experiments/judge/compare.h"
#include "experiments/stats/power.h"
#include "experiments/stats/special.h"

/* Control against the treatment with the least weight: what decides how long it takes. */
struct pair {
    double share;    /* of all units that the two have */
    double variance; /* se^2 n, n the units of both */
};

static struct pair pair_of(const struct planning *p) {
    double sum = 0, least = INFINITY;
    for (uint32_t i = 0; i < p->arms; i++) sum += p->weights[i];
    for (uint32_t i = 1; i < p->arms; i++)
        if (p->weights[i] > 0) least = fmin(least, p->weights[i]);
    double share = (p->weights[0] + least) / sum, control = p->weights[0] / (p->weights[0] + least);
    return (struct pair){share, p->variance / control + p->variance / (1 - control)};
}

static double n_star_of(const struct planning *p) {
    return p->n_star > 0 ? p->n_star : COMPARE_N_STAR;
}

static struct sequential_plan looks_until(const struct planning *p, struct pair pair, double units) {
    double n = units * pair.share;
    return (struct sequential_plan){n, sqrt(pair.variance / n), p->alpha, n_star_of(p), PLANNING_LOOKS};
}

static double relative(const struct planning *p, double difference) {
    return difference / fabs(p->mean);
}

/* Units of all arms, and how many more days they take at the rate there is. */
static void write_size(struct json_writer *w, struct text name, const struct planning *p, double units) {
    json_key(w, name);
    json_open_object(w);
    json_put_double(w, "units", ceil(units));
    if (p->per_day > 0) json_put_double(w, "days", ceil(fmax(0, units - p->have) / p->per_day));
    json_close_object(w);
}

static void write_sizes(struct json_writer *w, const struct planning *p, struct pair pair, double difference) {
    double z = normal_upper_quantile(p->alpha / 2) + normal_quantile(p->power);
    double fixed = z * z * pair.variance / (difference * difference);
    struct sequential_plan plan = {.alpha = p->alpha, .n_star = n_star_of(p), .looks = PLANNING_LOOKS};
    double sequential = sample_size_sequential(plan, pair.variance, difference, p->power, PLANNING_RUNS, p->seed);
    json_key(w, TEXT("sampleSize"));
    json_open_object(w);
    write_size(w, TEXT("fixed"), p, fixed / pair.share);
    write_size(w, TEXT("sequential"), p, sequential / pair.share);
    json_close_object(w);
}

static void write_detectable(struct json_writer *w, const struct planning *p, struct pair pair) {
    json_key(w, TEXT("detectable"));
    json_open_array(w);
    for (int days = 7; days <= 42 && p->per_day > 0; days += 7) {
        double units = p->have + days * p->per_day;
        struct sequential_plan plan = looks_until(p, pair, units);
        json_open_object(w);
        json_put_int(w, "days", days);
        json_put_double(w, "units", floor(units));
        json_put_double(w, "fixed", relative(p, mde_fixed(plan.se, p->alpha, p->power)));
        json_put_double(w, "sequential", relative(p, mde_sequential(plan, p->power, PLANNING_RUNS, p->seed)));
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_any_look(struct json_writer *w, const struct planning *p, struct pair pair, double difference) {
    double units = p->n_star > 0        ? p->n_star
                   : p->days_to_end > 0 ? p->have + p->days_to_end * p->per_day
                                        : p->have + 28 * p->per_day;
    if (!(units * pair.share >= 2)) return;
    struct sequential_plan plan = looks_until(p, pair, units);
    json_key(w, TEXT("anyLook"));
    json_open_object(w);
    json_put_double(w, "units", floor(units));
    if (p->per_day > 0) json_put_double(w, "days", ceil(fmax(0, units - p->have) / p->per_day));
    json_put_double(w, "power", power_sequential(plan, difference, PLANNING_RUNS, p->seed));
    json_put_double(w, "lookingOnce", power_fixed(difference, plan.se, p->alpha));
    json_close_object(w);
}

void planning_write(const struct planning *p, struct json_writer *w) {
    struct pair pair = pair_of(p);
    double difference = (p->mde > 0 ? p->mde : 0.05) * fabs(p->mean);
    write_sizes(w, p, pair, difference);
    write_detectable(w, p, pair);
    write_any_look(w, p, pair, difference);
}
