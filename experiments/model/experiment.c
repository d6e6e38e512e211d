#include "experiments/model/experiment.h"

#include "core/base/json_dump.h"

const char *const experiment_assignments[] = {"parley", "external", NULL};
const char *const experiment_methods[] = {"sequential", "fixed", "bayes", NULL};
const char *const experiment_corrections[] = {"holm", "bh", "by", "none", NULL};
const char *const guardrail_harms[] = {"increase", "decrease", NULL};
const char *const guardrail_actions[] = {"rollback", "pause", "warn", NULL};

int experiment_arm(const struct experiment *experiment, struct text variant) {
    for (uint32_t i = 0; i < experiment->n_arms; i++)
        if (text_eq(experiment->arms[i].variant, variant)) return (int)i;
    return -1;
}

/* ---- who meets what ---- */

static void read_weights(struct reader *r, struct experiment *experiment, const json_t *body) {
    const json_t *weights = json_object_get(body, "weights");
    const struct path *here = PATH_MEMBER(NULL, "weights");
    if (!weights) {
        reader_missing(r, NULL, "weights", "give each variant its share, like {\"off\":50,\"top\":50}");
        return;
    }
    if (!json_is_object(weights)) {
        reader_fault(r, here, "is not an object; write weights by variant, like {\"off\":50,\"top\":50}");
        return;
    }
    size_t n = json_object_size(weights);
    if (n < 1 || n > FEATURE_MAX_VARIANTS) {
        reader_fault(r, here, "names %zu variants; name 1 to %d", n, FEATURE_MAX_VARIANTS);
        return;
    }
    experiment->arms = arena_array(r->arena, struct arm, n);
    const char *name;
    json_t *weight;
    uint64_t total = 0;
    int before = r->faults;
    json_object_foreach((json_t *)weights, name, weight) {
        struct arm *arm = &experiment->arms[experiment->n_arms++];
        arm->variant = arena_text(r->arena, text_of(name));
        reader_weight(r, PATH_MEMBER(here, name), weight, &arm->weight);
        total += arm->weight;
    }
    if (!total && r->faults == before)
        reader_fault(r, here, "add up to 0; give the control and at least one other variant a weight above 0");
}

static void check_control(struct reader *r, const struct experiment *experiment) {
    if (!experiment->control.n || !experiment->n_arms) return;
    int arm = experiment_arm(experiment, experiment->control);
    if (arm < 0 || !experiment->arms[arm].weight)
        reader_fault(r, PATH_MEMBER(NULL, "control"),
                     "is \"%.*s\", which has no weight; give it one, or name another control",
                     TEXT_ARGS(experiment->control));
}

/* A percentage with up to 4 decimals. */
static bool read_percent(struct reader *r, const struct path *path, const json_t *value, uint32_t *out) {
    uint32_t percent;
    if (!reader_weight(r, path, value, &percent)) return false;
    if (percent > BUCKET_TRAFFIC_FULL) return reader_fault(r, path, "is above 100; it is a percentage");
    *out = percent;
    return true;
}

static void read_audience(struct reader *r, struct experiment *experiment, const json_t *body) {
    const json_t *audience = json_object_get(body, "audience");
    if (!audience) return;
    experiment->audience = condition_compile(r, PATH_MEMBER(NULL, "audience"), audience);
    if (!experiment->audience) return;
    struct buffer source = {0};
    condition_write(experiment->audience, &source);
    experiment->audience_source = arena_text(r->arena, buffer_view(&source));
    buffer_free(&source);
}

/* Who is in is not Parley's affair where somebody else assigns. */
static void check_external(struct reader *r, const json_t *body) {
    static const char *const refused[] = {"traffic", "audience", "layer", NULL};
    for (const char *const *name = refused; *name; name++)
        if (json_object_get(body, *name))
            reader_fault(r, PATH_MEMBER(NULL, *name), "has no effect where assignment is external; leave it out");
    const json_t *schedule = json_object_get(body, "schedule");
    if (json_object_get(schedule, "ramp"))
        reader_fault(r, PATH_MEMBER(PATH_MEMBER(NULL, "schedule"), "ramp"),
                     "has no effect where assignment is external; leave it out");
}

