#include "experiments/model/feature.h"

#include <stdlib.h>

#include "core/base/json_dump.h"

const char *const feature_types[] = {"boolean", "string", "number", "object", NULL};
const char *const feature_stages[] = {"draft", "trial", "shipped", "retiring", "retired", NULL};
const char *const feature_when_downs[] = {"unavailable", "off", NULL};

int feature_variant(const struct feature *feature, struct text key) {
    for (uint32_t i = 0; i < feature->n_variants; i++)
        if (text_eq(feature->variants[i].key, key)) return (int)i;
    return -1;
}

/* Where a variant is named: its index, or -1 with a fault that lists those there are. */
static int named_variant(struct reader *r, const struct feature *feature, const struct path *path, const json_t *name) {
    struct text key = text_n(json_string_value(name), json_string_length(name));
    int index = json_is_string(name) ? feature_variant(feature, key) : -1;
    if (index >= 0 || !feature->n_variants) return index; /* without variants that fault says enough */
    const char *names[FEATURE_MAX_VARIANTS + 1] = {NULL};
    for (uint32_t i = 0; i < feature->n_variants; i++) names[i] = feature->variants[i].key.at;
    struct text list = reader_list(r, names);
    if (!json_is_string(name))
        reader_fault(r, path, "must name a variant: %.*s", TEXT_ARGS(list));
    else
        reader_fault(r, path, "names the variant \"%.*s\", which is not there; write %.*s", TEXT_ARGS(key),
                     TEXT_ARGS(list));
    return -1;
}

/* ---- variants ---- */

static struct text as_json(struct reader *r, const struct path *path, const json_t *value) {
    struct buffer out = {0};
    json_dump(&out, value);
    if (out.n > FEATURE_MAX_VALUE)
        reader_fault(r, path, "has %zu bytes as JSON; at most %d are allowed", out.n, FEATURE_MAX_VALUE);
    struct text text = arena_text(r->arena, buffer_view(&out));
    buffer_free(&out);
    return text;
}

static bool has_type(const json_t *value, enum feature_type type) {
    switch (type) {
    case FEATURE_BOOLEAN: return json_is_boolean(value);
    case FEATURE_STRING: return json_is_string(value);
    case FEATURE_NUMBER: return json_is_number(value);
    case FEATURE_OBJECT: return json_is_object(value);
    }
    return false;
}

static void read_variant(struct reader *r, const struct feature *feature, const struct path *path, const json_t *json,
                         struct variant *variant) {
    static const char *const members[] = {"value", "plugin", "release", "settings", NULL};
    if (!reader_object(r, path, json, members)) return;
    const json_t *value = json_object_get(json, "value"), *settings = json_object_get(json, "settings");
    if (!value)
        reader_missing(r, path, "value", "give the variant the value that clients receive");
    else if (!has_type(value, feature->type))
        reader_fault(r, PATH_MEMBER(path, "value"), "is not of the feature's type; write a value of type %s",
                     feature_types[feature->type]);
    else
        variant->value = as_json(r, PATH_MEMBER(path, "value"), value);
    reader_key(r, path, json, "plugin", &variant->plugin);
    reader_text(r, path, json, "release", MODEL_MAX_NAME, &variant->release);
    if (settings && !json_is_object(settings))
        reader_fault(r, PATH_MEMBER(path, "settings"), "is not an object; write the plugin's settings as one");
    else if (settings)
        variant->settings = as_json(r, PATH_MEMBER(path, "settings"), settings);
    if (!json_object_get(json, "plugin") && (variant->release.n || settings))
        reader_missing(r, path, "plugin", "release and settings belong to a plugin, so name it");
}

static void read_variants(struct reader *r, struct feature *feature, const json_t *body) {
    const json_t *variants = json_object_get(body, "variants");
    const struct path *here = PATH_MEMBER(NULL, "variants");
    if (!variants) {
        reader_missing(r, NULL, "variants", "give the feature its variants, like {\"off\":{\"value\":false}}");
        return;
    }
    if (!json_is_object(variants)) {
        reader_fault(r, here, "is not an object; write the variants by their keys");
        return;
    }
    size_t n = json_object_size(variants);
    if (n < 1 || n > FEATURE_MAX_VARIANTS) {
        reader_fault(r, here, "has %zu variants; give 1 to %d", n, FEATURE_MAX_VARIANTS);
        return;
    }
    feature->variants = arena_array(r->arena, struct variant, n);
    const char *name;
    json_t *json;
    json_object_foreach((json_t *)variants, name, json) {
        struct variant *variant = &feature->variants[feature->n_variants++];
        variant->key = arena_text(r->arena, text_of(name));
        if (!text_is_key(variant->key))
            reader_fault(
                r, PATH_MEMBER(here, name),
                "is not a key for a variant: 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or a digit");
        read_variant(r, feature, PATH_MEMBER(here, name), json, variant);
    }
}

