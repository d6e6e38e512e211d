/* An experiment's state as the document that the store keeps, and back. */
#include "core/base/clock.h"
#include "core/base/number.h"
#include "experiments/model/lifecycle.h"

/* ---- writing ---- */

static json_t *text_json(struct text t) {
    return json_stringn(t.n ? t.at : "", t.n);
}

static json_t *scaled_json(uint32_t ten_thousandths) {
    if (ten_thousandths % 10000 == 0) return json_integer(ten_thousandths / 10000);
    return json_real(ten_thousandths / 10000.0);
}

static void put_time(json_t *object, const char *name, int64_t ms) {
    char iso[CLOCK_ISO_ROOM];
    if (ms) json_object_set_new(object, name, json_stringn(iso, clock_iso(iso, ms)));
}

static json_t *weights_json(const struct experiment_state *state, const uint32_t *weights) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < state->n_arms; i++) json_array_append_new(list, scaled_json(weights[i]));
    return list;
}

static json_t *epochs_json(const struct experiment_state *state) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < state->n_epochs; i++) {
        const struct epoch *epoch = &state->epochs[i];
        json_t *json = json_object();
        put_time(json, "from", epoch->from);
        json_object_set_new(json, "weights", weights_json(state, epoch->weights));
        if (memcmp(epoch->weights, epoch->drawn, state->n_arms * sizeof *epoch->drawn) != 0)
            json_object_set_new(json, "drawn", weights_json(state, epoch->drawn));
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *arms_json(const struct experiment_state *state) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < state->n_arms; i++) {
        json_t *arm = json_object();
        json_object_set_new(arm, "variant", text_json(state->arms[i]));
        if (i == state->control) json_object_set_new(arm, "control", json_true());
        if (state->removed[i]) json_object_set_new(arm, "removed", json_true());
        json_array_append_new(list, arm);
    }
    return list;
}

static json_t *conclusion_json(const struct experiment_state *state) {
    json_t *json = json_object();
    json_object_set_new(json, "outcome", json_string(experiment_outcomes[state->outcome]));
    if (state->outcome_variant.n) json_object_set_new(json, "variant", text_json(state->outcome_variant));
    if (state->note.n) json_object_set_new(json, "note", text_json(state->note));
    put_time(json, "at", state->concluded_at);
    return json;
}

static json_t *turns_json(const struct experiment_state *state) {
    json_t *list = json_array();
    char iso[CLOCK_ISO_ROOM];
    for (uint32_t i = 0; i < state->n_turns; i++)
        json_array_append_new(list, json_stringn(iso, clock_iso(iso, state->turns[i])));
    return list;
}

json_t *experiment_state_json(const struct experiment_state *state) {
    json_t *json = json_object();
    json_object_set_new(json, "phase", json_string(experiment_phases[state->phase]));
    json_object_set_new(json, "salt", text_json(state->salt));
    if (state->phase == PHASE_DRAFT) return json;
    put_time(json, "startAt", state->start_at);
    put_time(json, "endAt", state->end_at);
    json_object_set_new(json, "traffic", scaled_json(state->traffic));
    if (state->ramp_steps) json_object_set_new(json, "rampSteps", json_integer(state->ramp_steps));
    put_time(json, "rampFrom", state->ramp_from);
    put_time(json, "rampApproved", state->ramp_approved);
    if (state->n_turns) json_object_set_new(json, "turns", turns_json(state));
    if (state->n_star) json_object_set_new(json, "nStar", json_integer(state->n_star));
    json_object_set_new(json, "arms", arms_json(state));
    json_object_set_new(json, "epochs", epochs_json(state));
    json_t *slots = json_array();
    for (uint32_t i = 0; i < state->n_slots; i++)
        json_array_append_new(slots, json_pack("[i,i]", state->slots[i].from, state->slots[i].to));
    if (state->n_slots) json_object_set(json, "slots", slots);
    json_decref(slots);
    if (state->phase == PHASE_CONCLUDED) json_object_set_new(json, "conclusion", conclusion_json(state));
    return json;
}

/* ---- reading ---- */

static struct text text_of_json(const json_t *json, struct arena *arena) {
    return arena_text(arena, text_n(json_string_value(json), json_string_length(json)));
}

static uint32_t scaled_of(const json_t *json) {
    return (uint32_t)(json_number_value(json) * 10000 + 0.5);
}

static void read_arms(struct experiment_state *state, const json_t *list, struct arena *arena) {
    uint32_t n = state->n_arms = (uint32_t)json_array_size(list);
    struct text *arms = arena_array(arena, struct text, n);
    bool *removed = arena_array(arena, bool, n);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *arm = json_array_get(list, i);
        arms[i] = text_of_json(json_object_get(arm, "variant"), arena);
        removed[i] = json_is_true(json_object_get(arm, "removed"));
        if (json_is_true(json_object_get(arm, "control"))) state->control = i;
    }
    state->arms = arms;
    state->removed = removed;
}

static const uint32_t *read_weights(const json_t *list, uint32_t n, struct arena *arena) {
    uint32_t *weights = arena_array(arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) weights[i] = scaled_of(json_array_get(list, i));
    return weights;
}