/* ---- what it is judged by ---- */

static void read_guardrail(struct reader *r, const struct path *path, const json_t *json, struct guardrail *out) {
    static const char *const members[] = {"metric", "harm", "margin", "relative", "action", NULL};
    if (!reader_object(r, path, json, members)) return;
    if (!json_object_get(json, "metric")) reader_missing(r, path, "metric", "name the metric that must not get worse");
    if (!json_object_get(json, "harm")) reader_missing(r, path, "harm", "write increase or decrease");
    int harm = HARM_INCREASE, action = ACTION_WARN;
    reader_key(r, path, json, "metric", &out->metric);
    reader_choice(r, path, json, "harm", guardrail_harms, &harm);
    reader_choice(r, path, json, "action", guardrail_actions, &action);
    reader_number(r, path, json, "margin", 0, 1e9, &out->margin);
    reader_bool(r, path, json, "relative", &out->relative);
    out->harm = (enum guardrail_harm)harm;
    out->action = (enum guardrail_action)action;
}

static void check_metric_roles(struct reader *r, const struct experiment *experiment, const struct path *path) {
    for (uint32_t i = 0; i < experiment->n_secondary; i++)
        if (experiment->primary.n && text_eq(experiment->secondary[i], experiment->primary))
            reader_fault(r, PATH_ELEMENT(PATH_MEMBER(path, "secondary"), i), "is the primary metric too; leave it out");
    for (uint32_t i = 0; i < experiment->n_guardrails; i++)
        for (uint32_t j = 0; j < i; j++)
            if (experiment->guardrails[i].metric.n &&
                text_eq(experiment->guardrails[i].metric, experiment->guardrails[j].metric))
                reader_fault(r, PATH_MEMBER(PATH_ELEMENT(PATH_MEMBER(path, "guardrails"), i), "metric"),
                             "guards twice; keep one guardrail per metric");
}

static void read_metrics(struct reader *r, struct experiment *experiment, const json_t *body) {
    static const char *const members[] = {"primary", "secondary", "guardrails", NULL};
    const json_t *metrics = json_object_get(body, "metrics");
    const struct path *here = PATH_MEMBER(NULL, "metrics");
    if (!metrics || !reader_object(r, here, metrics, members)) return;
    reader_key(r, here, metrics, "primary", &experiment->primary);
    reader_texts(r, here, metrics, "secondary", EXPERIMENT_MAX_METRICS, 64, &experiment->secondary,
                 &experiment->n_secondary);
    const json_t *guardrails = json_object_get(metrics, "guardrails");
    const struct path *there = PATH_MEMBER(here, "guardrails");
    if (guardrails && reader_array(r, there, guardrails, 0, EXPERIMENT_MAX_METRICS, "guardrails")) {
        experiment->n_guardrails = (uint32_t)json_array_size(guardrails);
        experiment->guardrails = arena_array(r->arena, struct guardrail, experiment->n_guardrails);
        for (uint32_t i = 0; i < experiment->n_guardrails; i++)
            read_guardrail(r, PATH_ELEMENT(there, i), json_array_get(guardrails, i), &experiment->guardrails[i]);
    }
    check_metric_roles(r, experiment, here);
}

static void read_analysis(struct reader *r, struct experiment *experiment, const json_t *body) {
    static const char *const members[] = {"method", "alpha", "nStar", "cuped", "correction", NULL};
    const json_t *analysis = json_object_get(body, "analysis");
    const struct path *here = PATH_MEMBER(NULL, "analysis");
    if (!analysis || !reader_object(r, here, analysis, members)) return;
    int method = METHOD_SEQUENTIAL, correction = CORRECTION_HOLM;
    reader_choice(r, here, analysis, "method", experiment_methods, &method);
    reader_choice(r, here, analysis, "correction", experiment_corrections, &correction);
    reader_number(r, here, analysis, "alpha", 0.0001, 0.5, &experiment->alpha);
    reader_integer(r, here, analysis, "nStar", 1, 1000000000000, &experiment->n_star);
    reader_duration(r, here, analysis, "cuped", &experiment->cuped);
    experiment->method = (enum experiment_method)method;
    experiment->correction = (enum experiment_correction)correction;
}

