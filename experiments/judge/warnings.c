/* What is wrong with the data, as codes for programs, sentences for people, and the figures behind them. */
#include <math.h>

#include "core/base/json_write.h"
#include "experiments/judge/judge_internal.h"
#include "experiments/stats/means.h"
#include "experiments/stats/strata.h"

/* Shares of units or records above which people are told. */
static const double notable = 0.01;
/* p below which a bias, or an effect that fades, is told. */
static const double unlikely = 0.01;

struct figure {
    const char *name;
    double value;
};

static struct text evidence(struct arena *arena, struct text metric, struct text variant, const struct figure *figures,
                            size_t n) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    if (metric.n) json_put_text(&w, "metric", metric);
    if (variant.n) json_put_text(&w, "variant", variant);
    for (size_t i = 0; i < n; i++) {
        json_key(&w, text_of(figures[i].name));
        json_double(&w, figures[i].value);
    }
    json_close_object(&w);
    struct text copy = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}
#define EVIDENCE(arena, metric, variant, ...)                                                                          \
    evidence((arena), (metric), (variant), (const struct figure[]){__VA_ARGS__},                                       \
             sizeof((const struct figure[]){__VA_ARGS__}) / sizeof(struct figure))

static void warn(struct judgement *j, const char *code, struct text detail, struct text evidence) {
    j->warnings[j->n_warnings++] = (struct judgement_warning){code, detail, evidence};
}

static void warn_split(struct judgement *j, struct arena *arena) {
    if (j->srm_verdict == SRM_OK) return;
    warn(j, "srm",
         arena_printf(arena, "The units do not split as the weights say (p = %.2g)%s.", j->srm.p,
                      j->srm_verdict == SRM_ALARM ? ": something drops or adds units unevenly, so no verdict is given"
                                                  : ""),
         EVIDENCE(arena, TEXT_NONE, TEXT_NONE, {"chi2", j->srm.chi2}, {"df", j->srm.df}, {"p", j->srm.p},
                  {"anytimeP", j->srm_anytime.p}));
}

static void warn_units(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    int64_t all = r->multiple;
    for (uint32_t a = 0; a < r->n_arms; a++) {
        int64_t n = 0;
        for (uint32_t e = 0; e < r->n_epochs; e++) n += j->group->units[(size_t)e * r->n_arms + a];
        all += n;
        if (n == 0 && !r->experiment->state.removed[a])
            warn(j, "no-data",
                 arena_printf(arena, "No unit has met `%.*s` yet.", TEXT_ARGS(r->experiment->state.arms[a])),
                 EVIDENCE(arena, TEXT_NONE, r->experiment->state.arms[a], {"units", 0}));
    }
    if (all > 0 && (double)r->multiple > notable * (double)all)
        warn(j, "multiple-exposure",
             arena_printf(arena,
                          "%lld of %lld units (%.1f %%) met two variants and are left out of all figures. "
                          "Look at how the shop identifies its visitors.",
                          (long long)r->multiple, (long long)all, 100.0 * (double)r->multiple / (double)all),
             EVIDENCE(arena, TEXT_NONE, TEXT_NONE, {"units", (double)all}, {"multipleExposure", (double)r->multiple}));
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
            warn(j, "no-data", arena_printf(arena, "No event has counted for `%.*s` yet.", TEXT_ARGS(metric->key)),
                 EVIDENCE(arena, metric->key, TEXT_NONE, {"events", 0}));
        else if (metric->cap > 0 && r->caps[i].as_of && r->caps[i].value <= 0)
            warn(j, "no-data",
                 arena_printf(arena, "The cap of `%.*s` is 0, because too few units have a value: it is not applied.",
                              TEXT_ARGS(metric->key)),
                 EVIDENCE(arena, metric->key, TEXT_NONE, {"cap", metric->cap}, {"capValue", 0}));
    }
}

