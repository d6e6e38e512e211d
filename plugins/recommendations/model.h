/* All that was learnt at one time, read-only from then on: what every recommendation is made of. It can be written as bytes and read
 * again, so that a restart serves at once. Knows nothing of tables: items have numbers of the plugin's, and stand in the order of their
 * ids as shoppers see them, so that of equal scores the lower id comes first. */
#ifndef RECOMMENDATIONS_MODEL_H
#define RECOMMENDATIONS_MODEL_H

#include <stdbool.h>

#include "plugins/recommendations/association.h"
#include "plugins/recommendations/vsknn.h"

enum {
    MODEL_NO_ITEM = UINT32_MAX,
    MODEL_KNN_KEEP = 64,   /* neighbours of an item by customers, above EASE_ITEMS_MOST items */
    MODEL_PAIRS_KEEP = 40, /* neighbours of an item by visits and by baskets */
    MODEL_PAIRS_LEAST = 3, /* visits or baskets that make a pair: below, it tells of single customers */
};

enum model_method { MODEL_EASE = 1, MODEL_KNN = 2 };

/* What it was made of; part of the bytes. */
struct model_facts {
    int64_t at, took;                /* ms since 1970; ms */
    int64_t people, visits, baskets; /* that it learnt from */
    enum model_method method;        /* for known customers */
    float lambda;                    /* of EASE */
    uint32_t keep;
};

struct model_inputs {
    const int64_t *ids; /* [items], in the items' order */
    uint32_t items;
    struct sets owners; /* what each customer has */
    struct sets visits; /* the oldest first; in each the latest item last */
    struct sets baskets;
    float lambda;
    uint32_t keep;
    int64_t at; /* ms */
};

struct model {
    struct model_facts facts;
    uint32_t items;
    int64_t *ids;
    int64_t ids_end;            /* every id is below */
    uint32_t *places;           /* [ids_end]: an id's item, or MODEL_NO_ITEM */
    float *popularity;          /* [items]: people who have it */
    struct neighbours affinity; /* for customers, by what they have */
    struct association viewed;  /* cosine over visits */
    struct association bought;  /* lift over baskets */
    struct vsknn vsknn;
    /* For the thread that serves. */
    float *scores;     /* [items] */
    uint32_t *because; /* [items] */
    uint8_t *excluded; /* [items] */
};

/* Takes the inputs' sets over. Never NULL: where EASE has too many items or no memory, item-kNN is in its place, and facts say so. */
struct model *model_train(struct model_inputs *inputs);
void model_free(struct model *model); /* NULL is fine */

/* An id's item; MODEL_NO_ITEM where the model does not know it. */
static inline uint32_t model_place(const struct model *model, int64_t id) {
    return id >= 0 && id < model->ids_end ? model->places[id] : (uint32_t)MODEL_NO_ITEM;
}

struct bytes {
    unsigned char *at;
    size_t n, room;
};
/* The caller frees `at`. For this machine's byte order. */
struct bytes model_write(const struct model *model);
/* NULL where these are not the bytes of a whole model. */
struct model *model_read(const unsigned char *bytes, size_t n);

#endif
