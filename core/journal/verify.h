/* Whether the files of a journal hold what was written. Reads them; the writer may go on meanwhile. */
#ifndef PARLEY_CORE_JOURNAL_VERIFY_H
#define PARLEY_CORE_JOURNAL_VERIFY_H

#include <stdint.h>

#include "core/base/error.h"

struct journal_finding {
    enum {
        JOURNAL_DAMAGE, /* what is there is not what was written */
        JOURNAL_GAP,    /* rows are not there, or no file at all: lost, or moved away by somebody who knew */
        JOURNAL_NOTE,   /* a file that nothing reads */
    } kind;
    int file;         /* its number; 0: none of the journal's */
    int64_t from, to; /* rows; each 0 where it cannot be told */
    const char *what; /* a sentence without its full stop, with the file's path */
    const char *mend; /* likewise, what to do */
};
/* Texts are borrowed for the call. */
typedef void (*journal_found)(void *user, const struct journal_finding *finding);

/* Of every file: SQLite's own check of its structure, its tables and views as Parley made them at its schema_version, each value of its type,
 * each group's checksum again, the fingerprint of every message again, and that the next file begins where it ends. What is proved by that, and
 * what is not, stands in docs/operators.md. Goes on after what it finds, and tells of it one by one; `found` may be NULL. `rows` takes how many
 * were right. ERR_CORRUPT with the words of the first damage; gaps and notes are no error. */
int journal_verify(const char *folder, journal_found found, void *user, int64_t *rows, struct error *error);

#endif
