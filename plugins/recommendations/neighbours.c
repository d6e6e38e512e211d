#include "plugins/recommendations/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void neighbours_init(struct neighbours *neighbours, uint32_t items) {
    *neighbours = (struct neighbours){.items = items, .starts = allocate(items + 1u, sizeof *neighbours->starts)};
}

void neighbours_free(struct neighbours *neighbours) {
    free(neighbours->starts);
    free(neighbours->list);
    *neighbours = (struct neighbours){0};
}

static int by_size(const void *left, const void *right) {
    const struct neighbour *a = left, *b = right;
    const float x = fabsf(a->weight), y = fabsf(b->weight);
    if (x != y) return x > y ? -1 : 1;
    return a->item < b->item ? -1 : 1;
}

static int by_weight(const void *left, const void *right) {
    const struct neighbour *a = left, *b = right;
    if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
    return a->item < b->item ? -1 : 1;
}

void neighbours_put(struct neighbours *neighbours, uint32_t item, struct neighbour *row, size_t n, size_t keep) {
    size_t *end = &neighbours->starts[item + 1];
    *end = neighbours->starts[item];
    if (n > keep) {
        qsort(row, n, sizeof *row, by_size);
        n = keep;
    }
    if (n == 0) return;
    qsort(row, n, sizeof *row, by_weight);
    if (*end + n > neighbours->room) {
        neighbours->room = 2 * (*end + n);
        neighbours->list = enlarge(neighbours->list, neighbours->room, sizeof *neighbours->list);
    }
    memcpy(neighbours->list + *end, row, n * sizeof *row);
    *end += n;
}

void neighbours_score(const struct neighbours *neighbours, const uint32_t *having, size_t n, float *scores) {
    for (size_t h = 0; h < n; h++)
        for (size_t p = neighbours->starts[having[h]]; p < neighbours->starts[having[h] + 1]; p++)
            scores[neighbours->list[p].item] += neighbours->list[p].weight;
}

size_t neighbours_because(const struct neighbours *neighbours, const uint32_t *having, size_t n, uint32_t item) {
    size_t found = n;
    float most = 0;
    for (size_t h = 0; h < n; h++)
        for (size_t p = neighbours->starts[having[h]]; p < neighbours->starts[having[h] + 1]; p++)
            if (neighbours->list[p].item == item && neighbours->list[p].weight > most) {
                most = neighbours->list[p].weight;
                found = h;
            }
    return found;
}
