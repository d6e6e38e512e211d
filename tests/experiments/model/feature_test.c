#include "experiments/model/feature.h"

#include "tests/experiments/model/parsing.h"

TestSuite(feature, .init = begin, .fini = end);

static const char contract[] =
    "{'key':'product-poll','name':'Poll beside the product','type':'string','enabled':true,'stage':'trial',"
    "'variants':{'off':{'value':'off'},'top':{'value':'top','plugin':'polls','release':'1.2.0','settings':{'maxOptions'"
    ":4}}},"
    "'off':'off','prerequisites':[{'feature':'accounts','variants':['on']}],"
    "'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'top'},"
    "{'id':'beta','if':{'in':['beta',{'var':'groups'}]},'split':{'off':50,'top':50},'by':'targetingKey'}],"
    "'default':{'serve':'off'},'owner':'merchandising','reviewBy':'2026-12-31','tags':['home']}";

static int parse(struct feature *feature, const char *quoted, struct text url_key) {
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    int code = feature_parse(feature, body, url_key, &arena, &error);
    json_decref(body);
    return code;
}

Test(feature, the_contracts_example_is_read_whole) {
    struct feature f;
    int64_t review;
    cr_assert_eq(parse(&f, contract, TEXT("product-poll")), 0, "%s", error.detail);
    cr_expect(text_is(f.key, "product-poll") && text_is(f.name, "Poll beside the product"));
    cr_expect(f.type == FEATURE_STRING && f.stage == STAGE_TRIAL && f.enabled);
    cr_assert_eq(f.n_variants, 2u);
    cr_expect(text_is(f.variants[1].value, "\"top\"") && text_is(f.variants[1].plugin, "polls"));
    cr_expect(text_is(f.variants[1].release, "1.2.0") && text_is(f.variants[1].settings, "{\"maxOptions\":4}"));
    cr_expect_eq(f.variants[0].plugin.n, 0u);
    cr_expect(f.off == 0 && f.by_default == 0);
    cr_assert_eq(f.n_rules, 2u);
    cr_expect(f.rules[0].serve == 1 && f.rules[1].serve == -1 && text_is(f.rules[1].by, "targetingKey"));
    cr_expect(f.rules[1].split.n == 2 && f.rules[1].split.ends[0] == 500000 && f.rules[1].split.ends[1] == 1000000);
    cr_assert_eq(f.n_prerequisites, 1u);
    cr_expect(text_is(f.prerequisites[0].variants[0], "on"));
    clock_parse(TEXT("2026-12-31"), &review);
    cr_expect_eq(f.review_by, review);
    cr_expect(f.n_tags == 1 && text_is(f.owner, "merchandising"));
}

