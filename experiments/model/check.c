#include "experiments/model/check.h"

#include <stdio.h>

#include "experiments/model/uses.h"

/* ---- segments that conditions name ---- */

struct naming {
    struct reader *reader;
    const struct path *path;
    const struct snapshot *snapshot;
    struct text self; /* a segment may not refer to itself */
};

/* "a → b → c → a": long ones with their middle left out. `way` goes from what `key` is to name back to `key`. */
static struct text circle(struct text key, const struct graph *graph, struct text (*key_of)(const void *, uint32_t),
                          const uint32_t *way, uint32_t n, struct arena *arena) {
    enum { SHOWN = 6 };
    struct text out = key;
    for (uint32_t i = 0; i < n; i++) {
        if (n > SHOWN && i == SHOWN / 2) {
            out = arena_printf(arena, "%.*s → … %u more …", TEXT_ARGS(out), n - SHOWN);
            i = n - SHOWN / 2;
        }
        out = arena_printf(arena, "%.*s → %.*s", TEXT_ARGS(out), TEXT_ARGS(key_of(graph->ctx, way[i])));
    }
    return out;
}

/* A fault where `from` leads back to `to`, whose key is `key`. */
static void check_circle(struct reader *r, const struct path *path, const char *what, struct text key,
                         struct text (*key_of)(const void *, uint32_t), struct graph graph, uint32_t from,
                         uint32_t to) {
    struct arena arena;
    uint32_t n;
    arena_init(&arena, 4096);
    const uint32_t *way = graph_way(&graph, from, to, &arena, &n);
    if (way)
        reader_fault(r, path, "%s in turn: %.*s; break the circle", what,
                     TEXT_ARGS(circle(key, &graph, key_of, way, n, &arena)));
    arena_free(&arena);
}

static struct text segment_key(const void *snapshot, uint32_t i) {
    return ((const struct snapshot *)snapshot)->segments[i].definition.key;
}

static void check_named_segment(void *ctx, struct text segment) {
    struct naming *naming = ctx;
    const struct snapshot *snapshot = naming->snapshot;
    const struct snapshot_segment *other = snapshot_segment(snapshot, segment);
    const struct snapshot_segment *self = naming->self.n ? snapshot_segment(snapshot, naming->self) : NULL;
    if (text_eq(segment, naming->self))
        reader_fault(naming->reader, naming->path, "asks for the segment itself; write its condition without that");
    else if (!other)
        reader_fault(naming->reader, naming->path, "asks for segment \"%.*s\", which is not there; create it first",
                     TEXT_ARGS(segment));
    else if (self)
        check_circle(naming->reader, naming->path, "asks for a segment that asks for this one", naming->self,
                     segment_key, snapshot_segment_graph(snapshot), (uint32_t)(other - snapshot->segments),
                     (uint32_t)(self - snapshot->segments));
}

static void check_condition(struct reader *r, const struct path *path, const struct condition *condition,
                            const struct snapshot *snapshot, struct text self) {
    struct naming naming = {r, path, snapshot, self};
    condition_segments(condition, check_named_segment, &naming);
}

int check_segment_depths(const struct snapshot *snapshot, struct error *error) {
    for (uint32_t i = 0; i < snapshot->n_segments; i++)
        if (snapshot->segments[i].depth >= CONDITION_MAX_SEGMENT_DEPTH)
            return error_set(error, ERR_CONFLICT,
                             "segment \"%.*s\" would ask for segments that ask for segments, more than %d deep; "
                             "write it with fewer steps",
                             TEXT_ARGS(snapshot->segments[i].definition.key), CONDITION_MAX_SEGMENT_DEPTH);
    return 0;
}

int check_segment(const struct segment *segment, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    check_condition(&r, PATH_MEMBER(NULL, "if"), segment->condition, snapshot, segment->key);
    return reader_result(&r);
}

/* ---- features ---- */

