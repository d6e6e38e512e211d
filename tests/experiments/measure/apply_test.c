/* What an event adds, by the kind of metric. */
#include "tests/experiments/measure/scene.h"

TestSuite(apply, .init = folder_make, .fini = folder_remove);

#define ONE(metric)                                                                                                    \
    { metric }
static void one_metric(const char *metric, int64_t end) {
    static struct trial_definition d;
    d = (struct trial_definition){"{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,"
                                  "\"top\":50},\"metrics\":{\"primary\":\"m\"}}",
                                  ONE(metric), T, end};
    trial_open(&t, &d);
}
static double sum_of_m(int64_t as_of, int64_t *n) {
    struct measure_results *r = trial_read(&t, as_of);
    double sum = trial_sum(r, 0, TOP);
    *n = (int64_t)r->groups[0].metrics[0].cells[TOP].n;
    measure_results_free(r);
    return sum;
}

Test(apply, repeat_purchase_is_a_conversion_with_at_least_two) {
    int64_t n;
    one_metric("{\"key\":\"m\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"atLeast\":2}", 0);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    order("anna", T + 2, "{}");
    cr_expect_eq(sum_of_m(T + 9, &n), 0);
    order("anna", T + 3, "{}");
    order("anna", T + 4, "{}");
    cr_expect_eq(sum_of_m(T + 9, &n), 1);
    trial_close(&t);
}

Test(apply, a_condition_over_the_event_chooses_which_count) {
    int64_t n;
    one_metric(
        "{\"key\":\"m\",\"kind\":\"count\",\"event\":\"Pinned\",\"where\":{\">\":[{\"var\":\"properties.price\"},10]}}",
        0);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    trial_send(&t, trial_event("anna", "Pinned", T + 2, "{\"price\":9}"));
    trial_send(&t, trial_event("anna", "Pinned", T + 3, "{\"price\":11}"));
    cr_expect_eq(sum_of_m(T + 9, &n), 1);
    trial_close(&t);
}

Test(apply, retention_counts_a_unit_only_when_its_days_are_over) {
    int64_t n, day = DAY;
    one_metric("{\"key\":\"m\",\"kind\":\"retention\",\"event\":\"*\",\"from\":\"P7D\",\"to\":\"P8D\"}", 0);
    trial_send(&t, trial_exposure("anna", "top", T));
    trial_send(&t, trial_exposure("ben", "top", T));
    trial_send(&t, trial_event("anna", "Anything", T + 7 * day, NULL));
    trial_send(&t, trial_event("ben", "Anything", T + 7 * day - 1, NULL));
    struct journal_record staff = trial_event("ben", "Anything", T + 7 * day + 1, NULL);
    staff.actor = JOURNAL_STAFF;
    trial_send(&t, staff);
    identify("ben", "ben's phone", T + 7 * day + 2);
    cr_expect_eq(sum_of_m(T + 8 * day - 1, &n), 0);
    cr_expect_eq(n, 0);
    cr_expect_eq(sum_of_m(T + 8 * day, &n), 1);
    cr_expect_eq(n, 2);
    trial_close(&t);
}

Test(apply, a_ratio_adds_up_its_two_parts) {
    one_metric("{\"key\":\"m\",\"kind\":\"ratio\",\"numerator\":{\"event\":\"Order Completed\",\"value\":\"revenue\"},"
               "\"denominator\":{\"event\":\"Order Completed\"}}",
               0);
    trial_send(&t, trial_exposure("anna", "top", T));
    order("anna", T + 1, "{\"revenue\":10}");
    order("anna", T + 2, "{\"revenue\":20}");
    struct measure_results *r = trial_read(&t, T + 9);
    const struct cell *cell = &r->groups[0].metrics[0].cells[TOP];
    cr_expect(cell->sum_x == 30000000 && cell->sum_y == 2000000);
    measure_results_free(r);
    trial_close(&t);
}

static void step(const char *unit, const char *name, int64_t at) {
    trial_send(&t, trial_event(unit, name, at, NULL));
}

Test(apply, a_funnel_wants_its_steps_in_order_within_its_window_whatever_order_they_arrive_in) {
    int64_t n;
    one_metric("{\"key\":\"m\",\"kind\":\"funnel\",\"steps\":[\"View\",\"Add\",\"Buy\"],\"window\":\"P1D\"}", 0);
    static const char *const units[] = {"ok", "order", "slow", "again", "mixed", "before"};
    for (int i = 0; i < 6; i++) trial_send(&t, trial_exposure(units[i], "top", T + 10));
    step("ok", "View", T + 11), step("ok", "Add", T + 12), step("ok", "Buy", T + 13);
    step("order", "Add", T + 11), step("order", "View", T + 12), step("order", "Buy", T + 13);
    step("slow", "View", T + 11), step("slow", "Add", T + 12), step("slow", "Buy", T + 11 + DAY);
    step("again", "View", T + 11), step("again", "View", T + 12 + DAY), step("again", "Add", T + 13 + DAY),
        step("again", "Buy", T + 14 + DAY);
    step("mixed", "Buy", T + 13), step("mixed", "Add", T + 12), step("mixed", "View", T + 11);
    step("before", "View", T + 9), step("before", "Add", T + 12), step("before", "Buy", T + 13);
    cr_expect_eq(sum_of_m(T + 9, &n), 3, "ok, again, mixed");
    cr_expect_eq(n, 6);
    struct measure_results *r = trial_read(&t, T + 9);
    const int64_t *steps = &r->groups[0].metrics[0].steps[TOP * 3];
    cr_expect_eq(steps[0], 5);
    cr_expect_eq(steps[1], 4);
    cr_expect_eq(steps[2], 3);
    measure_results_free(r);
    trial_close(&t);
}

