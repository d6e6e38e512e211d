/* What definitions refer to, found once: features and their experiments, metrics, layers, holdouts, one another. What is gone is left
 * out, and so is what would go in a circle. */
#include "experiments/model/readout.h"
#include "experiments/model/snapshot_internal.h"

/* ---- prerequisites ---- */

static void connect_prerequisites(struct snapshot *s, struct snapshot_feature *feature) {
    const struct feature *definition = &feature->definition;
    feature->prerequisites = arena_array(&s->arena, struct snapshot_prerequisite, definition->n_prerequisites);
    for (uint32_t i = 0; i < definition->n_prerequisites; i++) {
        const struct prerequisite *from = &definition->prerequisites[i];
        struct snapshot_prerequisite *to = &feature->prerequisites[i];
        to->feature = snapshot_feature(s, from->feature);
        for (uint32_t j = 0; to->feature && j < from->n_variants; j++) {
            int variant = feature_variant(&to->feature->definition, from->variants[j]);
            if (variant >= 0) to->variants |= 1u << variant;
        }
    }
}

static uint32_t prerequisites_of(void *snapshot, uint32_t feature) {
    return ((const struct snapshot *)snapshot)->features[feature].definition.n_prerequisites;
}

static uint32_t prerequisite_of(void *snapshot, uint32_t feature, uint32_t i) {
    const struct snapshot *s = snapshot;
    const struct snapshot_feature *to = s->features[feature].prerequisites[i].feature;
    return to ? (uint32_t)(to - s->features) : GRAPH_NOTHING;
}

static void cut_prerequisite(void *snapshot, uint32_t feature, uint32_t i) {
    ((struct snapshot *)snapshot)->features[feature].prerequisites[i].feature = NULL;
}

struct graph snapshot_prerequisites(const struct snapshot *snapshot) {
    return (struct graph){snapshot->n_features, (void *)(uintptr_t)snapshot, prerequisites_of, prerequisite_of};
}

static void measure_depths(struct snapshot *s) {
    uint32_t *depths = arena_array(&s->arena, uint32_t, s->n_features);
    struct graph graph = snapshot_prerequisites(s);
    graph_depths(&graph, depths, cut_prerequisite);
    for (uint32_t i = 0; i < s->n_features; i++) s->features[i].depth = depths[i];
}

/* ---- segments that name segments ---- */

struct referring {
    struct snapshot *snapshot;
    struct snapshot_segment *segment; /* NULL: references are counted only */
    uint32_t n;
};

static void note_reference(void *ctx, struct text key) {
    struct referring *r = ctx;
    const struct snapshot_segment *to = snapshot_segment(r->snapshot, key);
    if (to && r->segment) r->segment->references[r->n] = (uint32_t)(to - r->snapshot->segments);
    r->n += to != NULL;
}

static void connect_segment(struct snapshot *s, struct snapshot_segment *segment) {
    struct referring counting = {.snapshot = s}, noting = {s, segment, 0};
    const struct segment *definition = &segment->definition;
    segment->asked = (struct condition_segment){definition->condition, NULL, definition->unit};
    map_put(&s->segment_conditions, definition->key, &segment->asked);
    condition_segments(definition->condition, note_reference, &counting);
    segment->references = arena_array(&s->arena, uint32_t, counting.n);
    condition_segments(definition->condition, note_reference, &noting);
    segment->n_references = noting.n;
}

static uint32_t references_of(void *snapshot, uint32_t segment) {
    return ((const struct snapshot *)snapshot)->segments[segment].n_references;
}

static uint32_t reference_of(void *snapshot, uint32_t segment, uint32_t i) {
    return ((const struct snapshot *)snapshot)->segments[segment].references[i];
}

/* Evaluation stops in a circle by itself. */
static void pass_over(void *snapshot, uint32_t segment, uint32_t i) {}

