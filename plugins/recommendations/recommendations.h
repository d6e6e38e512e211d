/* Recommendations: what this shopper might like, what is like this product, what is bought with it. What the plugin's own files share;
 * what is computed, and from what, is in the files that know nothing of Parley (sets.h and those that stand on it).
 *
 * Rows say who had what, what was looked at in one visit, what was bought in one order. From them a model is trained in the background
 * (train.c), which is swapped in by pointer and kept as bytes in the database. Nothing is trained in a request. */
#ifndef RECOMMENDATIONS_RECOMMENDATIONS_H
#define RECOMMENDATIONS_RECOMMENDATIONS_H

#include <stdatomic.h>

#include <parley/plugin.h>

#include "plugins/recommendations/model.h"

enum {
    SKU_MOST = 128,      /* bytes */
    TEXT_MOST = 300,     /* bytes of a title or a category */
    LINK_MOST = 1000,    /* bytes of a URL */
    ITEMS_MOST = 50000,  /* in all */
    LEARNT_MOST = 25000, /* of those that events named, while there is no catalogue */
    PEOPLE_MOST = 500000,
    VISITS_MOST = 500000, /* kept; the oldest go */
    PURCHASES_MOST = 500000,
    HAS_MOST = 1000,           /* items of one person */
    LOOKS_MOST = 200,          /* items of one visit */
    PRODUCTS_MOST = 1000,      /* of one order */
    TRAIN_ROWS_MOST = 8 << 20, /* that somebody has an item; those of the newest people */
    TRAIN_VISITS_MOST = 50000, /* the newest */
    ANSWER_ITEMS = 8,
    ANSWER_MOST = 50,
    GIVEN_MOST = 200, /* ids in a request */
    PAGE = 50,
    PAGE_MOST = 200,
};
static const int64_t SECOND = 1000, MINUTE = 60 * SECOND, VISIT_GAP = 30 * MINUTE, TRAIN_SOON = 5 * SECOND,
                     TRAIN_AGAIN = 10 * MINUTE;

/* What the process remembers; all of it can be made again from the rows. */
struct memory {
    struct model *model;               /* NULL: none yet */
    uint8_t *hidden;                   /* [model->items]: sold out, or not in the catalogue; NULL: to be read */
    int64_t catalogue;                 /* the revision that `hidden` was read at */
    bool due;                          /* the timer that trains is set, in a write that was not undone */
    int64_t due_at;                    /* for when, ms; 0: not wanted yet */
    int64_t training;                  /* since when, ms; 0: not now */
    bool again;                        /* train once more when that is done */
    bool stored;                       /* the model is in the database whole */
    int64_t evaluating;                /* since when; 0: not now */
    int64_t job;                       /* the newest training: an older one that comes back is dropped */
    _Atomic(struct trained *) trained; /* made on the helper's thread, not taken over yet */
    struct parcel *parcels;            /* models on their way into the database */
};

/* Work that was asked for in a write that was undone never comes back: after ten minutes it is not waited for. */
static inline bool is_under_way(int64_t since, int64_t now) {
    return since > 0 && now - since < 10 * MINUTE;
}

/* learn.c */
int learn_event(parley_call *c, parley_json event);
/* Of a product as the e-commerce events name it: its sku; {NULL, 0} where it has none. */
parley_text learn_sku(parley_json product);

/* train.c */
int train_begin(parley_call *c, struct memory *memory); /* in the background, or again once what is under way is done */
int train_soon(parley_call *c, struct memory *memory);  /* sets the timer, where it is not set */
int train_on_timer(parley_call *c, parley_text name);
void trained_free(struct trained *trained); /* NULL is fine */
/* The inputs of a model, read on the helper's connection. 0 or negative; the caller frees `ids`, and the sets where they are not taken. */
int train_read(parley_call *w, struct model_inputs *inputs, int64_t **ids);

/* store.c */
void store_drop(struct memory *memory); /* what is not stored yet: the plugin ends */
int store_model(parley_call *c, struct model *model, struct bytes bytes,
                int64_t job);             /* piece by piece; takes the bytes over */
struct model *store_load(parley_call *c); /* NULL where there is none that is whole */

/* offer.c */
enum reason { REASON_LOOKED, REASON_BOUGHT, REASON_ALIKE, REASON_TOGETHER, REASON_POPULAR };
/* An item in an answer, by its number in the table `item`. */
struct offer {
    int64_t item, about; /* about: the item that speaks for it; 0: none */
    enum reason reason;
    double score;
    int64_t
        together; /* orders with both, for staff, and how much more often that is than by chance; 0: it is no pair */
    double lift;
};
void offer_write(parley_call *c, const struct offer *offer, parley_json items);
/* {list, items, trainedAt}; trained: ms, 0 where there is no model. */
int offers_reply(parley_call *c, const char *list, parley_json items, int64_t trained);
bool popular_wanted(parley_call *c); /* the variant fills up with what most have */

/* early.c: an answer while there is no model; `session`: ids that the caller told, which are left out */
int early_answer(parley_call *c, const char *list, size_t n, parley_json session);

/* serve.c */
int serve_recommend(parley_call *c); /* GET /recommend?n=&exclude=&category= */
int serve_session(parley_call *c);   /* POST /session */
int serve_similar(parley_call *c);   /* GET /items/{sku}/similar */
int serve_ensemble(parley_call *c);  /* GET /items/{sku}/ensemble */

/* shelf.c: which items may be shown to this caller */
struct shelf {
    struct memory *memory;
    struct model *model;
    uint8_t *excluded;     /* the model's room */
    int64_t person;        /* 0: nobody */
    uint32_t *visit, *had; /* items of the visit at hand, the latest last; items she has, the latest first */
    uint8_t *was_bought;   /* [had_n] */
    size_t visit_n, had_n;
};
/* Sold out, seen, bought and given ids (?exclude=, commas between) are excluded, and all but ?category= where it is said. */
int shelf_open(parley_call *c, struct shelf *shelf);
int shelf_item(parley_call *c, const struct shelf *shelf, parley_text sku,
               uint32_t *item);                  /* MODEL_NO_ITEM where it knows none */
int given_ids(parley_call *c, parley_json *ids); /* ?exclude=, as a list; refused where they are too many */
/* A whole number within [least, most]. */
bool read_number(parley_text text, int64_t least, int64_t most, int64_t *out);

/* catalogue.c */
int catalogue_import(parley_call *c); /* POST /catalogue */
int catalogue_list(parley_call *c);   /* GET /catalogue */
int catalogue_remove(parley_call *c); /* DELETE /catalogue/{sku} */
struct product {
    parley_text sku, title, category, url, image, currency;
    double price; /* below 0: not said */
    bool available;
};
/* Why the product cannot be taken; NULL where it can. */
const char *catalogue_fault(const struct product *product);
int catalogue_put(parley_call *c, const struct product *product);

/* staff.c */
int staff_retrain(parley_call *c);    /* POST /retrain {"lambda"?, "keep"?} */
int staff_model(parley_call *c);      /* GET /model */
int staff_evaluate(parley_call *c);   /* POST /evaluation */
int staff_evaluation(parley_call *c); /* GET /evaluation */

/* rights.c */
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

#endif
