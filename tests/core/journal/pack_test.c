#include "core/journal/pack.h"

#include <unistd.h>

#include "tests/core/journal/write.h"

TestSuite(pack, .init = folder_make, .fini = folder_remove);

enum { UNITS = 300 };

/* `n` units meet a trial, every third one its other variant, in one group. */
static void expose(struct journal_ring *ring, int from, int n) {
    for (int i = from; i < from + n; i++) {
        char unit[32];
        snprintf(unit, sizeof unit, "shopper \"%d\"", i);
        struct journal_exposure e = {.at = 1000 + i,
                                     .experiment = TEXT("trial"),
                                     .salt = TEXT("s"),
                                     .unit = text_of(unit),
                                     .variant = i % 3 ? TEXT("top") : TEXT("off"),
                                     .attributes = TEXT("{\"country\":\"DE\"}"),
                                     .epoch = 2};
        cr_assert(journal_ring_push(ring, &e));
    }
}

static struct journal *with_exposures(void) {
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_ring *ring = journal_ring_open(journal, 1 << 20);
    expose(ring, 0, UNITS);
    struct journal_record r = track("shopper \"7\"", "Order Completed", NULL, 5000);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    cr_assert_gt(r.prev, 0, "the exposure is the row before the order");
    return journal;
}

static int count_whole(void *visitor, const struct journal_record *r) {
    char expected[32];
    int *n = visitor;
    cr_expect_eq(r->seq, *n + 1, "seqs have no gaps");
    if (r->kind == JOURNAL_EXPOSURE) {
        snprintf(expected, sizeof expected, "shopper \"%d\"", (int)r->at - 1000);
        cr_expect(text_is(r->unit, expected), "the unit stands beside its own time");
        cr_expect(text_is(r->name, "trial"));
        cr_expect_eq(r->prev, 0);
        cr_expect_not_null(memmem(r->body.at, r->body.n, (r->at - 1000) % 3 ? "\"top\"" : "\"off\"", 5));
    }
    ++*n;
    return 0;
}

static int count_all(struct journal_reader *reader, int64_t from, int64_t to) {
    int n = (int)from - 1;
    struct error error = {0};
    cr_assert_eq(journal_read(reader, from, to, count_whole, &n, &error), 0, "%s", error.detail);
    return n - (int)from + 1;
}

static struct journal_reader *open_reader(void) {
    struct journal_reader *reader;
    struct error error = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    return reader;
}

Test(pack, a_reading_of_some_kinds_steps_over_the_others) {
    struct journal *journal = with_exposures();
    struct journal_reader *reader = open_reader();
    struct seen seen = {0};
    struct journal_place last = {0};
    cr_assert_eq(journal_read_kinds(reader, 1, INT64_MAX, 1u << JOURNAL_TRACK, &last, note, &seen, NULL), 0);
    cr_expect_eq(seen.n, 1);
    cr_expect_eq(seen.seqs[0], UNITS + 1);
    cr_expect_eq(last.seq, UNITS + 1);
    last = (struct journal_place){0};
    cr_assert_eq(journal_read_kinds(reader, 1, INT64_MAX, 1u << JOURNAL_PAGE, &last, note, &seen, NULL), 0);
    cr_expect_eq(seen.n, 1, "and says how far it came although nothing was of that kind");
    cr_expect_eq(last.seq, UNITS + 1);
    int n = 0;
    cr_assert_eq(journal_read_kinds(reader, 1, INT64_MAX, 1u << JOURNAL_EXPOSURE, &last, count_whole, &n, NULL), 0);
    cr_expect_eq(n, UNITS, "packs are exposures");
    last = (struct journal_place){0};
    cr_assert_eq(journal_read_kinds(reader, 1, 1, 1u << JOURNAL_TRACK, &last, note, &seen, NULL), 1);
    cr_expect_eq(seen.n, 1, "after as many steps as it may take it says that there may be more");
    cr_expect(last.seq >= 1 && last.seq <= UNITS, "from %lld", (long long)last.seq);
    cr_expect_gt(last.received, 0);
    journal_reader_close(reader);
    journal_close(journal);
}

Test(pack, exposures_of_one_moment_are_few_rows_and_read_as_many) {
    journal_close(with_exposures());
    cr_expect_leq(ask("journal/00000001.db", "SELECT count(*) FROM event"), 4);
    struct journal_reader *reader = open_reader();
    cr_expect_eq(count_all(reader, 1, INT64_MAX), UNITS + 1);
    cr_expect_eq(count_all(reader, 50, 260), 211, "a reading may begin and end within a pack");
    journal_reader_close(reader);
    cr_expect_eq(verified(0), UNITS + 1);
}

