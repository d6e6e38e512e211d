/* What happens to features and experiments beside being written: the kill switch, start, pause, resume, conclude. */
#include <string.h>

#include "core/base/clock.h"
#include "experiments/model/catalogue_internal.h"

int catalogue_kill(struct catalogue *c, const struct change *change, bool killed, struct error *error) {
    if (!catalogue_find(c, DEFINITION_FEATURE, change->key))
        return catalogue_missing(DEFINITION_FEATURE, change->key, error);
    struct draft draft;
    draft_begin(&draft, c, change, killed ? "kill" : "unkill");
    draft_state(&draft, DEFINITION_FEATURE, change->key, json_pack("{s:b}", "killed", killed));
    return draft_commit(&draft, error);
}

static int start(struct draft *draft, const struct snapshot_experiment *experiment, struct experiment_state *state,
                 int64_t at, struct error *error) {
    const struct snapshot *snapshot = draft->catalogue->snapshot;
    int rc = check_start(experiment, snapshot, error);
    if (rc < 0) return rc;
    if (at > draft->change->now + CLOCK_MINUTE)
        return error_at(error, "/at", "lies in the future: use \"schedule\" for that, or leave it out to start now");
    int free_slots = 0;
    struct slots_taken taken =
        snapshot_slots_taken(snapshot, experiment->definition.layer, experiment->definition.key, &draft->arena);
    return lifecycle_start(state, &experiment->definition, at, taken, &draft->arena, &free_slots, error);
}

static int ramp(struct draft *draft, const struct snapshot_experiment *experiment, struct experiment_state *state,
                int64_t due, struct error *error) {
    int free_slots = 0;
    struct slots_taken taken = snapshot_slots_taken(draft->catalogue->snapshot, experiment->definition.layer,
                                                    experiment->definition.key, &draft->arena);
    return lifecycle_ramp(state, &experiment->definition, due, draft->change->now, taken, &draft->arena, &free_slots,
                          error);
}

/* {"serve":variant} as the feature's default, or a last rule for the experiment's audience alone. */
static void serve(json_t *feature, const struct snapshot_experiment *experiment, const json_t *experiment_body,
                  struct text variant, bool audience_alone) {
    json_t *key = json_stringn(variant.at, variant.n);
    json_t *audience = json_object_get(experiment_body, "audience");
    if (!audience_alone || !audience) {
        json_object_set_new(feature, "default", json_pack("{s:o}", "serve", key));
        return;
    }
    char id[80];
    snprintf(id, sizeof id, "shipped-%.*s", TEXT_ARGS(experiment->definition.key));
    json_t *rules = json_object_get(feature, "rules");
    rules = rules ? json_copy(rules) : json_array();
    json_array_append_new(rules, json_pack("{s:s, s:O, s:o}", "id", id, "if", audience, "serve", key));
    json_object_set_new(feature, "rules", rules);
}

static int conclude_feature(struct draft *draft, const struct snapshot_experiment *experiment,
                            const struct experiment_step_input *input, struct error *error) {
    static const char *const stages[] = {[OUTCOME_SHIP] = "shipped",
                                         [OUTCOME_ROLLBACK] = NULL,
                                         [OUTCOME_ITERATE] = "draft",
                                         [OUTCOME_RETIRE] = "retiring"};
    const struct entry *entry = catalogue_find(draft->catalogue, DEFINITION_FEATURE, experiment->definition.feature);
    const struct entry *own = catalogue_find(draft->catalogue, DEFINITION_EXPERIMENT, experiment->definition.key);
    if (!entry) return 0;
    json_t *body = json_copy(entry->body);
    if (input->outcome == OUTCOME_SHIP) serve(body, experiment, own->body, input->variant, input->audience_alone);
    if (input->outcome == OUTCOME_ROLLBACK) serve(body, experiment, own->body, experiment->definition.control, false);
    if (stages[input->outcome]) json_object_set_new(body, "stage", json_string(stages[input->outcome]));
    struct feature parsed;
    int rc = feature_parse(&parsed, body, entry->key, &draft->arena, error);
    if (rc < 0) {
        json_decref(body);
        return rc;
    }
    draft_body(draft, DEFINITION_FEATURE, entry->key, body, DOCUMENT_ANY);
    return 0;
}

static int conclude(struct draft *draft, const struct snapshot_experiment *experiment, struct experiment_state *state,
                    const struct experiment_step_input *input, struct error *error) {
    if (input->outcome == OUTCOME_SHIP && experiment_state_arm(state, input->variant) < 0)
        return error_at(error, "/variant", "'%.*s' is no variant of this experiment", TEXT_ARGS(input->variant));
    int rc = lifecycle_conclude(state, input->outcome, input->variant, input->note, draft->change->now, error);
    return rc < 0 ? rc : conclude_feature(draft, experiment, input, error);
}

int catalogue_step(struct catalogue *c, const struct change *change, enum experiment_step step,
                   const struct experiment_step_input *input, struct error *error) {
    static const char *const actions[] = {"start", "pause", "resume", "conclude", "ramp", "end", "approve"};
    const struct snapshot_experiment *experiment = snapshot_experiment(c->snapshot, change->key);
    if (!experiment || !catalogue_find(c, DEFINITION_EXPERIMENT, change->key)) /* a holdout's read-out takes no steps */
        return catalogue_missing(DEFINITION_EXPERIMENT, change->key, error);
    struct draft draft;
    struct experiment_state state = experiment->state;
    int rc = 0;
    draft_begin(&draft, c, change, actions[step]);
    draft.note = input->note;
    switch (step) {
    case STEP_START: rc = start(&draft, experiment, &state, input->at ? input->at : change->now, error); break;
    case STEP_PAUSE: rc = lifecycle_pause(&state, change->now, &draft.arena, error); break;
    case STEP_RESUME: rc = lifecycle_resume(&state, change->now, &draft.arena, error); break;
    case STEP_CONCLUDE: rc = conclude(&draft, experiment, &state, input, error); break;
    case STEP_RAMP: rc = ramp(&draft, experiment, &state, input->at, error); break;
    case STEP_END: rc = lifecycle_end(&state, input->at, error); break;
    case STEP_APPROVE: rc = lifecycle_approve(&state, &experiment->definition, change->now, error); break;
    }
    if (rc < 0) {
        draft_end(&draft);
        return rc;
    }
    draft_state(&draft, DEFINITION_EXPERIMENT, change->key, experiment_state_json(&state));
    return draft_commit(&draft, error);
}
