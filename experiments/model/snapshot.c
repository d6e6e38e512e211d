#include "experiments/model/snapshot_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/memory.h"

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
    s->version = arena_printf(&s->arena, "\"%lld\"", (long long)revision);
    int code = parse_all(s, definitions, n, error);
    if (code) {
        free_snapshot(s);
        return code;
    }
    snapshot_connect(s);
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
    for (uint32_t i = 0; i < snapshot->n_timed; i++) {
        const struct experiment_state *state = &snapshot->timed[i]->state;
        if (state->phase != PHASE_RUNNING) continue;
        consider(&next, now, state->start_at);
        consider(&next, now, state->end_at);
    }
    for (uint32_t i = 0; i < snapshot->n_holdouts; i++) {
        consider(&next, now, snapshot->holdouts[i].definition.start);
        consider(&next, now, snapshot->holdouts[i].definition.end);
    }
    return next;
}
