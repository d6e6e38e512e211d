#include "tests/experiments/measure/trial.h"

TestSuite(fold, .init = folder_make, .fini = folder_remove);

#define METRICS                                                                                                        \
    {                                                                                                                  \
        "{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P7D\"}",               \
            "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"net\":true}",  \
            "{\"key\":\"pins\",\"kind\":\"count\",\"event\":\"Pinned\"}",                                              \
    }
#define EXPERIMENT(more)                                                                                               \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},"                 \
    "\"metrics\":{\"primary\":\"bought\",\"secondary\":[\"spend\",\"pins\"]}" more "}"
enum { BOUGHT, SPEND, PINS };
enum { OFF, TOP };

static const struct trial_definition plain = {EXPERIMENT(""), METRICS, T, 0};
static const struct trial_definition ending = {EXPERIMENT(""), METRICS, T, T + 20 * (int64_t)DAY};
static const struct trial_definition external = {EXPERIMENT(",\"assignment\":\"external\""), METRICS, T, 0};
static struct trial t;

static void expect(int64_t as_of, int arm, int64_t units, double bought, double spend, double pins) {
    struct measure_results *r = trial_read(&t, as_of);
    cr_expect_eq(trial_units(r, arm), units, "%lld units in arm %d", (long long)trial_units(r, arm), arm);
    cr_expect_eq(trial_sum(r, BOUGHT, arm), bought, "bought %g", trial_sum(r, BOUGHT, arm));
    cr_expect_eq(trial_sum(r, SPEND, arm), spend, "spend %g", trial_sum(r, SPEND, arm));
    cr_expect_eq(trial_sum(r, PINS, arm), pins, "pins %g", trial_sum(r, PINS, arm));
    measure_results_free(r);
}

static struct measure_excluded excluded(void) {
    struct measure_results *r = trial_read(&t, T);
    struct measure_excluded e = r->excluded;
    measure_results_free(r);
    return e;
}

static void order(const char *unit, int64_t at, const char *properties) {
    trial_send(&t, trial_event(unit, "Order Completed", at, properties));
}

Test(fold, events_of_an_exposed_unit_count_from_its_exposure_on) {
    trial_open(&t, &plain);
    order("anna", T + 5, "{\"revenue\":1}");
    trial_send(&t, trial_exposure("anna", "top", T + 10));
    order("anna", T + 20, "{\"revenue\":19.99}");
    order("anna", T + 30, "{\"revenue\":0.01}");
    order("ben", T + 40, "{\"revenue\":100}");
    trial_send(&t, trial_event("anna", "Pinned", T + 50, NULL));
    expect(T + 60, TOP, 1, 1, 20, 1);
    expect(T + 60, OFF, 0, 0, 0, 0);
    trial_close(&t);
}

Test(fold, with_equal_times_an_event_counts_if_it_came_after_the_exposure) {
    trial_open(&t, &plain);
    trial_send(&t, trial_event("anna", "Pinned", T + 10, NULL));
    trial_send(&t, trial_exposure("anna", "top", T + 10));
    trial_send(&t, trial_event("anna", "Pinned", T + 10, NULL));
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_close(&t);
}

Test(fold, the_window_counts_from_the_exposure_and_ends_before_its_end) {
    trial_open(&t, &ending);
    for (int i = 0; i < 2; i++) {
        const char *unit = i ? "in" : "out";
        trial_send(&t, trial_exposure(unit, "off", T));
        order(unit, T + 7 * (int64_t)DAY - i, "{\"revenue\":1}");
    }
    expect(T + 60, OFF, 2, 1, 2, 0);
    trial_close(&t);
}

Test(fold, after_the_end_nobody_enters_but_windows_run_out) {
    trial_open(&t, &ending);
    int64_t end = T + 20 * (int64_t)DAY;
    trial_send(&t, trial_exposure("late", "off", end));
    trial_send(&t, trial_exposure("early", "off", T - 1));
    trial_send(&t, trial_exposure("anna", "off", end - 1));
    order("anna", end + 5, "{\"revenue\":9}");
    expect(end + 60, OFF, 1, 1, 0, 0);
    trial_close(&t);
}

