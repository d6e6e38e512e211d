/* The read-out: one pass over an experiment's units gives exact cells by epoch and arm, and by break-down where asked. What a
 * metric makes of a unit's totals is said here. A result is a copy: it may travel to any thread. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_CELLS_H
#define PARLEY_EXPERIMENTS_MEASURE_CELLS_H

#include <stdatomic.h>

#include "experiments/measure/fold.h"
#include "experiments/stats/cell.h"

/* One metric in one group: [epoch * arms + arm]. */
struct measure_cells {
    struct cell *cells; /* x is the unit's value; of a ratio x is the numerator, y the denominator. Millionths */
    struct cell *known, *missing; /* with CUPED, else NULL: units with history, x before entry and y since; and without,
                                   * as in `cells` ... */
    struct cell_joint *joint;     /* ... of a ratio instead of `known`: numerator, denominator before; and since */
    int64_t *matured;             /* units whose window had run out by as_of */
    struct measure_quantile {
        double estimate, se; /* in units of value; NaN where there are no values. se: by 64 groups of units */
        int64_t values;
    } * quantiles; /* of a quantile, by arm over all epochs; else NULL */
    struct cell
        *fading;    /* of the primary with weeks, else NULL: by unit of two weeks or more, the value of its first whole
                          * week less the mean of the whole weeks after it */
    int64_t *steps; /* of a funnel: units that reached each step, [arm * n_steps + step]; else NULL */
};

/* All units, or those of one break-down value. */
struct measure_group {
    struct text value;             /* TEXT_NONE: all, or the units without the attribute */
    bool other;                    /* the values beyond the 50 most frequent, and those with few units */
    uint32_t merged;               /* of other: how many values */
    int64_t *units;                /* [epoch * arms + arm]: in the figures */
    int64_t *multiple;             /* likewise: met two variants, by the first; not in the figures */
    struct measure_cells *metrics; /* as the plan's */
};

struct measure_cap {
    double value; /* in units of value; 0: none in force */
    int64_t as_of;
    bool frozen; /* the asker's */
};

/* Never changed once it is made, so that several may hold one. */
struct measure_results {
    struct arena arena;
    _Atomic int32_t owners;
    struct snapshot *snapshot; /* one reference: the definitions that these figures are of */
    const struct snapshot_experiment *experiment;
    const struct metric **metrics;
    struct measure_cap *caps;                       /* by metric */
    uint32_t n_metrics, n_arms, n_epochs, n_groups; /* epochs and arms as in experiment->state */
    struct measure_group *groups;
    struct measure_excluded excluded; /* too_late with the units' own */
    uint32_t units;                   /* rows that were read */
    int64_t residual;                 /* units that were erased: part of all, of no break-down */
    int64_t rule_override, multiple;  /* units */
    int64_t position;                 /* seq of the journal that is included */
    int64_t as_of;                    /* ms */
    int64_t newest;                   /* ms: of any record that matters here; 0: none yet */
    uint64_t shape;                   /* of everything that the units' totals depend on, see plan.h */
    bool by_day, by_week;
    bool complete;   /* false while old records are still being read ... */
    double progress; /* ... of which this share has been; 1 when it is complete */
};

enum { MEASURE_GROUPS_MAX = 50, MEASURE_DAYS_MAX = 1000, MEASURE_UNITS_LEAST = 5 /* in each arm of a group */ };
enum { MEASURE_ALL = -1, MEASURE_BY_DAY = -2, MEASURE_BY_WEEK = -3 };

/* Caps that stay what they were, for as long as the definitions are those they were made of. Borrowed for the call. */
struct measure_frozen_caps {
    uint64_t shape; /* see measure_results */
    const struct measure_frozen {
        struct text metric;
        double p, value; /* percentile, while the definition still says so; in units of value */
        int64_t as_of;
    } * items;
    size_t n;
};

/* `by`: index of a break-down attribute, or MEASURE_ALL, or MEASURE_BY_DAY: by the UTC day on which units entered (those beyond
 * MEASURE_DAYS_MAX are in the last), or MEASURE_BY_WEEK: group w has the primary metric alone, with what units did in week w
 * since their own entry, of those for which that week is over. Caps that are younger than a minute are kept in `m`; those in
 * `frozen` are taken from there. */
struct measure_results *cells_read(struct fold *fold, struct measured *m, int by, int64_t as_of);
struct measure_results *cells_read_frozen(struct fold *fold, struct measured *m, int by, int64_t as_of,
                                          const struct measure_frozen_caps *frozen);
/* One more owner; returns `results`. Any thread. */
struct measure_results *measure_results_keep(struct measure_results *results);
void measure_results_free(struct measure_results *results); /* the last owner's frees; NULL is fine; any thread */

/* The cells of one metric, epoch and arm; those that a metric does not have are NULL. */
struct cells_at {
    struct cell *cells, *known, *missing;
    struct cell_joint *joint;
};
struct cells_at cells_at(const struct measure_cells *metric, size_t at);
/* Adds a unit as it is at `as_of`, before its entry and since under the cap. False where it does not count (yet). */
bool cells_add(struct cells_at to, const struct plan_metric *metric, const struct unit_row *row, const int64_t *totals,
               int64_t cap, int64_t as_of);
void cells_merge(struct cells_at to, struct cells_at from); /* `from` has what `to` has */

bool cells_capped(const struct metric *metric);               /* whether its unit totals are capped ... */
int64_t cells_cap(const struct measured *m, uint32_t metric); /* ... now at how many millionths; INT64_MAX: not */
/* Computes the caps that nobody has asked for yet. */
void cells_find_caps(struct measured *m, int64_t as_of);
uint32_t cells_steps(const struct plan_metric *funnel, const int64_t *totals); /* that the unit has reached */
/* The value of a unit for a metric, in millionths: x, and y of a ratio. False where the unit does not count (yet). */
bool cells_value(const struct plan_metric *metric, const struct unit_row *row, const int64_t *totals, int64_t as_of,
                 int64_t *x, int64_t *y);

#endif
