#include "core/base/map.h"

#include <assert.h>
#include <stdlib.h>
#define XXH_INLINE_ALL /* a dozen bytes: the call would cost as much as the hash */
#include <xxhash.h>

#include "core/base/memory.h"

static uint64_t hash_of(struct text key) {
    return XXH3_64bits(key.n ? key.at : "", key.n);
}

static struct map_entry *slot(struct map_entry *entries, size_t room, struct text key, uint64_t hash) {
    size_t i = hash & (room - 1);
    while (entries[i].value && !(entries[i].hash == hash && text_eq(entries[i].key, key))) i = (i + 1) & (room - 1);
    return &entries[i];
}

void *map_get(const struct map *map, struct text key) {
    return map->n ? slot(map->entries, map->room, key, hash_of(key))->value : NULL;
}

static void grow(struct map *map) {
    size_t room = map->room ? map->room * 2 : 16;
    struct map_entry *entries = memory_zero(room, sizeof *entries);
    for (size_t i = 0; i < map->room; i++) {
        const struct map_entry *entry = &map->entries[i];
        if (entry->value) *slot(entries, room, entry->key, entry->hash) = *entry;
    }
    free(map->entries);
    map->entries = entries;
    map->room = room;
}

void *map_put(struct map *map, struct text key, void *value) {
    assert(value);
    if ((map->n + 1) * 4 > map->room * 3) grow(map);
    uint64_t hash = hash_of(key);
    struct map_entry *entry = slot(map->entries, map->room, key, hash);
    void *before = entry->value;
    if (!before) map->n++;
    *entry = (struct map_entry){key, value, hash};
    return before;
}

void map_free(struct map *map) {
    free(map->entries);
    *map = (struct map){0};
}

struct map_entry *map_next(const struct map *map, struct map_entry *after) {
    for (size_t i = after ? (size_t)(after - map->entries) + 1 : 0; i < map->room; i++)
        if (map->entries[i].value) return &map->entries[i];
    return NULL;
}
