#include "experiments/model/snapshot.h"

#include <criterion/criterion.h>

#include "tests/pulse.h"
#include "tests/experiments/quoted.h"

enum { MAX = 16 };
struct set {
    struct definition definitions[MAX];
    json_t *owned[2 * MAX];
    size_t n, n_owned;
};

static void add(struct set *set, enum definition_kind kind, const char *body, const char *state) {
    struct definition *d = &set->definitions[set->n++];
    *d = (struct definition){.kind = kind, .body = set->owned[set->n_owned++] = quoted_json(body)};
    d->key = text_of(json_string_value(json_object_get(d->body, "key")));
    if (state) d->state = set->owned[set->n_owned++] = quoted_json(state);
}

static void drop(struct set *set) {
    for (size_t i = 0; i < set->n_owned; i++) json_decref(set->owned[i]);
}

static struct snapshot *build(struct set *set) {
    struct snapshot *snapshot = NULL;
    struct error error = {0};
    cr_assert_eq(snapshot_build(&snapshot, 812, set->definitions, set->n, &error), 0, "%s", error.detail);
    return snapshot;
}

#define POLL "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top'}}}"
#define RUNNING                                                                                                        \
    "{'phase':'running','salt':'s1','startAt':'2026-01-01T00:00:00Z','traffic':100,'arms':[{'variant':'off','control'" \
    ":true},"                                                                                                          \
    "{'variant':'top'},{'variant':'gone','removed':true}],'epochs':[{'from':'2026-01-01T00:00:00Z','weights':[1,1,0]," \
    "'drawn':[1,1,1]}]}"

Test(snapshot, definitions_find_each_other) {
    struct set set = {0};
    add(&set, DEFINITION_EXPERIMENT,
        "{'key':'trial','feature':'poll','weights':{'off':1,'top':1},'layer':'home','metrics':{'primary':'bought','"
        "secondary':['nothing','spend']}}",
        RUNNING);
    add(&set, DEFINITION_FEATURE, POLL, NULL);
    add(&set, DEFINITION_METRIC, "{'key':'bought','kind':'conversion','event':'Order Completed'}", NULL);
    add(&set, DEFINITION_METRIC, "{'key':'spend','kind':'mean','event':'Order Completed','value':'revenue'}", NULL);
    add(&set, DEFINITION_LAYER, "{'key':'home'}", NULL);
    add(&set, DEFINITION_SEGMENT, "{'key':'vip','if':true}", NULL);
    add(&set, DEFINITION_HOLDOUT, "{'key':'q','share':5,'start':'2025-01-01'}", NULL);
    struct snapshot *s = build(&set);
    drop(&set); /* nothing is borrowed from what it was built of */
    const struct snapshot_feature *feature = snapshot_feature(s, TEXT("poll"));
    const struct snapshot_experiment *experiment = snapshot_experiment(s, TEXT("trial"));
    cr_assert(feature && experiment);
    cr_expect(s->revision == 812 && feature->experiment == experiment && experiment->feature == feature);
    cr_expect_eq(experiment->primary, snapshot_metric(s, TEXT("bought")));
    cr_expect(experiment->secondary[0] == NULL && experiment->secondary[1] == snapshot_metric(s, TEXT("spend")));
    cr_expect_eq(experiment->layer, snapshot_layer(s, TEXT("home")));
    cr_expect(experiment->variant_of_arm[0] == 0 && experiment->variant_of_arm[1] == 1 &&
              experiment->variant_of_arm[2] == NO_VARIANT);
    cr_expect(experiment->drawn.ends[2] == 30000 && experiment->left.ends[2] == 20000);
    cr_expect(text_is(experiment->definition.control, "off"), "settled");
    cr_expect(feature->n_holdouts == 1 && feature->holdouts[0] == snapshot_holdout(s, TEXT("q")));
    cr_expect(snapshot_segment(s, TEXT("vip")) && map_get(&s->segment_conditions, TEXT("vip")));
    cr_expect_null(snapshot_feature(s, TEXT("other")));
    cr_expect(text_is(feature->definition.variants[1].value, "\"top\""));
    snapshot_release(s);
}

Test(snapshot, what_refers_to_nothing_is_left_out_not_refused) {
    struct set set = {0};
    add(&set, DEFINITION_EXPERIMENT,
        "{'key':'trial','feature':'gone','weights':{'off':1,'top':1},'layer':'gone','metrics':{'primary':'gone'}}",
        RUNNING);
    add(&set, DEFINITION_FEATURE,
        "{'key':'poll','type':'string','variants':{'off':{'value':'off'}},'prerequisites':[{'feature':'gone','variants'"
        ":['x']}]}",
        NULL);
    struct snapshot *s = build(&set);
    cr_expect_null(snapshot_experiment(s, TEXT("trial"))->feature);
    cr_expect_null(snapshot_feature(s, TEXT("poll"))->prerequisites[0].feature);
    snapshot_release(s);
    drop(&set);
}

Test(snapshot, a_stored_definition_that_does_not_validate_is_named) {
    struct set set = {0};
    struct snapshot *s = NULL;
    struct error error = {0};
    add(&set, DEFINITION_FEATURE, POLL, NULL);
    add(&set, DEFINITION_METRIC, "{'key':'bought','kind':'magic'}", NULL);
    cr_expect_eq(snapshot_build(&s, 1, set.definitions, set.n, &error), ERR_CORRUPT);
    cr_expect(strstr(error.detail, "the stored metric \"bought\" does not validate: /kind"), "%s", error.detail);
    cr_expect_null(s);
    drop(&set);
}

