#include "api/stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

struct event {
    char *bytes;
    size_t n;
    uint64_t whom; /* 0: everybody */
};

struct stream {
    struct stream_options options;
    struct event events[STREAM_REMEMBERS]; /* event number i is at i % STREAM_REMEMBERS */
    uint64_t first, next;                  /* remembered: first <= i < next; numbers start at 1 */
    uint64_t beat;
    struct listener *listeners;
    size_t listeners_n;
    bool ended;
};

struct stream *stream_new(const struct stream_options *options) {
    struct stream *stream = memory_new(struct stream);
    stream->options = *options;
    stream->first = stream->next = 1;
    return stream;
}

void stream_free(struct stream *stream) {
    if (!stream) return;
    for (int i = 0; i < STREAM_REMEMBERS; i++) free(stream->events[i].bytes);
    free(stream);
}

static void wake(struct listener *listener) {
    if (!listener->asleep) return;
    listener->asleep = false;
    listener->wake(listener);
}

static void wake_all(struct stream *stream) {
    for (struct listener *l = stream->listeners, *next; l; l = next) {
        next = l->next;
        wake(l);
    }
}

/* Who has not read the oldest event when it makes room is cut off: the next read says so. */
static void drop_oldest(struct stream *stream) {
    uint64_t oldest = stream->first++;
    free(stream->events[oldest % STREAM_REMEMBERS].bytes);
    for (struct listener *l = stream->listeners; l; l = l->next) {
        if (l->at > oldest || l->lost) continue;
        l->lost = true;
        count(stream->options.dropped, 1);
    }
}

/* Who has read everything before an event that is not for her has read that one too. */
static void tell_all(struct stream *stream, uint64_t whom) {
    for (struct listener *l = stream->listeners, *next; l; l = next) {
        next = l->next;
        if (!whom || l->whom == whom)
            wake(l);
        else if (l->at == stream->next - 1)
            l->at++;
    }
}

void stream_publish(struct stream *stream, const char *event, struct text data) {
    stream_publish_to(stream, 0, event, data);
}

void stream_publish_to(struct stream *stream, uint64_t whom, const char *event, struct text data) {
    struct buffer out = {0};
    if (stream->next - stream->first == STREAM_REMEMBERS) drop_oldest(stream);
    buffer_printf(&out, "id: %llx-%llu\n", (unsigned long long)stream->options.epoch, (unsigned long long)stream->next);
    if (event) buffer_printf(&out, "event: %s\n", event);
    buffer_printf(&out, "data: %.*s\n\n", TEXT_ARGS(data));
    struct event *slot = &stream->events[stream->next++ % STREAM_REMEMBERS];
    slot->bytes = buffer_take(&out, &slot->n);
    slot->whom = whom;
    tell_all(stream, whom);
}

void stream_beat(struct stream *stream) {
    stream->beat++;
    wake_all(stream);
}

void stream_end(struct stream *stream) {
    stream->ended = true;
    wake_all(stream);
}

/* The number after the event that `last` names; 0 where it is not remembered or was never ours. */
static uint64_t number_after(const struct stream *stream, struct text last) {
    struct text epoch, number;
    char ours[24];
    int64_t n = 0;
    snprintf(ours, sizeof ours, "%llx", (unsigned long long)stream->options.epoch);
    if (!text_cut(last, '-', &epoch, &number) || !text_is(epoch, ours) || !text_to_int(number, &n) || n < 0) return 0;
    uint64_t after = (uint64_t)n + 1;
    return after >= stream->first && after <= stream->next ? after : 0;
}

void stream_join(struct stream *stream, struct listener *listener, struct text last, bool missed) {
    uint64_t from = last.n ? number_after(stream, last) : stream->next;
    if (!from) {
        from = stream->next;
        missed = true;
    }
    listener->stream = stream;
    listener->at = from;
    listener->beat = stream->beat;
    /* An id without data moves the client's Last-Event-ID and is no event: so even who never saw one misses none. */
    snprintf(listener->greeting, sizeof listener->greeting, "retry: 2000\nid: %llx-%llu\n%s%s\n",
             (unsigned long long)stream->options.epoch, (unsigned long long)from - 1,
             missed ? stream->options.missed : "", missed ? "\n" : "");
    listener->next = stream->listeners;
    if (listener->next) listener->next->previous = listener;
    stream->listeners = listener;
    stream->listeners_n++;
    count(stream->options.gauge, 1);
}

void stream_leave(struct listener *listener) {
    if (listener->next) listener->next->previous = listener->previous;
    *(listener->previous ? &listener->previous->next : &listener->stream->listeners) = listener->next;
    listener->stream->listeners_n--;
    count(listener->stream->options.gauge, -1);
}

size_t stream_listeners(const struct stream *stream) {
    return stream->listeners_n;
}

/* What is left of `whole` after the bytes read so far, as far as there is room; true once all of it is read. */
static bool take(struct listener *listener, struct text whole, char *out, size_t room, size_t *n) {
    size_t part = whole.n - listener->read;
    if (part > room - *n) part = room - *n;
    memcpy(out + *n, whole.at + listener->read, part);
    *n += part;
    listener->read += part;
    if (listener->read < whole.n) return false;
    listener->read = 0;
    return true;
}

ssize_t stream_read(struct listener *listener, char *out, size_t room) {
    struct stream *stream = listener->stream;
    size_t n = 0;
    if (stream->ended || listener->lost) return STREAM_ENDED;
    if (!listener->greeted) listener->greeted = take(listener, text_of(listener->greeting), out, room, &n);
    while (listener->greeted && listener->at < stream->next) {
        const struct event *event = &stream->events[listener->at % STREAM_REMEMBERS];
        if (event->whom && event->whom != listener->whom) {
            listener->at++;
            continue;
        }
        if (!take(listener, text_n(event->bytes, event->n), out, room, &n)) break;
        listener->at++;
    }
    static const char comment[] = ":\n\n";
    if (!n && listener->beat != stream->beat && room >= sizeof comment - 1) {
        memcpy(out, comment, sizeof comment - 1);
        n = sizeof comment - 1;
    }
    listener->beat = stream->beat;
    listener->asleep = !n;
    return (ssize_t)n;
}
