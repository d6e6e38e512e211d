#include "experiments/model/lifecycle.h"

#include <criterion/criterion.h>

#include "core/base/clock.h"
#include "tests/experiments/quoted.h"

static struct arena arena;
static struct error error;
static const struct slots_taken nobody;
static int free_slots;
static void begin(void) {
    arena_init(&arena, 65536);
}
static void end(void) {
    arena_free(&arena);
}
TestSuite(lifecycle, .init = begin, .fini = end);
TestSuite(epoch, .init = begin, .fini = end);

static const char plain_feature[] =
    "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top','plugin':'polls','settings':{"
    "'n':1}},"
    "'side':{'value':'side'}},'rules':[{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'top'},"
    "{'id':'s','split':{'off':1,'top':1},'if':{'var':'x'}}]}";

static struct feature feature(const char *quoted) {
    struct feature f;
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    cr_assert_eq(feature_parse(&f, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_decref(body);
    return f;
}

/* An experiment with control off; `more` is further members. */
static struct experiment experiment(const char *more) {
    char quoted[1000];
    struct experiment e;
    snprintf(quoted, sizeof quoted, "{'key':'trial','feature':'poll','control':'off'%s}", more);
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    cr_assert_eq(experiment_parse(&e, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_decref(body);
    return e;
}

static struct experiment_state started(const struct experiment *e, int64_t at) {
    struct experiment_state state;
    lifecycle_create(&state, e, TEXT("salt-1"));
    cr_assert_eq(lifecycle_start(&state, e, at, nobody, &arena, &free_slots, &error), 0, "%s", error.detail);
    return state;
}

static int changes(struct experiment_state *state, const struct experiment *was, const struct experiment *now,
                   int64_t at) {
    struct feature f = feature(plain_feature);
    error_clear(&error);
    return lifecycle_change(state, was, now, &f, &f, at, nobody, &arena, &free_slots, &error);
}

Test(lifecycle, starting_fixes_arms_control_plan_and_the_first_epoch) {
    struct experiment e =
        experiment(",'weights':{'top':3,'off':1},'analysis':{'nStar':1000},'schedule':{'end':'2030-01-01'}");
    struct experiment_state s = started(&e, 5000);
    cr_expect(s.phase == PHASE_RUNNING && s.start_at == 5000 && s.end_at == e.scheduled_end && s.n_star == 1000);
    cr_expect(s.n_arms == 2 && text_is(s.arms[s.control], "off") && s.traffic == BUCKET_TRAFFIC_FULL);
    cr_expect(s.n_epochs == 1 && s.epochs[0].from == 5000 && s.epochs[0].weights[0] == 30000);
    cr_expect_eq(lifecycle_start(&s, &e, 6000, nobody, &arena, &free_slots, &error), ERR_CONFLICT);
    cr_expect_str_eq(error.detail, "the experiment is running: it cannot be started");
}

Test(lifecycle, a_ramp_begins_at_its_first_step) {
    struct experiment e =
        experiment(",'weights':{'off':1,'top':1},'schedule':{'ramp':[{'traffic':5,'hold':'P1D'},{'traffic':100}]}");
    struct experiment_state s = started(&e, 5000);
    cr_expect_eq(s.traffic, 50000u);
    cr_expect_eq(lifecycle_traffic(&s, &e, BUCKET_TRAFFIC_FULL, 9000, nobody, &arena, &free_slots, &error), 0);
    cr_expect(s.traffic == BUCKET_TRAFFIC_FULL && s.n_epochs == 1);
}

Test(lifecycle, each_step_has_its_time) {
    struct experiment e = experiment(",'weights':{'off':1,'top':1}");
    struct experiment_state s = started(&e, 5000);
    cr_expect_eq(lifecycle_resume(&s, 7000, &arena, NULL), ERR_CONFLICT);
    cr_expect_eq(lifecycle_pause(&s, 7000, &arena, NULL), 0);
    cr_expect_eq(lifecycle_pause(&s, 7000, &arena, NULL), ERR_CONFLICT);
    cr_expect_eq(lifecycle_resume(&s, 7500, &arena, NULL), 0);
    cr_expect(experiment_state_runs(&s, 6999) && !experiment_state_runs(&s, 7000));
    cr_expect(!experiment_state_runs(&s, 7499) && experiment_state_runs(&s, 7500));
    cr_expect_eq(lifecycle_end(&s, 8000, NULL), 0);
    cr_expect(experiment_state_runs(&s, 7999) && !experiment_state_runs(&s, 8000));
    cr_expect(s.phase == PHASE_MATURING && s.end_at == 8000);
    cr_expect_eq(lifecycle_pause(&s, 8000, &arena, NULL), ERR_CONFLICT);
    cr_expect_eq(lifecycle_conclude(&s, OUTCOME_SHIP, TEXT("gone"), TEXT_NONE, 9000, &error), ERR_INVALID);
    cr_expect_str_eq(error.at[0].pointer, "/variant");
    cr_expect_eq(lifecycle_conclude(&s, OUTCOME_SHIP, TEXT("top"), TEXT("good"), 9000, NULL), 0);
    cr_expect(s.phase == PHASE_CONCLUDED && s.end_at == 8000 && s.concluded_at == 9000);
    cr_expect_eq(lifecycle_conclude(&s, OUTCOME_SHIP, TEXT("top"), TEXT_NONE, 9000, NULL), ERR_CONFLICT);
}

Test(lifecycle, arms_keep_their_numbers_for_ever) {
    struct experiment a = experiment(",'weights':{'off':1,'top':1}"), b = experiment(",'weights':{'side':1,'off':1}");
    struct experiment_state s = started(&a, 5000);
    cr_assert_eq(changes(&s, &a, &b, 6000), 0, "%s", error.detail);
    cr_assert_eq(s.n_arms, 3u);
    cr_expect(text_is(s.arms[0], "off") && text_is(s.arms[1], "top") && text_is(s.arms[2], "side"));
    cr_expect(!s.removed[0] && s.removed[1] && !s.removed[2] && s.control == 0);
    cr_assert_eq(s.n_epochs, 2u);
    cr_expect(s.epochs[0].weights[2] == 0 && s.epochs[1].weights[1] == 0 && s.epochs[1].weights[2] == 10000);
    cr_expect_eq(epoch_at(&s, 5500), 0u);
    cr_expect_eq(epoch_at(&s, 6000), 1u);
    cr_expect_eq(epoch_at(&s, 1), 0u);
    cr_expect_eq(changes(&s, &b, &a, 7000), ERR_CONFLICT);
    cr_expect(strstr(error.detail, "\"top\" was removed from the experiment"), "%s", error.detail);
}

Test(lifecycle, killing_an_arm_keeps_the_ranges_of_the_others) {
    struct experiment a = experiment(",'weights':{'off':1,'top':1,'side':2}"),
                      b = experiment(",'weights':{'off':50,'side':100}"),
                      c = experiment(",'weights':{'off':50,'side':50}");
    struct experiment_state s = started(&a, 5000);
    cr_assert_eq(changes(&s, &a, &b, 6000), 0);
    cr_expect_arr_eq(s.epochs[1].drawn, s.epochs[0].drawn, 3 * sizeof(uint32_t));
    cr_expect_eq(s.epochs[1].weights[1], 0u, "SRM expects nobody in it");
    cr_assert_eq(changes(&s, &b, &c, 7000), 0);
    cr_expect_eq(s.epochs[2].drawn[0], s.epochs[2].drawn[2], "another proportion needs new ranges");
}

Test(lifecycle, what_is_fixed_at_start_cannot_change) {
    static const char *const after[] = {
        ",'weights':{'off':1,'top':1},'unit':'company'", ",'weights':{'off':1,'top':1},'layer':'home'",
        ",'weights':{'off':1,'top':1},'metrics':{'primary':'x'}",
        ",'weights':{'off':1,'top':1},'breakdowns':['country']", ",'weights':{'off':1,'top':1},'analysis':{'nStar':9}"};
    static const char *const pointers[] = {"/unit", "/layer", "/metrics/primary", "/breakdowns", "/analysis/nStar"};
    struct experiment was = experiment(",'weights':{'off':1,'top':1}");
    struct experiment_state s = started(&was, 5000), draft;
    for (size_t i = 0; i < 5; i++) {
        struct experiment now = experiment(after[i]);
        cr_expect_eq(changes(&s, &was, &now, 6000), ERR_CONFLICT);
        cr_expect_str_eq(error.at[0].pointer, pointers[i]);
        lifecycle_create(&draft, &was, TEXT_NONE);
        cr_expect_eq(changes(&draft, &was, &now, 6000), 0, "a draft may change");
    }
    cr_expect_eq(s.n_epochs, 1u);
}

Test(lifecycle, a_layers_slots_are_taken_kept_given_back_and_freed) {
    struct experiment a = experiment(",'weights':{'off':1,'top':1},'layer':'home','traffic':40"),
                      b = experiment(",'weights':{'off':1,'top':1},'layer':'home','traffic':60"),
                      c = experiment(",'weights':{'off':1,'top':1},'layer':'home','traffic':10");
    struct bucket_slots others[] = {{1000, 5000}};
    struct slots_taken taken = {others, 1};
    struct feature f = feature(plain_feature);
    struct experiment_state s;
    lifecycle_create(&s, &a, TEXT_NONE);
    cr_assert_eq(lifecycle_start(&s, &a, 5000, taken, &arena, &free_slots, &error), 0);
    cr_assert_eq(s.n_slots, 2u);
    cr_expect(s.slots[0].from == 0 && s.slots[0].to == 1000 && s.slots[1].from == 5000 && s.slots[1].to == 8000);
    cr_assert_eq(lifecycle_change(&s, &a, &b, &f, &f, 6000, taken, &arena, &free_slots, &error), 0);
    cr_expect(s.slots[0].to == 1000 && s.slots[s.n_slots - 1].to == 10000 && s.n_epochs == 2);
    cr_assert_eq(lifecycle_change(&s, &b, &c, &f, &f, 7000, taken, &arena, &free_slots, &error), 0);
    cr_expect(s.n_slots == 1 && s.slots[0].from == 0 && s.slots[0].to == 1000);
    cr_assert_eq(lifecycle_conclude(&s, OUTCOME_ITERATE, TEXT_NONE, TEXT_NONE, 8000, NULL), 0);
    cr_expect_eq(s.n_slots, 0u);
    lifecycle_create(&s, &a, TEXT_NONE);
    struct experiment d = experiment(",'weights':{'off':1,'top':1},'layer':'home','traffic':60.01");
    error_clear(&error);
    cr_expect_eq(lifecycle_start(&s, &d, 5000, taken, &arena, &free_slots, &error), ERR_CONFLICT);
    cr_expect_eq(free_slots, 6000);
    cr_expect(strstr(error.detail, "has 6000 of 10000 slots free, but 6001 more are needed"), "%s", error.detail);
    cr_expect_eq(s.phase, PHASE_DRAFT);
}

Test(lifecycle, the_state_survives_being_written_and_read) {
    struct experiment
        a = experiment(
            ",'weights':{'off':1,'top':0.3333,'side':2},'layer':'home','traffic':12.5,'analysis':{'nStar':77}"),
        b = experiment(",'weights':{'off':1,'side':2},'layer':'home','traffic':12.5,'analysis':{'nStar':77}");
    struct experiment_state s = started(&a, 5123), back;
    cr_assert_eq(changes(&s, &a, &b, 6456), 0, "%s", error.detail);
    cr_assert_eq(lifecycle_conclude(&s, OUTCOME_ROLLBACK, TEXT_NONE, TEXT("no"), 9000, NULL), 0);
    json_t *json = experiment_state_json(&s);
    cr_assert_eq(experiment_state_parse(&back, json, &b, &arena, &error), 0, "%s", error.detail);
    json_t *again = experiment_state_json(&back);
    cr_expect(json_equal(json, again));
    cr_expect(back.phase == PHASE_CONCLUDED && back.start_at == 5123 && back.end_at == 9000 && back.n_star == 77);
    cr_expect(back.traffic == 125000 && back.n_epochs == 2 && back.epochs[1].from == 6456 && back.removed[1]);
    cr_expect(back.epochs[0].drawn[1] == 3333 && back.epochs[1].weights[1] == 0 && back.epochs[1].drawn[1] == 3333);
    cr_expect(back.outcome == OUTCOME_ROLLBACK && text_is(back.note, "no") && text_is(back.salt, "salt-1"));
    json_decref(json);
    json_decref(again);
}

Test(lifecycle, a_damaged_state_is_refused) {
    static const char *const damaged[] = {
        "{'phase':'flying'}", "{'phase':'running','salt':'s'}",
        "{'phase':'running','arms':[{'variant':'off'}],'epochs':[]}",
        "{'phase':'running','arms':[{'variant':'off'}],'epochs':[{'from':'2026-01-01','weights':[1]}],'slots':[[9,3]]}",
        "{'phase':'running','arms':[{'variant':'off'}],'epochs':[{'from':'never','weights':[1]}]}"};
    struct experiment e = experiment(",'weights':{'off':1,'top':1}");
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct experiment_state s;
        json_t *json = quoted_json(damaged[i]);
        error_clear(&error);
        cr_expect_eq(experiment_state_parse(&s, json, &e, &arena, &error), ERR_CORRUPT, "%s", damaged[i]);
        cr_expect(strstr(error.detail, "experiment \"trial\" is damaged"), "%s", error.detail);
        json_decref(json);
    }
}

/* ---- epochs ---- */

static bool opens(const char *was, const char *now, const char *feature_now) {
    struct experiment a = experiment(was), b = experiment(now);
    struct feature f = feature(plain_feature), g = feature(feature_now);
    return epoch_opens(&a, &b, &f, &g);
}

#define W ",'weights':{'off':1,'top':1}"

Test(epoch, weights_variants_audience_layer_share_and_rules_open_one) {
    cr_expect(opens(W, ",'weights':{'off':1,'top':2}", plain_feature));
    cr_expect(opens(W, ",'weights':{'off':1,'top':1,'side':1}", plain_feature));
    cr_expect(opens(W, ",'weights':{'off':1,'side':1}", plain_feature));
    cr_expect(opens(W, W ",'audience':{'var':'x'}", plain_feature));
    cr_expect(opens(W ",'audience':{'var':'x'}", W ",'audience':{'var':'y'}", plain_feature));
    cr_expect(opens(W ",'layer':'l','traffic':10", W ",'layer':'l','traffic':20", plain_feature));
#define VARIANTS(settings)                                                                                             \
    "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top','plugin':'polls','settings'" \
    ":{'n':" settings "}},'side':{'value':'side'}},'rules':["
#define STAFF "{'id':'staff','if':{'==':[{'var':'role'},'staff']},'serve':'top'},"
    cr_expect(opens(W, W, VARIANTS("2") STAFF "{'id':'s','split':{'off':1,'top':1},'if':{'var':'x'}}]}"));
    cr_expect(opens(W, W, VARIANTS("1") "{'id':'s','split':{'off':1,'top':1},'if':{'var':'x'}}]}"));
    cr_expect(opens(W, W, VARIANTS("1") STAFF "{'id':'s','split':{'off':1,'top':2},'if':{'var':'x'}}]}"));
    cr_expect(opens(W, W, VARIANTS("1") STAFF "{'id':'t','split':{'off':1,'top':1},'if':{'var':'x'}}]}"));
    cr_expect(opens(W, W, VARIANTS("1") STAFF "{'id':'s','split':{'off':1,'top':1},'if':{'var':'z'}}]}"));
    cr_expect(
        opens(W, W, VARIANTS("1") STAFF "{'id':'s','split':{'off':1,'top':1},'if':{'var':'x'},'override':true}]}"));
    cr_expect(opens(
        W, W,
        VARIANTS("1") STAFF
        "{'id':'s','split':{'off':1,'top':1},'if':{'var':'x'}}],'prerequisites':[{'feature':'a','variants':['on']}]}"));
}

Test(epoch, traffic_names_and_other_words_for_the_same_open_none) {
    cr_expect_not(opens(W, W ",'traffic':50", plain_feature));
    cr_expect_not(opens(W, ",'weights':{'top':50,'off':50}", plain_feature));
    cr_expect_not(opens(W, ",'weights':{'off':1,'top':1,'side':0}", plain_feature));
    cr_expect_not(opens(W, W ",'hypothesis':'better','metrics':{'secondary':['x']},'mde':0.1", plain_feature));
    cr_expect_not(opens(W ",'audience':{'var':'x'}", W ",'audience':{'var':['x']}", plain_feature));
    cr_expect_not(
        opens(W, W,
              VARIANTS("1") "{'id':'renamed','if':{'==':[{'var':['role']},'staff']},'serve':'top'},"
                            "{'id':'s','split':{'off':2,'top':2},'if':{'var':'x'}}],'name':'Poll','tags':['a']}"),
        "a rule's name and the scale of its weights decide nothing");
}
