#include "experiments/steer/schedule.h"

#include <criterion/criterion.h>

#include "core/base/clock.h"
#include "tests/experiments/quoted.h"

static struct arena arena;
static struct error error;
static struct experiment definition;
static struct experiment_state state;
static const struct slots_taken nobody;

static void begin(void) {
    arena_init(&arena, 65536);
}
static void end(void) {
    arena_free(&arena);
}
TestSuite(schedule, .init = begin, .fini = end);

enum { START = 1000 * CLOCK_SECOND, END = START + 10 * CLOCK_SECOND };
#define RAMP "'ramp':[{'traffic':5,'hold':'PT2S'},{'traffic':50,'hold':'PT3S'},{'traffic':100}]"

static void parse(struct experiment *e, const char *schedule) {
    char quoted[600];
    snprintf(quoted, sizeof quoted,
             "{'key':'trial','feature':'poll','control':'off','weights':{'off':1,'top':1},'schedule':{%s}}", schedule);
    json_t *body = quoted_json(quoted);
    cr_assert_eq(experiment_parse(e, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_decref(body);
}

static void draft(const char *schedule) {
    parse(&definition, schedule);
    lifecycle_create(&state, &definition, TEXT_NONE);
}

static void expect_next(enum schedule_step step, int64_t at) {
    struct schedule_due next = schedule_next(&definition, &state);
    cr_expect(next.step == step && next.at == at, "step %d at %lld, not %d at %lld", next.step, (long long)next.at,
              step, (long long)at);
}

/* What steer does with a step, at the time `now`. */
static void make(int64_t now) {
    struct schedule_due next = schedule_next(&definition, &state);
    int free_slots, rc = -1;
    if (next.step == SCHEDULE_START)
        rc = lifecycle_start(&state, &definition, next.at, nobody, &arena, &free_slots, &error);
    if (next.step == SCHEDULE_RAMP)
        rc = lifecycle_ramp(&state, &definition, next.at, now, nobody, &arena, &free_slots, &error);
    if (next.step == SCHEDULE_END) rc = lifecycle_end(&state, next.at, &error);
    cr_assert_eq(rc, 0, "step %d: %s", next.step, error.detail);
}

static void through_the_store(void) {
    json_t *json = experiment_state_json(&state);
    cr_assert_eq(experiment_state_parse(&state, json, &definition, &arena, &error), 0, "%s", error.detail);
    json_decref(json);
}

Test(schedule, nothing_is_due_by_itself_without_a_schedule) {
    draft("");
    expect_next(SCHEDULE_NOTHING, 0);
    draft("'end':'2030-01-01T00:00:00Z'");
    expect_next(SCHEDULE_NOTHING, 0);
}

Test(schedule, start_ramp_and_end_come_in_their_order_and_at_their_times) {
    draft("'start':'1970-01-01T00:16:40Z','end':'1970-01-01T00:16:50Z'," RAMP);
    expect_next(SCHEDULE_START, START);
    make(START);
    cr_expect_eq(state.traffic, 50000u);
    expect_next(SCHEDULE_RAMP, START + 2000);
    make(START + 2000);
    cr_expect_eq(state.traffic, 500000u);
    expect_next(SCHEDULE_RAMP, START + 5000);
    make(START + 5000);
    cr_expect_eq(state.traffic, 1000000u);
    expect_next(SCHEDULE_END, END);
    make(END);
    cr_expect(state.phase == PHASE_MATURING && state.end_at == END && state.n_epochs == 1);
    expect_next(SCHEDULE_NOTHING, 0);
}

Test(schedule, steps_that_are_made_late_do_not_move_those_that_follow) {
    draft("'start':'1970-01-01T00:16:40Z'," RAMP);
    make(START + 700);
    make(START + 4900);
    expect_next(SCHEDULE_RAMP, START + 5000);
    cr_expect_eq(state.start_at, START);
}

Test(schedule, the_end_comes_before_what_the_ramp_had_left) {
    draft("'start':'1970-01-01T00:16:40Z','end':'1970-01-01T00:16:43Z'," RAMP);
    make(START);
    make(START + 2000);
    expect_next(SCHEDULE_END, START + 3000);
}

Test(schedule, a_pause_stops_the_ramps_clock_but_not_the_end_also_over_a_restart) {
    draft("'start':'1970-01-01T00:16:40Z','end':'1970-01-01T00:16:50Z'," RAMP);
    make(START);
    cr_assert_eq(lifecycle_pause(&state, START + 500, &arena, &error), 0);
    through_the_store();
    expect_next(SCHEDULE_END, END);
    cr_assert_eq(lifecycle_resume(&state, START + 4500, &arena, &error), 0);
    through_the_store();
    expect_next(SCHEDULE_RAMP, START + 6000);
    make(START + 6000);
    through_the_store();
    expect_next(SCHEDULE_RAMP, START + 9000);
}

Test(schedule, a_ramp_never_lowers_what_somebody_raised) {
    int free_slots;
    draft("'start':'1970-01-01T00:16:40Z'," RAMP);
    make(START);
    cr_assert_eq(lifecycle_traffic(&state, &definition, 800000, START + 1, nobody, &arena, &free_slots, &error), 0);
    make(START + 2000);
    cr_expect_eq(state.traffic, 800000u);
    make(START + 5000);
    cr_expect_eq(state.traffic, 1000000u);
}

Test(schedule, a_ramp_that_comes_while_the_experiment_runs_begins_when_it_comes) {
    draft("'start':'1970-01-01T00:16:40Z'");
    make(START);
    struct experiment was = definition;
    struct feature feature;
    json_t *body =
        quoted_json("{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top'}}}");
    cr_assert_eq(feature_parse(&feature, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    json_decref(body);
    parse(&definition, "'start':'1970-01-01T00:16:40Z'," RAMP);
    int free_slots;
    cr_assert_eq(lifecycle_change(&state, &was, &definition, &feature, &feature, START + 3000, nobody, &arena,
                                  &free_slots, &error),
                 0, "%s", error.detail);
    expect_next(SCHEDULE_RAMP, START + 3000);
    make(START + 3000);
    expect_next(SCHEDULE_RAMP, START + 5000);
}

#define GATES(gate)                                                                                                    \
    "'start':'1970-01-01T00:16:40Z','ramp':[{'traffic':5,'hold':'PT2S','gate':{" gate "}},{'traffic':100}]"

Test(schedule, a_step_that_waits_for_approval_begins_when_it_is_given_and_not_before_its_time) {
    draft(GATES("'approval':true"));
    make(START);
    expect_next(SCHEDULE_NOTHING, 0);
    cr_assert_eq(lifecycle_approve(&state, &definition, START + 500, &error), 0, "%s", error.detail);
    through_the_store();
    expect_next(SCHEDULE_RAMP, START + 2000);
    cr_expect_eq(lifecycle_approve(&state, &definition, START + 600, &error), ERR_CONFLICT);
    make(START + 2000);
    cr_expect_eq(state.traffic, 1000000u);
    cr_expect_eq(state.ramp_approved, 0);
    error_clear(&error);
    cr_expect_eq(lifecycle_approve(&state, &definition, START + 3000, &error), ERR_CONFLICT);
    cr_expect(strstr(error.detail, "waits for no approval: it is at step 2 of 2"), "%s", error.detail);
}

Test(schedule, an_approval_that_comes_late_begins_the_step_then) {
    draft(GATES("'approval':true"));
    make(START);
    cr_assert_eq(lifecycle_approve(&state, &definition, START + 7000, &error), 0);
    expect_next(SCHEDULE_RAMP, START + 7000);
}

Test(schedule, a_step_that_waits_for_figures_is_nobodys_next_but_known_from_its_time_on) {
    draft(GATES("'units':100"));
    make(START);
    expect_next(SCHEDULE_NOTHING, 0);
    struct schedule_due gated = schedule_gated(&definition, &state);
    cr_expect(gated.step == SCHEDULE_RAMP && gated.at == START + 2000);
    draft(GATES("'units':100,'approval':true"));
    make(START);
    cr_expect_eq(schedule_gated(&definition, &state).step, SCHEDULE_NOTHING);
    cr_assert_eq(lifecycle_approve(&state, &definition, START + 5000, &error), 0);
    cr_expect_eq(schedule_gated(&definition, &state).at, START + 5000);
}

Test(schedule, what_waits_at_a_gate_ends_at_its_end_all_the_same) {
    draft("'start':'1970-01-01T00:16:40Z','end':'1970-01-01T00:16:41Z',"
          "'ramp':[{'traffic':5,'gate':{'units':9}},{'traffic':100}]");
    make(START);
    expect_next(SCHEDULE_END, START + 1000);
    cr_expect_eq(schedule_gated(&definition, &state).at, START);
    make(START + 1000);
    cr_expect_eq(schedule_gated(&definition, &state).step, SCHEDULE_NOTHING);
}

Test(schedule, a_gate_says_what_is_wrong_with_it) {
    static const struct {
        const char *ramp, *words;
    } defects[] = {
        {"'ramp':[{'traffic':5,'hold':'P1D'},{'traffic':9,'gate':{'units':1}}]", "this is the last; leave it out"},
        {"'ramp':[{'traffic':5,'gate':{'units':0}},{'traffic':9}]", "/schedule/ramp/0/gate/units"},
        {"'ramp':[{'traffic':5,'gate':{'guardrails':true}},{'traffic':9}]", "write the guardrails into"},
        {"'ramp':[{'traffic':5,'gate':{'quorum':3}},{'traffic':9}]", "/schedule/ramp/0/gate"},
        {"'ramp':[{'traffic':5},{'traffic':9}]", "say how long the step lasts"},
    };
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        char quoted[400];
        snprintf(quoted, sizeof quoted,
                 "{'key':'t','feature':'poll','control':'off','weights':{'off':1,'top':1},'schedule':{%s}}",
                 defects[i].ramp);
        json_t *body = quoted_json(quoted);
        error_clear(&error);
        cr_expect_eq(experiment_parse(&definition, body, TEXT_NONE, &arena, &error), ERR_INVALID, "%s", quoted);
        cr_expect(strstr(error.detail, defects[i].words) || strstr(error.at[0].pointer, defects[i].words), "%s: %s",
                  error.at[0].pointer, error.detail);
        json_decref(body);
    }
}
