#include "experiments/model/experiment.h"

#include "tests/experiments/model/parsing.h"

TestSuite(experiment, .init = begin, .fini = end);

static const char contract[] =
    "{'key':'poll-trial','feature':'product-poll','hypothesis':'more talk','assignment':'parley','unit':'targetingKey',"
    "'control':'off','weights':{'off':50,'top':50},'traffic':100,'audience':{'==':[{'var':'country'},'DE']},'layer':'"
    "home',"
    "'metrics':{'primary':'bought','secondary':['spend'],'guardrails':[{'metric':'complaints','harm':'increase','"
    "margin':0.01,"
    "'action':'rollback'}]},'mde':0.02,'breakdowns':['country'],'owner':'merchandising','reviewBy':'2027-01-12',"
    "'analysis':{'method':'sequential','alpha':0.05,'correction':'holm','nStar':50000,'cuped':'P28D'},"
    "'schedule':{'start':'2026-12-01T08:00:00Z','end':'2027-01-05T08:00:00Z','ramp':[{'traffic':5,'hold':'P1D'},"
    "{'traffic':50,'hold':'P2D'},{'traffic':100}]}}";

static int parse(struct experiment *experiment, const char *quoted) {
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    int code = experiment_parse(experiment, body, TEXT_NONE, &arena, &error);
    json_decref(body);
    return code;
}

Test(experiment, the_contracts_example_is_read_whole) {
    struct experiment e;
    cr_assert_eq(parse(&e, contract), 0, "%s", error.detail);
    cr_expect(text_is(e.key, "poll-trial") && text_is(e.feature, "product-poll") && text_is(e.control, "off"));
    cr_expect(e.n_arms == 2 && text_is(e.arms[1].variant, "top") && e.arms[1].weight == 500000);
    cr_expect(e.traffic == BUCKET_TRAFFIC_FULL && e.audience && text_is(e.layer, "home"));
    cr_expect(text_is(e.primary, "bought") && e.n_secondary == 1 && e.n_guardrails == 1);
    cr_expect(text_is(e.guardrails[0].metric, "complaints") && e.guardrails[0].harm == HARM_INCREASE);
    cr_expect(e.guardrails[0].margin == 0.01 && !e.guardrails[0].relative && e.guardrails[0].action == ACTION_ROLLBACK);
    cr_expect(e.mde == 0.02 && e.n_breakdowns == 1 && e.n_star == 50000 && e.cuped == 28LL * CLOCK_DAY);
    cr_expect(e.scheduled_end - e.scheduled_start == 35LL * CLOCK_DAY);
    cr_expect(e.n_ramp == 3 && e.ramp[0].traffic == 50000 && e.ramp[0].hold == CLOCK_DAY && e.ramp[2].hold == 0);
    cr_expect(text_is(e.audience_source, "{\"==\":[{\"var\":[\"country\"]},\"DE\"]}"));
}

