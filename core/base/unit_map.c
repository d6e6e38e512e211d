#include "core/base/unit_map.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/memory.h"

static size_t slot(const struct unit_map *map, struct unit_id unit) {
    size_t i = unit.lo & (map->room - 1);
    while (map->entries[i].value && !unit_eq(map->entries[i].unit, unit)) i = (i + 1) & (map->room - 1);
    return i;
}

uint64_t unit_map_get(const struct unit_map *map, struct unit_id unit) {
    return map->n ? map->entries[slot(map, unit)].value : 0;
}

void unit_map_reserve(struct unit_map *map, size_t more) {
    size_t room = map->room ? map->room : 16;
    while ((map->n + more) * 4 > room * 3) room *= 2;
    if (room == map->room) return;
    struct unit_map bigger = {memory_table(room, sizeof *bigger.entries), map->n, room};
    for (size_t i = 0; i < map->room; i++)
        if (map->entries[i].value) bigger.entries[slot(&bigger, map->entries[i].unit)] = map->entries[i];
    free(map->entries);
    *map = bigger;
}

uint64_t unit_map_put(struct unit_map *map, struct unit_id unit, uint64_t value) {
    assert(value);
    unit_map_reserve(map, 1);
    struct unit_map_entry *entry = &map->entries[slot(map, unit)];
    uint64_t before = entry->value;
    if (!before) map->n++;
    *entry = (struct unit_map_entry){unit, value};
    return before;
}

/* Closes the gap, so that no search stops short of an entry that once had to step over this one (Knuth, 6.4 R). */
void unit_map_remove(struct unit_map *map, struct unit_id unit) {
    if (!map->n) return;
    size_t mask = map->room - 1, gap = slot(map, unit);
    if (!map->entries[gap].value) return;
    for (size_t i = (gap + 1) & mask; map->entries[i].value; i = (i + 1) & mask) {
        size_t home = map->entries[i].unit.lo & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        map->entries[gap] = map->entries[i];
        gap = i;
    }
    map->entries[gap].value = 0;
    map->n--;
}

void unit_map_free(struct unit_map *map) {
    free(map->entries);
    *map = (struct unit_map){0};
}
