/* The order of semantics.md, "Assignment": what comes before an experiment, and what it costs. */
#include "tests/experiments/decide/poll_scene.h"

TestSuite(evaluate, .init = begin, .fini = end);

/* ---- the order ---- */

Test(evaluate, without_rules_and_experiment_the_default_is_static) {
    feature("");
    expect_decision("{}", "side", REASON_STATIC, STEP_DEFAULT);
    cr_expect(text_is(scene.decision.variant->value, "\"side\""));
    feature(",'rules':[{'id':'a','if':{'==':[1,2]},'serve':'top'}]");
    expect_decision("{}", "side", REASON_DEFAULT, STEP_DEFAULT);
}

Test(evaluate, disabled_killed_and_retired_features_are_off) {
    feature(",'enabled':false,'rules':[{'id':'a','serve':'top','override':true}]");
    expect_decision("{}", "off", REASON_DISABLED, STEP_DISABLED);
    feature(",'stage':'retired'");
    expect_decision("{}", "off", REASON_DISABLED, STEP_DISABLED);
    scene_define(&scene, DEFINITION_FEATURE, FEATURE "}", "{'killed':true}");
    expect_decision("{}", "off", REASON_DISABLED, STEP_DISABLED);
}

Test(evaluate, a_preview_comes_before_everything) {
    struct preview previews[] = {{TEXT("other"), TEXT("off")}, {TEXT("poll"), TEXT("top")}};
    feature(",'enabled':false");
    struct context context = {.now = 1, .previews = previews, .n_previews = 2, .arena = &scene.arena};
    decide(scene.snapshot, snapshot_feature(scene.snapshot, TEXT("poll")), &context, NULL, &scene.decision);
    cr_expect_str_eq(scene.decision.variant->key.at, "top");
    cr_expect_eq(scene.decision.step, STEP_PREVIEW);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate, a_crawler_gets_what_is_off_and_is_not_exposed) {
    struct preview preview = {TEXT("poll"), TEXT("top")};
    feature(",'rules':[{'id':'a','serve':'top','override':true}]");
    struct context context = {.now = 1, .crawler = true, .previews = &preview, .n_previews = 1, .arena = &scene.arena};
    decide(scene.snapshot, snapshot_feature(scene.snapshot, TEXT("poll")), &context, NULL, &scene.decision);
    cr_expect_str_eq(scene.decision.variant->key.at, "off");
    cr_expect_eq(scene.decision.reason, REASON_DEFAULT);
    cr_expect_eq(scene.decision.step, STEP_CRAWLER);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate, an_unmet_prerequisite_serves_off) {
    scene_define(&scene, DEFINITION_FEATURE,
                 "{'key':'accounts','type':'boolean','variants':{'off':{'value':false},'on':{'value':true}},"
                 "'default':{'serve':'off'},'rules':[{'id':'in','if':{'var':'signedIn'},'serve':'on'}]}",
                 NULL);
    feature(",'prerequisites':[{'feature':'accounts','variants':['on']}],'rules':[{'id':'a','serve':'top','override':"
            "true}]");
    expect_decision("{'signedIn':false}", "off", REASON_DISABLED, STEP_PREREQUISITE);
    expect_decision("{'signedIn':true}", "top", REASON_TARGETING_MATCH, STEP_OVERRIDE);
    feature(",'prerequisites':[{'feature':'gone','variants':['on']}]");
    expect_decision("{}", "off", REASON_DISABLED, STEP_PREREQUISITE);
}

Test(evaluate, rules_are_tried_in_order_and_name_themselves) {
    feature(",'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'top'},"
            "{'id':'beta','if':{'in':['beta',{'var':'groups'}]},'serve':'off'}]");
    expect_decision("{'role':'staff','groups':['beta']}", "top", REASON_TARGETING_MATCH, STEP_RULE);
    cr_expect(text_is(scene.decision.rule->id, "staff"));
    expect_decision("{'role':'shopper','groups':['beta']}", "off", REASON_TARGETING_MATCH, STEP_RULE);
    cr_expect(text_is(scene.decision.rule->id, "beta"));
    expect_decision("{'role':'shopper'}", "side", REASON_DEFAULT, STEP_DEFAULT);
}

