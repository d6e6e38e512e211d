/* Who was erased stays in the figures: of every kind of metric, before and since her entry, over restarts and recomputations. */
#include "experiments/measure/answers.h"
#include "experiments/measure/checkpoint.h"
#include "tests/experiments/measure/service.h"

TestSuite(residual, .init = folder_make, .fini = folder_remove);

enum { UNITS = 60, ERASED = 10, HOUR = CLOCK_HOUR };
enum { CONVERTED, SPENT, CAPPED, AVERAGE, BACK, SLOW, FUNNEL, METRICS, LATER = METRICS };

#define EXPERIMENT(later)                                                                                              \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},"                 \
    "\"analysis\":{\"cuped\":\"P1D\"},\"metrics\":{\"primary\":\"converted\",\"secondary\":[\"spent\",\"capped\","     \
    "\"average\",\"back\",\"slow\",\"funnel\"" later "]}}"
#define METRIC_DEFINITIONS                                                                                             \
    "{\"key\":\"converted\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P1D\"}",                \
        "{\"key\":\"spent\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\"}",                   \
        "{\"key\":\"capped\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"cap\":0.9}",      \
        "{\"key\":\"average\",\"kind\":\"ratio\",\"numerator\":{\"event\":\"Order Completed\",\"value\":\"revenue\"}," \
        "\"denominator\":{\"event\":\"Order Completed\"}}",                                                            \
        "{\"key\":\"back\",\"kind\":\"retention\",\"event\":\"*\",\"from\":\"P1D\",\"to\":\"P2D\"}",                   \
        "{\"key\":\"slow\",\"kind\":\"quantile\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"q\":0.5}",      \
        "{\"key\":\"funnel\",\"kind\":\"funnel\",\"steps\":[\"Product Viewed\",\"Order Completed\"],"                  \
        "\"window\":\"P1D\"}"

static const struct trial_definition at_first = {EXPERIMENT(""), {METRIC_DEFINITIONS}, T, 0};
static const struct trial_definition one_more = {
    EXPERIMENT(",\"later\""),
    {METRIC_DEFINITIONS, "{\"key\":\"later\",\"kind\":\"count\",\"event\":\"Product Viewed\"}"},
    T,
    0};

static const char *unit_name(int i) {
    static char names[UNITS][8];
    snprintf(names[i], sizeof names[i], "u%d", i);
    return names[i];
}

static void order(int i, int64_t at, int revenue) {
    char properties[64];
    snprintf(properties, sizeof properties, "{\"order_id\":\"%d-%lld\",\"revenue\":%d}", i, (long long)at, revenue);
    write_one(trial_event(unit_name(i), "Order Completed", at, properties));
}

/* Of every fourth nothing is known before she enters; every sixth meets both arms; every fifth enters too late to be called back. */
static void live(int i) {
    int64_t entry = T + i * HOUR / 10 + (i % 5 ? 0 : 2 * (int64_t)DAY);
    if (i % 4) order(i, entry - 2 * HOUR, 10 + i);
    write_one(trial_exposure(unit_name(i), i % 2 ? "top" : "off", entry));
    if (i % 6 == 5) write_one(trial_exposure(unit_name(i), i % 2 ? "off" : "top", entry + 1));
    if (i % 3) write_one(trial_event(unit_name(i), "Product Viewed", entry + 2, NULL));
    order(i, entry + 3, 20 + i);
    order(i, entry + DAY + HOUR, 1 + i % 7);
}

static void nothing(struct mail *mail) {
    h.answered = 1;
}

static void erase_some(void) {
    struct text units[ERASED];
    for (int i = 0; i < ERASED; i++) units[i] = text_of(unit_name(i));
    struct measure_forgetting forgetting = {.job = ASKED, .units = units, .n = ERASED};
    measure_forget(h.measure, &forgetting);
    wait_for(&forgetting.job);
    cr_assert_eq(forgetting.error.code, 0, "%s", forgetting.error.detail);
    struct journal_erasure erasure = {.mail.receive = nothing, .reply_to = &h.box, .units = units, .n = ERASED};
    h.answered = 0;
    journal_erase(h.journal, &erasure);
    while (!h.answered) uv_run(&h.loop, UV_RUN_ONCE);
}

