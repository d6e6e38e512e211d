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

static void read_file(const char *name, struct buffer *all) {
    FILE *file = fopen(in_folder(name), "rb");
    if (!file) return;
    for (size_t n = 1; n; all->n += n) n = fread(buffer_reserve(all, 4096), 1, 4096, file);
    fclose(file);
}

static bool file_has(const char *name, const char *word) {
    struct buffer all = {0};
    read_file(name, &all);
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

/* The keys of two customers, so many and in no order that pages are split everywhere, which leaves copies of rows behind. */
Test(erasure, leaves_nothing_of_her_between_the_rows_of_pages_that_others_stay_in) {
    enum { KEYS = 6000 };
    struct text *hers = arena_array(&arena, struct text, KEYS), emails[KEYS];
    struct erasure e = {.keys = hers};
    struct identity_link link;
    struct buffer all = {0};
    cr_assert_eq(sql_begin(sql, &error), 0);
    for (unsigned i = 0; i < KEYS; i++) {
        struct text key = arena_printf(&arena, "%08x-%.*s", i * 2654435761u, (int)(i % 13), "her-telephone");
        struct text email = arena_printf(&arena, "%08x@x.example", i * 2246822519u);
        struct trait trait = {TEXT("email"), arena_printf(&arena, "\"%.*s\"", TEXT_ARGS(email)), 1, TRAIT_TOLD};
        bool is_hers = i % 2;
        cr_assert_geq(identity_join(sql, &arena, key, is_hers ? TEXT("u-anna") : TEXT("u-bert"), TEXT("identify"), 1,
                                    &link, &error),
                      0);
        cr_assert_eq(customers_tell(sql, key, &trait, &error), 1);
        cr_assert_eq(customers_index(sql, &arena, key, &error), 0);
        if (!is_hers) continue;
        emails[e.n] = email;
        hers[e.n++] = key;
    }
    cr_assert_eq(erasure_ask(sql, &arena, &suppression, &e, TEXT("ann"), 7, &error), 0);
    cr_assert_eq(sql_commit(sql, &error), 0);
    finish(&e);
    read_file("parley.db", &all);
    for (size_t i = 0; i < e.n; i++) {
        cr_expect(!memmem(all.at, all.n, hers[i].at, 9), "%s", hers[i].at);
        cr_expect(!memmem(all.at, all.n, emails[i].at, 9), "%s", emails[i].at);
    }
    buffer_free(&all);
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
