/* Who bought what, learnt from the journal's orders. Only an order that the shop's server told is proof: a browser can make one up. */
#include "plugins/qa/qa.h"

enum { PRODUCTS_MOST = 200 };
static const int64_t KEPT = (int64_t)3 * 365 * DAY;

/* A string or a whole number; {NULL, 0} where it is neither, or too long to be a product's. */
static parley_text id_text(parley_call *c, parley_json value) {
    int64_t number;
    parley_text text = parley->text(value);
    if (parley->integer(value, &number)) {
        const char *digits = parley_format(c, "{}", number);
        text = (parley_text){digits, __builtin_strlen(digits)};
    }
    return text.n <= SKU_MOST ? text : (parley_text){0};
}

static int buy(parley_call *c, parley_json event, parley_text sku, parley_text order) {
    int64_t at = parley->now(c);
    parley->integer(parley->get(event, "at"), &at);
    return parley_sql(c,
                      "INSERT INTO bought (customer, sku, order_id, known, proved, at) VALUES ($1, $2, $3, $4, $5, $6)"
                      " ON CONFLICT (customer, sku, order_id) DO UPDATE SET"
                      " proved = CASE WHEN excluded.proved > bought.proved THEN excluded.proved ELSE bought.proved END",
                      parley->customer(c), sku, order, parley->truth(parley->get(event, "known")),
                      (bool)!parley->truth(parley->get(event, "browser")), at < parley->now(c) ? at : parley->now(c));
}

/* A browser speaks for its own visitor alone, the shop's server for the whole order. sku "" is all of it. */
static int give_back(parley_call *c, parley_json event, parley_text sku, parley_text order) {
    return parley_sql(c,
                      "DELETE FROM bought WHERE order_id = $1 AND ($2 = '' OR sku = $2) AND (customer = $3 OR $4 = 1)",
                      order, sku, parley->customer(c), (bool)!parley->truth(parley->get(event, "browser")));
}

/* A product is asked about by its sku, or by its product_id where the shop uses that. */
static int for_product(parley_call *c, parley_json event, parley_json product, parley_text order, bool bought) {
    static const char *const names[] = {"sku", "product_id"};
    parley_text last = {0};
    int rc = 0;
    for (int i = 0; i < 2 && rc >= 0; i++) {
        parley_text id = id_text(c, parley->get(product, names[i]));
        if (!parley_some(id) || parley_same(id, last)) continue;
        rc = bought ? buy(c, event, id, order) : give_back(c, event, id, order);
        last = id;
    }
    return rc;
}

int buyers_on_event(parley_call *c, parley_json event) {
    parley_json properties = parley->get(event, "properties"), products = parley->get(properties, "products");
    parley_text order = id_text(c, parley->get(properties, "order_id"));
    bool bought = parley_same(parley->text(parley->get(event, "event")), PARLEY_TEXT("Order Completed"));
    int n = 0, rc = 0;
    if (!parley_some(order)) order = bought ? parley->text(parley->get(event, "messageId")) : (parley_text){0};
    if (!parley_some(order) || !parley_some(parley->customer(c))) {
        parley->count(c, "orders_without_id", 1);
        return 0;
    }
    if (!bought && parley->length(products) == 0) return give_back(c, event, PARLEY_TEXT(""), order);
    for (parley_json p = parley->first(products); parley_is(p) && rc >= 0 && n < PRODUCTS_MOST;
         p = parley->after(products, p), n++)
        rc = for_product(c, event, p, order, bought);
    if (rc >= 0 && bought)
        rc = parley_sql(c, "DELETE FROM bought WHERE customer = $1 AND at < $2", parley->customer(c),
                        parley->now(c) - KEPT);
    return rc;
}
