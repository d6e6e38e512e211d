/* Which items are in the same sets more often than chance has it: what is bought together (baskets), what is looked at together (visits),
 * what the same customers have (item-kNN). */
#ifndef RECOMMENDATIONS_ASSOCIATION_H
#define RECOMMENDATIONS_ASSOCIATION_H

#include "plugins/recommendations/neighbours.h"

enum association_measure {
    /* together / sqrt(a * b): Sarwar et al. 2001, equation 1, over sets */
    ASSOCIATION_COSINE,
    /* together * ln(lift), lift = together * sets / (a * b), for lifts over 1: what the pair adds to the log-likelihood ratio (Dunning
     * 1993), so that neither what everybody buys nor a coincidence of two baskets comes first */
    ASSOCIATION_LIFT,
};

struct association_options {
    enum association_measure measure;
    uint32_t least; /* sets that both must be in */
    uint32_t keep;  /* neighbours of an item */
};

struct association {
    struct neighbours neighbours;
    uint32_t *counts; /* [items]: sets that an item is in */
    size_t sets;
};

void association_train(struct association *association, const struct sets *sets,
                       const struct association_options *options);
void association_free(struct association *association);
/* How many times more often than chance `item` and its neighbour are together. */
double association_lift(const struct association *association, uint32_t item, const struct neighbour *neighbour);

#endif
