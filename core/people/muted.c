#include "core/people/muted.h"

#include <stdlib.h>

#include "core/base/memory.h"

/* What one key said last. Entries stay when they are emptied: whoever comes back has the same key. */
struct said {
    struct arena arena; /* the list */
    char *key;
    struct text *features;
    size_t n;
    int64_t at; /* ms; 0: forgotten */
};

static struct said *said_of(struct muted *muted, struct text key) {
    struct said *said = map_get(&muted->by_key, key);
    if (said) return said;
    said = memory_new(struct said);
    arena_init(&said->arena, 256);
    said->key = memory_alloc(key.n + 1);
    memcpy(said->key, key.at, key.n);
    map_put(&muted->by_key, text_n(said->key, key.n), said);
    return said;
}

static void said_free(struct said *said) {
    arena_free(&said->arena);
    free(said->key);
    free(said);
}

void muted_set(struct muted *muted, struct text key, const struct preferences *preferences) {
    struct said *said = said_of(muted, key);
    arena_reset(&said->arena);
    said->n = 0;
    said->at = preferences ? preferences->at : 0;
    if (!preferences) return;
    said->features = arena_array(&said->arena, struct text, preferences->muted_n + 1);
    for (size_t i = 0; i < preferences->muted_n; i++)
        said->features[said->n++] = arena_text(&said->arena, preferences->muted[i]);
}

bool muted_has(const struct muted *muted, const struct text *keys, size_t n, struct text feature) {
    const struct said *newest = NULL;
    for (size_t i = 0; muted->by_key.n && i < n; i++) {
        const struct said *said = map_get(&muted->by_key, keys[i]);
        if (said && said->at && (!newest || said->at > newest->at)) newest = said;
    }
    for (size_t i = 0; newest && i < newest->n; i++)
        if (text_eq(newest->features[i], feature)) return true;
    return false;
}

int muted_load(struct muted *muted, struct sql *sql, struct error *error) {
    struct arena arena;
    struct buffer keys = {0};
    arena_init(&arena, 1 << 16);
    *muted = (struct muted){0};
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT customer FROM preference");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct text key = sql_copy(&rows, 0, &arena);
        buffer_put(&keys, &key, sizeof key);
    }
    sql_done(&rows);
    const struct text *all = (const struct text *)keys.at;
    for (size_t i = 0; rc >= 0 && i < keys.n / sizeof *all; i++) {
        struct preferences p;
        rc = customers_preferences(sql, &arena, &all[i], 1, &p, error);
        if (rc == 0) muted_set(muted, all[i], &p);
    }
    buffer_free(&keys);
    arena_free(&arena);
    return rc < 0 ? rc : 0;
}

void muted_free(struct muted *muted) {
    for (struct map_entry *e = map_next(&muted->by_key, NULL); e; e = map_next(&muted->by_key, e)) said_free(e->value);
    map_free(&muted->by_key);
}
