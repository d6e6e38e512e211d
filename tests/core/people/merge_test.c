#include "core/people/merge.h"

#include "core/store/audit.h"
#include "tests/core/store/main.h"

TestSuite(merge, .init = main_make, .fini = main_remove);

static struct identity_link merged(const char *keep, const char *other) {
    struct identity_link link;
    cr_assert_eq(merge_customers(sql, &arena, text_of(keep), text_of(other), TEXT("ann"), 5, &link, &error), 0, "%s",
                 error.detail);
    return link;
}

static struct identity_link undone(const char *other) {
    struct identity_link link;
    cr_assert_eq(merge_undo(sql, &arena, text_of(other), TEXT("ann"), 6, &link, &error), 0, "%s", error.detail);
    return link;
}

static void join(const char *anonymous, const char *known) {
    struct identity_link link;
    cr_assert_eq(identity_join(sql, &arena, text_of(anonymous), text_of(known), TEXT("identify"), 1, &link, &error),
                 IDENTITY_JOINED);
}

/* What waits for the journal, as "alias keep other, part ...". */
static const char *untold(void) {
    struct journal_record *records;
    size_t n;
    int64_t last;
    struct text all = TEXT("");
    cr_assert_eq(merge_untold(sql, &arena, &records, &n, &last, &error), 0, "%s", error.detail);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(records[i].actor, JOURNAL_STAFF);
        all = arena_printf(&arena, "%.*s%s%s %.*s %.*s", TEXT_ARGS(all), all.n ? ", " : "",
                           records[i].kind == JOURNAL_PART ? "part" : "alias", TEXT_ARGS(records[i].unit),
                           TEXT_ARGS(records[i].other));
    }
    cr_assert_eq(merge_told(sql, last, &error), 0);
    return arena_cstr(&arena, all);
}

Test(merge, is_told_to_the_journal_until_it_knows) {
    struct identity_link link = merged("u1", "u2");
    cr_assert(text_is(link.id, "u2"));
    cr_assert(text_is(link.parent, "u1"));
    cr_assert_str_eq(untold(), "alias u1 u2");
    cr_assert_str_eq(untold(), "");
}

Test(merge, of_one_customer_who_has_others_names_the_one_that_stands_for_all) {
    merged("u1", "u2");
    untold();
    merged("u2", "u3");
    cr_assert_str_eq(untold(), "alias u1 u3");
}

Test(merge, undone_gives_the_keys_back_that_came_along) {
    join("phone", "u2");
    join("tablet", "u1");
    merged("u1", "u2");
    untold();
    struct identity_link link = undone("u2");
    cr_assert(text_is(link.id, "u2"));
    cr_assert_str_eq(untold(), "part u1 u2, part u1 phone, alias u2 phone");
    struct text *keys;
    size_t n;
    cr_assert_eq(identity_keys(sql, &arena, TEXT("u1"), &keys, &n, &error), 0);
    cr_assert_eq(n, 2);
}

Test(merge, can_be_undone_from_the_other_side_where_it_is_clear_which) {
    merged("u1", "u2");
    cr_assert(text_is(undone("u1").id, "u2"));
    merged("u1", "u2");
    merged("u1", "u3");
    struct identity_link link;
    cr_assert_eq(merge_undo(sql, &arena, TEXT("u1"), TEXT("ann"), 6, &link, &error), ERR_CONFLICT);
    cr_assert_str_eq(error.detail, "2 customers are merged into u1: un-merge one of them by its own id");
    cr_assert(text_is(undone("u3").id, "u3"));
}

Test(merge, undone_leaves_those_that_the_other_one_was_merged_with) {
    merged("u2", "u3");
    merged("u1", "u2");
    untold();
    undone("u2");
    cr_assert_str_eq(untold(), "part u1 u2, part u1 u3, alias u2 u3");
    struct text root;
    cr_assert_eq(identity_root(sql, &arena, TEXT("u3"), &root, &error), 0);
    cr_assert(text_is(root, "u2"));
}