/* Records that did not count, where they are many beside the units. */
static void warn_excluded(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    const struct {
        const char *code, *words;
        int64_t n;
    } kinds[] = {
        {"exposure-mismatch", "exposures named another variant than Parley gives", r->excluded.exposure_mismatch},
        {"unknown-variation", "exposures named a variant that is none of the trial's", r->excluded.unknown_variation},
        {"too-late", "records came more than 7 days late", r->excluded.too_late},
        {"fallback", "exposures met a release that was down, and got `off`", r->excluded.fallback},
        {"rule-override", "enrolled units were served by a rule instead", r->rule_override},
    };
    double units = (double)judgement_units(j);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!((double)kinds[i].n > notable * fmax(units, 1))) continue;
        warn(j, kinds[i].code,
             arena_printf(arena, "%lld %s, beside %lld units that count.", (long long)kinds[i].n, kinds[i].words,
                          (long long)units),
             EVIDENCE(arena, TEXT_NONE, TEXT_NONE, {"n", (double)kinds[i].n}, {"units", units}));
    }
}

static void warn_history(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; j->metrics[i].role != ROLE_GUARDRAIL && a < r->n_arms; a++) {
            const struct compare_cuped *c = &j->metrics[i].arms[a].is.cuped;
            struct text metric = r->metrics[j->metrics[i].metric]->key, arm = r->experiment->state.arms[a];
            if (!j->metrics[i].arms[a].compared || !c->used) continue;
            if (c->bias < unlikely)
                warn(j, "pre-experiment-bias",
                     arena_printf(arena,
                                  "`%.*s` differed between `%.*s` and control before anybody entered (p = %.2g).",
                                  TEXT_ARGS(metric), TEXT_ARGS(arm), c->bias),
                     EVIDENCE(arena, metric, arm, {"p", c->bias}, {"coverage", c->coverage}));
            if (!(c->reduction > 0))
                warn(j, "cuped-no-help",
                     arena_printf(arena, "What units did before does not narrow the interval of `%.*s` for `%.*s`.",
                                  TEXT_ARGS(metric), TEXT_ARGS(arm)),
                     EVIDENCE(arena, metric, arm, {"reduction", c->reduction}, {"coverage", c->coverage}));
        }
}

static struct stratified fading_of(const struct judgement *j, const struct cell *fading, uint32_t arm,
                                   struct arena *arena) {
    const struct measure_results *r = j->results;
    struct stratum *strata = arena_array(arena, struct stratum, r->n_epochs);
    for (uint32_t e = 0; e < r->n_epochs; e++) {
        const struct cell *of = fading + (size_t)e * r->n_arms;
        strata[e] = (struct stratum){cell_sample(&of[r->experiment->state.control]), cell_sample(&of[arm])};
    }
    return strata_difference(strata, r->n_epochs);
}

/* Within units that have two whole weeks: the first week less the later ones, in an arm against control. What wears off is an
 * effect that was larger in the first week than it is since. */
static void warn_novelty(struct judgement *j, struct arena *arena) {
    const struct judged_metric *m = j->n && j->metrics[0].role == ROLE_PRIMARY ? &j->metrics[0] : NULL;
    const struct cell *fading = m ? j->group->metrics[m->metric].fading : NULL;
    for (uint32_t a = 0; fading && a < j->results->n_arms; a++) {
        if (!judgement_in_play(j, a) || !m->arms[a].compared) continue;
        struct stratified s = fading_of(j, fading, a, arena);
        struct difference d = z_difference(s.estimate, s.se, judgement_alpha(j));
        if (!(d.p < unlikely) || (d.estimate > 0) != (m->arms[a].is.estimate > 0)) continue;
        struct text metric = j->results->metrics[m->metric]->key, arm = j->results->experiment->state.arms[a];
        warn(j, "novelty",
             arena_printf(
                 arena,
                 "The effect of `%.*s` on `%.*s` wears off: in a unit's first week it is larger by %.3g than in "
                 "the weeks after it (p = %.2g).",
                 TEXT_ARGS(arm), TEXT_ARGS(metric), fabs(d.estimate), d.p),
             EVIDENCE(arena, metric, arm, {"firstLessLater", d.estimate}, {"se", s.se}, {"p", d.p}, {"units", s.n}));
    }
}

void judge_warnings(struct judgement *j, struct arena *arena) {
    const struct measure_results *r = j->results;
    size_t most = 8 + 2 * r->n_arms + r->n_metrics + (size_t)2 * r->n_arms * j->n;
    j->warnings = arena_array(arena, struct judgement_warning, most);
    warn_split(j, arena);
    warn_units(j, arena);
    warn_metrics(j, arena);
    warn_excluded(j, arena);
    warn_history(j, arena);
    warn_novelty(j, arena);
}
