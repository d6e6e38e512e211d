/* What units that were erased, or whose rows have expired, had added to an experiment's figures: aggregates by epoch, arm and metric.
 * They are frozen, because nothing of them can be computed again: they outlive every recomputation, and a cap that changes
 * later does not reach them. Owned by an experiment's state, see fold.h; one thread. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_RESIDUAL_H
#define PARLEY_EXPERIMENTS_MEASURE_RESIDUAL_H

#include "experiments/measure/plan.h"
#include "experiments/measure/samples.h"
#include "experiments/measure/units.h"
#include "experiments/stats/cell.h"

struct measured;
struct measure_results;

struct residual_metric {
    uint64_t shape; /* see plan_metric: what was added under another definition belongs to none of today's */
    struct cell cells, known, missing; /* as in measure_cells */
    struct cell_joint joint;
    int64_t steps[METRIC_MAX_STEPS];
    int64_t samples[SAMPLE_GROUPS]; /* of a quantile: heads of lists, by group of units */
};

struct residual_part {
    struct residual_units {
        uint32_t epoch, arm;
        int64_t in, multiple, overridden; /* units: in the figures; that met two variants; that a rule caught */
        int64_t late;                     /* events */
    } of;
    struct residual_metric *metrics;
    uint32_t n;
};

struct residual {
    struct residual_part *parts;
    uint32_t n;
    struct samples samples;
};

/* Adds a unit of `m`, as it is at `as_of` (ms), to the residual of `m`. */
void residual_add(struct measured *m, const struct unit_row *row, int64_t as_of);
/* Adds everything to the figures of all units. */
void residual_read(const struct residual *residual, const struct plan_experiment *plan,
                   struct measure_results *results);
/* What one part has of a metric; NULL: nothing. */
struct residual_metric *residual_metric(const struct residual_part *part, const struct plan_metric *metric);
int64_t residual_units(const struct residual *residual);
void residual_free(struct residual *residual);

#endif
