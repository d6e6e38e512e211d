#include "experiments/model/check.h"

#include <criterion/criterion.h>

#include "tests/experiments/quoted.h"

static struct arena arena;
static struct error error;
static struct snapshot *snapshot;

#define ARMS "'arms':[{'variant':'off'},{'variant':'top'}],'epochs':[{'from':'2026-02-01','weights':[1,1]}]"

static void begin(void) {
    static const struct {
        enum definition_kind kind;
        const char *key, *body, *state;
    } there[] = {
        {DEFINITION_FEATURE, "poll",
         "{'type':'string','variants':{'off':{'value':''},'top':{'value':'t'}},'rules':[{'if':{'in_segment':'vip'},'"
         "serve':'top'}]}",
         NULL},
        {DEFINITION_FEATURE, "accounts",
         "{'type':'boolean','variants':{'off':{'value':false},'on':{'value':true}},'prerequisites':[{'feature':'poll','"
         "variants':['off']}]}",
         NULL},
        {DEFINITION_FEATURE, "letters",
         "{'type':'boolean','variants':{'off':{'value':false}},'prerequisites':[{'feature':'accounts','variants':['on'"
         "]}]}",
         NULL},
        {DEFINITION_FEATURE, "free", "{'type':'boolean','variants':{'off':{'value':false},'on':{'value':true}}}", NULL},
        {DEFINITION_EXPERIMENT, "trial",
         "{'feature':'poll','weights':{'off':1,'top':1},'metrics':{'primary':'bought'},'layer':'home'}",
         "{'phase':'running'," ARMS "}"},
        {DEFINITION_EXPERIMENT, "second", "{'feature':'poll','weights':{'off':1,'top':1}}", NULL},
        {DEFINITION_EXPERIMENT, "slow", "{'feature':'free','weights':{'off':1,'on':1},'metrics':{'primary':'p90'}}",
         NULL},
        {DEFINITION_EXPERIMENT, "ready", "{'feature':'free','weights':{'off':1,'on':1},'metrics':{'primary':'bought'}}",
         NULL},
        {DEFINITION_METRIC, "bought", "{'kind':'conversion','event':'Order Completed'}", NULL},
        {DEFINITION_METRIC, "p90", "{'kind':'quantile','event':'Page Timed','value':'ms','q':0.9}", NULL},
        {DEFINITION_SEGMENT, "vip", "{'if':{'>':[{'var':'spend'},100]}}", NULL},
        {DEFINITION_LAYER, "home", "{}", NULL},
    };
    enum { N = sizeof there / sizeof *there };
    struct definition definitions[N];
    arena_init(&arena, 4096);
    for (size_t i = 0; i < N; i++)
        definitions[i] = (struct definition){there[i].kind, text_of(there[i].key), quoted_json(there[i].body),
                                             there[i].state ? quoted_json(there[i].state) : NULL};
    cr_assert_eq(snapshot_build(&snapshot, 1, definitions, N, &error), 0, "%s", error.detail);
    for (size_t i = 0; i < N; i++) {
        json_decref((json_t *)definitions[i].body);
        json_decref((json_t *)definitions[i].state);
    }
}
static void end(void) {
    snapshot_release(snapshot);
    arena_free(&arena);
}
TestSuite(check, .init = begin, .fini = end);

