#include "experiments/judge/results.h"

#include <math.h>

#include "experiments/judge/series.h"

static void put_range(struct json_writer *w, struct compare_range range) {
    json_put_double(w, "low", range.low);
    json_put_double(w, "high", range.high);
    json_put_double(w, "p", range.p);
}

/* With its test statistic, under the name that textbooks give it. */
static void write_fixed(struct json_writer *w, const struct comparison *is) {
    json_key(w, TEXT("fixed"));
    json_open_object(w);
    put_range(w, is->fixed);
    if (isinf(is->statistic.df))
        json_put_double(w, "z", is->statistic.value);
    else {
        json_put_double(w, "t", is->statistic.value);
        json_put_double(w, "df", is->statistic.df);
    }
    json_close_object(w);
}

static void write_difference(struct json_writer *w, const struct judged_arm *a) {
    json_key(w, TEXT("difference"));
    json_open_object(w);
    json_put_double(w, "estimate", a->is.estimate);
    json_put_double(w, "se", a->is.se);
    json_put_double(w, "low", a->is.shown.low);
    json_put_double(w, "high", a->is.shown.high);
    json_put_double(w, "p", a->is.shown.p);
    json_put_double(w, "pAdjusted", a->p_adjusted);
    json_close_object(w);
    json_key(w, TEXT("relative"));
    json_open_object(w);
    json_put_double(w, "estimate", a->is.relative.estimate);
    json_put_double(w, "low", a->is.relative.low);
    json_put_double(w, "high", a->is.relative.high);
    json_close_object(w);
    write_fixed(w, &a->is);
    json_key(w, TEXT("sequential"));
    json_open_object(w);
    put_range(w, a->is.sequential);
    json_close_object(w);
    json_key(w, TEXT("bayes"));
    json_open_object(w);
    json_put_double(w, "chanceToBeat", a->is.chance_to_beat);
    json_put_double(w, "expectedLoss", a->is.expected_loss);
    json_close_object(w);
}

static void write_cuped(struct json_writer *w, const struct compare_cuped *c) {
    json_key(w, TEXT("cuped"));
    json_open_object(w);
    json_put_double(w, "theta", c->theta);
    json_put_double(w, "reduction", c->reduction);
    json_put_double(w, "coverage", c->coverage);
    json_close_object(w);
}

static void write_guardrail(struct json_writer *w, const struct judged_metric *m, const struct judged_arm *a) {
    json_key(w, TEXT("guardrail"));
    json_open_object(w);
    json_put_text(w, "harm", text_of(guardrail_harms[m->rule->harm]));
    json_put_double(w, "margin", m->rule->margin);
    json_put_bool(w, "relative", m->rule->relative);
    json_put_double(w, "low", a->guard.low);
    json_put_double(w, "high", a->guard.high);
    json_put_double(w, "p", a->guard.p);
    json_put_bool(w, "fires", a->guard.fires);
    json_put_bool(w, "passes", a->guard.passes);
    json_close_object(w);
}

static struct cell sum_of(const struct judgement *j, uint32_t metric, uint32_t arm, int64_t *matured) {
    const struct measure_cells *cells = &j->group->metrics[metric];
    struct cell sum = {0};
    *matured = 0;
    for (uint32_t e = 0; e < j->results->n_epochs; e++) {
        cell_merge(&sum, &cells->cells[(size_t)e * j->results->n_arms + arm]);
        *matured += cells->matured[(size_t)e * j->results->n_arms + arm];
    }
    return sum;
}

static void write_steps(struct json_writer *w, const struct judgement *j, uint32_t metric, uint32_t arm) {
    const struct metric *definition = j->results->metrics[metric];
    json_key(w, TEXT("steps"));
    json_open_array(w);
    for (uint32_t s = 0; s < definition->n_steps; s++)
        json_int(w, j->group->metrics[metric].steps[(size_t)arm * definition->n_steps + s]);
    json_close_array(w);
}