Test(apply, steps_of_a_funnel_are_in_order_by_clocks_that_are_ahead_too) {
    static const struct {
        const char *name;
        int64_t days; /* ahead of its receipt */
    } told[] = {{"Add", 10}, {"View", 1}, {"Buy", 11}};
    int64_t n;
    one_metric("{\"key\":\"m\",\"kind\":\"funnel\",\"steps\":[\"View\",\"Add\",\"Buy\"]}", 0);
    trial_send(&t, trial_exposure("anna", "top", T));
    for (int i = 0; i < 3; i++) {
        struct journal_record r = trial_event("anna", told[i].name, T + told[i].days * DAY, NULL);
        r.received = T + 1 + i;
        trial_send(&t, r);
    }
    cr_expect_eq(sum_of_m(T + 9, &n), 1);
    trial_close(&t);
}

Test(apply, an_event_is_one_step_of_a_funnel_also_where_two_steps_have_its_name) {
    int64_t n;
    one_metric("{\"key\":\"m\",\"kind\":\"funnel\",\"steps\":[\"View\",\"View\",\"Buy\"],\"window\":\"P1D\"}", 0);
    static const char *const units[] = {"once", "twice", "apart"};
    for (int i = 0; i < 3; i++) trial_send(&t, trial_exposure(units[i], "top", T + 10));
    step("once", "View", T + 11), step("once", "Buy", T + 12);
    step("twice", "Buy", T + 13), step("twice", "View", T + 12), step("twice", "View", T + 11);
    step("apart", "View", T + 11), step("apart", "View", T + 11 + DAY), step("apart", "Buy", T + 12 + DAY);
    cr_expect_eq(sum_of_m(T + 9, &n), 1, "twice");
    cr_expect_eq(n, 3);
    trial_close(&t);
}

Test(apply, a_cap_is_the_percentile_of_all_units_zeros_included) {
    one_metric("{\"key\":\"m\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"cap\":0.9}", 0);
    for (int i = 0; i < 11; i++) {
        char unit[16], properties[48];
        snprintf(unit, sizeof unit, "u%d", i);
        snprintf(properties, sizeof properties, "{\"revenue\":%d}", i == 10 ? 1000 : i);
        trial_send(&t, trial_exposure(unit, "top", T));
        if (i) order(unit, T + 1, properties);
    }
    struct measure_results *r = trial_read(&t, T + 60 * 1000);
    cr_expect_eq(r->caps[0].value, 9, "%g", r->caps[0].value);
    cr_expect_eq(trial_sum(r, 0, TOP), 45 + 9);
    measure_results_free(r);
    trial_close(&t);
}

Test(apply, a_quantile_is_over_events_and_right_to_one_percent) {
    one_metric("{\"key\":\"m\",\"kind\":\"quantile\",\"event\":\"Page Timed\",\"value\":\"ms\",\"q\":0.9}", 0);
    srand(9);
    for (int i = 0; i < 2000; i++) {
        char unit[16], properties[32];
        snprintf(unit, sizeof unit, "u%d", i % 200);
        snprintf(properties, sizeof properties, "{\"ms\":%d}", 1 + rand() % 1000);
        if (i < 200) trial_send(&t, trial_exposure(unit, "top", T + 10));
        trial_send(&t, trial_event(unit, "Page Timed", T + 20 + i, properties));
    }
    struct measure_results *r = trial_read(&t, T + 60);
    struct measure_quantile q = r->groups[0].metrics[0].quantiles[TOP];
    cr_expect_eq(q.values, 2000);
    cr_expect(q.estimate > 870 && q.estimate < 930, "%g", q.estimate);
    cr_expect(q.se > 1 && q.se < 30, "%g", q.se);
    measure_results_free(r);
    uint32_t nodes = t.fold.measured[0]->samples.n;
    trial_send(&t, trial_exposure("u7", "top", T + 5)); /* again from the journal: its list is made anew */
    r = trial_read(&t, T + 60);
    cr_expect_eq(r->groups[0].metrics[0].quantiles[TOP].values, 2000);
    cr_expect_eq(t.fold.measured[0]->samples.n, nodes, "out of what was given back");
    trial_send(&t, trial_exposure("u7", "off", T + 6));
    measure_results_free(r);
    r = trial_read(&t, T + 60);
    cr_expect_eq(r->groups[0].metrics[0].quantiles[TOP].values, 1990, "a unit that met two variants is left out");
    measure_results_free(r);
    trial_close(&t);
}

