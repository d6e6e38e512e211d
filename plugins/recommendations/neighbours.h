/* For each item those that go with it, with a weight: a sparse matrix, row by row. What was learnt by association, EASE and item-kNN
 * alike; a customer's scores are the sum of the rows of what she has. */
#ifndef RECOMMENDATIONS_NEIGHBOURS_H
#define RECOMMENDATIONS_NEIGHBOURS_H

#include "plugins/recommendations/sets.h"

struct neighbour {
    uint32_t item;
    uint32_t together; /* sets that both are in; 0 where nobody counted */
    float weight;
};

struct neighbours {
    uint32_t items;
    size_t *starts;         /* [items + 1] */
    struct neighbour *list; /* of each item the heaviest first; of equals the lower item first */
    size_t room;
};

void neighbours_init(struct neighbours *neighbours, uint32_t items);
void neighbours_free(struct neighbours *neighbours); /* may be zero */
/* Row `item`, which follows the one before: the `keep` of largest size |weight| out of `row`, which is put in order. */
void neighbours_put(struct neighbours *neighbours, uint32_t item, struct neighbour *row, size_t n, size_t keep);

static inline size_t neighbours_size(const struct neighbours *neighbours, uint32_t item) {
    return neighbours->starts[item + 1] - neighbours->starts[item];
}
static inline const struct neighbour *neighbours_of(const struct neighbours *neighbours, uint32_t item) {
    return neighbours->list + neighbours->starts[item];
}

/* Adds the rows of `having` to `scores` [items]. */
void neighbours_score(const struct neighbours *neighbours, const uint32_t *having, size_t n, float *scores);
/* Which of `having` speaks most for `item`: its place; n where none does. */
size_t neighbours_because(const struct neighbours *neighbours, const uint32_t *having, size_t n, uint32_t item);

#endif
