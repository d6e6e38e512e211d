#include <math.h>

#include "experiments/judge/results.h"
#include "tests/experiments/measure/trial.h"

static struct trial t;
static struct measure_results *r;
static struct arena arena;
static int people;

static void begin(void) {
    folder_make();
    arena_init(&arena, 65536);
}
static void end(void) {
    measure_results_free(r);
    trial_close(&t);
    arena_free(&arena);
    folder_remove();
}
TestSuite(looks, .init = begin, .fini = end);
TestSuite(weeks, .init = begin, .fini = end);

#define EXPERIMENT(more)                                                                                               \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},"                 \
    "\"metrics\":{\"primary\":\"spend\"}" more "}"
static struct trial_definition definition = {
    NULL,
    {"{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"cap\":0.9}"},
    T,
    0};
enum { OFF, TOP };

static void open_trial(const char *experiment) {
    definition.experiment = experiment;
    trial_open(&t, &definition);
}

/* A person who enters at `day` and spends `first` a day later and `later` eight days later. */
static void person(int arm, int day, int first, int later) {
    const char *unit = arena_printf(&arena, "p%d", people++).at;
    int64_t t0 = T + day * (int64_t)DAY;
    struct journal_record all[] = {
        trial_exposure(unit, arm == TOP ? "top" : "off", t0),
        trial_event(unit, "Order Completed", t0 + DAY, arena_printf(&arena, "{\"revenue\":%d}", first).at),
        trial_event(unit, "Order Completed", t0 + 8 * (int64_t)DAY,
                    arena_printf(&arena, "{\"revenue\":%d}", later).at)};
    trial_write(&t, all, later ? 3 : first ? 2 : 1);
}

static struct judgement *look(int day, const struct look *before) {
    measure_results_free(r);
    r = cells_read_frozen(&t.fold, t.fold.measured[0], MEASURE_ALL, T + day * (int64_t)DAY,
                          before ? &before->caps : NULL);
    return judge(r, &r->groups[0], look_past(before, r), &arena);
}

/* Written, kept as text, and read back, as a checkpoint does. */
static struct look keep(const struct judgement *j, const struct look *before, int day) {
    struct buffer out = {0};
    struct json_writer w;
    struct look kept;
    struct error error = {0};
    json_writer_init(&w, &out);
    look_write(j, before, T + day * (int64_t)DAY, &w);
    cr_assert_eq(look_parse(&kept, arena_text(&arena, buffer_view(&out)), &arena, &error), 0, "%s", error.detail);
    buffer_free(&out);
    return kept;
}

Test(looks, p_is_the_least_that_any_look_found_and_the_interval_is_the_current_one) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 60; i++) person(i % 2, 0, i % 2 ? 20 + i % 7 : 5 + i % 5, 0);
    struct look first = keep(look(2, NULL), NULL, 2);
    cr_assert_eq(first.past.n, 1u);
    double least = first.past.items[0].p;
    cr_assert_lt(least, 0.01);
    for (int i = 0; i < 60; i++) person(i % 2, 2, i % 2 ? 1 : 25, 0); /* it turns round */
    struct judgement *now = look(4, &first);
    const struct judged_arm *top = &now->metrics[0].arms[TOP];
    cr_expect_gt(top->p_now, 0.1);
    cr_expect_eq(top->is.sequential.p, least);
    cr_expect_eq(top->is.shown.p, least);
    cr_expect(top->is.shown.low < 0 && top->is.shown.high > 0, "the interval has turned round, too");
    struct look second = keep(now, &first, 4);
    cr_expect_eq(second.past.items[0].p, least);
}

Test(looks, hold_only_while_the_definitions_are_the_same) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 40; i++) person(i % 2, 0, i % 2 ? 20 : 5 + i % 3, 0);
    struct look first = keep(look(2, NULL), NULL, 2);
    cr_assert(look_past(&first, r));
    struct trial_definition changed = definition;
    changed.metrics[0] = "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"profit\"}";
    trial_plan(&t, &changed);
    trial_fold(&t.fold);
    look(2, &first);
    cr_expect_null(look_past(&first, r));
    trial_plan(&t, &definition);
    trial_fold(&t.fold);
    look(2, &first);
    cr_expect(look_past(&first, r), "and hold again when it is taken back");
}

