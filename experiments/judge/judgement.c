#include "experiments/judge/judgement.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/judge/judge_internal.h"

const char *const judgement_roles[] = {"primary", "secondary", "guardrail"};
const char *const judgement_calls[] = {"ship", "keep-running", "stop-harm", "no-difference"};

/* --- figures --- */

static enum compare_kind kind_of(const struct metric *metric) {
    switch (metric->kind) {
    case METRIC_CONVERSION:
    case METRIC_RETENTION:
    case METRIC_FUNNEL: return COMPARE_PROPORTION;
    case METRIC_RATIO: return COMPARE_RATIO;
    default: return COMPARE_MEAN;
    }
}

static struct compare_plan plan_of(const struct measure_results *r, const struct metric *metric) {
    static const enum compare_method methods[] = {
        [METHOD_SEQUENTIAL] = COMPARE_SEQUENTIAL, [METHOD_FIXED] = COMPARE_FIXED, [METHOD_BAYES] = COMPARE_BAYES};
    const struct experiment *definition = &r->experiment->definition;
    return (struct compare_plan){
        .kind = kind_of(metric),
        .method = methods[definition->method],
        .alpha = definition->alpha > 0 ? definition->alpha : 0.05,
        .n_star = (double)r->experiment->state.n_star,
        .lower_is_better = metric->better == METRIC_LOWER,
    };
}

/* A quantile as the mean of a sample that has its standard error. NULL for other kinds. */
static struct sample *quantile_sample(const struct measure_results *r, const struct measure_cells *cells, uint32_t arm,
                                      struct sample *out) {
    if (!cells->quantiles) return NULL;
    const struct measure_quantile *q = &cells->quantiles[arm];
    double n = 0;
    for (uint32_t e = 0; e < r->n_epochs; e++) n += (double)cells->cells[(size_t)e * r->n_arms + arm].n;
    *out = (struct sample){q->values ? n : 0, q->estimate, q->se * q->se * n};
    return out;
}

static struct compare_arm arm_of(const struct measure_results *r, const struct measure_cells *cells, uint32_t arm,
                                 struct sample *sample) {
    return (struct compare_arm){.cells = cells->cells + arm,
                                .known = cells->known ? cells->known + arm : NULL,
                                .joint = cells->joint ? cells->joint + arm : NULL,
                                .missing = cells->missing ? cells->missing + arm : NULL,
                                .sample = quantile_sample(r, cells, arm, sample),
                                .stride = r->n_arms,
                                .epochs = r->n_epochs};
}

static double least_before(const struct judged_past *past, enum judgement_role role, struct text metric,
                           struct text variant) {
    for (uint32_t i = 0; past && i < past->n; i++)
        if (past->items[i].role == role && text_eq(past->items[i].metric, metric) &&
            text_eq(past->items[i].variant, variant))
            return past->items[i].p;
    return 1;
}

/* Looks are what the sequence is valid over: what one of them excluded stays excluded (the interval shown is the current one). */
static void remember_least(struct judged_arm *a, enum compare_method method, double before) {
    a->p_now = a->is.sequential.p;
    if (isnan(a->p_now)) return;
    a->is.sequential.p = fmin(a->p_now, before);
    if (method == COMPARE_SEQUENTIAL) a->is.shown.p = a->is.sequential.p;
}

static void judge_metric(const struct measure_results *r, const struct measure_group *group, struct judged_metric *m,
                         const struct judged_past *past, struct arena *arena) {
    const struct metric *metric = r->metrics[m->metric];
    const struct measure_cells *cells = &group->metrics[m->metric];
    struct compare_plan plan = plan_of(r, metric);
    uint32_t control = r->experiment->state.control;
    m->arms = arena_array(arena, struct judged_arm, r->n_arms);
    for (uint32_t i = 0; i < r->n_arms; i++) {
        struct judged_arm *a = &m->arms[i];
        a->p_adjusted = NAN;
        if (i == control) continue;
        struct sample c, t;
        compare(&plan, arm_of(r, cells, control, &c), arm_of(r, cells, i, &t), &a->is);
        a->compared = isfinite(a->is.estimate);
        remember_least(a, plan.method, least_before(past, m->role, metric->key, r->experiment->state.arms[i]));
        a->p_adjusted = a->is.shown.p;
        if (m->rule)
            a->guard = compare_guard(&plan, &a->is, m->rule->harm == HARM_DECREASE, m->rule->margin, m->rule->relative);
    }
}

