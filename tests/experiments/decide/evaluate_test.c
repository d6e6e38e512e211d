/* The order of semantics.md, "Assignment", and what never may happen to a unit. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "tests/experiments/decide/scene.h"

static struct scene scene;
static void begin(void) {
    scene_begin(&scene);
}
static void end(void) {
    scene_end(&scene);
}
TestSuite(evaluate, .init = begin, .fini = end);

#define FEATURE                                                                                                        \
    "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top'},'side':{'value':'side'}},"  \
    "'off':'off','default':{'serve':'side'}"
#define EXPERIMENT "{'key':'trial','feature':'poll','control':'off'"

static void feature(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, FEATURE "%s}", more);
    scene_define(&scene, DEFINITION_FEATURE, body, NULL);
}

static void experiment(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, EXPERIMENT "%s}", more);
    scene_define(&scene, DEFINITION_EXPERIMENT, body, NULL);
}

static void change(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, EXPERIMENT "%s}", more);
    scene_change(&scene, body);
}

static void trial(const char *more) {
    experiment(more);
    scene_start(&scene, "trial", 1000);
}

static const char *key_of(int i) {
    static char keys[4][32];
    static int next;
    char *key = keys[next++ % 4];
    snprintf(key, 32, "customer-%d", i);
    return key;
}

static const char *variant_of(int i) {
    return scene_decide(&scene, "poll", key_of(i), NULL);
}

static void expect_decision(const char *context, const char *variant, enum decision_reason reason,
                            enum decision_step step) {
    const char *got = scene_decide(&scene, "poll", NULL, context);
    cr_expect_str_eq(got, variant, "%s", context);
    cr_expect_str_eq(decision_reason(scene.decision.reason), decision_reason(reason), "%s", context);
    cr_expect_eq(scene.decision.step, step, "%s", context);
}

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

/* ---- the experiment ---- */

/* A change here moves units of running experiments: it must never be made. Computed by Python's xxhash 3.2.0. */
Test(evaluate, who_gets_what_is_frozen_for_ever) {
    static const char expected[] = "t--tt---osts-otot-tt-otso-o-tsssotoootot";
    char got[41] = {0};
    feature("");
    trial(",'weights':{'off':50,'top':30,'side':20},'traffic':80");
    for (int i = 0; i < 40; i++) {
        const char *variant = variant_of(i);
        got[i] = scene.decision.experiment ? variant[0] : '-';
    }
    cr_expect_str_eq(got, expected);
}

Test(evaluate, the_experiment_draws_by_its_weights) {
    int top = 0, off = 0;
    feature("");
    trial(",'weights':{'off':3,'top':1}");
    for (int i = 0; i < 10000; i++) {
        const char *variant = variant_of(i);
        top += strcmp(variant, "top") == 0;
        off += strcmp(variant, "off") == 0;
        cr_assert(scene.decision.expose && !scene.decision.enrolled);
    }
    cr_expect_eq(top + off, 10000);
    cr_expect(top > 2300 && top < 2700, "%d", top);
}

Test(evaluate, ramping_up_never_moves_or_drops_a_unit) {
    enum { N = 3000 };
    static const char *before[N];
    static const char *const ramp[] = {"0.5", "5", "20", "50.25", "100"};
    int entered = 0;
    feature("");
    trial(",'weights':{'off':1,'top':1},'traffic':0.1");
    memset(before, 0, sizeof before);
    for (size_t step = 0; step < 5; step++) {
        char more[100];
        snprintf(more, sizeof more, ",'weights':{'off':1,'top':1},'traffic':%s", ramp[step]);
        change(more);
        for (int i = 0; i < N; i++) {
            const char *variant = variant_of(i);
            if (before[i]) cr_assert_str_eq(variant, before[i], "%s at %s", key_of(i), ramp[step]);
            if (!scene.decision.experiment) continue;
            entered += !before[i];
            before[i] = strcmp(variant, "top") == 0 ? "top" : "off";
        }
        double share = atof(ramp[step]) / 100;
        cr_expect(entered > N * share - 120 && entered < N * share + 120, "%d at %s", entered, ramp[step]);
    }
    cr_expect_eq(entered, N);
    cr_expect_eq(snapshot_experiment(scene.snapshot, TEXT("trial"))->state.n_epochs, 1u, "a ramp opens no epoch");
}

Test(evaluate, removing_an_arm_moves_only_its_units) {
    enum { N = 3000 };
    static char before[N];
    int moved = 0, to_off = 0;
    feature("");
    trial(",'weights':{'off':40,'top':40,'side':20}");
    for (int i = 0; i < N; i++) before[i] = variant_of(i)[0];
    change(",'weights':{'off':50,'side':25}");
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        if (before[i] != 't') {
            cr_assert_eq(variant[0], before[i], "%s", key_of(i));
            continue;
        }
        moved++;
        to_off += variant[0] == 'o';
    }
    cr_expect(moved > 1050 && moved < 1350, "%d", moved);
    cr_expect(to_off > moved * 0.6 && to_off < moved * 0.73, "%d of %d", to_off, moved);
}

