#include "experiments/steer/schedule.h"

/* A step begins when the one before it was held long enough; the first of a ramp that came later, when it came. */
static int64_t ramp_due(const struct experiment *definition, const struct experiment_state *state) {
    return state->ramp_from + (state->ramp_steps ? definition->ramp[state->ramp_steps - 1].hold : 0);
}

struct schedule_due schedule_next(const struct experiment *definition, const struct experiment_state *state) {
    const struct schedule_due nothing = {SCHEDULE_NOTHING, 0};
    const struct schedule_due end = {SCHEDULE_END, state->end_at};
    if (state->phase == PHASE_DRAFT)
        return definition->scheduled_start ? (struct schedule_due){SCHEDULE_START, definition->scheduled_start}
                                           : nothing;
    if (state->phase != PHASE_RUNNING && state->phase != PHASE_PAUSED) return nothing;
    if (state->phase == PHASE_RUNNING && state->ramp_steps < definition->n_ramp) {
        struct schedule_due ramp = {SCHEDULE_RAMP, ramp_due(definition, state)};
        if (!end.at || ramp.at < end.at) return ramp;
    }
    return end.at ? end : nothing;
}