Test(snapshot, drafts_and_concluded_experiments_are_not_on_the_feature) {
    struct set set = {0};
    add(&set, DEFINITION_FEATURE, POLL, NULL);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'draft','feature':'poll','weights':{'off':1,'top':1}}", NULL);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'old','feature':'poll','weights':{'off':1,'top':1}}",
        "{'phase':'concluded','startAt':'2026-02-01','arms':[{'variant':'off'}],'epochs':[{'from':'2026-02-01','"
        "weights':[1]}]}");
    struct snapshot *s = build(&set);
    cr_expect_null(snapshot_feature(s, TEXT("poll"))->experiment);
    cr_expect_gt(snapshot_feature(s, TEXT("poll"))->last_trial, 0);
    snapshot_release(s);
    drop(&set);
}

Test(snapshot, what_changes_by_itself_what_is_concluded_and_what_names_a_release_is_listed) {
    struct set set = {0};
    add(&set, DEFINITION_FEATURE,
        "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'newest':{'value':'a','plugin':'polls'},"
        "'old':{'value':'b','plugin':'polls','release':'1.0.0'}}}",
        NULL);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'draft','feature':'poll','weights':{'off':1,'old':1}}", NULL);
    add(&set, DEFINITION_EXPERIMENT,
        "{'key':'waits','feature':'poll','weights':{'off':1,'old':1},'schedule':{'start':'2027-01-01T00:00:00Z'}}",
        NULL);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'runs','feature':'poll','weights':{'off':1,'top':1}}", RUNNING);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'over','feature':'poll','weights':{'off':1,'old':1}}",
        "{'phase':'concluded','startAt':'2026-02-01','arms':[{'variant':'off'}],'epochs':[{'from':'2026-02-01','"
        "weights':[1]}]}");
    add(&set, DEFINITION_HOLDOUT, "{'key':'q','share':5,'start':'2025-01-01'}", NULL);
    struct snapshot *s = build(&set);
    cr_assert(s->n_timed == 2 && s->n_concluded == 1 && s->n_pinned == 1);
    cr_expect(text_is(s->timed[0]->definition.key, "waits") && text_is(s->timed[1]->definition.key, "runs"));
    cr_expect(text_is(s->concluded[0]->definition.key, "over"));
    cr_expect(text_is(s->pinned[0]->key, "old"));
    snapshot_release(s);
    drop(&set);
}

Test(snapshot, slots_that_others_hold_are_told) {
    struct set set = {0};
    struct arena arena;
    arena_init(&arena, 256);
#define HOLDS(slots)                                                                                                   \
    "{'phase':'running','arms':[{'variant':'off'}],'epochs':[{'from':'2026-02-01','weights':[1]}],'slots':" slots "}"
    add(&set, DEFINITION_LAYER, "{'key':'home'}", NULL);
    add(&set, DEFINITION_EXPERIMENT, "{'key':'a','feature':'x','weights':{'off':1},'layer':'home'}",
        HOLDS("[[0,10],[20,30]]"));
    add(&set, DEFINITION_EXPERIMENT, "{'key':'b','feature':'y','weights':{'off':1},'layer':'home'}",
        HOLDS("[[30,40]]"));
    add(&set, DEFINITION_EXPERIMENT, "{'key':'c','feature':'z','weights':{'off':1},'layer':'other'}",
        HOLDS("[[50,60]]"));
    struct snapshot *s = build(&set);
    struct slots_taken taken = snapshot_slots_taken(s, TEXT("home"), TEXT("b"), &arena);
    cr_assert_eq(taken.n, 2u);
    cr_expect(taken.slots[0].from == 0 && taken.slots[1].to == 30);
    cr_expect_eq(snapshot_slots_taken(s, TEXT_NONE, TEXT_NONE, &arena).n, 0u);
    snapshot_release(s);
    drop(&set);
    arena_free(&arena);
}

Test(snapshot, it_lives_until_the_last_reference_is_given_back) {
    struct set set = {0};
    add(&set, DEFINITION_FEATURE, POLL, "{'killed':true}");
    struct snapshot *s = build(&set), *mine = snapshot_keep(s);
    snapshot_release(s);
    cr_expect(snapshot_feature(mine, TEXT("poll"))->killed);
    snapshot_release(mine);
    snapshot_release(NULL);
    drop(&set);
}

Test(snapshot, ten_thousand_features_compile_fast) {
    enum { N = 10000 };
    struct arena arena;
    struct error error = {0};
    struct snapshot *s;
    struct definition *definitions = calloc(N, sizeof *definitions);
    json_t *body = quoted_json(
        "{'type':'string','variants':{'off':{'value':'off'},'top':{'value':'top','plugin':'polls','settings':{'n':4}}},"
        "'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'top'},"
        "{'id':'beta','if':{'in':['beta',{'var':'groups'}]},'split':{'off':50,'top':50}}]}");
    arena_init(&arena, 65536);
    for (int i = 0; i < N; i++)
        definitions[i] =
            (struct definition){.kind = DEFINITION_FEATURE, .key = arena_printf(&arena, "feature-%d", i), .body = body};
    uint64_t begin = worked_ns();
    cr_assert_eq(snapshot_build(&s, 1, definitions, N, &error), 0, "%s", error.detail);
    uint64_t took = worked_ns() - begin;
    cr_expect(snapshot_feature(s, TEXT("feature-9999")));
    cr_log_info("10,000 features compiled in %.1f ms, %zu bytes", (double)took / 1e6, s->arena.total);
    cr_expect_lt(took, 1000000000u, "ten times the aim of 100 ms: sanitizers and busy machines are slow");
    snapshot_release(s);
    arena_free(&arena);
    json_decref(body);
    free(definitions);
}
