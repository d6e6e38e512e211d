/* The official suite (json-schema-org/JSON-Schema-Test-Suite, draft2020-12) was run against this while it was written; decision 026
 * has the figures. The cases here are our own: a value for each keyword that fits and one that does not, with what is said. */
#include "core/base/schema.h"

#include <criterion/criterion.h>
#include <stdio.h>

static json_t *json_of(const char *text) {
    json_error_t why;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &why);
    cr_assert(json, "%s: %s", text, why.text);
    return json;
}

static struct schema *understood(const char *text) {
    struct schema *schema = NULL;
    struct error error = {0};
    json_t *json = json_of(text);
    int rc = schema_open(&schema, json, "/settings", &error);
    cr_assert_eq(rc, 0, "%s: %s %s", text, error.at[0].pointer, error.at[0].detail);
    json_decref(json);
    return schema;
}

/* "" where it fits, else "pointer detail" of the first fault. Static storage. */
static const char *said_of(const char *schema_text, const char *value_text) {
    static char said[512];
    struct schema *schema = understood(schema_text);
    struct error error = {0};
    json_t *value = json_of(value_text);
    int rc = schema_check(schema, value, "/v", &error);
    snprintf(said, sizeof said, "%s%s%s", error.at[0].pointer, rc ? " " : "", error.at[0].detail);
    cr_assert_eq(rc, error.code);
    json_decref(value);
    schema_release(schema);
    return said;
}

/* Each schema with a value that fits, one that does not, and what is said of that. */
static const struct {
    const char *schema, *fits, *fits_not, *said;
} cases[] = {
    {"{\"type\":\"string\"}", "\"a\"", "1", "/v must be of type string"},
    {"{\"type\":\"integer\"}", "2.0", "2.5", "/v must be of type integer"},
    {"{\"type\":[\"number\",\"null\"]}", "null", "true", "/v must be of type \"number\" or \"null\""},
    {"{\"enum\":[\"a\",1,null]}", "1.0", "\"b\"", "/v must be \"a\", 1 or null"},
    {"{\"const\":{\"a\":[1]}}", "{\"a\":[1.0]}", "{\"a\":[2]}", "/v must be {\"a\":[1]}"},
    {"{\"minimum\":2}", "2", "1.9", "/v must be at least 2"},
    {"{\"maximum\":2.5}", "2.5", "3", "/v must be at most 2.5"},
    {"{\"exclusiveMinimum\":0}", "0.1", "0", "/v must be more than 0"},
    {"{\"exclusiveMaximum\":9007199254740993}", "9007199254740992", "9007199254740993",
     "/v must be less than 9007199254740992"},
    {"{\"multipleOf\":0.0001}", "0.0075", "0.00751", "/v must be a multiple of 0.0001"},
    {"{\"multipleOf\":3}", "-9", "1e308", "/v must be a multiple of 3"},
    {"{\"minLength\":2}", "\"äö\"", "\"ö\"", "/v has 1 characters; at least 2 are needed"},
    {"{\"maxLength\":1}", "\"\\ud83d\\ude00\"", "\"ab\"", "/v has 2 characters; at most 1 are allowed"},
    {"{\"pattern\":\"^[a-z]+$\"}", "\"abc\"", "\"abc\\n\"", "/v must match the pattern ^[a-z]+$"},
    {"{\"format\":\"date-time\"}", "\"2026-12-31T23:59:60Z\"", "\"2026-12-31T12:59:60Z\"", "/v is no date-time"},
    {"{\"format\":\"date\"}", "\"2028-02-29\"", "\"2027-02-29\"", "/v is no date"},
    {"{\"format\":\"time\"}", "\"08:30:06.28+02:00\"", "\"08:30:06\"", "/v is no time"},
    {"{\"format\":\"email\"}", "\"joe.bloggs@example.com\"", "\"joe..bloggs@example.com\"", "/v is no email"},
    {"{\"format\":\"uri\"}", "\"http://[::1]:8080/a?b#c\"", "\"//example.com/a\"", "/v is no uri"},
    {"{\"format\":\"uuid\"}", "\"2EB8AA08-AA98-11EA-B4AA-73B441D16380\"", "\"2eb8-aa08-aa98-11ea\"", "/v is no uuid"},
    {"{\"format\":\"ipv4\"}", "\"192.0.2.1\"", "\"192.0.2.01\"", "/v is no ipv4"},
    {"{\"format\":\"ipv6\"}", "\"2001:db8::1\"", "\"12345::\"", "/v is no ipv6"},
    {"{\"format\":\"regex\"}", "\"a|b\"", "\"(\"", "/v is no regex"},
    {"{\"minItems\":1}", "[1]", "[]", "/v has 0 elements; at least 1 are needed"},
    {"{\"uniqueItems\":true}", "[1,true,\"1\"]", "[{\"a\":1},{\"a\":1.0}]", "/v/1 is there already, as element 0"},
    {"{\"items\":{\"type\":\"string\"}}", "[\"a\"]", "[\"a\",2]", "/v/1 must be of type string"},
    {"{\"prefixItems\":[true],\"items\":false}", "[1]", "[1,2]", "/v/1 is not allowed"},
    {"{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,2]", "[1,1]",
     "/v has 2 elements that fit `contains`; at most 1 are allowed"},
    {"{\"contains\":{\"const\":1},\"minContains\":2}", "[1,1]", "[1]",
     "/v has 1 elements that fit `contains`; at least 2 are needed"},
    {"{\"required\":[\"a/b\"]}", "{\"a/b\":1}", "{}", "/v/a~1b is missing"},
    {"{\"properties\":{\"a\":{},\"b\":{}},\"additionalProperties\":false}", "{\"a\":1}", "{\"c\":1}",
     "/v/c is not known here; there are a, b"},
    {"{\"patternProperties\":{\"^x-\":{\"type\":\"null\"}},\"additionalProperties\":{\"type\":\"string\"}}",
     "{\"x-a\":null,\"b\":\"c\"}", "{\"x-a\":1}", "/v/x-a must be of type null"},
    {"{\"propertyNames\":{\"maxLength\":2}}", "{\"ab\":1}", "{\"abc\":1}",
     "/v/abc has 3 characters; at most 2 are allowed"},
    {"{\"maxProperties\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "/v has 2 members; at most 1 are allowed"},
    {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"b\":1}", "{\"a\":1}", "/v/b is missing; it belongs to a"},
    {"{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{}", "{\"a\":1}", "/v/b is missing"},
    {"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2", "4", "/v must be at most 3"},
    {"{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":3}]}", "\"a\"", "2", "/v fits none of the 2 forms it may have"},
    {"{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "1", "2", "/v must fit exactly one of 2 forms, and fits 2"},
    {"{\"not\":{\"type\":\"null\"}}", "1", "null", "/v has a form that is not allowed"},
    {"{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":1},\"else\":{\"minimum\":1}}", "\"a\"", "0",
     "/v must be at least 1"},
    {"{\"$defs\":{\"a b\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/a%20b\"}", "null", "1", "/v must be of type null"},
    {"{\"$defs\":{\"n\":{\"$anchor\":\"here\",\"type\":\"null\"}},\"items\":{\"$ref\":\"#here\"}}", "[null]", "[1]",
     "/v/0 must be of type null"},
    {"{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}", "{\"next\":{\"next\":{}}}",
     "{\"next\":{\"x\":1}}", "/v/next/x is not known here; there are next"},
    {"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}", "{\"a\":1}", "{\"b\":1}",
     "/v/b is not known here"},
    {"{\"anyOf\":[{\"prefixItems\":[{\"const\":1}]},true],\"unevaluatedItems\":{\"type\":\"null\"}}", "[1,null]", "[2]",
     "/v/0 must be of type null"},
};

