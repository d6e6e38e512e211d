#include "experiments/steer/stale.h"

const char *const stale_reasons[] = {"review-overdue", "experiment-review-overdue", "experiment-over",
                                     "trial-without-experiment", NULL};

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

unsigned stale_reasons_of(const struct snapshot_feature *feature, int64_t now) {
    const struct feature *definition = &feature->definition;
    const struct snapshot_experiment *e = feature->experiment;
    bool retired = definition->stage == STAGE_RETIRED;
    const bool holds[STALE_REASONS] = {
        [STALE_REVIEW_OVERDUE] = definition->review_by && definition->review_by < now && !retired,
        [STALE_EXPERIMENT_OVERDUE] = e && e->definition.review_by && e->definition.review_by < now,
        [STALE_EXPERIMENT_OVER] = e && e->state.phase == PHASE_MATURING && all_known_at(e) <= now,
        [STALE_NO_EXPERIMENT] = !e && definition->stage == STAGE_TRIAL && feature->last_trial,
    };
    unsigned reasons = 0;
    for (int i = 0; i < STALE_REASONS; i++)
        if (holds[i]) reasons |= 1u << i;
    return reasons;
}

static void write_feature(struct json_writer *w, const struct snapshot_feature *feature, unsigned reasons) {
    const struct feature *definition = &feature->definition;
    json_open_object(w);
    json_put_text(w, "key", definition->key);
    if (definition->owner.n) json_put_text(w, "owner", definition->owner);
    json_put_text(w, "stage", text_of(feature_stages[definition->stage]));
    if (definition->review_by) json_put_time(w, "reviewBy", definition->review_by);
    if (feature->experiment) json_put_text(w, "experiment", feature->experiment->definition.key);
    json_key(w, TEXT("reasons"));
    json_open_array(w);
    for (int i = 0; i < STALE_REASONS; i++)
        if (reasons & 1u << i) json_text(w, text_of(stale_reasons[i]));
    json_close_array(w);
    json_close_object(w);
}

void stale_write(const struct snapshot *snapshot, int64_t now, struct text after, size_t limit, struct json_writer *w) {
    struct text last = TEXT_NONE;
    bool more = false;
    size_t n = 0;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (uint32_t i = 0; i < snapshot->n_features; i++) {
        const struct snapshot_feature *feature = &snapshot->features[i];
        unsigned reasons = stale_reasons_of(feature, now);
        if (!reasons || (after.n && text_cmp(feature->definition.key, after) <= 0)) continue;
        more = n == limit;
        if (more) break;
        write_feature(w, feature, reasons);
        last = feature->definition.key;
        n++;
    }
    json_close_array(w);
    json_key(w, TEXT("next"));
    more ? json_text(w, last) : json_nil(w);
    json_close_object(w);
}
