/* What happens to an experiment after it was written down: started, paused, changed (epochs, removed arms, layer slots),
 * concluded. The state is a struct and a JSON document that the store keeps beside the definition; the steps are pure
 * functions from state to state. Knows nothing of storage, schedules and of who may do what. */
#ifndef PARLEY_EXPERIMENTS_MODEL_LIFECYCLE_H
#define PARLEY_EXPERIMENTS_MODEL_LIFECYCLE_H

#include "experiments/model/experiment.h"

enum experiment_phase { PHASE_DRAFT, PHASE_RUNNING, PHASE_PAUSED, PHASE_MATURING, PHASE_CONCLUDED };
enum experiment_outcome { OUTCOME_SHIP, OUTCOME_ROLLBACK, OUTCOME_ITERATE, OUTCOME_RETIRE };
extern const char *const experiment_phases[], *const experiment_outcomes[]; /* NULL-terminated */

enum { STATE_MAX_ARMS = 255, STATE_MAX_EPOCHS = 10000, STATE_MAX_TURNS = 1000 };

/* A span with one set of weights, variants, audience, layer share and earlier rules. */
struct epoch {
    int64_t from;            /* ms */
    const uint32_t *weights; /* by arm, ten-thousandths; 0 for arms removed: what SRM expects */
    const uint32_t
        *drawn; /* by arm: what the ranges are made of; arms removed keep theirs, so that nobody else moves */
};

struct experiment_state {
    enum experiment_phase phase;
    struct text salt;         /* fresh for every creation; the experiment's key where nothing else was given */
    int64_t start_at, end_at; /* ms; 0: not started, open-ended. It runs over start_at <= t < end_at */
    uint32_t traffic;         /* in force now, ten-thousandths of a percent: the ramp's or the definition's */
    uint32_t ramp_steps;      /* of the ramp that have begun */
    int64_t ramp_from;        /* ms: when the last of them began (none: when the ramp came), moved on by pauses */
    int64_t ramp_approved;    /* ms: when the step that lasts was approved; 0: it was not */
    const int64_t *turns; /* ms: paused, resumed, paused ... in order; an odd number of them: paused since the last */
    uint32_t n_turns;
    const struct text *arms;    /* variant keys; only ever appended to: an arm's index is its name for ever */
    const bool *removed;        /* by arm */
    uint32_t n_arms, control;   /* control: index of an arm */
    const struct epoch *epochs; /* by time; the last is in force */
    uint32_t n_epochs;
    int64_t n_star;                   /* planned units, fixed at start; 0 where not said */
    const struct bucket_slots *slots; /* of the layer; freed at conclude only */
    uint32_t n_slots;
    int64_t concluded_at; /* ms; 0 */
    enum experiment_outcome outcome;
    struct text outcome_variant, note;
};

/* A draft that has just been created. `salt` TEXT_NONE: the experiment's key. */
void lifecycle_create(struct experiment_state *state, const struct experiment *experiment, struct text salt);
/* Reads the stored document (NULL: a draft). ERR_CORRUPT where it is none. Copies into `arena`. */
int experiment_state_parse(struct experiment_state *state, const json_t *json, const struct experiment *experiment,
                           struct arena *arena, struct error *error);
/* The document. A new reference. */
json_t *experiment_state_json(const struct experiment_state *state);

/* The slots of the experiment's layer that others hold. */
struct slots_taken {
    const struct bucket_slots *slots;
    uint32_t n;
};

/* The steps below change `state` (its arrays are made anew in `arena`) or return ERR_CONFLICT with what stands against it
 * and leave the state alone. */

/* Opens the first epoch at `at` (may lie in the past), with the ramp's first traffic or the definition's. In a layer it
 * takes slots; too few: ERR_CONFLICT with `free` in the sentence and in *free. */
int lifecycle_start(struct experiment_state *state, const struct experiment *experiment, int64_t at,
                    struct slots_taken taken, struct arena *arena, int *free, struct error *error);
/* A pause stops the ramp's clock. */
int lifecycle_pause(struct experiment_state *state, int64_t at, struct arena *arena, struct error *error);
int lifecycle_resume(struct experiment_state *state, int64_t at, struct arena *arena, struct error *error);
/* After `at` nobody enters; windows run out. */
int lifecycle_end(struct experiment_state *state, int64_t at, struct error *error);
int lifecycle_conclude(struct experiment_state *state, enum experiment_outcome outcome, struct text variant,
                       struct text note, int64_t at, struct error *error);
/* New traffic in ten-thousandths of a percent (a ramp, or a change of the definition): opens no epoch outside layers. In a
 * layer it takes or gives slots and opens one. */
int lifecycle_traffic(struct experiment_state *state, const struct experiment *experiment, uint32_t traffic, int64_t at,
                      struct slots_taken taken, struct arena *arena, int *free, struct error *error);
/* Begins the ramp's next step, which was due at `due` and takes effect at `at`. A ramp only raises: traffic that is already
 * higher stays. */
int lifecycle_ramp(struct experiment_state *state, const struct experiment *experiment, int64_t due, int64_t at,
                   struct slots_taken taken, struct arena *arena, int *free, struct error *error);
/* Somebody lets the ramp go on to its next step. ERR_CONFLICT where the step that lasts waits for no approval, or has it. */
int lifecycle_approve(struct experiment_state *state, const struct experiment *experiment, int64_t at,
                      struct error *error);
/* A new definition of the experiment, or of its feature, takes effect. Where it opens an epoch (epoch_opens), one is opened
 * at `at`; arms without weight from now on are removed, new ones are appended. The unit, the control, the layer, the
 * assignment and the primary metric of what runs cannot change: ERR_CONFLICT. */
int lifecycle_change(struct experiment_state *state, const struct experiment *was, const struct experiment *now,
                     const struct feature *feature_was, const struct feature *feature_now, int64_t at,
                     struct slots_taken taken, struct arena *arena, int *free, struct error *error);

/* Whether going from one definition to another opens an epoch: weights, variants, audience, layer share or earlier rules
 * differ. Traffic outside a layer does not. */
bool epoch_opens(const struct experiment *was, const struct experiment *now, const struct feature *feature_was,
                 const struct feature *feature_now);
/* The epoch that `t` falls into: the last that began at or before it, else the first. */
uint32_t epoch_at(const struct experiment_state *state, int64_t t);
/* The index of the arm of a variant, or -1. */
int experiment_state_arm(const struct experiment_state *state, struct text variant);
/* Whether units enter at `t`: it runs and is not paused. */
bool experiment_state_runs(const struct experiment_state *state, int64_t t);

#endif
