#include "tests/experiments/measure/service.h"

TestSuite(measure, .init = folder_make, .fini = folder_remove);

Test(measure, figures_include_an_event_as_soon_as_it_is_acknowledged) {
    start();
    for (int i = 0; i < 20; i++) {
        if (i == 0) write_one(trial_exposure("anna", "top", T + 1));
        write_one(trial_event("anna", "Order Completed", T + 2 + i, "{\"revenue\":2}"));
        struct measure_results *r = results();
        cr_assert_eq(trial_sum(r, SPEND, TOP), 2 * (i + 1));
        cr_assert(r->complete);
        measure_results_free(r);
    }
    stop();
}

Test(measure, an_exposure_from_a_ring_enters_its_unit) {
    start();
    struct journal_ring *ring = journal_ring_open(h.journal, 4096);
    struct journal_exposure exposure = {.at = T + 1,
                                        .experiment = TEXT("trial"),
                                        .salt = TEXT("trial"),
                                        .unit = TEXT("anna"),
                                        .variant = TEXT("top"),
                                        .attributes = TEXT("{\"country\":\"DE\"}")};
    cr_assert(journal_ring_push(ring, &exposure));
    write_one(trial_event("anna", "Order Completed", T + 2, "{\"revenue\":2}"));
    struct measure_results *r = results_by("country");
    int64_t units = 0;
    for (uint32_t i = 0; i < r->n_groups; i++)
        if (r->groups[i].other) units = r->groups[i].units[TOP];
    cr_expect_eq(units, 1, "one unit is too few for a group of its own");
    measure_results_free(r);
    stop();
}

Test(measure, a_question_about_what_is_not_there_is_answered_with_a_sentence) {
    start();
    struct measure_question q = {.job = ASKED, .experiment = TEXT("another")};
    measure_ask(h.measure, &q);
    wait_for(&q.job);
    cr_expect_eq(q.error.code, ERR_NOT_FOUND);
    q = (struct measure_question){.job = ASKED, .experiment = TEXT("trial"), .by = TEXT("shoe size")};
    measure_ask(h.measure, &q);
    wait_for(&q.job);
    cr_expect_eq(q.error.code, ERR_INVALID);
    stop();
}

/* More units than are read anew at every question. */
enum { MANY = 50000 };
static void write_many(void) {
    struct journal_record *records = memory_zero(MANY, sizeof *records);
    static char units[MANY][16];
    for (int i = 0; i < MANY; i++) {
        snprintf(units[i], sizeof units[i], "m%d", i);
        records[i] = trial_exposure(units[i], i % 2 ? "top" : "off", T + 1);
    }
    for (int from = 0; from < MANY; from += 5000) cr_assert_eq(journal_write(h.journal, records + from, 5000).code, 0);
    free(records);
}

static int64_t spent_on_top(void) {
    struct measure_results *r = results();
    int64_t sum = trial_sum(r, SPEND, TOP);
    measure_results_free(r);
    return sum;
}

Test(measure, results_of_many_units_are_at_most_a_second_old_and_of_few_units_always_new) {
    start();
    write_many();
    cr_expect_eq(spent_on_top(), 0);
    write_one(trial_event("m1", "Order Completed", T + 2, "{\"revenue\":2}"));
    clock_move(&h.clock, 1000);
    cr_expect_eq(spent_on_top(), 0, "a second old");
    clock_move(&h.clock, 1);
    cr_expect_eq(spent_on_top(), 2);
    write_one(trial_event("m1", "Order Completed", T + 3, "{\"revenue\":3}"));
    clock_move(&h.clock, 500);
    measure_tick(h.measure);
    measure_results_free(results_by("country")); /* which comes behind the tick */
    cr_expect_eq(spent_on_top(), 5, "read again while somebody looks");
    stop();
}

Test(measure, the_first_question_about_many_units_finds_its_answer_ready) {
    start();
    write_many();
    measure_tick(h.measure);
    measure_results_free(results_by("country")); /* which comes behind the tick */
    write_one(trial_event("m1", "Order Completed", T + 2, "{\"revenue\":2}"));
    clock_move(&h.clock, 1000);
    cr_expect_eq(spent_on_top(), 0, "from before the event, so it was not made for this question");
    clock_move(&h.clock, CLOCK_DAY);
    measure_tick(h.measure);
    measure_results_free(results_by("country"));
    write_one(trial_event("m1", "Order Completed", T + 3, "{\"revenue\":3}"));
    cr_expect_eq(spent_on_top(), 2, "kept ready for as long as the experiment goes on");
    stop();
}

Test(measure, results_that_were_kept_are_let_go_when_somebody_is_erased) {
    start();
    write_many();
    cr_expect_eq(spent_on_top(), 0);
    struct text unit = TEXT("m1");
    struct measure_forgetting forgetting = {.job = ASKED, .units = &unit, .n = 1};
    measure_forget(h.measure, &forgetting);
    wait_for(&forgetting.job);
    struct measure_results *r = results();
    cr_expect_eq(r->residual, 1);
    measure_results_free(r);
    stop();
}

