#include "experiments/decide/evaluate.h"

#include "experiments/decide/evaluate_internal.h"

const char *decision_reason(enum decision_reason reason) {
    static const char *const names[] = {
#define X(name) #name,
        DECISION_REASONS(X)
#undef X
    };
    return names[reason];
}

bool context_unit(const struct context *context, struct text unit, struct text *out) {
    *out = TEXT_NONE;
    if (text_is(unit, "targetingKey"))
        *out = context->targeting_key;
    else if (context->json) {
        json_at at = json_get(context->json, context->root, unit);
        enum json_kind kind = json_kind(context->json, at);
        if (kind == JSON_KIND_STRING) *out = json_unescaped(context->json, at, context->arena);
        if (kind == JSON_KIND_NUMBER) *out = json_source(context->json, at);
    }
    return out->n > 0;
}

static bool serve(const struct decider *d, struct decision *out, uint32_t variant, enum decision_reason reason) {
    out->index = variant;
    out->variant = &d->feature->definition.variants[variant];
    out->reason = reason;
    return true;
}

/* Nothing can be drawn without the targeting key; without another attribute, the step does not apply. */
static bool unit_missing(struct text unit, struct decision *out) {
    out->targeting_key_missing = text_is(unit, "targetingKey");
    return out->targeting_key_missing;
}

/* ---- preview, disabled, prerequisites ---- */

static bool step_preview(const struct decider *d, struct decision *out) {
    for (uint32_t i = 0; i < d->context->n_previews; i++) {
        const struct preview *preview = &d->context->previews[i];
        if (!text_eq(preview->feature, d->feature->definition.key)) continue;
        int variant = feature_variant(&d->feature->definition, preview->variant);
        if (variant >= 0) return serve(d, out, (uint32_t)variant, REASON_TARGETING_MATCH);
    }
    return false;
}

static bool step_disabled(const struct decider *d, struct decision *out) {
    const struct feature *feature = &d->feature->definition;
    bool on = feature->enabled && !d->feature->killed && feature->stage != STAGE_RETIRED;
    return !on && serve(d, out, feature->off, REASON_DISABLED);
}

static void decide_at(const struct snapshot *snapshot, const struct snapshot_feature *feature,
                      const struct context *context, const struct remembered_all *remembered,
                      struct variants_known *known, struct decision *out);

enum { KEY_MISSING = 1, FIRST_VARIANT = 2 }; /* in variants_known */

static uint16_t outcome(const struct decider *d, const struct snapshot_feature *feature) {
    struct decision decision;
    decide_at(d->snapshot, feature, d->context, d->remembered, d->known, &decision);
    return (uint16_t)(decision.targeting_key_missing ? KEY_MISSING : decision.index + FIRST_VARIANT);
}

static uint16_t *known_of(const struct decider *d, const struct snapshot_feature *feature) {
    return &d->known->of[feature - d->snapshot->features];
}

static const struct snapshot_feature *first_unknown(const struct decider *d, const struct snapshot_feature *of) {
    for (uint32_t i = 0; i < of->definition.n_prerequisites; i++)
        if (of->prerequisites[i].feature && !*known_of(d, of->prerequisites[i].feature))
            return of->prerequisites[i].feature;
    return NULL;
}

void decide_prerequisites(const struct decider *d) {
    if (d->feature->depth < 2) return; /* they require nothing: each is decided when it is asked for */
    if (!d->known->of) d->known->of = arena_array(d->context->arena, uint16_t, d->snapshot->n_features);
    const struct snapshot_feature **way =
        arena_array(d->context->arena, const struct snapshot_feature *, d->feature->depth + 1);
    uint32_t n = 0;
    way[n++] = d->feature;
    while (n > 0) {
        const struct snapshot_feature *next = first_unknown(d, way[n - 1]);
        if (next)
            way[n++] = next;
        else if (--n > 0)
            *known_of(d, way[n]) = outcome(d, way[n]);
    }
}

bool decide_prerequisite(const struct decider *d, uint32_t i, struct decision *out) {
    const struct snapshot_prerequisite *prerequisite = &d->feature->prerequisites[i];
    if (!prerequisite->feature) return false;
    uint16_t known = d->known->of ? *known_of(d, prerequisite->feature) : 0;
    if (!known) known = outcome(d, prerequisite->feature);
    out->targeting_key_missing |= known == KEY_MISSING;
    return known >= FIRST_VARIANT && (prerequisite->variants & 1u << (known - FIRST_VARIANT));
}

static bool step_prerequisites(const struct decider *d, struct decision *out) {
    const struct feature *feature = &d->feature->definition;
    if (!feature->n_prerequisites) return false;
    decide_prerequisites(d);
    for (uint32_t i = 0; i < feature->n_prerequisites; i++) {
        if (decide_prerequisite(d, i, out)) continue;
        return out->targeting_key_missing || serve(d, out, feature->off, REASON_DISABLED);
    }
    return false;
}

/* ---- rules ---- */

