/* The chapter of a report on what came of each metric. */
#include <math.h>

#include "experiments/judge/report_internal.h"
#include "experiments/judge/report_pictures.h"

static void metric_row(struct drawing *d, const struct judged_metric *m, uint32_t arm, struct text *cells) {
    const struct measure_results *r = d->judgement->results;
    const struct judged_arm *a = &m->arms[arm];
    const struct compare_arm all = {
        .cells = r->groups[0].metrics[m->metric].cells + arm, .stride = r->n_arms, .epochs = r->n_epochs};
    struct sample sample =
        compare_sample(all, r->metrics[m->metric]->kind == METRIC_RATIO ? COMPARE_RATIO : COMPARE_MEAN);
    if (r->groups[0].metrics[m->metric].quantiles)
        sample.mean = r->groups[0].metrics[m->metric].quantiles[arm].estimate;
    cells[0] = d->state->arms[arm];
    cells[1] = report_number(d, 12, sample.n);
    cells[2] = report_number(d, 6, sample.n > 0 ? sample.mean : NAN);
    for (int i = 3; i < 8; i++) cells[i] = TEXT("–");
    if (!a->compared) return;
    cells[3] = report_number(d, 4, a->is.estimate);
    cells[4] = report_range(d, report_number(d, 4, a->is.shown.low), report_number(d, 4, a->is.shown.high));
    cells[5] = report_percent(d, a->is.relative.estimate);
    cells[6] = report_range(d, report_percent(d, a->is.relative.low), report_percent(d, a->is.relative.high));
    cells[7] = report_number(d, 3, m->role == ROLE_GUARDRAIL ? a->is.shown.p : a->p_adjusted);
}

/* z or t, as textbooks have it, and its p. */
static struct text fixed_test(struct drawing *d, const struct comparison *is) {
    if (!isfinite(is->statistic.value)) return TEXT("–");
    return arena_printf(&d->arena, "%c = %.5g, p = %.4g", isinf(is->statistic.df) ? 'z' : 't', is->statistic.value,
                        is->fixed.p);
}

/* By every method, whichever decides: so that a reader who knows another one can check. */
static void draw_methods(struct drawing *d, const struct judged_metric *m) {
    static const struct pen_column columns[] = {
        {"Variant", false},     {"Fixed interval", true},         {"Fixed test", true},   {"Sequential interval", true},
        {"Sequential p", true}, {"Chance to beat control", true}, {"Expected loss", true}};
    struct text *cells = arena_array(&d->arena, struct text, COUNT(columns) * d->state->n_arms);
    size_t rows = 0;
    for (uint32_t a = 0; a < d->judgement->results->n_arms; a++) {
        const struct comparison *is = &m->arms[a].is;
        struct text *row = cells + COUNT(columns) * rows;
        if (!m->arms[a].compared) continue;
        row[0] = d->state->arms[a];
        row[1] = report_range(d, report_number(d, 4, is->fixed.low), report_number(d, 4, is->fixed.high));
        row[2] = fixed_test(d, is);
        row[3] = report_range(d, report_number(d, 4, is->sequential.low), report_number(d, 4, is->sequential.high));
        row[4] = report_number(d, 3, is->sequential.p);
        row[5] = report_number(d, 4, is->chance_to_beat);
        row[6] = report_number(d, 3, is->expected_loss);
        rows++;
    }
    if (rows) PEN(d, table, "By every method", columns, COUNT(columns), cells, rows);
}

static void draw_notes(struct drawing *d, const struct judged_metric *m, uint32_t arm) {
    const struct judged_arm *a = &m->arms[arm];
    if (a->is.cuped.used)
        PEN(d, sentence,
            arena_printf(&d->arena,
                         "What units did before they entered saves %.1f %% of the variance for `%.*s`; %.0f %% have "
                         "such a history.",
                         100 * a->is.cuped.reduction, TEXT_ARGS(d->state->arms[arm]), 100 * a->is.cuped.coverage));
    if (m->rule && judgement_in_play(d->judgement, arm))
        PEN(d, sentence,
            arena_printf(&d->arena, "Guardrail, `%.*s`: harm %.4g, at most %.4g, margin %.4g%s: %s.",
                         TEXT_ARGS(d->state->arms[arm]), a->guard.harm, a->guard.high, m->rule->margin,
                         m->rule->relative ? " of control's mean" : "",
                         a->guard.fires    ? "harm beyond the margin is certain"
                         : a->guard.passes ? "harm beyond the margin is excluded"
                                           : "not known yet"));
}

/* What the figure of a variant is called. */
static const char *figure_of(enum metric_kind kind) {
    switch (kind) {
    case METRIC_COUNT:
    case METRIC_MEAN: return "Mean";
    case METRIC_RATIO: return "Ratio";
    case METRIC_QUANTILE: return "Quantile";
    default: return "Rate";
    }
}

void report_draw_metric(struct drawing *d, const struct judged_metric *m) {
    const struct metric *metric = d->judgement->results->metrics[m->metric];
    const struct pen_column columns[] = {
        {"Variant", false}, {"Units", true}, {figure_of(metric->kind), true}, {"Difference", true},
        {"Interval", true}, {"Lift", true},  {"Interval of the lift", true},  {"p (adjusted)", true}};
    uint32_t n = d->judgement->results->n_arms;
    struct text *cells = arena_array(&d->arena, struct text, COUNT(columns) * n);
    PEN(d, heading, 3, metric->name.n ? metric->name : metric->key);
    PEN(d, sentence,
        arena_printf(&d->arena, "`%.*s`: %s metric (%s), %s is better.", TEXT_ARGS(metric->key),
                     judgement_roles[m->role], metric_kinds[metric->kind], metric_betters[metric->better]));
    PEN(d, picture, picture_intervals(d->judgement, m, &d->arena));
    for (uint32_t a = 0; a < n; a++) metric_row(d, m, a, cells + a * COUNT(columns));
    PEN(d, table, "Figures", columns, COUNT(columns), cells, n);
    draw_methods(d, m);
    for (uint32_t a = 0; a < n; a++)
        if (m->arms[a].compared) draw_notes(d, m, a);
}
