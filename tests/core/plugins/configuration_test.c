#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/base/json_dump.h"
#include "core/plugins/configuration.h"

#define SCHEMA                                                                                                         \
    "{\"properties\":{\"words\":{\"type\":\"string\"},\"token\":{\"writeOnly\":true},"                                 \
    "\"shop\":{\"properties\":{\"key\":{\"type\":\"string\",\"writeOnly\":true}}}}}"

static json_t *parse(const char *json) {
    json_t *value = json_loads(json, 0, NULL);
    cr_assert_not_null(value, "%s", json);
    return value;
}

static void is(json_t *value, const char *expected) {
    struct buffer out = {0};
    json_dump(&out, value);
    char *text = buffer_take(&out, NULL);
    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

static void shows(const char *value, const char *expected) {
    json_t *schema = parse(SCHEMA), *given = parse(value);
    is(configuration_masked(schema, given), expected);
    json_decref(given);
    json_decref(schema);
}

static void becomes(const char *sent, const char *now, const char *expected) {
    json_t *schema = parse(SCHEMA), *given = parse(sent), *there = parse(now);
    is(configuration_unmasked(schema, given, there), expected);
    json_decref(there);
    json_decref(given);
    json_decref(schema);
}

Test(configuration, shows_secrets_as_stars_at_any_depth_and_all_else_as_it_is) {
    shows("{\"words\":\"Moin\",\"token\":\"s\",\"shop\":{\"name\":\"n\",\"key\":[\"s\"]}}",
          "{\"words\":\"Moin\",\"token\":\"********\",\"shop\":{\"name\":\"n\",\"key\":\"********\"}}");
    shows("{\"words\":\"Moin\",\"shop\":7}", "{\"words\":\"Moin\",\"shop\":7}");
    shows("{}", "{}");
}

Test(configuration, takes_the_stars_of_a_secret_for_what_is_there) {
    becomes("{\"words\":\"Hi\",\"token\":\"********\",\"shop\":{\"key\":\"********\"}}",
            "{\"words\":\"Moin\",\"token\":\"s\",\"shop\":{\"key\":\"k\"}}",
            "{\"words\":\"Hi\",\"token\":\"s\",\"shop\":{\"key\":\"k\"}}");
    becomes("{\"token\":\"new\"}", "{\"token\":\"s\"}", "{\"token\":\"new\"}");
    becomes("{}", "{\"token\":\"s\"}", "{}");
}

Test(configuration, takes_stars_where_nothing_secret_is_for_what_they_are) {
    becomes("{\"words\":\"********\",\"token\":\"********\",\"shop\":{\"key\":\"********\"}}", "{\"words\":\"Moin\"}",
            "{\"words\":\"********\",\"shop\":{}}");
}

static int size_of(size_t n) {
    char *words = calloc(n + 1, 1);
    memset(words, 'x', n);
    json_t *value = json_pack("{s:s}", "words", words);
    struct error error = {0};
    int rc = configuration_check_size(value, &error);
    json_decref(value);
    free(words);
    return rc;
}

Test(configuration, has_64_KiB_as_JSON_and_no_byte_more) {
    cr_assert_eq(size_of(CONFIGURATION_MOST - strlen("{\"words\":\"\"}")), 0);
    cr_assert_eq(size_of(CONFIGURATION_MOST - strlen("{\"words\":\"\"}") + 1), ERR_INVALID);
}

Test(configuration, knows_which_schemas_mark_what_it_would_not_find) {
    static const struct {
        const char *schema;
        bool can;
    } cases[] = {
        {SCHEMA, true},
        {"{}", true},
        {"{\"writeOnly\":true}", false},
        {"{\"properties\":{\"a\":{\"items\":{\"writeOnly\":true}}}}", false},
        {"{\"$defs\":{\"a\":{\"writeOnly\":true}},\"properties\":{\"b\":{\"$ref\":\"#/$defs/a\"}}}", false},
        {"{\"allOf\":[{\"properties\":{\"a\":{\"writeOnly\":true}}}]}", false},
        {"{\"properties\":{\"writeOnly\":{\"type\":\"boolean\"}}}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *schema = parse(cases[i].schema);
        cr_assert_eq(configuration_can_mask(schema), cases[i].can, "%s", cases[i].schema);
        json_decref(schema);
    }
}

static void keeps(const char *sent, const char *now, const char *expected) {
    json_t *schema = parse(SCHEMA), *given = parse(sent), *there = parse(now);
    is(configuration_with_secrets(schema, given, there), expected);
    is(json_incref(given), sent);
    json_decref(there);
    json_decref(given);
    json_decref(schema);
}

Test(configuration, written_without_its_secrets_keeps_those_that_are_there) {
    keeps("{\"words\":\"Hi\",\"shop\":{\"name\":\"n\"}}",
          "{\"words\":\"Moin\",\"token\":\"s\",\"shop\":{\"key\":\"k\"}}",
          "{\"words\":\"Hi\",\"shop\":{\"name\":\"n\",\"key\":\"k\"},\"token\":\"s\"}");
    keeps("{\"token\":\"********\"}", "{\"token\":\"s\",\"shop\":{\"key\":\"k\"}}",
          "{\"token\":\"s\",\"shop\":{\"key\":\"k\"}}");
    keeps("{\"token\":\"new\"}", "{\"token\":\"s\",\"shop\":{\"name\":\"n\"}}", "{\"token\":\"new\"}");
    keeps("{\"token\":\"********\"}", "{\"words\":\"Moin\"}", "{}");
    keeps("{\"shop\":7}", "{\"shop\":{\"key\":\"k\"}}", "{\"shop\":7}");
}
