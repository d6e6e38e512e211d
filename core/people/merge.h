/* Staff's merging and un-merging as a whole: who is who, its audit row, and what the journal is told of it, in one transaction.
 * Figures follow the journal, so both customers get theirs back when a merge is undone. On the store lane. */
#ifndef PARLEY_CORE_PEOPLE_MERGE_H
#define PARLEY_CORE_PEOPLE_MERGE_H

#include "core/journal/record.h"
#include "core/people/identity.h"

/* As identity_merge and identity_unmerge, within the caller's transaction; what the journal is to be told waits in the outbox. */
int merge_customers(struct sql *sql, struct arena *arena, struct text keep, struct text other, struct text actor,
                    int64_t at, struct identity_link *link, struct error *error);
/* `other` leaves the customer it was merged into; where `other` is nobody's part but exactly one customer is part of it, that one
 * leaves. */
int merge_undo(struct sql *sql, struct arena *arena, struct text other, struct text actor, int64_t at,
               struct identity_link *link, struct error *error);

/* What the journal was not told yet, in order, as records in the arena; `*last` is what merge_told takes. */
int merge_untold(struct sql *sql, struct arena *arena, struct journal_record **records, size_t *n, int64_t *last,
                 struct error *error);
/* They are durable. */
int merge_told(struct sql *sql, int64_t last, struct error *error);

#endif
