/* One topic of server-sent events: a ring of recent events and whoever listens. A listener is a place in the ring, so an
 * event costs its bytes once, however many listen; who falls behind the ring is cut off and comes back with Last-Event-ID.
 * Knows nothing of HTTP or of what the events mean. Loop thread. */
#ifndef PARLEY_API_STREAM_H
#define PARLEY_API_STREAM_H

#include <sys/types.h>

#include "core/base/telemetry.h"
#include "core/base/text.h"

enum { STREAM_REMEMBERS = 1024, STREAM_GREETING = 256, STREAM_ENDED = -1 };

struct stream;

/* Owned by whoever listens, from stream_join to stream_leave. */
struct listener {
    struct stream *stream;
    struct listener *next, *previous;
    void (*wake)(struct listener *listener); /* there is something to read again; once after each empty read */
    uint64_t whom; /* what is addressed to this is for it, too; 0: only what is for everybody */
    uint64_t at;   /* the event it reads */
    size_t read;   /* bytes of that event, or of the greeting, that it has */
    uint64_t beat;
    bool asleep, greeted, lost;
    char greeting[STREAM_GREETING];
};

struct stream_options {
    int64_t epoch;           /* tells this process's event ids from an earlier one's: its start, ms */
    const char *missed;      /* SSE lines for a listener whose Last-Event-ID is no longer remembered */
    struct counter *dropped; /* listeners that fell behind */
    struct counter *gauge;   /* listeners now */
};

struct stream *stream_new(const struct stream_options *options);
/* Nobody may be listening any more. */
void stream_free(struct stream *stream);
/* Appends an event and wakes who waits. `event` is its name, or NULL for "message"; `data` has no line ends. */
void stream_publish(struct stream *stream, const char *event, struct text data);
/* The same for listeners with that `whom` alone; the others neither wake nor fall behind. */
void stream_publish_to(struct stream *stream, uint64_t whom, const char *event, struct text data);
/* Lets everybody write a comment, so that proxies and both ends see a living connection. */
void stream_beat(struct stream *stream);
/* Every listener reads STREAM_ENDED from now on. */
void stream_end(struct stream *stream);

/* Listens from now on, or from after the event `last` (a Last-Event-ID; n is 0 for none). `missed`: it is told so at once. */
void stream_join(struct stream *stream, struct listener *listener, struct text last, bool missed);
size_t stream_listeners(const struct stream *stream); /* how many there are now */
/* Copies what there is for this listener; 0: nothing, it will be woken; STREAM_ENDED: close the connection. */
ssize_t stream_read(struct listener *listener, char *out, size_t room);
void stream_leave(struct listener *listener);

#endif
