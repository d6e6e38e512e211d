#include "experiments/model/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/model/readout.h"

const char *const definition_kinds[] = {"feature", "experiment", "metric", "segment", "layer", "holdout", "page", NULL};

enum { KINDS = DEFINITION_PAGE + 1 };

/* ---- parsing ---- */

static int parse_experiment(struct snapshot *s, struct snapshot_experiment *experiment, const struct definition *d,
                            struct error *error) {
    int code = experiment_parse(&experiment->definition, d->body, d->key, &s->arena, error);
    return code ? code
                : experiment_state_parse(&experiment->state, d->state, &experiment->definition, &s->arena, error);
}

/* Where it stands is found by its key, once it is parsed. */
static int put(struct snapshot *s, const struct definition *d, void *at, int code) {
    if (!code) map_put(&s->by_key[d->kind], arena_text(&s->arena, d->key), at);
    return code;
}

/* Parses one definition into the next free place of its array. */
static int parse(struct snapshot *s, const struct definition *d, struct error *error) {
    switch (d->kind) {
    case DEFINITION_FEATURE: {
        struct snapshot_feature *f = &s->features[s->n_features++];
        f->killed = json_is_true(json_object_get(d->state, "killed"));
        return put(s, d, f, feature_parse(&f->definition, d->body, d->key, &s->arena, error));
    }
    case DEFINITION_EXPERIMENT: {
        struct snapshot_experiment *e = &s->experiments[s->n_experiments++];
        return put(s, d, e, parse_experiment(s, e, d, error));
    }
    case DEFINITION_METRIC: {
        struct metric *m = &s->metrics[s->n_metrics++];
        return put(s, d, m, metric_parse(m, d->body, d->key, &s->arena, error));
    }
    case DEFINITION_SEGMENT: {
        struct snapshot_segment *g = &s->segments[s->n_segments++];
        return put(s, d, g, segment_parse(&g->definition, d->body, d->key, &s->arena, error));
    }
    case DEFINITION_LAYER: {
        struct layer *l = &s->layers[s->n_layers++];
        return put(s, d, l, layer_parse(l, d->body, d->key, &s->arena, error));
    }
    case DEFINITION_HOLDOUT: {
        struct snapshot_holdout *h = &s->holdouts[s->n_holdouts++];
        return put(s, d, h, holdout_parse(&h->definition, d->body, d->key, &s->arena, error));
    }
    case DEFINITION_PAGE: {
        struct page *p = &s->pages[s->n_pages++];
        return put(s, d, p, page_parse(p, d->body, d->key, &s->arena, error));
    }
    }
    return error_set(error, ERR_INTERNAL, "there is no definition of that kind");
}

static int parse_all(struct snapshot *s, const struct definition *definitions, size_t n, struct error *error) {
    size_t counts[KINDS] = {0};
    for (size_t i = 0; i < n; i++) counts[definitions[i].kind]++;
    s->features = arena_array(&s->arena, struct snapshot_feature, counts[DEFINITION_FEATURE]);
    s->experiments =
        arena_array(&s->arena, struct snapshot_experiment, counts[DEFINITION_EXPERIMENT] + counts[DEFINITION_HOLDOUT]);
    s->metrics = arena_array(&s->arena, struct metric, counts[DEFINITION_METRIC]);
    s->segments = arena_array(&s->arena, struct snapshot_segment, counts[DEFINITION_SEGMENT]);
    s->layers = arena_array(&s->arena, struct layer, counts[DEFINITION_LAYER]);
    s->holdouts = arena_array(&s->arena, struct snapshot_holdout, counts[DEFINITION_HOLDOUT]);
    s->pages = arena_array(&s->arena, struct page, counts[DEFINITION_PAGE]);
    for (size_t i = 0; i < n; i++) {
        struct error fault = {0};
        if (parse(s, &definitions[i], &fault))
            return error_set(error, ERR_CORRUPT, "the stored %s \"%.*s\" does not validate: %s",
                             definition_kinds[definitions[i].kind], TEXT_ARGS(definitions[i].key), fault.detail);
    }
    return 0;
}

