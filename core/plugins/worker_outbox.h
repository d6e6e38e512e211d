/* What a plugin's database holds for the host besides the plugin's own tables: which migrations ran, effects that parleyd has not
 * acknowledged yet, and timers. All of it is written in the transaction of the call that caused it. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_OUTBOX_H
#define PARLEY_CORE_PLUGINS_WORKER_OUTBOX_H

#include "core/base/buffer.h"
#include "core/plugins/worker_database.h"

/* The tables; inside a transaction. */
int outbox_prepare(struct database *database, struct error *error);

struct outbox {
    int64_t next;    /* the number to give next, within a transaction; 0: not read yet */
    int64_t worker;  /* who wrote a row: random for each worker */
    uint64_t resent; /* rows up to this number were left by others or an earlier life, and sent again at start */
    uint64_t
        kept; /* parleyd has everything up to this number; a row of which it has a part stays, and may be sent again */
    uint64_t last;  /* the newest number that is in a row of ours */
    uint64_t swept; /* rows of ours up to this number have been deleted */
    bool forgot;    /* a customer was forgotten, and rows of hers may still stand here */
};

/* Inside a transaction: `effect`, which is JSON, gets a number and is appended to `frames` as FRAME_EFFECT. A savepoint that is undone
 * cuts `frames` off again. outbox_settle comes after the last one, before the commit, and writes what is left of them as one row: a row
 * for each would cost as much as the plugin's own. outbox_forget in its place where the transaction is undone. */
int outbox_add(struct outbox *outbox, struct database *database, struct text effect, struct buffer *frames,
               struct error *error);
int outbox_settle(struct outbox *outbox, struct database *database, struct text frames, struct error *error);
static inline void outbox_forget(struct outbox *outbox) {
    outbox->next = 0;
}
/* Every effect that is left, as frames in order; to be sent before anything else. Reads committed rows. */
int outbox_resend(struct outbox *outbox, struct database *database, struct buffer *frames, struct error *error);
/* Inside a transaction: deletes what parleyd has. Rows of a worker that serves beside this one are left to it. Where a customer was
 * forgotten while rows waited, the database's log is emptied with the commit: what was deleted may have told of her. */
int outbox_sweep(struct outbox *outbox, struct database *database, struct error *error);
/* Rows that this worker wrote, or sent again, are there still. */
static inline bool outbox_holds(const struct outbox *outbox) {
    return outbox->last > outbox->swept || outbox->resent > outbox->swept;
}
static inline bool outbox_needs_sweep(const struct outbox *outbox) {
    return outbox->kept > outbox->swept;
}

/* Timers: set (or move) one, inside a transaction; take one that is due away, inside a transaction (1 when it was there);
 * the earliest, from committed rows (1 with its time and a copy of its name in `name`, 0 when there is none). */
int timer_set(struct database *database, struct text name, int64_t at, struct error *error);
int timer_take(struct database *database, struct text name, int64_t now, struct error *error);
int timer_first(struct database *database, struct buffer *name, int64_t *at, struct error *error);

#endif
