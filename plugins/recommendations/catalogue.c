/* What the shop sells, as its staff import it. Once one product was imported, only what is in the catalogue is shown and learnt from. */
#include <math.h>
#include <string.h>

#include "plugins/recommendations/recommendations.h"

enum { REJECTED_TOLD = 50 };

static bool is_link(parley_text link) {
    if (link.n == 0) return true;
    if (link.n > LINK_MOST) return false;
    if (link.at[0] == '/') return link.n == 1 || (link.at[1] != '/' && link.at[1] != '\\');
    return (link.n > 8 && memcmp(link.at, "https://", 8) == 0) || (link.n > 7 && memcmp(link.at, "http://", 7) == 0);
}

const char *catalogue_fault(const struct product *product) {
    if (product->sku.n < 1 || product->sku.n > SKU_MOST) return "its sku has 1 to 128 bytes";
    if (memchr(product->sku.at, ',', product->sku.n)) return "its sku has a comma, which a list of ids cannot hold";
    if (product->title.n < 1 || product->title.n > TEXT_MOST) return "its title has 1 to 300 bytes";
    if (product->category.n > TEXT_MOST) return "its category has at most 300 bytes";
    if (!is_link(product->url) || !is_link(product->image))
        return "a link begins with https://, http:// or a slash, and has at most 1000 bytes";
    if (product->currency.n != 0 && product->currency.n != 3) return "a currency has three letters";
    if (!isfinite(product->price)) return "its price is no number";
    return NULL;
}

/* No text rather than an empty one. */
static parley_text some(parley_text text) {
    return text.n ? text : (parley_text){0};
}

int catalogue_put(parley_call *c, const struct product *product) {
    parley_value price = PARLEY_VALUE(NULL);
    if (product->price >= 0) price = PARLEY_VALUE(product->price);
    return parley_sql(
        c,
        "INSERT INTO item (sku, title, category, url, image, price, currency, available, listed)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)"
        " ON CONFLICT (sku) DO UPDATE SET title = $2, category = $3, url = $4, image = $5, price = $6, currency = $7,"
        " available = $8, listed = 1",
        product->sku, some(product->title), some(product->category), some(product->url), some(product->image), price,
        some(product->currency), product->available);
}

static struct product read_item(parley_json item) {
    struct product product = {.sku = parley->text(parley->get(item, "sku")),
                              .title = parley->text(parley->get(item, "title")),
                              .category = parley->text(parley->get(item, "category")),
                              .url = parley->text(parley->get(item, "url")),
                              .image = parley->text(parley->get(item, "image")),
                              .currency = parley->text(parley->get(item, "currency")),
                              .price = -1,
                              .available = parley->kind(parley->get(item, "available")) != PARLEY_BOOL ||
                                           parley->truth(parley->get(item, "available"))};
    parley->number(parley->get(item, "price"), &product.price);
    return product;
}

/* Those that are right; {index, detail} of the others, the first 50 of them. */
static int take_items(parley_call *c, parley_json items, parley_json rejected, int64_t *imported, int64_t *refused) {
    int64_t index = 0;
    for (parley_json i = parley->first(items); parley_is(i); i = parley->after(items, i), index++) {
        const struct product product = read_item(i);
        const char *fault = catalogue_fault(&product);
        int rc = fault ? 0 : catalogue_put(c, &product);
        if (rc < 0) return rc;
        *imported += !fault;
        if (fault && (*refused)++ < REJECTED_TOLD) parley_append(c, rejected, "{index, detail}", index, fault);
    }
    return 0;
}

static int take_removed(parley_call *c, parley_json removed) {
    int rc = 0;
    for (parley_json r = parley->first(removed); rc >= 0 && parley_is(r); r = parley->after(removed, r))
        rc = parley_sql(c, "UPDATE item SET listed = 0, available = 0 WHERE sku = $1", parley->text(r));
    return rc;
}

/* As Parley hands its catalogue on: {"items"} or {"removed"}. */
int catalogue_import(parley_call *c) {
    parley_json body = parley->body(c), rejected = parley->list(c);
    parley_json items = parley->get(body, "items"), removed = parley->get(body, "removed");
    int64_t imported = 0, refused = 0;
    if (parley->kind(items) != PARLEY_ARRAY && parley->kind(removed) != PARLEY_ARRAY)
        return parley->invalid(c, "", "the body has \"items\", a list of products, or \"removed\", a list of skus");
    int rc = take_items(c, items, rejected, &imported, &refused);
    if (rc >= 0) rc = take_removed(c, removed);
    if (rc >= 0) rc = parley_sql(c, "SELECT count(*) FROM item");
    if (rc < 0) return rc;
    if (parley->col(c, 0) > ITEMS_MOST) return parley_fail(c, 409, "a catalogue has at most {} items", ITEMS_MOST);
    rc = parley_sql(c, "UPDATE state SET catalogue = catalogue + 1, listed = listed OR $1", imported > 0);
    if (rc >= 0) rc = train_soon(c, parley->state(c));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{imported, refused, rejected}", imported, refused, rejected);
}

int catalogue_list(parley_call *c) {
    int64_t limit = PAGE;
    const parley_text given = parley->query(c, "limit"), cursor = parley->query(c, "cursor");
    if (given.at && !read_number(given, 1, PAGE_MOST, &limit))
        return parley_fail(c, 400, "?limit= is a whole number from 1 to {}", PAGE_MOST);
    parley_json items = parley->list(c);
    parley_text last = {0};
    int64_t n = 0;
    int row = parley_sql(
        c,
        "SELECT sku, title, category, url, image, price, currency, available, listed, price IS NULL FROM item"
        " WHERE sku > coalesce($1, '') ORDER BY sku LIMIT $2 + 1",
        cursor, limit);
    for (; row > 0 && n < limit; row = parley->next(c), n++) {
        last = parley->col_text(c, 0);
        parley_value price = PARLEY_VALUE(NULL);
        if (!parley->col(c, 9)) price = PARLEY_VALUE(parley->col_double(c, 5));
        parley_append(c, items, "{sku, title, category, url, image, price, currency, available, listed}", last,
                      parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3), parley->col_text(c, 4),
                      price, parley->col_text(c, 6), (bool)parley->col(c, 7), (bool)parley->col(c, 8));
    }
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next}", items, row > 0 ? last : (parley_text){0});
}

int catalogue_remove(parley_call *c) {
    int rc = parley_sql(c, "UPDATE item SET listed = 0, available = 0 WHERE sku = $1", parley->path(c, "sku"));
    if (rc == 0) return parley_fail(c, 404, "there is no item \"{}\"", parley->path(c, "sku"));
    if (rc > 0) rc = parley_sql(c, "UPDATE state SET catalogue = catalogue + 1");
    return rc < 0 ? rc : 0;
}
