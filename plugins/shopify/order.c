/* Orders and refunds. Webhooks come at least once and in any order, so what an order is told to be is held against what is known of it:
 * the first word of an order, whichever topic brings it, is "Order Completed"; another total is "Order Updated"; the first word of its
 * end is "Order Cancelled". A refund that comes before its order waits for it. */
#include "plugins/shopify/shop.h"

enum { LINES_BYTES = 24 << 10, LINE_BYTES = 200 /* beside its texts */, NAME_MOST = 400 };

/* ---- what was bought ---- */

static parley_text shortened(parley_text t) {
    if (t.n <= NAME_MOST) return t;
    t.n = NAME_MOST;
    while (t.n && ((unsigned char)t.at[t.n] & 0xC0) == 0x80) t.n--; /* no half character */
    return t;
}

/* Appends one product; false where there is no more room in an event. */
static bool add_line(parley_call *c, const struct shop *shop, parley_json products, parley_json line,
                     parley_json quantity, size_t *bytes) {
    parley_text product = shortened(field_text(c, line, shop->line.product)),
                sku = shortened(field_text(c, line, shop->line.sku));
    parley_text name = shortened(field_text(c, line, shop->line.name)),
                brand = shortened(field_text(c, line, shop->line.brand));
    parley_text variant = shortened(field_text(c, line, shop->line.variant));
    *bytes += LINE_BYTES + product.n + sku.n + name.n + brand.n + variant.n;
    if (*bytes > LINES_BYTES) return false;
    parley_append(c, products, "{product_id, sku, name, variant, brand, price, quantity}", product, sku, name, variant,
                  brand, field_amount(c, line, shop->line.price), quantity);
    return true;
}

/* The products of an order, or (`within`: where a line of a refund names the order's line) of a refund. */
static parley_json products_of(parley_call *c, const struct shop *shop, parley_json lines, shop_path within,
                               shop_path quantity, int64_t *left_out) {
    parley_json products = parley->list(c);
    size_t bytes = 0;
    *left_out = 0;
    if (parley->kind(lines) != PARLEY_ARRAY) return products;
    for (parley_json l = parley->first(lines); parley_is(l); l = parley->after(lines, l))
        *left_out += !add_line(c, shop, products, within ? field(l, within) : l, field(l, quantity), &bytes);
    return products;
}

/* ---- refunds ---- */

/* Money that was given back: the sum of the payments that did. A millionth is less than any currency's smallest coin. */
static double given_back(parley_call *c, const struct shop *shop, parley_json refund, parley_text *currency) {
    int64_t millionths = 0;
    parley_json payments = field(refund, shop->refund.payments);
    if (parley->kind(payments) != PARLEY_ARRAY) return 0;
    for (parley_json p = parley->first(payments); parley_is(p); p = parley->after(payments, p)) {
        double amount = 0;
        parley_text kind = field_text(c, p, shop->refund.kind), status = field_text(c, p, shop->refund.status);
        if (!parley_same(kind, (parley_text){shop->refund.kind_is, __builtin_strlen(shop->refund.kind_is)})) continue;
        if (!parley_same(status, (parley_text){shop->refund.status_is, __builtin_strlen(shop->refund.status_is)}))
            continue;
        if (!parley->number(field_amount(c, p, shop->refund.amount), &amount) || amount < 0 || amount > 1e12) continue;
        millionths += (int64_t)(amount * 1e6 + 0.5);
        *currency = field_text(c, p, shop->refund.currency);
    }
    return (double)millionths / 1e6;
}

/* The call is about the person who ordered. */
static int track_refund(parley_call *c, const struct shop *shop, parley_json refund) {
    parley_text id = field_text(c, refund, shop->refund.id), currency = {0};
    double total = given_back(c, shop, refund, &currency);
    int64_t left_out;
    parley_json products =
        products_of(c, shop, field(refund, shop->refund.lines), shop->refund.line, shop->refund.quantity, &left_out);
    int rc = parley_sql(c, "INSERT INTO refund (id, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", id,
                        field_text(c, refund, shop->refund.order));
    if (rc <= 0) return rc; /* it was counted */
    rc = parley->happened(c, field_time(refund, shop->refund.at, parley->now(c)));
    if (rc < 0) return rc;
    return parley_track(c, "Order Refunded", "{order_id, refund_id, total, currency, products, products_left_out}",
                        field_text(c, refund, shop->refund.order), id, total, currency, products, left_out);
}

/* Refunds that came before the order, one by one: each ends the rows of the one before. */
static int take_waiting(parley_call *c, const struct shop *shop, parley_text order) {
    for (;;) {
        int rc = parley_sql(c, "SELECT id, body FROM waiting WHERE order_id = $1 LIMIT 1", order);
        if (rc <= 0) return rc;
        parley_text id = parley->col_text(c, 0);
        parley_json refund = parley->parse(c, parley->col_text(c, 1));
        rc = track_refund(c, shop, refund);
        if (rc >= 0) rc = parley_sql(c, "DELETE FROM waiting WHERE id = $1", id);
        if (rc < 0) return rc;
    }
}

