/* Which features shoppers muted, in memory: the loop asks before each call of a plugin. As in parley.db, what was said last under any of
 * a person's keys counts. Loaded on the store lane, then the loop's. */
#ifndef PARLEY_CORE_PEOPLE_MUTED_H
#define PARLEY_CORE_PEOPLE_MUTED_H

#include "core/base/map.h"
#include "core/people/customers.h"

struct muted {
    struct map by_key;
};

int muted_load(struct muted *muted, struct sql *sql, struct error *error);
void muted_free(struct muted *muted);
/* These preferences are the key's from now on (copied); NULL: it has none any more. */
void muted_set(struct muted *muted, struct text key, const struct preferences *preferences);
bool muted_has(const struct muted *muted, const struct text *keys, size_t n, struct text feature);

#endif