/* An enrolled unit that a rule catches is counted as such. */
static void note_overridden(const struct decider *d, struct decision *out) {
    const struct snapshot_experiment *experiment = d->feature->experiment;
    const struct remembered *units =
        experiment && d->remembered ? remembered_of(d->remembered, experiment->state.salt) : NULL;
    struct remembered_unit unit;
    struct text text;
    if (!units || !context_unit(d->context, experiment->definition.unit, &text)) return;
    if (!remembered_look(d->remembered, units, unit_of(text), &unit)) return;
    out->overridden = experiment;
    out->unit = unit.unit;
    out->unit_text = text;
    out->arm = unit.arm;
    out->epoch = unit.epoch;
}

bool decide_by_rule(const struct decider *d, const struct rule *rule, struct decision *out) {
    uint32_t variant = (uint32_t)rule->serve;
    if (rule->serve < 0) {
        struct text unit;
        if (!context_unit(d->context, rule->by, &unit)) return unit_missing(rule->by, out);
        uint64_t hash = bucket_hash(rule->seed, unit_of(unit));
        variant = bucket_pick(&rule->split, hash);
        out->bucket = (uint32_t)bucket_scale(hash, BUCKET_SLOTS);
    }
    out->rule = rule;
    note_overridden(d, out);
    return serve(d, out, variant, rule->serve < 0 ? REASON_SPLIT : REASON_TARGETING_MATCH);
}

static bool try_rules(const struct decider *d, bool overrides, struct decision *out) {
    const struct feature *feature = &d->feature->definition;
    const struct condition_input input = input_of(d);
    for (uint32_t i = 0; i < feature->n_rules; i++) {
        const struct rule *rule = &feature->rules[i];
        if (rule->overrides == overrides && condition_true(rule->condition, &input) && decide_by_rule(d, rule, out))
            return true;
    }
    return false;
}

static bool step_overrides(const struct decider *d, struct decision *out) {
    return try_rules(d, true, out);
}
static bool step_rules(const struct decider *d, struct decision *out) {
    return try_rules(d, false, out);
}

/* ---- holdouts ---- */

/* A holdout covers what goes on trial after it began, for as long as it lasts. */
static bool covers(const struct holdout *holdout, const struct snapshot_feature *feature, int64_t now) {
    return feature->last_trial > holdout->start && now >= holdout->start && (!holdout->end || now < holdout->end);
}

int decide_holdout(const struct snapshot_holdout *holdout, const struct snapshot_feature *feature,
                   const struct context *context, struct text *unit) {
    const struct holdout *definition = &holdout->definition;
    if (!covers(definition, feature, context->now) || !context_unit(context, definition->unit, unit)) return -1;
    uint64_t hash = bucket_hash(holdout->seed, unit_of(*unit));
    return bucket_scale(hash, BUCKET_TRAFFIC_FULL) < definition->share ? HOLDOUT_HELD : HOLDOUT_OPEN;
}

static bool step_holdouts(const struct decider *d, struct decision *out) {
    for (uint32_t i = 0; i < d->feature->n_holdouts && !out->held; i++) {
        const struct snapshot_holdout *holdout = d->feature->holdouts[i];
        struct text unit;
        int part = decide_holdout(holdout, d->feature, d->context, &unit);
        if (part < 0 || (out->holdout && part == HOLDOUT_OPEN)) continue;
        out->holdout = holdout;
        out->held = part == HOLDOUT_HELD;
    }
    return out->held && serve(d, out, d->feature->definition.off, REASON_SPLIT);
}

/* ---- the experiment ---- */

/* Whether the unit is among the share that takes part, and its bucket for people: the slot in a layer. */
static bool is_in(const struct snapshot_experiment *experiment, struct unit_id unit, uint32_t *bucket) {
    const struct experiment_state *state = &experiment->state;
    uint64_t hash = bucket_hash(experiment->in_seed, unit);
    *bucket = (uint32_t)bucket_scale(hash, BUCKET_SLOTS);
    if (experiment->layer) return bucket_slot_in(state->slots, (int)state->n_slots, *bucket);
    return bucket_scale(hash, BUCKET_TRAFFIC_FULL) < state->traffic;
}

/* The arm of a unit; -1 where none is left. Units of a removed arm are drawn anew among the others, nobody else moves. */
static int draw(const struct snapshot_experiment *experiment, struct unit_id unit) {
    if (!experiment->left.n) return -1;
    uint32_t arm = bucket_pick(&experiment->drawn, bucket_hash(experiment->variant_seed, unit));
    if (experiment->state.removed[arm]) arm = bucket_pick(&experiment->left, bucket_hash(experiment->again_seed, unit));
    return (int)arm;
}

static bool find_remembered(const struct snapshot_experiment *experiment, struct unit_id unit,
                            const struct remembered_all *remembered, struct remembered_unit *out) {
    const struct remembered *units = remembered ? remembered_of(remembered, experiment->state.salt) : NULL;
    return units && remembered_look(remembered, units, unit, out) && out->arm < experiment->state.n_arms;
}

