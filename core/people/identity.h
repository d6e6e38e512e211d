/* Who is who. `identify` and `alias` join an anonymous key to a customer's id: from then on they are one unit. Joining two
 * known ids only proposes a merge, for a person to decide; a merge can be undone. Keys form a forest: each points to
 * the one it was joined to, and its root names the customer.
 * Here the store's side; what the loop looks up is identity_map.h. On the store lane, within the caller's transaction. */
#ifndef PARLEY_CORE_PEOPLE_IDENTITY_H
#define PARLEY_CORE_PEOPLE_IDENTITY_H

#include "core/store/sql.h"

/* `id` points to `parent` now: for identity_map_set. Texts as handed in, or in the arena. */
struct identity_link {
    struct text id, parent;
};

enum identity_outcome {
    IDENTITY_UNCHANGED, /* they were one already */
    IDENTITY_JOINED,    /* `link` is new */
    IDENTITY_PROPOSED, /* both belong to customers already, and to different ones: a merge is proposed, nothing joined */
};

/* `id` is a customer's own, if nothing else is known of it: another one's identify or alias only proposes a merge from now on. */
int identity_know(struct sql *sql, struct text id, struct text source, int64_t at, struct error *error);
/* Joins the key `anonymous` to the customer `known`. `source` is "identify" or "alias". Returns the outcome or a negative
 * code. */
int identity_join(struct sql *sql, struct arena *arena, struct text anonymous, struct text known, struct text source,
                  int64_t at, struct identity_link *link, struct error *error);

/* Makes `other` and all its keys part of `keep`; a proposal of it is done with. Audited. ERR_CONFLICT where they are one. */
int identity_merge(struct sql *sql, struct arena *arena, struct text keep, struct text other, struct text actor,
                   int64_t at, struct identity_link *link, struct error *error);
/* Takes back the merge of `other`, which leaves with the keys it came with. Audited. ERR_CONFLICT where it is not merged. */
int identity_unmerge(struct sql *sql, struct arena *arena, struct text other, struct text actor, int64_t at,
                     struct identity_link *link, struct error *error);

/* The customer that a key belongs to: itself where nothing is known of it. In the arena. */
int identity_root(struct sql *sql, struct arena *arena, struct text id, struct text *root, struct error *error);
/* All keys of the customer that `id` belongs to, the customer's own first. In the arena. */
int identity_keys(struct sql *sql, struct arena *arena, struct text id, struct text **keys, size_t *n,
                  struct error *error);
/* The customers that staff merged into this one, directly. In the arena. */
int identity_parts(struct sql *sql, struct arena *arena, struct text id, struct text **parts, size_t *n,
                   struct error *error);
/* Forgets all of them, and proposals that name them; call identity_keys before, and identity_map_set each to itself after. */
int identity_forget(struct sql *sql, struct arena *arena, struct text id, struct error *error);

struct identity_proposal {
    struct text one, other, because;
    int64_t at;
};
/* Proposals by (one, other), after the one given (NULL: from the first); at most `limit`. `*n` < limit: these were the last. */
int identity_proposals(struct sql *sql, struct arena *arena, const struct identity_proposal *after, size_t limit,
                       struct identity_proposal **items, size_t *n, struct error *error);

#endif
