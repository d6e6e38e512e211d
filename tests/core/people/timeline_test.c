#include "core/people/timeline.h"

#include "tests/pulse.h"
#include "core/journal/journal.h"
#include "tests/core/journal/write.h"

static struct journal *journal;
static struct journal_reader *reader;
static struct arena arena;
static struct error error;

static void make(void) {
    folder_make();
    journal = journal_start((struct journal_options){0});
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    arena_init(&arena, 1 << 14);
}
static void tear_down(void) {
    journal_reader_close(reader);
    journal_close(journal);
    arena_free(&arena);
    folder_remove();
}
TestSuite(timeline, .init = make, .fini = tear_down);

struct waiting_heads {
    struct journal_heads question;
    sem_t found;
};

static void heads_found(struct mail *mail) {
    sem_post(&((struct waiting_heads *)mail)->found);
}

static struct text searched; /* what the next pages are asked for; empty: all */

static struct timeline_page page_of(const struct text *keys, size_t n, const char *before, const char *kinds,
                                    size_t limit) {
    int64_t heads[8] = {0};
    struct waiting_heads w = {.question = {.mail.receive = heads_found, .units = keys, .n = n, .heads = heads}};
    struct timeline_page page;
    sem_init(&w.found, 0, 0);
    journal_find_heads(journal, &w.question);
    while (sem_wait(&w.found) != 0) continue;
    struct timeline_query query = {.keys = keys,
                                   .heads = heads,
                                   .n = n,
                                   .before = text_of(before),
                                   .kinds = text_of(kinds),
                                   .words = searched,
                                   .limit = limit};
    cr_assert_eq(timeline_read(reader, &arena, &query, &page, &error), 0, "%s", error.detail);
    return page;
}

static void write_one(struct journal_record record) {
    cr_assert_eq(journal_write(journal, &record, 1).accepted, 1);
}

static void write_many(const char *unit, const char *event, int n) {
    for (int i = 0; i < n; i++) write_one(track(unit, event, NULL, 1000 + i));
}

static struct timeline_entry described(struct journal_record record) {
    struct timeline_entry entry;
    timeline_describe(&record, &arena, &entry);
    return entry;
}

static bool says(struct text text, const char *expected) {
    if (text_is(text, expected)) return true;
    cr_log_error("'%.*s' is not '%s'", TEXT_ARGS(text), expected);
    return false;
}

Test(timeline, kinds_of_records_have_numbers_of_their_own) {
    const enum journal_kind kinds[] = {JOURNAL_TRACK,    JOURNAL_IDENTIFY, JOURNAL_ALIAS, JOURNAL_PAGE,
                                       JOURNAL_EXPOSURE, JOURNAL_ENTRY,    JOURNAL_PART};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (size_t k = 0; k < i; k++) cr_assert_neq(kinds[i], kinds[k]);
}

Test(timeline, an_order_is_told_with_its_pieces_and_its_sum) {
    struct journal_record r = track("u", "Order Completed", NULL, 5);
    r.body = TEXT("{\"properties\":{\"order_id\":\"o-1\",\"total\":24.9,\"currency\":\"EUR\",\"products\":"
                  "[{\"product_id\":\"a\",\"quantity\":2},{\"sku\":\"b\"}]}}");
    struct timeline_entry entry = described(r);
    cr_assert(says(entry.body, "Ordered 3 items for 24.90 EUR"));
    cr_assert(says(entry.kind, "order"));
    cr_assert(says(entry.actor, "customer"));
    cr_assert(says(entry.refs, "{\"order_id\":\"o-1\",\"products\":[\"a\",\"b\"]}"));
}

Test(timeline, an_event_nobody_standardised_is_told_by_its_name) {
    struct timeline_entry entry = described(track("u", "Lamp Rubbed", NULL, 5));
    cr_assert(says(entry.body, "Lamp Rubbed"));
    cr_assert(says(entry.kind, "event"));
}

Test(timeline, a_plugins_entry_keeps_its_words_and_leads_to_its_feature) {
    struct journal_record r = track("u", "", NULL, 5);
    r.kind = JOURNAL_ENTRY;
    r.actor = JOURNAL_PLUGIN;
    r.body = TEXT(
        "{\"kind\":\"timeline\",\"feature\":\"mug-poll\",\"entry\":{\"kind\":\"vote\",\"body\":\"Voted \\\"A\\\"\","
        "\"refs\":{\"poll\":\"p1\"}}}");
    struct timeline_entry entry = described(r);
    cr_assert(says(entry.body, "Voted \"A\""));
    cr_assert(says(entry.kind, "vote"));
    cr_assert(says(entry.actor, "plugin"));
    cr_assert(says(entry.refs, "{\"feature\":\"mug-poll\",\"poll\":\"p1\"}"));
}

Test(timeline, the_channel_is_what_the_context_tells) {
    struct journal_record r = track("u", "x", NULL, 5);
    cr_assert(says(described(r).channel, "server"));
    r.body = TEXT("{\"context\":{\"page\":{\"path\":\"/\"}}}");
    cr_assert(says(described(r).channel, "web"));
    r.body = TEXT("{\"context\":{\"device\":{\"type\":\"ios\"}}}");
    cr_assert(says(described(r).channel, "app"));
    r.body = TEXT("{\"context\":{\"channel\":\"email\"}}");
    cr_assert(says(described(r).channel, "email"));
}

