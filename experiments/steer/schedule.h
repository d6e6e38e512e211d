/* What an experiment's schedule asks for next, and when: start, the ramp's steps, end. Pure functions of definition and
 * state; applying them again and again catches up with whatever was missed. Knows nothing of timers, figures and storage. */
#ifndef PARLEY_EXPERIMENTS_STEER_SCHEDULE_H
#define PARLEY_EXPERIMENTS_STEER_SCHEDULE_H

#include "experiments/model/lifecycle.h"

enum schedule_step { SCHEDULE_NOTHING, SCHEDULE_START, SCHEDULE_RAMP, SCHEDULE_END };

struct schedule_due {
    enum schedule_step step;
    int64_t at; /* ms; 0 with SCHEDULE_NOTHING */
};

/* The next step by itself, which is due once `at` is reached (it may have passed long ago). The ramp stands still while
 * paused, and while the step that lasts is not approved or waits for figures; the end does not. */
struct schedule_due schedule_next(const struct experiment *definition, const struct experiment_state *state);
/* The next step of the ramp where figures decide on it (a gate of units or guardrails): from `at` on they are to be looked at.
 * SCHEDULE_NOTHING where nothing waits for figures. */
struct schedule_due schedule_gated(const struct experiment *definition, const struct experiment_state *state);

#endif
