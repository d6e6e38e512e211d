#include "core/plugins/configuration.h"

#include <string.h>

#include "core/base/json_dump.h"

int configuration_check_size(const json_t *value, struct error *error) {
    struct buffer out = {0};
    json_dump(&out, value);
    size_t n = out.n;
    buffer_free(&out);
    if (n <= CONFIGURATION_MOST) return 0;
    return error_at(error, "", "is %zu bytes as JSON; at most %d", n, CONFIGURATION_MOST);
}

static const json_t *property_of(const json_t *schema, const char *name) {
    return json_object_get(json_object_get(schema, "properties"), name);
}

static bool is_secret(const json_t *schema) {
    return json_is_true(json_object_get(schema, "writeOnly"));
}

static size_t secrets_anywhere(const json_t *value) {
    const char *key;
    json_t *member;
    size_t i, n = is_secret(value);
    json_object_foreach((json_t *)value, key, member) n += secrets_anywhere(member);
    json_array_foreach(value, i, member) n += secrets_anywhere(member);
    return n;
}

static size_t secrets_found(const json_t *schema) {
    const char *key;
    json_t *property;
    size_t n = 0;
    json_object_foreach(json_object_get(schema, "properties"), key, property) n +=
        is_secret(property) + secrets_found(property);
    return n;
}

bool configuration_can_mask(const json_t *schema) {
    return secrets_found(schema) == secrets_anywhere(schema);
}

json_t *configuration_masked(const json_t *schema, const json_t *value) {
    const char *key;
    json_t *member, *copy = json_copy((json_t *)value);
    json_object_foreach((json_t *)value, key, member) {
        const json_t *property = property_of(schema, key);
        if (is_secret(property))
            json_object_set_new(copy, key, json_string(CONFIGURATION_MASK));
        else if (property)
            json_object_set_new(copy, key, configuration_masked(property, member));
    }
    return copy;
}

json_t *configuration_unmasked(const json_t *schema, const json_t *sent, const json_t *now) {
    const char *key;
    json_t *member, *copy = json_copy((json_t *)sent);
    json_object_foreach((json_t *)sent, key, member) {
        const json_t *property = property_of(schema, key);
        json_t *there = json_object_get(now, key);
        bool masked = json_is_string(member) && strcmp(json_string_value(member), CONFIGURATION_MASK) == 0;
        if (is_secret(property) && masked && there)
            json_object_set(copy, key, there);
        else if (is_secret(property) && masked)
            json_object_del(copy, key);
        else if (property)
            json_object_set_new(copy, key, configuration_unmasked(property, member, there));
    }
    return copy;
}

/* Sets in `value` the secrets of `now` that are not there. */
static void keep_secrets(const json_t *schema, json_t *value, const json_t *now) {
    const char *key;
    json_t *property;
    json_object_foreach(json_object_get(schema, "properties"), key, property) {
        json_t *there = json_object_get(now, key), *said = json_object_get(value, key);
        if (is_secret(property) && there && !said) json_object_set(value, key, there);
        if (is_secret(property) || !json_is_object(there) || (said && !json_is_object(said))) continue;
        json_t *inner = said ? json_incref(said) : json_object();
        keep_secrets(property, inner, there);
        if (json_object_size(inner)) json_object_set(value, key, inner);
        json_decref(inner);
    }
}

json_t *configuration_with_secrets(const json_t *schema, const json_t *sent, const json_t *now) {
    json_t *flat = configuration_unmasked(schema, sent, now), *value = json_deep_copy(flat);
    json_decref(flat);
    keep_secrets(schema, value, now);
    return value;
}