static struct cell known_of(int64_t *missing) {
    struct measure_results *r = trial_read(&t, T + 60);
    struct cell cell = r->groups[0].metrics[SPEND].known[TOP];
    *missing = (int64_t)r->groups[0].metrics[SPEND].missing[TOP].n;
    measure_results_free(r);
    return cell;
}

Test(apply, with_a_look_back_what_a_unit_did_before_it_entered_is_kept_beside_what_it_does) {
    static const struct trial_definition d = {EXPERIMENT(",\"analysis\":{\"cuped\":\"P10D\"}"), METRICS, T, 0};
    int64_t missing, day = DAY;
    trial_open(&t, &d);
    order("anna", T - 11 * day, "{\"revenue\":1}");
    order("anna", T - 9 * day, "{\"revenue\":20}");
    trial_send(&t, trial_exposure("anna", "top", T + 5));
    trial_send(&t, trial_exposure("new", "top", T + 5));
    order("anna", T + 6, "{\"revenue\":300}");
    order("new", T + 6, "{\"revenue\":4000}");
    struct cell known = known_of(&missing);
    cr_expect_eq(known.n, 1);
    cr_expect(known.sum_x == 20000000 && known.sum_y == 300000000);
    cr_expect_eq(missing, 1);
    struct journal_record late = trial_event("new", "Order Completed", T - 6 * day, "{\"revenue\":7}");
    late.received = T + 7;
    trial_send(&t, late);
    known = known_of(&missing);
    cr_expect_eq(missing, 0, "what came late counts as before, too");
    cr_expect(known.sum_x == 27000000);
    expect(T + 60, TOP, 2, 2, 4300, 0);
    trial_close(&t);
}

Test(apply, values_with_equally_many_units_come_in_the_order_of_their_letters_whichever_was_told_first) {
    static const struct trial_definition d = {EXPERIMENT(",\"breakdowns\":[\"country\"]"), METRICS, T, 0};
    trial_open(&t, &d);
    for (int i = 0; i < 20; i++) {
        char unit[8], body[96];
        snprintf(unit, sizeof unit, "u%d", i);
        struct journal_record r = trial_exposure(unit, i % 2 ? "top" : "off", T + 1);
        snprintf(body, sizeof body, "{\"variant\":\"%s\",\"epoch\":0,\"attributes\":{\"country\":\"%s\"}}",
                 i % 2 ? "top" : "off", i < 10 ? "IT" : "FR");
        r.body = text_of(body);
        trial_send(&t, r);
    }
    struct measure_results *r = cells_read(&t.fold, t.fold.measured[0], 0, T + 9);
    cr_assert_eq(r->n_groups, 2u);
    cr_expect(text_is(r->groups[0].value, "FR") && text_is(r->groups[1].value, "IT"));
    measure_results_free(r);
    trial_close(&t);
}

Test(apply, break_downs_take_the_value_at_the_first_exposure) {
    static const struct trial_definition d = {EXPERIMENT(",\"breakdowns\":[\"country\"]"), METRICS, T, 0};
    trial_open(&t, &d);
    static struct arena arena;
    arena_init(&arena, 4096);
    for (int i = 0; i < 44; i++) {
        const char *arm = i % 2 ? "top" : "off";
        const char *country = i < 20 ? "\"DE\"" : i < 30 ? "\"FR\"" : i < 40 ? "null" : i < 42 ? "\"AT\"" : "\"CH\"";
        struct journal_record r = trial_exposure(arena_printf(&arena, "u%d", i).at, arm, T + 1);
        r.body = arena_printf(&arena, "{\"variant\":\"%s\",\"epoch\":0,\"attributes\":{\"country\":%s}}", arm, country);
        trial_send(&t, r);
        r.body = arena_printf(&arena, "{\"variant\":\"%s\",\"epoch\":0,\"attributes\":{\"country\":\"IT\"}}", arm);
        r.at++;
        trial_send(&t, r);
    }
    struct measure_results *r = cells_read(&t.fold, t.fold.measured[0], 0, T + 9);
    cr_assert_eq(r->n_groups, 4u);
    cr_expect(text_is(r->groups[0].value, "DE") && r->groups[0].units[TOP] == 10);
    cr_expect(!r->groups[1].other && !r->groups[1].value.at && r->groups[1].units[TOP] == 5, "without a country");
    cr_expect(text_is(r->groups[2].value, "FR") && r->groups[2].units[TOP] == 5);
    cr_expect(r->groups[3].other && r->groups[3].merged == 2 && r->groups[3].units[TOP] == 2, "AT and CH are too few");
    measure_results_free(r);
    arena_free(&arena);
    trial_close(&t);
}
