#include <criterion/criterion.h>

#include "core/plugins/manifest.h"

static struct manifest manifest;
static struct error error;

static void assert_refused(struct text json, const char *pointer, const char *why) {
    error = (struct error){0};
    cr_assert_eq(manifest_read(&manifest, json, &error), ERR_INVALID, "%.*s", TEXT_ARGS(json));
    cr_assert(strstr(error.detail, why), "%s", error.detail);
    if (pointer) cr_assert_str_eq(error.at[0].pointer, pointer);
}

#define REST ",\"abi\":[1,0],\"library\":\"p.so\"}"

Test(manifest, says_what_a_plugin_is) {
    struct text json = TEXT("{\"name\":\"polls\",\"version\":\"1.2.0-rc.1\",\"abi\":[1,3],\"library\":\"polls.so\","
                            "\"title\":\"Polls\",\"settings\":{\"type\":\"object\"}}");
    cr_assert_eq(manifest_read(&manifest, json, &error), 0, "%s", error.detail);
    cr_assert_str_eq(manifest.name, "polls");
    cr_assert_str_eq(manifest.version, "1.2.0-rc.1");
    cr_assert_str_eq(manifest.title, "Polls");
    cr_assert_str_eq(manifest.description, "");
    cr_assert_eq(manifest.abi_minor, 3);
    cr_assert_not_null(manifest.settings);
    cr_assert_null(manifest.web);
    manifest_free(&manifest);
}

Test(manifest, what_is_wrong_is_named_with_its_place) {
    assert_refused(TEXT("{"), NULL, "plugin.json: line 1");
    assert_refused(TEXT("[]"), NULL, "plugin.json must be an object");
    assert_refused(TEXT(""), NULL, "plugin.json: line");
    assert_refused(TEXT("{\"name\":\"a\",\"name\":\"b\"}"), NULL, "duplicate");
    assert_refused(TEXT("{\"name\":\"../x\",\"version\":\"1.0.0\"" REST), "/name", "must be a name");
    assert_refused(TEXT("{\"name\":7,\"version\":\"1.0.0\"" REST), "/name", "must be a name");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"one\"" REST), "/version", "must be a version");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0/..\"" REST), "/version", "must be a version");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"libary\":1" REST), "",
                   "'libary' that no plugin.json has");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"title\":1" REST), "/title", "must be a string");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"social\":\"yes\"" REST), "/social", "must be true");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"web\":\"polls.js\"" REST), "/web", "widget's module");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"settings\":[]" REST), "/settings", "JSON Schema");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"sha256\":{\"p.so\":\"XY\"}" REST), "/sha256",
                   "'p.so'");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"library\":\"p.so\"}"), "/abi", "two integers");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"library\":\"p.so\",\"abi\":[2,0]}"), "/abi",
                   "needs ABI 2; this Parley has ABI 1");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"library\":\"p.so\",\"abi\":[1,4294967296]}"), "/abi",
                   "the minor number 4294967296, which no Parley has");
    assert_refused(TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"library\":\"../p.so\",\"abi\":[1,0]}"), "/library",
                   "must name the shared object");
}

Test(manifest, a_sequence_is_a_whole_number_from_1) {
    static const char *const wrong[] = {"0", "-1", "1.5", "\"7\"", "null", "9007199254740993"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char json[200];
        snprintf(json, sizeof json, "{\"name\":\"p\",\"version\":\"1.0.0\",\"sequence\":%s" REST, wrong[i]);
        assert_refused(text_of(json), "/sequence", "must be a whole number from 1");
    }
    cr_assert_eq(manifest_read(&manifest, TEXT("{\"name\":\"p\",\"version\":\"1.0.0\",\"sequence\":41" REST), NULL), 0);
    cr_assert_eq(manifest.sequence, 41);
    manifest_free(&manifest);
    cr_assert_eq(manifest_read(&manifest, TEXT("{\"name\":\"p\",\"version\":\"1.0.0\"" REST), NULL), 0);
    cr_assert_eq(manifest.sequence, 0);
    manifest_free(&manifest);
}

Test(manifest, versions_have_three_numbers_and_perhaps_a_suffix) {
    cr_assert(manifest_version_valid(TEXT("1.0.0")));
    cr_assert(manifest_version_valid(TEXT("10.20.30-beta.1+build7")));
    cr_assert_not(manifest_version_valid(TEXT("1.0")));
    cr_assert_not(manifest_version_valid(TEXT("1.0.0.0")));
    cr_assert_not(manifest_version_valid(TEXT("1..0")));
    cr_assert_not(manifest_version_valid(TEXT("v1.0.0")));
    cr_assert_not(manifest_version_valid(TEXT("1.0.0-")));
    cr_assert_not(manifest_version_valid(TEXT("1.0.0-a/b")));
    cr_assert_not(manifest_version_valid(TEXT_NONE));
}
