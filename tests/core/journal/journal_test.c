#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>

#include "tests/core/journal/write.h"

TestSuite(journal, .init = folder_make, .fini = folder_remove);

struct seen {
    char units[64][32];
    int64_t seqs[64];
    int n;
};

static int note(void *visitor, const struct journal_record *record) {
    struct seen *seen = visitor;
    snprintf(seen->units[seen->n], sizeof seen->units[0], "%.*s:%.*s", TEXT_ARGS(record->unit),
             TEXT_ARGS(record->name));
    seen->seqs[seen->n++] = record->seq;
    return 0;
}

static struct seen read_all(void) {
    struct seen seen = {0};
    struct journal_reader *reader;
    struct error error = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, note, &seen, &error), 0, "%s", error.detail);
    journal_reader_close(reader);
    return seen;
}

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

Test(journal, an_exposure_is_durable_no_later_than_an_event_that_was_appended_after_it) {
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

Test(journal, exposures_alone_become_durable_within_a_tenth_of_a_second) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    struct journal_exposure exposure = {.experiment = TEXT("t"), .unit = TEXT("u"), .variant = TEXT("v")};
    cr_assert(journal_ring_push(ring, &exposure));
    struct journal_stats stats = {0};
    uint64_t until = clock_ticks() + 2000000000ull, started = clock_ticks();
    while (stats.events == 0 && clock_ticks() < until) {
        usleep(1000);
        journal_stats(journal, &stats);
    }
    cr_expect_eq(stats.events, 1);
    cr_expect_lt((clock_ticks() - started) / 1000000, 1000, "100 ms on a quiet machine");
    journal_close(journal);
}

Test(journal, a_full_ring_refuses_and_counts_and_never_waits) {
    struct telemetry *telemetry = telemetry_new();
    struct journal *journal = journal_start((struct journal_options){.telemetry = telemetry});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    struct journal_exposure exposure = {.experiment = TEXT("trial"), .unit = TEXT("u"), .variant = TEXT("top")};
    int pushed = 0, refused = 0;
    for (int i = 0; i < 5000; i++) journal_ring_push(ring, &exposure) ? pushed++ : refused++;
    journal_close(journal);
    cr_expect_gt(refused, 0);
    cr_expect_eq(telemetry_counter(telemetry, "parley_journal_dropped_exposures_total", "", "")->value, refused);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM journal"), pushed, "what was taken is kept");
    telemetry_free(telemetry);
}

Test(journal, a_new_file_begins_when_one_is_large_and_when_a_month_begins) {
    struct clock clock;
    int64_t july, august;
    clock_parse(TEXT("2026-07-31T23:59:00Z"), &july);
    clock_parse(TEXT("2026-08-01T00:00:00Z"), &august);
    clock_fix(&clock, july);
    struct journal *journal = journal_start((struct journal_options){.clock = &clock, .file_bytes = 2000});
    for (int i = 0; i < 40; i++) {
        if (i == 39) clock.fixed = august;
        struct journal_record r = track("anna", "x", NULL, clock.fixed);
        cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    }
    journal_close(journal);
    cr_expect_eq(ask("journal/00000003.db", "SELECT count(*) FROM event"), 1);
    cr_expect_eq(ask("journal/00000003.db", "SELECT first FROM meta"), 40);
    struct seen seen = read_all();
    cr_assert_eq(seen.n, 40);
    for (int i = 0; i < 40; i++) cr_expect_eq(seen.seqs[i], i + 1);
    cr_expect_eq(verified(0), 40);
    journal = journal_start((struct journal_options){.clock = &clock});
    struct journal_record r = track("anna", "x", NULL, clock.fixed);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    cr_expect_eq(r.prev, 40, "the chain goes on over files and starts");
    journal_close(journal);
}

Test(journal, the_chain_goes_on_when_the_list_of_heads_is_lost) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 500});
    for (int i = 0; i < 20; i++) {
        struct journal_record r = track(i % 2 ? "a" : "b", "x", NULL, 1);
        journal_write(journal, &r, 1);
    }
    journal_close(journal);
    cr_assert_eq(unlink(in_folder("journal/heads")), 0);
    journal = journal_start((struct journal_options){0});
    struct journal_record r = track("b", "x", NULL, 1);
    journal_write(journal, &r, 1);
    cr_expect_eq(r.prev, 19);
    journal_close(journal);
}

Test(journal, a_second_process_cannot_open_the_folder) {
    struct journal *journal = journal_start((struct journal_options){0}), *second;
    struct error error = {0};
    struct journal_options options = {.folder = in_folder("journal")};
    cr_expect_eq(journal_open(&second, &options, &error), ERR_CONFLICT);
    cr_expect(strstr(error.detail, "another process"));
    journal_close(journal);
}