static int index_of(const struct measure_results *r, const struct metric *metric) {
    for (uint32_t i = 0; metric && i < r->n_metrics; i++)
        if (r->metrics[i] == metric) return (int)i;
    return -1;
}

static void add_metric(struct judgement *j, const struct metric *metric, enum judgement_role role,
                       const struct guardrail *rule, const struct judged_past *past, struct arena *arena) {
    int index = index_of(j->results, metric);
    if (index < 0) return;
    struct judged_metric *m = &j->metrics[j->n++];
    *m = (struct judged_metric){.metric = (uint32_t)index, .role = role, .rule = rule};
    judge_metric(j->results, j->group, m, past, arena);
}

/* The primary over its arms; the secondary ones over metrics and arms together; guardrails stay as they are. */
static void adjust_role(struct judgement *j, enum judgement_role role) {
    static const enum compare_correction corrections[] = {[CORRECTION_HOLM] = COMPARE_HOLM,
                                                          [CORRECTION_BH] = COMPARE_BH,
                                                          [CORRECTION_BY] = COMPARE_BY,
                                                          [CORRECTION_NONE] = COMPARE_RAW};
    size_t arms = j->results->n_arms, n = 0, k = 0;
    double *p = memory_alloc((j->n * arms + 1) * sizeof *p);
    for (uint32_t i = 0; i < j->n; i++)
        for (size_t a = 0; j->metrics[i].role == role && a < arms; a++) p[n++] = j->metrics[i].arms[a].p_adjusted;
    compare_adjust(corrections[j->results->experiment->definition.correction], p, n);
    for (uint32_t i = 0; i < j->n; i++)
        for (size_t a = 0; j->metrics[i].role == role && a < arms; a++) j->metrics[i].arms[a].p_adjusted = p[k++];
    free(p);
}

/* --- the split --- */

enum { SRM_CONCENTRATION = 100 };

/* Of the epochs from `from` up to `to`. */
static struct srm split(const struct measure_results *r, const struct measure_group *g, size_t from, size_t to,
                        bool with_multiple) {
    size_t cells = (to - from) * r->n_arms;
    double *counts = memory_alloc(2 * cells * sizeof *counts), *weights = counts + cells;
    for (size_t e = from; e < to; e++)
        for (size_t a = 0; a < r->n_arms; a++) {
            size_t at = e * r->n_arms + a, k = at - from * r->n_arms;
            weights[k] = r->experiment->state.epochs[e].weights[a];
            /* A unit that keeps an arm which has no weight any more entered by an older decision: nobody expects it here. */
            counts[k] = weights[k] > 0 ? (double)(g->units[at] + (with_multiple ? g->multiple[at] : 0)) : 0;
        }
    struct srm srm = srm_epochs(counts, weights, to - from, r->n_arms);
    free(counts);
    return srm;
}

/* Epochs are disjoint, so their Bayes factors multiply to one that may be looked at whenever one likes. */
static struct srm_anytime split_anytime(const struct measure_results *r, const struct measure_group *g, double before) {
    struct srm_anytime all = {0, 1};
    double counts[SRM_ARMS_MAX], weights[SRM_ARMS_MAX];
    for (size_t e = 0; e < r->n_epochs; e++) {
        for (size_t a = 0; a < r->n_arms; a++) {
            weights[a] = r->experiment->state.epochs[e].weights[a];
            counts[a] = weights[a] > 0 ? (double)g->units[e * r->n_arms + a] : 0;
        }
        double factor = srm_anytime(counts, weights, r->n_arms, SRM_CONCENTRATION).log_bayes_factor;
        if (isfinite(factor)) all.log_bayes_factor += factor;
    }
    all.p = fmin(before, fmin(1, exp(-all.log_bayes_factor)));
    return all;
}

