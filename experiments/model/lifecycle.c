#include "experiments/model/lifecycle.h"

const char *const experiment_phases[] = {"draft", "running", "paused", "maturing", "concluded", NULL};
const char *const experiment_outcomes[] = {"ship", "rollback", "iterate", "retire", NULL};

int experiment_state_arm(const struct experiment_state *state, struct text variant) {
    for (uint32_t i = 0; i < state->n_arms; i++)
        if (text_eq(state->arms[i], variant)) return (int)i;
    return -1;
}

uint32_t epoch_at(const struct experiment_state *state, int64_t t) {
    uint32_t i = state->n_epochs;
    while (i > 1 && state->epochs[i - 1].from > t) i--;
    return i ? i - 1 : 0;
}

void lifecycle_create(struct experiment_state *state, const struct experiment *experiment, struct text salt) {
    *state = (struct experiment_state){.phase = PHASE_DRAFT, .salt = salt.n ? salt : experiment->key};
}

static int refuse(struct error *error, const struct experiment_state *state, const char *what) {
    return error_set(error, ERR_CONFLICT, "the experiment is %s: it cannot be %s", experiment_phases[state->phase],
                     what);
}

/* ---- slots of a layer ---- */

/* A share of a layer in slots; 100 % are BUCKET_SLOTS. */
static int slots_of(uint32_t traffic) {
    return (int)(traffic / (BUCKET_TRAFFIC_FULL / BUCKET_SLOTS));
}

static int slots_held(const struct experiment_state *state) {
    int n = 0;
    for (uint32_t i = 0; i < state->n_slots; i++) n += state->slots[i].to - state->slots[i].from;
    return n;
}

/* The last `n` slots are given back. */
static void give_slots(struct experiment_state *state, int n, struct arena *arena) {
    struct bucket_slots *slots = arena_array(arena, struct bucket_slots, state->n_slots);
    if (state->n_slots) memcpy(slots, state->slots, state->n_slots * sizeof *slots);
    state->slots = slots;
    while (n > 0) {
        struct bucket_slots *last = &slots[state->n_slots - 1];
        int width = last->to - last->from, gone = width < n ? width : n;
        last->to = (uint16_t)(last->to - gone);
        n -= gone;
        if (last->from == last->to) state->n_slots--;
    }
}

/* Keeps what it holds and takes more, or gives some back, so that `share` slots are held. */
static int hold_slots(struct experiment_state *state, int share, struct slots_taken taken, struct arena *arena,
                      int *free, struct error *error) {
    int held = slots_held(state);
    if (share <= held) {
        give_slots(state, held - share, arena);
        return 0;
    }
    struct bucket_slots *all = arena_array(arena, struct bucket_slots, taken.n + state->n_slots);
    if (taken.n) memcpy(all, taken.slots, taken.n * sizeof *all);
    if (state->n_slots) memcpy(all + taken.n, state->slots, state->n_slots * sizeof *all);
    struct bucket_slots *slots = arena_array(arena, struct bucket_slots, state->n_slots + BUCKET_SLOTS / 2);
    if (state->n_slots) memcpy(slots, state->slots, state->n_slots * sizeof *slots);
    int n = bucket_allot(all, (int)(taken.n + state->n_slots), share - held, slots + state->n_slots, BUCKET_SLOTS / 2,
                         free);
    if (n < 0) {
        error_set(error, ERR_CONFLICT,
                  "the layer has %d of %d slots free, but %d more are needed; lower the traffic or conclude another "
                  "experiment of the layer",
                  *free, BUCKET_SLOTS, share - held);
        error_number(error, "free", *free);
        return ERR_CONFLICT;
    }
    state->slots = slots;
    state->n_slots += (uint32_t)n;
    return 0;
}

/* ---- epochs ---- */

static uint64_t sum(const uint32_t *weights, uint32_t n) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++) total += weights[i];
    return total;
}

/* Whether the weights are, among the arms that keep any, in the same proportion as those the last epoch drew by: then the
 * old ranges stay, and only units of the arms removed are drawn again. */