static int check(enum definition_kind kind, const char *quoted) {
    json_t *body = quoted_json(quoted);
    struct feature feature;
    struct experiment experiment;
    struct segment segment;
    struct holdout holdout;
    int code = ERR_INTERNAL;
    error_clear(&error);
    if (kind == DEFINITION_FEATURE) {
        cr_assert_eq(feature_parse(&feature, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
        code = check_feature(&feature, snapshot, &error);
    } else if (kind == DEFINITION_EXPERIMENT) {
        cr_assert_eq(experiment_parse(&experiment, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
        code = check_experiment(&experiment, snapshot, &error);
    } else if (kind == DEFINITION_SEGMENT) {
        cr_assert_eq(segment_parse(&segment, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
        code = check_segment(&segment, snapshot, &error);
    } else {
        cr_assert_eq(holdout_parse(&holdout, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
        code = check_holdout(&holdout, snapshot, &error);
    }
    json_decref(body);
    return code;
}

Test(check, definitions_that_refer_to_what_is_there_pass) {
    cr_expect_eq(check(DEFINITION_FEATURE, "{'key':'n','type':'boolean','variants':{'off':{'value':false}},'"
                                           "prerequisites':[{'feature':'accounts','variants':['on']}],"
                                           "'rules':[{'if':{'in_segment':'vip'},'serve':'off'}]}"),
                 0, "%s", error.detail);
    cr_expect_eq(
        check(DEFINITION_EXPERIMENT,
              "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'layer':'home','metrics':{'primary':'bought'}}"),
        0, "%s", error.detail);
    cr_expect_eq(check(DEFINITION_SEGMENT, "{'key':'n','if':{'in_segment':'vip'}}"), 0);
    cr_expect_eq(check(DEFINITION_HOLDOUT, "{'key':'n','share':5,'start':'2026-01-01','features':['poll']}"), 0);
}

static const struct {
    enum definition_kind kind;
    const char *body, *pointer, *words;
} defects[] = {
#define F "'type':'boolean','variants':{'off':{'value':false}}"
    {DEFINITION_FEATURE, "{'key':'n'," F ",'prerequisites':[{'feature':'gone','variants':['on']}]}",
     "/prerequisites/0/feature", "names feature \"gone\", which is not there; create it first"},
    {DEFINITION_FEATURE, "{'key':'n'," F ",'prerequisites':[{'feature':'free','variants':['maybe']}]}",
     "/prerequisites/0/variants/0", "is no variant of feature \"free\""},
    {DEFINITION_FEATURE,
     "{'key':'poll','type':'string','variants':{'off':{'value':''},'top':{'value':'t'}},'prerequisites':[{'feature':'"
     "accounts','variants':['on']}]}",
     "/prerequisites/0/feature", "requires this feature in turn: poll → accounts → poll; break the circle"},
    {DEFINITION_FEATURE, "{'key':'n'," F ",'rules':[{'if':{'in_segment':['vip','gone']},'serve':'off'}]}",
     "/rules/0/if", "asks for segment \"gone\", which is not there"},
    {DEFINITION_FEATURE, "{'key':'poll','type':'string','variants':{'off':{'value':''}}}", "/variants",
     "lacks \"top\", an arm of experiment \"trial\""},
    {DEFINITION_FEATURE, "{'key':'accounts'," F "}", "/variants", "lacks \"on\", which feature \"letters\" requires"},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'gone','weights':{'off':1,'top':1}}", "/feature",
     "names feature \"gone\", which is not there"},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'off':1,'left':1}}", "/weights/left",
     "is no variant of feature \"poll\""},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'top':1}}", "/control",
     "is missing, and the feature's off variant has no weight"},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'metrics':{'primary':'gone'}}",
     "/metrics/primary", "names metric \"gone\", which is not there"},
    {DEFINITION_EXPERIMENT,
     "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'metrics':{'secondary':['bought','gone']}}",
     "/metrics/secondary/1", "names metric \"gone\""},
    {DEFINITION_EXPERIMENT,
     "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'metrics':{'guardrails':[{'metric':'gone','harm':'"
     "increase'}]}}",
     "/metrics/guardrails/0/metric", "names metric \"gone\""},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'layer':'gone'}", "/layer",
     "names layer \"gone\", which is not there"},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'layer':'home','unit':'company'}",
     "/unit", "is \"company\", but the layer's is \"targetingKey\""},
    {DEFINITION_EXPERIMENT, "{'key':'n','feature':'poll','weights':{'off':1,'top':1},'audience':{'in_segment':'gone'}}",
     "/audience", "asks for segment \"gone\""},
    {DEFINITION_SEGMENT, "{'key':'n','if':{'in_segment':'n'}}", "/if", "asks for the segment itself"},
    {DEFINITION_HOLDOUT, "{'key':'n','share':5,'start':'2026-01-01','features':['poll','gone']}", "/features/1",
     "names feature \"gone\""},
};

Test(check, each_reference_to_nothing_is_named_with_its_place) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        cr_expect_eq(check(defects[i].kind, defects[i].body), ERR_INVALID, "%s", defects[i].body);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
        cr_expect_eq(error.places, 1, "%s: %s", defects[i].body, error.at[1].detail);
    }
}

static void start_is(const char *key, int code, const char *words) {
    error_clear(&error);
    cr_expect_eq(check_start(snapshot_experiment(snapshot, text_of(key)), snapshot, &error), code, "%s: %s", key,
                 error.detail);
    cr_expect(strstr(error.detail, words), "%s: %s", key, error.detail);
}

Test(check, only_what_can_run_is_started) {
    start_is("ready", 0, "");
    start_is("second", ERR_CONFLICT, "experiment \"trial\" is running on feature \"poll\"; conclude it first");
    start_is("slow", 0, "");
}

static void use_is(enum definition_kind kind, const char *key, int code, const char *words) {
    error_clear(&error);
    int rc = check_unused(kind, text_of(key), snapshot, &error);
    if (rc == 0) rc = check_not_live(kind, text_of(key), snapshot, &error);
    cr_expect_eq(rc, code, "%s", key);
    cr_expect(strstr(error.detail, words), "%s: %s", key, error.detail);
}

Test(check, what_is_used_or_runs_is_not_deleted) {
    use_is(DEFINITION_FEATURE, "poll", ERR_CONFLICT,
           "feature \"poll\" is used by feature \"accounts\"; change that first");
    use_is(DEFINITION_FEATURE, "free", ERR_CONFLICT, "is used by experiment \"slow\"");
    use_is(DEFINITION_FEATURE, "letters", 0, "");
    use_is(DEFINITION_METRIC, "bought", ERR_CONFLICT, "is used by experiment \"trial\"");
    use_is(DEFINITION_SEGMENT, "vip", ERR_CONFLICT, "is used by feature \"poll\"");
    use_is(DEFINITION_LAYER, "home", ERR_CONFLICT, "is used by experiment \"trial\"");
    use_is(DEFINITION_EXPERIMENT, "trial", ERR_CONFLICT, "experiment \"trial\" is running; conclude it first");
    use_is(DEFINITION_EXPERIMENT, "second", 0, "");
}
