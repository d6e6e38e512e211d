/* Counting. The tally of a poll is the sum over its log of the choices made less the choices they replaced: each voter's last
 * choice, once. What has been summed up to some row is remembered in memory, so that a read adds only the rows since; it is
 * never stored, and the log is all there is to it. */
#include <stdlib.h>
#include <string.h>

#include "plugins/polls/polls.h"

enum { REMEMBERED = 512 }; /* polls; about 210 KiB when all are in use */

struct remembered {
    int64_t poll, revision, upto; /* numbers; poll 0: free */
    struct tally tally;
};

struct tally_memory {
    struct remembered slots[REMEMBERED]; /* by the poll's number modulo REMEMBERED */
};

struct tally_memory *tally_memory_new(void) {
    return calloc(1, sizeof(struct tally_memory));
}

void tally_memory_free(struct tally_memory *memory) {
    free(memory);
}

/* `by` is +1 or -1. Keys the poll no longer has are passed over: no last choice names them. */
static void add(struct tally *tally, const struct poll *poll, parley_text choice, bool known, int by) {
    if (choice.n) tally->voters[known] += by;
    for (parley_text key; vote_next_key(&choice, &key);) {
        int place = poll_place(poll, key);
        if (place >= 0) tally->votes[place][known] += by;
    }
}

int tally_of(parley_call *c, const struct poll *poll, enum tally_view view, struct tally *tally) {
    struct tally_memory *memory = parley->state(c);
    struct remembered *slot = &memory->slots[poll->number % REMEMBERED];
    struct remembered now = {.poll = poll->number, .revision = poll->revision};
    if (slot->poll == now.poll && slot->revision == now.revision) now = *slot;
    int row = parley_sql(c,
                         "SELECT number, choice, known, before, before_known FROM vote WHERE poll = $1 AND number > $2"
                         " ORDER BY number",
                         poll->id, now.upto);
    for (; row > 0; row = parley->next(c)) {
        now.upto = parley->col(c, 0);
        add(&now.tally, poll, parley->col_text(c, 1), parley->col(c, 2), +1);
        add(&now.tally, poll, parley->col_text(c, 3), parley->col(c, 4), -1);
    }
    if (row < 0) return row;
    if (view == VIEW_COMMITTED) *slot = now;
    *tally = now.tally;
    return 0;
}
