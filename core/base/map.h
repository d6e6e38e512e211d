/* A map from text to pointer: open addressing, XXH3. Keys are borrowed and must outlive the map. One thread at a time;
 * read by many once it is no longer written. */
#ifndef PARLEY_CORE_BASE_MAP_H
#define PARLEY_CORE_BASE_MAP_H

#include "core/base/text.h"

struct map {
    struct map_entry {
        struct text key;
        void *value;   /* NULL: free */
        uint64_t hash; /* of the key: entries in the way of another key are told from it without looking at theirs */
    } * entries;
    size_t n, room; /* room is 0 or a power of two */
};

void *map_get(const struct map *map, struct text key); /* NULL where there is none */
/* Puts or replaces; returns what was there before, or NULL. `value` is not NULL. */
void *map_put(struct map *map, struct text key, void *value);
void map_free(struct map *map); /* the table alone */
/* All entries in no order: for (struct map_entry *e = map_next(m, NULL); e; e = map_next(m, e)) */
struct map_entry *map_next(const struct map *map, struct map_entry *after);

#endif