Test(schema, each_keyword_lets_through_what_fits_and_says_what_does_not) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(said_of(cases[i].schema, cases[i].fits), "", "%s takes %s", cases[i].schema, cases[i].fits);
        cr_expect_str_eq(said_of(cases[i].schema, cases[i].fits_not), cases[i].said, "%s", cases[i].schema);
    }
}

Test(schema, all_that_does_not_fit_is_said_at_once) {
    struct schema *schema = understood("{\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"minimum\":3}}}");
    struct error error = {0};
    json_t *value = json_of("{\"a\":1,\"b\":2}");
    schema_check(schema, value, "/variants/top/settings", &error);
    cr_assert_eq(error.places, 2);
    cr_assert_str_eq(error.at[1].pointer, "/variants/top/settings/b");
    json_decref(value);
    schema_release(schema);
}

/* Schemas that are refused, and what is said of them. */
static const char *const refused[][2] = {
    {"{\"maximun\":3}", "/settings/maximun is no keyword that is understood here"},
    {"{\"definitions\":{}}", "/settings/definitions is of an earlier draft: write $defs"},
    {"{\"$id\":\"https://example.com/\"}",
     "/settings/$id is not understood here: a schema is one document, referred to with \"#...\""},
    {"{\"$ref\":\"https://example.com/a\"}",
     "/settings/$ref must lead to a part of this schema, such as \"#/$defs/colour\""},
    {"{\"$ref\":\"#/$defs/a\"}", "/settings/$ref leads to no schema in this document"},
    {"{\"enum\":[{}],\"$ref\":\"#/enum/0\"}", "/settings/$ref leads to no schema in this document"},
    {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
     "/settings/$schema must be \"https://json-schema.org/draft/2020-12/schema\": other drafts are not understood "
     "here"},
    {"{\"properties\":{\"a\":{\"type\":\"text\"}}}", "/settings/properties/a/type must be null, boolean, object, "
                                                     "array, number, string or integer, or an array of these"},
    {"{\"properties\":{\"a\":3}}", "/settings/properties/a must be a schema: an object, true or false"},
    {"{\"items\":[{}]}", "/settings/items must be a schema: an object, true or false"},
    {"{\"minLength\":-1}", "/settings/minLength must be a whole number, not below 0"},
    {"{\"multipleOf\":0}", "/settings/multipleOf must be a number above 0"},
    {"{\"required\":[\"a\",\"a\"]}", "/settings/required must be an array of strings, no two alike"},
    {"{\"anyOf\":[]}", "/settings/anyOf must be an array with at least one schema"},
    {"{\"pattern\":\"(\"}",
     "/settings/pattern is no regular expression that is understood here: missing closing parenthesis (at byte 1)"},
    {"{\"format\":\"color\"}", "/settings/format must be a format that is checked here: date-time, date, time, email, "
                               "ipv4, ipv6, uri, uuid or regex"},
    {"{\"allOf\":[{\"$ref\":\"#\"}]}", "/settings refers to itself and never ends"},
    {"{\"properties\":{\"a\":{\"type\":\"string\",\"default\":1}}}",
     "/settings/properties/a/default does not fit its own schema: it must be of type string"},
    {"{\"properties\":{\"a\":{\"$ref\":\"#\",\"default\":{}},\"b\":{\"$ref\":\"#\",\"default\":{}}}}",
     "/settings has defaults that call for more defaults without end"},
    {"[]", "/settings must be a JSON Schema (an object)"},
};

