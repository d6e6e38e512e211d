#include "tests/experiments/judge/results_scene.h"

TestSuite(results, .init = folder_make, .fini = folder_remove);

/* The figures of contract.md, "Experiments": 122 of 21,306 against 267 of 21,307. */
Test(results, the_worked_example_of_the_contract_comes_out) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02"), ARM(21306, 122, 100), ARM(21307, 267, 100));
    cr_expect_str_eq(words("experiment"), "trial");
    cr_expect_str_eq(words("state"), "running");
    cr_expect_str_eq(words("asOf"), "1970-01-22T13:46:40.000Z");
    near("variants.0.units", 21306, 0);
    cr_expect(json_is_true(at("variants.0.control")));
    cr_expect_str_eq(words("metrics.0.role"), "primary");
    cr_expect_str_eq(words("metrics.0.kind"), "conversion");
    near("metrics.0.variants.0.mean", 0.0057260, 5e-7);
    near("metrics.0.variants.0.variance", 0.0056935, 1e-7);
    near("metrics.0.variants.1.sum", 267, 0);
    near("metrics.0.variants.1.mean", 0.0125311, 5e-8);
    near("metrics.0.variants.1.variance", 0.0123746, 5e-8);
    near("metrics.0.variants.1.difference.estimate", 0.0068051, 2e-7);
    near("metrics.0.variants.1.difference.se", 0.00092, 5e-6);
    near("metrics.0.variants.1.difference.low", 0.00384, 5e-6);
    near("metrics.0.variants.1.difference.high", 0.00977, 5e-6);
    near("metrics.0.variants.1.difference.p", 1.7e-11, 5e-13);
    near("metrics.0.variants.1.difference.pAdjusted", 1.7e-11, 5e-13);
    near("metrics.0.variants.1.relative.estimate", 1.1885, 1e-4);
    near("metrics.0.variants.1.fixed.low", 0.0050, 5e-5);
    near("metrics.0.variants.1.fixed.high", 0.0086, 5e-5);
    near("metrics.0.variants.1.fixed.p", 1.5e-13, 5e-15);
    near("metrics.0.variants.1.fixed.z", 7.385114, 1e-6);
    near("metrics.1.variants.1.fixed.t", 7.389736, 1e-6);
    near("metrics.1.variants.1.fixed.df", 37486.67, 0.01);
    near("metrics.0.variants.1.sequential.p", 1.7e-11, 5e-13);
    cr_expect_gt(number("metrics.0.variants.1.bayes.chanceToBeat"), 0.9999);
    near("metrics.0.variants.1.bayes.expectedLoss", 0, 1e-12);
    cr_expect_str_eq(words("srm.verdict"), "ok");
    near("srm.df", 1, 0);
    cr_expect_str_eq(words("verdict.call"), "ship");
    cr_expect_str_eq(words("verdict.variant"), "top");
    close_results();
}

Test(results, p_of_the_primary_is_adjusted_over_its_arms) {
    open_results(EXPERIMENT(THREE, ",\"mde\":0.02,\"analysis\":{\"correction\":\"holm\"}"));
    lay_all(0, 20000, 1000, 100);
    lay_all(1, 20000, 1150, 100);
    lay_all(2, 20000, 1010, 100);
    read_back();
    double p = number("metrics.0.variants.1.difference.p"), other = number("metrics.0.variants.2.difference.p");
    cr_assert_lt(p, other);
    near("metrics.0.variants.1.difference.pAdjusted", 2 * p, 1e-15);
    close_results();
}

Test(results, nothing_at_all_gives_null_and_never_nan) {
    open_results(EXPERIMENT(TWO, ",\"mde\":0.02"));
    read_back();
    near("variants.0.units", 0, 0);
    cr_expect(json_is_null(at("metrics.0.variants.0.mean")));
    cr_expect_null(json_object_get(at("metrics.0.variants.1"), "difference"));
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    cr_expect_str_eq(words("warnings.0.code"), "no-data");
    close_results();
}

Test(results, arms_without_a_single_event_give_figures_without_an_interval) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02"), ARM(100, 0, 0), ARM(100, 0, 0));
    near("metrics.0.variants.1.difference.estimate", 0, 0);
    cr_expect(json_is_null(at("metrics.0.variants.1.difference.p")));
    cr_expect(json_is_null(at("metrics.0.variants.1.relative.estimate")));
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    close_results();
}

