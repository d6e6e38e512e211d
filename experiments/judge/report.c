#include "experiments/judge/report.h"

#include <math.h>

#include "experiments/judge/report_internal.h"
#include "experiments/judge/report_pictures.h"

/* ---- values as people read them ---- */

struct text report_number(struct drawing *d, int digits, double value) {
    return isfinite(value) ? arena_printf(&d->arena, "%.*g", digits, value) : TEXT("–");
}

struct text report_percent(struct drawing *d, double share) {
    return isfinite(share) ? arena_printf(&d->arena, "%+.2f %%", 100 * share) : TEXT("–");
}

struct text report_whole(struct drawing *d, int64_t n) {
    return arena_printf(&d->arena, "%lld", (long long)n);
}

struct text report_range(struct drawing *d, struct text low, struct text high) {
    if (text_eq(low, high)) return low; /* two dashes are one */
    return arena_printf(&d->arena, "%.*s to %.*s", TEXT_ARGS(low), TEXT_ARGS(high));
}

struct text report_moment(struct drawing *d, int64_t ms) {
    char iso[CLOCK_ISO_ROOM];
    if (!ms) return TEXT("–");
    clock_iso(iso, ms);
    return arena_printf(&d->arena, "%.10s %.5s UTC", iso, iso + 11);
}

static struct text or_dash(struct text text) {
    return text.n ? text : TEXT("–");
}

/* ---- rows of two columns ---- */

struct facts {
    struct text cells[2 * 24];
    size_t n;
};

static void fact(struct facts *facts, const char *name, struct text value) {
    if (!value.n || facts->n == COUNT(facts->cells) / 2) return;
    facts->cells[2 * facts->n] = text_of(name);
    facts->cells[2 * facts->n++ + 1] = value;
}

static void put_facts(struct drawing *d, const char *caption, const struct facts *facts) {
    static const struct pen_column columns[] = {{"What", false}, {"Value", false}};
    PEN(d, table, caption, columns, 2, facts->cells, facts->n);
}

/* ---- the chapters ---- */

static void draw_verdict(struct drawing *d) {
    static const char *const tones[] = {
        [CALL_SHIP] = "good", [CALL_KEEP_RUNNING] = "calm", [CALL_STOP_HARM] = "harm", [CALL_NO_DIFFERENCE] = "calm"};
    PEN(d, sentence,
        arena_printf(&d->arena, "Trial `%.*s`, %s, as of %.*s.", TEXT_ARGS(d->definition->key),
                     experiment_phases[judgement_phase(d->report->results)],
                     TEXT_ARGS(report_moment(d, d->report->results->as_of))));
    PEN(d, callout, tones[d->judgement->call],
        arena_printf(&d->arena, "Verdict: %s. %.*s", judgement_calls[d->judgement->call],
                     TEXT_ARGS(d->judgement->words)));
}

static void draw_question(struct drawing *d) {
    PEN(d, heading, 2, TEXT("Question"));
    PEN(d, text, d->definition->hypothesis.n ? d->definition->hypothesis : TEXT("Nobody wrote down a hypothesis."));
    struct facts facts = {0};
    fact(&facts, "Feature", d->definition->feature);
    fact(&facts, "Owner", or_dash(d->definition->owner));
    if (d->definition->review_by) fact(&facts, "Review by", report_moment(d, d->definition->review_by));
    put_facts(d, "What it is about", &facts);
}

