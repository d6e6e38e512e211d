/* All algorithms on one split of the past: what `parley recommendations evaluate` and the staff's evaluation of the shop's own data
 * print. */
#ifndef RECOMMENDATIONS_COMPARE_H
#define RECOMMENDATIONS_COMPARE_H

#include "plugins/recommendations/evaluate.h"

enum {
    COMPARE_CUTOFFS = 8,
    EASE_ITEMS_MOST = 5000 /* above, item-kNN knows the customers */,
    EASE_KEEP = 256 /* as it serves */
};
static const float EASE_LAMBDA = 300;

struct compare_options {
    float lambda;
    size_t keep; /* weights of an item; SIZE_MAX: all */
    uint32_t ease_items_most;
    uint32_t k[COMPARE_CUTOFFS]; /* ascending */
    size_t k_n;
};

/* One line of the answer. */
typedef void compare_say(void *to, const char *algorithm, size_t people, const struct measures *measures);

/* popularity, item-knn, ease (up to ease_items_most items) and v-sknn, each at every k. What a person has, in the order of time, is her
 * visit. Returns 0, or negative where EASE had no memory. */
int compare_people(const struct sets *before, const struct sets *later, const struct compare_options *options,
                   compare_say *say, void *to);

/* The next item of a visit: popularity, association, v-sknn. `visits` are learnt from, the oldest first, and are zero afterwards. */
void compare_visits(struct sets *visits, const struct sets *later, const struct compare_options *options,
                    compare_say *say, void *to);

#endif
