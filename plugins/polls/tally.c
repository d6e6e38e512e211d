/* Counting. The tally of a poll is the sum over its log of the choices made less the choices they replaced: each voter's last
 * choice, once. What has been summed up to some row is remembered in memory, so that a look adds only the rows since; it is
 * never stored, and the log is all there is to it. A writer's look goes beyond what is on disk, so it is remembered apart. */
#include <stdlib.h>
#include <string.h>

#include "plugins/polls/polls.h"

enum { REMEMBERED = 512 }; /* polls; about 400 KiB when all are in use */

struct remembered {
    int64_t poll, revision, upto; /* numbers; poll 0: nothing */
    struct tally tally;
};

struct tally_memory {
    struct remembered slots[REMEMBERED][2]; /* by the poll's number modulo REMEMBERED, and by enum tally_view */
};

struct tally_memory *tally_memory_new(void) {
    return calloc(1, sizeof(struct tally_memory));
}

void tally_memory_free(struct tally_memory *memory) {
    free(memory);
}

void tally_memory_rolled_back(void *state) {
    struct tally_memory *memory = state;
    for (int i = 0; i < REMEMBERED; i++) memory->slots[i][VIEW_IN_TRANSACTION].poll = 0;
}

/* What is remembered of this poll with these options, for one view. */
static void recall(const struct remembered *slot, const struct poll *poll, struct remembered *now) {
    if (slot->poll != poll->number || slot->revision != poll->revision || slot->upto <= now->upto) return;
    *now = *slot;
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
    struct remembered *slots = memory->slots[poll->number % REMEMBERED];
    struct remembered now = {.poll = poll->number, .revision = poll->revision};
    recall(&slots[VIEW_COMMITTED], poll, &now);
    if (view == VIEW_IN_TRANSACTION) recall(&slots[VIEW_IN_TRANSACTION], poll, &now);
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
    slots[view] = now;
    *tally = now.tally;
    return 0;
}