/* ---- connecting ---- */

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

static void connect_all(struct snapshot *s) {
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
}

/* ---- life ---- */

static void free_snapshot(struct snapshot *s) {
    for (int kind = 0; kind < KINDS; kind++) map_free(&s->by_key[kind]);
    map_free(&s->segment_conditions);
    for (uint32_t i = 0; i < s->n_segments; i++) id_list_release(s->segments[i].list);
    arena_free(&s->arena);
    free(s);
}

int snapshot_build(struct snapshot **out, int64_t revision, const struct definition *definitions, size_t n,
                   struct error *error) {
    struct snapshot *s = memory_new(struct snapshot);
    arena_init(&s->arena, 256 * 1024);
    s->references = 1;
    s->revision = revision;
    int code = parse_all(s, definitions, n, error);
    if (code) {
        free_snapshot(s);
        return code;
    }
    connect_all(s);
    *out = s;
    return 0;
}

void snapshot_set_list(struct snapshot *snapshot, struct text segment, struct id_list *list) {
    struct snapshot_segment *to = map_get(&snapshot->by_key[DEFINITION_SEGMENT], segment);
    id_list_release(to->list);
    to->list = id_list_keep(list);
    to->asked.list = list;
}

struct snapshot *snapshot_keep(struct snapshot *snapshot) {
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_release(struct snapshot *snapshot) {
    if (snapshot && atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
        free_snapshot(snapshot);
}

/* ---- finding ---- */

const struct snapshot_feature *snapshot_feature(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_FEATURE], key);
}
const struct snapshot_experiment *snapshot_experiment(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_EXPERIMENT], key);
}
const struct metric *snapshot_metric(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_METRIC], key);
}
const struct snapshot_segment *snapshot_segment(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_SEGMENT], key);
}
const struct layer *snapshot_layer(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_LAYER], key);
}
const struct page *snapshot_page(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_PAGE], key);
}

const struct snapshot_holdout *snapshot_holdout(const struct snapshot *snapshot, struct text key) {
    return map_get(&snapshot->by_key[DEFINITION_HOLDOUT], key);
}

static bool holds_slots(const struct snapshot_experiment *experiment, struct text layer, struct text except) {
    return text_eq(experiment->definition.layer, layer) && !text_eq(experiment->definition.key, except);
}

struct slots_taken snapshot_slots_taken(const struct snapshot *snapshot, struct text layer, struct text except,
                                        struct arena *arena) {
    uint32_t n = 0;
    for (uint32_t i = 0; layer.n && i < snapshot->n_defined; i++)
        if (holds_slots(&snapshot->experiments[i], layer, except)) n += snapshot->experiments[i].state.n_slots;
    struct bucket_slots *slots = arena_array(arena, struct bucket_slots, n), *next = slots;
    for (uint32_t i = 0; n && i < snapshot->n_defined; i++) {
        const struct snapshot_experiment *experiment = &snapshot->experiments[i];
        if (!holds_slots(experiment, layer, except) || !experiment->state.n_slots) continue;
        memcpy(next, experiment->state.slots, experiment->state.n_slots * sizeof *next);
        next += experiment->state.n_slots;
    }
    return (struct slots_taken){slots, n};
}

static void consider(int64_t *next, int64_t now, int64_t at) {
    if (at > now && (*next == 0 || at < *next)) *next = at;
}

int64_t snapshot_next_change(const struct snapshot *snapshot, int64_t now) {
    int64_t next = 0;
    for (uint32_t i = 0; i < snapshot->n_defined; i++) {
        if (snapshot->experiments[i].state.phase != PHASE_RUNNING) continue;
        consider(&next, now, snapshot->experiments[i].state.start_at);
        consider(&next, now, snapshot->experiments[i].state.end_at);
    }
    for (uint32_t i = 0; i < snapshot->n_holdouts; i++) {
        consider(&next, now, snapshot->holdouts[i].definition.start);
        consider(&next, now, snapshot->holdouts[i].definition.end);
    }
    return next;
}
