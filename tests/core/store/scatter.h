/* A tree of keys in no order, half of which are deleted again: SQLite leaves copies of some in the gaps of its pages. */
#ifndef PARLEY_TESTS_CORE_STORE_SCATTER_H
#define PARLEY_TESTS_CORE_STORE_SCATTER_H

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "core/base/arena.h"
#include "core/base/text.h"

enum { SCATTER_KEYS = 20000 };

static inline void scatter_run(sqlite3 *db, const char *statement) {
    char *why = NULL;
    cr_assert_eq(sqlite3_exec(db, statement, NULL, NULL, &why), SQLITE_OK, "%s: %s", statement, why);
}

static inline unsigned scatter_mixed(unsigned i) {
    i = (i ^ i >> 16) * 0x85ebca6bu;
    i = (i ^ i >> 13) * 0xc2b2ae35u;
    return i ^ i >> 16;
}

/* The keys that are gone, in the arena; how many is set. */
static inline struct text *scatter(sqlite3 *db, struct arena *arena, size_t *n) {
    struct text *gone = arena_array(arena, struct text, SCATTER_KEYS);
    *n = 0;
    scatter_run(
        db, "PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; CREATE TABLE scatter (key TEXT PRIMARY KEY); BEGIN");
    for (unsigned i = 0; i < SCATTER_KEYS; i++) {
        struct text key = arena_printf(arena, "%08x-%.*s", scatter_mixed(i), (int)(i % 17), "a-longer-key-too");
        scatter_run(db, arena_printf(arena, "INSERT INTO scatter VALUES ('%s')", key.at).at);
        if (i % 2) gone[(*n)++] = key;
    }
    for (size_t i = 0; i < *n; i++)
        scatter_run(db, arena_printf(arena, "DELETE FROM scatter WHERE key = '%s'", gone[i].at).at);
    scatter_run(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    return gone;
}

#endif