/* Weights went from 90:10 to 10:90 while conversion doubled for everybody: pooled, top would look better. */
Test(results, epochs_are_compared_within_and_not_pooled) {
    open_results(EXPERIMENT(TWO, ",\"mde\":0.02"));
    static struct cell cells[3][4];
    static int64_t units[4], none[4];
    static uint32_t weights[2][2] = {{90, 10}, {10, 90}};
    struct epoch epochs[2] = {{T, weights[0], weights[0]}, {T + DAY, weights[1], weights[1]}};
    static const uint64_t n[4] = {9000, 1000, 1000, 9000};
    struct snapshot_experiment e = *r->experiment;
    e.state.epochs = epochs;
    e.state.n_epochs = r->n_epochs = 2;
    r->experiment = &e;
    for (int m = 0; m < 3; m++) r->groups[0].metrics[m].cells = cells[m], r->groups[0].metrics[m].matured = none;
    r->groups[0].units = units;
    r->groups[0].multiple = none;
    for (int i = 0; i < 4; i++) lay_all(i, n[i], n[i] * (i < 2 ? 10 : 20) / 100, n[i] / 100);
    read_back();
    near("metrics.0.variants.0.mean", 0.11, 1e-12);
    near("metrics.0.variants.1.mean", 0.19, 1e-12);
    near("metrics.0.variants.1.difference.estimate", 0, 1e-12);
    cr_expect_gt(number("metrics.0.variants.1.difference.p"), 0.5);
    cr_expect_str_eq(words("srm.verdict"), "ok");
    near("srm.df", 2, 0);
    near("srm.epochs.1.df", 1, 0);
    near("srm.anytime.p", 1, 0);
    close_results();
}

Test(results, over_one_percent_of_double_exposures_is_warned_of) {
    open_results(EXPERIMENT(TWO, ",\"mde\":0.02"));
    lay_all(0, 1000, 10, 1);
    lay_all(1, 1000, 10, 1);
    r->multiple = 25;
    r->groups[0].multiple[0] = 25;
    read_back();
    cr_expect_str_eq(words("warnings.0.code"), "multiple-exposure");
    near("excluded.multipleExposure", 25, 0);
    cr_expect_gt(number("srm.withMultipleExposure.chi2"), number("srm.chi2"));
    close_results();
}

/* Customers who spent much before spend much again: 40 % of the difference's variance or more goes away. */
Test(results, what_units_did_before_narrows_the_interval) {
    static struct trial t;
    definition.experiment = EXPERIMENT(TWO, ",\"mde\":0.02,\"analysis\":{\"cuped\":\"P28D\"}");
    trial_open(&t, &definition);
    static struct arena arena;
    arena_init(&arena, 65536);
    srand(3);
    for (int i = 0; i < 300; i++) {
        const char *unit = arena_printf(&arena, "u%d", i).at;
        int habit = rand() % 100;
        struct journal_record r3[3] = {trial_event(unit, "Order Completed", T - DAY + i,
                                                   arena_printf(&arena, "{\"revenue\":%d}", habit + rand() % 20).at),
                                       trial_exposure(unit, i % 2 ? "top" : "off", T + i),
                                       trial_event(unit, "Order Completed", T + DAY + i,
                                                   arena_printf(&arena, "{\"revenue\":%d}", habit + 5 * (i % 2)).at)};
        trial_write(&t, i % 5 ? r3 : r3 + 1, i % 5 ? 3 : 2);
    }
    r = cells_read(&t.fold, t.fold.measured[0], -1, T + 2 * DAY);
    read_back();
    near("metrics.1.variants.1.cuped.coverage", 0.8, 1e-9);
    cr_expect_gt(number("metrics.1.variants.1.cuped.reduction"), 0.4);
    cr_expect_gt(number("metrics.1.variants.1.cuped.theta"), 0.8);
    cr_expect_lt(number("metrics.1.variants.1.cuped.theta"), 1.2);
    double raw = number("metrics.1.variants.1.mean") - number("metrics.1.variants.0.mean");
    double adjusted = number("metrics.1.variants.1.difference.estimate");
    cr_expect_lt(fabs(adjusted - 5), fabs(raw - 5) + 3, "%g, raw %g", adjusted, raw);
    cr_expect_neq(adjusted, raw);
    json_decref(answer);
    measure_results_free(r);
    trial_close(&t);
    arena_free(&arena);
}

/* Spend an order, of customers who spend about as much on an order as they did before: it is known of some, or of nobody. */
static void live_by_habit(struct trial *t, bool known) {
    static const struct trial_definition average = {
        "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\"," TWO
        ",\"analysis\":{\"cuped\":\"P28D\"},\"metrics\":{\"primary\":\"average\"}}",
        {"{\"key\":\"average\",\"kind\":\"ratio\",\"numerator\":{\"event\":\"Order Completed\",\"value\":\"revenue\"},"
         "\"denominator\":{\"event\":\"Order Completed\"}}"},
        T,
        0};
    trial_open(t, &average);
    srand(5);
    for (int i = 0; i < 200; i++) {
        char unit[8], earlier[32], since[32];
        int habit = 10 + rand() % 50, orders = 1 + rand() % 3;
        snprintf(unit, sizeof unit, "u%d", i);
        snprintf(earlier, sizeof earlier, "{\"revenue\":%d}", habit + rand() % 9);
        snprintf(since, sizeof since, "{\"revenue\":%d}", habit + rand() % 9 + 4 * (i % 2));
        for (int k = 0; known && i % 4 && k < 3 - orders; k++)
            trial_send(t, trial_event(unit, "Order Completed", T - DAY - i, earlier));
        trial_send(t, trial_exposure(unit, i % 2 ? "top" : "off", T + i));
        for (int k = 0; k < orders; k++) trial_send(t, trial_event(unit, "Order Completed", T + DAY + k, since));
    }
    r = cells_read(&t->fold, t->fold.measured[0], -1, T + 2 * DAY);
    read_back();
}

