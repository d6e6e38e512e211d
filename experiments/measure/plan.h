/* What to look at in a record: compiled from a snapshot, once, so that folding an event is one lookup by its name. Immutable
 * afterwards. Knows nothing of units and of the journal. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_PLAN_H
#define PARLEY_EXPERIMENTS_MEASURE_PLAN_H

#include "core/journal/record.h"
#include "experiments/model/snapshot.h"

enum { PLAN_METRICS_MAX = 1 + 2 * EXPERIMENT_MAX_METRICS };

/* What an experiment randomises, and so by which text an event belongs to a unit. */
enum plan_unit {
    PLAN_TARGETING_KEY, /* userId, else anonymousId */
    PLAN_USER_ID,       /* userId alone */
    PLAN_ATTRIBUTE      /* context.units[name], else properties[name] */
};

enum { PLAN_NO_COLUMN = UINT32_MAX };
enum { PLAN_WEEKS = 6 /* a trial lasts four to six */, PLAN_WEEK = 7 * 24 * 3600 * 1000 };

struct plan_metric {
    const struct metric *metric;
    uint32_t column, columns; /* its columns among a unit's totals */
    uint32_t before;          /* the first column of the same over the look-back of CUPED, or PLAN_NO_COLUMN */
    uint32_t weeks, n_weeks;  /* of the primary: columns of the same by week since the unit's entry; n_weeks 0: none */
    uint64_t shape;           /* of everything that its own totals depend on, the experiment's look-back included */
};

struct plan_experiment {
    const struct snapshot_experiment *source;
    uint64_t shape; /* of everything that a unit's totals depend on: another shape, another computation */
    enum plan_unit unit;
    struct plan_metric metrics[PLAN_METRICS_MAX]; /* each once: primary, secondary, guardrails */
    uint32_t n_metrics, columns;
    int64_t look_back; /* ms before a unit's entry; 0: none */
    uint32_t
        latest; /* where a metric depends on the order of events (funnel): the column of a unit's latest time, ms; else
                        * PLAN_NO_COLUMN */
};

/* One thing that an event does to one experiment. */
struct plan_use {
    uint32_t experiment, metric; /* metric: index among the experiment's */
    uint8_t part;                /* ratio: 0 numerator, 1 denominator; funnel: the step */
    bool any;                    /* the metric takes any event (`*`) */
    bool refund;                 /* subtracts */
};

struct plan_event {
    struct text name;
    struct plan_use *uses; /* by experiment */
    uint32_t n;
};

struct plan {
    struct snapshot *snapshot; /* one reference */
    struct arena arena;
    struct plan_experiment *experiments; /* those that were started */
    uint32_t n;
    struct map by_key, by_name; /* of the experiments: -> struct plan_experiment */
    struct map events;          /* name -> struct plan_event */
    struct plan_event any;      /* for names that stand nowhere */
};

/* Takes a reference of the snapshot. Any thread. */
struct plan *plan_new(struct snapshot *snapshot);
/* A plan of one experiment that was not started, as if it had been at `start` (ms): to see what it would have measured. NULL with
 * ERR_CONFLICT where it was started. */
struct plan *plan_as_if(struct snapshot *snapshot, const struct snapshot_experiment *draft, int64_t start,
                        struct error *error);
void plan_free(struct plan *plan); /* NULL is fine */

/* The uses of a record, JOURNAL_EXPOSUREs and `Experiment Viewed` excepted. */
const struct plan_event *plan_uses(const struct plan *plan, const struct journal_record *record);
/* The index of an experiment by its key, else by its name; or -1. */
int plan_find(const struct plan *plan, struct text key);

/* An exposure that came as an event. */
#define PLAN_VIEWED    "Experiment Viewed"
#define PLAN_COMPLETED "Order Completed"
#define PLAN_REFUNDED  "Order Refunded"

#endif
