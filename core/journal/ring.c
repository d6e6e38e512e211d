#include "core/journal/ring.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/memory.h"

struct ring {
    size_t room;                            /* a power of two */
    _Alignas(64) _Atomic uint64_t filled;   /* bytes ever put; the sender moves it */
    _Alignas(64) _Atomic uint64_t released; /* bytes ever given back; the receiver moves it */
    _Alignas(64) char bytes[];
};

/* A frame lies in one piece; `size` 0 marks that the rest up to the end is left empty. */
struct frame {
    uint32_t size; /* with this head, rounded up to 8 */
    uint32_t cause;
    int64_t at;
    int32_t epoch;
    uint32_t experiment, salt, unit, variant, attributes; /* lengths; their bytes follow in this order */
    uint32_t has_attributes;
};

struct ring *ring_new(size_t bytes) {
    assert(bytes >= 4096 && (bytes & (bytes - 1)) == 0);
    struct ring *ring = aligned_alloc(64, sizeof *ring + bytes);
    if (!ring) abort();
    memset(ring, 0, sizeof *ring);
    ring->room = bytes;
    return ring;
}

void ring_free(struct ring *ring) {
    free(ring);
}

static char *put(char *to, struct text t) {
    if (t.n) memcpy(to, t.at, t.n);
    return to + t.n;
}

bool ring_push(struct ring *ring, const struct journal_exposure *e) {
    size_t size = sizeof(struct frame) + e->experiment.n + e->salt.n + e->unit.n + e->variant.n + e->attributes.n;
    size = (size + 7) & ~(size_t)7;
    uint64_t filled = atomic_load_explicit(&ring->filled, memory_order_relaxed);
    uint64_t released = atomic_load_explicit(&ring->released, memory_order_acquire);
    size_t at = filled & (ring->room - 1), to_end = ring->room - at, skip = size > to_end ? to_end : 0;
    if (filled - released + skip + size > ring->room) return false;
    if (skip) {
        memset(ring->bytes + at, 0, sizeof(uint32_t));
        at = 0;
    }
    struct frame frame = {
        .size = (uint32_t)size,
        .cause = e->cause,
        .at = e->at,
        .epoch = e->epoch,
        .experiment = (uint32_t)e->experiment.n,
        .salt = (uint32_t)e->salt.n,
        .unit = (uint32_t)e->unit.n,
        .variant = (uint32_t)e->variant.n,
        .attributes = (uint32_t)e->attributes.n,
        .has_attributes = e->attributes.at != NULL,
    };
    memcpy(ring->bytes + at, &frame, sizeof frame);
    char *to = ring->bytes + at + sizeof frame;
    to = put(put(put(to, e->experiment), e->salt), e->unit);
    put(put(to, e->variant), e->attributes);
    /* Sequentially consistent, as is the receiver's look before it sleeps: one of the two sees the other. */
    atomic_store(&ring->filled, filled + skip + size);
    return true;
}

uint64_t ring_start(const struct ring *ring) {
    return atomic_load_explicit(&ring->released, memory_order_relaxed);
}

static struct text take(const char **from, uint32_t n) {
    struct text t = {*from, n};
    *from += n;
    return t;
}

bool ring_peek(const struct ring *ring, uint64_t *place, struct journal_exposure *e) {
    uint64_t filled = atomic_load(&ring->filled);
    if (*place == filled) return false;
    size_t at = *place & (ring->room - 1);
    struct frame frame = {0};
    memcpy(&frame, ring->bytes + at, sizeof frame.size);
    if (frame.size == 0) {
        *place += ring->room - at;
        at = 0;
    }
    memcpy(&frame, ring->bytes + at, sizeof frame);
    const char *from = ring->bytes + at + sizeof frame;
    *e = (struct journal_exposure){.at = frame.at, .epoch = frame.epoch, .cause = frame.cause};
    e->experiment = take(&from, frame.experiment);
    e->salt = take(&from, frame.salt);
    e->unit = take(&from, frame.unit);
    e->variant = take(&from, frame.variant);
    e->attributes = frame.has_attributes ? take(&from, frame.attributes) : TEXT_NONE;
    *place += frame.size;
    return true;
}

void ring_release(struct ring *ring, uint64_t place) {
    atomic_store_explicit(&ring->released, place, memory_order_release);
}
