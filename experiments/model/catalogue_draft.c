/* A change while it is being made: what will be different is laid over what is committed, compiled, written, taken over; or let go. */
#include <stdlib.h>

#include "core/base/json_dump.h"
#include "core/base/memory.h"
#include "experiments/model/catalogue_internal.h"

static struct text state_kind(struct arena *arena, enum definition_kind kind) {
    return arena_printf(arena, "%s" STATE_SUFFIX, definition_kinds[kind]);
}

void draft_begin(struct draft *draft, struct catalogue *c, const struct change *change, const char *action) {
    *draft = (struct draft){.catalogue = c, .change = change, .action = text_of(action)};
    arena_init(&draft->arena, 16 * 1024);
}

void draft_end(struct draft *draft) {
    for (size_t i = 0; i < draft->n; i++) {
        json_decref(draft->items[i].body);
        json_decref(draft->items[i].state);
        id_list_release(draft->items[i].list);
    }
    for (int kind = 0; kind <= DEFINITION_PAGE; kind++) map_free(&draft->places[kind]);
    free(draft->items);
    arena_free(&draft->arena);
}

static struct draft_item *draft_of(const struct draft *draft, enum definition_kind kind, struct text key) {
    uintptr_t place = draft ? (uintptr_t)map_get(&draft->places[kind], key) : 0;
    return place ? &draft->items[place - 1] : NULL;
}

/* Good until the next one. */
static struct draft_item *draft_item(struct draft *draft, enum definition_kind kind, struct text key) {
    if (draft_of(draft, kind, key)) return draft_of(draft, kind, key);
    if (draft->n == draft->room) {
        draft->room = draft->room ? draft->room * 2 : 4;
        draft->items = memory_grow(draft->items, draft->room * sizeof *draft->items);
    }
    struct draft_item *item = &draft->items[draft->n++];
    *item = (struct draft_item){.kind = kind, .key = arena_text(&draft->arena, key), .if_match = DOCUMENT_ANY};
    map_put(&draft->places[kind], item->key, (void *)(uintptr_t)draft->n);
    return item;
}

void draft_body(struct draft *draft, enum definition_kind kind, struct text key, json_t *body, int64_t if_match) {
    struct draft_item *item = draft_item(draft, kind, key);
    json_decref(item->body);
    item->body = body;
    item->body_changes = true;
    item->if_match = if_match;
}

void draft_list(struct draft *draft, struct text key, struct id_list *list) {
    struct draft_item *item = draft_item(draft, DEFINITION_SEGMENT, key);
    id_list_release(item->list);
    item->list = list;
}

void draft_state(struct draft *draft, enum definition_kind kind, struct text key, json_t *state) {
    struct draft_item *item = draft_item(draft, kind, key);
    json_decref(item->state);
    item->state = state;
    item->state_changes = true;
}

static void date_features(const struct catalogue *c, const struct draft *draft, struct snapshot *snapshot) {
    for (uint32_t i = 0; i < snapshot->n_features; i++) {
        struct snapshot_feature *feature = &snapshot->features[i];
        const struct entry *entry = catalogue_find(c, DEFINITION_FEATURE, feature->definition.key);
        const struct draft_item *item = draft_of(draft, DEFINITION_FEATURE, feature->definition.key);
        feature->changed_at = item && item->body_changes ? draft->change->now : entry ? entry->at : 0;
    }
}

static void set_lists(const struct catalogue *c, const struct draft *draft, struct snapshot *snapshot) {
    for (uint32_t i = 0; i < snapshot->n_segments; i++) {
        struct text key = snapshot->segments[i].definition.key;
        const struct draft_item *item = draft_of(draft, DEFINITION_SEGMENT, key);
        const struct entry *entry = catalogue_find(c, DEFINITION_SEGMENT, key);
        snapshot_set_list(snapshot, key, item ? item->list : entry->list);
    }
}

