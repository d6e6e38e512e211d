/* Understanding a schema: every keyword is known and has the form that the draft gives it, every reference leads somewhere, every
 * regular expression compiles. One table says which keywords there are. */
#include "core/base/schema_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* What a keyword's value must be. */
enum form {
    FORM_NOTE, /* said for people: anything */
    FORM_TEXT,
    FORM_TRUTH,
    FORM_NUMBER,
    FORM_FACTOR, /* above 0 */
    FORM_COUNT,  /* a whole number, not below 0 */
    FORM_NAMES,  /* unique strings */
    FORM_NAMES_BY_NAME,
    FORM_SCHEMA,
    FORM_SCHEMAS, /* at least one */
    FORM_SCHEMA_BY_NAME,
    FORM_SCHEMA_BY_PATTERN,
    FORM_PATTERN,
    FORM_TYPE,
    FORM_VALUES, /* an array that is not empty */
    FORM_FORMAT,
    FORM_REF,
    FORM_ANCHOR,
    FORM_DIALECT,
    FORM_DEFAULT,
};

static const struct keyword {
    const char *name;
    enum form form;
} keywords[] = {
    {"title", FORM_TEXT},
    {"description", FORM_TEXT},
    {"$comment", FORM_TEXT},
    {"examples", FORM_NOTE},
    {"deprecated", FORM_TRUTH},
    {"readOnly", FORM_TRUTH},
    {"writeOnly", FORM_TRUTH},
    {"default", FORM_DEFAULT},
    {"$schema", FORM_DIALECT},
    {"$defs", FORM_SCHEMA_BY_NAME},
    {"$ref", FORM_REF},
    {"$anchor", FORM_ANCHOR},
    {"type", FORM_TYPE},
    {"enum", FORM_VALUES},
    {"const", FORM_NOTE},
    {"allOf", FORM_SCHEMAS},
    {"anyOf", FORM_SCHEMAS},
    {"oneOf", FORM_SCHEMAS},
    {"not", FORM_SCHEMA},
    {"if", FORM_SCHEMA},
    {"then", FORM_SCHEMA},
    {"else", FORM_SCHEMA},
    {"minimum", FORM_NUMBER},
    {"maximum", FORM_NUMBER},
    {"exclusiveMinimum", FORM_NUMBER},
    {"exclusiveMaximum", FORM_NUMBER},
    {"multipleOf", FORM_FACTOR},
    {"minLength", FORM_COUNT},
    {"maxLength", FORM_COUNT},
    {"pattern", FORM_PATTERN},
    {"format", FORM_FORMAT},
    {"properties", FORM_SCHEMA_BY_NAME},
    {"patternProperties", FORM_SCHEMA_BY_PATTERN},
    {"additionalProperties", FORM_SCHEMA},
    {"unevaluatedProperties", FORM_SCHEMA},
    {"propertyNames", FORM_SCHEMA},
    {"required", FORM_NAMES},
    {"minProperties", FORM_COUNT},
    {"maxProperties", FORM_COUNT},
    {"dependentRequired", FORM_NAMES_BY_NAME},
    {"dependentSchemas", FORM_SCHEMA_BY_NAME},
    {"prefixItems", FORM_SCHEMAS},
    {"items", FORM_SCHEMA},
    {"unevaluatedItems", FORM_SCHEMA},
    {"contains", FORM_SCHEMA},
    {"minContains", FORM_COUNT},
    {"maxContains", FORM_COUNT},
    {"minItems", FORM_COUNT},
    {"maxItems", FORM_COUNT},
    {"uniqueItems", FORM_TRUTH},
};

/* A schema being understood. */
struct reading {
    struct schema *schema;
    struct error *error; /* never NULL */
    struct part {
        const json_t *json;
        char *pointer; /* to it, for faults that are found later */
        enum { UNSEEN, UNDER_WAY, SEEN } seen;
    } * parts; /* all objects among the subschemas */
    int n, depth;
};

#define fault(r, place, ...) schema_fault((r)->error, place, __VA_ARGS__)

