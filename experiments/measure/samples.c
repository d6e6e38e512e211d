#include "experiments/measure/samples.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"

static const double width = 0.00995033085316808285; /* ln 1.01 */

uint16_t sample_bucket(int64_t micros) {
    if (micros <= 0) return 0;
    uint32_t bucket = 1 + (uint32_t)(log((double)micros) / width);
    return (uint16_t)(bucket < SAMPLE_BUCKETS ? bucket : SAMPLE_BUCKETS - 1);
}

double sample_value(uint32_t bucket) {
    return bucket ? exp(((double)bucket - 0.5) * width) / 1e6 : 0;
}

static uint32_t take(struct samples *s) {
    if (s->free) {
        uint32_t node = s->free;
        s->free = s->nodes[node - 1].next;
        return node;
    }
    if (s->n == s->room) {
        s->room = s->room ? s->room * 2 : 1024;
        s->nodes = memory_grow(s->nodes, s->room * sizeof *s->nodes);
    }
    return ++s->n;
}

/* Lists are kept by bucket, so that the same values give the same list in whatever order they came. */
static void add(struct samples *s, int64_t *head, uint16_t bucket, uint16_t count) {
    uint32_t before = 0, at = (uint32_t)*head;
    while (at && s->nodes[at - 1].bucket < bucket) before = at, at = s->nodes[at - 1].next;
    if (at && s->nodes[at - 1].bucket == bucket && s->nodes[at - 1].count <= UINT16_MAX - count) {
        s->nodes[at - 1].count = (uint16_t)(s->nodes[at - 1].count + count);
        return;
    }
    uint32_t node = take(s);
    s->nodes[node - 1] = (struct sample_node){at, bucket, count};
    if (before)
        s->nodes[before - 1].next = node;
    else
        *head = node;
}

void samples_add(struct samples *s, int64_t *head, int64_t micros) {
    add(s, head, sample_bucket(micros), 1);
}

void samples_add_all(struct samples *s, int64_t *head, const struct samples *from, int64_t of) {
    for (uint32_t at = (uint32_t)of; at; at = from->nodes[at - 1].next)
        add(s, head, from->nodes[at - 1].bucket, from->nodes[at - 1].count);
}

void samples_drop(struct samples *s, int64_t *head) {
    while (*head) {
        uint32_t node = (uint32_t)*head;
        *head = s->nodes[node - 1].next;
        s->nodes[node - 1].next = s->free;
        s->free = node;
    }
}

void samples_free(struct samples *s) {
    free(s->nodes);
    *s = (struct samples){0};
}
