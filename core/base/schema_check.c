/* Holding a value against a schema. Everything runs on the schema's own JSON, which schema.c has found to be in order. Faults
 * are noted where they are; a branch that may fail (anyOf, not, if ...) is tried without words. */
#include "core/base/schema_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/number.h"

enum { CHECK_DEPTH = 128 };

/* Which members of an object, or elements of an array, some keyword has looked at, by their order: for unevaluated*. */
struct marks {
    bool *seen; /* NULL where the schema never asks */
    size_t n;
};

struct check {
    const struct schema *schema;
    struct error *error; /* NULL: without words */
    int depth, steps;
    bool spent; /* a limit was met: nothing fits any more */
};

/* A value on its way through one part. */
struct at {
    struct check *check;
    const json_t *part, *value;
    const struct place *place;
    struct marks marks;
    bool fits;
};

static bool check_part(struct check *check, const json_t *part, const json_t *value, const struct place *place,
                       struct marks *marks);

static json_t *unconst(const json_t *json) { /* jansson's iterators take no const */
    return (json_t *)(uintptr_t)json;
}

static struct text text_at(const json_t *string) {
    return text_n(json_string_value(string), json_string_length(string));
}

/* Notes a fault at the value, or at a member of it. */
#define fault(at, ...) fault_at((at), (at)->place, __VA_ARGS__)
#define fault_at(at, where, ...)                                                                                       \
    do {                                                                                                               \
        if ((at)->check->error) schema_fault((at)->check->error, (where), __VA_ARGS__);                                \
        (at)->fits = false;                                                                                            \
    } while (0)

/* Has the value of a keyword; NULL where it is not there. */
static const json_t *keyword(const struct at *at, const char *name) {
    return json_object_get(at->part, name);
}

/* ---- types ---- */

static bool is_whole(const json_t *value) {
    return json_is_integer(value) || (json_is_real(value) && json_real_value(value) == floor(json_real_value(value)));
}

static bool has_type(const json_t *value, struct text type) {
    switch (json_typeof(value)) {
    case JSON_NULL: return text_is(type, "null");
    case JSON_OBJECT: return text_is(type, "object");
    case JSON_ARRAY: return text_is(type, "array");
    case JSON_STRING: return text_is(type, "string");
    case JSON_TRUE:
    case JSON_FALSE: return text_is(type, "boolean");
    default: return text_is(type, "number") || (text_is(type, "integer") && is_whole(value));
    }
}

/* The values as "a, 2 or null", as far as they go into `out`. */
static const char *list_of(const json_t *values, char *out, size_t room) {
    size_t n = json_array_size(values), used = 0;
    out[0] = 0;
    for (size_t i = 0; i < n && used < room; i++) {
        char *value = json_dumps(json_array_get(values, i), JSON_COMPACT | JSON_ENCODE_ANY);
        used += (size_t)snprintf(out + used, room - used, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", value);
        free(value);
    }
    return out;
}

static void check_type(struct at *at) {
    char list[160];
    const json_t *type = keyword(at, "type"), *values = keyword(at, "enum"), *value = keyword(at, "const");
    bool right = !type || (json_is_string(type) && has_type(at->value, text_at(type)));
    for (size_t i = 0; !right && i < json_array_size(type); i++)
        right = has_type(at->value, text_at(json_array_get(type, i)));
    if (!right && json_is_string(type)) fault(at, "must be of type %s", json_string_value(type));
    if (!right && json_is_array(type)) fault(at, "must be of type %s", list_of(type, list, sizeof list));
    right = !values;
    for (size_t i = 0; !right && i < json_array_size(values); i++)
        right = schema_equal(at->value, json_array_get(values, i));
    if (!right) fault(at, "must be %s", list_of(values, list, sizeof list));
    if (value && !schema_equal(at->value, value)) {
        json_t *one = json_pack("[O]", value);
        fault(at, "must be %s", list_of(one, list, sizeof list));
        json_decref(one);
    }
}

/* ---- numbers and strings ---- */

/* <0, 0, >0; exact for integers. */
static int compare(const json_t *a, const json_t *b) {
    if (json_is_integer(a) && json_is_integer(b))
        return (json_integer_value(a) > json_integer_value(b)) - (json_integer_value(a) < json_integer_value(b));
    double x = json_number_value(a), y = json_number_value(b);
    return (x > y) - (x < y);
}

static bool is_multiple(const json_t *value, const json_t *of) {
    if (json_is_integer(value) && json_is_integer(of)) return json_integer_value(value) % json_integer_value(of) == 0;
    double x = json_number_value(value), y = json_number_value(of), times = x / y;
    if (!isfinite(times) || (is_whole(value) && is_whole(of))) return fmod(x, y) == 0;
    return fabs(times - round(times)) <= 8 * DBL_EPSILON * fabs(times); /* 0.0075 is 75 times 0.0001 */
}

static void check_number(struct at *at) {
    static const struct {
        const char *name, *words;
        int wrong, equal; /* the comparison that is wrong; whether equality is */
    } bounds[] = {{"minimum", "must be at least", -1, 0},
                  {"maximum", "must be at most", 1, 0},
                  {"exclusiveMinimum", "must be more than", -1, 1},
                  {"exclusiveMaximum", "must be less than", 1, 1}};
    char number[NUMBER_ROOM];
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const json_t *bound = keyword(at, bounds[i].name);
        if (!bound) continue;
        int order = compare(at->value, bound);
        if (order != bounds[i].wrong && !(order == 0 && bounds[i].equal)) continue;
        number_print(number, json_number_value(bound));
        fault(at, "%s %s", bounds[i].words, number);
    }
    const json_t *of = keyword(at, "multipleOf");
    if (!of || is_multiple(at->value, of)) return;
    number_print(number, json_number_value(of));
    fault(at, "must be a multiple of %s", number);
}

