/* Who is who, in memory: from any key to the key that names the customer. Loaded from the store once; then owned and
 * changed by one thread (the loop) as the store lane reports what it joined. Knows nothing of why keys were joined. */
#ifndef PARLEY_CORE_PEOPLE_IDENTITY_MAP_H
#define PARLEY_CORE_PEOPLE_IDENTITY_MAP_H

#include "core/store/sql.h"

struct identity_map;

/* On the store lane; the map then belongs to the caller. */
int identity_map_load(struct identity_map **map, struct sql *sql, struct error *error);
void identity_map_free(struct identity_map *map); /* NULL is fine */

/* Whether something is known of the key. */
bool identity_map_has(const struct identity_map *map, struct text id);
/* The customer that a key belongs to: `id` itself where nothing is known of it. Else borrowed from the map until it is freed. */
struct text identity_map_root(const struct identity_map *map, struct text id);
/* All keys of the customer that `id` belongs to, the customer's own first. In the arena, their texts as identity_map_root's. */
void identity_map_keys(const struct identity_map *map, struct text id, struct arena *arena, struct text **keys,
                       size_t *n);
/* `id` points to `parent` from now on (what identity_join, _merge and _unmerge report). Both are copied. */
void identity_map_set(struct identity_map *map, struct text id, struct text parent);

#endif
