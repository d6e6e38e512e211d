/* Features that nobody has taken care of: why each stands out, so that none is forgotten. Pure; from the snapshot alone. */
#ifndef PARLEY_EXPERIMENTS_STEER_STALE_H
#define PARLEY_EXPERIMENTS_STEER_STALE_H

#include "core/base/json_write.h"
#include "experiments/model/snapshot.h"

enum stale_reason {
    STALE_REVIEW_OVERDUE,     /* the feature's reviewBy has passed, and it is not retired */
    STALE_EXPERIMENT_OVERDUE, /* its experiment's reviewBy has passed */
    STALE_EXPERIMENT_OVER,    /* its experiment ended and every window has run out: it waits to be concluded */
    STALE_NO_EXPERIMENT,      /* its stage is trial, but its last experiment was concluded */
    STALE_REASONS
};
extern const char *const stale_reasons[]; /* "review-overdue" ..., NULL-terminated */

/* Bit i: reason i holds at `now` (ms). */
unsigned stale_reasons_of(const struct snapshot_feature *feature, int64_t now);

/* {"items":[{"key","owner"?,"stage","reviewBy"?,"experiment"?,"reasons":[...]}],"next":key|null}: those with a reason, by key,
 * after `after`, at most `limit`. */
void stale_write(const struct snapshot *snapshot, int64_t now, struct text after, size_t limit,
                 struct json_writer *out);

#endif
