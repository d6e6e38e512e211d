#include "core/store/audit.h"

#include "tests/core/store/main.h"

TestSuite(audit, .init = main_make, .fini = main_remove);

static void write_one(const char *kind, const char *key, int64_t version) {
    struct audit_entry e = {.at = 1000 + version,
                            .actor = TEXT("ann"),
                            .action = TEXT("update"),
                            .kind = text_of(kind),
                            .key = text_of(key),
                            .version = version,
                            .after = TEXT("{\"enabled\":true}")};
    cr_assert_eq(audit_write(sql, &e, &error), 0, "%s", error.detail);
}

static struct audit_page list(const char *kind, const char *key, int64_t before, size_t limit) {
    struct audit_page page;
    cr_assert_eq(audit_list(sql, &arena, text_of(kind), text_of(key), before, limit, &page, &error), 0, "%s",
                 error.detail);
    return page;
}

Test(audit, keeps_who_did_what_and_both_sides_of_it) {
    struct audit_entry e = {.at = 42,
                            .actor = TEXT("ann"),
                            .action = TEXT("kill"),
                            .kind = TEXT("feature"),
                            .key = TEXT("poll"),
                            .version = 3,
                            .before = TEXT("{\"enabled\":true}"),
                            .after = TEXT("{\"enabled\":false}"),
                            .note = TEXT("It slows the page")};
    cr_assert_eq(audit_write(sql, &e, &error), 0);
    struct audit_page page = list("", "", 0, 10);
    cr_assert_eq(page.n, 1);
    cr_assert_eq(page.items[0].at, 42);
    cr_assert_eq(page.items[0].version, 3);
    cr_assert(text_eq(page.items[0].actor, e.actor) && text_eq(page.items[0].action, e.action));
    cr_assert(text_eq(page.items[0].kind, e.kind) && text_eq(page.items[0].key, e.key));
    cr_assert(text_eq(page.items[0].before, e.before) && text_eq(page.items[0].after, e.after));
    cr_assert(text_eq(page.items[0].note, e.note));
}

Test(audit, what_was_not_there_before_is_told_from_empty_text) {
    write_one("feature", "poll", 1);
    struct audit_page page = list("", "", 0, 10);
    cr_assert_eq(page.items[0].before.at, NULL);
    cr_assert_eq(page.items[0].note.at, NULL);
}

Test(audit, pages_go_from_newest_to_oldest_and_miss_nothing) {
    for (int i = 1; i <= 25; i++) write_one("feature", "poll", i);
    int64_t before = 0, expected = 25;
    int pages = 0;
    do {
        struct audit_page page = list("", "", before, 10);
        for (size_t i = 0; i < page.n; i++) cr_assert_eq(page.items[i].version, expected--);
        before = page.next;
        pages++;
    } while (before);
    cr_assert_eq(expected, 0);
    cr_assert_eq(pages, 3);
}

Test(audit, a_last_page_that_is_full_says_it_is_the_last) {
    for (int i = 1; i <= 10; i++) write_one("feature", "poll", i);
    cr_assert_eq(list("", "", 0, 10).next, 0);
}

Test(audit, entries_written_between_two_pages_do_not_shift_the_second) {
    for (int i = 1; i <= 4; i++) write_one("feature", "poll", i);
    struct audit_page page = list("", "", 0, 2);
    write_one("feature", "poll", 5);
    page = list("", "", page.next, 2);
    cr_assert_eq(page.items[0].version, 2);
}

Test(audit, narrows_down_to_a_kind_and_to_one_thing) {
    write_one("feature", "poll", 1);
    write_one("feature", "boards", 2);
    write_one("metric", "poll", 3);
    cr_assert_eq(list("feature", "", 0, 10).n, 2);
    cr_assert_eq(list("feature", "poll", 0, 10).n, 1);
    cr_assert_eq(list("feature", "poll", 0, 10).items[0].version, 1);
    cr_assert_eq(list("segment", "", 0, 10).n, 0);
}

Test(audit, is_undone_with_the_change_it_belongs_to) {
    sql_begin(sql, &error);
    write_one("feature", "poll", 1);
    sql_rollback(sql);
    cr_assert_eq(list("", "", 0, 10).n, 0);
}

Test(audit, tells_the_id_of_its_newest_entry) {
    int64_t id = -1;
    cr_assert_eq(audit_newest(sql, &id, &error), 0);
    cr_assert_eq(id, 0);
    write_one("feature", "poll", 1);
    write_one("feature", "poll", 2);
    cr_assert_eq(audit_newest(sql, &id, &error), 0);
    cr_assert_eq(id, list("", "", 0, 1).items[0].id);
}

Test(audit, tells_what_was_done_since) {
    struct audit_page page;
    int64_t id;
    write_one("feature", "poll", 1);
    cr_assert_eq(audit_newest(sql, &id, &error), 0);
    cr_assert_eq(audit_since(sql, &arena, id, &page, &error), 0);
    cr_expect_eq(page.n, 0);
    write_one("feature", "poll", 2);
    write_one("metric", "bought", 1);
    cr_assert_eq(audit_since(sql, &arena, id, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_expect(text_is(page.items[0].kind, "metric"));
    cr_expect_eq(page.items[1].version, 2);
}
