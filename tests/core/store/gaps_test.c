#include "core/store/gaps.h"

#include "tests/core/store/folder.h"
#include "tests/core/store/scatter.h"

static sqlite3 *db;
static struct arena arena;
static struct text *gone;
static size_t gone_n;

static void make(void) {
    folder_make();
    arena_init(&arena, 1 << 16);
    cr_assert_eq(sqlite3_open(in_folder("a.db"), &db), SQLITE_OK);
    gone = scatter(db, &arena, &gone_n);
}
static void tear_down(void) {
    sqlite3_close(db);
    arena_free(&arena);
    folder_remove();
}
TestSuite(gaps, .init = make, .fini = tear_down);

Test(gaps, have_copies_of_deleted_rows_until_the_file_is_written_anew) {
    cr_expect_eq(gaps_have(db, gone, gone_n), 1);
    scatter_run(db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    cr_expect_eq(gaps_have(db, gone, gone_n), 0);
}

Test(gaps, have_nothing_of_what_was_never_there_nor_of_words_too_short_to_mean_anybody) {
    const struct text words[] = {TEXT("nobody's key"), TEXT("-a-"), TEXT("")};
    cr_expect_eq(gaps_have(db, words, 3), 0);
    cr_expect_eq(gaps_have(db, NULL, 0), 0);
}

Test(gaps, of_a_file_that_is_none_cannot_be_read) {
    sqlite3 *memory;
    cr_assert_eq(sqlite3_open(":memory:", &memory), SQLITE_OK);
    cr_expect_eq(gaps_have(memory, gone, gone_n), -1);
    sqlite3_close(memory);
}
