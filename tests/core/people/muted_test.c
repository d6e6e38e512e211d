#include "core/people/muted.h"

#include "tests/core/store/main.h"

TestSuite(muted, .init = main_make, .fini = main_remove);

Test(muted, what_was_said_last_under_any_of_her_keys_counts) {
    static const struct text keys[] = {{"u-anna", 6}, {"anon-1", 6}};
    struct muted muted = {0};
    struct text poll[] = {TEXT("poll")};
    struct preferences mutes = {.muted = poll, .muted_n = 1, .at = 5}, none = {.at = 6};
    muted_set(&muted, keys[1], &mutes);
    cr_assert(muted_has(&muted, keys, 2, TEXT("poll")));
    cr_assert(!muted_has(&muted, keys, 2, TEXT("board")));
    cr_assert(!muted_has(&muted, keys, 1, TEXT("poll")));
    muted_set(&muted, keys[0], &none);
    cr_assert(!muted_has(&muted, keys, 2, TEXT("poll")));
    muted_set(&muted, keys[0], NULL);
    cr_assert(muted_has(&muted, keys, 2, TEXT("poll")));
    muted_free(&muted);
}

Test(muted, is_what_the_store_says_after_a_start) {
    struct text poll[] = {TEXT("poll")}, key = TEXT("u1");
    struct preferences mutes = {.muted = poll, .muted_n = 1, .at = 5, .per_day = -1, .per_week = -1};
    struct muted muted;
    cr_assert_eq(customers_prefer(sql, key, &mutes, &error), 0);
    cr_assert_eq(muted_load(&muted, sql, &error), 0);
    cr_assert(muted_has(&muted, &key, 1, TEXT("poll")));
    muted_free(&muted);
}
