/* What the shop sells: the catalogue that its staff import. Parley shows it (pages of shared links) and hands it on to the plugins; it
 * knows nothing of where it came from. On the store lane, but for product_fault. */
#ifndef PARLEY_CORE_STORE_PRODUCTS_H
#define PARLEY_CORE_STORE_PRODUCTS_H

#include "core/base/json_write.h"
#include "core/store/sql.h"

/* Texts are empty where nothing was said. */
struct product {
    struct text sku, title, category, url, image;
    struct text price;    /* decimal: "18.90" */
    struct text currency; /* "EUR" */
    bool available;       /* it can be bought */
};

/* Why it is none, as a sentence without a capital; NULL where it is one. Any thread. */
const char *product_fault(const struct product *product);
void product_write(const struct product *product, struct json_writer *w);

/* The number of the change that comes next: all that one import or removal puts in or takes out has it. */
int products_next(struct sql *sql, int64_t *revision, struct error *error);
/* Puts it in, or in place of the one of that sku. In the caller's transaction. */
int products_put(struct sql *sql, const struct product *product, int64_t revision, int64_t now, struct error *error);
/* ERR_NOT_FOUND. Texts are in the arena. */
int products_get(struct sql *sql, struct arena *arena, struct text sku, struct product *product, struct error *error);
/* ERR_NOT_FOUND. */
int products_remove(struct sql *sql, struct text sku, int64_t revision, struct error *error);

struct product_page {
    struct product *items; /* by sku; in the arena with their texts */
    size_t n;
    bool more;
};
/* Those behind `after` ("" for the first), at most `limit`. */
int products_list(struct sql *sql, struct arena *arena, struct text after, size_t limit, struct product_page *page,
                  struct error *error);

/* ---- what a plugin has heard of ---- */

/* Behind a change, and behind those products of it that come before. */
struct product_place {
    int64_t revision;
    struct text sku;
};
/* What comes next of that: the oldest changes, of one kind, as the body that the plugin is told by. */
enum { PRODUCT_NEWS_MOST = 500 };
struct product_news {
    struct buffer body;        /* {"items": [...]} or {"removed": [...]} */
    size_t n;                  /* products in it; 0: it has heard all, and the body is empty */
    int64_t first;             /* the change that the first of them is of */
    struct product_place upto; /* where it stands once it took them; the text is in the arena */
};
/* Of at most `most` products (1 to PRODUCT_NEWS_MOST) and some 256 KB. What *news had is replaced; its body is the caller's to free. */
int products_unheard(struct sql *sql, struct arena *arena, struct text plugin, size_t most, struct product_news *news,
                     struct error *error);
int products_heard(struct sql *sql, struct text plugin, const struct product_place *upto, struct error *error);
/* Forgets of what was taken out what every plugin that ever heard of the catalogue has heard: a new one has no use for it. */
int products_forget_gone(struct sql *sql, struct error *error);

#endif