Test(looks, a_cap_stays_what_it_was_at_the_first_look_that_had_one) {
    open_trial(EXPERIMENT(""));
    look(1, NULL);
    struct look none = keep(look(1, NULL), NULL, 1);
    cr_expect_eq(none.caps.n, 0u, "there was nothing to cap");
    for (int i = 0; i < 40; i++) person(i % 2, 1, 1 + i % 10, 0);
    struct look first = keep(look(3, &none), &none, 3);
    cr_assert_eq(first.caps.n, 1u);
    double cap = first.caps.items[0].value;
    for (int i = 0; i < 40; i++) person(i % 2, 3, 1000, 0);
    look(6, &first);
    cr_expect_float_eq(r->caps[0].value, cap, 1e-6);
    cr_expect_leq(cell_total(&r->groups[0].metrics[0].cells[TOP]), 40 * cap);
    struct look second = keep(look(6, &first), &first, 6);
    cr_expect_eq(second.caps.items[0].value, cap);
    look(9, NULL);
    cr_expect_gt(r->caps[0].value, 10 * cap, "without a look it follows the data");
}

Test(looks, a_fixed_test_freezes_nothing) {
    open_trial(EXPERIMENT(",\"analysis\":{\"method\":\"fixed\"}"));
    for (int i = 0; i < 40; i++) person(i % 2, 1, 1 + i % 10, 0);
    cr_expect_eq(keep(look(3, NULL), NULL, 3).caps.n, 0u);
}

Test(looks, tell_since_when_nothing_came) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 4; i++) person(i % 2, 1, 1, 0);
    struct look first = keep(look(3, NULL), NULL, 3);
    struct look second = keep(look(4, &first), &first, 4);
    cr_expect_eq(second.changed_at, T + 3 * (int64_t)DAY);
    person(TOP, 4, 1, 0);
    cr_expect_eq(keep(look(5, &second), &second, 5).changed_at, T + 5 * (int64_t)DAY);
}

/* --- weeks --- */

Test(weeks, since_entry_are_each_units_own_and_count_when_they_are_over) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 20; i++) person(i % 2, i % 4, i % 2 ? 5 : 3, i % 2 ? 2 : 1);
    r = cells_read(&t.fold, t.fold.measured[0], MEASURE_BY_WEEK, T + 15 * (int64_t)DAY);
    cr_assert_eq(r->n_groups, (uint32_t)PLAN_WEEKS);
    cr_expect_eq(r->groups[0].units[TOP], 10);
    cr_expect_float_eq(cell_total(&r->groups[0].metrics[0].cells[TOP]), 50, 1e-9);
    cr_expect_eq(r->groups[1].units[TOP], 5, "of those who came on days 0 and 1 the second week is over");
    cr_expect_float_eq(cell_total(&r->groups[1].metrics[0].cells[TOP]), 10, 1e-9);
    cr_expect_eq(r->groups[2].units[TOP] + r->groups[2].units[OFF], 0);
}

static bool warns_of(const struct judgement *j, const char *code) {
    for (uint32_t i = 0; i < j->n_warnings; i++)
        if (!strcmp(j->warnings[i].code, code)) return true;
    return false;
}

Test(weeks, an_effect_that_wears_off_is_warned_of_and_one_that_stays_is_not) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 100; i++) person(i % 2, 0, (i % 2 ? 20 : 10) + i % 6, 10 + i % 7);
    struct judgement *j = look(15, NULL);
    cr_assert(warns_of(j, "novelty"));
    for (uint32_t i = 0; i < j->n_warnings; i++)
        if (!strcmp(j->warnings[i].code, "novelty"))
            cr_expect(strstr(j->warnings[i].evidence.at, "\"firstLessLater\":1"), "%s", j->warnings[i].evidence.at);
    cr_expect(!warns_of(look(13, NULL), "novelty"), "the second week is not over");
}

Test(weeks, an_effect_that_stays_is_no_novelty) {
    open_trial(EXPERIMENT(""));
    for (int i = 0; i < 100; i++) person(i % 2, 0, (i % 2 ? 20 : 10) + i % 6, (i % 2 ? 20 : 10) + i % 7);
    cr_expect(!warns_of(look(15, NULL), "novelty"));
}

Test(weeks, a_metric_whose_window_is_short_has_none) {
    struct trial_definition week = definition;
    week.experiment = EXPERIMENT("");
    week.metrics[0] =
        "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"window\":\"P7D\"}";
    trial_open(&t, &week);
    person(TOP, 0, 1, 1);
    r = cells_read(&t.fold, t.fold.measured[0], MEASURE_BY_WEEK, T + 30 * (int64_t)DAY);
    cr_expect_eq(r->n_groups, 0u);
}
