#include "experiments/model/catalogue_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/json_dump.h"
#include "core/base/memory.h"

/* States stand beside definitions under a kind of their own: "experiment-state", "feature-state". */
#define STATE_SUFFIX "-state"

static struct text state_kind(struct arena *arena, enum definition_kind kind) {
    return arena_printf(arena, "%s" STATE_SUFFIX, definition_kinds[kind]);
}

/* ---- entries ---- */

static int entry_order(enum definition_kind kind, struct text key, const struct entry *entry) {
    return kind != entry->kind ? (int)kind - (int)entry->kind : text_cmp(key, entry->key);
}

size_t catalogue_place(const struct catalogue *c, enum definition_kind kind, struct text key, bool *found) {
    size_t low = 0, high = c->n;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = entry_order(kind, key, &c->entries[middle]);
        if (order == 0) *found = true;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct entry *catalogue_find(const struct catalogue *c, enum definition_kind kind, struct text key) {
    bool found;
    size_t i = catalogue_place(c, kind, key, &found);
    return found ? &c->entries[i] : NULL;
}

int catalogue_missing(enum definition_kind kind, struct text key, struct error *error) {
    return error_set(error, ERR_NOT_FOUND, "there is no %s '%.*s'", definition_kinds[kind], TEXT_ARGS(key));
}

static struct entry *entry_at(struct catalogue *c, enum definition_kind kind, struct text key) {
    bool found;
    size_t i = catalogue_place(c, kind, key, &found);
    if (found) return &c->entries[i];
    c->entries = memory_grow(c->entries, (c->n + 1) * sizeof *c->entries);
    memmove(c->entries + i + 1, c->entries + i, (c->n - i) * sizeof *c->entries);
    c->n++;
    char *own = memory_alloc(key.n + 1);
    memcpy(own, key.at, key.n);
    own[key.n] = 0;
    c->entries[i] = (struct entry){.kind = kind, .key = text_n(own, key.n)};
    return &c->entries[i];
}

static void entry_clear(struct entry *entry) {
    free((void *)(uintptr_t)entry->key.at);
    json_decref(entry->body);
    json_decref(entry->state);
    id_list_release(entry->list);
}

static void entry_remove(struct catalogue *c, enum definition_kind kind, struct text key) {
    bool found;
    size_t i = catalogue_place(c, kind, key, &found);
    if (!found) return;
    entry_clear(&c->entries[i]);
    memmove(c->entries + i, c->entries + i + 1, (c->n - i - 1) * sizeof *c->entries);
    c->n--;
}

/* ---- opening ---- */

static bool kind_of(struct text name, enum definition_kind *kind, bool *is_state) {
    *is_state = text_ends(name, TEXT(STATE_SUFFIX));
    if (*is_state) name.n -= sizeof STATE_SUFFIX - 1;
    for (int i = 0; definition_kinds[i]; i++)
        if (text_is(name, definition_kinds[i])) {
            *kind = (enum definition_kind)i;
            return true;
        }
    return false;
}

static int read_entry(struct catalogue *c, const struct document *row, struct error *error) {
    enum definition_kind kind;
    bool is_state;
    if (!kind_of(row->kind, &kind, &is_state)) return 0; /* of another module: pages, webhooks ... */
    json_t *json = json_loadb(row->body.at, row->body.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        return error_set(error, ERR_CORRUPT, "the stored %.*s '%.*s' is not JSON", TEXT_ARGS(row->kind),
                         TEXT_ARGS(row->key));
    struct entry *entry = entry_at(c, kind, row->key);
    json_t **slot = is_state ? &entry->state : &entry->body;
    json_decref(*slot);
    *slot = json;
    if (is_state) return 0;
    entry->version = row->version;
    entry->at = row->at;
    return kind == DEFINITION_SEGMENT ? catalogue_load_list(c->sql, row->key, json, &entry->list, error) : 0;
}

/* A state may be read before, or have outlived, its definition. */
static void drop_states_alone(struct catalogue *c) {
    for (size_t i = c->n; i-- > 0;)
        if (!c->entries[i].body) entry_remove(c, c->entries[i].kind, c->entries[i].key);
}

static int compile(const struct catalogue *c, const struct draft *draft, int64_t revision, struct snapshot **out,
                   struct error *error);

static int load(struct catalogue *c, struct error *error) {
    struct arena arena;
    struct document_page page;
    int64_t revision = 0;
    arena_init(&arena, 64 * 1024);
    int rc = repository_all(c->sql, &arena, &page, &revision, error);
    for (size_t i = 0; rc == 0 && i < page.n; i++) rc = read_entry(c, &page.items[i], error);
    arena_free(&arena);
    drop_states_alone(c);
    return rc < 0 ? rc : compile(c, NULL, revision, &c->snapshot, error);
}

static void unload(struct catalogue *c) {
    for (size_t i = 0; i < c->n; i++) entry_clear(&c->entries[i]);
    free(c->entries);
    snapshot_release(c->snapshot);
    *c = (struct catalogue){.sql = c->sql, .before = -1, .releases = c->releases};
}

int catalogue_open(struct catalogue **out, struct sql *sql, struct error *error) {
    struct catalogue *c = memory_new(struct catalogue);
    *c = (struct catalogue){.sql = sql, .before = -1};
    int rc = load(c, error);
    if (rc < 0) {
        catalogue_close(c);
        return rc;
    }
    *out = c;
    return 0;
}

void catalogue_close(struct catalogue *c) {
    if (!c) return;
    unload(c);
    releases_release(c->releases);
    free(c);
}

void catalogue_reload(struct catalogue *c) {
    struct error error = {0};
    unload(c);
    if (load(c, &error) < 0) {
        fprintf(stderr, "level=error program=parleyd msg=\"definitions cannot be read again\" detail=\"%s\"\n",
                error.detail);
        abort();
    }
}

int64_t catalogue_revision(const struct catalogue *c) {
    return c->snapshot->revision;
}
struct snapshot *catalogue_snapshot(const struct catalogue *c) {
    return snapshot_keep(c->snapshot);
}

int catalogue_transaction(struct catalogue *c, int (*work)(void *user, struct sql *sql, struct error *error),
                          void *user, struct snapshot **changed, struct error *error) {
    int64_t before = catalogue_revision(c);
    *changed = NULL;
    int rc = sql_begin(c->sql, error);
    if (rc < 0) return rc;
    c->before = before;
    rc = sql_end(c->sql, work(user, c->sql, error), error);
    c->before = -1;
    if (rc < 0 && catalogue_revision(c) != before) catalogue_reload(c);
    if (rc >= 0 && catalogue_revision(c) != before) *changed = catalogue_snapshot(c);
    return rc;
}

/* ---- a change under way ---- */

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
static int compile(const struct catalogue *c, const struct draft *draft, int64_t revision, struct snapshot **out,
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
    if (rc == 0) date_features(c, draft, *out);
    free(definitions);
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
            entry_remove(c, item->kind, item->key);
            continue;
        }
        struct entry *entry = entry_at(c, item->kind, item->key);
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
    return compile(draft->catalogue, draft, draft->catalogue->snapshot->revision + 1, out, error);
}

int draft_commit(struct draft *draft, struct error *error) {
    struct catalogue *c = draft->catalogue;
    struct snapshot *snapshot = NULL;
    struct change_set set;
    set.joins = c->before >= 0 && c->snapshot->revision > c->before;
    int rc = compile(c, draft, c->snapshot->revision + !set.joins, &snapshot, error);
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
