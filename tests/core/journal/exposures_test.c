#include "tests/core/journal/write.h"
#include "tests/pulse.h"

TestSuite(exposures, .init = folder_make, .fini = folder_remove);

Test(exposures, an_exposure_is_durable_no_later_than_an_event_that_was_appended_after_it) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    struct journal_exposure exposure = {.at = 5,
                                        .experiment = TEXT("trial"),
                                        .unit = TEXT("anna"),
                                        .variant = TEXT("top"),
                                        .attributes = TEXT("{\"country\":\"DE\"}"),
                                        .epoch = 2};
    for (int i = 0; i < 20; i++) {
        cr_assert(journal_ring_push(ring, &exposure));
        struct journal_record r = track("anna", "Order", NULL, 6);
        cr_assert_eq(journal_write(journal, &r, 1).code, 0);
        cr_assert_eq(ask("journal/00000001.db", "SELECT count(*) FROM event WHERE kind = 5"), i + 1);
    }
    struct seen seen = read_all();
    for (int i = 0; i < 40; i++) cr_assert_str_eq(seen.units[i], i % 2 ? "anna:Order" : "anna:trial");
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM exposure WHERE variant = 'top' AND epoch = 2 AND "
                                            "json_extract(attributes, '$.country') = 'DE'"),
                 20);
    journal_close(journal);
    cr_expect_eq(verified(0), 40);
}

Test(exposures, exposures_alone_become_durable_within_a_tenth_of_a_second) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    struct journal_exposure exposure = {.experiment = TEXT("t"), .unit = TEXT("u"), .variant = TEXT("v")};
    struct pulse pulse;
    uint64_t took = 0;
    pulse_start(&pulse, folder);
    for (int pushed = 1; pushed == 1 || !pulse_judges(&pulse, took, 1000000000u); pushed++) {
        struct journal_stats stats = {0};
        uint64_t started = clock_ticks();
        cr_assert(journal_ring_push(ring, &exposure));
        do {
            usleep(1000);
            journal_stats(journal, &stats);
            took = clock_ticks() - started;
        } while (stats.events < pushed && took < 100000000000u);
        cr_assert_eq(stats.events, pushed);
    }
    cr_expect_lt(took / 1000000, 1000, "100 ms on a quiet machine");
    pulse_stop(&pulse);
    journal_close(journal);
}

Test(exposures, a_full_ring_refuses_and_counts_and_never_waits) {
    struct telemetry *telemetry = telemetry_new();
    struct journal *journal = journal_start((struct journal_options){.telemetry = telemetry});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    struct journal_exposure exposure = {.experiment = TEXT("trial"), .unit = TEXT("u"), .variant = TEXT("top")};
    int pushed = 0, refused = 0;
    for (int i = 0; i < 5000 || !refused; i++) journal_ring_push(ring, &exposure) ? pushed++ : refused++;
    journal_close(journal);
    cr_expect_gt(refused, 0);
    cr_expect_eq(telemetry_counter(telemetry, "parley_journal_dropped_exposures_total", "", "")->value, refused);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM journal"), pushed, "what was taken is kept");
    telemetry_free(telemetry);
}
