#include "experiments/model/check.h"

#include <stdio.h>

/* ---- segments that conditions name ---- */

struct naming {
    struct reader *reader;
    const struct path *path;
    const struct snapshot *snapshot;
    struct text self; /* a segment may not refer to itself */
};

static void check_named_segment(void *ctx, struct text segment) {
    struct naming *naming = ctx;
    if (text_eq(segment, naming->self))
        reader_fault(naming->reader, naming->path, "asks for the segment itself; write its condition without that");
    else if (!snapshot_segment(naming->snapshot, segment))
        reader_fault(naming->reader, naming->path, "asks for segment \"%.*s\", which is not there; create it first",
                     TEXT_ARGS(segment));
}

static void check_condition(struct reader *r, const struct path *path, const struct condition *condition,
                            const struct snapshot *snapshot, struct text self) {
    struct naming naming = {r, path, snapshot, self};
    condition_segments(condition, check_named_segment, &naming);
}

int check_segment(const struct segment *segment, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    check_condition(&r, PATH_MEMBER(NULL, "if"), segment->condition, snapshot, segment->key);
    return reader_result(&r);
}

/* ---- features ---- */

/* "a → b → c → a": long ones with their middle left out. `way` goes from what `key` is to require back to `key`. */
static struct text circle(const struct snapshot *snapshot, struct text key, const uint32_t *way, uint32_t n,
                          struct arena *arena) {
    enum { SHOWN = 6 };
    struct text out = key;
    for (uint32_t i = 0; i < n; i++) {
        if (n > SHOWN && i == SHOWN / 2) {
            out = arena_printf(arena, "%.*s → … %u more …", TEXT_ARGS(out), n - SHOWN);
            i = n - SHOWN / 2;
        }
        struct text next = snapshot->features[way[i]].definition.key;
        out = arena_printf(arena, "%.*s → %.*s", TEXT_ARGS(out), TEXT_ARGS(next));
    }
    return out;
}

/* A fault where `other` leads back to the feature that is to require it. */
static void check_circle(struct reader *r, const struct path *path, struct text key,
                         const struct snapshot_feature *other, const struct snapshot *snapshot) {
    const struct snapshot_feature *own = snapshot_feature(snapshot, key);
    if (!own) return; /* nobody requires what is new */
    struct arena arena;
    struct graph graph = snapshot_prerequisites(snapshot);
    uint32_t n;
    arena_init(&arena, 4096);
    const uint32_t *way = graph_way(&graph, (uint32_t)(other - snapshot->features),
                                    (uint32_t)(own - snapshot->features), &arena, &n);
    if (way)
        reader_fault(r, path, "requires this feature in turn: %.*s; break the circle",
                     TEXT_ARGS(circle(snapshot, key, way, n, &arena)));
    arena_free(&arena);
}

static void check_prerequisite(struct reader *r, const struct path *path, const struct feature *feature,
                               const struct prerequisite *prerequisite, const struct snapshot *snapshot) {
    const struct snapshot_feature *other = snapshot_feature(snapshot, prerequisite->feature);
    if (!other) {
        reader_fault(r, PATH_MEMBER(path, "feature"), "names feature \"%.*s\", which is not there; create it first",
                     TEXT_ARGS(prerequisite->feature));
        return;
    }
    for (uint32_t i = 0; i < prerequisite->n_variants; i++)
        if (feature_variant(&other->definition, prerequisite->variants[i]) < 0)
            reader_fault(r, PATH_ELEMENT(PATH_MEMBER(path, "variants"), i), "is no variant of feature \"%.*s\"",
                         TEXT_ARGS(prerequisite->feature));
    check_circle(r, PATH_MEMBER(path, "feature"), feature->key, other, snapshot);
}

/* A running experiment's arms must stay: they are removed by taking their weight away first. */
static void check_arms_stay(struct reader *r, const struct feature *feature, const struct snapshot *snapshot) {
    const struct snapshot_feature *before = snapshot_feature(snapshot, feature->key);
    const struct snapshot_experiment *experiment = before ? before->experiment : NULL;
    for (uint32_t i = 0; experiment && i < experiment->state.n_arms; i++)
        if (!experiment->state.removed[i] && feature_variant(feature, experiment->state.arms[i]) < 0)
            reader_fault(r, PATH_MEMBER(NULL, "variants"),
                         "lacks \"%.*s\", an arm of experiment \"%.*s\"; take its weight away there first",
                         TEXT_ARGS(experiment->state.arms[i]), TEXT_ARGS(experiment->definition.key));
}

