/* What goes over the channel between parleyd and a worker: length-prefixed frames on a stream socket pair. Both sides encode
 * and decode with these functions; whatever comes from a worker is treated as hostile (every length is checked, an unknown
 * type or a bad frame ends that worker). Knows nothing of sockets or processes. */
#ifndef PARLEY_CORE_PLUGINS_FRAMES_H
#define PARLEY_CORE_PLUGINS_FRAMES_H

#include "core/base/buffer.h"
#include "core/base/error.h"

enum {
    FRAME_HEADER = 16,                         /* u32 payload bytes, u16 type, u16 zero, u64 id; little-endian */
    FRAME_MAX_PAYLOAD = (1 << 20) + (1 << 16), /* 1 MiB + 64 KiB */
    FRAME_PROTOCOL = 1,
};

enum frame_type {
    /* parleyd to worker */
    /* JSON {protocol, plugin, version, library (an fd), libraries (further ones it may need), data (a folder), settings}: load and
     * start; id 0 */
    FRAME_HELLO = 1,
    FRAME_REQUEST = 2, /* struct frame_request; answered by FRAME_REPLY with the same id */
    FRAME_PING = 3,    /* answered by FRAME_PONG */
    FRAME_KEPT = 4,    /* id: every effect up to this outbox number is durable in parleyd; the worker may delete them */
    FRAME_STOP = 5,    /* finish what is held, then stop and exit 0 */
    FRAME_EXPORT = 6,  /* payload: customer id; answered by FRAME_REPLY with JSON */
    FRAME_FORGET = 7,  /* payload: customer id; answered by FRAME_REPLY */
    /* JSON {after, upto, events: [{seq, event, customer, known, ...}]}: what the release subscribed to among the journal's rows behind
     * `after`, where the plugin's database is taken to stand (-1: nowhere yet), up to `upto`. Answered by FRAME_REPLY with
     * {position, ran, failed}: where it stands now. That is `after` of the next batch, wherever it is. */
    FRAME_EVENTS = 8,
    FRAME_ANSWER = 9,     /* struct frame_reply, to the ask of that id */
    FRAME_CONFIGURE = 10, /* JSON: the plugin's own settings from now on; answered by FRAME_REPLY */
    /* worker to parleyd */
    /* JSON {name, version, abi: [major, minor], routes: [{method, path, writes, shopper, staff, hook}], subscribes: [names],
     * position: seq or -1}: started and healthy */
    FRAME_READY = 64,
    FRAME_FAILED =
        65, /* text: why loading or starting failed; id: the error's number, -code; the worker exits after it */
    FRAME_REPLY = 66, /* struct frame_reply */
    FRAME_PONG = 67,  /* JSON {waiting: [...], queued: writes, memory: bytes}: also what it waits for */
    /* id = outbox number, never given twice in one plugin's database; JSON {kind, customer, known, feature, variant, at (ms), ...}:
     * kind "track" has {event, properties}, "timeline" has {entry: {kind, body, refs}}, "identify" has {traits}, "erase" nothing more, "notify" has {topic};
     * own: the customer did it herself, in the shop. May come again after a crash. */
    FRAME_EFFECT = 68,
    FRAME_LOG = 69,     /* u8 level, then text */
    FRAME_METRICS = 71, /* JSON [{name, count} or {name, sum, buckets}]: the plugin's own, since the last time */
    /* JSON {ask: "traits", "consent", "entries", "ids", "find" or "contact", customer, kinds, before, limit, word, why, channel, feature}; answered by FRAME_ANSWER. The worker waits. */
    FRAME_ASK = 72,
    FRAME_HELD = 73,  /* id: the pid that has the writer lock while this worker waits; JSON {ms: for so long} */
    FRAME_ALONE = 70, /* like FRAME_FAILED: it could start if no other release worked on the database */
};

struct frame {
    enum frame_type type;
    uint64_t id; /* slot and generation of the sender's table; never a pointer */
    struct text payload;
};

/* Appends one frame. The payload must not be over FRAME_MAX_PAYLOAD. */
void frame_put(struct buffer *out, enum frame_type type, uint64_t id, struct text payload);
/* The same without a copy of the payload: frame_open reserves the header and returns where the frame begins; what is then
 * appended is the payload; frame_close writes its size. 0, or ERR_TOO_LARGE over FRAME_MAX_PAYLOAD: `out` is as it was. */
size_t frame_open(struct buffer *out, enum frame_type type, uint64_t id);
int frame_close(struct buffer *out, size_t start);
/* Takes the next whole frame from the front of `in` and moves *used behind it. 1: a frame (its payload borrowed from `in`),
 * 0: more bytes are needed, ERR_INVALID: not a frame (too long, nonzero reserved bits). */
int frame_take(struct text in, size_t *used, struct frame *frame, struct error *error);

/* A shopper's or the staff's call. Texts are UTF-8, borrowed from the frame. */
struct frame_request {
    struct text method;   /* "GET" ... */
    struct text path;     /* "/polls/p1/vote": what follows the feature's or the plugin's prefix, percent-decoded */
    struct text query;    /* raw query string, without '?' */
    struct text customer; /* unit: customer id or anonymous id; empty for staff without one */
    struct text agent;    /* name of the staff's token; empty for shoppers */
    struct text feature, variant;
    struct text attributes; /* JSON object of the context that the variant was decided by; "" where there is none */
    struct text settings;   /* JSON of the variant's settings, "{}" where there are none */
    struct text headers;    /* of a webhook: JSON object of the declared ones, names in lower case; else "" */
    struct text body;       /* as sent; "" where there is none */
    int64_t now;            /* ms */
    bool staff;             /* came by the staff's route */
    bool hook;              /* came as a webhook, from anybody */
    bool known;             /* the customer is known (JWT, server), not anonymous */
};
void frame_request_encode(struct buffer *out, const struct frame_request *request);
int frame_request_decode(struct text payload, struct frame_request *request, struct error *error);

struct frame_reply {
    int status; /* HTTP, 200..599 */
    struct text content_type;
    struct text body;
    struct text allow; /* of 405: the methods that the path takes */
};
void frame_reply_encode(struct buffer *out, const struct frame_reply *reply);
int frame_reply_decode(struct text payload, struct frame_reply *reply, struct error *error);

#endif
