/* Background work of a plugin: a helper thread with a reading connection of its own, on which one piece of work runs at a time. What a
 * callback asked for begins once its writes are on the disk. Knows nothing of channels. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_WORK_H
#define PARLEY_CORE_PLUGINS_WORKER_WORK_H

#include "core/base/lane.h"
#include "core/plugins/worker_call.h"

enum { WORK_MOST = 16 /* that were asked for and are not done */ };

struct work {
    struct lane_job job;
    struct work *next; /* of runtime->works: the newest first */
    struct helper *helper;
    int (*run)(parley_call *w, parley_json input);
    int (*done)(parley_call *c, parley_json result);
    char *input; /* JSON, owned */
    bool good;   /* run went well: `result` is what it replied */
    struct buffer result, logs;
};

struct helper {
    struct runtime runtime; /* the thread's own: no state, no effects, no asks, no metrics */
    struct lane *lane;      /* NULL until there is work */
    struct mailbox mailbox;
    _Atomic bool closing;
    void (*on_done)(struct helper *helper, struct work *work); /* on the loop; takes the work */
    void *owner;
};

/* For the calling plugin: adds to runtime->works. PARLEY_FAILED (said in the log) where too much is under way. */
int work_ask(parley_call *call, int (*run)(parley_call *w, parley_json input),
             int (*done)(parley_call *c, parley_json result), parley_json input);
/* Undone: drops what was asked for since there were `n`. */
void works_drop(struct runtime *runtime, size_t n);
/* All of them aside, and back again before others are asked for. */
struct work *works_take_all(struct runtime *runtime);
void works_give_back(struct runtime *runtime, struct work **works);
/* The oldest that waits, taken; NULL where there is none. */
struct work *works_take(struct runtime *runtime);
void work_free(struct work *work);

/* `path` of the database. Runs a piece on the caller's thread, where no other runs. */
int helper_open(struct helper *helper, const struct runtime *of, struct error *error);
void helper_run(struct helper *helper, struct work *work);
/* The thread: from its first piece of work on. All that wait begin in their order. Loop thread. */
void helper_start(struct helper *helper, uv_loop_t *loop);
void helper_launch(struct helper *helper, struct runtime *runtime);
/* Waits for the piece that runs; those behind it are dropped. The loop must turn once afterwards, then helper_close. */
void helper_stop(struct helper *helper);
void helper_close(struct helper *helper);

#endif