Test(fold, an_exposure_that_arrives_after_the_events_it_precedes_finds_them) {
    trial_open(&t, &plain);
    order("anna", T + 5, "{\"revenue\":1}");
    order("anna", T + 20, "{\"revenue\":5}");
    trial_send(&t, trial_exposure("anna", "top", T + 10));
    expect(T + 60, TOP, 1, 1, 5, 0);
    trial_send(&t, trial_exposure("anna", "top", T + 2));
    expect(T + 60, TOP, 1, 1, 6, 0);
    trial_send(&t, trial_exposure("anna", "top", T + 30));
    expect(T + 60, TOP, 1, 1, 6, 0);
    cr_expect_eq(t.fold.refolds, 2);
    trial_close(&t);
}

Test(fold, a_unit_that_met_two_variants_is_in_no_figure) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    order("anna", T + 2, "{\"revenue\":1}");
    trial_send(&t, trial_exposure("anna", "off", T + 3));
    trial_send(&t, trial_exposure("ben", "top", T + 3));
    expect(T + 60, TOP, 1, 0, 0, 0);
    struct measure_results *r = trial_read(&t, T + 60);
    cr_expect_eq(r->multiple, 1);
    cr_expect_eq(r->groups[0].multiple[TOP], 1);
    measure_results_free(r);
    trial_close(&t);
}

Test(fold, what_comes_over_seven_days_late_is_counted_as_too_late_alone) {
    trial_open(&t, &plain);
    int64_t day = DAY;
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    trial_send(&t, trial_event("anna", "Pinned", T + 8 * day, NULL));
    struct journal_record late = trial_event("anna", "Pinned", T + day - 1, NULL),
                          just = trial_event("anna", "Pinned", T + day, NULL);
    late.received = just.received = T + 8 * day + 5;
    trial_send(&t, late);
    trial_send(&t, just);
    expect(T + 9 * day, TOP, 1, 0, 0, 2);
    cr_expect_eq(excluded().too_late, 1);
    trial_send(&t, trial_exposure("anna", "top", T));
    cr_expect_eq(excluded().too_late, 2, "an exposure too");
    expect(T + 9 * day, TOP, 1, 0, 0, 2);
    trial_close(&t);
}

Test(fold, a_late_exposure_of_a_unit_that_is_long_past_it_does_not_enter_it) {
    trial_open(&t, &plain);
    trial_send(&t, trial_event("anna", "Pinned", T + 8 * (int64_t)DAY, NULL));
    trial_send(&t, trial_exposure("anna", "top", T + 5));
    expect(T + 60, TOP, 0, 0, 0, 0);
    cr_expect_eq(excluded().too_late, 1);
    trial_send(&t, trial_exposure("anna", "top", T + 7 * (int64_t)DAY));
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_close(&t);
}

Test(fold, a_clock_that_is_ahead_makes_nobody_late) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    struct journal_record ahead = trial_event("anna", "Pinned", T + 400 * (int64_t)DAY, NULL);
    ahead.received = T + 10;
    trial_send(&t, ahead);
    trial_send(&t, trial_event("anna", "Pinned", T + 20, NULL));
    expect(T + 60, TOP, 1, 0, 0, 2);
    trial_close(&t);
}

Test(fold, an_order_counts_once_whichever_source_sent_it) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    order("anna", T + 2, "{\"order_id\":\"o1\",\"revenue\":10}");
    order("anna", T + 3, "{\"order_id\":\"o1\",\"revenue\":11}");
    order("anna", T + 4, "{\"order_id\":2,\"revenue\":100}");
    order("anna", T + 5, "{\"revenue\":1000}");
    expect(T + 60, TOP, 1, 1, 1110, 0);
    trial_close(&t);
}

Test(fold, a_visitor_cannot_swallow_the_shops_order_by_sending_its_number_first) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("mallory", "off", T + 1));
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    struct journal_record forged =
        trial_event("mallory", "Order Completed", T + 2, "{\"order_id\":\"o1\",\"revenue\":1}");
    forged.flags = JOURNAL_BROWSER;
    trial_send(&t, forged);
    expect(T + 60, OFF, 1, 1, 1, 0);
    order("anna", T + 3, "{\"order_id\":\"o1\",\"revenue\":50}");
    expect(T + 60, OFF, 1, 0, 0, 0);
    expect(T + 60, TOP, 1, 1, 50, 0);
    forged.at += 10;
    trial_send(&t, forged);
    expect(T + 60, OFF, 1, 0, 0, 0);
    trial_close(&t);
}

