/* The way to a decision, for people: every step that was looked at, and what it found. */
#include "experiments/decide/evaluate_internal.h"

static struct text result_of(bool unknown, bool holds) {
    return unknown ? TEXT("unknown") : holds ? TEXT("true") : TEXT("false");
}

/* "if" with the condition's own trace, and its result; nothing to look at counts as true. */
static bool trace_condition(const struct decider *d, const struct condition *condition, struct json_writer *out) {
    const struct condition_input input = input_of(d);
    bool holds = condition_true(condition, &input);
    bool unknown = condition && condition_value(condition, &input).absent;
    json_put_text(out, "result", result_of(unknown, holds));
    if (condition) {
        json_key(out, TEXT("condition"));
        condition_trace(condition, &input, out);
    }
    return holds;
}

/* The rules of one kind, up to the one that decides. */
static void trace_rules(const struct decider *d, bool overrides, struct json_writer *out) {
    const struct feature *feature = &d->feature->definition;
    bool decided = false;
    json_key(out, TEXT("rules"));
    json_open_array(out);
    for (uint32_t i = 0; i < feature->n_rules && !decided; i++) {
        const struct rule *rule = &feature->rules[i];
        struct decision scratch = {0};
        if (rule->overrides != overrides) continue;
        json_open_object(out);
        json_put_text(out, "rule", rule->id);
        bool holds = trace_condition(d, rule->condition, out);
        decided = holds && decide_by_rule(d, rule, &scratch);
        if (holds && rule->serve < 0) json_put_text(out, "by", rule->by);
        if (decided && rule->serve < 0) json_put_int(out, "bucket", scratch.bucket);
        json_close_object(out);
    }
    json_close_array(out);
}

/* What one feature requires. */
static void trace_required(const struct decider *d, struct json_writer *out) {
    const struct feature *feature = &d->feature->definition;
    for (uint32_t i = 0; i < feature->n_prerequisites; i++) {
        const struct snapshot_feature *other = d->feature->prerequisites[i].feature;
        struct decision scratch = {0};
        bool met = decide_prerequisite(d, i, &scratch);
        json_open_object(out);
        json_put_text(out, "feature", feature->prerequisites[i].feature);
        json_put_text(out, "requiredBy", feature->key);
        json_put_text(out, "result", result_of(scratch.targeting_key_missing, met));
        if (other) {
            struct decision given;
            decide(d->snapshot, other, d->context, d->remembered, &given);
            if (given.variant) json_put_text(out, "variant", given.variant->key);
        }
        json_close_object(out);
    }
}

/* The whole chain, each feature that requires something once: what the feature requires, what that requires, and so on. */
static void trace_prerequisites(const struct decider *d, struct json_writer *out) {
    const struct snapshot *s = d->snapshot;
    bool *seen = arena_array(d->context->arena, bool, s->n_features);
    const struct snapshot_feature **queue =
        arena_array(d->context->arena, const struct snapshot_feature *, s->n_features);
    uint32_t head = 0, tail = 0;
    json_key(out, TEXT("prerequisites"));
    json_open_array(out);
    for (queue[tail++] = d->feature; head < tail; head++) {
        struct decider of = *d;
        of.feature = queue[head];
        trace_required(&of, out);
        for (uint32_t i = 0; i < of.feature->definition.n_prerequisites; i++) {
            const struct snapshot_feature *next = of.feature->prerequisites[i].feature;
            if (!next || seen[next - s->features]) continue;
            seen[next - s->features] = true;
            queue[tail++] = next;
        }
    }
    json_close_array(out);
}

/* Who takes part: of a layer, the runs of its slots, from (included) to (excluded); else so many in a hundred. */
static void trace_share(const struct snapshot_experiment *experiment, struct json_writer *out) {
    const struct experiment_state *state = &experiment->state;
    json_put_double(out, "traffic", (double)state->traffic / (BUCKET_TRAFFIC_FULL / 100));
    if (!experiment->layer) return;
    json_put_text(out, "layer", experiment->layer->key);
    json_put_text(out, "layerSalt", experiment->layer->salt);
    json_key(out, TEXT("slice"));
    json_open_array(out);
    for (uint32_t i = 0; i < state->n_slots; i++) {
        json_open_array(out);
        json_int(out, state->slots[i].from);
        json_int(out, state->slots[i].to);
        json_close_array(out);
    }
    json_close_array(out);
}

/* The unit, and what was drawn for it. */
static void trace_unit(const struct snapshot_experiment *experiment, const struct decision *decision,
                       struct json_writer *out) {
    json_put_text(out, "unit", experiment->definition.unit);
    if (!decision->unit_text.n) return;
    json_put_int(out, "bucket", decision->bucket);
    json_put_bool(out, "in", decision->in);
    json_put_bool(out, "enrolled", decision->enrolled);
    if (decision->experiment || decision->enrolled) json_put_int(out, "epoch", decision->epoch);
}

static void trace_experiment(const struct decider *d, const struct decision *decision, struct json_writer *out) {
    const struct snapshot_experiment *experiment = d->feature->experiment;
    if (!experiment) return;
    json_put_text(out, "experiment", experiment->definition.key);
    json_put_text(out, "state", text_of(experiment_phases[experiment->state.phase]));
    json_put_text(out, "assignment", text_of(experiment_assignments[experiment->definition.assignment]));
    json_put_text(out, "salt", experiment->state.salt);
    trace_share(experiment, out);
    trace_unit(experiment, decision, out);
    json_key(out, TEXT("audience"));
    json_open_object(out);
    trace_condition(d, experiment->definition.audience, out);
    json_close_object(out);
}

static void trace_step(const struct decider *d, const struct decide_step *step, bool decided,
                       const struct decision *decision, struct json_writer *out) {
    json_open_object(out);
    json_put_text(out, "step", text_of(step->name));
    json_put_text(out, "result", result_of(decision->targeting_key_missing, decided));
    switch (step->step) {
    case STEP_PREREQUISITE: trace_prerequisites(d, out); break;
    case STEP_OVERRIDE: trace_rules(d, true, out); break;
    case STEP_RULE: trace_rules(d, false, out); break;
    case STEP_EXPERIMENT: trace_experiment(d, decision, out); break;
    case STEP_HOLDOUT:
        if (!decision->holdout) break;
        json_put_text(out, "holdout", decision->holdout->definition.key);
        json_put_text(out, "salt", decision->holdout->definition.salt);
        break;
    default: break;
    }
    json_close_object(out);
}

void decide_trace(const struct snapshot *snapshot, const struct snapshot_feature *feature,
                  const struct context *context, const struct remembered_all *remembered, struct json_writer *out) {
    struct variants_known known = {0};
    struct context shared = *context; /* by everything that is decided on the way */
    shared.known = &known;
    struct decider d = {snapshot, feature, &shared, remembered, &known};
    struct decision decision = {0};
    bool decided = false;
    json_open_array(out);
    for (size_t i = 0; i < decide_steps_count && !decided; i++) {
        decided = decide_steps[i].run(&d, &decision);
        trace_step(&d, &decide_steps[i], decided, &decision, out);
    }
    json_close_array(out);
}
