#include "experiments/model/metric.h"

#include "experiments/model/feature.h"

const char *const metric_kinds[] = {"conversion", "count", "mean", "ratio", "retention", "quantile", "funnel", NULL};
const char *const metric_betters[] = {"higher", "lower", NULL};

/* What each kind needs and takes beside key, name, owner, kind, where, better. */
enum member {
    M_EVENT = 1,
    M_VALUE = 2,
    M_WINDOW = 4,
    M_CAP = 8,
    M_NET = 16,
    M_SIDES = 32,
    M_SPAN = 64,
    M_Q = 128,
    M_STEPS = 256,
    M_AT_LEAST = 512
};
static const struct {
    unsigned needs, takes;
} kinds[] = {
    [METRIC_CONVERSION] = {M_EVENT, M_WINDOW | M_AT_LEAST},
    [METRIC_COUNT] = {M_EVENT, M_WINDOW | M_CAP},
    [METRIC_MEAN] = {M_EVENT | M_VALUE, M_WINDOW | M_CAP | M_NET},
    [METRIC_RATIO] = {M_SIDES, M_WINDOW | M_NET},
    [METRIC_RETENTION] = {M_EVENT | M_SPAN, 0},
    [METRIC_QUANTILE] = {M_EVENT | M_VALUE | M_Q, M_WINDOW},
    [METRIC_FUNNEL] = {M_STEPS, M_WINDOW},
};
static const struct {
    enum member member;
    const char *name, *hint;
} conditional[] = {
    {M_EVENT, "event", "name the event that is looked at, like \"Order Completed\""},
    {M_VALUE, "value", "name the number in the event's properties, like \"revenue\""},
    {M_WINDOW, "window", ""},
    {M_CAP, "cap", ""},
    {M_NET, "net", ""},
    {M_SIDES, "numerator", "say what is divided, like {\"event\":\"Order Completed\",\"value\":\"revenue\"}"},
    {M_SIDES, "denominator", "say what it is divided by, like {\"event\":\"Order Completed\"}"},
    {M_SPAN, "from", "say when the span begins, like \"P7D\""},
    {M_SPAN, "to", "say when the span ends, like \"P8D\""},
    {M_Q, "q", "write the quantile, like 0.9"},
    {M_STEPS, "steps", "list the events in their order"},
    {M_AT_LEAST, "atLeast", ""},
};

static void check_members(struct reader *r, const json_t *body, enum metric_kind kind) {
    for (size_t i = 0; i < sizeof conditional / sizeof *conditional; i++) {
        bool there = json_object_get(body, conditional[i].name);
        if (!there && (kinds[kind].needs & conditional[i].member))
            reader_missing(r, NULL, conditional[i].name, conditional[i].hint);
        if (there && !((kinds[kind].needs | kinds[kind].takes) & conditional[i].member))
            reader_fault(r, PATH_MEMBER(NULL, conditional[i].name), "is no part of a metric of kind %s; leave it out",
                         metric_kinds[kind]);
    }
}

static void read_where(struct reader *r, const struct path *path, const json_t *object, struct metric_source *source) {
    const json_t *where = json_object_get(object, "where");
    if (where) source->where = condition_compile(r, PATH_MEMBER(path, "where"), where);
}

static void read_side(struct reader *r, const json_t *body, const char *name, struct metric_source *side) {
    static const char *const members[] = {"event", "value", "where", NULL};
    const json_t *json = json_object_get(body, name);
    const struct path *here = PATH_MEMBER(NULL, name);
    if (!json || !reader_object(r, here, json, members)) return;
    if (!json_object_get(json, "event")) reader_missing(r, here, "event", "name the event that is counted");
    reader_text(r, here, json, "event", MODEL_MAX_NAME, &side->event);
    reader_text(r, here, json, "value", MODEL_MAX_NAME, &side->value);
    read_where(r, here, json, side);
}