Test(fold, refunds_subtract_where_the_metric_is_net) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    order("anna", T + 2, "{\"order_id\":\"o1\",\"revenue\":10}");
    trial_send(&t, trial_event("anna", "Order Refunded", T + 3, "{\"order_id\":\"o1\",\"total\":4}"));
    expect(T + 60, TOP, 1, 1, 6, 0);
    trial_close(&t);
}

Test(fold, values_are_exact_to_the_millionth_and_nonsense_is_left_out) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    for (int i = 0; i < 10; i++) order("anna", T + 2 + i, "{\"revenue\":0.1}");
    order("anna", T + 20, "{\"revenue\":1e9}");
    order("anna", T + 21, "{\"revenue\":\"12\"}");
    order("anna", T + 22, "{}");
    expect(T + 60, TOP, 1, 1, 1, 0);
    trial_close(&t);
}

/* --- Experiment Viewed --- */

static void viewed(const char *unit, const char *properties, int64_t at) {
    trial_send(&t, trial_event(unit, "Experiment Viewed", at, properties));
}

Test(fold, an_external_assignment_is_taken_from_the_event_by_id_else_by_name) {
    trial_open(&t, &external);
    viewed("a", "{\"experiment_id\":\"trial\",\"variation_id\":\"top\"}", T + 1);
    viewed("b",
           "{\"experiment_id\":\"x7\",\"experiment_name\":\"trial\",\"variation_id\":1,\"variation_name\":\"top\"}",
           T + 2);
    viewed("c", "{\"experiment_id\":\"trial\",\"variation_id\":\"Top\"}", T + 3);
    viewed("d", "{\"experiment_id\":\"another\",\"variation_id\":\"top\"}", T + 4);
    expect(T + 60, TOP, 2, 0, 0, 0);
    cr_expect_eq(excluded().unknown_variation, 1);
    trial_close(&t);
}

Test(fold, a_viewed_exposure_counts_only_for_the_variant_that_parley_gives_or_gave) {
    trial_open(&t, &plain);
    int counted = 0;
    for (int i = 0; i < 20; i++) {
        char unit[16];
        snprintf(unit, sizeof unit, "u%d", i);
        viewed(unit, "{\"experiment_id\":\"trial\",\"variation_id\":\"top\"}", T + i);
    }
    struct measure_results *r = trial_read(&t, T);
    counted = (int)trial_units(r, TOP);
    cr_expect(counted > 2 && counted < 18, "about half of them: %d", counted);
    cr_expect_eq(r->excluded.exposure_mismatch, 20 - counted);
    measure_results_free(r);
    /* What an evaluation recorded was given, whatever the hash says now. */
    trial_send(&t, trial_exposure("given", "top", T + 100));
    trial_send(&t, trial_exposure("given2", "off", T + 100));
    viewed("given", "{\"experiment_id\":\"trial\",\"variation_id\":\"top\"}", T + 101);
    viewed("given2", "{\"experiment_id\":\"trial\",\"variation_id\":\"off\"}", T + 101);
    cr_expect_eq(excluded().exposure_mismatch, 20 - counted);
    trial_close(&t);
}

Test(fold, an_exposure_of_an_earlier_experiment_of_the_same_key_is_none) {
    trial_open(&t, &plain);
    struct journal_record r = trial_exposure("anna", "top", T + 1);
    r.body = TEXT("{\"experiment\":\"trial\",\"salt\":\"older\",\"variant\":\"top\",\"epoch\":0}");
    trial_send(&t, r);
    expect(T + 60, TOP, 0, 0, 0, 0);
    trial_close(&t);
}

Test(fold, fallbacks_and_rule_overrides_are_told_apart_from_exposures) {
    trial_open(&t, &plain);
    struct journal_record fallback = trial_exposure("anna", "top", T + 1), rule = trial_exposure("ben", "top", T + 3);
    fallback.body = TEXT("{\"variant\":\"top\",\"epoch\":0,\"cause\":\"fallback\"}");
    rule.body = TEXT("{\"variant\":\"off\",\"epoch\":0,\"cause\":\"rule-override\"}");
    trial_send(&t, fallback);
    trial_send(&t, rule);
    trial_send(&t, trial_exposure("ben", "top", T + 2));
    trial_send(&t, rule);
    struct measure_results *r = trial_read(&t, T);
    cr_expect_eq(trial_units(r, TOP), 1);
    cr_expect_eq(r->excluded.fallback, 1);
    cr_expect_eq(r->rule_override, 1);
    cr_expect_eq(r->multiple, 0);
    measure_results_free(r);
    trial_close(&t);
}

