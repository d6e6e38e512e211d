/* What the shop knows of a customer, told as Segment's identify. An older word that comes late says nothing. */
#include "plugins/shopify/shop.h"

int customer_told(parley_call *c, const struct delivery *d) {
    const struct shop *shop = d->shop;
    parley_text id = field_text(c, d->body, shop->customer.id);
    int64_t updated = field_time(d->body, shop->customer.updated, parley->now(c));
    if (!parley_some(id)) return parley->fail(c, 422, "this customer has no id");
    int rc = person_concern(c, d, (struct person){id, true});
    if (rc >= 0) rc = parley_sql(c, "UPDATE person SET updated = $2 WHERE id = $1 AND updated < $2", id, updated);
    if (rc <= 0) return rc;
    rc = parley->happened(c, updated);
    if (rc < 0) return rc;
    return parley_identify(c, "{email, phone, firstName, lastName, createdAt, orders}",
                           field(d->body, shop->customer.email), field(d->body, shop->customer.phone),
                           field(d->body, shop->customer.first_name), field(d->body, shop->customer.last_name),
                           field(d->body, shop->customer.created), field(d->body, shop->customer.orders));
}
