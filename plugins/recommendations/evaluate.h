/* How good recommendations are, by what people turned to afterwards: ranks all items but those that somebody has already, and looks where
 * those stand that she got later. */
#ifndef RECOMMENDATIONS_EVALUATE_H
#define RECOMMENDATIONS_EVALUATE_H

#include "plugins/recommendations/sets.h"

/* Means over all people who got something later. `k`: the first so many of the ranking count. */
struct measures {
    uint32_t k;
    double recall;   /* of what she got later, how much is among the first k; out of k where it is more */
    double ndcg;     /* sum of 1/log2(rank + 1) of what is found, over the largest that it could be */
    double mrr;      /* 1/rank of the first that is found, 0 where none is */
    double hit_rate; /* share of people of whose items at least one is found */
};

/* Fills scores [items], which are zero, for person `who`, who has those items, the latest last. */
typedef void scorer(void *model, size_t who, const uint32_t *having, size_t n, float *scores);

/* Sets of both of one number: set s of `later` is of the person of set s of `before`; people with an empty one in `later` are passed
 * over. Fills the `n` measures, whose k are set and grow. Returns how many people were looked at. */
size_t evaluate(const struct sets *before, const struct sets *later, scorer *score, void *model,
                struct measures *measures, size_t n);

/* The next item of a visit from those before it, at each place: for each visit of n items n - 1 pairs of sets. */
void evaluate_next(const struct sets *visits, struct sets *before, struct sets *later);

#endif
