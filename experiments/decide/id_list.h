/* A set of ids as sorted 64-bit fingerprints: 8.5 bytes an id, looked up with two reads of memory. Ids cannot be read back. Among a
 * million ids, a stranger's is taken for one of them with a chance of 5e-14. Immutable, shared by reference. Knows nothing of
 * segments. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_ID_LIST_H
#define PARLEY_EXPERIMENTS_DECIDE_ID_LIST_H

#include "core/base/arena.h"

struct id_list;

enum { ID_LIST_DIGEST = 33 }; /* 32 hex digits and a NUL */

uint64_t id_fingerprint(struct text id);

/* Takes over `fingerprints` (from malloc; in any order, doubled or not), sorts them and drops doubles. One reference. */
struct id_list *id_list_new(uint64_t *fingerprints, size_t n);
/* What id_list_stored gave; NULL where it is damaged. */
struct id_list *id_list_read(struct text stored);
/* `b` may be NULL (empty), as may `a`. A new list. */
struct id_list *id_list_union(const struct id_list *a, const struct id_list *b);
struct id_list *id_list_difference(const struct id_list *a, const struct id_list *b);
/* References from any thread. NULL is fine. */
struct id_list *id_list_keep(struct id_list *list);
void id_list_release(struct id_list *list);

bool id_list_has(const struct id_list *list, struct text id); /* any thread */
size_t id_list_count(const struct id_list *list);
size_t id_list_bytes(const struct id_list *list); /* of memory */
/* 8 bytes for each id, little-endian, ascending. Borrowed from the list. */
struct text id_list_stored(const struct id_list *list);
/* Equal lists have equal digests, others do not. */
void id_list_digest(const struct id_list *list, char out[static ID_LIST_DIGEST]);

#endif