static struct text feature_key(const void *snapshot, uint32_t i) {
    return ((const struct snapshot *)snapshot)->features[i].definition.key;
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
    const struct snapshot_feature *own = snapshot_feature(snapshot, feature->key);
    if (own) /* nobody requires what is new */
        check_circle(r, PATH_MEMBER(path, "feature"), "requires this feature", feature->key, feature_key,
                     snapshot_prerequisites(snapshot), (uint32_t)(other - snapshot->features),
                     (uint32_t)(own - snapshot->features));
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

/* Without the variant that they require, features above this one would be off for everybody, and nobody would be told. */
static void check_required_stay(struct reader *r, const struct feature *feature, const struct snapshot *snapshot) {
    for (uint32_t i = 0; i < snapshot->n_features; i++) {
        const struct feature *above = &snapshot->features[i].definition;
        for (uint32_t j = 0; j < above->n_prerequisites; j++) {
            const struct prerequisite *required = &above->prerequisites[j];
            if (!text_eq(required->feature, feature->key)) continue;
            for (uint32_t v = 0; v < required->n_variants; v++)
                if (feature_variant(feature, required->variants[v]) < 0)
                    reader_fault(r, PATH_MEMBER(NULL, "variants"),
                                 "lacks \"%.*s\", which feature \"%.*s\" requires; change that first",
                                 TEXT_ARGS(required->variants[v]), TEXT_ARGS(above->key));
        }
    }
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
    check_required_stay(&r, feature, snapshot);
    return reader_result(&r);
}

/* ---- metrics ---- */

int check_metric(const struct metric *metric, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    const struct path *numerator = metric->kind == METRIC_RATIO ? PATH_MEMBER(NULL, "numerator") : NULL;
    check_condition(&r, PATH_MEMBER(numerator, "where"), metric->source.where, snapshot, TEXT_NONE);
    check_condition(&r, PATH_MEMBER(PATH_MEMBER(NULL, "denominator"), "where"), metric->denominator.where, snapshot,
                    TEXT_NONE);
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
    const struct path *metrics = PATH_MEMBER(NULL, "metrics");
    check_metric_named(&r, PATH_MEMBER(metrics, "primary"), holdout->primary, snapshot);
    for (uint32_t i = 0; i < holdout->n_secondary; i++)
        check_metric_named(&r, PATH_ELEMENT(PATH_MEMBER(metrics, "secondary"), i), holdout->secondary[i], snapshot);
    return reader_result(&r);
}

/* ---- pages ---- */

int check_page(const struct page *page, const struct snapshot *snapshot, struct error *error) {
    struct reader r = {NULL, error, 0};
    const struct snapshot_feature *layout = page->layout.n ? snapshot_feature(snapshot, page->layout) : NULL;
    for (uint32_t i = 0; i < page->n_sections; i++) {
        const struct page_section *section = &page->sections[i];
        if (!snapshot_feature(snapshot, section->feature))
            reader_fault(&r, PATH_MEMBER(PATH_MEMBER(PATH_MEMBER(NULL, "sections"), section->id.at), "feature"),
                         "names feature \"%.*s\", which is not there; create it first", TEXT_ARGS(section->feature));
    }
    if (page->layout.n && (!layout || layout->definition.type != FEATURE_OBJECT))
        reader_fault(&r, PATH_MEMBER(NULL, "layout"), "must name a feature of type object");
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

struct finding {
    enum definition_kind kind;
    struct text key;
    struct error *error;
};

static bool refuse_use(void *ctx, const struct use *use) {
    const struct finding *f = ctx;
    error_set(f->error, ERR_CONFLICT, "%s \"%.*s\" is used by %s \"%.*s\"; change that first",
              definition_kinds[f->kind], TEXT_ARGS(f->key), definition_kinds[use->kind], TEXT_ARGS(use->key));
    return false;
}

int check_unused(enum definition_kind kind, struct text key, const struct snapshot *snapshot, struct error *error) {
    struct error found = {0};
    uses_of(snapshot, kind, key, refuse_use, &(struct finding){kind, key, &found});
    if (found.code) *error = found;
    return found.code;
}

int check_not_live(enum definition_kind kind, struct text key, const struct snapshot *snapshot, struct error *error) {
    const struct snapshot_experiment *experiment =
        kind == DEFINITION_EXPERIMENT ? snapshot_experiment(snapshot, key) : NULL;
    if (!snapshot_is_live(experiment)) return 0;
    return error_set(error, ERR_CONFLICT, "experiment \"%.*s\" is %s; conclude it first", TEXT_ARGS(key),
                     experiment_phases[experiment->state.phase]);
}
