/* One file of the journal, DIR/journal/NNNNNNNN.db: its name, its tables, and the list of all of them. Any sqlite3 shell
 * reads them (views `journal` and `exposure`). Used by the writer and by readers; knows nothing of groups or threads. */
#ifndef PARLEY_CORE_JOURNAL_PARTITION_H
#define PARLEY_CORE_JOURNAL_PARTITION_H

#include "core/journal/fingerprint.h"
#include "core/journal/record.h"
#include "core/store/sql.h"

enum { PARTITION_PATH_ROOM = 4096 };

struct partition {
    int number;
    int64_t first; /* seq of its first row; of the row to come while it has none */
};

struct partition_list {
    struct partition *items; /* in order; owned */
    size_t n;
};

void partition_path(char out[static PARTITION_PATH_ROOM], const char *folder, int number);

/* Opens for reading. ERR_NOT_FOUND, without words, for a file that is not there, or that is dropped just now. */
int partition_read(struct sql **sql, const char *folder, int number, struct error *error);

/* Which files the folder has, in order, none of them opened: `first` is 0. */
int partition_numbers(struct partition_list *list, const char *folder, struct error *error);
/* All files of the folder with their first rows, in order. ERR_CORRUPT names the file that cannot be read, or two that
 * overlap. A file that is missing in between is no error: whoever moved it away knew. */
int partition_list(struct partition_list *list, const char *folder, struct error *error);
void partition_list_free(struct partition_list *list);

/* Opens for writing; makes the file where there is none, under another name first, so that nobody ever meets one without its
 * tables. `first` is the seq that its first row will have;
 * `key` is the journal's fingerprint key: written into a new file, read from an old one. */
int partition_open(struct sql **sql, const char *folder, int number, int64_t *first,
                   unsigned char key[static FINGERPRINT_KEY_BYTES], struct error *error);

/* The statements that make the tables and views of a file of that schema_version, 1 to PARTITION_VERSION, as SQLite keeps them. How many. */
enum { PARTITION_VERSION = 2, PARTITION_STATEMENTS = 8 };
size_t partition_statements(int64_t version, struct text out[static PARTITION_STATEMENTS]);

/* One row, its fingerprint given (0: none). */
int partition_insert(struct sql *sql, const struct journal_record *record, uint64_t fingerprint, struct error *error);
/* Closes a group: its range and the checksum over its rows. */
int partition_insert_group(struct sql *sql, int64_t first, int64_t last, uint64_t checksum, struct error *error);

/* The columns of a row, for queries that partition_row reads. */
#define PARTITION_COLUMNS                                                                                              \
    "seq, prev, received, at, kind, actor, flags, name, unit, other, message_id, body, fingerprint"
/* Where a reading from $1 on begins: at the row that holds it, which may begin before it (pack.h). */
#define PARTITION_FROM "seq >= coalesce((SELECT max(seq) FROM event WHERE seq <= $1), 0)"
/* Texts are borrowed from `rows`. Returns the fingerprint, 0 for none. */
uint64_t partition_row(struct journal_record *record, const struct sql_rows *rows);

/* Adds a row to a group's checksum; a group starts from 0. */
uint64_t partition_checksum(uint64_t sum, const struct journal_record *record, uint64_t fingerprint);

#endif