Test(timeline, the_keys_of_one_person_are_one_row_of_entries_newest_first) {
    const struct text keys[] = {TEXT("anon"), TEXT("u1")};
    for (int i = 0; i < 5; i++) {
        write_many("anon", "left", 1);
        write_many("stranger", "not hers", 1);
        write_many("u1", "right", 1);
    }
    struct timeline_page page = page_of(keys, 2, "", "", 50);
    cr_assert_eq(page.n, 10);
    cr_assert_eq(page.next.n, 0);
    for (size_t i = 0; i < page.n; i++) {
        cr_assert(says(page.items[i].body, i % 2 ? "left" : "right"));
        if (i) cr_assert_lt(page.items[i].seq, page.items[i - 1].seq);
    }
}

Test(timeline, pages_show_each_entry_once_whatever_arrives_meanwhile) {
    const struct text keys[] = {TEXT("anon"), TEXT("u1")};
    write_many("anon", "first", 7);
    write_many("u1", "second", 6);
    const char *before = "";
    int64_t last = INT64_MAX;
    size_t n = 0;
    do {
        struct timeline_page page = page_of(keys, 2, before, "", 4);
        for (size_t i = 0; i < page.n; i++) {
            cr_assert_lt(page.items[i].seq, last);
            last = page.items[i].seq;
        }
        n += page.n;
        before = page.next.n ? page.next.at : NULL;
        write_many("u1", "later", 1);
    } while (before);
    cr_assert_eq(n, 13);
}

Test(timeline, only_the_kinds_asked_for_are_shown) {
    const struct text keys[] = {TEXT("u1")};
    write_many("u1", "Product Viewed", 3);
    write_many("u1", "Order Completed", 2);
    cr_assert_eq(page_of(keys, 1, "", "order", 50).n, 2);
    cr_assert_eq(page_of(keys, 1, "", "order,product", 50).n, 5);
    cr_assert_eq(page_of(keys, 1, "", "vote", 50).n, 0);
}

Test(timeline, entries_are_found_by_words_of_what_they_say_or_lead_to) {
    const struct text anna = TEXT("anna");
    for (int i = 0; i < 3; i++) {
        struct journal_record r = track("anna", "Product Viewed", NULL, 1000 + i);
        r.body = text_of(i == 1 ? "{\"properties\":{\"name\":\"Blue Mug\",\"sku\":\"HT-7\"}}"
                                : "{\"properties\":{\"name\":\"Blue Plate\"}}");
        write_one(r);
    }
    searched = TEXT("mug BLUE");
    cr_expect_eq(page_of(&anna, 1, "", "", 10).n, 1);
    searched = TEXT("ht-7");
    cr_expect_eq(page_of(&anna, 1, "", "", 10).n, 1, "what it leads to counts");
    searched = TEXT("blue");
    struct timeline_page page = page_of(&anna, 1, "", "", 2);
    cr_expect_eq(page.n, 2);
    char next[64];
    snprintf(next, sizeof next, "%.*s", TEXT_ARGS(page.next));
    cr_expect_eq(page_of(&anna, 1, next, "", 2).n, 1, "page by page");
    searched = TEXT("blue cup");
    cr_expect_eq(page_of(&anna, 1, "", "", 10).n, 0);
    struct journal_record r = track("anna", "Product Viewed", NULL, 1003);
    r.body = TEXT("{\"properties\":{\"name\":\"Blaue Sch\\u00dcssel\"}}");
    write_one(r);
    searched = TEXT("SCH\u00fcssEL");
    cr_expect_eq(page_of(&anna, 1, "", "", 10).n, 1, "large and small are one in every script");
}

Test(timeline, a_made_up_place_shows_nobody_elses_entries) {
    const struct text keys[] = {TEXT("u1")};
    write_many("stranger", "secret", 3);
    cr_assert_eq(page_of(keys, 1, "3", "", 50).n, 0);
    struct timeline_query query = {.keys = keys, .n = 0, .before = TEXT("3;4"), .limit = 10};
    struct timeline_page page;
    cr_assert_eq(timeline_read(reader, &arena, &query, &page, &error), ERR_INVALID);
}

Test(timeline, a_page_of_ten_thousand_entries_is_read_in_under_two_milliseconds) {
    enum { N = 10000 };
    const struct text keys[] = {TEXT("u1")};
    struct journal_record *records = calloc(N, sizeof *records);
    for (int i = 0; i < N; i++) records[i] = track("u1", "Product Viewed", NULL, 1000 + i);
    cr_assert_eq(journal_write(journal, records, N).accepted, N);
    free(records);
    cr_assert_eq(page_of(keys, 1, "", "", 50).n, 50); /* opens the file */
    uint64_t best = UINT64_MAX;
    const char *before = "";
    for (int i = 0; i < 20; i++) { /* the deeper pages too; the quickest of them, for the machine is shared */
        uint64_t started = worked_ns();
        struct timeline_page page = page_of(keys, 1, before, "", 50);
        uint64_t took = worked_ns() - started;
        if (took < best) best = took;
        before = page.next.at;
    }
    cr_log_info("a page of 50 of 10,000: %.2f ms", (double)best / 1e6);
    cr_assert_lt(best, 2000000u, "%.2f ms", (double)best / 1e6);
}
