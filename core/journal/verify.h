/* Whether the files of a journal hold what was written. Reads them; the writer may go on meanwhile. */
#ifndef PARLEY_CORE_JOURNAL_VERIFY_H
#define PARLEY_CORE_JOURNAL_VERIFY_H

#include <stdint.h>

#include "core/base/error.h"

/* Of every file: SQLite's own check of its structure, its tables and views as Parley made them, each value of its type, each group's checksum
 * again, the fingerprint of every message again, and that it ends where the next file begins. What is proved by that, and what is not, stands in
 * docs/operators.md. `rows` takes how many were right; ERR_CORRUPT names the file, and the rows where it can. */
int journal_verify(const char *folder, int64_t *rows, struct error *error);

#endif