static void comes_back_as(const char *body, const char *expected) {
    struct experiment e;
    json_t *json = quoted_json(body);
    cr_assert_eq(experiment_parse(&e, json, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_t *canonical = experiment_canonical(&e, json);
    quoted_expect(canonical, expected);
    json_decref(canonical);
    json_decref(json);
}

Test(experiment, what_was_written_comes_back) {
    comes_back_as(contract, contract);
}

Test(experiment, defaults_are_filled_in) {
    comes_back_as(
        "{'key':'a','feature':'f','weights':{'off':1,'top':0.3333},'state':'draft'}",
        "{'key':'a','feature':'f','assignment':'parley','unit':'targetingKey','weights':{'off':1,'top':0.3333},"
        "'traffic':100,'analysis':{'method':'sequential','alpha':0.05,'correction':'holm'}}");
    comes_back_as(
        "{'key':'a','feature':'f','weights':{'off':1,'top':1},'assignment':'external','analysis':{'method':'fixed'}}",
        "{'key':'a','feature':'f','assignment':'external','unit':'targetingKey','weights':{'off':1,'top':1},"
        "'analysis':{'method':'fixed','alpha':0.05,'correction':'holm'}}");
}

Test(experiment, the_control_is_the_off_variant_unless_said) {
    struct experiment e;
    struct feature f;
    json_t *body =
        quoted_json("{'key':'f','type':'string','variants':{'none':{'value':''},'top':{'value':'t'}},'off':'none'}");
    cr_assert_eq(feature_parse(&f, body, TEXT_NONE, &arena, &error), 0);
    cr_assert_eq(parse(&e, "{'key':'a','feature':'f','weights':{'top':1,'none':1}}"), 0);
    experiment_settle(&e, &f);
    cr_expect(text_is(e.control, "none"));
    cr_assert_eq(parse(&e, "{'key':'a','feature':'f','weights':{'top':1,'none':0}}"), 0);
    experiment_settle(&e, &f);
    cr_expect_eq(e.control.n, 0u);
    json_decref(body);
}

#define E "'key':'a','feature':'f','weights':{'off':1,'top':1}"
static const struct {
    const char *body, *pointer, *words;
} defects[] = {
    {"7", "", "is a number; write an object"},
    {"{'key':'a','weights':{'off':1}}", "/feature", "is missing; name the feature that is on trial"},
    {"{'key':'a','feature':'f'}", "/weights", "is missing; give each variant its share"},
    {"{'key':'a','feature':'f','weights':{'off':0,'top':0}}", "/weights", "add up to 0; give the control"},
    {"{'key':'a','feature':'f','weights':{}}", "/weights", "names 0 variants; name 1 to 32"},
    {"{'key':'a','feature':'f','weights':[1,1]}", "/weights", "is not an object; write weights by variant"},
    {"{'key':'a','feature':'f','weights':{'off':-1,'top':1}}", "/weights/off", "is negative"},
    {"{'key':'a','feature':'f','weights':{'off':33.33333,'top':1}}", "/weights/off", "at most 4 decimals are allowed"},
    {"{'key':'a','feature':'f','weights':{'off':1e9,'top':1}}", "/weights/off", "is above 100000"},
    {"{" E ",'control':'side'}", "/control", "is \"side\", which has no weight; give it one, or name another control"},
    {"{'key':'a','feature':'f','weights':{'off':0,'top':1},'control':'off'}", "/control", "which has no weight"},
    {"{" E ",'traffic':101}", "/traffic", "is above 100; it is a percentage"},
    {"{" E ",'traffic':'all'}", "/traffic", "is a string; write a number"},
    {"{" E ",'assignment':'me'}", "/assignment", "is \"me\"; write parley or external"},
    {"{" E ",'assignment':'external','traffic':50}", "/traffic", "has no effect where assignment is external"},
    {"{" E ",'assignment':'external','audience':true}", "/audience", "has no effect where assignment is external"},
    {"{" E ",'assignment':'external','layer':'l'}", "/layer", "has no effect where assignment is external"},
    {"{" E ",'assignment':'external','schedule':{'ramp':[{'traffic':5}]}}", "/schedule/ramp",
     "has no effect where assignment is external"},
    {"{" E ",'audience':{'==':[1]}}", "/audience/==", "takes 2 arguments"},
    {"{" E ",'metrics':{'primary':'x y'}}", "/metrics/primary", "is not a key"},
    {"{" E ",'metrics':{'primary':'x','secondary':['x']}}", "/metrics/secondary/0", "is the primary metric too"},
    {"{" E ",'metrics':{'primray':'x'}}", "/metrics/primray",
     "is not a member that is known here; there are primary, secondary or guardrails"},
    {"{" E ",'metrics':{'guardrails':[{'harm':'increase'}]}}", "/metrics/guardrails/0/metric", "is missing"},
    {"{" E ",'metrics':{'guardrails':[{'metric':'x'}]}}", "/metrics/guardrails/0/harm",
     "is missing; write increase or decrease"},
    {"{" E ",'metrics':{'guardrails':[{'metric':'x','harm':'up'}]}}", "/metrics/guardrails/0/harm",
     "is \"up\"; write increase or decrease"},
    {"{" E ",'metrics':{'guardrails':[{'metric':'x','harm':'increase','margin':-1}]}}", "/metrics/guardrails/0/margin",
     "is -1; write a number from 0"},
    {"{" E ",'metrics':{'guardrails':[{'metric':'x','harm':'increase','action':'explode'}]}}",
     "/metrics/guardrails/0/action", "write rollback, pause or warn"},
    {"{" E ",'metrics':{'guardrails':[{'metric':'x','harm':'increase'},{'metric':'x','harm':'decrease'}]}}",
     "/metrics/guardrails/1/metric", "guards twice"},
    {"{" E ",'mde':0}", "/mde", "is 0; write a number from 1e-06 to 1000"},
    {"{" E ",'breakdowns':['a','b','c','d','e','f','g','h','i']}", "/breakdowns", "has 9 texts; at most 8 are allowed"},
    {"{" E ",'analysis':{'method':'guess'}}", "/analysis/method", "write sequential, fixed or bayes"},
    {"{" E ",'analysis':{'alpha':0.9}}", "/analysis/alpha", "is 0.9; write a number from 0.0001 to 0.5"},
    {"{" E ",'analysis':{'nStar':0.5}}", "/analysis/nStar", "is 0.5; write a number from 1"},
    {"{" E ",'analysis':{'cuped':28}}", "/analysis/cuped", "is not a duration"},
    {"{" E ",'analysis':{'correction':'bonferroni'}}", "/analysis/correction", "write holm, bh, by or none"},
    {"{" E ",'schedule':{'start':'tomorrow'}}", "/schedule/start", "is not a date"},
    {"{" E ",'schedule':{'start':'2026-12-01','end':'2026-11-01'}}", "/schedule/end", "does not lie after start"},
    {"{" E ",'schedule':{'ramp':[]}}", "/schedule/ramp", "has 0 steps; give at least 1"},
    {"{" E ",'schedule':{'ramp':[{'traffic':5},{'traffic':50}]}}", "/schedule/ramp/0/hold",
     "is missing; say how long the step lasts"},
    {"{" E ",'schedule':{'ramp':[{'traffic':50,'hold':'P1D'},{'traffic':5}]}}", "/schedule/ramp/1/traffic",
     "is not above the step before"},
    {"{" E ",'reviewBy':7}", "/reviewBy", "is not a date"},
    {"{" E ",'variants':{}}", "/variants", "is not a member that is known here"},
};

Test(experiment, each_defect_is_named_with_its_place_and_how_to_mend_it) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        struct experiment e;
        cr_expect_eq(parse(&e, defects[i].body), ERR_INVALID, "%s", defects[i].body);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
        cr_expect_eq(error.places, 1, "one defect, one fault: %s: %s", defects[i].body, error.at[1].detail);
    }
}