static struct text weights_of(struct drawing *d) {
    struct buffer out = {0};
    for (uint32_t i = 0; i < d->definition->n_arms; i++)
        buffer_printf(&out, "%s%.*s %.4g", i ? ", " : "", TEXT_ARGS(d->definition->arms[i].variant),
                      d->definition->arms[i].weight / 10000.0);
    struct text copy = arena_text(&d->arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

static void draw_design(struct drawing *d) {
    const struct experiment *e = d->definition;
    struct facts facts = {0};
    PEN(d, heading, 2, TEXT("Design"));
    fact(&facts, "Assignment", text_of(experiment_assignments[e->assignment]));
    fact(&facts, "Unit", e->unit);
    fact(&facts, "Control", e->control);
    fact(&facts, "Weights", weights_of(d));
    fact(&facts, "Traffic", arena_printf(&d->arena, "%.4g %%", d->state->traffic / 10000.0));
    fact(&facts, "Audience", e->audience_source.n ? e->audience_source : TEXT("everybody"));
    fact(&facts, "Layer", e->layer);
    fact(&facts, "Start", report_moment(d, d->state->start_at));
    fact(&facts, "End", report_moment(d, d->state->end_at));
    fact(&facts, "Epochs (spans with one set of weights and rules)", report_whole(d, d->state->n_epochs));
    fact(&facts, "Method", text_of(experiment_methods[e->method]));
    fact(&facts, "Alpha", report_number(d, 3, judgement_alpha(d->judgement)));
    if (d->state->n_star) fact(&facts, "Planned units", report_whole(d, d->state->n_star));
    fact(&facts, "Smallest relative difference that matters",
         e->mde > 0 ? arena_printf(&d->arena, "%.4g %%", 100 * e->mde) : TEXT("not said"));
    fact(&facts, "Correction for many comparisons", text_of(experiment_corrections[e->correction]));
    if (e->cuped)
        fact(&facts, "Days before entry that are taken into account",
             report_number(d, 4, (double)e->cuped / CLOCK_DAY));
    put_facts(d, "How it was set up", &facts);
}

static void draw_exposure(struct drawing *d) {
    static const struct pen_column columns[] = {{"Variant", false}, {"Units", true}, {"Role", false}};
    const struct judgement *j = d->judgement;
    struct text *cells = arena_array(&d->arena, struct text, 3 * j->results->n_arms);
    PEN(d, heading, 2, TEXT("Exposure"));
    PEN(d, picture, picture_exposure(d->report->days, &d->arena));
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        int64_t n = 0;
        for (uint32_t e = 0; e < j->results->n_epochs; e++) n += j->group->units[(size_t)e * j->results->n_arms + a];
        cells[3 * a] = d->state->arms[a];
        cells[3 * a + 1] = report_whole(d, n);
        cells[3 * a + 2] = a == d->state->control ? TEXT("control")
                           : d->state->removed[a] ? TEXT("removed")
                                                  : TEXT("treatment");
    }
    PEN(d, table, "Units by variant", columns, COUNT(columns), cells, j->results->n_arms);
}

static void draw_health(struct drawing *d) {
    static const struct pen_column columns[] = {{"Code", false}, {"What", false}};
    const struct judgement *j = d->judgement;
    const struct measure_results *r = j->results;
    struct facts facts = {0};
    PEN(d, heading, 2, TEXT("Health"));
    fact(&facts, "Split of the units (SRM)",
         arena_printf(&d->arena, "p = %.3g, chi2 = %.4g, df = %.0f", j->srm.p, j->srm.chi2, j->srm.df));
    fact(&facts, "Units that met two variants, left out", report_whole(d, r->multiple));
    fact(&facts, "Exposures that named another variant", report_whole(d, r->excluded.exposure_mismatch));
    fact(&facts, "Exposures that named an unknown variant", report_whole(d, r->excluded.unknown_variation));
    fact(&facts, "Fallbacks while a release was down, left out", report_whole(d, r->excluded.fallback));
    fact(&facts, "Records that came too late", report_whole(d, r->excluded.too_late));
    fact(&facts, "Enrolled units that a rule caught", report_whole(d, r->rule_override));
    put_facts(d, "What was counted beside the units", &facts);
    struct text *cells = arena_array(&d->arena, struct text, 2 * j->n_warnings + 1);
    for (uint32_t i = 0; i < j->n_warnings; i++)
        cells[2 * i] = text_of(j->warnings[i].code), cells[2 * i + 1] = j->warnings[i].detail;
    if (j->n_warnings) PEN(d, table, "Warnings", columns, 2, cells, j->n_warnings);
}

static void draw_decision(struct drawing *d) {
    PEN(d, heading, 2, TEXT("Decision"));
    if (d->state->phase != PHASE_CONCLUDED) {
        PEN(d, sentence, TEXT("Not decided yet."));
        return;
    }
    struct facts facts = {0};
    fact(&facts, "Outcome", text_of(experiment_outcomes[d->state->outcome]));
    fact(&facts, "Variant", or_dash(d->state->outcome_variant));
    fact(&facts, "When", report_moment(d, d->state->concluded_at));
    fact(&facts, "Why", or_dash(d->state->note));
    put_facts(d, "What was decided", &facts);
}

static void draw_audit(struct drawing *d) {
    static const struct pen_column columns[] = {{"When", false}, {"Who", false}, {"What", false}, {"Note", false}};
    const struct audit_page *audit = &d->report->audit;
    struct text *cells = arena_array(&d->arena, struct text, COUNT(columns) * audit->n + 1);
    PEN(d, heading, 2, TEXT("What was done"));
    for (size_t i = 0; i < audit->n; i++) {
        const struct audit_entry *row = &audit->items[audit->n - 1 - i];
        cells[4 * i] = report_moment(d, row->at);
        cells[4 * i + 1] = row->actor;
        cells[4 * i + 2] = row->action;
        cells[4 * i + 3] = or_dash(row->note);
    }
    PEN(d, table, "Audit log", columns, COUNT(columns), cells, audit->n);
}

void report_write(const struct report *report, enum report_format format, struct buffer *out) {
    static const struct pen_kind *const pens[] = {[REPORT_HTML] = &pen_html, [REPORT_MARKDOWN] = &pen_markdown};
    const struct measure_results *r = report->results;
    struct drawing d = {.pen = {pens[format], out},
                        .report = report,
                        .definition = &r->experiment->definition,
                        .state = &r->experiment->state};
    arena_init(&d.arena, 64 * 1024);
    d.judgement = judge(r, &r->groups[0], look_past(report->before, r), &d.arena);
    PEN(&d, begin, d.definition->name.n ? d.definition->name : d.definition->key);
    draw_verdict(&d);
    draw_question(&d);
    draw_design(&d);
    draw_exposure(&d);
    PEN(&d, heading, 2, TEXT("Results"));
    for (uint32_t i = 0; i < d.judgement->n; i++) report_draw_metric(&d, &d.judgement->metrics[i]);
    report_draw_time(&d);
    draw_health(&d);
    draw_decision(&d);
    draw_audit(&d);
    d.pen.kind->end(&d.pen);
    arena_free(&d.arena);
}