static bool same_proportion(const uint32_t *weights, const uint32_t *drawn, uint32_t n) {
    uint64_t total = sum(weights, n), total_drawn = 0;
    for (uint32_t i = 0; i < n; i++) total_drawn += weights[i] ? drawn[i] : 0;
    for (uint32_t i = 0; i < n; i++)
        if (weights[i] && (!drawn[i] || weights[i] * total_drawn != drawn[i] * total)) return false;
    return true;
}

/* Appends the definition's new arms; they have no weight in epochs gone by. */
static void append_arms(struct experiment_state *state, const struct experiment *now, struct arena *arena) {
    uint32_t n = state->n_arms;
    struct text *arms = arena_array(arena, struct text, n + now->n_arms);
    bool *removed = arena_array(arena, bool, n + now->n_arms);
    for (uint32_t i = 0; i < n; i++) {
        arms[i] = state->arms[i];
        removed[i] = state->removed[i];
    }
    for (uint32_t i = 0; i < now->n_arms; i++)
        if (experiment_state_arm(state, now->arms[i].variant) < 0) arms[n++] = now->arms[i].variant;
    struct epoch *epochs = arena_array(arena, struct epoch, state->n_epochs + 1);
    for (uint32_t e = 0; e < state->n_epochs; e++) {
        uint32_t *weights = arena_array(arena, uint32_t, n), *drawn = arena_array(arena, uint32_t, n);
        memcpy(weights, state->epochs[e].weights, state->n_arms * sizeof *weights);
        memcpy(drawn, state->epochs[e].drawn, state->n_arms * sizeof *drawn);
        epochs[e] = (struct epoch){state->epochs[e].from, weights, drawn};
    }
    state->arms = arms;
    state->removed = removed;
    state->epochs = epochs;
    state->n_arms = n;
}

static int check_epochs(const struct experiment_state *state, struct error *error) {
    if (state->n_epochs < STATE_MAX_EPOCHS) return 0;
    return error_set(error, ERR_CONFLICT, "the experiment has had %d epochs; conclude it and start another",
                     STATE_MAX_EPOCHS);
}

/* Opens an epoch with the definition's weights. */
static void open_epoch(struct experiment_state *state, const struct experiment *now, int64_t at, struct arena *arena) {
    append_arms(state, now, arena);
    uint32_t n = state->n_arms, *weights = arena_array(arena, uint32_t, n);
    struct epoch *epochs = (struct epoch *)state->epochs; /* made by append_arms, with room for one more */
    bool *removed = (bool *)state->removed;
    for (uint32_t i = 0; i < now->n_arms; i++)
        weights[experiment_state_arm(state, now->arms[i].variant)] = now->arms[i].weight;
    const struct epoch *last = state->n_epochs ? &epochs[state->n_epochs - 1] : NULL;
    for (uint32_t i = 0; last && i < n; i++)
        if (last->weights[i] && !weights[i]) removed[i] = true;
    bool keep = last && same_proportion(weights, last->drawn, n);
    epochs[state->n_epochs++] = (struct epoch){at, weights, keep ? last->drawn : weights};
}

/* ---- steps ---- */

int lifecycle_start(struct experiment_state *state, const struct experiment *experiment, int64_t at,
                    struct slots_taken taken, struct arena *arena, int *free, struct error *error) {
    if (state->phase != PHASE_DRAFT) return refuse(error, state, "started");
    int control = experiment_arm(experiment, experiment->control);
    if (control < 0)
        return error_set(error, ERR_CONFLICT, "the experiment has no control: name a variant with weight as control");
    struct experiment_state next = *state;
    next.phase = PHASE_RUNNING;
    next.start_at = at;
    next.end_at = experiment->scheduled_end;
    next.traffic = experiment->n_ramp ? experiment->ramp[0].traffic : experiment->traffic;
    next.ramp_steps = experiment->n_ramp ? 1 : 0;
    next.ramp_from = at;
    next.n_star = experiment->n_star;
    int code = experiment->layer.n ? hold_slots(&next, slots_of(next.traffic), taken, arena, free, error) : 0;
    if (code) return code;
    open_epoch(&next, experiment, at, arena);
    next.control = (uint32_t)experiment_state_arm(&next, experiment->control);
    *state = next;
    return 0;
}

static void turn(struct experiment_state *state, int64_t at, struct arena *arena) {
    int64_t *turns = arena_array(arena, int64_t, state->n_turns + 1);
    if (state->n_turns) memcpy(turns, state->turns, state->n_turns * sizeof *turns);
    turns[state->n_turns++] = at;
    state->turns = turns;
}