Test(measure, a_trial_that_starts_later_learns_its_past_while_events_go_on) {
    static struct trial_definition none;
    none = trial_one;
    none.experiment = "{\"key\":\"other\",\"feature\":\"poll\",\"weights\":{\"off\":50,\"top\":50}}";
    start_with(&none, 0);
    write_units(0, 100);
    struct snapshot *snapshot = trial_snapshot(&trial_one);
    measure_set_snapshot(h.measure, snapshot);
    snapshot_release(snapshot);
    write_units(100, 130);
    wait_until_recovered();
    struct measure_results *r = results();
    cr_expect_eq(trial_units(r, OFF) + trial_units(r, TOP), 130);
    measure_results_free(r);
    verify();
    stop();
}

Test(measure, what_the_loop_must_remember_comes_back_under_every_key_of_a_person) {
    start();
    write_one(trial_exposure("cookie", "top", T + 2000));
    struct journal_record r = trial_event("anna", "", T + 3000, NULL);
    r.kind = JOURNAL_IDENTIFY;
    r.flags = JOURNAL_KNOWN;
    r.other = TEXT("cookie");
    write_one(r);
    stop();
    start();
    struct measure_memory memory = {.job = ASKED};
    measure_recall(h.measure, &memory);
    wait_for(&memory.job);
    cr_assert_eq(memory.n, 1);
    cr_assert(text_is(memory.experiments[0].salt, "trial"));
    cr_assert_eq(memory.experiments[0].n, 2);
    int found = 0;
    for (size_t i = 0; i < 2; i++) {
        struct remembered_unit *u = &memory.experiments[0].units[i];
        cr_expect_eq(u->arm, TOP);
        cr_expect_eq(u->t0, T + 2000);
        found |= unit_eq(u->unit, unit_of(TEXT("cookie"))) ? 1 : unit_eq(u->unit, unit_of(TEXT("anna"))) ? 2 : 4;
    }
    cr_expect_eq(found, 3);
    arena_free(&memory.arena);
    stop();
}

Test(measure, units_are_exported_with_their_totals_page_by_page) {
    start();
    write_units(0, 5);
    struct measure_export page = {.job = ASKED, .experiment = TEXT("trial"), .limit = 3};
    measure_export_units(h.measure, &page);
    wait_for(&page.job);
    cr_expect_eq(page.next, 3);
    page.from = page.next;
    measure_export_units(h.measure, &page);
    wait_for(&page.job);
    cr_expect_eq(page.next, 0);
    buffer_byte(&page.out, 0);
    int lines = 0;
    for (const char *c = page.out.at; *c; c++) lines += *c == '\n';
    cr_expect_eq(lines, 5);
    cr_expect(strstr(page.out.at, "{\"unit\":\"u4\",\"exposure\":"), "%s", page.out.at);
    cr_expect(strstr(page.out.at, "\"variant\":\"off\",\"epoch\":0,\"metrics\":{\"bought\":1,\"spend\":4}}"), "%s",
              page.out.at);
    buffer_free(&page.out);
    stop();
}

static void erased(struct mail *mail) {
    h.answered = 1;
}

Test(measure, what_an_erased_person_added_stays_in_the_figures_without_her) {
    start();
    write_units(0, 20);
    struct measure_results *before = results();
    const struct text unit = TEXT("u19");
    struct measure_forgetting forgetting = {.job = ASKED, .units = &unit, .n = 1};
    measure_forget(h.measure, &forgetting);
    wait_for(&forgetting.job);
    cr_assert_eq(forgetting.error.code, 0, "%s", forgetting.error.detail);
    struct journal_erasure erasure = {.mail.receive = erased, .reply_to = &h.box, .units = &unit, .n = 1};
    h.answered = 0;
    journal_erase(h.journal, &erasure);
    while (!h.answered) uv_run(&h.loop, UV_RUN_ONCE);
    cr_expect_eq(erasure.rows, 2);
    for (int round = 0; round < 2; round++) {
        struct measure_results *after = results();
        cr_expect_eq(trial_units(after, TOP), trial_units(before, TOP));
        cr_expect_eq(trial_sum(after, SPEND, TOP), trial_sum(before, SPEND, TOP));
        cr_expect_eq(after->residual, 1);
        measure_results_free(after);
        verify();
        stop();
        start();
        wait_until_recovered();
    }
    struct measure_export page = {.job = ASKED, .experiment = TEXT("trial"), .limit = 100};
    measure_export_units(h.measure, &page);
    wait_for(&page.job);
    buffer_byte(&page.out, 0);
    cr_expect_null(strstr(page.out.at, "\"u19\""));
    buffer_free(&page.out);
    measure_results_free(before);
    stop();
}
