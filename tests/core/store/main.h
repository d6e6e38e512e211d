/* A main database of a test's own, used without its lane: `sql`, `arena` and `error` for the tests of what lives in it. */
#ifndef PARLEY_TESTS_CORE_STORE_MAIN_H
#define PARLEY_TESTS_CORE_STORE_MAIN_H

#include <criterion/criterion.h>

#include "core/base/secret.h"
#include "core/store/main_db.h"
#include "tests/core/store/folder.h"

static struct sql *sql;
static struct arena arena;
static struct error error;

static inline void main_make(void) {
    folder_make();
    struct main_db *db;
    cr_assert_eq(secret_init(), 0);
    cr_assert_eq(main_db_open(&db, folder, &error), 0, "%s", error.detail);
    main_db_close(db);
    cr_assert_eq(sql_open(&sql, in_folder("parley.db"), SQL_WRITER, &error), 0, "%s", error.detail);
    arena_init(&arena, 1 << 14);
}

static inline void main_remove(void) {
    sql_close(sql);
    arena_free(&arena);
    folder_remove();
}

#endif
