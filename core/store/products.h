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

/* Puts it in, or in place of the one of that sku. In the caller's transaction. */
int products_put(struct sql *sql, const struct product *product, int64_t now, struct error *error);
/* ERR_NOT_FOUND. Texts are in the arena. */
int products_get(struct sql *sql, struct arena *arena, struct text sku, struct product *product, struct error *error);
int products_remove(struct sql *sql, struct text sku, struct error *error);

struct product_page {
    struct product *items; /* by sku; in the arena with their texts */
    size_t n;
    bool more;
};
/* Those behind `after` ("" for the first), at most `limit`. */
int products_list(struct sql *sql, struct arena *arena, struct text after, size_t limit, struct product_page *page,
                  struct error *error);

#endif
