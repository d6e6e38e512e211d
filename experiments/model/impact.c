#include "experiments/model/impact.h"

#include <stdlib.h>

#include "core/base/memory.h"

struct search {
    const struct snapshot *snapshot;
    struct impact_item *items; /* [0] is the definition itself; in the order in which they were found */
    size_t n, room;
    struct map seen[DEFINITION_PAGE + 1];
    size_t from; /* whose users are looked for */
};

static bool is_concluded(const struct search *search, struct text key) {
    const struct snapshot_experiment *e = snapshot_experiment(search->snapshot, key);
    return e && e->state.phase == PHASE_CONCLUDED;
}

static void add(struct search *search, enum definition_kind kind, struct text key, const char *as) {
    if (map_get(&search->seen[kind], key)) return;
    if (kind == DEFINITION_EXPERIMENT && search->n && search->items[0].kind != DEFINITION_METRIC &&
        is_concluded(search, key))
        return;
    if (search->n == search->room) {
        search->room = search->room ? search->room * 2 : 64;
        search->items = memory_grow(search->items, search->room * sizeof *search->items);
    }
    const struct impact_item *of = search->n ? &search->items[search->from] : NULL;
    search->items[search->n++] = (struct impact_item){kind, key, as, of ? of->kind : kind, of ? of->key : key};
    map_put(&search->seen[kind], key, (void *)search->snapshot);
}

static bool add_use(void *ctx, const struct use *use) {
    add(ctx, use->kind, use->key, use->as);
    return true;
}

/* A holdout that names no feature covers all that are on trial. */
static void add_covered(struct search *search, const struct snapshot_holdout *holdout) {
    for (uint32_t i = 0; holdout && i < search->snapshot->n_features; i++) {
        const struct snapshot_feature *feature = &search->snapshot->features[i];
        for (uint32_t k = 0; k < feature->n_holdouts; k++)
            if (feature->holdouts[k] == holdout && feature->experiment)
                add(search, DEFINITION_FEATURE, feature->definition.key, "covered");
    }
}

/* What the found one changes besides what uses it. What a metric touches is read, not served. */
static void follow(struct search *search) {
    struct impact_item item = search->items[search->from];
    uses_of(search->snapshot, item.kind, item.key, add_use, search);
    const struct snapshot_experiment *e =
        item.kind == DEFINITION_EXPERIMENT ? snapshot_experiment(search->snapshot, item.key) : NULL;
    bool serves = e && e->feature && search->items[0].kind != DEFINITION_METRIC;
    if (serves) add(search, DEFINITION_FEATURE, e->feature->definition.key, "on trial");
    if (item.kind == DEFINITION_HOLDOUT && search->from == 0)
        add_covered(search, snapshot_holdout(search->snapshot, item.key));
}

static int by_kind_and_key(const void *a, const void *b) {
    const struct impact_item *x = a, *y = b;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : text_cmp(x->key, y->key);
}

size_t impact_of(const struct snapshot *snapshot, enum definition_kind kind, struct text key, struct arena *arena,
                 struct impact_item **items) {
    struct search search = {.snapshot = snapshot};
    const struct snapshot_experiment *e = kind == DEFINITION_EXPERIMENT ? snapshot_experiment(snapshot, key) : NULL;
    size_t first = e && e->state.phase >= PHASE_RUNNING && e->state.phase <= PHASE_MATURING ? 0 : 1;
    add(&search, kind, key, "itself");
    for (; search.from < search.n; search.from++) follow(&search);
    size_t n = search.n - first;
    *items = arena_array(arena, struct impact_item, n);
    memcpy(*items, search.items + first, n * sizeof **items);
    qsort(*items, n, sizeof **items, by_kind_and_key);
    for (int i = 0; i <= DEFINITION_PAGE; i++) map_free(&search.seen[i]);
    free(search.items);
    return n;
}
