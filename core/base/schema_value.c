/* Values by themselves: when two are equal, and what a value becomes when defaults fill what it lacks. */
#include <math.h>

#include "core/base/schema_internal.h"

enum { FILL_MOST = 20000 };

static json_t *unconst(const json_t *json) { /* jansson's iterators take no const */
    return (json_t *)(uintptr_t)json;
}

static bool equal_numbers(const json_t *a, const json_t *b) {
    if (json_is_integer(a) && json_is_integer(b)) return json_integer_value(a) == json_integer_value(b);
    if (json_is_real(a) && json_is_real(b)) return json_real_value(a) == json_real_value(b);
    const json_t *whole = json_is_integer(a) ? a : b;
    double real = json_real_value(json_is_integer(a) ? b : a);
    return real >= -9223372036854775808.0 && real < 9223372036854775808.0 && real == floor(real) &&
           (json_int_t)real == json_integer_value(whole);
}

bool schema_equal(const json_t *a, const json_t *b) {
    const char *name;
    json_t *member;
    if (json_is_number(a) && json_is_number(b)) return equal_numbers(a, b);
    if (json_typeof(a) != json_typeof(b)) return false;
    if (json_is_array(a)) {
        bool same = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; same && i < json_array_size(a); i++)
            same = schema_equal(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    if (!json_is_object(a)) return json_equal(a, b);
    if (json_object_size(a) != json_object_size(b)) return false;
    json_object_foreach(unconst(a), name, member) {
        const json_t *other = json_object_get(b, name);
        if (!other || !schema_equal(member, other)) return false;
    }
    return true;
}

/* ---- defaults ---- */

struct filling {
    const struct schema *schema;
    int left; /* parts that may still be filled: defaults may call for more defaults */
};

static void fill(struct filling *filling, const json_t *part, json_t *value);

static void fill_members(struct filling *filling, const json_t *properties, json_t *value) {
    const char *name;
    json_t *part;
    json_object_foreach(unconst(properties), name, part) {
        const json_t *otherwise = json_object_get(part, "default");
        if (!json_object_get(value, name) && otherwise) json_object_set_new(value, name, json_deep_copy(otherwise));
        if (json_object_get(value, name)) fill(filling, part, json_object_get(value, name));
    }
}

static void fill(struct filling *filling, const json_t *part, json_t *value) {
    const json_t *ref = json_object_get(part, "$ref"), *all = json_object_get(part, "allOf"),
                 *items = json_object_get(part, "items");
    size_t first = json_array_size(json_object_get(part, "prefixItems"));
    if (filling->left <= 0) return;
    filling->left--;
    if (json_is_object(value)) fill_members(filling, json_object_get(part, "properties"), value);
    for (size_t i = first; items && i < json_array_size(value); i++) fill(filling, items, json_array_get(value, i));
    if (ref) fill(filling, schema_target(filling->schema, text_of(json_string_value(ref))), value);
    for (size_t i = 0; i < json_array_size(all); i++) fill(filling, json_array_get(all, i), value);
}

json_t *schema_fill(const struct schema *schema, const json_t *part, const json_t *value) {
    struct filling filling = {schema, FILL_MOST};
    json_t *filled = json_deep_copy(value);
    fill(&filling, part, filled);
    if (filling.left > 0) return filled;
    json_decref(filled);
    return NULL;
}

json_t *schema_with_defaults(const struct schema *schema, const json_t *value) {
    json_t *filled = schema_fill(schema, schema->root, value);
    return filled ? filled : json_deep_copy(value);
}