static void comes_back_as(const char *body, const char *expected) {
    struct feature f;
    json_t *json = quoted_json(body);
    cr_assert_eq(feature_parse(&f, json, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_t *canonical = feature_canonical(&f, json);
    quoted_expect(canonical, expected);
    json_decref(canonical);
    json_decref(json);
}

Test(feature, what_was_written_comes_back) {
    comes_back_as(contract, contract);
}

Test(feature, defaults_are_filled_in) {
    comes_back_as("{'type':'number','key':'a','variants':{'low':{'value':1},'off':{'value':19.99}},'version':3,'rules':"
                  "[{'serve':'low'}]}",
                  "{'key':'a','type':'number','enabled':true,'stage':'draft','variants':{'low':{'value':1},'off':{'"
                  "value':19.99}},"
                  "'off':'off','rules':[{'id':'rule-1','serve':'low'}],'default':{'serve':'off'}}");
}

static const struct {
    const char *body, *pointer, *words;
} defects[] = {
#define V "'type':'boolean','variants':{'off':{'value':false},'on':{'value':true}},'off':'off'"
    {"[]", "", "is an array; write an object"},
    {"{" V "}", "/key", "is missing; give the definition a key"},
    {"{'key':'-a'," V "}", "/key", "is not a key: 1 to 64 of A-Z a-z 0-9 . _ -"},
    {"{'key':7," V "}", "/key", "is a number; write a key"},
    {"{'key':'a'," V ",'varients':{}}", "/varients", "is not a member that is known here; there are key, name, type"},
    {"{'key':'a'," V ",'a/b~c':1}", "/a~1b~0c", "is not a member"},
    {"{'key':'a','variants':{'off':{'value':1}}}", "/type", "is missing; write boolean, string, number or object"},
    {"{'key':'a','type':'text','variants':{'off':{'value':1}}}", "/type",
     "is \"text\"; write boolean, string, number or object"},
    {"{'key':'a','type':'boolean'}", "/variants", "is missing; give the feature its variants"},
    {"{'key':'a','type':'boolean','variants':[]}", "/variants", "is not an object; write the variants by their keys"},
    {"{'key':'a','type':'boolean','variants':{}}", "/variants", "has 0 variants; give 1 to 32"},
    {"{'key':'a','type':'boolean','variants':{'off':{'value':'no'}}}", "/variants/off/value",
     "is not of the feature's type; write a value of type boolean"},
    {"{'key':'a','type':'object','variants':{'off':{'value':[]}}}", "/variants/off/value",
     "write a value of type object"},
    {"{'key':'a','type':'number','variants':{'off':{'value':null}}}", "/variants/off/value",
     "write a value of type number"},
    {"{'key':'a','type':'string','variants':{'off':{}}}", "/variants/off/value",
     "is missing; give the variant the value that clients receive"},
    {"{'key':'a','type':'string','variants':{'off':{'value':'x','settings':{}}}}", "/variants/off/plugin",
     "is missing; release and settings belong to a plugin"},
    {"{'key':'a','type':'string','variants':{'off':{'value':'x','plugin':'p','settings':3}}}", "/variants/off/settings",
     "is not an object"},
    {"{'key':'a','type':'string','variants':{'off':{'value':'x','weight':3}}}", "/variants/off/weight",
     "is not a member"},
    {"{'key':'a','type':'string','variants':{'o f':{'value':'x'}},'off':'o f'}", "/variants/o f",
     "is not a key for a variant"},
    {"{'key':'a','type':'string','variants':{'none':{'value':'x'}}}", "/off",
     "is missing; name the variant that is served while the feature is off"},
    {"{'key':'a','type':'boolean','variants':{'off':{'value':false}},'off':'on'}", "/off",
     "names the variant \"on\", which is not there; write off"},
    {"{'key':'a'," V ",'default':{'serve':'maybe'}}", "/default/serve",
     "names the variant \"maybe\", which is not there; write off or on"},
    {"{'key':'a'," V ",'default':{}}", "/default/serve", "is missing; name the variant that everybody else gets"},
    {"{'key':'a'," V ",'default':'on'}", "/default", "is a string; write an object"},
    {"{'key':'a'," V ",'enabled':'yes'}", "/enabled", "is a string; write true or false"},
    {"{'key':'a'," V ",'stage':'live'}", "/stage", "is \"live\"; write draft, trial, shipped, retiring or retired"},
    {"{'key':'a'," V ",'name':''}", "/name", "is empty"},
    {"{'key':'a'," V ",'reviewBy':'soon'}", "/reviewBy", "is not a date; write one like \"2026-12-31\""},
    {"{'key':'a'," V ",'tags':['x','x']}", "/tags/1", "is there twice"},
    {"{'key':'a'," V ",'tags':'x'}", "/tags", "is a string; write an array"},
    {"{'key':'a'," V ",'rules':[{'id':'r'}]}", "/rules/0", "has neither serve nor split; give it exactly one of them"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'on','split':{'on':1}}]}", "/rules/0", "has both serve and split"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'gone'}]}", "/rules/0/serve",
     "names the variant \"gone\", which is not there"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':true}]}", "/rules/0/serve", "must name a variant: off or on"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'on','if':{'is':[1]}}]}", "/rules/0/if/is",
     "is not an operator that is known"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'on','if':null}]}", "/rules/0/if",
     "is null; write a condition or leave it out"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'on'},{'id':'r','serve':'on'}]}", "/rules/1/id",
     "is \"r\" like that of rule 0"},
    {"{'key':'a'," V ",'rules':[{'id':'r','serve':'on','by':'x'}]}", "/rules/0/by", "belongs to a split"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':{'on':0}}]}", "/rules/0/split", "has weights that add up to 0"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':{'on':-1}}]}", "/rules/0/split/on",
     "is negative; a weight is 0 or more"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':{'on':0.00001}}]}", "/rules/0/split/on",
     "is 1e-05; at most 4 decimals are allowed"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':{'gone':1}}]}", "/rules/0/split/gone",
     "names the variant \"gone\", which is not there"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':[50,50]}]}", "/rules/0/split",
     "is not an object; write weights by variant"},
    {"{'key':'a'," V ",'rules':[{'id':'r','split':{'on':'50'}}]}", "/rules/0/split/on", "is a string; write a number"},
    {"{'key':'a'," V ",'rules':[7]}", "/rules/0", "is a number; write an object"},
    {"{'key':'a'," V ",'prerequisites':[{'feature':'a','variants':['on']}]}", "/prerequisites/0/feature",
     "is the feature itself"},
    {"{'key':'a'," V ",'prerequisites':[{'feature':'b'}]}", "/prerequisites/0/variants",
     "is missing or empty; name the variants"},
    {"{'key':'a'," V ",'prerequisites':[{'variants':['on']}]}", "/prerequisites/0/feature",
     "is missing; name the feature that is required"},
};

