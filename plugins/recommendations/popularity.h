/* How many sets an item is in, and the best of any scores without what may not be shown. */
#ifndef RECOMMENDATIONS_POPULARITY_H
#define RECOMMENDATIONS_POPULARITY_H

#include "plugins/recommendations/sets.h"

struct ranked {
    uint32_t item;
    float score;
};

/* scores [items] = sets that each item is in. */
void popularity_count(const struct sets *sets, float *scores);

/* The `most` best of scores [items] that `excluded` [items] does not mark and that are above `floor`: descending, of equals the lower
 * item first. Returns how many there are. */
size_t rank_best(const float *scores, const uint8_t *excluded, uint32_t items, float floor, struct ranked *best,
                 size_t most);

#endif
