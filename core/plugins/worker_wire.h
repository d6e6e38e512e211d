/* The worker's end of the channel: whatever bytes wait are read at once, and everything written in a wake-up leaves in one
 * write. Knows nothing of what the frames mean. Loop thread only. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_WIRE_H
#define PARLEY_CORE_PLUGINS_WORKER_WIRE_H

#include <uv.h>

#include "core/plugins/frames.h"

struct wire {
    int fd; /* owned */
    struct buffer in, out;
    size_t taken; /* bytes of `in` whose frames were handled in this wake-up */
    size_t sent;  /* of out */
    uv_poll_t poll;
    int watched; /* UV_READABLE, UV_WRITABLE */
    void (*on_ready)(struct wire *wire);
    void *owner;
};

void wire_init(struct wire *wire, int fd);
/* Before the loop runs: the next frame, and everything in `out`; both wait. ERR_IO when the other side is gone. */
int wire_wait_frame(struct wire *wire, struct frame *frame, size_t *used, struct error *error);
int wire_wait_sent(struct wire *wire, struct error *error);

/* From here on it does not wait. on_ready is called when it can be read, when more can be sent, when the other side has gone. */
void wire_start(struct wire *wire, uv_loop_t *loop, void (*on_ready)(struct wire *wire), void *owner);
void wire_watch(struct wire *wire, int events); /* UV_READABLE, UV_WRITABLE; 0: nothing any more */
/* Reads what is there into `in`: bytes read, 0 nothing new, or ERR_IO: the other side is gone. */
int wire_read(struct wire *wire);
/* Sends, and waits up to `ms` for the frame of that type and id behind what was taken; others stay where they are. Its payload is borrowed
 * until the next read. ERR_TIMEOUT, ERR_IO, ERR_INVALID. */
int wire_await(struct wire *wire, enum frame_type type, uint64_t id, int ms, struct frame *frame, struct error *error);
/* Forgets the first `used` bytes of `in`. */
void wire_consumed(struct wire *wire, size_t used);
/* Sends `out`; what the socket does not take goes when it can. ERR_IO: the other side is gone. */
int wire_flush(struct wire *wire);
void wire_stop(struct wire *wire); /* the loop must turn once afterwards */
void wire_free(struct wire *wire);

#endif