static size_t code_points(struct text t) {
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) n += ((unsigned char)t.at[i] & 0xC0) != 0x80;
    return n;
}

static bool matches(struct at *at, struct text pattern, struct text subject) {
    int rc = schema_matches(map_get(&at->check->schema->patterns, pattern), subject);
    if (rc < 0) at->check->spent = true;
    return rc > 0;
}

static double count_at(const struct at *at, const char *name, double otherwise) {
    const json_t *count = keyword(at, name);
    return count ? json_number_value(count) : otherwise;
}

/* minX and maxX of whatever is counted. */
static void check_size(struct at *at, const char *least_name, const char *most_name, size_t n, const char *what) {
    double least = count_at(at, least_name, 0), most = count_at(at, most_name, INFINITY);
    if ((double)n < least) fault(at, "has %zu %s; at least %.0f are needed", n, what, least);
    if ((double)n > most) fault(at, "has %zu %s; at most %.0f are allowed", n, what, most);
}

static void check_string(struct at *at) {
    struct text value = text_at(at->value);
    const json_t *pattern = keyword(at, "pattern"), *format = keyword(at, "format");
    check_size(at, "minLength", "maxLength", code_points(value), "characters");
    if (pattern && !matches(at, text_at(pattern), value))
        fault(at, "must match the pattern %.160s", json_string_value(pattern));
    if (format && !schema_format_fits(text_at(format), value)) fault(at, "is no %s", json_string_value(format));
}

/* ---- parts within parts ---- */

/* Applies `part` to a member or element, or to the value itself with marks of its own. */
static bool fits(struct at *at, const json_t *part, const json_t *value, const struct place *place) {
    return check_part(at->check, part, value, place, NULL);
}

static bool fits_silently(struct at *at, const json_t *part, const json_t *value, struct marks *marks) {
    struct error *error = at->check->error;
    at->check->error = NULL;
    bool right = check_part(at->check, part, value, at->place, marks);
    at->check->error = error;
    return right;
}

/* Tries `part` on the value itself; what it looked at counts where it fits. */
static bool try(struct at *at, const json_t *part) {
    return fits_silently(at, part, at->value, &at->marks);
}

/* The same where it must fit, in its own words. */
static void must(struct at *at, const json_t *part) {
    if (part && !check_part(at->check, part, at->value, at->place, &at->marks)) at->fits = false;
}

static void mark(struct at *at, size_t i) {
    if (at->marks.seen) at->marks.seen[i] = true;
}