static struct text text_at(const json_t *string) {
    return text_n(json_string_value(string), json_string_length(string));
}

static json_t *unconst(const json_t *json) { /* jansson's iterators take no const */
    return (json_t *)(uintptr_t)json;
}

static void read_schema(struct reading *r, const json_t *part, const struct place *place);

/* ---- the forms ---- */

static void read_pattern(struct reading *r, const struct place *place, struct text pattern) {
    char why[160];
    if (map_get(&r->schema->patterns, pattern)) return;
    pcre2_code *code = schema_regex(pattern, why, sizeof why);
    if (code)
        map_put(&r->schema->patterns, pattern, code);
    else
        fault(r, place, "is no regular expression that is understood here: %s", why);
}

static void read_names(struct reading *r, const struct place *place, const json_t *value) {
    bool right = json_is_array(value);
    for (size_t i = 0; right && i < json_array_size(value); i++) {
        right = json_is_string(json_array_get(value, i));
        for (size_t j = 0; right && j < i; j++) right = !json_equal(json_array_get(value, i), json_array_get(value, j));
    }
    if (!right) fault(r, place, "must be an array of strings, no two alike");
}

static bool is_type(const json_t *value) {
    static const char *const types[] = {"null", "boolean", "object", "array", "number", "string", "integer"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_is(text_at(value), types[i])) return true;
    return false;
}

static void read_type(struct reading *r, const struct place *place, const json_t *value) {
    bool right = json_is_array(value) ? json_array_size(value) > 0 : is_type(value);
    for (size_t i = 0; i < json_array_size(value); i++) right &= is_type(json_array_get(value, i));
    if (!right)
        fault(r, place, "must be null, boolean, object, array, number, string or integer, or an array of these");
}

static void read_by_name(struct reading *r, const struct place *place, const json_t *value, enum form form) {
    const char *name;
    json_t *member;
    if (!json_is_object(value)) {
        fault(r, place, "must be an object");
        return;
    }
    json_object_foreach(unconst(value), name, member) {
        if (form == FORM_SCHEMA_BY_PATTERN) read_pattern(r, PLACE_MEMBER(place, name), text_of(name));
        if (form == FORM_NAMES_BY_NAME)
            read_names(r, PLACE_MEMBER(place, name), member);
        else
            read_schema(r, member, PLACE_MEMBER(place, name));
    }
}

static void read_schemas(struct reading *r, const struct place *place, const json_t *value) {
    if (!json_array_size(value)) fault(r, place, "must be an array with at least one schema");
    for (size_t i = 0; i < json_array_size(value); i++)
        read_schema(r, json_array_get(value, i), PLACE_ELEMENT(place, i));
}

static void read_anchor(struct reading *r, const struct place *place, const json_t *value, const json_t *part) {
    if (!text_is_key(text_at(value)))
        fault(r, place, "must be a name of letters, digits, '.', '_', '-'");
    else if (map_put(&r->schema->anchors, text_at(value), unconst(part)))
        fault(r, place, "is the name of another part too");
}

static bool is_count(const json_t *value) {
    return json_is_number(value) && json_number_value(value) >= 0 &&
           json_number_value(value) == floor(json_number_value(value));
}

static void read_scalar(struct reading *r, const struct place *place, const json_t *value, enum form form) {
    struct text text = text_at(value);
    if (form == FORM_TEXT && !json_is_string(value)) fault(r, place, "must be a string");
    if (form == FORM_TRUTH && !json_is_boolean(value)) fault(r, place, "must be true or false");
    if (form == FORM_NUMBER && !json_is_number(value)) fault(r, place, "must be a number");
    if (form == FORM_FACTOR && !(json_number_value(value) > 0)) fault(r, place, "must be a number above 0");
    if (form == FORM_COUNT && !is_count(value)) fault(r, place, "must be a whole number, not below 0");
    if (form == FORM_VALUES && !json_array_size(value)) fault(r, place, "must be an array with at least one value");
    if (form == FORM_DIALECT && !text_is(text, DIALECT) && !text_is(text, DIALECT "#"))
        fault(r, place, "must be \"" DIALECT "\": other drafts are not understood here");
    if (form == FORM_FORMAT && !schema_format_known(text))
        fault(r, place, "must be a format that is checked here: %s", schema_format_names);
    if (form == FORM_REF && !text_starts(text, TEXT("#")))
        fault(r, place, "must lead to a part of this schema, such as \"#/$defs/colour\"");
}