Test(evaluate, override_rules_come_before_holdouts_and_other_rules_after) {
    scene_define(&scene, DEFINITION_HOLDOUT, "{'key':'q1','share':50,'start':'1970-01-01'}", NULL);
    feature(",'rules':[{'id':'late','if':{'var':'late'},'serve':'top'},{'id':'early','if':{'var':'early'},'serve':'"
            "side','override':true}]");
    trial(",'weights':{'off':1,'top':1}");
    int held = -1;
    for (int i = 0; i < 100 && held < 0; i++)
        if (strcmp(variant_of(i), "off") == 0 && scene.decision.held) held = i;
    cr_assert_geq(held, 0);
    char context[100];
    snprintf(context, sizeof context, "{'targetingKey':'%s','late':true}", key_of(held));
    expect_decision(context, "off", REASON_SPLIT, STEP_HOLDOUT);
    snprintf(context, sizeof context, "{'targetingKey':'%s','late':true,'early':true}", key_of(held));
    expect_decision(context, "side", REASON_TARGETING_MATCH, STEP_OVERRIDE);
}

Test(evaluate, rules_come_before_the_experiment) {
    feature(",'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'side'}]");
    trial(",'weights':{'off':1,'top':1}");
    expect_decision("{'targetingKey':'u','role':'staff'}", "side", REASON_TARGETING_MATCH, STEP_RULE);
    cr_expect_not(scene.decision.expose);
    cr_expect_null(scene.decision.experiment);
    scene_decide(&scene, "poll", "u", NULL);
    cr_expect_eq(scene.decision.step, STEP_EXPERIMENT);
    cr_expect(scene.decision.expose);
}

/* ---- splits ---- */

Test(evaluate, a_split_rule_keeps_its_shares_and_the_same_answer) {
    int top = 0;
    feature(",'rules':[{'id':'s','split':{'off':25,'top':75}}]");
    for (int i = 0; i < 10000; i++) {
        const char *variant = variant_of(i);
        top += strcmp(variant, "top") == 0;
        cr_assert_str_eq(variant_of(i), variant);
        cr_assert_eq(scene.decision.reason, REASON_SPLIT);
    }
    cr_expect(top > 7300 && top < 7700, "%d", top); /* sd 43 */
}

Test(evaluate, a_split_by_an_attribute_that_is_missing_does_not_apply) {
    feature(",'rules':[{'id':'s','split':{'top':1},'by':'company'}]");
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    expect_decision("{'company':'acme'}", "top", REASON_SPLIT, STEP_RULE);
    expect_decision("{'company':17}", "top", REASON_SPLIT, STEP_RULE);
}

Test(evaluate, without_a_targeting_key_what_must_be_drawn_says_so) {
    feature(",'rules':[{'id':'s','split':{'top':1}}]");
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{}"), "");
    cr_expect(scene.decision.targeting_key_missing);
    feature("");
    trial(",'weights':{'off':1,'top':1},'audience':{'==':[{'var':'country'},'DE']}");
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'country':'DE'}"), "");
    cr_expect(scene.decision.targeting_key_missing);
    expect_decision("{'country':'FR'}", "side", REASON_DEFAULT, STEP_DEFAULT);
}

Test(evaluate, deciding_allocates_nothing) {
    feature(",'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'side'}]");
    trial(",'weights':{'off':1,'top':1},'audience':{'==':[{'var':'country'},'DE']}");
    struct json json;
    struct error error;
    cr_assert_eq(json_scan(&json, TEXT("{\"targetingKey\":\"u\",\"country\":\"DE\"}"), &scene.arena, &error), 0);
    struct context context = {.json = &json, .targeting_key = TEXT("u"), .now = scene.now, .arena = &scene.arena};
    size_t before = scene.arena.total;
    decide(scene.snapshot, snapshot_feature(scene.snapshot, TEXT("poll")), &context, NULL, &scene.decision);
    cr_expect_eq(scene.decision.step, STEP_EXPERIMENT);
    cr_expect_eq(scene.arena.total, before);
}
