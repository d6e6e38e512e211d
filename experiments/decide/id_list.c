#include "experiments/decide/id_list.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "core/base/memory.h"
#include "core/base/unit.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lists are stored as they are in memory");

/* Fingerprints fall evenly over their range: their top bits say where to look, give or take a few. `starts[b]` is the first
 * whose top bits are b or more. */
enum { EACH_START = 8 };

struct id_list {
    _Atomic int32_t references;
    int bits; /* top bits that `starts` knows */
    size_t n;
    uint64_t *fingerprints;
    uint32_t *starts; /* 2^bits + 1 */
};

uint64_t id_fingerprint(struct text id) {
    return unit_of(id).lo;
}

static size_t top(const struct id_list *list, uint64_t fingerprint) {
    return list->bits ? fingerprint >> (64 - list->bits) : 0;
}

/* Of `n` ascending fingerprints, which it takes over. */
static struct id_list *of_sorted(uint64_t *fingerprints, size_t n) {
    assert(n < UINT32_MAX);
    struct id_list *list = memory_new(struct id_list);
    list->references = 1;
    list->fingerprints = fingerprints;
    list->n = n;
    while (((size_t)EACH_START << list->bits) < n) list->bits++;
    size_t buckets = (size_t)1 << list->bits, at = 0;
    list->starts = memory_alloc((buckets + 1) * sizeof *list->starts);
    for (size_t b = 0; b <= buckets; b++) {
        while (at < n && top(list, fingerprints[at]) < b) at++;
        list->starts[b] = (uint32_t)at;
    }
    return list;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

struct id_list *id_list_new(uint64_t *fingerprints, size_t n) {
    size_t kept = 0;
    if (n) qsort(fingerprints, n, sizeof *fingerprints, by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || fingerprints[i] != fingerprints[kept - 1]) fingerprints[kept++] = fingerprints[i];
    return of_sorted(memory_grow(fingerprints, (kept + 1) * sizeof *fingerprints), kept);
}

struct id_list *id_list_read(struct text stored) {
    size_t n = stored.n / sizeof(uint64_t);
    if (stored.n % sizeof(uint64_t)) return NULL;
    uint64_t *fingerprints = memory_alloc(stored.n + 1);
    if (n) memcpy(fingerprints, stored.at, stored.n);
    for (size_t i = 1; i < n; i++)
        if (fingerprints[i] <= fingerprints[i - 1]) {
            free(fingerprints);
            return NULL;
        }
    return of_sorted(fingerprints, n);
}

/* Both in one walk: those of `a` alone are kept, of both where `both`, of `b` alone where `others`. */
static struct id_list *merge(const struct id_list *a, const struct id_list *b, bool both, bool others) {
    size_t n = id_list_count(a), m = id_list_count(b), i = 0, j = 0, kept = 0;
    uint64_t *out = memory_alloc((n + m + 1) * sizeof *out);
    while (i < n || j < m) {
        bool in_a = i < n && (j == m || a->fingerprints[i] <= b->fingerprints[j]);
        bool in_b = j < m && (i == n || b->fingerprints[j] <= a->fingerprints[i]);
        uint64_t next = in_a ? a->fingerprints[i] : b->fingerprints[j];
        if (in_a && in_b ? both : in_a || others) out[kept++] = next;
        i += in_a;
        j += in_b;
    }
    return of_sorted(memory_grow(out, (kept + 1) * sizeof *out), kept);
}

struct id_list *id_list_union(const struct id_list *a, const struct id_list *b) {
    return merge(a, b, true, true);
}
struct id_list *id_list_difference(const struct id_list *a, const struct id_list *b) {
    return merge(a, b, false, false);
}

struct id_list *id_list_keep(struct id_list *list) {
    if (list) atomic_fetch_add_explicit(&list->references, 1, memory_order_relaxed);
    return list;
}

void id_list_release(struct id_list *list) {
    if (!list || atomic_fetch_sub_explicit(&list->references, 1, memory_order_acq_rel) != 1) return;
    free(list->fingerprints);
    free(list->starts);
    free(list);
}

bool id_list_has(const struct id_list *list, struct text id) {
    if (!list || !list->n) return false;
    uint64_t fingerprint = id_fingerprint(id);
    size_t bucket = top(list, fingerprint), end = list->starts[bucket + 1];
    for (size_t i = list->starts[bucket]; i < end && list->fingerprints[i] <= fingerprint; i++)
        if (list->fingerprints[i] == fingerprint) return true;
    return false;
}

size_t id_list_count(const struct id_list *list) {
    return list ? list->n : 0;
}

size_t id_list_bytes(const struct id_list *list) {
    if (!list) return 0;
    return sizeof *list + list->n * sizeof *list->fingerprints + (((size_t)1 << list->bits) + 1) * sizeof *list->starts;
}

struct text id_list_stored(const struct id_list *list) {
    return text_n((const char *)list->fingerprints, list->n * sizeof *list->fingerprints);
}

void id_list_digest(const struct id_list *list, char out[static ID_LIST_DIGEST]) {
    struct text stored = id_list_stored(list);
    XXH128_hash_t hash = XXH3_128bits(stored.at, stored.n);
    snprintf(out, ID_LIST_DIGEST, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}
