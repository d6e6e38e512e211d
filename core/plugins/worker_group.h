/* Group commit: the writing calls that wait become one transaction. Each runs in a savepoint of its own on the loop thread; the
 * turn to write is waited for, and the commit made, on a thread beside it, so that reads go on; answers and effects leave only
 * when the commit is on disk. Knows nothing of frames' meaning or of plugins. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_GROUP_H
#define PARLEY_CORE_PLUGINS_WORKER_GROUP_H

#include "core/base/lane.h"
#include "core/plugins/worker_call.h"

struct group {
    struct runtime *runtime;
    struct buffer *out; /* borrowed: where frames go once they may */
    struct lane *lane;
    struct mailbox mailbox;
    enum group_state { GROUP_IDLE, GROUP_WAITS_FOR_TURN, GROUP_COMMITS } state;
    struct parley_call *waiting, **waiting_last; /* not begun */
    struct parley_call *running, **running_last; /* of the transaction at hand */
    size_t waiting_n;
    struct buffer answers, effects; /* of the transaction at hand */
    struct lane_job job;
    struct error outcome;
    struct work *works; /* asked for in the transaction whose commit is under way */
    void (*on_done)(struct group *group,
                    struct parley_call *calls); /* a group has ended; the calls are the receiver's */
    void (*on_rest)(struct group *group);       /* none follows it at once */
    void *owner;
};

void group_open(struct group *group, struct runtime *runtime, struct buffer *out, uv_loop_t *loop);
/* Nothing may wait or run. The loop must turn once afterwards. */
void group_close(struct group *group);
/* Takes the call. */
void group_add(struct group *group, parley_call *call);
/* Begins a transaction if none is under way and calls wait. */
void group_kick(struct group *group);
/* Deletes what parleyd has acknowledged, if no transaction is under way (each one does it anyway). */
void group_sweep(struct group *group);
static inline bool group_idle(const struct group *group) {
    return group->state == GROUP_IDLE && !group->waiting;
}

/* One call in a transaction and a commit of its own, waiting for both: for what comes before the loop runs, and where there is none.
 * Its answer and its effects go to `frames` (NULL: the effects stay in the outbox, and are not sent). Negative: undone, by a failure
 * of the database or because a start was refused. */
int group_alone(struct runtime *runtime, parley_call *call, struct buffer *frames, struct error *error);

#endif
