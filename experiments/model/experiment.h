/* An experiment: which units meet which variants of one feature, and what it is judged by, as contract.md defines it. From
 * JSON to a validated struct. What happens to it (started, paused, epochs ...) is in lifecycle.h. */
#ifndef PARLEY_EXPERIMENTS_MODEL_EXPERIMENT_H
#define PARLEY_EXPERIMENTS_MODEL_EXPERIMENT_H

#include "experiments/model/feature.h"

enum experiment_assignment { ASSIGNED_BY_PARLEY, ASSIGNED_EXTERNALLY };
enum experiment_method { METHOD_SEQUENTIAL, METHOD_FIXED, METHOD_BAYES };
enum experiment_correction { CORRECTION_HOLM, CORRECTION_BH, CORRECTION_BY, CORRECTION_NONE };
enum guardrail_harm { HARM_INCREASE, HARM_DECREASE };
enum guardrail_action { ACTION_ROLLBACK, ACTION_PAUSE, ACTION_WARN };
extern const char *const experiment_assignments[],
    *const experiment_methods[], *const experiment_corrections[], *const guardrail_harms[],
                                                                      *const guardrail_actions[]; /* NULL-terminated */

enum {
    EXPERIMENT_MAX_METRICS = 32, /* secondary; guardrails likewise */
    EXPERIMENT_MAX_BREAKDOWNS = 8,
    EXPERIMENT_MAX_RAMP = 32
};

struct arm {
    struct text variant; /* key of a variant of the feature */
    uint32_t weight;     /* ten-thousandths; may be 0 */
};

struct guardrail {
    struct text metric;
    enum guardrail_harm harm;
    enum guardrail_action action;
    double margin; /* absolute, or a share of control's mean where `relative` */
    bool relative;
};

struct ramp_step {
    uint32_t traffic; /* ten-thousandths of a percent */
    int64_t hold;     /* ms; 0 where it is not said */
    /* The gate to the next step, beside the time: */
    int64_t units;   /* so many must be in; 0: any number */
    bool approval;   /* somebody must approve */
    bool guardrails; /* no guardrail may fire */
};

struct experiment {
    struct text key, name, feature, hypothesis, owner;
    enum experiment_assignment assignment;
    struct text unit;    /* "targetingKey" or the name of a context attribute */
    struct text control; /* key of a variant */
    struct arm *arms;    /* in the order of `weights` */
    uint32_t n_arms;
    uint32_t traffic;                 /* ten-thousandths of a percent: BUCKET_TRAFFIC_FULL is 100 % */
    const struct condition *audience; /* NULL: everybody */
    struct text audience_source;      /* its canonical JSON; TEXT_NONE */
    struct text layer;                /* key; TEXT_NONE */
    struct text primary;              /* key of a metric; TEXT_NONE */
    struct text *secondary;
    struct guardrail *guardrails;
    struct text *breakdowns;
    struct text *tags;
    uint32_t n_secondary, n_guardrails, n_breakdowns, n_tags;
    double mde;        /* relative; 0 where there is none */
    int64_t review_by; /* ms; 0 */
    enum experiment_method method;
    enum experiment_correction correction;
    double alpha;
    int64_t n_star;                         /* planned units; 0 where not said */
    int64_t cuped;                          /* ms of look-back; 0: none */
    int64_t scheduled_start, scheduled_end; /* ms; 0 where not said */
    struct ramp_step *ramp;
    uint32_t n_ramp;
};

/* As feature_parse. What refers to other definitions (feature, variants, metrics, layer) is check.h's affair; where
 * `control` is left out it is TEXT_NONE until experiment_settle. */
int experiment_parse(struct experiment *experiment, const json_t *body, struct text url_key, struct arena *arena,
                     struct error *error);
/* Fills `control` with the feature's off variant where the body left it out and the off variant has weight. */
void experiment_settle(struct experiment *experiment, const struct feature *feature);
json_t *experiment_canonical(const struct experiment *experiment, const json_t *body);
/* The index of the arm of a variant, or -1. */
int experiment_arm(const struct experiment *experiment, struct text variant);

#endif
