#include "plugins/recommendations/popularity.h"

#include <stdlib.h>
#include <string.h>

void popularity_count(const struct sets *sets, float *scores) {
    memset(scores, 0, sets->items * sizeof *scores);
    for (size_t m = 0; m < sets->starts[sets->n]; m++) scores[sets->members[m]]++;
}

/* `a` stands behind `b` in the answer. */
static int is_worse(struct ranked a, struct ranked b) {
    return a.score < b.score || (a.score == b.score && a.item > b.item);
}

/* Heap with the worst on top: what is better takes its place. */
static void sink(struct ranked *heap, size_t n, size_t at) {
    for (;;) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        if (left < n && is_worse(heap[left], heap[worst])) worst = left;
        if (right < n && is_worse(heap[right], heap[worst])) worst = right;
        if (worst == at) return;
        struct ranked held = heap[at];
        heap[at] = heap[worst];
        heap[worst] = held;
        at = worst;
    }
}

static int best_first(const void *left, const void *right) {
    return is_worse(*(const struct ranked *)left, *(const struct ranked *)right) ? 1 : -1;
}

size_t rank_best(const float *scores, const uint8_t *excluded, uint32_t items, float floor, struct ranked *best,
                 size_t most) {
    size_t n = 0;
    for (uint32_t i = 0; i < items && most > 0; i++) {
        const struct ranked one = {i, scores[i]};
        if (excluded[i] || !(one.score > floor)) continue;
        if (n < most) {
            best[n++] = one;
            if (n == most)
                for (size_t at = n / 2; at-- > 0;) sink(best, n, at);
        } else if (is_worse(best[0], one)) {
            best[0] = one;
            sink(best, n, 0);
        }
    }
    qsort(best, n, sizeof *best, best_first);
    return n;
}
