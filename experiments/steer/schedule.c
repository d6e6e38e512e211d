#include "experiments/steer/schedule.h"

static const struct schedule_due nothing = {SCHEDULE_NOTHING, 0};

static bool wants_figures(const struct ramp_step *lasting) {
    return lasting && (lasting->units || lasting->guardrails);
}

/* The ramp's next step and *lasting, the one before it. It begins when that was held long enough and, where it is asked for,
 * approved; the first of a ramp that came later, when it came. */
static struct schedule_due ramp_next(const struct experiment *definition, const struct experiment_state *state,
                                     const struct ramp_step **lasting) {
    *lasting = state->ramp_steps ? &definition->ramp[state->ramp_steps - 1] : NULL;
    if (!*lasting) return (struct schedule_due){SCHEDULE_RAMP, state->ramp_from};
    if ((*lasting)->approval && !state->ramp_approved) return nothing;
    struct schedule_due due = {SCHEDULE_RAMP, state->ramp_from + (*lasting)->hold};
    if ((*lasting)->approval && state->ramp_approved > due.at) due.at = state->ramp_approved;
    return due;
}

static bool ramps(const struct experiment *definition, const struct experiment_state *state) {
    return state->phase == PHASE_RUNNING && state->ramp_steps < definition->n_ramp;
}

static bool ends_first(const struct experiment_state *state, int64_t at) {
    return state->end_at && state->end_at <= at;
}

struct schedule_due schedule_next(const struct experiment *definition, const struct experiment_state *state) {
    if (state->phase == PHASE_DRAFT)
        return definition->scheduled_start ? (struct schedule_due){SCHEDULE_START, definition->scheduled_start}
                                           : nothing;
    if (state->phase != PHASE_RUNNING && state->phase != PHASE_PAUSED) return nothing;
    if (ramps(definition, state)) {
        const struct ramp_step *lasting;
        struct schedule_due ramp = ramp_next(definition, state, &lasting);
        if (ramp.step == SCHEDULE_RAMP && !wants_figures(lasting) && !ends_first(state, ramp.at)) return ramp;
    }
    return state->end_at ? (struct schedule_due){SCHEDULE_END, state->end_at} : nothing;
}

struct schedule_due schedule_gated(const struct experiment *definition, const struct experiment_state *state) {
    if (!ramps(definition, state)) return nothing;
    const struct ramp_step *lasting;
    struct schedule_due ramp = ramp_next(definition, state, &lasting);
    return ramp.step == SCHEDULE_RAMP && wants_figures(lasting) && !ends_first(state, ramp.at) ? ramp : nothing;
}