/* ---- when ---- */

/* What must hold, beside the time, before the next step begins. */
static void read_gate(struct reader *r, const struct path *path, const json_t *gate, bool last,
                      const struct experiment *experiment, struct ramp_step *step) {
    static const char *const members[] = {"units", "approval", "guardrails", NULL};
    if (!reader_object(r, path, gate, members)) return;
    if (last) reader_fault(r, path, "guards the way to a next step, but this is the last; leave it out");
    reader_integer(r, path, gate, "units", 1, 1000000000000, &step->units);
    reader_bool(r, path, gate, "approval", &step->approval);
    reader_bool(r, path, gate, "guardrails", &step->guardrails);
    if (step->guardrails && !experiment->n_guardrails)
        reader_fault(r, PATH_MEMBER(path, "guardrails"),
                     "has nothing to look at: write the guardrails into metrics.guardrails");
}

static void read_ramp_step(struct reader *r, const struct path *path, const json_t *json, bool last,
                           const struct experiment *experiment, struct ramp_step *step) {
    static const char *const members[] = {"traffic", "hold", "gate", NULL};
    if (!reader_object(r, path, json, members)) return;
    const json_t *traffic = json_object_get(json, "traffic");
    if (!traffic)
        reader_missing(r, path, "traffic", "write the percentage of units that are in");
    else
        read_percent(r, PATH_MEMBER(path, "traffic"), traffic, &step->traffic);
    const json_t *gate = json_object_get(json, "gate");
    if (!json_object_get(json, "hold") && !gate && !last)
        reader_missing(r, path, "hold", "say how long the step lasts, like \"P1D\", or what it waits for, as \"gate\"");
    reader_duration(r, path, json, "hold", &step->hold);
    if (gate) read_gate(r, PATH_MEMBER(path, "gate"), gate, last, experiment, step);
}

static void read_ramp(struct reader *r, struct experiment *experiment, const json_t *schedule,
                      const struct path *path) {
    const json_t *ramp = json_object_get(schedule, "ramp");
    const struct path *here = PATH_MEMBER(path, "ramp");
    if (!ramp || !reader_array(r, here, ramp, 1, EXPERIMENT_MAX_RAMP, "steps")) return;
    uint32_t n = experiment->n_ramp = (uint32_t)json_array_size(ramp);
    experiment->ramp = arena_array(r->arena, struct ramp_step, n);
    for (uint32_t i = 0; i < n; i++) {
        read_ramp_step(r, PATH_ELEMENT(here, i), json_array_get(ramp, i), i + 1 == n, experiment, &experiment->ramp[i]);
        if (i && experiment->ramp[i].traffic <= experiment->ramp[i - 1].traffic)
            reader_fault(r, PATH_MEMBER(PATH_ELEMENT(here, i), "traffic"),
                         "is not above the step before; a ramp only goes up");
    }
}

static void read_schedule(struct reader *r, struct experiment *experiment, const json_t *body) {
    static const char *const members[] = {"start", "end", "ramp", NULL};
    const json_t *schedule = json_object_get(body, "schedule");
    const struct path *here = PATH_MEMBER(NULL, "schedule");
    if (!schedule || !reader_object(r, here, schedule, members)) return;
    reader_time(r, here, schedule, "start", &experiment->scheduled_start);
    if (reader_time(r, here, schedule, "end", &experiment->scheduled_end) && experiment->scheduled_start &&
        experiment->scheduled_end <= experiment->scheduled_start)
        reader_fault(r, PATH_MEMBER(here, "end"), "does not lie after start; write a later date");
    read_ramp(r, experiment, schedule, here);
}

/* ---- the whole ---- */