static void judge_split(struct judgement *j, const struct judged_past *past, struct arena *arena) {
    const struct measure_results *r = j->results;
    j->srm = split(r, j->group, 0, r->n_epochs, false);
    j->srm_with_multiple = split(r, j->group, 0, r->n_epochs, true);
    j->srm_verdict = srm_verdict(j->srm.p);
    j->srm_anytime = split_anytime(r, j->group, past ? past->srm_p : 1);
    j->srm_by_epoch = arena_array(arena, struct srm, r->n_epochs);
    for (uint32_t e = 0; e < r->n_epochs; e++) j->srm_by_epoch[e] = split(r, j->group, e, e + 1, false);
}

/* --- all of it --- */

struct judgement *judge(const struct measure_results *r, const struct measure_group *group,
                        const struct judged_past *past, struct arena *arena) {
    const struct snapshot_experiment *e = r->experiment;
    struct judgement *j = arena_new(arena, struct judgement);
    *j = (struct judgement){.results = r, .group = group};
    j->metrics = arena_array(arena, struct judged_metric, 1 + e->definition.n_secondary + e->definition.n_guardrails);
    add_metric(j, e->primary, ROLE_PRIMARY, NULL, past, arena);
    for (uint32_t i = 0; i < e->definition.n_secondary; i++)
        add_metric(j, e->secondary[i], ROLE_SECONDARY, NULL, past, arena);
    for (uint32_t i = 0; i < e->definition.n_guardrails; i++)
        add_metric(j, e->guardrails[i], ROLE_GUARDRAIL, &e->definition.guardrails[i], past, arena);
    adjust_role(j, ROLE_PRIMARY);
    adjust_role(j, ROLE_SECONDARY);
    judge_split(j, past, arena);
    judge_warnings(j, arena);
    judge_call(j, arena);
    return j;
}

/* --- what others ask of it --- */

double judgement_alpha(const struct judgement *j) {
    double alpha = j->results->experiment->definition.alpha;
    return alpha > 0 ? alpha : 0.05;
}

bool judgement_in_play(const struct judgement *j, uint32_t arm) {
    return arm != j->results->experiment->state.control && !j->results->experiment->state.removed[arm];
}

enum experiment_phase judgement_phase(const struct measure_results *r) {
    const struct experiment_state *state = &r->experiment->state;
    bool over = state->phase == PHASE_RUNNING && state->end_at && state->end_at <= r->as_of;
    return over ? PHASE_MATURING : state->phase;
}

int64_t judgement_units(const struct judgement *j) {
    int64_t n = 0;
    for (size_t i = 0; i < (size_t)j->results->n_epochs * j->results->n_arms; i++) n += j->group->units[i];
    return n;
}

struct text judgement_metric_name(const struct metric *metric, struct arena *arena) {
    return metric->name.n ? metric->name : arena_printf(arena, "`%.*s`", TEXT_ARGS(metric->key));
}

bool judgement_harm_excluded(const struct judgement *j, struct text *why, struct arena *arena) {
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; j->metrics[i].rule && a < j->results->n_arms; a++) {
            const struct judged_arm *arm = &j->metrics[i].arms[a];
            if (!judgement_in_play(j, a) || (arm->compared && arm->guard.passes)) continue;
            if (why)
                *why = arena_printf(arena, "harm of `%.*s` to `%.*s` beyond its margin is not excluded yet",
                                    TEXT_ARGS(j->results->experiment->state.arms[a]),
                                    TEXT_ARGS(j->metrics[i].rule->metric));
            return false;
        }
    return true;
}
