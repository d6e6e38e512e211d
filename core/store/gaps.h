/* What SQLite leaves of deleted rows: it overwrites them where they are (secure_delete), but where it made two pages of one, copies of rows
 * stay in the gaps of the pages. Knows SQLite's file format, and nothing of tables. */
#ifndef PARLEY_CORE_STORE_GAPS_H
#define PARLEY_CORE_STORE_GAPS_H

#include "core/base/text.h"

struct sqlite3;

/* 1 where one of the words (of less than 4 bytes: none) stands in a gap of the main file, 0 where none does, -1 where it cannot be read. Read
 * by SQLite's own handle: to close another one would end its locks. What is in the log is not looked at: after a checkpoint. On the
 * connection's thread, outside a transaction. */
int gaps_have(struct sqlite3 *db, const struct text *words, size_t n);

#endif