static void read_off_and_default(struct reader *r, struct feature *feature, const json_t *body) {
    static const char *const members[] = {"serve", NULL};
    const json_t *off = json_object_get(body, "off"), *fallback = json_object_get(body, "default");
    const struct path *here = PATH_MEMBER(NULL, "default");
    int index = off ? named_variant(r, feature, PATH_MEMBER(NULL, "off"), off) : feature_variant(feature, TEXT("off"));
    if (index >= 0)
        feature->off = feature->by_default = (uint32_t)index;
    else if (!off && feature->n_variants)
        reader_missing(r, NULL, "off", "name the variant that is served while the feature is off");
    if (!fallback || !reader_object(r, here, fallback, members)) return;
    const json_t *serve = json_object_get(fallback, "serve");
    if (!serve)
        reader_missing(r, here, "serve", "name the variant that everybody else gets");
    else if ((index = named_variant(r, feature, PATH_MEMBER(here, "serve"), serve)) >= 0)
        feature->by_default = (uint32_t)index;
}

/* ---- prerequisites ---- */

static void read_prerequisite(struct reader *r, const struct feature *feature, const struct path *path,
                              const json_t *json, struct prerequisite *out) {
    static const char *const members[] = {"feature", "variants", NULL};
    if (!reader_object(r, path, json, members)) return;
    if (!json_object_get(json, "feature")) reader_missing(r, path, "feature", "name the feature that is required");
    reader_key(r, path, json, "feature", &out->feature);
    if (out->feature.n && text_eq(out->feature, feature->key))
        reader_fault(r, PATH_MEMBER(path, "feature"), "is the feature itself; name another one");
    reader_texts(r, path, json, "variants", FEATURE_MAX_VARIANTS, 64, &out->variants, &out->n_variants);
    if (!json_object_get(json, "variants") || (json_is_array(json_object_get(json, "variants")) && !out->n_variants))
        reader_fault(r, PATH_MEMBER(path, "variants"), "is missing or empty; name the variants that meet it");
}

static void read_prerequisites(struct reader *r, struct feature *feature, const json_t *body) {
    const json_t *list = json_object_get(body, "prerequisites");
    const struct path *here = PATH_MEMBER(NULL, "prerequisites");
    if (!list || !reader_array(r, here, list, 0, FEATURE_MAX_PREREQUISITES, "prerequisites")) return;
    feature->n_prerequisites = (uint32_t)json_array_size(list);
    feature->prerequisites = arena_array(r->arena, struct prerequisite, feature->n_prerequisites);
    for (uint32_t i = 0; i < feature->n_prerequisites; i++)
        read_prerequisite(r, feature, PATH_ELEMENT(here, i), json_array_get(list, i), &feature->prerequisites[i]);
}

/* ---- rules ---- */

static void read_split(struct reader *r, const struct feature *feature, const struct path *path, const json_t *split,
                       struct rule *rule) {
    if (!json_is_object(split)) {
        reader_fault(r, path, "is not an object; write weights by variant, like {\"off\":50,\"top\":50}");
        return;
    }
    uint32_t weights[FEATURE_MAX_VARIANTS] = {0};
    const char *name;
    json_t *weight;
    int before = r->faults;
    json_object_foreach((json_t *)split, name, weight) {
        json_t *key = json_string(name);
        int index = named_variant(r, feature, PATH_MEMBER(path, name), key);
        json_decref(key);
        if (index >= 0) reader_weight(r, PATH_MEMBER(path, name), weight, &weights[index]);
    }
    uint64_t *ends = arena_array(r->arena, uint64_t, feature->n_variants), total = 0;
    for (uint32_t i = 0; i < feature->n_variants; i++) ends[i] = total += weights[i];
    rule->split = (struct bucket_ranges){ends, feature->n_variants};
    if (!total && r->faults == before)
        reader_fault(r, path, "has weights that add up to 0; give at least one variant a weight above 0");
}

static void read_rule_id(struct reader *r, const struct feature *feature, const struct path *path, const json_t *json,
                         uint32_t i, struct rule *rule) {
    if (json_object_get(json, "id"))
        reader_key(r, path, json, "id", &rule->id);
    else
        rule->id = arena_printf(r->arena, "rule-%u", i + 1);
    for (uint32_t j = 0; j < i; j++)
        if (rule->id.n && text_eq(feature->rules[j].id, rule->id))
            reader_fault(r, PATH_MEMBER(path, "id"),
                         "is \"%.*s\" like that of rule %u; give each rule an id of its own", TEXT_ARGS(rule->id), j);
    rule->seed =
        bucket_seed(arena_printf(r->arena, "%.*s/%.*s", TEXT_ARGS(feature->key), TEXT_ARGS(rule->id)), BUCKET_VARIANT);
}

