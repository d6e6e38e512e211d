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
    bool history = cells->known != NULL;
    return (struct compare_arm){.cells = cells->cells + arm,
                                .known = history ? cells->known + arm : NULL,
                                .missing = history ? cells->missing + arm : NULL,
                                .sample = quantile_sample(r, cells, arm, sample),
                                .stride = r->n_arms,
                                .epochs = r->n_epochs};
}

static void judge_metric(const struct measure_results *r, const struct measure_group *group, struct judged_metric *m,
                         struct arena *arena) {
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
                       const struct guardrail *rule, struct arena *arena) {
    int index = index_of(j->results, metric);
    if (index < 0) return;
    struct judged_metric *m = &j->metrics[j->n++];
    *m = (struct judged_metric){.metric = (uint32_t)index, .role = role, .rule = rule};
    judge_metric(j->results, j->group, m, arena);
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

static struct srm split(const struct measure_results *r, const struct measure_group *g, bool with_multiple) {
    size_t cells = (size_t)r->n_epochs * r->n_arms;
    double *counts = memory_alloc(2 * cells * sizeof *counts), *weights = counts + cells;
    for (size_t e = 0; e < r->n_epochs; e++)
        for (size_t a = 0; a < r->n_arms; a++) {
            size_t at = e * r->n_arms + a;
            weights[at] = r->experiment->state.epochs[e].weights[a];
            /* A unit that keeps an arm which has no weight any more entered by an older decision: nobody expects it here. */
            counts[at] = weights[at] > 0 ? (double)(g->units[at] + (with_multiple ? g->multiple[at] : 0)) : 0;
        }
    struct srm srm = srm_epochs(counts, weights, r->n_epochs, r->n_arms);
    free(counts);
    return srm;
}

/* --- what is wrong --- */

static void warn(struct judgement *j, const char *code, struct text detail) {
    j->warnings[j->n_warnings++] = (struct judgement_warning){code, detail};
}

static int64_t units_of(const struct judgement *j, uint32_t arm) {
    int64_t n = 0;
    for (uint32_t e = 0; e < j->results->n_epochs; e++) n += j->group->units[(size_t)e * j->results->n_arms + arm];
    return n;
}

static void warn_units(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    int64_t all = r->multiple;
    for (uint32_t a = 0; a < r->n_arms; a++) {
        int64_t n = units_of(j, a);
        all += n;
        if (n == 0 && !r->experiment->state.removed[a])
            warn(j, "no-data",
                 arena_printf(arena, "No unit has met `%.*s` yet.", TEXT_ARGS(r->experiment->state.arms[a])));
    }
    if (all > 0 && (double)r->multiple > 0.01 * (double)all)
        warn(j, "multiple-exposure",
             arena_printf(arena,
                          "%lld of %lld units (%.1f %%) met two variants and are left out of all figures. "
                          "Look at how the shop identifies its visitors.",
                          (long long)r->multiple, (long long)all, 100.0 * (double)r->multiple / (double)all));
}

static void warn_metrics(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        const struct metric *metric = r->metrics[i];
        bool any = false;
        for (uint32_t a = 0; j->group->metrics[i].quantiles && a < r->n_arms; a++)
            any |= j->group->metrics[i].quantiles[a].values > 0;
        for (size_t c = 0; c < (size_t)r->n_epochs * r->n_arms; c++)
            any |= j->group->metrics[i].cells[c].sum_x != 0 || j->group->metrics[i].cells[c].sum_y != 0;
        if (!any)
            warn(j, "no-data", arena_printf(arena, "No event has counted for `%.*s` yet.", TEXT_ARGS(metric->key)));
        else if (metric->cap > 0 && r->caps[i].as_of && r->caps[i].value <= 0)
            warn(j, "no-data",
                 arena_printf(arena, "The cap of `%.*s` is 0, because too few units have a value: it is not applied.",
                              TEXT_ARGS(metric->key)));
    }
}

static void warn_history(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; j->metrics[i].role != ROLE_GUARDRAIL && a < r->n_arms; a++) {
            const struct compare_cuped *c = &j->metrics[i].arms[a].is.cuped;
            struct text metric = r->metrics[j->metrics[i].metric]->key, arm = r->experiment->state.arms[a];
            if (!j->metrics[i].arms[a].compared || !c->used) continue;
            if (c->bias < 0.01)
                warn(j, "pre-experiment-bias",
                     arena_printf(arena,
                                  "`%.*s` differed between `%.*s` and control before anybody entered (p = %.2g).",
                                  TEXT_ARGS(metric), TEXT_ARGS(arm), c->bias));
            if (!(c->reduction > 0))
                warn(j, "cuped-no-help",
                     arena_printf(arena, "What units did before does not narrow the interval of `%.*s` for `%.*s`.",
                                  TEXT_ARGS(metric), TEXT_ARGS(arm)));
        }
}

static void warn_split(struct judgement *j, struct arena *arena) {
    if (j->srm_verdict == SRM_OK) return;
    warn(j, "srm",
         arena_printf(arena, "The units do not split as the weights say (p = %.2g)%s.", j->srm.p,
                      j->srm_verdict == SRM_ALARM ? ": something drops or adds units unevenly, so no verdict is given"
                                                  : ""));
}

/* --- all of it --- */

struct judgement *judge(const struct measure_results *r, const struct measure_group *group, struct arena *arena) {
    const struct snapshot_experiment *e = r->experiment;
    struct judgement *j = arena_new(arena, struct judgement);
    *j = (struct judgement){.results = r, .group = group};
    j->metrics = arena_array(arena, struct judged_metric, 1 + e->definition.n_secondary + e->definition.n_guardrails);
    j->warnings = arena_array(arena, struct judgement_warning,
                              2 + r->n_arms + r->n_metrics + 2 * r->n_arms * (1 + e->definition.n_secondary));
    add_metric(j, e->primary, ROLE_PRIMARY, NULL, arena);
    for (uint32_t i = 0; i < e->definition.n_secondary; i++)
        add_metric(j, e->secondary[i], ROLE_SECONDARY, NULL, arena);
    for (uint32_t i = 0; i < e->definition.n_guardrails; i++)
        add_metric(j, e->guardrails[i], ROLE_GUARDRAIL, &e->definition.guardrails[i], arena);
    adjust_role(j, ROLE_PRIMARY);
    adjust_role(j, ROLE_SECONDARY);
    j->srm = split(r, group, false);
    j->srm_with_multiple = split(r, group, true);
    j->srm_verdict = srm_verdict(j->srm.p);
    warn_split(j, arena);
    warn_units(j, arena);
    warn_metrics(j, arena);
    warn_history(j, arena);
    judge_call(j, arena);
    return j;
}
