/* Recommendations within a visit by the visits that are like it: V-SKNN. M. Ludewig, D. Jannach, "Evaluation of Session-based
 * Recommendation Algorithms", UMUAI 2018, section 3.3.2, with the settings of their experiments: a sample of the most recent visits that
 * share an item, similarity with quadratic weights by position, scores with a quadratic decay and the inverse frequency of items. */
#ifndef RECOMMENDATIONS_VSKNN_H
#define RECOMMENDATIONS_VSKNN_H

#include "plugins/recommendations/sets.h"

enum { VSKNN_VISIT_MOST = 50 /* of the visit at hand the last so many items count */ };

struct vsknn_options {
    uint32_t neighbours; /* visits whose items are scored: 500 */
    uint32_t sample;     /* out of so many most recent ones: 5,000 */
    float idf;           /* weight of ln(visits / visits with the item): 5 */
};
static const struct vsknn_options vsknn_usual = {500, 5000, 5};

struct vsknn {
    struct vsknn_options options;
    struct sets visits;  /* the oldest first */
    struct sets of_item; /* visits that each item is in, ascending */
    float *idf;          /* [items] */
    float *similarity;   /* [visits], zero between calls */
    uint32_t *touched;   /* [visits] */
    float *strongest;    /* [items] */
    uint32_t *places;    /* [items]: place in the visit at hand, from 1; zero between calls */
};

/* Takes `visits` over (it is zero afterwards). */
void vsknn_train(struct vsknn *vsknn, struct sets *visits, const struct vsknn_options *options);
void vsknn_free(struct vsknn *vsknn);

/* `visit`: its items in the order of time, the latest last, each once. Adds to scores [items], and sets because [items] where it
 * scores: the item of `visit` that the nearest neighbour with that item shares with it. Items of the visit itself are scored as all
 * others; whoever ranks leaves them out. One thread at a time. */
void vsknn_score(struct vsknn *vsknn, const uint32_t *visit, size_t n, float *scores, uint32_t *because);

#endif