int lifecycle_pause(struct experiment_state *state, int64_t at, struct arena *arena, struct error *error) {
    if (state->phase != PHASE_RUNNING) return refuse(error, state, "paused");
    if (state->n_turns >= STATE_MAX_TURNS)
        return error_set(error, ERR_CONFLICT, "the experiment was paused %d times; conclude it and start another",
                         STATE_MAX_TURNS / 2);
    state->phase = PHASE_PAUSED;
    turn(state, at, arena);
    return 0;
}

int lifecycle_resume(struct experiment_state *state, int64_t at, struct arena *arena, struct error *error) {
    if (state->phase != PHASE_PAUSED) return refuse(error, state, "resumed");
    int64_t since = state->turns[state->n_turns - 1], still = since > state->ramp_from ? since : state->ramp_from;
    if (at > still) state->ramp_from += at - still;
    state->phase = PHASE_RUNNING;
    turn(state, at, arena);
    return 0;
}

bool experiment_state_runs(const struct experiment_state *state, int64_t t) {
    if (t < state->start_at || (state->end_at && t >= state->end_at)) return false;
    uint32_t turned = 0;
    while (turned < state->n_turns && state->turns[turned] <= t) turned++;
    return turned % 2 == 0;
}

int lifecycle_end(struct experiment_state *state, int64_t at, struct error *error) {
    if (state->phase != PHASE_RUNNING && state->phase != PHASE_PAUSED) return refuse(error, state, "ended");
    state->phase = PHASE_MATURING;
    state->end_at = at;
    return 0;
}

int lifecycle_conclude(struct experiment_state *state, enum experiment_outcome outcome, struct text variant,
                       struct text note, int64_t at, struct error *error) {
    if (state->phase == PHASE_DRAFT || state->phase == PHASE_CONCLUDED) return refuse(error, state, "concluded");
    if (outcome == OUTCOME_SHIP && experiment_state_arm(state, variant) < 0)
        return error_at(error, "/variant", "is no variant of the experiment; name the one that is shipped");
    if (state->end_at == 0 || state->end_at > at) state->end_at = at;
    state->phase = PHASE_CONCLUDED;
    state->outcome = outcome;
    state->outcome_variant = variant;
    state->note = note;
    state->concluded_at = at;
    state->slots = NULL;
    state->n_slots = 0;
    return 0;
}

int lifecycle_traffic(struct experiment_state *state, const struct experiment *experiment, uint32_t traffic, int64_t at,
                      struct slots_taken taken, struct arena *arena, int *free, struct error *error) {
    if (state->phase != PHASE_RUNNING && state->phase != PHASE_PAUSED) return refuse(error, state, "ramped");
    if (experiment->layer.n && traffic != state->traffic) {
        int code = check_epochs(state, error);
        if (!code) code = hold_slots(state, slots_of(traffic), taken, arena, free, error);
        if (code) return code;
        open_epoch(state, experiment, at, arena);
    }
    state->traffic = traffic;
    return 0;
}

int lifecycle_ramp(struct experiment_state *state, const struct experiment *experiment, int64_t due, int64_t at,
                   struct slots_taken taken, struct arena *arena, int *free, struct error *error) {
    if (state->ramp_steps >= experiment->n_ramp)
        return error_set(error, ERR_CONFLICT, "the ramp has no step left to begin");
    uint32_t traffic = experiment->ramp[state->ramp_steps].traffic;
    if (traffic < state->traffic) traffic = state->traffic;
    int code = lifecycle_traffic(state, experiment, traffic, at, taken, arena, free, error);
    if (code) return code;
    state->ramp_steps++;
    state->ramp_from = due;
    state->ramp_approved = 0;
    return 0;
}

int lifecycle_approve(struct experiment_state *state, const struct experiment *experiment, int64_t at,
                      struct error *error) {
    if (state->phase != PHASE_RUNNING && state->phase != PHASE_PAUSED) return refuse(error, state, "approved");
    uint32_t step = state->ramp_steps;
    if (!step || step >= experiment->n_ramp || !experiment->ramp[step - 1].approval)
        return error_set(error, ERR_CONFLICT, "the ramp waits for no approval: it is at step %u of %u", step,
                         experiment->n_ramp);
    if (state->ramp_approved) return error_set(error, ERR_CONFLICT, "step %u of the ramp is approved already", step);
    state->ramp_approved = at;
    return 0;
}

