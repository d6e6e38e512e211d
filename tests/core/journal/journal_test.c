#include "core/journal/journal_internal.h"
#include <unistd.h>

#include "tests/core/journal/write.h"
#include "tests/pulse.h"

TestSuite(journal, .init = folder_make, .fini = folder_remove);

Test(journal, what_was_accepted_is_in_the_file_when_it_is_answered) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record records[] = {track("anna", "Product Viewed", "m1", 1000), track("ben", "Order", "m2", 2000)};
    struct journal_batch batch = journal_write(journal, records, 2);
    cr_expect_eq(batch.code, 0);
    cr_expect_eq(batch.accepted, 2);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM event"), 2);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM journal WHERE kind = 'track' AND unit = 'ben'"), 1);
    journal_close(journal);
    cr_expect_eq(verified(0), 2);
}

Test(journal, a_message_seen_before_counts_once_also_inside_one_batch_and_after_a_restart) {
    struct clock clock;
    clock_fix(&clock, 1000000);
    struct journal_options options = {.clock = &clock};
    struct journal *journal = journal_start(options);
    struct journal_record first[] = {track("a", "x", "m1", 1), track("a", "x", "m1", 2), track("a", "x", "m2", 3)};
    struct journal_batch batch = journal_write(journal, first, 3);
    cr_expect_eq(batch.accepted, 2);
    cr_expect_eq(batch.duplicates, 1);
    cr_expect_eq(first[1].seq, 0);
    journal_close(journal);

    journal = journal_start(options);
    struct journal_record again[] = {track("a", "x", "m2", 4), track("b", "x", "m3", 5)};
    batch = journal_write(journal, again, 2);
    cr_expect_eq(batch.accepted, 1);
    cr_expect_eq(batch.duplicates, 1);
    journal_close(journal);
    cr_expect_eq(verified(0), 3);
}

Test(journal, a_visitor_cannot_swallow_the_message_of_the_shop_or_of_another_visitor) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record records[] = {track("mallory", "x", "order-1", 1), track("anna", "x", "order-1", 2),
                                       track("shop", "x", "order-1", 3), track("anna", "x", "order-1", 4)};
    for (int i = 0; i < 4; i++) records[i].flags = i == 2 ? 0 : JOURNAL_BROWSER;
    struct journal_batch batch = journal_write(journal, records, 4);
    cr_expect_eq(batch.accepted, 3);
    cr_expect_eq(batch.duplicates, 1);
    journal_close(journal);
}

Test(journal, a_message_is_forgotten_after_its_time) {
    struct clock clock;
    clock_fix(&clock, 1000000);
    struct journal *journal = journal_start((struct journal_options){.clock = &clock, .recognise_ms = 1000});
    struct journal_record r = track("a", "x", "m", 1);
    for (int i = 0; i < 3; i++) {
        r.received = clock.fixed;
        struct journal_batch batch = journal_write(journal, &r, 1);
        cr_expect_eq(batch.duplicates, i == 1);
        if (i == 1) clock_move(&clock, 5000);
        if (i == 1) { /* two generations pass by */
            struct journal_record other = track("a", "x", "other", 1);
            journal_write(journal, &other, 1);
            clock_move(&clock, 5000);
        }
    }
    journal_close(journal);
}

Test(journal, rows_keep_their_order_and_each_unit_has_a_chain) {
    struct journal *journal = journal_start((struct journal_options){0});
    for (int i = 0; i < 3; i++) {
        struct journal_record records[] = {track("a", "x", NULL, i), track("b", "y", NULL, i),
                                           track("a", "z", NULL, i)};
        journal_write(journal, records, 3);
    }
    journal_close(journal);
    journal = journal_start((struct journal_options){0});
    struct journal_record last = track("a", "last", NULL, 9);
    journal_write(journal, &last, 1);
    cr_expect_eq(last.seq, 10);
    cr_expect_eq(last.prev, 9);
    struct journal_reader *reader;
    struct seen seen = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), NULL), 0);
    cr_assert_eq(journal_chain(reader, last.seq, note, &seen, NULL), 0);
    const int64_t expected[] = {10, 9, 7, 6, 4, 3, 1};
    cr_assert_eq(seen.n, 7);
    for (int i = 0; i < 7; i++) cr_expect_eq(seen.seqs[i], expected[i]);
    journal_reader_close(reader);
    journal_close(journal);
}