#define SAME(array, n)                                                                                                 \
    cr_expect_eq(memcmp(a->array, b->array, (n) * sizeof *a->array), 0, "%s: %s of metric %d", when, #array, k)

/* But for units whose window is open, of which she is none any more; and for what is capped, once the others have a cap of their own. */
static void expect_same(const struct measure_results *after, const struct measure_results *before, const char *when) {
    cr_expect_eq(after->residual, ERASED - 1, "%s: but for the one who met both arms", when);
    cr_expect_eq(after->multiple, before->multiple, "%s", when);
    for (int arm = 0; arm < 2; arm++) cr_expect_eq(trial_units(after, arm), trial_units(before, arm), "%s", when);
    for (int k = 0; k < METRICS; k++) {
        const struct measure_cells *a = &after->groups[0].metrics[k], *b = &before->groups[0].metrics[k];
        if (after->caps[k].as_of != before->caps[k].as_of) continue;
        SAME(cells, 2);
        if (b->missing) SAME(missing, 2);
        if (b->known) SAME(known, 2);
        if (b->joint) SAME(joint, 2);
        if (b->steps) SAME(steps, 4);
        for (int arm = 0; b->quantiles && arm < 2; arm++) {
            cr_expect_eq(a->quantiles[arm].values, b->quantiles[arm].values, "%s", when);
            cr_expect_eq(a->quantiles[arm].estimate, b->quantiles[arm].estimate, "%s", when);
            cr_expect_eq(a->quantiles[arm].se, b->quantiles[arm].se, "%s", when);
        }
    }
}

static void expect_now(const struct measure_results *before, const char *when) {
    wait_until_recovered();
    struct measure_results *after = results();
    expect_same(after, before, when);
    measure_results_free(after);
    verify();
}

static void set_definition(const struct trial_definition *definition) {
    struct snapshot *snapshot = trial_snapshot(definition);
    measure_set_snapshot(h.measure, snapshot);
    snapshot_release(snapshot);
}

Test(residual, who_was_erased_stays_in_every_kind_of_metric_whatever_is_computed_again) {
    start_with(&at_first, 0);
    clock_move(&h.clock, 3 * (int64_t)DAY);
    for (int i = 0; i < UNITS; i++) live(i);
    struct measure_results *before = results();
    const struct measure_cells *ratio = &before->groups[0].metrics[AVERAGE];
    cr_assert_gt(ratio->joint[TOP].n, 5);
    cr_assert_gt(ratio->missing[OFF].n, 5);
    cr_assert_gt(before->groups[0].metrics[CAPPED].cells[TOP].n, before->groups[0].metrics[BACK].cells[TOP].n);
    erase_some();
    expect_now(before, "at once");
    stop();
    start_with(&at_first, 0);
    clock_move(&h.clock, 3 * (int64_t)DAY);
    expect_now(before, "after a restart");

    set_definition(&one_more);
    clock_move(&h.clock, 1);
    expect_now(before, "after another metric was added");
    struct measure_results *after = results();
    const struct cell *later = after->groups[0].metrics[LATER].cells;
    cr_expect_eq(later[OFF].n + later[TOP].n, UNITS - UNITS / 6 - (ERASED - 1), "what she had of it nobody knows");
    measure_results_free(after);
    set_definition(&at_first);
    expect_now(before, "after it was taken away");
    measure_results_free(before);
    stop();
}

Test(residual, it_outlives_an_end_that_comes_while_figures_are_computed_again) {
    struct trial t;
    struct fold again;
    struct error error = {0};
    const struct text unit = TEXT("anna");
    trial_open(&t, &at_first);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    trial_send(&t, trial_event("anna", "Order Completed", T + 2, "{\"revenue\":7}"));
    answer_forgetting(&t.fold, &(struct measure_forgetting){.units = &unit, .n = 1}, T + 3);
    trial_plan(&t, &one_more);
    cr_assert_not(t.fold.measured[0]->live);
    cr_assert_eq(checkpoint_write(&t.fold, in_folder("checkpoint"), &error), 0, "%s", error.detail);

    fold_init(&again, t.reader, NULL, 7 * (int64_t)DAY);
    cr_assert_eq(checkpoint_read(&again, in_folder("checkpoint"), &error), 0, "%s", error.detail);
    struct snapshot *snapshot = trial_snapshot(&one_more);
    fold_set_plan(&again, plan_new(snapshot));
    snapshot_release(snapshot);
    struct measured *m = again.measured[0];
    cr_expect_not(m->live, "what can be computed is");
    cr_assert_eq(residual_units(&m->residual), 1);
    const struct residual_metric *spent = residual_metric(&m->residual.parts[0], &m->plan->metrics[SPENT]);
    cr_expect(spent && cell_total(&spent->cells) == 7);
    cr_expect_null(residual_metric(&m->residual.parts[0], &m->plan->metrics[LATER]));
    fold_free(&again);
    trial_close(&t);
}

Test(residual, what_somebody_spent_counts_up_to_the_cap_even_where_nobody_has_looked_yet) {
    struct trial t;
    trial_open(&t, &at_first);
    for (int i = 0; i < 20; i++) {
        trial_send(&t, trial_exposure(unit_name(i), "top", T + 1));
        trial_send(&t,
                   trial_event(unit_name(i), "Order Completed", T + 2, i ? "{\"revenue\":7}" : "{\"revenue\":9000}"));
    }
    const struct text unit = TEXT("u0");
    answer_forgetting(&t.fold, &(struct measure_forgetting){.units = &unit, .n = 1}, T + 3);
    struct measure_results *r = trial_read(&t, T + 4);
    cr_expect_eq(r->caps[CAPPED].value, 7);
    cr_expect_eq(trial_sum(r, CAPPED, TOP), 20 * 7);
    cr_expect_eq(trial_sum(r, SPENT, TOP), 19 * 7 + 9000);
    measure_results_free(r);
    trial_close(&t);
}
