#include "tests/experiments/measure/scene.h"

TestSuite(fold, .init = folder_make, .fini = folder_remove);

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