/* What is committed, with the draft laid over it. */
int catalogue_compile(const struct catalogue *c, const struct draft *draft, int64_t revision, struct snapshot **out,
                      struct error *error) {
    size_t n = 0, room = c->n + (draft ? draft->n : 0);
    struct definition *definitions = memory_zero(room + 1, sizeof *definitions);
    for (size_t i = 0; i < c->n; i++) {
        const struct entry *e = &c->entries[i];
        const struct draft_item *item = draft_of(draft, e->kind, e->key);
        if (item && item->body_changes && !item->body) continue;
        definitions[n++] = (struct definition){e->kind, e->key, item && item->body_changes ? item->body : e->body,
                                               item && item->state_changes ? item->state : e->state};
    }
    for (size_t i = 0; draft && i < draft->n; i++) {
        const struct draft_item *item = &draft->items[i];
        if (item->body && !catalogue_find(c, item->kind, item->key))
            definitions[n++] = (struct definition){item->kind, item->key, item->body, item->state};
    }
    int rc = snapshot_build(out, revision, definitions, n, error);
    free(definitions);
    if (rc == 0) date_features(c, draft, *out);
    if (rc == 0) set_lists(c, draft, *out);
    return rc;
}

static struct text dumped(struct arena *arena, const json_t *json) {
    struct buffer out = {0};
    json_dump(&out, json);
    struct text copy = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

static int write_draft(struct draft *draft, struct change_set *set, struct error *error) {
    struct document_change *changes = arena_array(&draft->arena, struct document_change, 2 * draft->n);
    *set = (struct change_set){.joins = set->joins,
                               .changes = changes,
                               .actor = draft->change->actor,
                               .note = draft->note,
                               .at = draft->change->now};
    struct draft_item **of = arena_array(&draft->arena, struct draft_item *, 2 * draft->n);
    for (size_t i = 0; i < draft->n; i++) {
        struct draft_item *item = &draft->items[i];
        if (item->body_changes) {
            of[set->n] = item;
            changes[set->n++] = (struct document_change){
                .kind = text_of(definition_kinds[item->kind]),
                .key = item->key,
                .body = item->body ? dumped(&draft->arena, item->body) : TEXT_NONE,
                .care = DOCUMENT_VERSIONS,
                .if_match = item->if_match,
                .action = draft->action,
            };
        }
        bool state_there = item->state || (catalogue_find(draft->catalogue, item->kind, item->key) &&
                                           catalogue_find(draft->catalogue, item->kind, item->key)->state);
        if (item->state_changes && state_there) {
            of[set->n] = NULL;
            changes[set->n++] = (struct document_change){
                .kind = state_kind(&draft->arena, item->kind),
                .key = item->key,
                .body = item->state ? dumped(&draft->arena, item->state) : TEXT_NONE,
                .care = DOCUMENT_STATE,
                .if_match = DOCUMENT_ANY,
                .action = draft->action,
            };
        }
    }
    int rc = repository_write(draft->catalogue->sql, set, error);
    for (size_t i = 0; rc == 0 && i < set->n; i++)
        if (of[i]) of[i]->version = changes[i].version;
    return rc;
}

static void take_over(struct catalogue *c, struct draft *draft) {
    for (size_t i = 0; i < draft->n; i++) {
        struct draft_item *item = &draft->items[i];
        if (item->body_changes && !item->body) {
            catalogue_forget(c, item->kind, item->key);
            continue;
        }
        struct entry *entry = catalogue_entry(c, item->kind, item->key);
        if (item->body_changes) {
            if (entry->version != item->version) entry->at = draft->change->now;
            json_decref(entry->body);
            entry->body = json_incref(item->body);
            id_list_release(entry->list);
            entry->list = id_list_keep(item->list);
            entry->version = item->version;
        }
        if (item->state_changes) {
            json_decref(entry->state);
            entry->state = json_incref(item->state);
        }
    }
}

int draft_compile(const struct draft *draft, struct snapshot **out, struct error *error) {
    return catalogue_compile(draft->catalogue, draft, draft->catalogue->snapshot->revision + 1, out, error);
}

int draft_commit(struct draft *draft, struct error *error) {
    struct catalogue *c = draft->catalogue;
    struct snapshot *snapshot = NULL;
    struct change_set set;
    set.joins = c->before >= 0 && c->snapshot->revision > c->before;
    int rc = catalogue_compile(c, draft, c->snapshot->revision + !set.joins, &snapshot, error);
    if (rc == 0) rc = check_segment_depths(snapshot, error);
    if (rc == 0) rc = write_draft(draft, &set, error);
    if (rc == 0 && set.revision == snapshot->revision) {
        take_over(c, draft);
        snapshot_release(c->snapshot);
        c->snapshot = snapshot;
        snapshot = NULL;
    }
    snapshot_release(snapshot);
    draft_end(draft);
    return rc;
}
