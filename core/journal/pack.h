/* Exposures that are committed together and say the same of different units are one row of the file, a pack: a busy trial's
 * exposures cost a third of what they would as rows of their own. Its seq is the first one's, the others follow; `body` is what
 * they all say, `other` lists them: [["unit",ms behind `at`,prev],...]. Whoever reads the journal through reader.h meets
 * JOURNAL_EXPOSUREs only; whoever reads it with SQL has the views. */
#ifndef PARLEY_CORE_JOURNAL_PACK_H
#define PARLEY_CORE_JOURNAL_PACK_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/journal/reader.h"

enum { PACK_MOST = 256, JOURNAL_PACK = 8 /* a row's kind, beside those of record.h */ };

/* The row that holds `n` exposures of consecutive seqs and one body, texts in the arena; `n` is 1 to PACK_MOST: one alone is
 * its own row. */
struct journal_record pack_row(struct journal_record *const *exposures, size_t n, struct arena *arena);

/* Visits what a row holds of the seqs from `from` to `to`: the row itself, or the exposures of a pack, in order. One that was
 * erased has no unit and an empty body. As journal_visit; ERR_CORRUPT for a pack that is none. The arena takes texts. */
int pack_visit(const struct journal_record *row, int64_t from, int64_t to, struct arena *arena, journal_visit visit,
               void *visitor);

/* How many seqs a row covers; at least 1. */
int64_t pack_seqs(const struct journal_record *row, struct arena *arena);

/* Takes one exposure out of a pack: `row` has new texts, in the arena; *prev is the exposure's. ERR_NOT_FOUND where the pack
 * does not hold it. */
int pack_erase(struct journal_record *row, int64_t seq, int64_t *prev, struct arena *arena);

#endif
