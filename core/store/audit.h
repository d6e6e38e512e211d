/* The audit log: who changed what, when, from what to what. Written in the transaction of the change itself, so that
 * neither is ever without the other. On the lane of the connection. */
#ifndef PARLEY_CORE_STORE_AUDIT_H
#define PARLEY_CORE_STORE_AUDIT_H

#include "core/base/arena.h"
#include "core/store/sql.h"

struct audit_entry {
    int64_t id; /* grows by one; set by audit_write */
    int64_t at; /* ms since 1970 */
    struct text actor, action, kind, key;
    int64_t version;           /* the version this made; 0 where the thing has none */
    struct text before, after; /* JSON; TEXT_NONE where there was, or is, nothing. Never a secret */
    struct text note;          /* TEXT_NONE for none */
};

/* Within the caller's transaction. All texts are borrowed for the call. */
int audit_write(struct sql *sql, const struct audit_entry *entry, struct error *error);

struct audit_page {
    struct audit_entry *items; /* newest first, in the arena with their texts */
    size_t n;
    int64_t next; /* `before` of the next page; 0: this was the last */
};

/* Entries older than id `before` (0: from the newest), at most `limit`. `kind` and `key` narrow it down where they are not
 * empty; a key needs its kind. */
int audit_list(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t before, size_t limit,
               struct audit_page *page, struct error *error);

/* Entries after id `after`, oldest first, at most `limit`; page->next is not set. */
int audit_after(struct sql *sql, struct arena *arena, int64_t after, size_t limit, struct audit_page *page,
                struct error *error);

/* The newest entry's id; 0 where there is none. */
int audit_newest(struct sql *sql, int64_t *id, struct error *error);

/* Every entry after id `after`, newest first: what was done since audit_newest gave it. */
int audit_since(struct sql *sql, struct arena *arena, int64_t after, struct audit_page *page, struct error *error);

#endif
