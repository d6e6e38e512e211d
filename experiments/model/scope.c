#include "experiments/model/scope.h"

#include "experiments/model/experiment.h"

static void read_list(struct reader *r, const json_t *list, struct segment *segment) {
    static const char *const members[] = {"unit", "count", "digest", NULL};
    const struct path *here = PATH_MEMBER(NULL, "list");
    if (!reader_object(r, here, list, members)) return;
    segment->unit = TEXT("targetingKey");
    reader_text(r, here, list, "unit", MODEL_MAX_NAME, &segment->unit);
    reader_text(r, here, list, "digest", ID_LIST_DIGEST - 1, &segment->digest);
    reader_integer(r, here, list, "count", 0, UINT32_MAX, &segment->count);
}

int segment_parse(struct segment *segment, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error) {
    static const char *const members[] = {"key", "name", "if", "list", NULL};
    struct reader r = {arena, error, 0};
    *segment = (struct segment){0};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &segment->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &segment->name);
    const json_t *condition = json_object_get(body, "if"), *list = json_object_get(body, "list");
    if (!condition && !list)
        reader_missing(&r, NULL, "if",
                       "write the condition that its members meet, as JsonLogic; or \"list\":{} for a list of ids");
    if (condition && list)
        reader_fault(&r, PATH_MEMBER(NULL, "list"),
                     "stands beside a condition; make two segments, and ask for both where they are used");
    if (list) read_list(&r, list, segment);
    if (condition) segment->condition = condition_compile(&r, PATH_MEMBER(NULL, "if"), condition);
    return reader_result(&r);
}

/* Unit and salt have defaults: the targeting key, and the definition's key. */
static void read_unit_and_salt(struct reader *r, const json_t *body, struct text key, struct text *unit,
                               struct text *salt) {
    *unit = TEXT("targetingKey");
    *salt = key;
    reader_text(r, NULL, body, "unit", MODEL_MAX_NAME, unit);
    reader_text(r, NULL, body, "salt", MODEL_MAX_NAME, salt);
}

static json_t *unit_and_salt(struct text unit, struct text salt) {
    return json_pack("{s:s#, s:s#}", "unit", unit.at, (int)unit.n, "salt", salt.at, (int)salt.n);
}

int layer_parse(struct layer *layer, const json_t *body, struct text url_key, struct arena *arena,
                struct error *error) {
    static const char *const members[] = {"key", "name", "unit", "salt", NULL};
    struct reader r = {arena, error, 0};
    *layer = (struct layer){0};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &layer->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &layer->name);
    read_unit_and_salt(&r, body, layer->key, &layer->unit, &layer->salt);
    return reader_result(&r);
}

static void read_metrics(struct reader *r, const json_t *metrics, struct holdout *holdout) {
    static const char *const members[] = {"primary", "secondary", NULL};
    const struct path *here = PATH_MEMBER(NULL, "metrics");
    if (!reader_object(r, here, metrics, members)) return;
    reader_key(r, here, metrics, "primary", &holdout->primary);
    reader_texts(r, here, metrics, "secondary", EXPERIMENT_MAX_METRICS, 64, &holdout->secondary, &holdout->n_secondary);
    for (uint32_t i = 0; i < holdout->n_secondary; i++)
        if (holdout->primary.n && text_eq(holdout->secondary[i], holdout->primary))
            reader_fault(r, PATH_ELEMENT(PATH_MEMBER(here, "secondary"), i), "is the primary metric too; leave it out");
}

int holdout_parse(struct holdout *holdout, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error) {
    static const char *const members[] = {"key",   "name", "share", "unit",    "features",
                                          "start", "end",  "salt",  "metrics", NULL};
    struct reader r = {arena, error, 0};
    *holdout = (struct holdout){0};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &holdout->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &holdout->name);
    read_unit_and_salt(&r, body, holdout->key, &holdout->unit, &holdout->salt);
    const json_t *share = json_object_get(body, "share");
    if (!share)
        reader_missing(&r, NULL, "share", "write how many percent of the units are held out, like 5");
    else if (reader_weight(&r, PATH_MEMBER(NULL, "share"), share, &holdout->share) &&
             (holdout->share == 0 || holdout->share > BUCKET_TRAFFIC_FULL / 2))
        reader_fault(&r, PATH_MEMBER(NULL, "share"), "must lie above 0 and be at most 50 percent");
    reader_texts(&r, NULL, body, "features", 1000, 64, &holdout->features, &holdout->n_features);
    if (!json_object_get(body, "start")) reader_missing(&r, NULL, "start", "say when it begins");
    reader_time(&r, NULL, body, "start", &holdout->start);
    if (reader_time(&r, NULL, body, "end", &holdout->end) && holdout->end <= holdout->start)
        reader_fault(&r, PATH_MEMBER(NULL, "end"), "does not lie after start; write a later date");
    if (json_object_get(body, "metrics")) read_metrics(&r, json_object_get(body, "metrics"), holdout);
    return reader_result(&r);
}

json_t *segment_canonical(const struct segment *segment, const json_t *body) {
    static const char *const order[] = {"name", "if", "list", NULL};
    json_t *out = reader_canonical(segment->key, body, order, NULL);
    if (segment->condition) return out;
    json_t *list =
        json_pack("{s:s#, s:I}", "unit", segment->unit.at, (int)segment->unit.n, "count", (json_int_t)segment->count);
    if (segment->digest.n) json_object_set_new(list, "digest", json_stringn(segment->digest.at, segment->digest.n));
    json_object_set_new(out, "list", list);
    return out;
}

json_t *layer_canonical(const struct layer *layer, const json_t *body) {
    static const char *const order[] = {"name", "unit", "salt", NULL};
    json_t *defaults = unit_and_salt(layer->unit, layer->salt);
    json_t *out = reader_canonical(layer->key, body, order, defaults);
    json_decref(defaults);
    return out;
}

json_t *holdout_canonical(const struct holdout *holdout, const json_t *body) {
    static const char *const order[] = {"name", "share", "unit", "features", "start", "end", "salt", "metrics", NULL};
    json_t *defaults = unit_and_salt(holdout->unit, holdout->salt);
    json_t *out = reader_canonical(holdout->key, body, order, defaults);
    json_decref(defaults);
    return out;
}