static void read_keyword(struct reading *r, const struct place *place, const json_t *part, enum form form,
                         const json_t *value) {
    switch (form) {
    case FORM_NAMES: read_names(r, place, value); break;
    case FORM_NAMES_BY_NAME:
    case FORM_SCHEMA_BY_NAME:
    case FORM_SCHEMA_BY_PATTERN: read_by_name(r, place, value, form); break;
    case FORM_SCHEMA: read_schema(r, value, place); break;
    case FORM_SCHEMAS: read_schemas(r, place, value); break;
    case FORM_TYPE: read_type(r, place, value); break;
    case FORM_ANCHOR: read_anchor(r, place, value, part); break;
    case FORM_PATTERN:
        if (json_is_string(value))
            read_pattern(r, place, text_at(value));
        else
            fault(r, place, "must be a regular expression");
        break;
    default: read_scalar(r, place, value, form);
    }
}

/* ---- a schema, and all in it ---- */

static const struct keyword *find_keyword(const char *name) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].name, name) == 0) return &keywords[i];
    return NULL;
}

static void unknown_keyword(struct reading *r, const struct place *place, const char *name) {
    const char *hint = "is no keyword that is understood here";
    if (strcmp(name, "definitions") == 0) hint = "is of an earlier draft: write $defs";
    if (strcmp(name, "dependencies") == 0) hint = "is of an earlier draft: write dependentRequired or dependentSchemas";
    if (strcmp(name, "additionalItems") == 0) hint = "is of an earlier draft: write prefixItems and items";
    if (strcmp(name, "$id") == 0 || strcmp(name, "$dynamicRef") == 0 || strcmp(name, "$dynamicAnchor") == 0)
        hint = "is not understood here: a schema is one document, referred to with \"#...\"";
    fault(r, PLACE_MEMBER(place, name), "%s", hint);
}

static void read_members(struct reading *r, const json_t *part, const struct place *place) {
    const char *name;
    json_t *value;
    json_object_foreach(unconst(part), name, value) {
        const struct keyword *keyword = find_keyword(name);
        if (!keyword)
            unknown_keyword(r, place, name);
        else
            read_keyword(r, PLACE_MEMBER(place, name), part, keyword->form, value);
        r->schema->marks |= text_starts(text_of(name), TEXT("unevaluated"));
    }
}

static void read_schema(struct reading *r, const json_t *json, const struct place *place) {
    if (json_is_boolean(json)) return;
    if (!json_is_object(json)) {
        fault(r, place, "must be a schema: an object, true or false");
        return;
    }
    if (r->n == SCHEMA_MOST || r->depth == SCHEMA_DEPTH) {
        fault(r, place, "is too much: at most %d schemas, %d deep", SCHEMA_MOST, SCHEMA_DEPTH);
        return;
    }
    r->parts = memory_grow(r->parts, (size_t)(r->n + 1) * sizeof *r->parts);
    r->parts[r->n++] = (struct part){json, schema_pointer(place), UNSEEN};
    r->depth++;
    read_members(r, json, place);
    r->depth--;
}

/* ---- what can be seen only when all is read: references, circles, defaults ---- */

static struct part *find_part(const struct reading *r, const json_t *json) {
    for (int i = 0; i < r->n; i++)
        if (r->parts[i].json == json) return &r->parts[i];
    return NULL;
}

static bool goes_round(struct reading *r, const json_t *json);

static bool one_goes_round(struct reading *r, const json_t *list) {
    bool round = false;
    const char *name;
    json_t *member;
    for (size_t i = 0; i < json_array_size(list); i++) round |= goes_round(r, json_array_get(list, i));
    json_object_foreach(unconst(list), name, member) round |= goes_round(r, member);
    return round;
}