Test(evaluate, an_exposed_unit_keeps_its_variant_over_new_weights_until_its_arm_is_removed) {
    enum { N = 500 };
    static char before[N];
    feature("");
    trial(",'weights':{'off':1,'top':1}");
    for (int i = 0; i < N; i++) {
        before[i] = variant_of(i)[0];
        scene_expose(&scene);
    }
    change(",'weights':{'off':99,'top':1}");
    for (int i = 0; i < N; i++) {
        cr_assert_eq(variant_of(i)[0], before[i]);
        cr_assert(scene.decision.enrolled && scene.decision.epoch == 0);
    }
    int off = 0;
    for (int i = N; i < 2 * N; i++) {
        off += variant_of(i)[0] == 'o';
        cr_assert_eq(scene.decision.epoch, 1, "new units belong to the new epoch");
    }
    cr_expect_gt(off, N * 95 / 100);
    change(",'weights':{'off':1}");
    for (int i = 0; i < N; i++) {
        cr_assert_eq(variant_of(i)[0], 'o');
        cr_assert_eq(scene.decision.expose, before[i] == 'o', "nobody is exposed to a second arm");
    }
}

Test(evaluate, an_exposed_unit_stays_when_it_leaves_the_audience_or_the_traffic_falls) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'audience':{'==':[{'var':'country'},'DE']}");
    expect_decision("{'targetingKey':'u','country':'FR'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    const char *first = scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'DE'}");
    cr_assert(scene.decision.expose);
    scene_expose(&scene);
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'FR'}"), first);
    change(",'weights':{'off':1,'top':1},'traffic':0,'audience':{'==':[{'var':'country'},'DE']}");
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'FR'}"), first);
    cr_expect(scene.decision.enrolled);
}

Test(evaluate, a_rule_that_catches_an_enrolled_unit_is_noted) {
    feature(",'rules':[{'id':'staff','if':{'var':'staff'},'serve':'side'}]");
    trial(",'weights':{'off':1,'top':1}");
    scene_decide(&scene, "poll", "u", NULL);
    scene_expose(&scene);
    scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','staff':true}");
    cr_assert(scene.decision.overridden);
    cr_expect(text_is(scene.decision.overridden->definition.key, "trial"));
    cr_expect_null(scene.decision.experiment);
    scene_decide(&scene, "poll", NULL, "{'targetingKey':'new','staff':true}");
    cr_expect_null(scene.decision.overridden);
}

Test(evaluate, paused_serves_the_default_and_exposes_nobody) {
    feature("");
    trial(",'weights':{'off':1,'top':1}");
    scene_decide(&scene, "poll", "u", NULL);
    scene_expose(&scene);
    scene_phase(&scene, "trial", PHASE_PAUSED);
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate, before_the_start_and_after_the_end_nobody_enters) {
    feature("");
    experiment(",'weights':{'off':1,'top':1},'schedule':{'end':'1970-01-01T02:00:00Z'}");
    scene_start(&scene, "trial", 3600000);
    scene.now = 3599999;
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 3600000);
    scene.now = 3600000;
    const char *variant = scene_decide(&scene, "poll", "u", NULL);
    cr_assert(scene.decision.expose);
    scene_expose(&scene);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 7200000);
    scene.now = 7200000;
    cr_expect_str_eq(scene_decide(&scene, "poll", "u", NULL), variant, "who is in keeps the variant");
    cr_expect_not(scene.decision.expose);
    expect_decision("{'targetingKey':'new'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 0);
}

Test(evaluate, drafts_and_external_assignment_are_skipped) {
    feature("");
    experiment(",'weights':{'off':1,'top':1}");
    expect_decision("{'targetingKey':'u'}", "side", REASON_STATIC, STEP_DEFAULT);
    experiment(",'weights':{'off':1,'top':1},'assignment':'external'");
    scene_start(&scene, "trial", 1000);
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate, another_unit_is_taken_from_the_context) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'unit':'company'");
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    const char *variant = scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','company':'acme'}");
    cr_expect_eq(scene.decision.step, STEP_EXPERIMENT);
    cr_expect(text_is(scene.decision.unit_text, "acme"));
    cr_expect(unit_eq(scene.decision.unit, unit_of(TEXT("acme"))));
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'v','company':'acme'}"), variant);
}

Test(evaluate, experiments_in_one_layer_never_share_a_unit) {
    int both = 0, one = 0, neither = 0;
    scene_define(&scene, DEFINITION_LAYER, "{'key':'home'}", NULL);
    feature("");
    scene_define(&scene, DEFINITION_FEATURE,
                 "{'key':'board','type':'boolean','variants':{'off':{'value':false},'on':{'value':true}}}", NULL);
    trial(",'weights':{'off':1,'top':1},'layer':'home','traffic':40");
    scene_define(&scene, DEFINITION_EXPERIMENT,
                 "{'key':'boards','feature':'board','weights':{'off':1,'on':1},'layer':'home','traffic':50}", NULL);
    scene_start(&scene, "boards", 1000);
    for (int i = 0; i < 5000; i++) {
        variant_of(i);
        bool in_first = scene.decision.experiment != NULL;
        scene_decide(&scene, "board", key_of(i), NULL);
        bool in_second = scene.decision.experiment != NULL;
        both += in_first && in_second;
        one += in_first != in_second;
        neither += !in_first && !in_second;
    }
    cr_expect_eq(both, 0);
    cr_expect(one > 4350 && one < 4650, "%d", one);
    cr_expect(neither > 350 && neither < 650, "%d", neither);
}

