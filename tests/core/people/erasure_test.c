#include "core/people/erasure.h"

#include <stdio.h>

#include "core/people/customers.h"
#include "core/people/identity.h"
#include "core/store/audit.h"
#include "tests/core/store/main.h"

static struct suppression suppression;

static void make(void) {
    main_make();
    suppression_init(&suppression, TEXT("a folder's own secret"));
}
static void tear_down(void) {
    suppression_free(&suppression);
    main_remove();
}
TestSuite(erasure, .init = make, .fini = tear_down);

static struct text keys[] = {{"u-anna", 6}, {"anon-1", 6}};

static struct erasure asked(void) {
    struct erasure e = {.keys = keys, .n = 2};
    cr_assert_eq(erasure_ask(sql, &arena, &suppression, &e, TEXT("ann"), 7, &error), 0, "%s", error.detail);
    return e;
}

static void finish(struct erasure *e) {
    cr_assert_eq(erasure_finish(sql, &suppression, e, 9, &error), 0, "%s", error.detail);
}

static bool file_has(const char *name, const char *word) {
    FILE *file = fopen(in_folder(name), "rb");
    struct buffer all = {0};
    if (!file) return false;
    for (size_t n = 1; n; all.n += n) n = fread(buffer_reserve(&all, 4096), 1, 4096, file);
    fclose(file);
    bool found = all.n && memmem(all.at, all.n, word, strlen(word));
    buffer_free(&all);
    return found;
}

Test(erasure, that_was_begun_is_found_again_with_its_keys_and_its_step) {
    struct erasure e = asked(), *open;
    size_t n;
    e.step = ERASURE_JOURNAL;
    e.events = 17;
    cr_assert_eq(erasure_keep(sql, &e, &error), 0);
    cr_assert_eq(erasure_open_ones(sql, &arena, &open, &n, &error), 0);
    cr_assert_eq(n, 1);
    cr_assert_eq(open->n, 2);
    cr_assert(text_is(open->keys[0], "u-anna"));
    cr_assert_eq(open->step, ERASURE_JOURNAL);
    cr_assert_eq(open->events, 17);
    finish(&e);
    cr_assert_eq(erasure_open_ones(sql, &arena, &open, &n, &error), 0);
    cr_assert_eq(n, 0);
    cr_assert_eq(erasure_get(sql, &arena, e.id, open, &error), 0);
    cr_assert_eq(open->done_at, 9);
    cr_assert_eq(open->n, 0);
}

Test(erasure, leaves_nothing_of_her_in_the_file_nor_in_its_log) {
    struct identity_link link;
    struct trait trait = {TEXT("name"), TEXT("\"Anna Zuckerbaecker\""), 1, TRAIT_TOLD};
    cr_assert_eq(identity_join(sql, &arena, keys[1], keys[0], TEXT("identify"), 1, &link, &error), IDENTITY_JOINED);
    cr_assert_eq(identity_merge(sql, &arena, TEXT("u-bert"), keys[0], TEXT("ann"), 2, &link, &error), 0);
    cr_assert_eq(identity_unmerge(sql, &arena, keys[0], TEXT("ann"), 3, &link, &error), 0);
    cr_assert_eq(customers_tell(sql, keys[0], &trait, &error), 1);
    cr_assert_eq(customers_index(sql, &arena, keys[0], &error), 0);
    cr_assert(file_has("parley.db-wal", "u-anna"));
    struct erasure e = asked();
    finish(&e);
    const char *const words[] = {"u-anna", "anon-1", "Zuckerbaecker"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(!file_has("parley.db", words[i]), "%s", words[i]);
        cr_assert(!file_has("parley.db-wal", words[i]), "%s", words[i]);
    }
    cr_assert(file_has("parley.db", "u-bert"));
    struct audit_page page;
    cr_assert_eq(audit_list(sql, &arena, TEXT("customer"), TEXT_NONE, 0, 10, &page, &error), 0);
    cr_assert_eq(page.n, 3); /* merge, unmerge, erase: that it was done stays */
}