static void damage(const char *file, long at) {
    FILE *f = fopen(in_folder(file), "r+");
    fseek(f, at, SEEK_SET);
    for (int i = 0; i < 3000; i++) fputc(0xa5, f);
    fclose(f);
}

Test(journal, a_damaged_file_is_named_and_the_journal_does_not_start_on_it) {
    struct journal *journal = journal_start((struct journal_options){0}), *second;
    for (int i = 0; i < 300; i++) {
        struct journal_record r = track("anna", "x", NULL, 1);
        journal_write(journal, &r, 1);
    }
    journal_close(journal);
    damage("journal/00000001.db", 0);
    struct error error = {0};
    struct journal_options options = {.folder = in_folder("journal")};
    cr_expect_eq(journal_open(&second, &options, &error), ERR_CORRUPT);
    cr_expect(strstr(error.detail, "00000001.db"), "%s", error.detail);
    cr_expect(strstr(error.detail, "backup"), "%s", error.detail);
}

Test(journal, verify_finds_a_row_that_was_changed_behind_its_back) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record records[] = {track("a", "x", "1", 1), track("b", "y", "2", 2)};
    journal_write(journal, records, 2);
    journal_close(journal);
    sqlite3 *db;
    sqlite3_open(in_folder("journal/00000001.db"), &db);
    cr_assert_eq(sqlite3_exec(db, "UPDATE event SET at = 7 WHERE seq = 2", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    verified(ERR_CORRUPT);
}

Test(journal, when_too_much_waits_appends_are_refused_and_taken_again_later) {
    struct journal *journal = journal_start((struct journal_options){.queue_bytes = 2000});
    enum { N = 64 };
    struct waiting_batch w[N];
    struct journal_record r[N];
    bool taken[N];
    int refused = 0;
    for (int round = 0; round < 50 && !refused; round++) {
        for (int i = 0; i < N; i++) {
            r[i] = track("a", "x", NULL, 1);
            int rc = waiting_send(journal, &w[i], &r[i], 1);
            taken[i] = rc == 0;
            if (rc != 0) cr_assert_eq(rc, ERR_UNAVAILABLE);
            refused += rc != 0;
        }
        for (int i = 0; i < N; i++)
            if (taken[i]) waiting_wait(&w[i]);
    }
    cr_expect_gt(refused, 0);
    struct journal_record last = track("a", "x", NULL, 1);
    cr_expect_eq(journal_write(journal, &last, 1).code, 0);
    journal_close(journal);
}

Test(journal, batches_of_one_turn_of_a_loop_are_one_group) {
    struct journal *journal = journal_start((struct journal_options){0});
    enum { N = 20 };
    struct waiting_batch w[N];
    struct journal_record r[N], first = track("a", "x", NULL, 1);
    cr_assert_eq(journal_write(journal, &first, 1).code, 0);
    usleep(50000); /* the writer sleeps by then */
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

/* --- when the disk does not play along --- */

Test(journal, a_full_disk_refuses_what_it_cannot_keep_and_takes_it_when_there_is_room) {
    mkdir(in_folder("small"), 0700);
    if (mount("tmpfs", in_folder("small"), "tmpfs", 0, "size=1m") != 0) cr_skip_test("mounting a tmpfs needs root");
    char ballast[128], path[128];
    snprintf(ballast, sizeof ballast, "%s/ballast", in_folder("small"));
    snprintf(path, sizeof path, "%s/journal", in_folder("small"));
    struct journal *journal = journal_start((struct journal_options){.folder = path});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    FILE *f = fopen(ballast, "w");
    static char block[4096];
    while (fwrite(block, sizeof block, 1, f) == 1 && fflush(f) == 0) continue;
    fclose(f);

    enum { N = 200 };
    static struct journal_record r[N];
    static char body[3000], ids[N][8];
    memset(body, ' ', sizeof body);
    body[0] = '{', body[sizeof body - 1] = '}';
    int refused = 0, kept = 0;
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "m%d", i);
        r[i] = track("anna", "x", ids[i], 1);
        r[i].body = text_n(body, sizeof body);
    }
    struct journal_batch batch = journal_write(journal, r, N);
    cr_expect_eq(batch.code, ERR_STORAGE_FULL, "%s", error_name(batch.code));
    cr_expect_eq(batch.accepted, 0);
    struct journal_exposure exposure = {.experiment = TEXT("t"), .unit = TEXT("anna"), .variant = TEXT("v")};
    cr_expect(journal_ring_push(ring, &exposure));
    usleep(50000);
    cr_assert_eq(unlink(ballast), 0);
    for (int i = 0; i < 20; i++) { /* the same messages again: none was marked as seen */
        batch = journal_write(journal, r + i, 1);
        if (batch.code == 0)
            kept += (int)batch.accepted;
        else
            refused++;
    }
    cr_expect_eq(kept, 20);
    cr_expect_eq(refused, 0);
    journal_close(journal);
    snprintf(ballast, sizeof ballast, "%s", path);
    struct journal_reader *reader;
    struct seen seen = {0};
    int64_t rows;
    cr_assert_eq(journal_reader_open(&reader, path, NULL), 0);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, note, &seen, NULL), 0);
    cr_expect_eq(journal_verify(reader, &rows, NULL), 0);
    journal_reader_close(reader);
    cr_expect_eq(seen.n, 21, "the exposure that waited was kept too");
    cr_expect_str_eq(seen.units[0], "anna:t");
    for (int i = 0; i < seen.n; i++) cr_expect_eq(seen.seqs[i], i + 1, "no number is lost to a failed group");
    umount(in_folder("small"));
}

