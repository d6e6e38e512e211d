/* parleyd's end of a worker's channel: a stream socket on the loop, frames in, frames out. What is put during one turn of
 * the loop goes out in one write; what comes in is parsed where it was read. Knows nothing of processes or requests. */
#ifndef PARLEY_CORE_PLUGINS_CHANNEL_H
#define PARLEY_CORE_PLUGINS_CHANNEL_H

#include <uv.h>

#include "core/plugins/frames.h"

enum { CHANNEL_QUEUE = 1 << 20 }; /* bytes that may wait for a worker before it is called busy */

/* All channels of a loop, written to once per wake-up. */
struct channels {
    uv_prepare_t prepare;
    uv_check_t check;
    struct channel *dirty; /* have something to write */
};

struct channel_events {
    /* A whole frame; its payload is borrowed until the function returns. It may close the channel. */
    void (*frame)(void *user, const struct frame *frame);
    /* The other side is gone or sends no frames; `why` is a sentence's end ("closed its channel"). Nothing follows. */
    void (*broken)(void *user, const char *why);
};

struct channel {
    uv_poll_t poll; /* closing it is the last thing that happens: see channel_close */
    int fd;         /* -1: closed */
    struct channels *all;
    struct channel *next_dirty;
    bool is_dirty, blocked, deaf, paused, resumed, ended;
    struct buffer in, out;
    size_t sent;      /* bytes of `out` that are gone */
    uint64_t cleared; /* bytes that were in `out` before it was last emptied */
    const struct channel_events *events;
    void *user;
};

/* The two handles are the caller's to close, after the last channel. */
void channels_open(struct channels *all, uv_loop_t *loop);

/* Takes `fd`, a non-blocking stream socket. `events` and `user` are borrowed. 0 or a libuv error (fd is then closed). */
int channel_open(struct channel *channel, struct channels *all, int fd, const struct channel_events *events,
                 void *user);
/* Closes the socket at once. `closed` gets the poll handle once the loop has let go; then call channel_free. */
void channel_close(struct channel *channel, uv_close_cb closed);
void channel_free(struct channel *channel);

/* Frames go here, by frame_put or frame_open; channel_touch has them written before the loop sleeps. */
static inline struct buffer *channel_out(struct channel *channel) {
    return &channel->out;
}
void channel_touch(struct channel *channel);
/* Bytes put but not yet taken by the worker. */
static inline size_t channel_queued(const struct channel *channel) {
    return channel->out.n - channel->sent;
}
/* How many bytes were put so far. */
static inline uint64_t channel_position(const struct channel *channel) {
    return channel->cleared + channel->out.n;
}
/* Reads and delivers what is there already: for a worker that has exited. */
void channel_finish(struct channel *channel);
/* Stops reading and delivering (the worker then waits), and starts again before the loop sleeps. */
void channel_pause(struct channel *channel);
void channel_resume(struct channel *channel);

#endif