/* The e-mail's beginning is what rows are sorted by, so that they come in no order and pages are split everywhere. */
static const char *nth(const char *form, unsigned i) {
    static char made[4][64];
    static int next;
    char *at = made[next++ % 4];
    snprintf(at, sizeof made[0], form, (unsigned)(i * 2654435761u));
    return at;
}

Test(erasure, leaves_nothing_of_one_among_many_between_the_rows_of_a_page) {
    enum { CUSTOMERS = 2000, ERASED = 60 };
    struct error own = {0};
    cr_assert_eq(sql_begin(sql, &own), 0);
    for (unsigned i = 0; i < CUSTOMERS; i++) {
        struct text id = arena_text(&arena, text_of(nth("%08x-id", i)));
        struct trait trait = {TEXT("email"), arena_printf(&arena, "\"%s\"", nth("%08x@x.example", i)), 1, TRAIT_TOLD};
        cr_assert_eq(customers_tell(sql, id, &trait, &own), 1);
        cr_assert_eq(customers_index(sql, &arena, id, &own), 0);
    }
    cr_assert_eq(sql_commit(sql, &own), 0);
    for (unsigned i = 0; i < ERASED; i++) {
        struct text id = arena_text(&arena, text_of(nth("%08x-id", i)));
        struct erasure e = {.keys = &id, .n = 1};
        cr_assert_eq(erasure_ask(sql, &arena, &suppression, &e, TEXT("ann"), 7, &error), 0);
        finish(&e);
        cr_expect(!file_has("parley.db", nth("%08x-id", i)) && !file_has("parley.db", nth("%08x@x", i)), "the %uth", i);
    }
    cr_expect(file_has("parley.db", nth("%08x-id", ERASED)));
}

Test(erasure, a_key_that_was_joined_to_her_meanwhile_leads_to_nobody) {
    struct identity_link link;
    struct text root;
    struct erasure e = asked();
    cr_assert_eq(identity_join(sql, &arena, TEXT("her-phone"), keys[0], TEXT("identify"), 1, &link, &error),
                 IDENTITY_JOINED);
    finish(&e);
    cr_assert_eq(identity_root(sql, &arena, TEXT("her-phone"), &root, &error), 0);
    cr_assert(text_is(root, "her-phone"));
    cr_assert(!file_has("parley.db", "u-anna"));
}

Test(erasure, parley_db_knows_whom_it_suppresses) {
    struct erasure e = asked();
    cr_assert_eq(suppression_is_kept(&suppression, sql, keys[0], &error), 1);
    cr_assert_eq(suppression_is_kept(&suppression, sql, keys[1], &error), 1);
    cr_assert_eq(suppression_is_kept(&suppression, sql, TEXT("u-bert"), &error), 0);
    finish(&e);
    cr_assert_eq(suppression_is_kept(&suppression, sql, keys[0], &error), 1);
}

Test(erasure, suppresses_by_a_hash_that_only_this_folder_can_make) {
    struct suppression again, foreign;
    char here[SUPPRESSION_HEX], there[SUPPRESSION_HEX];
    struct erasure e = asked();
    finish(&e);
    suppression_init(&again, TEXT("a folder's own secret"));
    suppression_init(&foreign, TEXT("another secret"));
    cr_assert(!suppression_has(&again, keys[0]));
    cr_assert_eq(suppression_load(&again, sql, &error), 0);
    cr_assert_eq(suppression_load(&foreign, sql, &error), 0);
    cr_assert(suppression_has(&again, keys[0]));
    cr_assert(suppression_has(&again, keys[1]));
    cr_assert(!suppression_has(&again, TEXT("u-bert")));
    cr_assert(!suppression_has(&foreign, keys[0]));
    suppression_hex(&again, keys[0], here);
    suppression_hex(&foreign, keys[0], there);
    cr_assert_str_neq(here, there);
    cr_assert_eq(suppression_lift(&again, sql, keys[0], &error), 1);
    cr_assert_eq(suppression_lift(&again, sql, keys[0], &error), 0);
    suppression_remove(&again, keys[0]);
    cr_assert(!suppression_has(&again, keys[0]));
    suppression_free(&again);
    suppression_free(&foreign);
}
