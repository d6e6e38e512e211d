/* Features that nobody has taken care of: why each stands out and what to do next, so that none is forgotten. Pure; from the
 * snapshot and what is known of use. */
#ifndef PARLEY_EXPERIMENTS_STEER_STALE_H
#define PARLEY_EXPERIMENTS_STEER_STALE_H

#include "core/base/json_write.h"
#include "experiments/steer/usage.h"

enum stale_reason {
    STALE_REVIEW_OVERDUE,     /* the feature's reviewBy has passed, and it is not retired */
    STALE_EXPERIMENT_OVERDUE, /* its experiment's reviewBy has passed */
    STALE_EXPERIMENT_OVER,    /* its experiment ended and every window has run out: it waits to be concluded */
    STALE_NO_EXPERIMENT,      /* its stage is trial, but its last experiment was concluded */
    STALE_ONE_SIDED,      /* for STALE_DAYS everybody has been given one variant, and its definition was not touched */
    STALE_NOT_EVALUATED,  /* for STALE_DAYS nobody asked for it */
    STALE_NOT_CLEANED_UP, /* STALE_DAYS ago a trial shipped or retired it, and the losing variants are still there */
    STALE_REASONS
};
enum { STALE_DAYS = 30 };
extern const char *const stale_reasons[]; /* "review-overdue" ..., NULL-terminated */
extern const char *const stale_steps[];   /* what to do next, a sentence for each reason */

/* Bit i: reason i holds at `now` (ms). */
unsigned stale_reasons_of(const struct snapshot_feature *feature, struct usage_of usage, int64_t now);

/* {"items":[{"key","owner"?,"stage","reviewBy"?,"experiment"?,"lastEvaluatedAt"?,"reasons":[...],"next":[...]}],"next":key|null}:
 * those with a reason, by key, after `after`, at most `limit`; each reason has its next step. */
void stale_write(const struct snapshot *snapshot, const struct usage *usage, int64_t now, struct text after,
                 size_t limit, struct json_writer *out);

#endif