int check_feature(const struct feature *feature, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    for (uint32_t i = 0; i < feature->n_prerequisites; i++)
        check_prerequisite(&r, PATH_ELEMENT(PATH_MEMBER(NULL, "prerequisites"), i), feature, &feature->prerequisites[i],
                           snapshot);
    for (uint32_t i = 0; i < feature->n_rules; i++)
        check_condition(&r, PATH_MEMBER(PATH_ELEMENT(PATH_MEMBER(NULL, "rules"), i), "if"), feature->rules[i].condition,
                        snapshot, TEXT_NONE);
    check_arms_stay(&r, feature, snapshot);
    return reader_result(&r);
}

/* ---- experiments ---- */

static void check_metric_named(struct reader *r, const struct path *path, struct text key,
                               const struct snapshot *snapshot) {
    if (key.n && !snapshot_metric(snapshot, key))
        reader_fault(r, path, "names metric \"%.*s\", which is not there; create it first", TEXT_ARGS(key));
}

static void check_metrics(struct reader *r, const struct experiment *experiment, const struct snapshot *snapshot) {
    const struct path *metrics = PATH_MEMBER(NULL, "metrics");
    check_metric_named(r, PATH_MEMBER(metrics, "primary"), experiment->primary, snapshot);
    for (uint32_t i = 0; i < experiment->n_secondary; i++)
        check_metric_named(r, PATH_ELEMENT(PATH_MEMBER(metrics, "secondary"), i), experiment->secondary[i], snapshot);
    for (uint32_t i = 0; i < experiment->n_guardrails; i++)
        check_metric_named(r, PATH_MEMBER(PATH_ELEMENT(PATH_MEMBER(metrics, "guardrails"), i), "metric"),
                           experiment->guardrails[i].metric, snapshot);
}

static void check_variants(struct reader *r, struct experiment *experiment, const struct feature *feature) {
    for (uint32_t i = 0; i < experiment->n_arms; i++) {
        if (feature_variant(feature, experiment->arms[i].variant) >= 0) continue;
        char name[65]; /* keys of weights are checked here for the first time */
        snprintf(name, sizeof name, "%.*s", TEXT_ARGS(experiment->arms[i].variant));
        reader_fault(r, PATH_MEMBER(PATH_MEMBER(NULL, "weights"), name), "is no variant of feature \"%.*s\"",
                     TEXT_ARGS(feature->key));
    }
    experiment_settle(experiment, feature);
    if (!experiment->control.n)
        reader_fault(r, PATH_MEMBER(NULL, "control"),
                     "is missing, and the feature's off variant has no weight; name the variant to compare with");
}

static void check_layer(struct reader *r, const struct experiment *experiment, const struct snapshot *snapshot) {
    if (!experiment->layer.n) return;
    const struct layer *layer = snapshot_layer(snapshot, experiment->layer);
    if (!layer)
        reader_fault(r, PATH_MEMBER(NULL, "layer"), "names layer \"%.*s\", which is not there; create it first",
                     TEXT_ARGS(experiment->layer));
    else if (!text_eq(layer->unit, experiment->unit))
        reader_fault(r, PATH_MEMBER(NULL, "unit"), "is \"%.*s\", but the layer's is \"%.*s\"; they must be the same",
                     TEXT_ARGS(experiment->unit), TEXT_ARGS(layer->unit));
}

int check_experiment(struct experiment *experiment, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    const struct snapshot_feature *feature = snapshot_feature(snapshot, experiment->feature);
    if (feature)
        check_variants(&r, experiment, &feature->definition);
    else
        reader_fault(&r, PATH_MEMBER(NULL, "feature"), "names feature \"%.*s\", which is not there; create it first",
                     TEXT_ARGS(experiment->feature));
    check_metrics(&r, experiment, snapshot);
    check_layer(&r, experiment, snapshot);
    check_condition(&r, PATH_MEMBER(NULL, "audience"), experiment->audience, snapshot, TEXT_NONE);
    return reader_result(&r);
}

/* ---- holdouts ---- */

int check_holdout(const struct holdout *holdout, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    for (uint32_t i = 0; i < holdout->n_features; i++)
        if (!snapshot_feature(snapshot, holdout->features[i]))
            reader_fault(&r, PATH_ELEMENT(PATH_MEMBER(NULL, "features"), i),
                         "names feature \"%.*s\", which is not there; create it first",
                         TEXT_ARGS(holdout->features[i]));
    return reader_result(&r);
}

/* ---- starting ---- */

static int check_measured(const struct metric *metric, struct text key, struct error *error) {
    if (!key.n) return 0;
    if (!metric)
        return error_set(error, ERR_CONFLICT, "metric \"%.*s\" is not there any more; take it out of the experiment",
                         TEXT_ARGS(key));
    return 0;
}