static void read_rule(struct reader *r, const struct feature *feature, const struct path *path, const json_t *json,
                      uint32_t i, struct rule *rule) {
    static const char *const members[] = {"id", "if", "serve", "split", "by", "override", NULL};
    if (!reader_object(r, path, json, members)) return;
    read_rule_id(r, feature, path, json, i, rule);
    const json_t *condition = json_object_get(json, "if");
    const json_t *serve = json_object_get(json, "serve"), *split = json_object_get(json, "split");
    if (condition) rule->condition = condition_compile(r, PATH_MEMBER(path, "if"), condition);
    reader_bool(r, path, json, "override", &rule->overrides);
    rule->serve = -1;
    rule->by = TEXT("targetingKey");
    if (!serve == !split)
        reader_fault(r, path, "has %s; give it exactly one of them",
                     serve ? "both serve and split" : "neither serve nor split");
    else if (serve)
        rule->serve = named_variant(r, feature, PATH_MEMBER(path, "serve"), serve);
    else
        read_split(r, feature, PATH_MEMBER(path, "split"), split, rule);
    if (reader_text(r, path, json, "by", MODEL_MAX_NAME, &rule->by) && !split)
        reader_fault(r, PATH_MEMBER(path, "by"), "belongs to a split; leave it out");
}

static void read_rules(struct reader *r, struct feature *feature, const json_t *body) {
    const json_t *rules = json_object_get(body, "rules");
    const struct path *here = PATH_MEMBER(NULL, "rules");
    if (!rules || !reader_array(r, here, rules, 0, FEATURE_MAX_RULES, "rules")) return;
    feature->n_rules = (uint32_t)json_array_size(rules);
    feature->rules = arena_array(r->arena, struct rule, feature->n_rules);
    for (uint32_t i = 0; i < feature->n_rules; i++)
        read_rule(r, feature, PATH_ELEMENT(here, i), json_array_get(rules, i), i, &feature->rules[i]);
}

/* ---- the whole ---- */

int feature_parse(struct feature *feature, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error) {
    static const char *const members[] = {"key",      "name",  "type",          "enabled", "stage",
                                          "variants", "off",   "prerequisites", "rules",   "default",
                                          "whenDown", "owner", "reviewBy",      "tags",    NULL};
    struct reader r = {arena, error, 0};
    *feature = (struct feature){.enabled = true, .stage = STAGE_DRAFT};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &feature->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &feature->name);
    reader_text(&r, NULL, body, "owner", MODEL_MAX_NAME, &feature->owner);
    reader_texts(&r, NULL, body, "tags", MODEL_MAX_TAGS, MODEL_MAX_NAME, &feature->tags, &feature->n_tags);
    reader_time(&r, NULL, body, "reviewBy", &feature->review_by);
    reader_bool(&r, NULL, body, "enabled", &feature->enabled);
    int choice = STAGE_DRAFT;
    reader_choice(&r, NULL, body, "stage", feature_stages, &choice);
    feature->stage = (enum feature_stage)choice;
    choice = WHEN_DOWN_UNAVAILABLE;
    reader_choice(&r, NULL, body, "whenDown", feature_when_downs, &choice);
    feature->when_down = (enum feature_when_down)choice;
    if (!json_object_get(body, "type")) reader_missing(&r, NULL, "type", "write boolean, string, number or object");
    if (reader_choice(&r, NULL, body, "type", feature_types, &choice)) {
        feature->type = (enum feature_type)choice;
        read_variants(&r, feature, body);
        read_off_and_default(&r, feature, body);
        read_prerequisites(&r, feature, body);
        read_rules(&r, feature, body);
    }
    return reader_result(&r);
}

static json_t *canonical_rules(const struct feature *feature, const json_t *rules) {
    json_t *out = json_array();
    for (uint32_t i = 0; i < feature->n_rules; i++) {
        json_t *rule = json_object();
        json_object_set_new(rule, "id", json_stringn(feature->rules[i].id.at, feature->rules[i].id.n));
        json_object_update(rule, json_array_get(rules, i));
        json_array_append_new(out, rule);
    }
    return out;
}

json_t *feature_canonical(const struct feature *feature, const json_t *body) {
    static const char *const order[] = {"name",  "type",    "enabled",  "stage", "variants", "off",  "prerequisites",
                                        "rules", "default", "whenDown", "owner", "reviewBy", "tags", NULL};
    json_t *defaults = json_pack(
        "{s:b, s:s, s:s#, s:{s:s#}}", "enabled", feature->enabled, "stage", feature_stages[feature->stage], "off",
        feature->variants[feature->off].key.at, (int)feature->variants[feature->off].key.n, "default", "serve",
        feature->variants[feature->by_default].key.at, (int)feature->variants[feature->by_default].key.n);
    json_object_set_new(defaults, "rules", canonical_rules(feature, json_object_get(body, "rules")));
    json_t *out = reader_canonical(feature->key, body, order, defaults);
    json_object_set(out, "rules", json_object_get(defaults, "rules"));
    json_decref(defaults);
    return out;
}
