#include "core/plugins/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_ROOM = 64 << 10,    /* the least that is read at once */
    READS_A_TURN = 4,        /* so that a flooding worker does not keep the loop */
    BUFFER_KEPT = 256 << 10, /* a larger buffer is given back once empty */
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void listen_for(struct channel *channel) {
    int events = (channel->paused || channel->ended ? 0 : UV_READABLE) | (channel->blocked ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&channel->poll, events, on_ready);
    else
        uv_poll_stop(&channel->poll);
}

static void let_go_of_large(struct buffer *b) {
    if (b->room > BUFFER_KEPT)
        buffer_free(b);
    else
        buffer_clear(b);
}

/* Under a load that never lets it run empty, what is gone must not pile up. */
static void compact(struct channel *channel) {
    memmove(channel->out.at, channel->out.at + channel->sent, channel_queued(channel));
    channel->out.n -= channel->sent;
    channel->cleared += channel->sent;
    channel->sent = 0;
}

static void write_out(struct channel *channel) {
    bool was_blocked = channel->blocked;
    channel->blocked = false;
    while (channel_queued(channel) && !channel->deaf) {
        ssize_t n = send(channel->fd, channel->out.at + channel->sent, channel_queued(channel), MSG_NOSIGNAL);
        if (n > 0)
            channel->sent += (size_t)n;
        else if (errno == EAGAIN) {
            channel->blocked = true;
            break;
        } else if (errno != EINTR)
            channel->deaf = true; /* reading tells why, and ends the channel */
    }
    if (!channel_queued(channel) || channel->deaf) {
        channel->cleared += channel->out.n;
        let_go_of_large(&channel->out);
        channel->sent = 0;
    } else if (channel->sent > CHANNEL_QUEUE)
        compact(channel);
    if (channel->blocked != was_blocked) listen_for(channel);
}

static void deliver(struct channel *channel);

static void flush(struct channels *all) {
    while (all->dirty) {
        struct channel *channel = all->dirty;
        all->dirty = channel->next_dirty;
        channel->is_dirty = false;
        if (channel->fd >= 0 && !channel->blocked) write_out(channel);
        if (channel->fd >= 0 && channel->resumed) {
            channel->resumed = false;
            deliver(channel);
        }
    }
}

static void on_prepare(uv_prepare_t *prepare) {
    flush(prepare->data);
}

static void on_check(uv_check_t *check) {
    flush(check->data);
}

void channels_open(struct channels *all, uv_loop_t *loop) {
    *all = (struct channels){.dirty = NULL};
    uv_prepare_init(loop, &all->prepare);
    uv_check_init(loop, &all->check);
    all->prepare.data = all->check.data = all;
    uv_prepare_start(&all->prepare, on_prepare);
    uv_check_start(&all->check, on_check);
    uv_unref((uv_handle_t *)&all->prepare);
    uv_unref((uv_handle_t *)&all->check);
}

static void end(struct channel *channel, const char *why) {
    channel->ended = true;
    listen_for(channel);
    channel->events->broken(channel->user, why);
}

static void deliver(struct channel *channel) {
    size_t done = 0;
    while (channel->fd >= 0 && !channel->ended && !channel->paused) {
        struct frame frame;
        struct error error = {0};
        size_t used;
        int got = frame_take(text_n(channel->in.at + done, channel->in.n - done), &used, &frame, &error);
        if (got < 0) {
            char why[sizeof error.detail + 8];
            snprintf(why, sizeof why, "sent %s", error.detail);
            end(channel, why);
            return;
        }
        if (!got) break;
        done += used;
        channel->events->frame(channel->user, &frame);
    }
    if (channel->fd < 0) return;
    channel->in.n -= done;
    if (!channel->in.n)
        let_go_of_large(&channel->in);
    else if (done)
        memmove(channel->in.at, channel->in.at + done, channel->in.n);
}

/* False when nothing more is there for now. */
static bool read_some(struct channel *channel) {
    char *room = buffer_reserve(&channel->in, READ_ROOM);
    ssize_t n = read(channel->fd, room, channel->in.room - channel->in.n);
    if (n > 0) {
        channel->in.n += (size_t)n;
        bool filled = channel->in.n == channel->in.room;
        deliver(channel);
        return filled;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    end(channel, "closed its channel");
    return false;
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    struct channel *channel = poll->data;
    if (events & UV_WRITABLE) write_out(channel);
    if (status < 0 || events & UV_READABLE)
        for (int i = 0; i < READS_A_TURN && channel->fd >= 0 && !channel->ended && !channel->paused; i++)
            if (!read_some(channel)) break;
}

int channel_open(struct channel *channel, struct channels *all, int fd, const struct channel_events *events,
                 void *user) {
    *channel = (struct channel){.fd = fd, .all = all, .events = events, .user = user};
    int failed = uv_poll_init(all->prepare.loop, &channel->poll, fd);
    if (failed) {
        close(fd);
        channel->fd = -1;
        return failed;
    }
    channel->poll.data = channel;
    listen_for(channel);
    return 0;
}

void channel_close(struct channel *channel, uv_close_cb closed) {
    if (channel->is_dirty)
        for (struct channel **p = &channel->all->dirty; *p; p = &(*p)->next_dirty)
            if (*p == channel) {
                *p = channel->next_dirty;
                break;
            }
    uv_close((uv_handle_t *)&channel->poll, closed);
    close(channel->fd);
    channel->fd = -1;
}

void channel_free(struct channel *channel) {
    buffer_free(&channel->in);
    buffer_free(&channel->out);
}

void channel_touch(struct channel *channel) {
    if (channel->is_dirty || channel->fd < 0) return;
    channel->is_dirty = true;
    channel->next_dirty = channel->all->dirty;
    channel->all->dirty = channel;
}

void channel_finish(struct channel *channel) {
    channel_resume(channel);
    while (channel->fd >= 0 && !channel->ended && read_some(channel)) continue;
}

void channel_pause(struct channel *channel) {
    channel->paused = true;
    if (channel->fd >= 0) listen_for(channel);
}

void channel_resume(struct channel *channel) {
    if (!channel->paused || channel->fd < 0) return;
    channel->paused = false;
    channel->resumed = true;
    listen_for(channel);
    channel_touch(channel);
}
