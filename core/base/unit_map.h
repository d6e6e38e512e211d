/* A map from unit ids to numbers: open addressing, 24 bytes a slot. What the number means (a row, a position) is the
 * owner's affair; 0 is "not there". Ids are hashes already, so they are used as they are. One thread at a time. */
#ifndef PARLEY_CORE_BASE_UNIT_MAP_H
#define PARLEY_CORE_BASE_UNIT_MAP_H

#include "core/base/unit.h"

struct unit_map {
    struct unit_map_entry {
        struct unit_id unit;
        uint64_t value; /* 0: free */
    } * entries;
    size_t n, room; /* room is 0 or a power of two */
};

uint64_t unit_map_get(const struct unit_map *map, struct unit_id unit); /* 0 where there is none */
/* Says that the unit will be asked for soon: a big table's memory is far away. */
static inline void unit_map_prefetch(const struct unit_map *map, struct unit_id unit) {
    if (map->room) __builtin_prefetch(&map->entries[unit.lo & (map->room - 1)], 1);
}
/* Sets the number (not 0) and returns what was there before, or 0. */
uint64_t unit_map_put(struct unit_map *map, struct unit_id unit, uint64_t value);
void unit_map_remove(struct unit_map *map, struct unit_id unit); /* nothing happens where there is none */
void unit_map_reserve(struct unit_map *map, size_t more);        /* the next `more` puts do not move the table */
void unit_map_free(struct unit_map *map);

#endif
