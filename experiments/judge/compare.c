#include "experiments/judge/compare.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/stats/bayes.h"
#include "experiments/stats/cuped.h"
#include "experiments/stats/guardrail.h"
#include "experiments/stats/heterogeneity.h"
#include "experiments/stats/lift.h"
#include "experiments/stats/means.h"
#include "experiments/stats/multiplicity.h"
#include "experiments/stats/proportions.h"
#include "experiments/stats/ratio.h"
#include "experiments/stats/special.h"
#include "experiments/stats/strata.h"

static const struct normal_prior lift_prior = {0, 0.3, SCALE_RELATIVE};
static const struct beta rate_prior = {1, 1};

static struct sample sample_of(const struct cell *cell, enum compare_kind kind) {
    return kind == COMPARE_RATIO ? ratio_sample(cell_moments(cell)) : cell_sample(cell);
}

static struct cell all_epochs(struct compare_arm arm) {
    struct cell sum = {0};
    for (size_t e = 0; e < arm.epochs; e++) cell_merge(&sum, &arm.cells[e * arm.stride]);
    return sum;
}

struct sample compare_sample(struct compare_arm arm, enum compare_kind kind) {
    struct cell sum = all_epochs(arm);
    return sample_of(&sum, kind);
}

/* By what the units of some epochs are adjusted. False where nothing of before can be compared. */
static bool history_of(struct compare_arm arm, size_t first, size_t epochs, struct cuped_arm *out) {
    struct cell known = {0}, missing = {0};
    struct cell_joint joint = {0};
    for (size_t e = first; e < first + epochs; e++) {
        cell_merge(&missing, &arm.missing[e * arm.stride]);
        if (arm.joint)
            cell_joint_merge(&joint, &arm.joint[e * arm.stride]);
        else
            cell_merge(&known, &arm.known[e * arm.stride]);
    }
    if (arm.joint)
        return cuped_of_ratio(&(struct cuped_ratio_arm){cell_joint_moments(&joint), cell_moments(&missing)}, out);
    *out = (struct cuped_arm){cell_moments(&known), cross_moments_x(cell_moments(&missing))};
    return true;
}

static bool histories_of(struct compare_arm control, struct compare_arm treatment, size_t first, size_t epochs,
                         struct cuped_arm out[2]) {
    return history_of(control, first, epochs, &out[0]) && history_of(treatment, first, epochs, &out[1]);
}

/* With history each epoch's arms are adjusted by what the units did before they entered. */
static struct stratified stratify(struct compare_arm control, struct compare_arm treatment, enum compare_kind kind,
                                  bool adjusted) {
    if (control.sample) return strata_difference(&(struct stratum){*control.sample, *treatment.sample}, 1);
    struct stratum *strata = memory_zero(control.epochs, sizeof *strata);
    size_t n = 0;
    for (size_t e = 0; e < control.epochs; e++) {
        const struct cell *c = &control.cells[e * control.stride], *t = &treatment.cells[e * treatment.stride];
        if (!c->n && !t->n) continue;
        strata[n] = (struct stratum){sample_of(c, kind), sample_of(t, kind)};
        struct cuped_arm arms[2];
        if (adjusted && c->n >= 2 && t->n >= 2 && histories_of(control, treatment, e, 1, arms)) {
            struct cuped x = cuped(arms[0], arms[1], SLOPE_WITHIN_ARMS);
            strata[n] = (struct stratum){x.control, x.treatment};
        }
        n++;
    }
    struct stratified out = strata_difference(strata, n);
    free(strata);
    return out;
}

static struct binomial binomial_of(struct compare_arm arm) {
    struct cell sum = all_epochs(arm);
    return (struct binomial){(double)sum.n, cell_total(&sum)};
}

/* Everything lies in one epoch: nothing to stratify, and the arms are plain samples. */
static bool plain(const struct stratified *s, struct compare_arm control, struct compare_arm treatment) {
    return s->used == 1 && !control.sample && (double)(all_epochs(control).n + all_epochs(treatment).n) == s->n;
}

