/* A connector from a shop system: its webhooks are proven, counted once, and told to Parley in the words of Segment's e-commerce
 * specification v2. What differs from one shop system to the next is a `struct shop`: names of headers, topics, and where things stand
 * in a payload (shopify.c is one); the rest knows nothing of Shopify. */
#ifndef PARLEY_PLUGINS_SHOPIFY_SHOP_H
#define PARLEY_PLUGINS_SHOPIFY_SHOP_H

#include <parley/plugin.h>

/* Where something stands in a payload: names of members (or numbers of elements) with '/' between, such as
 * "discount_codes/0/code". NULL: this shop system does not tell. */
typedef const char *shop_path;

struct delivery;

struct shop {
    const char *signature, *delivery, *topic, *domain; /* names of headers */
    const struct shop_topic {
        const char *name;
        int (*take)(parley_call *c, const struct delivery *delivery); /* one of those at the end */
    } * topics;
    size_t topics_n;
    struct {
        shop_path id, number, at, updated, currency, total, revenue, tax, shipping, discount, coupon, test, cancelled,
            reason, customer, email, lines;
    } order;
    struct {
        shop_path product, sku, name, variant, brand, price, quantity;
    } line;
    struct {
        shop_path id, order, at, lines, line, quantity; /* `line` and `quantity`: within one of `lines` */
        shop_path payments, amount, currency, kind, status;
        const char *kind_is, *status_is; /* of the payments that gave money back */
    } refund;
    struct {
        shop_path id, email, updated, phone, first_name, last_name, created, orders;
    } customer;
    struct {
        shop_path customer, email, orders, request;
    } privacy;
};

extern const struct shop shopify;

/* One webhook, proven to come from the shop. */
struct delivery {
    const struct shop *shop;
    parley_text domain; /* which shop */
    parley_json body;   /* an object */
};

/* ---- field.c ---- */

parley_json field(parley_json object, shop_path path); /* {NULL, 0} where there is none */
/* A string, or a number as its digits; {NULL, 0} where it is neither. */
parley_text field_text(parley_call *c, parley_json object, shop_path path);
/* An amount of money as the number that it is, digit by digit: "409.94" is 409.94. {NULL, 0} where it is none. */
parley_json field_amount(parley_call *c, parley_json object, shop_path path);
int64_t field_time(parley_json object, shop_path path, int64_t otherwise); /* ms */

/* ---- proof.c ---- */

/* The body was signed with the plugin's secret. 0; else refused: 409 where the plugin has none, 401 where it is not so. */
int proof_check(parley_call *c, const struct shop *shop);

/* ---- person.c: whose order it is ---- */

struct person {
    parley_text id;
    bool known; /* to the shop, not a guest */
};

/* The shop's number of the customer; a guest is "guest:" and a keyed hash of the e-mail, or "order:" and the order's number. */
struct person person_of(parley_call *c, parley_text customer, parley_text email, parley_text order);
/* From here on the call is about that person, who is remembered as the shop's. */
int person_concern(parley_call *c, const struct delivery *delivery, struct person person);

/* ---- what topics do; each 0 or negative ---- */

int order_placed(parley_call *c,
                 const struct delivery *delivery); /* also what was changed, cancelled, paid: in any order */
int refund_made(parley_call *c, const struct delivery *delivery);
int customer_told(parley_call *c, const struct delivery *delivery);
int privacy_asked(parley_call *c, const struct delivery *delivery);  /* a customer wants her data: staff is told */
int privacy_redact(parley_call *c, const struct delivery *delivery); /* a customer is erased */
int privacy_leave(parley_call *c, const struct delivery *delivery);  /* all customers of a shop are erased */

/* A piece of what privacy_leave began; the timer "leave" comes back for the next. */
int privacy_go_on(parley_call *c);
/* Staff: GET /requests?before=, POST /requests/{number}/done. */
int privacy_requests(parley_call *c);
int privacy_request_done(parley_call *c);
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

#endif