Test(journal, a_file_that_cannot_grow_gives_no_false_answer) {
    struct journal *journal = journal_start((struct journal_options){0});
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit, tight = {8192, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &limit);
    struct journal_record r = track("anna", "x", "m1", 1);
    setrlimit(RLIMIT_FSIZE, &tight);
    struct journal_batch batch = journal_write(journal, &r, 1);
    cr_expect_lt(batch.code, 0);
    cr_expect_eq(batch.accepted, 0);
    setrlimit(RLIMIT_FSIZE, &limit);
    batch = journal_write(journal, &r, 1);
    cr_expect_eq(batch.code, 0);
    cr_expect_eq(batch.accepted, 1);
    cr_expect_eq(r.seq, 1);
    journal_close(journal);
}

/* --- kill -9 --- */

/* Appends batches of three and writes the number of each batch to `fd` once it is answered. Never returns. */
static void append_until_killed(int fd, int round) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 20000});
    for (int i = 0;; i++) {
        char ids[3][32];
        struct journal_record r[3];
        for (int k = 0; k < 3; k++) {
            snprintf(ids[k], sizeof ids[k], "r%d-b%d-%d", round, i, k);
            r[k] = track(k ? "anna" : "ben", ids[k], ids[k], clock_now(&clock_system));
        }
        struct journal_batch batch = journal_write(journal, r, 3);
        if (batch.code != 0 || batch.accepted != 3) _exit(3);
        if (write(fd, &i, sizeof i) != sizeof i) _exit(4);
    }
}

struct tally {
    int rounds[16][4096]; /* rows of each batch */
    int64_t last, prev_anna;
    bool chained;
};

static int tally(void *visitor, const struct journal_record *record) {
    struct tally *t = visitor;
    int round, i, k;
    cr_assert_eq(record->seq, t->last + 1, "numbers without a gap");
    t->last = record->seq;
    cr_assert_eq(sscanf(record->name.at, "r%d-b%d-%d", &round, &i, &k), 3);
    if (i < 4096) t->rounds[round][i]++;
    if (text_is(record->unit, "anna")) {
        if (record->prev != t->prev_anna) t->chained = false;
        t->prev_anna = record->seq;
    }
    return 0;
}

Test(journal, everything_acknowledged_survives_kill_9_exactly_once) {
    enum { ROUNDS = 8 };
    int acknowledged[ROUNDS] = {0};
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2];
        cr_assert_eq(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0) {
            close(fds[0]);
            append_until_killed(fds[1], round);
        }
        close(fds[1]);
        int i;
        cr_assert_eq(read(fds[0], &i, sizeof i), sizeof i, "one batch at least, however slow the machine");
        usleep(20000 + (useconds_t)(rand() % 60000));
        kill(child, SIGKILL);
        do acknowledged[round] = i + 1;
        while (read(fds[0], &i, sizeof i) == sizeof i);
        close(fds[0]);
        int status;
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status), "the child ended by itself: %d", WEXITSTATUS(status));
    }
    static struct tally t;
    t.chained = true;
    struct journal *journal = journal_start((struct journal_options){0});
    journal_close(journal);
    struct journal_reader *reader;
    struct error error = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, tally, &t, &error), 0, "%s", error.detail);
    journal_reader_close(reader);
    int total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < acknowledged[round] && i < 4096; i++) cr_expect_eq(t.rounds[round][i], 3);
        for (int i = acknowledged[round]; i < 4096; i++)
            cr_expect(t.rounds[round][i] == 0 || t.rounds[round][i] == 3, "a batch is whole or not there");
        total += acknowledged[round];
    }
    cr_expect_gt(total, ROUNDS);
    cr_expect(t.chained);
    cr_expect_eq(verified(0), t.last);
}
