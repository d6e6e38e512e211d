/* What parleyd and a worker tell each other beside calls, seen from the worker: HELLO is read; READY, PONG and METRICS are written.
 * notes.h is the other end. Knows nothing of when they are due. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_NOTES_H
#define PARLEY_CORE_PLUGINS_WORKER_NOTES_H

#include "core/plugins/worker_group.h"
#include "core/plugins/worker_sandbox.h"
#include "core/plugins/worker_wire.h"

struct hello {
    struct text name, version; /* of the release */
    struct text data, settings, libraries, secret;
    int library;
    struct sandbox_policy sandbox;
};

/* Waits for HELLO; its texts are in the arena. Negative with a sentence: it is none, or of another protocol. */
int worker_read_hello(struct hello *hello, struct wire *wire, struct arena *arena, struct error *error);
/* READY: what the release is, serves and listens to. ERR_TOO_LARGE where that needs more than a frame. */
int worker_put_ready(struct buffer *out, const struct hello *hello, struct runtime *runtime,
                     const struct sandbox *sandbox, struct error *error);
/* PONG: what it waits for, and its memory, by the open file `statm` (/proc/self/statm). */
void worker_put_pong(struct buffer *out, uint64_t id, const struct group *group, int statm);
/* HELD: who has the turn to write that this worker waits for. */
void worker_put_held(struct buffer *out, const struct writer_holder *holder);
/* METRICS, where the plugin has counted anything. */
void worker_put_metrics(struct buffer *out, struct metrics *metrics);

#endif
