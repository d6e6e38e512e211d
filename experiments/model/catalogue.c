#include "experiments/model/catalogue_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/json_dump.h"
#include "core/base/memory.h"

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

struct entry *catalogue_entry(struct catalogue *c, enum definition_kind kind, struct text key) {
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

void catalogue_forget(struct catalogue *c, enum definition_kind kind, struct text key) {
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
    struct entry *entry = catalogue_entry(c, kind, row->key);
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
        if (!c->entries[i].body) catalogue_forget(c, c->entries[i].kind, c->entries[i].key);
}

static int load(struct catalogue *c, struct error *error) {
    struct arena arena;
    struct document_page page;
    int64_t revision = 0;
    arena_init(&arena, 64 * 1024);
    int rc = repository_all(c->sql, &arena, &page, &revision, error);
    for (size_t i = 0; rc == 0 && i < page.n; i++) rc = read_entry(c, &page.items[i], error);
    arena_free(&arena);
    drop_states_alone(c);
    return rc < 0 ? rc : catalogue_compile(c, NULL, revision, &c->snapshot, error);
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