/* ---- arrays ---- */

static void check_contains(struct at *at) {
    const json_t *part = keyword(at, "contains");
    size_t n = 0;
    if (!part) return;
    for (size_t i = 0; i < json_array_size(at->value); i++)
        if (fits_silently(at, part, json_array_get(at->value, i), NULL)) {
            n++;
            mark(at, i);
        }
    double least = count_at(at, "minContains", 1), most = count_at(at, "maxContains", INFINITY);
    if ((double)n < least) fault(at, "has %zu elements that fit `contains`; at least %.0f are needed", n, least);
    if ((double)n > most) fault(at, "has %zu elements that fit `contains`; at most %.0f are allowed", n, most);
}

static void check_unique(struct at *at) {
    size_t n = json_array_size(at->value);
    if (!json_is_true(keyword(at, "uniqueItems"))) return;
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (at->check->steps++ > 10 * SCHEMA_STEPS) at->check->spent = true;
            if (at->check->spent || !schema_equal(json_array_get(at->value, i), json_array_get(at->value, j))) continue;
            fault_at(at, PLACE_ELEMENT(at->place, i), "is there already, as element %zu", j);
            return;
        }
}

static void check_array(struct at *at) {
    const json_t *first = keyword(at, "prefixItems"), *rest = keyword(at, "items");
    size_t n = json_array_size(at->value);
    check_size(at, "minItems", "maxItems", n, "elements");
    check_unique(at);
    for (size_t i = 0; i < n; i++) {
        const json_t *part = i < json_array_size(first) ? json_array_get(first, i) : rest;
        if (!part) continue;
        at->fits &= fits(at, part, json_array_get(at->value, i), PLACE_ELEMENT(at->place, i));
        mark(at, i);
    }
    check_contains(at);
}

/* ---- objects ---- */

/* "is not known here; there are a, b" where only named members are allowed, else in the schema's own words. */
static void check_other_member(struct at *at, const json_t *part, const char *name, const json_t *member) {
    char names[160] = "";
    size_t used = 0;
    const struct place *here = PLACE_MEMBER(at->place, name);
    if (!json_is_false(part)) {
        at->fits &= fits(at, part, member, here);
        return;
    }
    const char *known;
    json_t *value;
    json_object_foreach(unconst(keyword(at, "properties")), known, value) if (used < sizeof names) used +=
        (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "; there are ", known);
    fault_at(at, here, "is not known here%s", names);
}

static void check_members(struct at *at) {
    const json_t *properties = keyword(at, "properties"), *patterns = keyword(at, "patternProperties"),
                 *others = keyword(at, "additionalProperties"), *names = keyword(at, "propertyNames");
    const char *name, *pattern;
    json_t *member, *part;
    size_t i = 0;
    json_object_foreach(unconst(at->value), name, member) {
        const struct place *here = PLACE_MEMBER(at->place, name);
        const json_t *own = json_object_get(properties, name);
        bool known = own;
        if (own) at->fits &= fits(at, own, member, here);
        json_object_foreach(unconst(patterns), pattern, part) {
            if (!matches(at, text_of(pattern), text_of(name))) continue;
            at->fits &= fits(at, part, member, here);
            known = true;
        }
        if (!known && others) check_other_member(at, others, name, member);
        if (known || others) mark(at, i);
        if (names) {
            json_t *as_text = json_string(name);
            at->fits &= fits(at, names, as_text, here);
            json_decref(as_text);
        }
        i++;
    }
}

static void check_required(struct at *at, const json_t *names, const char *because_of) {
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (json_object_get(at->value, name)) continue;
        if (because_of)
            fault_at(at, PLACE_MEMBER(at->place, name), "is missing; it belongs to %s", because_of);
        else
            fault_at(at, PLACE_MEMBER(at->place, name), "is missing");
    }
}

static void check_object(struct at *at) {
    const char *name;
    json_t *depending;
    check_size(at, "minProperties", "maxProperties", json_object_size(at->value), "members");
    check_required(at, keyword(at, "required"), NULL);
    json_object_foreach(unconst(keyword(at, "dependentRequired")), name, depending) {
        if (json_object_get(at->value, name)) check_required(at, depending, name);
    }
    check_members(at);
    json_object_foreach(unconst(keyword(at, "dependentSchemas")), name, depending) {
        if (json_object_get(at->value, name)) must(at, depending);
    }
}