int decide_arm(const struct snapshot_experiment *experiment, struct unit_id unit,
               const struct remembered_all *remembered, uint32_t *epoch) {
    struct remembered_unit known;
    uint32_t bucket;
    *epoch = experiment->state.n_epochs ? experiment->state.n_epochs - 1 : 0;
    if (find_remembered(experiment, unit, remembered, &known)) {
        *epoch = known.epoch;
        return experiment->state.removed[known.arm] ? draw(experiment, unit) : known.arm;
    }
    return is_in(experiment, unit, &bucket) ? draw(experiment, unit) : -1;
}

static bool takes_part(const struct decider *d, const struct snapshot_experiment *experiment) {
    return experiment && experiment->definition.assignment == ASSIGNED_BY_PARLEY &&
           experiment->state.phase != PHASE_PAUSED && d->context->now >= experiment->state.start_at;
}

/* Nobody enters any more; whoever is in keeps the variant. */
static bool is_over(const struct decider *d, const struct experiment_state *state) {
    return state->phase == PHASE_MATURING || (state->end_at && d->context->now >= state->end_at);
}

static bool give_arm(const struct decider *d, const struct snapshot_experiment *experiment, int arm, bool expose,
                     struct decision *out) {
    if (arm < 0 || experiment->variant_of_arm[arm] == NO_VARIANT) return false;
    out->experiment = experiment;
    out->expose = expose;
    out->arm = (uint16_t)arm;
    return serve(d, out, experiment->variant_of_arm[arm], REASON_SPLIT);
}

static bool experiment_unit(const struct context *context, const struct snapshot_experiment *experiment,
                            struct text *out) {
    if (!experiment->by_targeting_key) return context_unit(context, experiment->definition.unit, out);
    *out = context->targeting_key;
    return out->n > 0;
}

static bool in_audience(const struct decider *d, const struct snapshot_experiment *experiment) {
    if (!experiment->definition.audience) return true;
    const struct condition_input input = input_of(d);
    return condition_true(experiment->definition.audience, &input);
}

static bool step_experiment(const struct decider *d, struct decision *out) {
    const struct snapshot_experiment *experiment = d->feature->experiment;
    if (!takes_part(d, experiment)) return false;
    const struct experiment_state *state = &experiment->state;
    bool over = is_over(d, state), known = experiment_unit(d->context, experiment, &out->unit_text);
    struct remembered_unit unit;
    if (known) {
        out->unit = unit_of(out->unit_text);
        out->in = is_in(experiment, out->unit, &out->bucket);
        out->enrolled = find_remembered(experiment, out->unit, d->remembered, &unit);
        if (out->enrolled) {
            bool removed = state->removed[unit.arm];
            out->epoch = unit.epoch;
            return give_arm(d, experiment, removed ? draw(experiment, out->unit) : unit.arm, !removed && !over, out);
        }
        if (!out->in) return false;
    }
    if (over || !in_audience(d, experiment)) return false;
    if (!known) return unit_missing(experiment->definition.unit, out);
    out->epoch = (uint16_t)(state->n_epochs - 1);
    return give_arm(d, experiment, draw(experiment, out->unit), true, out);
}

static bool step_default(const struct decider *d, struct decision *out) {
    const struct feature *feature = &d->feature->definition;
    bool fixed = feature->n_rules == 0 && !d->feature->experiment;
    return serve(d, out, feature->by_default, fixed ? REASON_STATIC : REASON_DEFAULT);
}

/* ---- the order (semantics.md, "Assignment") ---- */

const struct decide_step decide_steps[] = {
    {STEP_PREVIEW, "preview", step_preview},
    {STEP_DISABLED, "disabled", step_disabled},
    {STEP_PREREQUISITE, "prerequisites", step_prerequisites},
    {STEP_OVERRIDE, "override rules", step_overrides},
    {STEP_HOLDOUT, "holdouts", step_holdouts},
    {STEP_RULE, "rules", step_rules},
    {STEP_EXPERIMENT, "experiment", step_experiment},
    {STEP_DEFAULT, "default", step_default},
};
const size_t decide_steps_count = sizeof decide_steps / sizeof *decide_steps;
enum { FIRST_OF_PLAIN = STEP_EXPERIMENT - STEP_PREVIEW }; /* what stands before decides nothing for a plain feature */

static void decide_at(const struct snapshot *snapshot, const struct snapshot_feature *feature,
                      const struct context *context, const struct remembered_all *remembered,
                      struct variants_known *known, struct decision *out) {
    const struct decider d = {snapshot, feature, context, remembered, known};
    *out = (struct decision){.feature = feature};
    if (context->crawler) {
        out->step = STEP_CRAWLER;
        serve(&d, out, feature->definition.off, REASON_DEFAULT);
        return;
    }
    for (size_t i = feature->plain && !context->n_previews ? FIRST_OF_PLAIN : 0; i < decide_steps_count; i++) {
        if (!decide_steps[i].run(&d, out)) continue;
        out->step = decide_steps[i].step;
        return;
    }
}

void decide(const struct snapshot *snapshot, const struct snapshot_feature *feature, const struct context *context,
            const struct remembered_all *remembered, struct decision *out) {
    struct variants_known own = {0};
    decide_at(snapshot, feature, context, remembered, context->known ? context->known : &own, out);
}
