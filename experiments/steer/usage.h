/* When each feature was last decided for anybody and how often, so that those nobody asks for any more can be found. Marked on the hot path,
 * when is kept in the main database to the checkpoint, how often is not. */
#ifndef PARLEY_EXPERIMENTS_STEER_USAGE_H
#define PARLEY_EXPERIMENTS_STEER_USAGE_H

#include "core/store/sql.h"
#include "experiments/model/snapshot.h"

/* Of one feature. */
struct usage_of {
    int64_t first, last; /* ms: since when it is watched; when it was last decided, 0: not since */
};

/* One thread at a time, but for what takes `sql`. Each loop has its own. */
struct usage;
struct usage *usage_new(void);
void usage_free(struct usage *usage); /* NULL is fine */

/* A feature of the snapshot was decided. Some nanoseconds. */
void usage_mark(struct usage *usage, const struct snapshot *snapshot, const struct snapshot_feature *feature,
                int64_t now);
/* All 0 where it is not watched yet. */
struct usage_of usage_get(const struct usage *usage, struct text feature);
/* How often it was decided in the USAGE_DAYS days (UTC) up to that of `now`, as far as this process has seen. */
enum { USAGE_DAYS = 7 };
uint64_t usage_recent(const struct usage *usage, struct text feature, int64_t now);

/* What was marked in `from` since the last call is in `to`, too. */
void usage_gather(struct usage *to, struct usage *from);

/* Fills from the table; before anybody marks. On the store lane. */
int usage_load(struct usage *usage, struct sql *sql, struct error *error);

/* What changed since the last call, and features of the snapshot that are watched from now on, as a copy that travels: in `arena`. */
struct usage_row {
    struct text feature;
    struct usage_of is;
};
size_t usage_changes(struct usage *usage, const struct snapshot *snapshot, int64_t now, struct usage_row **rows,
                     struct arena *arena);
/* Within the caller's transaction, on the store lane. */
int usage_save(struct sql *sql, const struct usage_row *rows, size_t n, struct error *error);

#endif