Test(feature, each_defect_is_named_with_its_place_and_how_to_mend_it) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        struct feature f;
        cr_expect_eq(parse(&f, defects[i].body, TEXT_NONE), ERR_INVALID, "%s", defects[i].body);
        cr_expect_eq(error.code, ERR_INVALID);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
        cr_expect_eq(error.places, 1, "one defect, one fault: %s: %s", defects[i].body, error.at[1].detail);
    }
}

Test(feature, all_defects_are_told_at_once) {
    struct feature f;
    cr_expect_eq(parse(&f,
                       "{'key':'a','type':'string','variants':{'off':{'value':1}},'default':{'serve':'x'},'nmae':'x'}",
                       TEXT_NONE),
                 ERR_INVALID);
    cr_expect_eq(error.places, 3);
}

Test(feature, the_key_of_the_path_and_of_the_body_must_agree) {
    struct feature f;
    cr_expect_eq(parse(&f, "{" V "}", TEXT("from-path")), 0, "%s", error.detail);
    cr_expect(text_is(f.key, "from-path"));
    cr_expect_eq(parse(&f, "{'key':'a'," V "}", TEXT("b")), ERR_INVALID);
    cr_expect(strstr(error.detail, "is \"a\" but the path says \"b\""), "%s", error.detail);
    cr_expect_eq(parse(&f, "{" V "}", TEXT("no key")), ERR_INVALID);
    cr_expect(strstr(error.detail, "the key in the path is not one"), "%s", error.detail);
}

Test(feature, sizes_have_limits) {
    struct feature f;
    char value[FEATURE_MAX_VALUE + 10], body[FEATURE_MAX_VALUE + 200];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = 0;
    snprintf(body, sizeof body, "{'key':'a','type':'string','variants':{'off':{'value':'%s'}}}", value);
    cr_expect_eq(parse(&f, body, TEXT_NONE), ERR_INVALID);
    cr_expect(strstr(error.detail, "at most 65536 are allowed"), "%s", error.detail);
    value[201] = 0;
    snprintf(body, sizeof body, "{'key':'a','name':'%s'," V "}", value);
    cr_expect_eq(parse(&f, body, TEXT_NONE), ERR_INVALID);
    cr_expect(strstr(error.detail, "has 201 bytes; at most 200 are allowed"), "%s", error.detail);
}
