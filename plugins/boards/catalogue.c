/* What the shop says of its products, as its staff import it (parley catalogue import): a pin of a product that is known here gets the
 * shop's title and picture, whatever the page said that it came from, and has the shop's price, today's. */
#include "plugins/boards/boards.h"

/* A product as an import gives it, into the table and onto the pins that there are. */
static int put(parley_call *c, parley_json item) {
    parley_text sku = parley->text(parley->get(item, "sku")), title = parley->text(parley->get(item, "title"));
    parley_text image = parley->text(parley->get(item, "image")),
                currency = parley->text(parley->get(item, "currency"));
    int64_t price = -1;
    if (!parley_some(sku) || !parley_some(title))
        return parley->invalid(c, "/items", "a product has \"sku\" and \"title\"");
    if (!currency.at || !price_read(c, parley->get(item, "price"), &price)) price = -1, currency = (parley_text){0};
    int rc = parley_sql(c,
                        "INSERT INTO product (sku, title, image, price, currency) VALUES ($1, $2, $3, $4, $5)"
                        " ON CONFLICT (sku) DO UPDATE SET title = $2, image = $3, price = $4, currency = $5",
                        sku, title, image, price, currency);
    if (rc < 0) return rc;
    return parley_sql(c, "UPDATE item SET price = $2, currency = $3 WHERE kind = 'product' AND sku = $1", sku, price,
                      currency);
}

int catalogue_take(parley_call *c) {
    parley_json items = parley->get(parley->body(c), "items"), removed = parley->get(parley->body(c), "removed");
    int rc = read_body(c, "items removed");
    for (parley_json i = parley->first(items); rc >= 0 && parley_is(i); i = parley->after(items, i)) rc = put(c, i);
    for (parley_json r = parley->first(removed); rc >= 0 && parley_is(r); r = parley->after(removed, r))
        rc = parley_sql(c, "DELETE FROM product WHERE sku = $1", parley->text(r));
    return rc < 0 ? rc : 0;
}

int catalogue_apply(parley_call *c, parley_text sku, parley_text *title, parley_text *image, int64_t *price,
                    parley_text *currency) {
    int found = parley_sql(c, "SELECT title, image, price, currency FROM product WHERE sku = $1", sku);
    if (found <= 0) return found;
    *title = parley->col_text(c, 0);
    if (parley->col_text(c, 1).at) *image = parley->col_text(c, 1);
    *price = parley->col(c, 2);
    *currency = parley->col_text(c, 3);
    return found;
}