static void write_arm(struct json_writer *w, const struct judgement *j, const struct judged_metric *m, uint32_t arm) {
    const struct metric *metric = j->results->metrics[m->metric];
    const struct measure_cells *cells = &j->group->metrics[m->metric];
    struct compare_arm all = {
        .cells = cells->cells + arm, .stride = j->results->n_arms, .epochs = j->results->n_epochs};
    bool ratio = metric->kind == METRIC_RATIO;
    int64_t matured;
    struct cell sum = sum_of(j, m->metric, arm, &matured);
    struct sample sample = compare_sample(all, ratio ? COMPARE_RATIO : COMPARE_MEAN);
    json_open_object(w);
    json_put_text(w, "variant", j->results->experiment->state.arms[arm]);
    json_put_int(w, "n", (int64_t)sum.n);
    if (cells->quantiles) {
        const struct measure_quantile *q = &cells->quantiles[arm];
        json_put_int(w, "values", q->values);
        sample = (struct sample){0, q->estimate, q->se * q->se * (double)sum.n};
    } else
        json_put_double(w, "sum", cell_total(&sum));
    if (ratio) json_put_double(w, "denominator", (double)sum.sum_y / CELL_SCALE);
    json_put_double(w, "mean", sum.n ? sample.mean : NAN);
    json_put_double(w, "variance", sum.n ? sample.variance : NAN);
    if (metric->window != METRIC_NO_WINDOW && metric->kind != METRIC_RETENTION)
        json_put_double(w, "matured", sum.n ? (double)matured / (double)sum.n : NAN);
    if (metric->kind == METRIC_FUNNEL) write_steps(w, j, m->metric, arm);
    if (m->arms[arm].compared) write_difference(w, &m->arms[arm]);
    if (m->arms[arm].compared && m->arms[arm].is.cuped.used) write_cuped(w, &m->arms[arm].is.cuped);
    if (m->arms[arm].compared && m->rule) write_guardrail(w, m, &m->arms[arm]);
    json_close_object(w);
}

static void write_metric(struct json_writer *w, const struct judgement *j, const struct judged_metric *m) {
    const struct measure_results *r = j->results;
    const struct metric *metric = r->metrics[m->metric];
    json_open_object(w);
    json_put_text(w, "metric", metric->key);
    json_put_text(w, "role", text_of(judgement_roles[m->role]));
    json_put_text(w, "kind", text_of(metric_kinds[metric->kind]));
    if (metric->cap > 0) {
        json_key(w, TEXT("cap"));
        json_open_object(w);
        json_put_double(w, "p", metric->cap);
        json_put_double(w, "value", r->caps[m->metric].value);
        json_put_time(w, "asOf", r->caps[m->metric].as_of);
        json_close_object(w);
    }
    json_key(w, TEXT("variants"));
    json_open_array(w);
    for (uint32_t a = 0; a < r->n_arms; a++) write_arm(w, j, m, a);
    json_close_array(w);
    json_close_object(w);
}