/* --- who is who --- */

static void identify(const char *user, const char *anonymous, int64_t at) {
    struct journal_record r = trial_event(user, "", at, NULL);
    r.kind = JOURNAL_IDENTIFY;
    r.flags = JOURNAL_KNOWN;
    r.other = text_of(anonymous);
    trial_send(&t, r);
}

Test(fold, an_anonymous_key_and_the_customer_it_turns_out_to_be_are_one_unit) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("cookie", "top", T + 1));
    trial_send(&t, trial_event("cookie", "Pinned", T + 2, NULL));
    order("anna", T + 3, "{\"revenue\":7}");
    expect(T + 60, TOP, 1, 0, 0, 1);
    identify("anna", "cookie", T + 4);
    expect(T + 60, TOP, 1, 1, 7, 1);
    order("anna", T + 5, "{\"revenue\":1}");
    trial_send(&t, trial_exposure("anna", "top", T + 6));
    expect(T + 60, TOP, 1, 1, 8, 1);
    trial_close(&t);
}

Test(fold, a_person_who_met_one_variant_under_each_key_is_in_no_figure) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("cookie", "top", T + 1));
    trial_send(&t, trial_exposure("anna", "off", T + 2));
    expect(T + 60, TOP, 1, 0, 0, 0);
    identify("anna", "cookie", T + 4);
    expect(T + 60, TOP, 0, 0, 0, 0);
    expect(T + 60, OFF, 0, 0, 0, 0);
    trial_close(&t);
}

Test(fold, two_known_customers_are_never_joined) {
    trial_open(&t, &plain);
    struct journal_record known = trial_event("ben", "Pinned", T, NULL);
    known.flags = JOURNAL_KNOWN;
    trial_send(&t, known);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    trial_send(&t, trial_exposure("ben", "off", T + 1));
    identify("anna", "ben", T + 4);
    expect(T + 60, TOP, 1, 0, 0, 0);
    expect(T + 60, OFF, 1, 0, 0, 0);
    identify("anna", "shared tablet", T + 5);
    identify("ben", "shared tablet", T + 6);
    trial_send(&t, trial_event("shared tablet", "Pinned", T + 7, NULL));
    expect(T + 60, TOP, 1, 0, 0, 1);
    expect(T + 60, OFF, 1, 0, 0, 0);
    trial_close(&t);
}

Test(fold, what_staff_merged_is_one_unit_and_what_it_parted_is_two_again) {
    trial_open(&t, &plain);
    for (int i = 0; i < 2; i++) {
        struct journal_record known = trial_exposure(i ? "ben" : "anna", "top", T + 1 + i);
        known.flags = JOURNAL_KNOWN;
        trial_send(&t, known);
    }
    order("ben", T + 9, "{\"revenue\":5}");
    struct journal_record r = trial_event("anna", "", T + 10, NULL);
    r.kind = JOURNAL_ALIAS;
    r.actor = JOURNAL_STAFF;
    r.flags = JOURNAL_KNOWN;
    r.other = TEXT("ben");
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 1, 5, 0);
    identify("ben", "tablet", T + 11);
    order("tablet", T + 12, "{\"revenue\":1}");
    expect(T + 60, TOP, 1, 1, 6, 0);
    r.kind = JOURNAL_PART;
    trial_send(&t, r);
    order("ben", T + 13, "{\"revenue\":100}");
    expect(T + 60, TOP, 2, 2, 106, 0);
    trial_close(&t);
}

Test(fold, a_trial_by_user_does_not_see_anonymous_events) {
    static const struct trial_definition by_user = {EXPERIMENT(",\"unit\":\"userId\""), METRICS, T, 0};
    trial_open(&t, &by_user);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    struct journal_record r = trial_event("anna", "Pinned", T + 2, NULL);
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 0);
    r.flags = JOURNAL_KNOWN;
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_send(&t, trial_exposure("anna", "top", T)); /* again, from the journal */
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_close(&t);
}

