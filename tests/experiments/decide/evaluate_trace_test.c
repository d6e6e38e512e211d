/* The way to a decision, told to people. */
#include "tests/experiments/decide/poll_scene.h"
#include "tests/experiments/quoted.h"

TestSuite(evaluate_trace, .init = begin, .fini = end);

Test(evaluate_trace, the_trace_shows_every_step_up_to_the_one_that_decided) {
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

Test(evaluate_trace, the_trace_says_why_a_unit_is_not_in_the_experiment) {
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

static json_t *step_of(const char *context, const char *name) {
    json_t *trace = json_loads(scene_trace(&scene, "poll", context), 0, NULL), *step = NULL;
    for (size_t i = 0; !step && i < json_array_size(trace); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(trace, i), "step")), name) == 0)
            step = json_incref(json_array_get(trace, i));
    json_decref(trace);
    cr_assert(step, "no step %s", name);
    json_object_del(step, "audience");
    return step;
}

Test(evaluate_trace, an_experiment_tells_bucket_salt_layer_slice_and_epoch) {
    scene_define(&scene, DEFINITION_LAYER, "{'key':'home','salt':'pepper'}", NULL);
    feature("");
    trial(",'weights':{'off':1,'top':1},'layer':'home','traffic':30");
    int i = 0;
    while (variant_of(i), !scene.decision.experiment) i++;
    char context[100], expected[400];
    snprintf(context, sizeof context, "{'targetingKey':'%s'}", key_of(i));
    snprintf(expected, sizeof expected,
             "{'step':'experiment','result':'true','experiment':'trial','state':'running','assignment':'parley',"
             "'salt':'trial','traffic':30.0,'layer':'home','layerSalt':'pepper','slice':[[0,3000]],"
             "'unit':'targetingKey','bucket':%u,'in':true,'enrolled':false,'epoch':0}",
             scene.decision.bucket);
    json_t *step = step_of(context, "experiment");
    quoted_expect(step, expected);
    json_decref(step);
}

Test(evaluate_trace, a_split_tells_its_bucket_and_a_holdout_its_salt) {
    scene.now = 1000LL * CLOCK_DAY;
    scene_define(&scene, DEFINITION_HOLDOUT, "{'key':'q1','share':10,'salt':'pepper','start':'1970-01-01'}", NULL);
    feature(",'rules':[{'id':'half','if':true,'split':{'off':1,'top':1},'by':'targetingKey'}]");
    experiment(",'weights':{'off':1,'top':1}");
    scene_start(&scene, "trial", 2 * CLOCK_DAY);
    json_t *held = step_of("{'targetingKey':'customer-1'}", "holdouts"),
           *rules = step_of("{'targetingKey':'customer-1'}", "rules");
    quoted_expect(held, "{'step':'holdouts','result':'false','holdout':'q1','salt':'pepper'}");
    const json_t *rule = json_array_get(json_object_get(rules, "rules"), 0);
    variant_of(1);
    cr_expect_eq(json_integer_value(json_object_get(rule, "bucket")), scene.decision.bucket);
    cr_expect_str_eq(json_string_value(json_object_get(rule, "by")), "targetingKey");
    json_decref(held);
    json_decref(rules);
}
