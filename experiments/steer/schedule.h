/* What an experiment's schedule asks for next, and when: start, the ramp's steps, end. A pure function of definition and
 * state; applying it again and again catches up with whatever was missed. Knows nothing of timers and storage. */
#ifndef PARLEY_EXPERIMENTS_STEER_SCHEDULE_H
#define PARLEY_EXPERIMENTS_STEER_SCHEDULE_H

#include "experiments/model/lifecycle.h"

enum schedule_step { SCHEDULE_NOTHING, SCHEDULE_START, SCHEDULE_RAMP, SCHEDULE_END };

struct schedule_due {
    enum schedule_step step;
    int64_t at; /* ms; 0 with SCHEDULE_NOTHING */
};

/* The next step by itself, which is due once `at` is reached (it may have passed long ago). The ramp stands still while
 * paused, the end does not. */
struct schedule_due schedule_next(const struct experiment *definition, const struct experiment_state *state);

#endif