static void read_texts(struct reader *r, struct experiment *experiment, const json_t *body) {
    if (!json_object_get(body, "feature")) reader_missing(r, NULL, "feature", "name the feature that is on trial");
    reader_key(r, NULL, body, "feature", &experiment->feature);
    reader_key(r, NULL, body, "control", &experiment->control);
    reader_key(r, NULL, body, "layer", &experiment->layer);
    reader_text(r, NULL, body, "name", MODEL_MAX_NAME, &experiment->name);
    reader_text(r, NULL, body, "owner", MODEL_MAX_NAME, &experiment->owner);
    reader_text(r, NULL, body, "hypothesis", MODEL_MAX_PROSE, &experiment->hypothesis);
    reader_text(r, NULL, body, "unit", MODEL_MAX_NAME, &experiment->unit);
    reader_time(r, NULL, body, "reviewBy", &experiment->review_by);
    reader_texts(r, NULL, body, "tags", MODEL_MAX_TAGS, MODEL_MAX_NAME, &experiment->tags, &experiment->n_tags);
    reader_texts(r, NULL, body, "breakdowns", EXPERIMENT_MAX_BREAKDOWNS, MODEL_MAX_NAME, &experiment->breakdowns,
                 &experiment->n_breakdowns);
}

int experiment_parse(struct experiment *experiment, const json_t *body, struct text url_key, struct arena *arena,
                     struct error *error) {
    static const char *const members[] = {"key",      "name",    "feature",  "hypothesis", "assignment",
                                          "unit",     "control", "weights",  "traffic",    "audience",
                                          "layer",    "metrics", "mde",      "breakdowns", "owner",
                                          "reviewBy", "tags",    "analysis", "schedule",   NULL};
    struct reader r = {arena, error, 0};
    *experiment = (struct experiment){.unit = TEXT("targetingKey"), .traffic = BUCKET_TRAFFIC_FULL, .alpha = 0.05};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &experiment->key);
    read_texts(&r, experiment, body);
    int assignment = ASSIGNED_BY_PARLEY;
    reader_choice(&r, NULL, body, "assignment", experiment_assignments, &assignment);
    experiment->assignment = (enum experiment_assignment)assignment;
    if (assignment == ASSIGNED_EXTERNALLY) check_external(&r, body);
    read_weights(&r, experiment, body);
    check_control(&r, experiment);
    const json_t *traffic = json_object_get(body, "traffic");
    if (traffic) read_percent(&r, PATH_MEMBER(NULL, "traffic"), traffic, &experiment->traffic);
    read_audience(&r, experiment, body);
    read_metrics(&r, experiment, body);
    reader_number(&r, NULL, body, "mde", 0.000001, 1000, &experiment->mde);
    read_analysis(&r, experiment, body);
    read_schedule(&r, experiment, body);
    return reader_result(&r);
}

void experiment_settle(struct experiment *experiment, const struct feature *feature) {
    struct text off = feature->variants[feature->off].key;
    int arm = experiment_arm(experiment, off);
    if (!experiment->control.n && arm >= 0 && experiment->arms[arm].weight)
        experiment->control = experiment->arms[arm].variant;
}

json_t *experiment_canonical(const struct experiment *experiment, const json_t *body) {
    static const char *const order[] = {"name",    "feature",  "hypothesis", "assignment", "unit",
                                        "control", "weights",  "traffic",    "audience",   "layer",
                                        "metrics", "mde",      "breakdowns", "owner",      "reviewBy",
                                        "tags",    "analysis", "schedule",   NULL};
    bool external = experiment->assignment == ASSIGNED_EXTERNALLY;
    json_t *defaults = json_pack("{s:s, s:s#}", "assignment", experiment_assignments[experiment->assignment], "unit",
                                 experiment->unit.at, (int)experiment->unit.n);
    json_t *analysis = json_pack("{s:s, s:f, s:s}", "method", experiment_methods[experiment->method], "alpha",
                                 experiment->alpha, "correction", experiment_corrections[experiment->correction]);
    if (!external) json_object_set_new(defaults, "traffic", json_integer(100));
    if (experiment->control.n)
        json_object_set_new(defaults, "control", json_stringn(experiment->control.at, experiment->control.n));
    json_object_update(analysis, json_object_get(body, "analysis"));
    json_t *out = reader_canonical(experiment->key, body, order, defaults);
    json_object_set_new(out, "analysis", analysis);
    json_decref(defaults);
    return out;
}
