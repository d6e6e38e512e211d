/* Evaluation: (snapshot, context, what is remembered of the unit) -> variant and reason, in the order of semantics.md,
 * "Assignment". Pure, deterministic, no allocation. Knows nothing of HTTP, of roles and of how exposures are recorded. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_EVALUATE_H
#define PARLEY_EXPERIMENTS_DECIDE_EVALUATE_H

#include "experiments/decide/remembered.h"
#include "experiments/model/snapshot.h"

/* A variant that somebody asked to see. */
struct preview {
    struct text feature, variant;
};

/* Which variant features gave in one context, so that none is decided twice where prerequisites meet. Zeroed: nothing is known. */
struct variants_known {
    uint16_t *of; /* by feature: 0 not known, 1 it wants a targeting key, else the variant's index + 2; the arena's */
};

/* Who is asking. All borrowed for the call. */
struct context {
    const struct json *json;   /* the request's document, or NULL */
    json_at root;              /* the context object in it: targetingKey and attributes */
    struct text targeting_key; /* what the unit is bucketed by: the context's, or the key of the joined unit that was
                                   exposed first; n is 0 where there is none */
    int64_t now;               /* ms */
    bool crawler;              /* gets what is off, and is never exposed */
    const struct preview *previews;
    uint32_t n_previews;
    struct variants_known *known; /* shared by the decisions of this context; NULL: each looks for itself */
    struct arena *
        arena; /* for prerequisites that have prerequisites, and for conditions that make strings or lists; usual ones take nothing */
};

#define DECISION_REASONS(X) X(STATIC) X(DEFAULT) X(TARGETING_MATCH) X(SPLIT) X(DISABLED)
enum decision_reason {
#define X(name) REASON_##name,
    DECISION_REASONS(X)
#undef X
};
const char *decision_reason(enum decision_reason reason); /* as OFREP has it */

/* What decided: finer than the reason. */
enum decision_step {
    STEP_CRAWLER,
    STEP_PREVIEW,
    STEP_DISABLED,
    STEP_PREREQUISITE,
    STEP_OVERRIDE,
    STEP_HOLDOUT,
    STEP_RULE,
    STEP_EXPERIMENT,
    STEP_DEFAULT
};

struct decision {
    bool
        targeting_key_missing; /* it cannot be decided without one (OFREP's TARGETING_KEY_MISSING); the rest is empty */
    enum decision_reason reason;
    enum decision_step step;
    const struct snapshot_feature *feature; /* that was decided on */
    const struct variant *variant;          /* its value is JSON text; never NULL when decided */
    uint32_t index;                         /* of the variant */
    const struct rule *rule;                /* that decided, or NULL */
    uint32_t bucket; /* 0..9999: of the split or the experiment's "who is in" (the slot, in a layer) */

    const struct snapshot_experiment *experiment; /* that decided, or NULL */
    uint16_t arm, epoch;                          /* of that experiment */
    struct unit_id unit;                          /* of that experiment's unit, or of the unit in `overridden` */
    struct text unit_text;                        /* its text; borrowed from context or arena */
    bool in;       /* it is among the share, or in the slice of the layer, that takes part */
    bool enrolled; /* it was remembered: no new exposure is due */
    bool expose;   /* where this evaluation counts, an exposure is to be recorded */

    const struct snapshot_experiment
        *overridden;                        /* a rule caught an enrolled unit of this experiment: `ruleOverride` */
    const struct snapshot_holdout *holdout; /* the first that covers the feature, or NULL: `holdout:KEY` */
    bool held;                              /* the unit is in it */
};

/* Decides. `remembered` may be NULL (nothing is). Any thread that owns context.arena and may read `remembered`. */
void decide(const struct snapshot *snapshot, const struct snapshot_feature *feature, const struct context *context,
            const struct remembered_all *remembered, struct decision *out);

/* What a holdout makes of who asks: HOLDOUT_HELD, HOLDOUT_OPEN with the unit's text in *unit, or -1 where it does not cover the
 * feature now, or there is no such unit. Those of a feature are asked in turn until one holds the unit out. */
int decide_holdout(const struct snapshot_holdout *holdout, const struct snapshot_feature *feature,
                   const struct context *context, struct text *unit);

/* Writes the way to the decision as an array: each step with "step", "result" (true, false, unknown) and what it looked at. */
void decide_trace(const struct snapshot *snapshot, const struct snapshot_feature *feature,
                  const struct context *context, const struct remembered_all *remembered, struct json_writer *out);

/* The text of a unit: the targeting key, or the attribute `unit` (a string, or a number as it was written). False where
 * there is none or it is empty. */
bool context_unit(const struct context *context, struct text unit, struct text *out);
/* The arm that Parley gives or gave this unit of a running experiment, for `Experiment Viewed`: remembered, else drawn; -1
 * where the unit is not in. Looks at traffic, layer and weights, not at audience and rules (no context). */
int decide_arm(const struct snapshot_experiment *experiment, struct unit_id unit,
               const struct remembered_all *remembered, uint32_t *epoch);

#endif