Test(evaluate, raising_a_layers_share_keeps_everybody_in) {
    enum { N = 2000 };
    static char before[N];
    scene_define(&scene, DEFINITION_LAYER, "{'key':'home'}", NULL);
    feature("");
    trial(",'weights':{'off':1,'top':1},'layer':'home','traffic':30");
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        before[i] = scene.decision.experiment ? variant[0] : 0;
    }
    change(",'weights':{'off':1,'top':1},'layer':'home','traffic':60");
    int in = 0;
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        in += scene.decision.experiment != NULL;
        if (before[i]) cr_assert_eq(variant[0], before[i]);
    }
    cr_expect(in > 1100 && in < 1300, "%d", in);
    cr_expect_eq(snapshot_experiment(scene.snapshot, TEXT("trial"))->state.n_epochs, 2u,
                 "a layer's share opens an epoch");
}

Test(evaluate, a_holdout_keeps_its_share_out_of_trials_that_start_after_it) {
    int held = 0, covered = 0;
    scene.now = 1000LL * CLOCK_DAY;
    scene_define(&scene, DEFINITION_HOLDOUT,
                 "{'key':'q1','share':10,'start':'1970-01-02','end':'1973-01-01','features':['poll']}", NULL);
    feature("");
    experiment(",'weights':{'off':1,'top':1}");
    scene_start(&scene, "trial", CLOCK_DAY / 2);
    variant_of(1);
    cr_expect_null(scene.decision.holdout, "the trial is older");
    experiment(",'weights':{'off':1,'top':1}");
    scene_start(&scene, "trial", 2 * CLOCK_DAY);
    for (int i = 0; i < 5000; i++) {
        variant_of(i);
        covered += scene.decision.holdout != NULL;
        held += scene.decision.held;
        cr_assert_eq(scene.decision.held, scene.decision.step == STEP_HOLDOUT);
    }
    cr_expect_eq(covered, 5000);
    cr_expect(held > 400 && held < 600, "%d", held);
    scene.now = 2000LL * CLOCK_DAY;
    variant_of(1);
    cr_expect_null(scene.decision.holdout, "it has ended");
}

Test(evaluate, the_variant_for_tracked_exposures_is_the_evaluated_one) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'traffic':50");
    const struct snapshot_experiment *e = snapshot_experiment(scene.snapshot, TEXT("trial"));
    for (int i = 0; i < 1000; i++) {
        uint32_t epoch;
        variant_of(i);
        int arm = decide_arm(e, unit_of(text_of(key_of(i))), &scene.remembered, &epoch);
        if (scene.decision.experiment)
            cr_assert_eq(arm, scene.decision.arm);
        else
            cr_assert_eq(arm, -1);
    }
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

/* ---- the trace ---- */

Test(evaluate, the_trace_shows_every_step_up_to_the_one_that_decided) {
    feature(",'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'side'},{'id':'beta','if':{'var':'"
            "beta'},'serve':'top'}]");
    json_t *trace = json_loads(scene_trace(&scene, "poll", "{'beta':true}"), 0, NULL);
    cr_assert(trace, "%s", scene_trace(&scene, "poll", "{'beta':true}"));
    static const char *const steps[] = {"preview", "disabled", "prerequisites", "override rules", "holdouts", "rules"};
    cr_assert_eq(json_array_size(trace), 6);
    for (size_t i = 0; i < 6; i++) {
        const json_t *step = json_array_get(trace, i);
        cr_expect_str_eq(json_string_value(json_object_get(step, "step")), steps[i]);
        cr_expect_str_eq(json_string_value(json_object_get(step, "result")), i == 5 ? "true" : "false");
    }
    const json_t *rules = json_object_get(json_array_get(trace, 5), "rules");
    cr_assert_eq(json_array_size(rules), 2);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rules, 0), "result")), "unknown");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rules, 1), "result")), "true");
    json_decref(trace);
}

Test(evaluate, the_trace_says_why_a_unit_is_not_in_the_experiment) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'audience':{'==':[{'var':'country'},'DE']}");
    json_t *trace = json_loads(scene_trace(&scene, "poll", "{'targetingKey':'u','country':'FR'}"), 0, NULL);
    const json_t *step = json_array_get(trace, 6);
    cr_expect_str_eq(json_string_value(json_object_get(step, "experiment")), "trial");
    cr_expect_str_eq(json_string_value(json_object_get(step, "result")), "false");
    const json_t *audience = json_object_get(step, "audience");
    cr_expect_str_eq(json_string_value(json_object_get(audience, "result")), "false");
    cr_expect_eq(json_array_size(trace), 8);
    json_decref(trace);
    trace = json_loads(scene_trace(&scene, "poll", "{'country':'DE'}"), 0, NULL);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(trace, 6), "result")), "unknown");
    json_decref(trace);
}