static void read_epochs(struct experiment_state *state, const json_t *list, struct reader *r) {
    uint32_t n = state->n_epochs = (uint32_t)json_array_size(list);
    struct epoch *epochs = arena_array(r->arena, struct epoch, n);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *json = json_array_get(list, i), *drawn = json_object_get(json, "drawn");
        reader_time(r, PATH_ELEMENT(PATH_MEMBER(NULL, "epochs"), i), json, "from", &epochs[i].from);
        epochs[i].weights = read_weights(json_object_get(json, "weights"), state->n_arms, r->arena);
        epochs[i].drawn = drawn ? read_weights(drawn, state->n_arms, r->arena) : epochs[i].weights;
    }
    state->epochs = epochs;
}

static void read_slots(struct experiment_state *state, const json_t *list, struct arena *arena) {
    uint32_t n = state->n_slots = (uint32_t)json_array_size(list);
    struct bucket_slots *slots = arena_array(arena, struct bucket_slots, n);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *run = json_array_get(list, i);
        slots[i].from = (uint16_t)json_integer_value(json_array_get(run, 0));
        slots[i].to = (uint16_t)json_integer_value(json_array_get(run, 1));
    }
    state->slots = slots;
}

static void read_turns(struct experiment_state *state, const json_t *list, struct arena *arena) {
    uint32_t n = state->n_turns = (uint32_t)json_array_size(list);
    int64_t *turns = arena_array(arena, int64_t, n);
    for (uint32_t i = 0; i < n; i++) clock_parse(text_of_json(json_array_get(list, i), arena), &turns[i]);
    state->turns = turns;
}

static void read_conclusion(struct experiment_state *state, const json_t *json, struct reader *r) {
    const struct path *here = PATH_MEMBER(NULL, "conclusion");
    int outcome = OUTCOME_ITERATE;
    reader_choice(r, here, json, "outcome", experiment_outcomes, &outcome);
    reader_time(r, here, json, "at", &state->concluded_at);
    state->outcome = (enum experiment_outcome)outcome;
    state->outcome_variant = text_of_json(json_object_get(json, "variant"), r->arena);
    state->note = text_of_json(json_object_get(json, "note"), r->arena);
}

/* What evaluation relies on. */
static void check_state(struct reader *r, const struct experiment_state *state) {
    if (state->phase == PHASE_DRAFT) return;
    if (!state->n_arms || state->n_arms > STATE_MAX_ARMS)
        reader_fault(r, PATH_MEMBER(NULL, "arms"), "are %u; there must be 1 to %d", state->n_arms, STATE_MAX_ARMS);
    if (!state->n_epochs || state->n_epochs > STATE_MAX_EPOCHS)
        reader_fault(r, PATH_MEMBER(NULL, "epochs"), "are %u; there must be 1 to %d", state->n_epochs,
                     STATE_MAX_EPOCHS);
    if ((state->phase == PHASE_RUNNING && state->n_turns % 2) ||
        (state->phase == PHASE_PAUSED && !(state->n_turns % 2)))
        reader_fault(r, PATH_MEMBER(NULL, "turns"), "are %u; a pause is odd, and ends with the next", state->n_turns);
    for (uint32_t i = 0; i < state->n_slots; i++)
        if (state->slots[i].to > BUCKET_SLOTS || state->slots[i].from >= state->slots[i].to)
            reader_fault(r, PATH_ELEMENT(PATH_MEMBER(NULL, "slots"), i), "is no run of slots");
}

int experiment_state_parse(struct experiment_state *state, const json_t *json, const struct experiment *experiment,
                           struct arena *arena, struct error *error) {
    struct error faults = {0};
    struct reader r = {arena, &faults, 0};
    int phase = PHASE_DRAFT;
    lifecycle_create(state, experiment, TEXT_NONE);
    if (!json) return 0;
    reader_choice(&r, NULL, json, "phase", experiment_phases, &phase);
    reader_text(&r, NULL, json, "salt", MODEL_MAX_PROSE, &state->salt);
    state->phase = (enum experiment_phase)phase;
    reader_time(&r, NULL, json, "startAt", &state->start_at);
    reader_time(&r, NULL, json, "endAt", &state->end_at);
    reader_integer(&r, NULL, json, "nStar", 0, 1000000000000, &state->n_star);
    state->traffic = scaled_of(json_object_get(json, "traffic"));
    state->ramp_steps = (uint32_t)json_integer_value(json_object_get(json, "rampSteps"));
    reader_time(&r, NULL, json, "rampFrom", &state->ramp_from);
    reader_time(&r, NULL, json, "rampApproved", &state->ramp_approved);
    read_turns(state, json_object_get(json, "turns"), arena);
    read_arms(state, json_object_get(json, "arms"), arena);
    read_epochs(state, json_object_get(json, "epochs"), &r);
    read_slots(state, json_object_get(json, "slots"), arena);
    if (json_object_get(json, "conclusion")) read_conclusion(state, json_object_get(json, "conclusion"), &r);
    check_state(&r, state);
    if (!r.faults) return 0;
    return error_set(error, ERR_CORRUPT, "the state of experiment \"%.*s\" is damaged: %s", TEXT_ARGS(experiment->key),
                     faults.detail);
}