static void write_variants(struct json_writer *w, const struct judgement *j) {
    const struct measure_results *r = j->results;
    const struct experiment_state *state = &r->experiment->state;
    json_key(w, TEXT("variants"));
    json_open_array(w);
    for (uint32_t a = 0; a < r->n_arms; a++) {
        int64_t units = 0;
        for (uint32_t e = 0; e < r->n_epochs; e++) units += j->group->units[(size_t)e * r->n_arms + a];
        json_open_object(w);
        json_put_text(w, "key", state->arms[a]);
        json_put_int(w, "units", units);
        if (a == state->control) json_put_bool(w, "control", true);
        if (state->removed[a]) json_put_bool(w, "removed", true);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_figures(struct json_writer *w, const struct judgement *j) {
    write_variants(w, j);
    json_key(w, TEXT("metrics"));
    json_open_array(w);
    for (uint32_t i = 0; i < j->n; i++) write_metric(w, j, &j->metrics[i]);
    json_close_array(w);
}

static const char *const split_verdicts[] = {[SRM_OK] = "ok", [SRM_WARN] = "warn", [SRM_ALARM] = "alarm"};

static void write_split(struct json_writer *w, const struct srm *srm) {
    json_put_double(w, "chi2", srm->chi2);
    json_put_double(w, "df", srm->df);
    json_put_double(w, "p", srm->p);
}

static void write_epochs(struct json_writer *w, const struct judgement *j) {
    json_key(w, TEXT("epochs"));
    json_open_array(w);
    for (uint32_t e = 0; e < j->results->n_epochs; e++) {
        json_open_object(w);
        json_put_time(w, "from", j->results->experiment->state.epochs[e].from);
        write_split(w, &j->srm_by_epoch[e]);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_srm(struct json_writer *w, const struct judgement *j) {
    json_key(w, TEXT("srm"));
    json_open_object(w);
    write_split(w, &j->srm);
    json_put_text(w, "verdict", text_of(split_verdicts[j->srm_verdict]));
    json_key(w, TEXT("anytime"));
    json_open_object(w);
    json_put_double(w, "logBayesFactor", j->srm_anytime.log_bayes_factor);
    json_put_double(w, "p", j->srm_anytime.p);
    json_close_object(w);
    if (j->results->n_epochs > 1) write_epochs(w, j);
    json_key(w, TEXT("withMultipleExposure"));
    json_open_object(w);
    write_split(w, &j->srm_with_multiple);
    json_close_object(w);
    json_close_object(w);
}

static void write_excluded(struct json_writer *w, const struct measure_results *r) {
    json_key(w, TEXT("excluded"));
    json_open_object(w);
    json_put_int(w, "multipleExposure", r->multiple);
    json_put_int(w, "exposureMismatch", r->excluded.exposure_mismatch);
    json_put_int(w, "fallback", r->excluded.fallback);
    json_put_int(w, "tooLate", r->excluded.too_late);
    json_put_int(w, "unknownVariation", r->excluded.unknown_variation);
    json_put_int(w, "ruleOverride", r->rule_override);
    json_close_object(w);
    if (r->residual) {
        json_key(w, TEXT("residual"));
        json_open_object(w);
        json_put_int(w, "units", r->residual);
        json_close_object(w);
    }
}

static void write_verdict(struct json_writer *w, const struct judgement *j) {
    json_key(w, TEXT("warnings"));
    json_open_array(w);
    for (uint32_t i = 0; i < j->n_warnings; i++) {
        json_open_object(w);
        json_put_text(w, "code", text_of(j->warnings[i].code));
        json_put_text(w, "detail", j->warnings[i].detail);
        json_put_raw(w, "evidence", j->warnings[i].evidence);
        json_close_object(w);
    }
    json_close_array(w);
    json_key(w, TEXT("verdict"));
    json_open_object(w);
    json_put_text(w, "call", text_of(judgement_calls[j->call]));
    if (j->arm >= 0) json_put_text(w, "variant", j->results->experiment->state.arms[j->arm]);
    json_put_text(w, "words", j->words);
    if (j->days_left >= 0) json_put_int(w, "daysLeft", j->days_left);
    json_close_object(w);
}

/* --- break-downs --- */

/* Whether the groups differ in the effect of the primary metric, by treatment. */
static void write_heterogeneity(struct json_writer *w, const struct measure_results *r, struct judgement *const *groups,
                                struct arena *arena) {
    if (!r->experiment->primary) return;
    double *estimates = arena_array(arena, double, r->n_groups), *ses = arena_array(arena, double, r->n_groups);
    json_key(w, TEXT("heterogeneity"));
    json_open_array(w);
    for (uint32_t a = 0; a < r->n_arms; a++) {
        if (a == r->experiment->state.control) continue;
        size_t n = 0;
        for (uint32_t g = 0; g < r->n_groups; g++) {
            const struct judged_arm *arm = groups[g]->n ? &groups[g]->metrics[0].arms[a] : NULL;
            if (!arm || !arm->compared) continue;
            estimates[n] = arm->is.estimate;
            ses[n++] = arm->is.se;
        }
        json_open_object(w);
        json_put_text(w, "variant", r->experiment->state.arms[a]);
        json_put_double(w, "p", n > 1 ? compare_heterogeneity(estimates, ses, n) : NAN);
        json_close_object(w);
    }
    json_close_array(w);
}

/* Many groups, many tests: the p of their splits are adjusted (Benjamini-Hochberg). */
static const double *adjusted_splits(struct judgement *const *groups, uint32_t n, struct arena *arena) {
    double *p = arena_array(arena, double, n + 1);
    for (uint32_t g = 0; g < n; g++) p[g] = groups[g]->srm.p;
    compare_adjust(COMPARE_BH, p, n);
    return p;
}

static void write_group_split(struct json_writer *w, const struct srm *srm, double adjusted) {
    json_key(w, TEXT("srm"));
    json_open_object(w);
    write_split(w, srm);
    json_put_double(w, "pAdjusted", adjusted);
    json_put_text(w, "verdict", text_of(split_verdicts[srm_verdict(adjusted)]));
    json_close_object(w);
}

static void write_groups(struct json_writer *w, const struct measure_results *r, struct text by, struct arena *arena) {
    struct judgement **groups = arena_array(arena, struct judgement *, r->n_groups + 1);
    for (uint32_t g = 0; g < r->n_groups; g++) groups[g] = judge(r, &r->groups[g], NULL, arena);
    const double *splits = adjusted_splits(groups, r->n_groups, arena);
    json_put_text(w, "by", by);
    json_key(w, TEXT("groups"));
    json_open_array(w);
    for (uint32_t g = 0; g < r->n_groups; g++) {
        json_open_object(w);
        json_key(w, TEXT("value"));
        r->groups[g].value.at ? json_text(w, r->groups[g].value) : json_nil(w);
        if (r->groups[g].other) {
            json_put_bool(w, "other", true);
            json_put_int(w, "merged", r->groups[g].merged);
        }
        write_group_split(w, &groups[g]->srm, splits[g]);
        write_figures(w, groups[g]);
        json_close_object(w);
    }
    json_close_array(w);
    write_heterogeneity(w, r, groups, arena);
}

/* --- over time --- */

static void write_days(struct json_writer *w, struct measure_results *r, struct arena *arena) {
    struct judgement **days = series_of_days(r, arena);
    json_key(w, TEXT("series"));
    json_open_array(w);
    for (uint32_t g = 0; g < r->n_groups; g++) {
        json_open_object(w);
        json_put_text(w, "day", r->groups[g].value);
        write_figures(w, days[g]);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_weeks(struct json_writer *w, const struct measure_results *r, struct arena *arena) {
    struct judgement **weeks = series_of_weeks(r, arena);
    json_key(w, TEXT("series"));
    json_open_array(w);
    for (uint32_t g = 0; g < r->n_groups; g++) {
        json_open_object(w);
        json_put_int(w, "week", g + 1);
        write_figures(w, weeks[g]);
        json_close_object(w);
    }
    json_close_array(w);
}

void results_write(struct measure_results *r, struct text by, const struct look *before, struct json_writer *w) {
    struct arena arena;
    arena_init(&arena, 32 * 1024);
    json_open_object(w);
    json_put_text(w, "experiment", r->experiment->definition.key);
    json_put_text(w, "state", text_of(experiment_phases[judgement_phase(r)]));
    json_put_time(w, "asOf", r->as_of);
    json_put_int(w, "configRevision", r->snapshot->revision);
    json_put_bool(w, "complete", r->complete);
    if (!r->complete) json_put_double(w, "progress", r->progress);
    if (r->by_day)
        write_days(w, r, &arena);
    else if (r->by_week)
        write_weeks(w, r, &arena);
    else if (by.n)
        write_groups(w, r, by, &arena);
    else {
        struct judgement *j = judge(r, &r->groups[0], look_past(before, r), &arena);
        write_srm(w, j);
        write_figures(w, j);
        write_excluded(w, r);
        write_verdict(w, j);
    }
    json_close_object(w);
    arena_free(&arena);
}