static void read_span(struct reader *r, struct metric *metric, const json_t *body) {
    const json_t *from = json_object_get(body, "from");
    const char *zero = json_string_value(from); /* a span may begin at once: "P0D" */
    if (!zero || (strcmp(zero, "P0D") != 0 && strcmp(zero, "PT0S") != 0))
        reader_duration(r, NULL, body, "from", &metric->from);
    if (reader_duration(r, NULL, body, "to", &metric->to) && metric->to <= metric->from)
        reader_fault(r, PATH_MEMBER(NULL, "to"), "does not lie after from; write a longer duration");
}

/* Strictly between 0 and 1. */
static void read_share(struct reader *r, const json_t *body, const char *name, double *out) {
    double value;
    if (!reader_number(r, NULL, body, name, 0, 1, &value)) return;
    if (value <= 0 || value >= 1)
        reader_fault(r, PATH_MEMBER(NULL, name), "must lie between 0 and 1, both left out, like 0.99");
    *out = value;
}

static void read_steps(struct reader *r, struct metric *metric, const json_t *body) {
    const json_t *steps = json_object_get(body, "steps");
    if (!steps || !reader_array(r, PATH_MEMBER(NULL, "steps"), steps, 2, METRIC_MAX_STEPS, "steps")) return;
    reader_sequence(r, NULL, body, "steps", METRIC_MAX_STEPS, MODEL_MAX_NAME, &metric->steps, &metric->n_steps);
}

int metric_parse(struct metric *metric, const json_t *body, struct text url_key, struct arena *arena,
                 struct error *error) {
    static const char *const members[] = {"key",    "name",  "owner",   "kind",      "event",       "value", "where",
                                          "window", "cap",   "net",     "numerator", "denominator", "from",  "to",
                                          "q",      "steps", "atLeast", "better",    NULL};
    struct reader r = {arena, error, 0};
    *metric = (struct metric){.window = METRIC_NO_WINDOW, .at_least = 1};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &metric->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &metric->name);
    reader_text(&r, NULL, body, "owner", MODEL_MAX_NAME, &metric->owner);
    int choice = METRIC_HIGHER;
    reader_choice(&r, NULL, body, "better", metric_betters, &choice);
    metric->better = (enum metric_better)choice;
    if (!json_object_get(body, "kind"))
        reader_missing(&r, NULL, "kind", "write conversion, count, mean, ratio, retention, quantile or funnel");
    if (!reader_choice(&r, NULL, body, "kind", metric_kinds, &choice)) return ERR_INVALID;
    metric->kind = (enum metric_kind)choice;
    check_members(&r, body, metric->kind);
    reader_text(&r, NULL, body, "event", MODEL_MAX_NAME, &metric->source.event);
    reader_text(&r, NULL, body, "value", MODEL_MAX_NAME, &metric->source.value);
    if (metric->kind == METRIC_RATIO) {
        read_side(&r, body, "numerator", &metric->source);
        read_side(&r, body, "denominator", &metric->denominator);
        if (json_object_get(body, "where"))
            reader_fault(&r, PATH_MEMBER(NULL, "where"),
                         "is no part of a ratio; write it into numerator or denominator");
    } else
        read_where(&r, NULL, body, &metric->source);
    int64_t at_least = 1;
    reader_duration(&r, NULL, body, "window", &metric->window);
    reader_integer(&r, NULL, body, "atLeast", 1, 1000000, &at_least);
    metric->at_least = (uint32_t)at_least;
    read_share(&r, body, "cap", &metric->cap);
    read_share(&r, body, "q", &metric->quantile);
    reader_bool(&r, NULL, body, "net", &metric->net);
    if (metric->kind == METRIC_RETENTION) read_span(&r, metric, body);
    read_steps(&r, metric, body);
    return reader_result(&r);
}

json_t *metric_canonical(const struct metric *metric, const json_t *body) {
    static const char *const order[] = {"name",        "owner", "kind", "event", "value",  "numerator",
                                        "denominator", "from",  "to",   "q",     "steps",  "window",
                                        "atLeast",     "cap",   "net",  "where", "better", NULL};
    json_t *defaults = json_pack("{s:s}", "better", metric_betters[metric->better]);
    json_t *out = reader_canonical(metric->key, body, order, defaults);
    json_decref(defaults);
    return out;
}