int check_start(const struct snapshot_experiment *experiment, const struct snapshot *snapshot, struct error *error) {
    const struct experiment *definition = &experiment->definition;
    if (!experiment->feature)
        return error_set(error, ERR_CONFLICT, "feature \"%.*s\" is not there any more", TEXT_ARGS(definition->feature));
    const struct snapshot_experiment *other = experiment->feature->experiment;
    if (other && other != experiment)
        return error_set(
            error, ERR_CONFLICT,
            "experiment \"%.*s\" is %s on feature \"%.*s\"; conclude it first: a feature is on one trial at "
            "a time",
            TEXT_ARGS(other->definition.key), experiment_phases[other->state.phase], TEXT_ARGS(definition->feature));
    int code = check_measured(experiment->primary, definition->primary, error);
    for (uint32_t i = 0; !code && i < definition->n_secondary; i++)
        code = check_measured(experiment->secondary[i], definition->secondary[i], error);
    for (uint32_t i = 0; !code && i < definition->n_guardrails; i++)
        code = check_measured(experiment->guardrails[i], definition->guardrails[i].metric, error);
    return code;
}

/* ---- deleting ---- */

struct use {
    struct text segment;
    bool found;
};

static void is_use(void *ctx, struct text segment) {
    struct use *use = ctx;
    use->found |= text_eq(use->segment, segment);
}

static bool uses_segment(const struct condition *condition, struct text segment) {
    struct use use = {segment, false};
    condition_segments(condition, is_use, &use);
    return use.found;
}

static bool feature_uses(const struct feature *feature, enum definition_kind kind, struct text key) {
    for (uint32_t i = 0; kind == DEFINITION_FEATURE && i < feature->n_prerequisites; i++)
        if (text_eq(feature->prerequisites[i].feature, key)) return true;
    for (uint32_t i = 0; kind == DEFINITION_SEGMENT && i < feature->n_rules; i++)
        if (uses_segment(feature->rules[i].condition, key)) return true;
    return false;
}

static bool experiment_uses(const struct experiment *experiment, enum definition_kind kind, struct text key) {
    switch (kind) {
    case DEFINITION_FEATURE: return text_eq(experiment->feature, key);
    case DEFINITION_LAYER: return text_eq(experiment->layer, key);
    case DEFINITION_SEGMENT: return uses_segment(experiment->audience, key);
    case DEFINITION_METRIC: break;
    default: return false;
    }
    bool used = text_eq(experiment->primary, key);
    for (uint32_t i = 0; i < experiment->n_secondary; i++) used |= text_eq(experiment->secondary[i], key);
    for (uint32_t i = 0; i < experiment->n_guardrails; i++) used |= text_eq(experiment->guardrails[i].metric, key);
    return used;
}

static int in_use(struct error *error, enum definition_kind kind, struct text key, enum definition_kind by,
                  struct text by_key) {
    return error_set(error, ERR_CONFLICT, "%s \"%.*s\" is used by %s \"%.*s\"; change that first",
                     definition_kinds[kind], TEXT_ARGS(key), definition_kinds[by], TEXT_ARGS(by_key));
}

int check_unused(enum definition_kind kind, struct text key, const struct snapshot *snapshot, struct error *error) {
    for (uint32_t i = 0; i < snapshot->n_features; i++)
        if (feature_uses(&snapshot->features[i].definition, kind, key))
            return in_use(error, kind, key, DEFINITION_FEATURE, snapshot->features[i].definition.key);
    for (uint32_t i = 0; i < snapshot->n_experiments; i++)
        if (experiment_uses(&snapshot->experiments[i].definition, kind, key))
            return in_use(error, kind, key, DEFINITION_EXPERIMENT, snapshot->experiments[i].definition.key);
    for (uint32_t i = 0; kind == DEFINITION_SEGMENT && i < snapshot->n_segments; i++)
        if (uses_segment(snapshot->segments[i].condition, key))
            return in_use(error, kind, key, DEFINITION_SEGMENT, snapshot->segments[i].key);
    const struct snapshot_experiment *experiment =
        kind == DEFINITION_EXPERIMENT ? snapshot_experiment(snapshot, key) : NULL;
    if (experiment && experiment->state.phase != PHASE_DRAFT && experiment->state.phase != PHASE_CONCLUDED)
        return error_set(error, ERR_CONFLICT, "experiment \"%.*s\" is %s; conclude it first", TEXT_ARGS(key),
                         experiment_phases[experiment->state.phase]);
    return 0;
}
