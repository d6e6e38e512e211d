/* The calls that are under way to all workers: a table of slots that are used again, ids that name a slot and one use of
 * it (so a late or made-up answer finds nothing), and their deadlines in order behind one timer. Knows nothing of workers. */
#ifndef PARLEY_CORE_PLUGINS_CALLS_H
#define PARLEY_CORE_PLUGINS_CALLS_H

#include <uv.h>

#include "core/plugins/frames.h"

enum call_state {
    CALL_FREE,
    CALL_SENT,      /* a worker holds it */
    CALL_WAITING,   /* its worker died; it waits for the next one */
    CALL_ABANDONED, /* the caller was told that it took too long; the worker still holds it */
};

struct plugin_answer; /* host.h */

struct call {
    struct call *before, *after; /* by `due`; `after` also links the free ones */
    enum call_state state;
    int tries;            /* how often it may still be sent; `request` is kept while that is not 0 */
    bool held;            /* it waits while a release has the database for itself */
    bool errand;          /* its release runs for it if need be */
    bool probe;           /* its fate decides over its release's breaker */
    enum frame_type type; /* FRAME_REQUEST, FRAME_EXPORT, ... */
    uint32_t slot;
    uint64_t id;      /* what the worker sees: a serial number, then 16 bits of slot */
    uint64_t started; /* clock_ticks */
    uint64_t due;     /* ms of the loop's time */
    struct supervisor *worker;
    struct plugin *plugin;
    struct release *release; /* the one asked for; NULL: whichever is active */
    void (*answered)(void *user, const struct plugin_answer *answer);
    void *user;
    struct buffer request; /* the payload, where it may be sent later */
    char what[48];         /* "GET /polls": for people */
};

struct calls {
    uv_timer_t timer;
    uint64_t armed; /* when it fires; UINT64_MAX: not at all */
    struct call **slots;
    uint32_t n, room;
    struct call *free, *first, *last;
    uint64_t serial;
    void (*due)(struct call *call);
};

enum { CALLS_MOST = 1 << 16 };

/* `due` is called once for every call whose time has come; it must move or give the call. */
void calls_open(struct calls *calls, uv_loop_t *loop, void (*due)(struct call *call));
/* All calls must have been given, and the timer closed by the caller. */
void calls_free(struct calls *calls);

/* A free slot, due in `ms`; NULL when all are taken. The caller fills in the rest. */
struct call *calls_take(struct calls *calls, uint64_t ms);
void calls_move(struct calls *calls, struct call *call, uint64_t ms);
void calls_give(struct calls *calls, struct call *call);
/* The call of that id; NULL where there is none (any more). */
struct call *calls_find(const struct calls *calls, uint64_t id);
/* The number people see. */
static inline unsigned long long call_number(const struct call *call) {
    return call->id >> 16;
}

#endif