static void expect_ratio(int arm, const char *mean) {
    const struct cell *cell = &r->groups[0].metrics[0].cells[arm];
    near(mean, (double)cell->sum_x / (double)cell->sum_y, 1e-12);
}

Test(results, a_ratio_too_is_adjusted_by_what_it_was_before) {
    static struct trial t;
    live_by_habit(&t, true);
    expect_ratio(0, "metrics.0.variants.0.mean");
    expect_ratio(1, "metrics.0.variants.1.mean");
    cr_expect_gt(number("metrics.0.variants.1.cuped.reduction"), 0.2);
    cr_expect_gt(number("metrics.0.variants.1.cuped.theta"), 0.3);
    cr_expect_lt(number("metrics.0.variants.1.cuped.coverage"), 0.75, "a quarter was never seen, others had no order");
    cr_expect_neq(number("metrics.0.variants.1.difference.estimate"),
                  number("metrics.0.variants.1.mean") - number("metrics.0.variants.0.mean"));
    json_decref(answer);
    measure_results_free(r);
    trial_close(&t);
}

Test(results, where_nobody_was_there_before_a_ratio_is_what_it_is) {
    static struct trial t;
    live_by_habit(&t, false);
    near("metrics.0.variants.1.cuped.theta", 0, 0);
    near("metrics.0.variants.1.cuped.reduction", 0, 0);
    near("metrics.0.variants.1.cuped.coverage", 0, 0);
    cr_expect_eq(number("metrics.0.variants.1.difference.estimate"),
                 number("metrics.0.variants.1.mean") - number("metrics.0.variants.0.mean"));
    json_decref(answer);
    measure_results_free(r);
    trial_close(&t);
}

Test(results, a_series_adds_a_days_units_to_those_before) {
    static struct trial t;
    definition.experiment = EXPERIMENT(TWO, ",\"mde\":0.02");
    trial_open(&t, &definition);
    for (int i = 0; i < 30; i++) {
        char unit[8];
        snprintf(unit, sizeof unit, "u%d", i);
        trial_send(&t, trial_exposure(unit, i % 2 ? "top" : "off", T + (i / 10) * (int64_t)DAY));
        trial_send(&t, trial_event(unit, "Order Completed", T + 3 * (int64_t)DAY, "{\"revenue\":3}"));
    }
    r = cells_read(&t.fold, t.fold.measured[0], MEASURE_BY_DAY, T + 4 * (int64_t)DAY);
    read_back();
    cr_expect_eq(json_array_size(at("series")), 3);
    cr_expect_str_eq(words("series.0.day"), "1970-01-12");
    cr_expect_str_eq(words("series.2.day"), "1970-01-14");
    near("series.0.variants.1.units", 5, 0);
    near("series.2.variants.1.units", 15, 0);
    near("series.1.metrics.1.variants.0.sum", 30, 0);
    json_decref(answer);
    measure_results_free(r);
    trial_close(&t);
}

/* From events to JSON, by country. */
Test(results, a_break_down_gives_the_figures_of_each_group) {
    static struct trial t;
    definition.experiment = EXPERIMENT(TWO, ",\"mde\":0.02,\"breakdowns\":[\"country\"]");
    trial_open(&t, &definition);
    static struct arena arena;
    arena_init(&arena, 65536);
    for (int i = 0; i < 80; i++) {
        const char *unit = arena_printf(&arena, "u%d", i).at;
        struct journal_record x = trial_exposure(unit, i % 2 ? "top" : "off", T + i);
        x.body = arena_printf(&arena, "{\"variant\":\"%s\",\"epoch\":0,\"attributes\":{\"country\":\"%s\"}}",
                              i % 2 ? "top" : "off", i < 50 ? "DE" : "FR");
        trial_send(&t, x);
        if (i % 3 == 0) trial_send(&t, trial_event(unit, "Order Completed", T + 100 + i, "{\"revenue\":3}"));
    }
    r = cells_read(&t.fold, t.fold.measured[0], 0, T + DAY);
    struct buffer b = {0};
    struct json_writer w;
    json_writer_init(&w, &b);
    results_write(r, TEXT("country"), NULL, &w);
    answer = json_loadb(b.at, b.n, 0, NULL);
    cr_assert(answer, "%.*s", (int)b.n, b.at);
    cr_expect_str_eq(words("by"), "country");
    cr_expect_str_eq(words("groups.0.value"), "DE");
    near("groups.0.variants.0.units", 25, 0);
    cr_expect_str_eq(words("groups.1.value"), "FR");
    cr_expect_str_eq(words("groups.1.srm.verdict"), "ok");
    near("groups.1.srm.p", 1, 0);
    near("groups.1.srm.pAdjusted", 1, 0);
    near("groups.1.metrics.1.variants.1.n", 15, 0);
    cr_expect(json_is_number(at("heterogeneity.0.p")));
    buffer_free(&b);
    json_decref(answer);
    measure_results_free(r);
    trial_close(&t);
    arena_free(&arena);
}