/* ---- changes of a definition ---- */

static bool same_texts(const struct text *a, uint32_t n, const struct text *b, uint32_t m) {
    if (n != m) return false;
    for (uint32_t i = 0; i < n; i++)
        if (!text_eq(a[i], b[i])) return false;
    return true;
}

static bool same_ramp(const struct experiment *a, const struct experiment *b) {
    if (a->n_ramp != b->n_ramp) return false;
    for (uint32_t i = 0; i < a->n_ramp; i++) {
        const struct ramp_step *x = &a->ramp[i], *y = &b->ramp[i];
        if (x->traffic != y->traffic || x->hold != y->hold || x->units != y->units || x->approval != y->approval ||
            x->guardrails != y->guardrails)
            return false;
    }
    return true;
}

/* What cannot change once units have been counted. */
static int check_fixed(const struct experiment_state *state, const struct experiment *was, const struct experiment *now,
                       struct error *error) {
    const struct {
        const char *pointer;
        bool same;
    } fixed[] = {
        {"/feature", text_eq(was->feature, now->feature)},
        {"/assignment", was->assignment == now->assignment},
        {"/unit", text_eq(was->unit, now->unit)},
        {"/control", text_eq(was->control, now->control)},
        {"/layer", text_eq(was->layer, now->layer)},
        {"/metrics/primary", text_eq(was->primary, now->primary)},
        {"/breakdowns", same_texts(was->breakdowns, was->n_breakdowns, now->breakdowns, now->n_breakdowns)},
        {"/analysis/nStar", was->n_star == now->n_star},
    };
    if (state->phase == PHASE_DRAFT) return 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (fixed[i].same) continue;
        error_set(error, ERR_CONFLICT, "%s is fixed when an experiment starts; conclude this one and start another",
                  fixed[i].pointer);
        error_at(error, fixed[i].pointer, "is fixed since the experiment was started");
        return ERR_CONFLICT;
    }
    uint32_t n = state->n_arms;
    for (uint32_t i = 0; i < now->n_arms; i++) {
        int arm = experiment_state_arm(state, now->arms[i].variant);
        if (arm < 0 && ++n > STATE_MAX_ARMS)
            return error_set(error, ERR_CONFLICT, "the experiment has had %d arms; start another one", STATE_MAX_ARMS);
        if (arm >= 0 && state->removed[arm] && now->arms[i].weight)
            return error_set(error, ERR_CONFLICT,
                             "variant \"%.*s\" was removed from the experiment; its units have met others since, so it "
                             "cannot come back",
                             TEXT_ARGS(now->arms[i].variant));
    }
    return 0;
}

int lifecycle_change(struct experiment_state *state, const struct experiment *was, const struct experiment *now,
                     const struct feature *feature_was, const struct feature *feature_now, int64_t at,
                     struct slots_taken taken, struct arena *arena, int *free, struct error *error) {
    int code = check_fixed(state, was, now, error);
    if (code || state->phase == PHASE_DRAFT) return code;
    bool opens = epoch_opens(was, now, feature_was, feature_now), over = state->phase > PHASE_PAUSED;
    if (over) return opens ? refuse(error, state, "changed: it takes no units any more") : 0;
    if (opens && (code = check_epochs(state, error))) return code;
    struct experiment_state next = *state;
    if (was->traffic != now->traffic) next.traffic = now->traffic;
    if (was->scheduled_end != now->scheduled_end) next.end_at = now->scheduled_end;
    if (!same_ramp(was, now)) next.ramp_approved = 0; /* what was approved was another ramp */
    if (!was->n_ramp && now->n_ramp) {
        next.ramp_steps = 0;
        next.ramp_from = at;
    }
    if (now->layer.n && next.traffic != state->traffic)
        code = hold_slots(&next, slots_of(next.traffic), taken, arena, free, error);
    if (code) return code;
    if (opens) open_epoch(&next, now, at, arena);
    *state = next;
    return 0;
}