Test(pack, the_views_show_every_exposure) {
    journal_close(with_exposures());
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM exposure WHERE variant = 'off' AND epoch = 2"), 100);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(DISTINCT seq) FROM journal"), UNITS + 1);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM exposure WHERE unit = 'shopper \"7\"' AND"
                                            " at = '1970-01-01T00:00:01.007Z' AND experiment = 'trial'"),
                 1);
}

static int note_kinds(void *visitor, const struct journal_record *r) {
    int *kinds = visitor;
    *kinds = *kinds * 10 + r->kind;
    return 0;
}

Test(pack, a_units_chain_goes_through_packs) {
    struct journal *journal = with_exposures();
    struct journal_stats stats;
    journal_stats(journal, &stats);
    struct journal_reader *reader = open_reader();
    struct error error = {0};
    int kinds = 0;
    cr_assert_eq(journal_chain(reader, stats.last, note_kinds, &kinds, &error), 0, "%s", error.detail);
    cr_expect_eq(kinds, 15, "the order, and before it the exposure");
    journal_reader_close(reader);
    journal_close(journal);
}

static int count_units(void *visitor, const struct journal_record *r) {
    *(int *)visitor += r->unit.n > 0;
    return 0;
}

struct within {
    struct journal_reader *reader;
    int rows, others;
};

/* Reads an exposure of the other packs, and says afterwards which one it was called for. */
static int read_another(void *visitor, const struct journal_record *r) {
    struct within *w = visitor;
    if (r->kind != JOURNAL_EXPOSURE) return 0;
    const struct journal_record before = *r;
    char expected[32];
    for (int64_t seq = 3; seq <= UNITS; seq += UNITS / 4)
        cr_assert_eq(journal_get(w->reader, seq, count_units, &w->others, NULL), 0);
    snprintf(expected, sizeof expected, "shopper \"%d\"", (int)before.at - 1000);
    cr_expect(text_is(r->unit, expected), "%s: %.*s", expected, TEXT_ARGS(r->unit));
    w->rows++;
    return 0;
}

Test(pack, whoever_is_read_one_may_read_others) {
    struct journal *journal = with_exposures();
    struct within w = {.reader = open_reader()};
    cr_assert_eq(journal_read(w.reader, 1, INT64_MAX, read_another, &w, NULL), 0);
    cr_expect_eq(w.rows, UNITS);
    cr_expect_eq(w.others, 4 * UNITS);
    journal_reader_close(w.reader);
    journal_close(journal);
}

Test(pack, after_a_start_without_heads_the_chain_and_the_seqs_go_on) {
    journal_close(with_exposures());
    cr_assert_eq(unlink(in_folder("journal/heads")), 0);
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record r = track("shopper \"150\"", "Order Completed", NULL, 6000);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    cr_expect_eq(r.seq, UNITS + 2);
    cr_expect_gt(r.prev, 0);
    journal_close(journal);
}

Test(pack, when_the_newest_row_is_a_pack_seqs_go_on_behind_it) {
    struct journal *journal = journal_start((struct journal_options){0});
    expose(journal_ring_open(journal, 1 << 20), 0, 7);
    journal_close(journal);
    journal = journal_start((struct journal_options){0});
    struct journal_record r = track("ben", "x", NULL, 1);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    cr_expect_eq(r.seq, 8);
    journal_close(journal);
    cr_expect_eq(verified(0), 8);
}

Test(pack, one_of_a_pack_can_be_erased_and_the_others_stay) {
    struct journal *journal = with_exposures();
    const struct text key[] = {TEXT("shopper \"7\"")};
    cr_expect_eq(erase(journal, key, 1), 2);
    journal_close(journal);
    cr_expect_not(on_disk("shopper ....7....,"));
    cr_expect_eq(verified(0), UNITS + 1);
    struct journal_reader *reader = open_reader();
    int units = 0;
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, count_units, &units, NULL), 0);
    cr_expect_eq(units, UNITS - 1);
    journal_reader_close(reader);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM exposure WHERE unit <> ''"), UNITS - 1);
}

Test(pack, a_damaged_pack_is_an_error_and_no_crash) {
    struct arena arena;
    arena_init(&arena, 1024);
    static const char *const lists[] = {"", "{}", "[[", "7", "[[\"a\",1", "\xff"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct journal_record row = {.seq = 1, .kind = JOURNAL_PACK, .other = text_of(lists[i]), .body = TEXT("{}")};
        int n = 0;
        int64_t prev;
        cr_expect_lt(pack_visit(&row, 1, 9, &arena, count_units, &n), 0, "%s", lists[i]);
        cr_expect_lt(pack_erase(&row, 1, &prev, &arena), 0, "%s", lists[i]);
    }
    arena_free(&arena);
}