int refund_made(parley_call *c, const struct delivery *d) {
    parley_text id = field_text(c, d->body, d->shop->refund.id), order = field_text(c, d->body, d->shop->refund.order);
    if (!parley_some(id) || !parley_some(order)) return parley->fail(c, 422, "this refund has no id or names no order");
    int rc = parley_sql(c, "SELECT customer, known FROM shop_order WHERE id = $1", order);
    if (rc < 0) return rc;
    if (rc == 0)
        return parley_sql(c,
                          "INSERT INTO waiting (id, order_id, shop, body, at) VALUES ($1, $2, $3, $4, $5)"
                          " ON CONFLICT DO NOTHING",
                          id, order, d->domain, parley->source(c), parley->now(c));
    struct person person = {parley->col_text(c, 0), parley->col(c, 1)};
    rc = parley->concern(c, person.id, person.known);
    return rc < 0 ? rc : track_refund(c, d->shop, d->body);
}

/* ---- orders ---- */

struct known_order {
    parley_text total;
    int64_t updated;
    bool cancelled;
};

static int track_order(parley_call *c, const struct delivery *d, const char *event, int64_t at) {
    const struct shop *shop = d->shop;
    parley_json o = d->body, revenue = field_amount(c, o, shop->order.revenue);
    int64_t left_out;
    parley_json products = products_of(c, shop, field(o, shop->order.lines), NULL, shop->line.quantity, &left_out);
    int rc = parley->happened(c, at);
    if (rc < 0) return rc;
    return parley_track(
        c, event,
        "{order_id, order_number, affiliation, total, revenue, subtotal, shipping, tax, discount, coupon,"
        " currency, products, products_left_out}",
        field_text(c, o, shop->order.id), field_text(c, o, shop->order.number), d->domain,
        field_amount(c, o, shop->order.total), revenue, revenue, field_amount(c, o, shop->order.shipping),
        field_amount(c, o, shop->order.tax), field_amount(c, o, shop->order.discount),
        field_text(c, o, shop->order.coupon), field_text(c, o, shop->order.currency), products, left_out);
}

static int first_word(parley_call *c, const struct delivery *d, parley_text id, struct person person, parley_text total,
                      int64_t updated) {
    int rc = parley_sql(c,
                        "INSERT INTO shop_order (id, shop, customer, known, total, updated, cancelled)"
                        " VALUES ($1, $2, $3, $4, $5, $6, 0)",
                        id, d->domain, person.id, person.known, total, updated);
    if (rc >= 0) rc = track_order(c, d, "Order Completed", field_time(d->body, d->shop->order.at, parley->now(c)));
    return rc < 0 ? rc : take_waiting(c, d->shop, id);
}

/* Another total, by a word that is newer than the last one. */
static int another_word(parley_call *c, const struct delivery *d, parley_text id, const struct known_order *known,
                        parley_text total, int64_t updated) {
    if (updated <= known->updated) return 0;
    int rc = parley_sql(c, "UPDATE shop_order SET total = $2, updated = $3 WHERE id = $1", id, total, updated);
    return rc < 0 || parley_same(total, known->total) ? rc : track_order(c, d, "Order Updated", updated);
}

static int last_word(parley_call *c, const struct delivery *d, parley_text id, int64_t at) {
    int rc = parley_sql(c, "UPDATE shop_order SET cancelled = 1 WHERE id = $1", id);
    if (rc >= 0) rc = parley->happened(c, at);
    if (rc < 0) return rc;
    return parley_track(c, "Order Cancelled", "{order_id, order_number, total, currency, reason}", id,
                        field_text(c, d->body, d->shop->order.number), field_amount(c, d->body, d->shop->order.total),
                        field_text(c, d->body, d->shop->order.currency), field_text(c, d->body, d->shop->order.reason));
}

int order_placed(parley_call *c, const struct delivery *d) {
    const struct shop *shop = d->shop;
    parley_text id = field_text(c, d->body, shop->order.id), total = field_text(c, d->body, shop->order.total);
    int64_t updated = field_time(d->body, shop->order.updated, 0),
            cancelled = field_time(d->body, shop->order.cancelled, 0);
    struct known_order known = {0};
    if (!parley_some(id)) return parley->fail(c, 422, "this order has no id");
    if (parley->truth(field(d->body, shop->order.test))) {
        parley->count(c, "test_orders", 1);
        return 0;
    }
    int found = parley_sql(c, "SELECT customer, known, total, updated, cancelled FROM shop_order WHERE id = $1", id);
    if (found < 0) return found;
    struct person person = {parley->col_text(c, 0), parley->col(c, 1)};
    if (found > 0)
        known = (struct known_order){parley->col_text(c, 2), parley->col(c, 3), parley->col(c, 4)};
    else
        person =
            person_of(c, field_text(c, d->body, shop->order.customer), field_text(c, d->body, shop->order.email), id);
    int rc = person_concern(c, d, person);
    if (rc >= 0)
        rc = found ? another_word(c, d, id, &known, total, updated) : first_word(c, d, id, person, total, updated);
    return rc < 0 || !cancelled || known.cancelled ? rc : last_word(c, d, id, cancelled);
}
