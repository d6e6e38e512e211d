#include "core/plugins/calls.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/memory.h"

enum { REQUEST_KEPT = 16 << 10 }; /* a larger copy of a request is given back */

static void on_timer(uv_timer_t *timer);

static void arm(struct calls *calls) {
    if (!calls->first || calls->armed <= calls->first->due) return; /* fires early at worst, and then looks again */
    uint64_t now = uv_now(calls->timer.loop);
    calls->armed = calls->first->due;
    uv_timer_start(&calls->timer, on_timer, calls->armed > now ? calls->armed - now : 0, 0);
}

static void on_timer(uv_timer_t *timer) {
    struct calls *calls = timer->data;
    calls->armed = UINT64_MAX;
    while (calls->first && calls->first->due <= uv_now(timer->loop)) calls->due(calls->first);
    arm(calls);
}

void calls_open(struct calls *calls, uv_loop_t *loop, void (*due)(struct call *call)) {
    *calls = (struct calls){.armed = UINT64_MAX, .due = due};
    uv_timer_init(loop, &calls->timer);
    calls->timer.data = calls;
}

void calls_free(struct calls *calls) {
    assert(!calls->first);
    for (uint32_t i = 0; i < calls->n; i++) {
        buffer_free(&calls->slots[i]->request);
        free(calls->slots[i]);
    }
    free(calls->slots);
}

/* Most calls have the same deadline, so their place is at the end. */
static void insert(struct calls *calls, struct call *call, uint64_t ms) {
    call->due = uv_now(calls->timer.loop) + ms;
    struct call *before = calls->last;
    while (before && before->due > call->due) before = before->before;
    call->before = before;
    call->after = before ? before->after : calls->first;
    *(before ? &before->after : &calls->first) = call;
    *(call->after ? &call->after->before : &calls->last) = call;
    arm(calls);
}

static void unlink_call(struct calls *calls, struct call *call) {
    *(call->before ? &call->before->after : &calls->first) = call->after;
    *(call->after ? &call->after->before : &calls->last) = call->before;
}

static struct call *add_slot(struct calls *calls) {
    if (calls->n == CALLS_MOST) return NULL;
    if (calls->n == calls->room) {
        calls->room = calls->room ? calls->room * 2 : 256;
        calls->slots = memory_grow(calls->slots, calls->room * sizeof *calls->slots);
    }
    struct call *call = memory_new(struct call);
    call->slot = calls->n;
    calls->slots[calls->n++] = call;
    return call;
}

struct call *calls_take(struct calls *calls, uint64_t ms) {
    struct call *call = calls->free;
    if (call)
        calls->free = call->after;
    else if (!(call = add_slot(calls)))
        return NULL;
    call->id = ++calls->serial << 16 | call->slot;
    call->started = clock_ticks();
    call->state = CALL_SENT;
    insert(calls, call, ms);
    return call;
}

void calls_move(struct calls *calls, struct call *call, uint64_t ms) {
    unlink_call(calls, call);
    insert(calls, call, ms);
}

void calls_give(struct calls *calls, struct call *call) {
    assert(call->state != CALL_FREE);
    unlink_call(calls, call);
    if (call->request.room > REQUEST_KEPT)
        buffer_free(&call->request);
    else
        buffer_clear(&call->request);
    call->state = CALL_FREE;
    call->id = 0;
    call->after = calls->free;
    calls->free = call;
}

struct call *calls_find(const struct calls *calls, uint64_t id) {
    uint32_t slot = id & (CALLS_MOST - 1);
    if (!id || slot >= calls->n || calls->slots[slot]->id != id) return NULL;
    return calls->slots[slot];
}