Test(fold, a_trial_by_product_joins_events_by_their_property) {
    static const struct trial_definition by_sku = {EXPERIMENT(",\"unit\":\"sku\""), METRICS, T, 0};
    trial_open(&t, &by_sku);
    trial_send(&t, trial_event("anna", "Pinned", T + 5, "{\"sku\":\"85123A\"}"));
    trial_send(&t, trial_event("ben", "Pinned", T + 6, "{\"sku\":\"85123A\"}"));
    trial_send(&t, trial_event("ben", "Pinned", T + 7, NULL));
    trial_send(&t, trial_exposure("85123A", "top", T + 6));
    expect(T + 60, TOP, 1, 0, 0, 0);
    struct journal_record r = trial_event("cleo", "Pinned", T + 8, NULL);
    r.body = TEXT("{\"context\":{\"units\":{\"sku\":\"85123A\"}}}");
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_send(&t, trial_exposure("85123A", "top", T + 5));
    expect(T + 60, TOP, 1, 0, 0, 2);
    trial_close(&t);
}

/* --- kinds of metrics --- */

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

Test(fold, repeat_purchase_is_a_conversion_with_at_least_two) {
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

Test(fold, a_condition_over_the_event_chooses_which_count) {
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

Test(fold, retention_counts_a_unit_only_when_its_days_are_over) {
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

Test(fold, a_ratio_adds_up_its_two_parts) {
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

Test(fold, a_funnel_wants_its_steps_in_order_within_its_window_whatever_order_they_arrive_in) {
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

Test(fold, a_cap_is_the_percentile_of_all_units_zeros_included) {
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

Test(fold, a_quantile_is_over_events_and_right_to_one_percent) {
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

Test(fold, with_a_look_back_what_a_unit_did_before_it_entered_is_kept_beside_what_it_does) {
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

Test(fold, break_downs_take_the_value_at_the_first_exposure) {
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

/* --- history --- */

Test(fold, a_trial_that_began_in_the_past_or_got_a_metric_is_computed_from_the_journal) {
    static struct trial_definition none;
    none = plain;
    none.experiment = "{\"key\":\"other\",\"feature\":\"poll\",\"weights\":{\"off\":50,\"top\":50}}";
    trial_open(&t, &none);
    for (int i = 0; i < 30; i++) {
        char unit[16];
        snprintf(unit, sizeof unit, "u%d", i);
        trial_send(&t, trial_event(unit, "Pinned", T + i, NULL));
        trial_send(&t, trial_exposure(unit, i % 2 ? "top" : "off", T + 10 * i));
        order(unit, T + 10 * i + 1, "{\"revenue\":2}");
    }
    trial_plan(&t, &plain);
    cr_expect_not(t.fold.measured[0]->live);
    trial_fold(&t.fold);
    cr_expect(t.fold.measured[0]->live);
    expect(T + 999, TOP, 15, 15, 30, 0);
    order("u1", T + 1000, "{\"revenue\":1}");
    expect(T + 9999, TOP, 15, 15, 31, 0);
    trial_close(&t);
}

Test(fold, moving_the_end_judges_again_what_lies_beyond_it) {
    trial_open(&t, &plain);
    static struct trial_definition d;
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    order("anna", T + 10, "{\"revenue\":1}");
    order("anna", T + 20, "{\"revenue\":2}");
    d = plain;
    d.end = T + 15;
    trial_plan(&t, &d);
    trial_fold(&t.fold);
    expect(T + 99, TOP, 1, 1, 1, 0);
    d.end = T + 30;
    trial_plan(&t, &d);
    trial_fold(&t.fold);
    expect(T + 99, TOP, 1, 1, 3, 0);
    trial_close(&t);
}

Test(fold, nobody_enters_in_a_pause_whenever_it_becomes_known) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("before", "top", T + 10));
    trial_send(&t, trial_exposure("in it", "top", T + 25)); /* folded before the pause is told of */
    trial_turns[0] = T + 20;
    trial_plan(&t, &plain);
    trial_fold(&t.fold);
    expect(T + 99, TOP, 1, 0, 0, 0);
    trial_send(&t, trial_exposure("beyond", "top", T + 35));
    order("before", T + 36, "{\"revenue\":1}");
    expect(T + 99, TOP, 1, 1, 1, 0);
    trial_turns[1] = T + 30; /* it had ended by then */
    trial_plan(&t, &plain);
    trial_fold(&t.fold);
    expect(T + 99, TOP, 2, 1, 1, 0);
    trial_send(&t, trial_exposure("in it", "top", T + 40));
    trial_send(&t, trial_exposure("late", "top", T + 19));
    expect(T + 99, TOP, 4, 1, 1, 0);
    trial_close(&t);
}

/* Each unit's records in any order within seven days give what they give in order. */
Test(fold, the_order_of_arrival_does_not_matter) {
    enum { UNITS = 12, EACH = 14, N = UNITS * EACH, ROUNDS = 6 };
    static struct journal_record records[N];
    static char names[UNITS][8], ids[N][64];
    static struct trial_definition d;
    d = ending;
    d.metrics[3] = "{\"key\":\"f\",\"kind\":\"funnel\",\"steps\":[\"Pinned\",\"Order Completed\"],\"window\":\"P1D\"}";
    d.experiment =
        "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},\"metrics\":"
        "{\"primary\":\"bought\",\"secondary\":[\"spend\",\"pins\",\"f\"]},\"analysis\":{\"cuped\":\"P2D\"}}";
    srand(11);
    for (int i = 0; i < N; i++) {
        int u = i / EACH, k = i % EACH;
        int64_t at = T + (int64_t)(rand() % 1000) * (5 * (int64_t)DAY / 1000) + i; /* within five days, no two alike */
        snprintf(names[u], sizeof names[0], "u%d", u);
        snprintf(ids[i], sizeof ids[0], "{\"order_id\":\"o%d\",\"revenue\":%d.%02d}", i, rand() % 100, rand() % 100);
        bool flips = u == 5 && k == 1;
        records[i] = k < 3 ? trial_exposure(names[u], (u % 2) != flips ? "top" : "off", at)
                           : trial_event(names[u], k % 2 ? "Pinned" : "Order Completed", at, ids[i]);
        records[i].received = T + 6 * (int64_t)DAY;
        if (k == 13 && u < 4) { /* some are also known by a cookie */
            records[i].kind = JOURNAL_IDENTIFY;
            records[i].flags = JOURNAL_KNOWN;
            records[i].other = u == 0 ? TEXT("cookie") : u == 1 ? TEXT("u11") : TEXT_NONE;
        }
    }
    struct measure_results *first = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        folder_make();
        trial_open(&t, &d);
        for (int i = 0; i < N;) {
            int n = 1 + rand() % 9;
            if (i + n > N) n = N - i;
            trial_write(&t, &records[i], (size_t)n);
            i += n;
        }
        struct measure_results *r = trial_read(&t, T + 30 * (int64_t)DAY);
        for (int arm = 0; first && arm < 2; arm++) {
            cr_assert_eq(trial_units(r, arm), trial_units(first, arm));
            for (uint32_t m = 0; m < r->n_metrics; m++) {
                const struct measure_cells *now = &r->groups[0].metrics[m], *then = &first->groups[0].metrics[m];
                cr_assert_eq(memcmp(&now->cells[arm], &then->cells[arm], sizeof(struct cell)), 0, "round %d, metric %u",
                             round, m);
                if (!now->known) continue;
                cr_assert_eq(memcmp(&now->known[arm], &then->known[arm], sizeof(struct cell)), 0, "round %d, metric %u",
                             round, m);
                cr_assert_gt(now->known[arm].n, 0);
            }
        }
        if (!first) {
            cr_assert_eq(trial_units(r, OFF) + trial_units(r, TOP), UNITS - 2, "without it, and two are one");
            cr_assert_eq(r->multiple, 1, "the one that flipped");
            cr_assert_gt(trial_sum(r, 3, OFF) + trial_sum(r, 3, TOP), 0);
            first = r;
        } else
            measure_results_free(r);

        /* A second state that reads the whole journal at once agrees with the first to the bit. */
        struct fold again;
        fold_init(&again, t.reader, NULL, 7 * (int64_t)DAY);
        struct snapshot *snapshot = trial_snapshot(&d);
        fold_set_plan(&again, plan_new(snapshot));
        snapshot_release(snapshot);
        trial_fold(&again);
        cr_assert(trial_same(t.fold.measured[0], again.measured[0]));
        fold_free(&again);
        trial_close(&t);
        folder_remove();
        for (int i = N - 1; i > 0; i--) { /* shuffle for the next round */
            int k = rand() % (i + 1);
            struct journal_record swap = records[i];
            records[i] = records[k];
            records[k] = swap;
        }
    }
    measure_results_free(first);
    folder_make();
}
