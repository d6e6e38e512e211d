#include "experiments/model/readout.h"

static const bool none_removed[2];

void readout_make(struct snapshot_experiment *readout, const struct holdout *holdout, struct arena *arena) {
    struct arm *arms = arena_array(arena, struct arm, 2);
    struct text *names = arena_array(arena, struct text, 2);
    uint32_t *weights = arena_array(arena, uint32_t, 2);
    struct epoch *epoch = arena_new(arena, struct epoch);
    names[HOLDOUT_HELD] = TEXT("held");
    names[HOLDOUT_OPEN] = TEXT("open");
    weights[HOLDOUT_HELD] = holdout->share;
    weights[HOLDOUT_OPEN] = BUCKET_TRAFFIC_FULL - holdout->share;
    for (int i = 0; i < 2; i++) arms[i] = (struct arm){names[i], weights[i]};
    *epoch = (struct epoch){.from = holdout->start, .weights = weights, .drawn = weights};
    readout->definition = (struct experiment){
        .key = arena_printf(arena, "holdout:%.*s", TEXT_ARGS(holdout->key)),
        .unit = holdout->unit,
        .control = names[HOLDOUT_HELD],
        .arms = arms,
        .n_arms = 2,
        .traffic = BUCKET_TRAFFIC_FULL,
        .primary = holdout->primary,
        .secondary = holdout->secondary,
        .n_secondary = holdout->n_secondary,
        .alpha = 0.05,
    };
    readout->state = (struct experiment_state){
        .phase = PHASE_RUNNING,
        .salt = arena_printf(arena, "holdout/%.*s", TEXT_ARGS(holdout->salt)), /* no experiment's: those have a colon */
        .start_at = holdout->start,
        .end_at = holdout->end,
        .traffic = BUCKET_TRAFFIC_FULL,
        .arms = names,
        .removed = none_removed,
        .n_arms = 2,
        .control = HOLDOUT_HELD,
        .epochs = epoch,
        .n_epochs = 1,
    };
}
