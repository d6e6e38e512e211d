/* Where definitions live, as documents: every version of every feature, metric, experiment, segment, layer, holdout, page,
 * webhook, and the newest of their states, as the canonical JSON it is given. A change of several is one transaction: one
 * revision of the configuration, and its audit rows. Knows nothing of what a body means: validation comes before. On the
 * store lane. */
#ifndef PARLEY_EXPERIMENTS_MODEL_REPOSITORY_H
#define PARLEY_EXPERIMENTS_MODEL_REPOSITORY_H

#include "core/base/arena.h"
#include "core/store/sql.h"

/* One version of one definition or state. */
struct document {
    struct text kind, key;
    int64_t version;  /* 1, 2, 3 ...; a deletion counts */
    struct text body; /* JSON; TEXT_NONE: deleted */
    int64_t revision; /* of the configuration, when this came */
    int64_t at;       /* ms since 1970 */
    struct text actor, note;
};

/* --- reading; everything returned lives in the arena --- */

/* The version asked for, 0 for the current one. ERR_NOT_FOUND also where the current one is a deletion; ERR_GONE where the
 * version asked for is. */
int repository_get(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t version,
                   struct document *document, struct error *error);

struct document_page {
    struct document *items;
    size_t n;
    bool more;
};
/* What is current of a kind, by key, after the key `after` (empty: from the first). Deleted ones are left out. */
int repository_list(struct sql *sql, struct arena *arena, struct text kind, struct text after, size_t limit,
                    struct document_page *page, struct error *error);
/* All versions of one thing, newest first, older than `before` (0: from the newest); deletions have no body.
 * ERR_NOT_FOUND where there never was one. */
int repository_versions(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t before,
                        size_t limit, struct document_page *page, struct error *error);
/* Everything current of every kind, by kind and key: what a snapshot is compiled from, together with its revision.
 * `page->more` is false. */
int repository_all(struct sql *sql, struct arena *arena, struct document_page *page, int64_t *revision,
                   struct error *error);
/* How many changes were committed so far: `configRevision`. */
int repository_revision(struct sql *sql, int64_t *revision, struct error *error);

/* --- changing --- */

/* How much of a thing is kept. */
enum document_care {
    DOCUMENT_VERSIONS, /* every version; audited. What people define */
    DOCUMENT_STATE,    /* the newest alone; audited. What start, pause, conclude and steer set */
    DOCUMENT_RECORD,   /* the newest alone, no audit row, no new revision: findings that decide nothing, as looks */
};

enum {
    DOCUMENT_ANY = -1, /* as `if_match`: whatever is there */
    DOCUMENT_NEW = 0,  /* nothing may be there */
};

struct document_change {
    struct text kind, key;
    struct text body; /* JSON; TEXT_NONE deletes */
    enum document_care care;
    int64_t if_match;   /* DOCUMENT_ANY, DOCUMENT_NEW, or the version that must be current */
    struct text action; /* for the audit log ("start", "kill"); empty: create, update or delete */
    int64_t version;    /* set: the version that is current now */
};

struct change_set {
    struct document_change *changes;
    size_t n;
    struct text actor, note; /* note: TEXT_NONE for none */
    int64_t at;              /* ms since 1970 */
    bool joins;              /* the transaction has made a revision already: these changes are part of it */
    int64_t revision;        /* set: the configuration's revision now */
};

/* Makes all changes in their order, or none. A body that is there already is left as it is: no version, no audit row, and
 * no new revision where nothing else changed. ERR_PRECONDITION where `if_match` is old, ERR_CONFLICT where DOCUMENT_NEW
 * meets something, ERR_NOT_FOUND where there is nothing to delete; each names the thing. */
int repository_change(struct sql *sql, struct change_set *set, struct error *error);
/* The same within the caller's transaction, which the caller rolls back on an error. */
int repository_write(struct sql *sql, struct change_set *set, struct error *error);

#endif