struct graph snapshot_segment_graph(const struct snapshot *snapshot) {
    return (struct graph){snapshot->n_segments, (void *)(uintptr_t)snapshot, references_of, reference_of};
}

static void connect_segments(struct snapshot *s) {
    uint32_t *depths = arena_array(&s->arena, uint32_t, s->n_segments);
    for (uint32_t i = 0; i < s->n_segments; i++) connect_segment(s, &s->segments[i]);
    struct graph graph = snapshot_segment_graph(s);
    graph_depths(&graph, depths, pass_over);
    for (uint32_t i = 0; i < s->n_segments; i++) s->segments[i].depth = depths[i];
}

static bool covers(const struct holdout *holdout, struct text feature) {
    for (uint32_t i = 0; i < holdout->n_features; i++)
        if (text_eq(holdout->features[i], feature)) return true;
    return holdout->n_features == 0;
}

static void connect_holdouts(struct snapshot *s, struct snapshot_feature *feature) {
    feature->holdouts = arena_array(&s->arena, const struct snapshot_holdout *, s->n_holdouts);
    for (uint32_t i = 0; i < s->n_holdouts; i++)
        if (covers(&s->holdouts[i].definition, feature->definition.key))
            feature->holdouts[feature->n_holdouts++] = &s->holdouts[i];
}

static bool is_plain(const struct snapshot_feature *feature) {
    const struct feature *definition = &feature->definition;
    return definition->enabled && !feature->killed && definition->stage != STAGE_RETIRED &&
           !definition->n_prerequisites && !definition->n_rules && !feature->n_holdouts;
}

static struct bucket_ranges ranges(struct arena *arena, const uint32_t *weights, const bool *without, uint32_t n) {
    uint64_t *ends = arena_array(arena, uint64_t, n), total = 0;
    for (uint32_t i = 0; i < n; i++) ends[i] = total += without && without[i] ? 0 : weights[i];
    return (struct bucket_ranges){ends, total ? n : 0};
}

static void connect_arms(struct snapshot *s, struct snapshot_experiment *experiment) {
    const struct experiment_state *state = &experiment->state;
    experiment->variant_of_arm = arena_array(&s->arena, uint16_t, state->n_arms);
    for (uint32_t i = 0; i < state->n_arms; i++) {
        int variant = experiment->feature ? feature_variant(&experiment->feature->definition, state->arms[i]) : -1;
        experiment->variant_of_arm[i] = variant < 0 ? NO_VARIANT : (uint16_t)variant;
    }
    if (!state->n_epochs) return;
    const uint32_t *drawn = state->epochs[state->n_epochs - 1].drawn;
    experiment->drawn = ranges(&s->arena, drawn, NULL, state->n_arms);
    experiment->left = ranges(&s->arena, drawn, state->removed, state->n_arms);
}

static void connect_metrics(struct snapshot *s, struct snapshot_experiment *experiment) {
    const struct experiment *definition = &experiment->definition;
    experiment->primary = snapshot_metric(s, definition->primary);
    experiment->secondary = arena_array(&s->arena, const struct metric *, definition->n_secondary);
    experiment->guardrails = arena_array(&s->arena, const struct metric *, definition->n_guardrails);
    for (uint32_t i = 0; i < definition->n_secondary; i++)
        experiment->secondary[i] = snapshot_metric(s, definition->secondary[i]);
    for (uint32_t i = 0; i < definition->n_guardrails; i++)
        experiment->guardrails[i] = snapshot_metric(s, definition->guardrails[i].metric);
}

