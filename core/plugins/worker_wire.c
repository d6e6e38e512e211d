#include "core/plugins/worker_wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"

enum {
    READ_AT_ONCE = 64 << 10,
    KEEP_AT_MOST = 256 << 10, /* a buffer that a rare large frame made grow is given back */
};

void wire_init(struct wire *wire, int fd) {
    *wire = (struct wire){.fd = fd};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK); /* until wire_start */
}

static int gone(struct error *error) {
    return error_set(error, ERR_IO, "parleyd has closed the channel");
}

int wire_wait_frame(struct wire *wire, struct frame *frame, size_t *used, struct error *error) {
    int rc;
    while ((rc = frame_take(buffer_view(&wire->in), used, frame, error)) == 0)
        if (wire_read(wire) <= 0) return gone(error);
    return rc < 0 ? rc : 0;
}

int wire_wait_sent(struct wire *wire, struct error *error) {
    int rc = wire_flush(wire);
    return rc < 0 ? gone(error) : 0;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct wire *wire = poll->data;
    wire->on_ready(wire);
}

void wire_watch(struct wire *wire, int events) {
    if (wire->watched == events) return;
    wire->watched = events;
    if (events)
        uv_poll_start(&wire->poll, events, on_poll);
    else
        uv_poll_stop(&wire->poll);
}

void wire_start(struct wire *wire, uv_loop_t *loop, void (*on_ready)(struct wire *wire), void *owner) {
    wire->on_ready = on_ready;
    wire->owner = owner;
    int rc = uv_poll_init(loop, &wire->poll, wire->fd); /* makes it non-blocking */
    assert(rc == 0);
    wire->poll.data = wire;
    wire_watch(wire, UV_READABLE);
}

int wire_read(struct wire *wire) {
    char *at = buffer_reserve(&wire->in, READ_AT_ONCE);
    ssize_t n;
    do n = read(wire->fd, at, wire->in.room - wire->in.n);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    if (n <= 0) return ERR_IO;
    wire->in.n += (size_t)n;
    return (int)n;
}

/* The frame among those that came, from *at on, which moves behind those that are others. */
static int find_frame(const struct wire *wire, size_t *at, enum frame_type type, uint64_t id, struct frame *frame,
                      struct error *error) {
    size_t used;
    int rc;
    struct text in = buffer_view(&wire->in);
    while ((rc = frame_take(text_n(in.at + *at, in.n - *at), &used, frame, error)) > 0) {
        *at += used;
        if (frame->type == type && frame->id == id) return 1;
    }
    return rc;
}

int wire_await(struct wire *wire, enum frame_type type, uint64_t id, int ms, struct frame *frame, struct error *error) {
    size_t at = wire->taken;
    uint64_t end = clock_ticks() + (uint64_t)ms * 1000000;
    for (;;) {
        int rc = find_frame(wire, &at, type, id, frame, error);
        if (rc != 0) return rc < 0 ? rc : 0;
        if (wire_flush(wire) < 0) return gone(error);
        uint64_t now = clock_ticks();
        if (now >= end) return error_set(error, ERR_TIMEOUT, "no answer within %d ms", ms);
        struct pollfd ready = {wire->fd, (short)(POLLIN | (wire->out.n ? POLLOUT : 0)), 0};
        if (poll(&ready, 1, (int)((end - now) / 1000000) + 1) > 0 && ready.revents & ~POLLOUT && wire_read(wire) < 0)
            return gone(error);
    }
}

void wire_consumed(struct wire *wire, size_t used) {
    struct buffer *in = &wire->in;
    in->n -= used;
    if (in->n) memmove(in->at, in->at + used, in->n);
    if (!in->n && in->room > KEEP_AT_MOST) buffer_free(in);
}

int wire_flush(struct wire *wire) {
    struct buffer *out = &wire->out;
    while (wire->sent < out->n) {
        ssize_t n = send(wire->fd, out->at + wire->sent, out->n - wire->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            wire_watch(wire, UV_READABLE | UV_WRITABLE);
            return 0;
        }
        if (n < 0) return ERR_IO;
        wire->sent += (size_t)n;
    }
    wire->sent = 0;
    buffer_clear(out);
    if (out->room > KEEP_AT_MOST) buffer_free(out);
    if (wire->watched) wire_watch(wire, UV_READABLE);
    return 0;
}

void wire_stop(struct wire *wire) {
    uv_poll_stop(&wire->poll);
    uv_close((uv_handle_t *)&wire->poll, NULL);
}

void wire_free(struct wire *wire) {
    close(wire->fd);
    buffer_free(&wire->in);
    buffer_free(&wire->out);
}