Test(schema, what_is_not_understood_is_refused_with_its_place) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct schema *schema = NULL;
        struct error error = {0};
        char said[512];
        json_t *json = json_of(refused[i][0]);
        cr_expect_eq(schema_open(&schema, json, "/settings", &error), ERR_INVALID, "%s", refused[i][0]);
        snprintf(said, sizeof said, "%s %s", error.at[0].pointer, error.at[0].detail);
        cr_expect_str_eq(said, refused[i][1]);
        json_decref(json);
    }
}

static void assert_filled(const char *schema_text, const char *value_text, const char *expected_text) {
    struct schema *schema = understood(schema_text);
    json_t *value = json_of(value_text), *expected = json_of(expected_text),
           *filled = schema_with_defaults(schema, value);
    char *got = json_dumps(filled, JSON_COMPACT | JSON_ENCODE_ANY);
    cr_expect(json_equal(filled, expected), "%s gives %s", value_text, got);
    free(got);
    json_decref(value);
    json_decref(expected);
    json_decref(filled);
    schema_release(schema);
}

Test(schema, defaults_fill_what_is_missing_and_nothing_else) {
    assert_filled("{\"properties\":{\"a\":{\"default\":1},\"b\":{}}}", "{}", "{\"a\":1}");
    assert_filled("{\"properties\":{\"a\":{\"default\":1}}}", "{\"a\":null,\"c\":2}", "{\"a\":null,\"c\":2}");
    assert_filled("{\"properties\":{\"o\":{\"default\":{},\"properties\":{\"a\":{\"default\":1}}}}}", "{}",
                  "{\"o\":{\"a\":1}}");
    assert_filled("{\"properties\":{\"o\":{\"properties\":{\"a\":{\"default\":1}}}}}", "{}", "{}");
    assert_filled("{\"$defs\":{\"i\":{\"properties\":{\"a\":{\"default\":1}}}},\"items\":{\"$ref\":\"#/$defs/i\"}}",
                  "[{},{\"a\":2}]", "[{\"a\":1},{\"a\":2}]");
    assert_filled("{\"allOf\":[{\"properties\":{\"a\":{\"default\":1}}}]}", "{}", "{\"a\":1}");
}

Test(schema, a_pattern_or_a_schema_that_takes_for_ever_fits_nothing) {
    const char *said =
        said_of("{\"pattern\":\"^(a|aa)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");
    cr_expect_str_eq(said, "/v takes too long to hold against its schema");
    said = said_of("{\"$defs\":{\"a\":{\"anyOf\":[{\"items\":{\"$ref\":\"#/$defs/a\"},\"minItems\":9},"
                   "{\"items\":{\"$ref\":\"#/$defs/a\"},\"minItems\":8},{\"items\":{\"$ref\":\"#/$defs/a\"}}]}},"
                   "\"$ref\":\"#/$defs/a\"}",
                   "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"); /* 3^20 ways */
    cr_expect_str_eq(said, "/v takes too long to hold against its schema");
}