static void connect_experiment(struct snapshot *s, struct snapshot_experiment *experiment) {
    struct snapshot_feature *feature = map_get(&s->by_key[DEFINITION_FEATURE], experiment->definition.feature);
    experiment->feature = feature;
    if (feature) experiment_settle(&experiment->definition, &feature->definition);
    experiment->by_targeting_key = text_is(experiment->definition.unit, "targetingKey");
    if (feature && snapshot_is_live(experiment)) feature->experiment = experiment;
    if (feature && experiment->state.start_at > feature->last_trial) feature->last_trial = experiment->state.start_at;
    if (feature && experiment->state.phase == PHASE_CONCLUDED &&
        (!feature->concluded || feature->concluded->state.concluded_at < experiment->state.concluded_at))
        feature->concluded = experiment;
    experiment->layer = snapshot_layer(s, experiment->definition.layer);
    experiment->in_seed = experiment->layer ? bucket_seed(experiment->layer->salt, BUCKET_SLOT)
                                            : bucket_seed(experiment->state.salt, BUCKET_IN);
    experiment->variant_seed = bucket_seed(experiment->state.salt, BUCKET_VARIANT);
    experiment->again_seed = bucket_seed(experiment->state.salt, BUCKET_AGAIN);
    connect_arms(s, experiment);
    connect_metrics(s, experiment);
}

/* Units are drawn by the holdout's own hash: whoever is in its share falls into the range of the first arm. */
static void connect_readout(struct snapshot *s, struct snapshot_holdout *holdout) {
    struct snapshot_experiment *readout = &s->experiments[s->n_experiments++];
    readout_make(readout, &holdout->definition, &s->arena);
    holdout->readout = readout;
    holdout->seed = readout->variant_seed = bucket_seed(holdout->definition.salt, BUCKET_HOLDOUT);
    readout->in_seed = bucket_seed(readout->state.salt, BUCKET_IN);
    readout->again_seed = bucket_seed(readout->state.salt, BUCKET_AGAIN);
    connect_arms(s, readout);
    connect_metrics(s, readout);
    map_put(&s->by_key[DEFINITION_EXPERIMENT], readout->definition.key, readout);
}

static void list_experiments(struct snapshot *s) {
    s->timed = arena_array(&s->arena, const struct snapshot_experiment *, s->n_defined);
    s->concluded = arena_array(&s->arena, const struct snapshot_experiment *, s->n_defined);
    for (uint32_t i = 0; i < s->n_defined; i++) {
        const struct snapshot_experiment *e = &s->experiments[i];
        bool waits = e->state.phase == PHASE_DRAFT && e->definition.scheduled_start;
        if (snapshot_is_live(e) || waits) s->timed[s->n_timed++] = e;
        if (e->state.phase == PHASE_CONCLUDED) s->concluded[s->n_concluded++] = e;
    }
}

static void list_pinned(struct snapshot *s, const struct feature *feature, const struct variant **list) {
    for (uint32_t v = 0; v < feature->n_variants; v++) {
        const struct variant *variant = &feature->variants[v];
        if (!variant->plugin.n || !variant->release.n) continue;
        if (list) list[s->n_pinned] = variant;
        s->n_pinned++;
    }
}

static void list_releases(struct snapshot *s) {
    for (uint32_t i = 0; i < s->n_features; i++) list_pinned(s, &s->features[i].definition, NULL);
    s->pinned = arena_array(&s->arena, const struct variant *, s->n_pinned);
    s->n_pinned = 0;
    for (uint32_t i = 0; i < s->n_features; i++) list_pinned(s, &s->features[i].definition, s->pinned);
}

void snapshot_connect(struct snapshot *s) {
    connect_segments(s);
    for (uint32_t i = 0; i < s->n_features; i++) {
        connect_prerequisites(s, &s->features[i]);
        connect_holdouts(s, &s->features[i]);
        s->features[i].plain = is_plain(&s->features[i]);
    }
    measure_depths(s);
    for (uint32_t i = 0; i < s->n_experiments; i++) connect_experiment(s, &s->experiments[i]);
    s->n_defined = s->n_experiments;
    for (uint32_t i = 0; i < s->n_holdouts; i++) connect_readout(s, &s->holdouts[i]);
    list_experiments(s);
    list_releases(s);
}