/* Keeps the writer until it may go on. */
struct standing {
    sem_t stands, may_go_on;
};
static void stand_still(void *subscriber, struct journal_block *block) {
    struct standing *standing = subscriber;
    sem_post(&standing->stands);
    while (sem_wait(&standing->may_go_on) != 0) continue;
    sem_post(&standing->may_go_on);
    journal_block_free(block);
}

Test(journal, when_too_much_waits_appends_are_refused_and_taken_again_later) {
    FILE *lines = tmpfile();
    struct log log = {.fd = fileno(lines), .program = "test"};
    struct journal *journal = journal_start((struct journal_options){.queue_bytes = 2000, .log = &log});
    enum { N = 64 };
    struct waiting_batch w[N];
    struct journal_record r[N];
    struct standing standing;
    int sent = 0, rc = 0;
    sem_init(&standing.stands, 0, 0);
    sem_init(&standing.may_go_on, 0, 0);
    cr_assert_eq(journal_subscribe(journal, stand_still, &standing), 0);
    for (; sent < N; sent++) {
        r[sent] = track("a", "x", NULL, 1);
        if ((rc = waiting_send(journal, &w[sent], &r[sent], 1)) != 0) break;
        while (!sent && sem_wait(&standing.stands) != 0) continue; /* from now on nothing is taken */
    }
    cr_expect_eq(rc, ERR_UNAVAILABLE);
    cr_expect_eq(waiting_send(journal, &w[sent], &r[sent], 1), ERR_UNAVAILABLE, "still, and it is said once");
    sem_post(&standing.may_go_on);
    for (int i = 0; i < sent; i++) waiting_wait(&w[i]);
    struct journal_record last = track("a", "x", NULL, 1);
    cr_expect_eq(journal_write(journal, &last, 1).code, 0);
    journal_close(journal);
    char said[2000] = "";
    rewind(lines);
    said[fread(said, 1, sizeof said - 1, lines)] = 0;
    char *refused = strstr(said, "too much waits for the journal; events are refused until it is less");
    cr_assert_not_null(refused, "%s", said);
    cr_expect_null(strstr(refused + 1, "too much waits"), "%s", said);
    cr_expect_not_null(strstr(refused, "the journal takes events again"), "%s", said);
    fclose(lines);
}

Test(journal, batches_of_one_turn_of_a_loop_are_one_group) {
    struct journal *journal = journal_start((struct journal_options){0});
    enum { N = 20 };
    struct waiting_batch w[N];
    struct journal_record r[N], first = track("a", "x", NULL, 1);
    cr_assert_eq(journal_write(journal, &first, 1).code, 0);
    while (!atomic_load(&journal->sleeping)) usleep(1000);
    journal_gather(journal);
    for (int i = 0; i < N; i++) {
        r[i] = track("a", "x", NULL, 1);
        cr_assert_eq(waiting_send(journal, &w[i], &r[i], 1), 0);
        usleep(500); /* long enough for a group of its own, had it woken the writer */
    }
    journal_gathered(journal);
    for (int i = 0; i < N; i++) waiting_wait(&w[i]);
    journal_close(journal);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM grp"), 2);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM event"), N + 1);
}

static struct journal_block *kept_block;
static void hold(void *subscriber, struct journal_block *block) {
    (*(int *)subscriber)++;
    if (kept_block)
        journal_block_free(block);
    else
        kept_block = block;
}

Test(journal, a_subscriber_gets_what_was_committed_and_one_that_lags_stops_appends) {
    struct journal *journal = journal_start((struct journal_options){.lag_bytes = 100});
    int calls = 0;
    cr_expect_eq(journal_subscribe(journal, hold, &calls), 0);
    struct journal_record records[] = {track("a", "x", "1", 1), track("a", "y", "1", 2), track("b", "z", "2", 3)};
    cr_assert_eq(journal_write(journal, records, 3).code, 0);
    cr_assert_eq(calls, 1, "before the answer");
    cr_expect_eq(kept_block->n, 2, "without the duplicate");
    cr_expect_eq(kept_block->last, 2);
    cr_expect(text_is(kept_block->records[1].name, "z"));
    struct journal_record more = track("a", "x", NULL, 1);
    cr_expect_eq(journal_write(journal, &more, 1).code, ERR_UNAVAILABLE);
    journal_block_free(kept_block);
    cr_expect_eq(journal_write(journal, &more, 1).code, 0);
    journal_close(journal);
}

/* --- reading within a reading --- */

struct within {
    struct journal_reader *reader;
    int rows, others;
};

static int count_it(void *visitor, const struct journal_record *r) {
    cr_assert_gt(r->unit.n, 0);
    ++*(int *)visitor;
    return 0;
}