static void take_difference(const struct difference *d, struct comparison *out) {
    out->fixed = (struct compare_range){d->low, d->high, d->p};
    out->statistic = (struct compare_statistic){d->t, d->df};
}

/* Welch's t; for proportions the unpooled interval and the pooled z. Over several epochs a z test of the stratified estimate. */
static void compare_fixed(const struct compare_plan *plan, const struct stratified *s, struct compare_arm control,
                          struct compare_arm treatment, struct comparison *out) {
    struct difference d;
    if (!plain(s, control, treatment)) {
        d = z_difference(s->estimate, s->se, plan->alpha);
        take_difference(&d, out);
    } else if (plan->kind == COMPARE_PROPORTION && !control.missing) {
        struct binomial c = binomial_of(control), t = binomial_of(treatment);
        struct interval wald = proportion_wald(c, t, normal_upper_quantile(plan->alpha / 2));
        struct proportion_test test = proportion_test(c, t);
        out->fixed = (struct compare_range){wald.low, wald.high, test.p};
        out->statistic = (struct compare_statistic){test.z, INFINITY};
    } else {
        d = welch(s->control, s->treatment, plan->alpha);
        take_difference(&d, out);
    }
}

struct belief {
    struct normal_posterior lift; /* on the relative scale; NaN where control's mean is 0 */
    double chance_up, loss_up, loss_down;
};

static struct belief believe(const struct compare_plan *plan, const struct stratified *s, struct compare_arm control,
                             struct compare_arm treatment) {
    struct belief b = {.chance_up = NAN, .loss_up = NAN, .loss_down = NAN};
    struct lift lift = lift_delta(s->control, s->treatment, 1);
    double scale = fabs(s->control.mean);
    b.lift = bayes_normal(lift.estimate, lift.se, SCALE_RELATIVE, lift_prior, s->control.mean, plan->alpha);
    if (plan->kind == COMPARE_PROPORTION && !control.missing && plain(s, control, treatment)) {
        struct beta_comparison c = beta_compare(beta_posterior(binomial_of(control), rate_prior),
                                                beta_posterior(binomial_of(treatment), rate_prior));
        b.chance_up = c.chance, b.loss_up = c.loss_treatment, b.loss_down = c.loss_control;
    } else if (isfinite(b.lift.chance)) {
        bool negative = s->control.mean < 0; /* then a positive lift is a fall */
        b.chance_up = negative ? 1 - b.lift.chance : b.lift.chance;
        b.loss_up = scale * (negative ? b.lift.loss_control : b.lift.loss_treatment);
        b.loss_down = scale * (negative ? b.lift.loss_treatment : b.lift.loss_control);
    }
    return b;
}

static void show(const struct compare_plan *plan, struct comparison *c, const struct belief *b, double rho) {
    switch (plan->method) {
    case COMPARE_SEQUENTIAL:
        c->shown = c->sequential;
        c->multiple = sequential_multiple(c->n, rho, plan->alpha, TWO_SIDED);
        break;
    case COMPARE_FIXED:
        c->shown = c->fixed;
        c->multiple = (c->fixed.high - c->fixed.low) / 2 / c->se;
        break;
    case COMPARE_BAYES:
        c->shown = (struct compare_range){b->lift.low * c->control_mean, b->lift.high * c->control_mean, NAN};
        if (c->control_mean < 0)
            c->shown = (struct compare_range){b->lift.high * c->control_mean, b->lift.low * c->control_mean, NAN};
        c->multiple = (c->shown.high - c->shown.low) / 2 / c->se;
        break;
    }
}

static uint64_t units_in(const struct cell *cells, struct compare_arm arm) {
    uint64_t n = 0;
    for (size_t e = 0; e < arm.epochs; e++) n += cells[e * arm.stride].n;
    return n;
}

/* Share of units with history. */
static double coverage_of(struct compare_arm control, struct compare_arm treatment) {
    uint64_t missing = units_in(control.missing, control) + units_in(treatment.missing, treatment);
    uint64_t all = units_in(control.cells, control) + units_in(treatment.cells, treatment);
    return (double)(all - missing) / (double)all;
}

