/* Looks: what each hourly checkpoint saw of an experiment, kept for good. A sequence is valid over all of them, so p is the least that
 * any look found; and a cap is what it was at the first look that had one, so that no later unit changes how earlier ones count.
 * Both hold while the definitions are the same. Knows nothing of timers. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_LOOKS_H
#define PARLEY_EXPERIMENTS_JUDGE_LOOKS_H

#include "core/base/json_write.h"
#include "core/store/sql.h"
#include "experiments/judge/judgement.h"

/* What the next look must know of the latest one. */
struct look {
    int64_t at;            /* ms: the checkpoint */
    int64_t changed_at;    /* ms: the first look that saw as much as this one: nothing came since */
    int64_t newest, units; /* ms, of any record that matters; all that are in the figures */
    bool harm_excluded;
    struct text call;                /* of its verdict */
    double alpha;                    /* that its p are for */
    struct judged_past past;         /* the least of all looks so far */
    struct measure_frozen_caps caps; /* with the shape of the definitions that all of this is of */
};

/* The document of a look at `at` (ms, the checkpoint's time), after `before` (NULL: the first): one object with "at", "changedAt", "units", "srm",
 * "harmExcluded", "caps", "metrics" (each treatment's figures: "p" at this look, "least" of all looks) and "verdict". */
void look_write(const struct judgement *judgement, const struct look *before, int64_t at, struct json_writer *out);
/* When it was that a look saw more than the one before it; `at` where this one does. ms. */
int64_t look_changed_at(const struct judgement *judgement, const struct look *before, int64_t at);
/* Reads one back; in `arena`. ERR_CORRUPT. */
int look_parse(struct look *look, struct text document, struct arena *arena, struct error *error);

/* What of a look holds for results made of the same definitions; NULL where they have changed, or `look` is NULL. */
const struct judged_past *look_past(const struct look *look, const struct measure_results *results);

/* --- the table; on the store lane --- */

/* Within the caller's transaction. A checkpoint that was taken is not taken again: then nothing happens. */
int looks_put(struct sql *sql, struct text salt, struct text experiment, int64_t at, struct text document,
              struct error *error);
/* {"items":[document...],"next":"cursor"|null}, newest first, older than `before` (ms; 0: from the newest). */
int looks_list(struct sql *sql, struct text salt, int64_t before, size_t limit, struct json_writer *out,
               struct error *error);

/* What a look saw of the primary metric. */
struct look_seen {
    int64_t at, units; /* ms; all that were in the figures */
    struct text call;
    struct look_effect {
        struct text variant;
        double estimate, low, high; /* relative to control; NaN: none */
        double p, least;            /* at this look, and of all looks until then */
    } * effects;
    size_t n;
};
struct look_days {
    const struct look_seen *items;
    size_t n;
};
/* The last look of each UTC day, newest first, `most` at most; in `arena`. */
int looks_daily(struct sql *sql, struct text salt, size_t most, struct look_days *days, struct arena *arena,
                struct error *error);

/* --- the latest of each experiment, in memory; one thread at a time --- */

struct looks;
struct looks *looks_new(void);
void looks_free(struct looks *looks); /* NULL is fine */
/* Everything there is in the table, the latest of each. */
int looks_load(struct looks *looks, struct sql *sql, struct error *error);
int looks_set(struct looks *looks, struct text salt, struct text document, struct error *error);
/* Borrowed until the next looks_set of the same; NULL where there was none. */
const struct look *looks_latest(const struct looks *looks, struct text salt);

#endif
