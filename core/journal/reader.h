/* Reads the journal's files, beside the writer and without disturbing it: in order, or along one unit. A reader belongs to
 * one thread. */
#ifndef PARLEY_CORE_JOURNAL_READER_H
#define PARLEY_CORE_JOURNAL_READER_H

#include "core/base/error.h"
#include "core/journal/record.h"

struct journal_reader;
int journal_reader_open(struct journal_reader **reader, const char *folder, struct error *error);
void journal_reader_close(struct journal_reader *reader); /* NULL is fine */

/* Texts are borrowed until it returns; it may read with the same reader. Anything but 0 ends the reading and is what the reading returns. */
typedef int (*journal_visit)(void *visitor, const struct journal_record *record);

/* All rows from `from` to `to` (both included), in order; rows whose file is gone are left out. 0 or a negative code. */
int journal_read(struct journal_reader *reader, int64_t from, int64_t to, journal_visit visit, void *visitor,
                 struct error *error);
/* The row `last` and those of the same unit before it, newest first. A missing row ends the chain. */
int journal_chain(struct journal_reader *reader, int64_t last, journal_visit visit, void *visitor, struct error *error);
/* Where a reading came to: a row, visited or not. */
struct journal_place {
    int64_t seq, received, at;
};
/* The rows from `from` on of the kinds in `kinds` alone (bits, 1 << JOURNAL_TRACK): what is of another costs no more than a step to the
 * next row. At most `most` steps; then 1, else 0 or a negative code. *place stays where there was no row. */
int journal_read_kinds(struct journal_reader *reader, int64_t from, int64_t most, unsigned kinds,
                       struct journal_place *place, journal_visit visit, void *visitor, struct error *error);
/* One row; ERR_NOT_FOUND. */
int journal_get(struct journal_reader *reader, int64_t seq, journal_visit visit, void *visitor, struct error *error);

/* The first row that was received at or after `received`, by bisection (the clock is taken to go forward); the seq after the
 * last row where there is none. */
int journal_seek(struct journal_reader *reader, int64_t received, int64_t *seq, struct error *error);

/* The last row of the files whose rows were all received before `before`, from the oldest on, never the newest file; 0 where there
 * are none. What journal_drop may take. */
int journal_expired(struct journal_reader *reader, int64_t before, int64_t *last, struct error *error);
/* The first row that is still there. */
int64_t journal_first(struct journal_reader *reader);

#endif
