#include "core/plugins/frames.h"

#include <assert.h>
#include <endian.h>

static void put_u32(struct buffer *out, uint32_t value) {
    value = htole32(value);
    buffer_put(out, &value, sizeof value);
}

static void put_u64(struct buffer *out, uint64_t value) {
    value = htole64(value);
    buffer_put(out, &value, sizeof value);
}

static void put_text(struct buffer *out, struct text t) {
    put_u32(out, (uint32_t)t.n);
    buffer_text(out, t);
}

static bool get(struct text *in, void *out, size_t n) {
    if (in->n < n) return false;
    memcpy(out, in->at, n);
    *in = text_n(in->at + n, in->n - n);
    return true;
}

static bool get_u32(struct text *in, uint32_t *value) {
    if (!get(in, value, sizeof *value)) return false;
    *value = le32toh(*value);
    return true;
}

static bool get_text(struct text *in, struct text *out) {
    uint32_t n;
    if (!get_u32(in, &n) || in->n < n) return false;
    *out = text_n(in->at, n);
    *in = text_n(in->at + n, in->n - n);
    return true;
}

void frame_put(struct buffer *out, enum frame_type type, uint64_t id, struct text payload) {
    assert(payload.n <= FRAME_MAX_PAYLOAD);
    put_u32(out, (uint32_t)payload.n);
    put_u32(out, (uint32_t)type); /* u16 type and u16 zero */
    put_u64(out, id);
    buffer_text(out, payload);
}

size_t frame_open(struct buffer *out, enum frame_type type, uint64_t id) {
    size_t start = out->n;
    put_u32(out, 0); /* written by frame_close */
    put_u32(out, (uint32_t)type);
    put_u64(out, id);
    return start;
}

int frame_close(struct buffer *out, size_t start) {
    size_t n = out->n - start - FRAME_HEADER;
    if (n > FRAME_MAX_PAYLOAD) {
        out->n = start;
        return ERR_TOO_LARGE;
    }
    uint32_t size = htole32((uint32_t)n);
    memcpy(out->at + start, &size, sizeof size);
    return 0;
}

int frame_take(struct text in, size_t *used, struct frame *frame, struct error *error) {
    uint32_t n, type;
    uint64_t id;
    struct text rest = in;
    if (!get_u32(&rest, &n) || !get_u32(&rest, &type) || !get(&rest, &id, sizeof id)) return 0;
    if (n > FRAME_MAX_PAYLOAD)
        return error_set(error, ERR_INVALID, "a frame of %u bytes; at most %d", n, FRAME_MAX_PAYLOAD);
    if (type > 0xFFFF) return error_set(error, ERR_INVALID, "a frame's reserved bits are set");
    if (rest.n < n) return 0;
    *frame = (struct frame){(enum frame_type)type, le64toh(id), text_n(rest.at, n)};
    *used = FRAME_HEADER + n;
    return 1;
}

enum { REQUEST_STAFF = 1, REQUEST_KNOWN = 2, REQUEST_HOOK = 4 };

void frame_request_encode(struct buffer *out, const struct frame_request *r) {
    put_u64(out, (uint64_t)r->now);
    put_u32(out, (r->staff ? REQUEST_STAFF : 0u) | (r->known ? REQUEST_KNOWN : 0u) | (r->hook ? REQUEST_HOOK : 0u));
    const struct text texts[] = {r->method,  r->path,       r->query,    r->customer, r->agent, r->feature,
                                 r->variant, r->attributes, r->settings, r->headers,  r->body};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put_text(out, texts[i]);
}

int frame_request_decode(struct text in, struct frame_request *r, struct error *error) {
    uint64_t now;
    uint32_t flags;
    struct text *const texts[] = {&r->method,  &r->path,       &r->query,    &r->customer, &r->agent, &r->feature,
                                  &r->variant, &r->attributes, &r->settings, &r->headers,  &r->body};
    bool whole = get(&in, &now, sizeof now) && get_u32(&in, &flags);
    for (size_t i = 0; whole && i < sizeof texts / sizeof *texts; i++) whole = get_text(&in, texts[i]);
    if (!whole || in.n) return error_set(error, ERR_INVALID, "a request frame has the wrong length");
    r->now = (int64_t)le64toh(now);
    r->staff = flags & REQUEST_STAFF;
    r->known = flags & REQUEST_KNOWN;
    r->hook = flags & REQUEST_HOOK;
    return 0;
}

void frame_reply_encode(struct buffer *out, const struct frame_reply *reply) {
    put_u32(out, (uint32_t)reply->status);
    put_text(out, reply->content_type);
    put_text(out, reply->body);
    put_text(out, reply->allow);
}

int frame_reply_decode(struct text in, struct frame_reply *reply, struct error *error) {
    uint32_t status;
    if (!get_u32(&in, &status) || !get_text(&in, &reply->content_type) || !get_text(&in, &reply->body) ||
        !get_text(&in, &reply->allow) || in.n)
        return error_set(error, ERR_INVALID, "a reply frame has the wrong length");
    if (status < 200 || status > 599) return error_set(error, ERR_INVALID, "a reply with status %u", status);
    reply->status = (int)status;
    return 0;
}
