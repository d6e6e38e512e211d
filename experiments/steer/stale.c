#include "experiments/steer/stale.h"

#include "core/base/clock.h"

const char *const stale_reasons[] = {"review-overdue",  "experiment-review-overdue",
                                     "experiment-over", "trial-without-experiment",
                                     "one-sided",       "not-evaluated",
                                     "not-cleaned-up",  NULL};
const char *const stale_steps[] = {
    "Review it, then set a new reviewBy or retire it.",
    "Read the trial's results, then conclude it or set a new reviewBy.",
    "All windows have run out: conclude the trial.",
    "Start the next trial, or set the stage to shipped or retiring.",
    "Everybody gets the same: take the switch out of the shop's code, or retire the feature.",
    "Nobody asks for it: take it out of the shop's code and retire it.",
    "The trial is decided: remove the variants that lost, or finish retiring it.",
    NULL};

static int64_t longest(int64_t window, const struct metric *metric) {
    if (!metric) return window;
    int64_t own = metric->kind == METRIC_RETENTION ? metric->to : metric->window;
    return own > window ? own : window;
}

/* When the last unit's longest window has run out. */
static int64_t all_known_at(const struct snapshot_experiment *e) {
    int64_t window = longest(0, e->primary);
    for (uint32_t i = 0; i < e->definition.n_secondary; i++) window = longest(window, e->secondary[i]);
    for (uint32_t i = 0; i < e->definition.n_guardrails; i++) window = longest(window, e->guardrails[i]);
    return e->state.end_at + window;
}

/* Whether every rule and the default come to one variant, so that asking is idle. */
static bool is_one_sided(const struct feature *f) {
    for (uint32_t i = 0; i < f->n_rules; i++)
        if (f->rules[i].serve != (int)f->by_default) return false;
    return true;
}

static bool long_ago(int64_t at, int64_t now) {
    return at && now - at > STALE_DAYS * (int64_t)CLOCK_DAY;
}

/* Drafts wait for their first trial, what is retired has been taken care of. */
static bool in_service(const struct feature *f) {
    return f->stage != STAGE_DRAFT && f->stage != STAGE_RETIRED && f->enabled;
}

static bool is_left_over(const struct snapshot_feature *feature, int64_t now) {
    const struct snapshot_experiment *e = feature->concluded;
    if (!e || feature->experiment || !long_ago(e->state.concluded_at, now)) return false;
    bool decided = e->state.outcome == OUTCOME_SHIP || e->state.outcome == OUTCOME_RETIRE;
    return decided && feature->definition.n_variants > 1;
}

unsigned stale_reasons_of(const struct snapshot_feature *feature, struct usage_of usage, int64_t now) {
    const struct feature *definition = &feature->definition;
    bool idle = usage.last > usage.first ? long_ago(usage.last, now) : long_ago(usage.first, now);
    const struct snapshot_experiment *e = feature->experiment;
    bool retired = definition->stage == STAGE_RETIRED;
    const bool holds[STALE_REASONS] = {
        [STALE_REVIEW_OVERDUE] = definition->review_by && definition->review_by < now && !retired,
        [STALE_EXPERIMENT_OVERDUE] = e && e->definition.review_by && e->definition.review_by < now,
        [STALE_EXPERIMENT_OVER] = e && e->state.phase == PHASE_MATURING && all_known_at(e) <= now,
        [STALE_NO_EXPERIMENT] = !e && definition->stage == STAGE_TRIAL && feature->last_trial,
        [STALE_ONE_SIDED] =
            !e && in_service(definition) && is_one_sided(definition) && long_ago(feature->changed_at, now),
        [STALE_NOT_EVALUATED] = in_service(definition) && idle,
        [STALE_NOT_CLEANED_UP] = !retired && is_left_over(feature, now),
    };
    unsigned reasons = 0;
    for (int i = 0; i < STALE_REASONS; i++)
        if (holds[i]) reasons |= 1u << i;
    return reasons;
}

static void write_chosen(struct json_writer *w, struct text name, const char *const *words, unsigned chosen) {
    json_key(w, name);
    json_open_array(w);
    for (int i = 0; i < STALE_REASONS; i++)
        if (chosen & 1u << i) json_text(w, text_of(words[i]));
    json_close_array(w);
}

static void write_feature(struct json_writer *w, const struct snapshot_feature *feature, struct usage_of usage,
                          unsigned reasons) {
    const struct feature *definition = &feature->definition;
    json_open_object(w);
    json_put_text(w, "key", definition->key);
    if (definition->owner.n) json_put_text(w, "owner", definition->owner);
    json_put_text(w, "stage", text_of(feature_stages[definition->stage]));
    if (definition->review_by) json_put_time(w, "reviewBy", definition->review_by);
    if (feature->experiment) json_put_text(w, "experiment", feature->experiment->definition.key);
    if (usage.last) json_put_time(w, "lastEvaluatedAt", usage.last);
    write_chosen(w, TEXT("reasons"), stale_reasons, reasons);
    write_chosen(w, TEXT("next"), stale_steps, reasons);
    json_close_object(w);
}

void stale_write(const struct snapshot *snapshot, const struct usage *usage, int64_t now, struct text after,
                 size_t limit, struct json_writer *w) {
    struct text last = TEXT_NONE;
    bool more = false;
    size_t n = 0;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (uint32_t i = 0; i < snapshot->n_features; i++) {
        const struct snapshot_feature *feature = &snapshot->features[i];
        struct usage_of used = usage_get(usage, feature->definition.key);
        unsigned reasons = stale_reasons_of(feature, used, now);
        if (!reasons || (after.n && text_cmp(feature->definition.key, after) <= 0)) continue;
        more = n == limit;
        if (more) break;
        write_feature(w, feature, used, reasons);
        last = feature->definition.key;
        n++;
    }
    json_close_array(w);
    json_key(w, TEXT("next"));
    more ? json_text(w, last) : json_nil(w);
    json_close_object(w);
}