/* Whether checking a value against this part comes back to the same part with the same value: it would never end. */
static bool goes_round(struct reading *r, const json_t *json) {
    static const char *const lists[] = {"allOf", "anyOf", "oneOf", "dependentSchemas"};
    static const char *const singles[] = {"not", "if", "then", "else"};
    struct part *part = find_part(r, json);
    if (!part || part->seen == SEEN) return false;
    if (part->seen == UNDER_WAY) return true;
    part->seen = UNDER_WAY;
    const json_t *ref = json_object_get(json, "$ref");
    bool round = ref && goes_round(r, schema_target(r->schema, text_at(ref)));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        round |= one_goes_round(r, json_object_get(json, lists[i]));
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        round |= goes_round(r, json_object_get(json, singles[i]));
    part->seen = SEEN;
    return round;
}

static void look_at_reference(struct reading *r, const struct part *part) {
    const json_t *ref = json_object_get(part->json, "$ref");
    const json_t *target = ref ? schema_target(r->schema, text_at(ref)) : NULL;
    const struct place here = {.name = part->pointer};
    if (ref && !json_is_boolean(target) && !find_part(r, target))
        fault(r, PLACE_MEMBER(&here, "$ref"), "leads to no schema in this document");
}

/* A default must fit; and a value that lacks everything must come to an end. */
static void look_at_defaults(struct reading *r, const struct part *part) {
    struct error why = {0};
    const struct place here = {.name = part->pointer};
    const json_t *otherwise = json_object_get(part->json, "default");
    json_t *nothing = json_object(), *whole = schema_fill(r->schema, part->json, otherwise ? otherwise : nothing);
    if (!whole)
        fault(r, &here, "has defaults that call for more defaults without end");
    else if (otherwise && schema_check_part(r->schema, part->json, whole, PLACE_MEMBER(&here, "default"), &why) < 0)
        fault(r, PLACE_MEMBER(&here, "default"), "does not fit its own schema: it %.160s", why.at[0].detail);
    json_decref(whole);
    json_decref(nothing);
}

static void look_again(struct reading *r) {
    for (int i = 0; i < r->n; i++) look_at_reference(r, &r->parts[i]);
    for (int i = 0; i < r->n && !r->error->code; i++)
        if (goes_round(r, r->parts[i].json))
            schema_fault(r->error, &(struct place){.name = r->parts[i].pointer}, "refers to itself and never ends");
    for (int i = 0; i < r->n && !r->error->code; i++) look_at_defaults(r, &r->parts[i]);
}

int schema_open(struct schema **out, const json_t *document, const char *at, struct error *error) {
    struct error own = {0};
    struct schema *schema = memory_new(struct schema);
    schema->references = 1;
    schema->root = json_deep_copy(document);
    struct reading r = {.schema = schema, .error = &own};
    if (json_is_object(schema->root))
        read_schema(&r, schema->root, &(struct place){.name = at});
    else
        error_at(&own, at, "must be a JSON Schema (an object)");
    if (!own.code) look_again(&r);
    for (int i = 0; i < r.n; i++) free(r.parts[i].pointer);
    free(r.parts);
    if (own.code) {
        schema_release(schema);
        for (int i = 0; i < own.places; i++) error_at(error, own.at[i].pointer, "%s", own.at[i].detail);
        return own.code;
    }
    *out = schema;
    return 0;
}

struct schema *schema_keep(struct schema *schema) {
    atomic_fetch_add_explicit(&schema->references, 1, memory_order_relaxed);
    return schema;
}

void schema_release(struct schema *schema) {
    if (!schema || atomic_fetch_sub_explicit(&schema->references, 1, memory_order_acq_rel) > 1) return;
    for (struct map_entry *e = map_next(&schema->patterns, NULL); e; e = map_next(&schema->patterns, e))
        pcre2_code_free(e->value);
    map_free(&schema->patterns);
    map_free(&schema->anchors);
    json_decref(schema->root);
    free(schema);
}