/* Reads a row of each file, and says afterwards what it was called for. */
static int read_others(void *visitor, const struct journal_record *r) {
    struct within *w = visitor;
    char unit[32];
    snprintf(unit, sizeof unit, "unit %d", ++w->rows);
    for (int64_t seq = 1; seq <= 12 * 3; seq += 3)
        cr_assert_eq(journal_get(w->reader, seq, count_it, &w->others, NULL), 0);
    cr_expect(text_is(r->unit, unit), "%s: %.*s", unit, TEXT_ARGS(r->unit));
    return 0;
}

Test(journal, whoever_reads_a_row_may_read_rows_of_more_files_than_are_kept_open) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 1});
    for (int i = 0; i < 12 * 3; i += 3) {
        char units[3][32];
        struct journal_record r[3];
        for (int k = 0; k < 3; k++) {
            snprintf(units[k], sizeof units[k], "unit %d", i + k + 1);
            r[k] = track(units[k], "x", NULL, 1);
        }
        cr_assert_eq(journal_write(journal, r, 3).code, 0);
    }
    cr_assert_eq(access(in_folder("journal/00000012.db"), F_OK), 0);
    struct within w = {0};
    cr_assert_eq(journal_reader_open(&w.reader, in_folder("journal"), NULL), 0);
    cr_expect_eq(journal_read(w.reader, 1, INT64_MAX, read_others, &w, NULL), 0);
    cr_expect_eq(w.rows, 12 * 3);
    cr_expect_eq(w.others, 12 * 3 * 12);
    journal_reader_close(w.reader);
    journal_close(journal);
}

/* --- erasing --- */
Test(journal, an_erased_person_is_nowhere_on_the_disk_and_everybody_else_is_untouched) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 3000});
    for (int i = 0; i < 60; i++) {
        struct journal_record r[] = {track("anna-secret", "x", NULL, i), track("ben", "y", NULL, i),
                                     track("cookie-secret", "z", NULL, i)};
        char id[32];
        snprintf(id, sizeof id, "message-secret-%d", i);
        r[0].message_id = text_of(id);
        r[0].body = TEXT("{\"email\":\"mail-secret\"}");
        r[2].other = TEXT("anna-secret");
        journal_write(journal, r, 3);
    }
    cr_assert(on_disk("mail-secret"));
    const struct text keys[] = {TEXT("anna-secret"), TEXT("cookie-secret")};
    cr_expect_eq(erase(journal, keys, 2), 120);
    struct journal_record again = track("anna-secret-2", "x", NULL, 99), r = track("ben", "y", NULL, 99);
    journal_write(journal, &again, 1);
    journal_write(journal, &r, 1);
    cr_expect_eq(r.prev, 60 * 3 - 1);
    journal_close(journal);
    cr_expect_not(on_disk("mail-secret"));
    cr_expect_not(on_disk("message-secret"));
    cr_expect_not(on_disk("cookie-secret"));
    cr_expect_not(on_disk("anna-secret[^-]"));
    cr_expect_eq(verified(0), 182);
    journal = journal_start((struct journal_options){0});
    cr_expect_eq(erase(journal, keys, 2), 0);
    journal_close(journal);
}

Test(journal, an_erasure_keeps_nobody_waiting_for_who_reads_and_is_whole_when_it_is_tried_again) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record r = track("anna-secret", "x", NULL, 1), other = track("ben", "x", NULL, 2);
    journal_write(journal, &r, 1);
    sqlite3 *reader;
    cr_assert_eq(sqlite3_open(in_folder("journal/00000001.db"), &reader), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL), SQLITE_OK);
    const struct text key = TEXT("anna-secret");
    struct pulse pulse;
    uint64_t took = 0;
    pulse_start(&pulse, folder);
    do {
        uint64_t start = clock_ticks();
        cr_expect_eq(try_erase(journal, &key, 1).code, ERR_UNAVAILABLE);
        took = clock_ticks() - start;
    } while (!pulse_judges(&pulse, took, 2000000000u));
    cr_expect_lt(took, 2000000000u);
    pulse_stop(&pulse);
    cr_expect_eq(journal_write(journal, &other, 1).code, 0);
    sqlite3_close(reader);
    cr_expect_eq(erase(journal, &key, 1), 0);
    cr_expect_not(on_disk("anna-secret"));
    journal_close(journal);
    cr_expect_eq(verified(0), 2);
}

/* --- when the disk does not play along --- */
