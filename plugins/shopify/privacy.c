/* The three topics that the law wants: a customer's data is asked for, a customer is erased, a shop left and everybody goes. And what a
 * customer may ask of this plugin by Parley's own way. */
#include "plugins/shopify/shop.h"

enum { PIECE = 100 /* customers erased at once */, PIECE_MS = 1000, PAGE = 50 };

/* ---- her data is asked for: the shop has thirty days, so a person of the staff is told ---- */

int privacy_asked(parley_call *c, const struct delivery *d) {
    parley_text customer = field_text(c, d->body, d->shop->privacy.customer);
    parley_text email = field_text(c, d->body, d->shop->privacy.email);
    struct person person = person_of(c, customer, email, (parley_text){0});
    if (!parley_some(person.id)) return parley->fail(c, 422, "this request names no customer");
    int rc = person_concern(c, d, person);
    if (rc >= 0)
        rc = parley_sql(c, "INSERT INTO request (reference, customer, at) VALUES ($1, $2, $3)",
                        field_text(c, d->body, d->shop->privacy.request), person.id, parley->now(c));
    if (rc < 0) return rc;
    parley->log(c, PARLEY_WARN, "a customer asked the shop for her data: see the connector's requests");
    return parley_timeline(c, "privacy", "Asked the shop for her data", "{request}",
                           field_text(c, d->body, d->shop->privacy.request));
}

int privacy_requests(parley_call *c) {
    parley_text before = parley->query(c, "before");
    parley_json items = parley->list(c);
    int64_t last = 0, n = 0;
    int row = parley_sql(c,
                         "SELECT number, reference, customer, at, done FROM request"
                         " WHERE $1 IS NULL OR number < CAST($1 AS INTEGER) ORDER BY number DESC LIMIT $2",
                         before, (int)PAGE + 1);
    for (; row > 0; row = parley->next(c)) {
        if (++n > PAGE) break;
        last = parley->col(c, 0);
        parley_append(c, items, "{number, request, customer, at, done, export}", last, parley->col_text(c, 1),
                      parley->col_text(c, 2), (parley_time){parley->col(c, 3)}, (bool)parley->col(c, 4),
                      parley_format(c, "/admin/v1/customers/{}/export", parley->col_text(c, 2)));
    }
    if (row < 0) return row;
    if (n > PAGE) return parley_reply(c, 200, "{items, next}", items, parley_format(c, "{}", last));
    return parley_reply(c, 200, "{items, next: null}", items);
}

int privacy_request_done(parley_call *c) {
    int rc = parley_sql(c, "UPDATE request SET done = 1 WHERE number = CAST($1 AS INTEGER)", parley->path(c, "number"));
    if (rc == 0) return parley_fail(c, 404, "there is no request {}", parley->path(c, "number"));
    return rc;
}

/* ---- she is erased ---- */

static int erase(parley_call *c, struct person person) {
    if (!parley_some(person.id)) return 0;
    int rc = parley->concern(c, person.id, person.known);
    return rc < 0 ? rc : parley->erase(c);
}

/* A guest's order that has no e-mail is somebody of its own. */
static int erase_order(parley_call *c, parley_text order) {
    int rc = parley_sql(c, "SELECT customer, known FROM shop_order WHERE id = $1", order);
    return rc <= 0 ? rc : erase(c, (struct person){parley->col_text(c, 0), parley->col(c, 1)});
}

int privacy_redact(parley_call *c, const struct delivery *d) {
    parley_text customer = field_text(c, d->body, d->shop->privacy.customer), none = {0};
    parley_text email = field_text(c, d->body, d->shop->privacy.email);
    parley_json orders = field(d->body, d->shop->privacy.orders);
    if (!parley_some(customer) && !parley_some(email)) return parley->fail(c, 422, "this request names no customer");
    int rc = erase(c, person_of(c, customer, none, none));
    if (rc >= 0) rc = erase(c, person_of(c, none, email, none));
    if (parley->kind(orders) != PARLEY_ARRAY) return rc;
    for (parley_json o = parley->first(orders); rc >= 0 && parley_is(o); o = parley->after(orders, o))
        rc = erase_order(c, field_text(c, o, ""));
    return rc;
}

/* ---- the shop left ---- */

int privacy_leave(parley_call *c, const struct delivery *d) {
    int rc = parley_sql(c, "INSERT INTO leaving (shop) VALUES ($1) ON CONFLICT DO NOTHING", d->domain);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM waiting WHERE shop = $1", d->domain);
    return rc < 0 ? rc : parley->timer(c, PARLEY_TEXT("leave"), parley->now(c));
}

int privacy_go_on(parley_call *c) {
    struct person people[PIECE];
    int n = 0;
    int row =
        parley_sql(c, "SELECT id, known FROM person WHERE shop IN (SELECT shop FROM leaving) LIMIT $1", (int)PIECE);
    for (; row > 0; row = parley->next(c)) people[n++] = (struct person){parley->col_text(c, 0), parley->col(c, 1)};
    for (int i = 0; row >= 0 && i < n; i++) {
        row = erase(c, people[i]);
        if (row >= 0) row = parley_sql(c, "DELETE FROM person WHERE id = $1", people[i].id);
    }
    if (row < 0) return row;
    if (n == PIECE) return parley->timer(c, PARLEY_TEXT("leave"), parley->now(c) + PIECE_MS);
    row = parley_sql(c, "DELETE FROM leaving");
    return row < 0 ? row : 0;
}

/* ---- by Parley's own way ---- */

int rights_export(parley_call *c, parley_text customer) {
    parley_json orders = parley->list(c), requests = parley->list(c);
    int row =
        parley_sql(c, "SELECT id, shop, total, cancelled FROM shop_order WHERE customer = $1 ORDER BY id", customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, orders, "{id, shop, total, cancelled}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), (bool)parley->col(c, 3));
    if (row < 0) return row;
    row = parley_sql(c, "SELECT reference, at FROM request WHERE customer = $1 ORDER BY number", customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, requests, "{request, at}", parley->col_text(c, 0), (parley_time){parley->col(c, 1)});
    if (row < 0) return row;
    return parley_reply(c, 200, "{orders, requests}", orders, requests);
}

int rights_forget(parley_call *c, parley_text customer) {
    static const char *const statements[] = {
        "DELETE FROM refund WHERE order_id IN (SELECT id FROM shop_order WHERE customer = $1)",
        "DELETE FROM waiting WHERE order_id IN (SELECT id FROM shop_order WHERE customer = $1)",
        "DELETE FROM shop_order WHERE customer = $1", "DELETE FROM request WHERE customer = $1",
        "DELETE FROM person WHERE id = $1"};
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < sizeof statements / sizeof *statements; i++)
        rc = parley->sql(c, statements[i], (const parley_value[]){parley_of_text(customer)}, 1);
    return rc < 0 ? rc : 0;
}