static struct compare_cuped tell_cuped(const struct compare_plan *plan, struct compare_arm control,
                                       struct compare_arm treatment, const struct stratified *adjusted) {
    struct cuped_arm arms[2];
    double raw = stratify(control, treatment, plan->kind, false).se;
    struct compare_cuped told = {.used = true,
                                 .reduction = 1 - adjusted->se * adjusted->se / (raw * raw),
                                 .coverage = coverage_of(control, treatment),
                                 .bias = NAN};
    if (!histories_of(control, treatment, 0, control.epochs, arms)) return told;
    told.theta = cuped(arms[0], arms[1], SLOPE_WITHIN_ARMS).theta;
    told.bias = cuped_bias(arms[0], arms[1], plan->alpha).p;
    return told;
}

void compare(const struct compare_plan *plan, struct compare_arm control, struct compare_arm treatment,
             struct comparison *out) {
    struct stratified s = stratify(control, treatment, plan->kind, control.missing != NULL);
    double n_star = plan->n_star > 0 ? plan->n_star : COMPARE_N_STAR;
    struct sequence sequence = sequential_test(s.estimate, s.se, s.n, plan->alpha, n_star, TWO_SIDED);
    struct belief belief = believe(plan, &s, control, treatment);
    *out = (struct comparison){.estimate = s.estimate, .se = s.se, .n = s.n, .control_mean = s.control.mean};
    compare_fixed(plan, &s, control, treatment, out);
    out->sequential = (struct compare_range){sequence.low, sequence.high, sequence.p};
    out->chance_to_beat = plan->lower_is_better ? 1 - belief.chance_up : belief.chance_up;
    out->expected_loss = plan->lower_is_better ? belief.loss_down : belief.loss_up;
    if (control.missing) out->cuped = tell_cuped(plan, control, treatment, &s);
    show(plan, out, &belief, sequential_rho(plan->alpha, n_star));
    struct lift lift = lift_interval(s.control, s.treatment, out->multiple);
    out->relative.estimate = lift.estimate;
    out->relative.low = plan->method == COMPARE_BAYES ? belief.lift.low : lift.low;
    out->relative.high = plan->method == COMPARE_BAYES ? belief.lift.high : lift.high;
}

/* Where no unit (or every unit) of either arm has the event nothing varies, and a sequence has no width. Then Laplace's rule of
 * succession gives each arm's rate a width, as if one of two more units had it; else a gate would wait for the first harm. */
static double guard_se(const struct compare_plan *plan, const struct comparison *c) {
    double arm = c->n / 2, rate = 1 / (arm + 2);
    bool silent = plan->kind == COMPARE_PROPORTION && c->se == 0 && c->n >= 4;
    return silent ? sqrt(2 * rate * (1 - rate) / arm) : c->se;
}

struct compare_guardrail compare_guard(const struct compare_plan *plan, const struct comparison *c,
                                       bool harm_is_decrease, double margin, bool relative) {
    double absolute = relative ? margin * fabs(c->control_mean) : margin;
    struct guardrail g =
        guardrail_test(c->estimate, guard_se(plan, c), c->n, harm_is_decrease ? HARM_DECREASE : HARM_INCREASE, absolute,
                       plan->alpha, plan->n_star > 0 ? plan->n_star : COMPARE_N_STAR);
    return (struct compare_guardrail){g.harm, g.low, g.high, g.p, g.fires, g.passes};
}

void compare_adjust(enum compare_correction correction, double *p, size_t n) {
    static const enum correction corrections[] = {CORRECTION_HOLM, CORRECTION_BH, CORRECTION_BY, CORRECTION_NONE};
    double *there = memory_alloc(n * sizeof *there);
    size_t *order = memory_alloc(n * sizeof *order), there_n = 0, k = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i])) there[there_n++] = p[i];
    if (there_n) adjust(corrections[correction], there, there_n, order, there);
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i])) p[i] = there[k++];
    free(there);
    free(order);
}

double compare_heterogeneity(const double *estimates, const double *ses, size_t n) {
    return cochran_q(estimates, ses, n).p;
}