/* ---- combinations ---- */

static void check_combined(struct at *at) {
    const json_t *all = keyword(at, "allOf"), *any = keyword(at, "anyOf"), *one = keyword(at, "oneOf");
    const json_t *not = keyword(at, "not"), *condition = keyword(at, "if"), *ref = keyword(at, "$ref");
    size_t n = 0;
    if (ref) must(at, schema_target(at->check->schema, text_at(ref)));
    for (size_t i = 0; i < json_array_size(all); i++) must(at, json_array_get(all, i));
    for (size_t i = 0; i < json_array_size(any); i++) n += try(at, json_array_get(any, i));
    if (any && !n) fault(at, "fits none of the %zu forms it may have", json_array_size(any));
    n = 0;
    for (size_t i = 0; i < json_array_size(one); i++) n += try(at, json_array_get(one, i));
    if (one && n != 1) fault(at, "must fit exactly one of %zu forms, and fits %zu", json_array_size(one), n);
    if (not &&fits_silently(at, not, at->value, NULL)) fault(at, "has a form that is not allowed");
    if (condition) must(at, keyword(at, try(at, condition) ? "then" : "else"));
}

static void check_unevaluated(struct at *at) {
    const json_t *part = keyword(at, json_is_object(at->value) ? "unevaluatedProperties" : "unevaluatedItems");
    const char *name;
    json_t *member;
    size_t i = 0;
    if (!part) return;
    json_object_foreach(unconst(at->value), name, member) {
        if (!at->marks.seen[i]) check_other_member(at, part, name, member);
        mark(at, i++);
    }
    for (i = 0; i < json_array_size(at->value); i++) {
        if (!at->marks.seen[i]) at->fits &= fits(at, part, json_array_get(at->value, i), PLACE_ELEMENT(at->place, i));
        mark(at, i);
    }
}

/* ---- one part ---- */

static void check_all(struct at *at) {
    check_type(at);
    if (json_is_number(at->value)) check_number(at);
    if (json_is_string(at->value)) check_string(at);
    if (json_is_array(at->value)) check_array(at);
    if (json_is_object(at->value)) check_object(at);
    check_combined(at);
    check_unevaluated(at);
}

/* False once the value has cost too much. */
static bool within_limits(struct check *check) {
    check->spent |= check->depth > CHECK_DEPTH || check->steps++ >= SCHEMA_STEPS;
    return !check->spent;
}

/* What the part has looked at is added to `marks` (may be NULL) where the value fits. */
static bool check_part(struct check *check, const json_t *part, const json_t *value, const struct place *place,
                       struct marks *marks) {
    struct at at = {.check = check, .part = part, .value = value, .place = place, .fits = true};
    if (json_is_true(part)) return true;
    if (json_is_false(part)) fault(&at, "is not allowed");
    if (json_is_false(part) || !within_limits(check)) return false;
    at.marks.n = json_is_object(value) ? json_object_size(value) : json_array_size(value);
    if (check->schema->marks && at.marks.n) at.marks.seen = memory_zero(at.marks.n, sizeof(bool));
    check->depth++;
    check_all(&at);
    check->depth--;
    bool right = at.fits && !check->spent;
    for (size_t i = 0; right && marks && marks->seen && i < marks->n; i++) marks->seen[i] |= at.marks.seen[i];
    free(at.marks.seen);
    return right;
}

int schema_check_part(const struct schema *schema, const json_t *part, const json_t *value, const struct place *place,
                      struct error *error) {
    struct error own = {0};
    if (!error) error = &own;
    struct check check = {.schema = schema, .error = error};
    if (check_part(&check, part, value, place, NULL)) return 0;
    if (check.spent) {
        error_clear(error);
        schema_fault(error, place, "takes too long to hold against its schema");
    }
    return ERR_INVALID;
}

int schema_check(const struct schema *schema, const json_t *value, const char *at, struct error *error) {
    return schema_check_part(schema, schema->root, value, &(struct place){.name = at}, error);
}
