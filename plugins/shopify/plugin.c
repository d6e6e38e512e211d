/* The connector: its tables, its routes, and what each webhook goes through: is it the shop's, has it been here, what does it say. */
#include "plugins/shopify/shop.h"

enum { ID_MOST = 200 };
static const int64_t DAY = INT64_C(24) * 3600 * 1000;
static const int64_t DELIVERIES_KEPT = 14, WAITING_KEPT = 60; /* days; Shopify tries for four hours */

const struct parley_host *parley;

static const struct shop_topic *find_topic(const struct shop *shop, parley_text name) {
    for (size_t i = 0; i < shop->topics_n; i++)
        if (parley_same(name, (parley_text){shop->topics[i].name, __builtin_strlen(shop->topics[i].name)}))
            return &shop->topics[i];
    return NULL;
}

static int take(parley_call *c, const struct shop *shop, const struct shop_topic *topic, parley_text id) {
    struct delivery delivery = {shop, parley->header(c, shop->domain), parley->body(c)};
    if (parley->kind(delivery.body) != PARLEY_OBJECT) return parley->fail(c, 400, "the body is no JSON object");
    int rc = parley_sql(c, "INSERT INTO delivery (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, parley->now(c));
    if (rc < 0) return rc;
    if (rc == 0) {
        parley->count(c, "repeated", 1);
        return parley_reply(c, 200, "{taken: false, reason}", "it has been here before");
    }
    rc = topic->take(c, &delivery);
    if (rc < 0) return rc;
    parley->count(c, "taken", 1);
    return parley_reply(c, 200, "{taken: true}");
}

/* Whether the operator wants that shop's webhooks: those of a list, or all where there is none. */
static int is_taken(parley_call *c, parley_text domain) {
    int rc = parley_sql(c, "SELECT count(*) = 0 OR max(domain = $1) FROM shop", domain);
    if (rc < 0 || parley->col(c, 0)) return rc;
    parley->count(c, "refused", 1);
    return parley_fail(c, 403, "{} is none of the shops that this connector is configured for", domain);
}

/* POST /hooks/shopify/webhooks: all topics. What this connector has no use for is answered well, or the shop system would send it again. */
static int receive(parley_call *c) {
    const struct shop *shop = &shopify;
    int rc = proof_check(c, shop);
    if (rc >= 0) rc = is_taken(c, parley->header(c, shop->domain));
    if (rc < 0) return rc;
    parley_text id = parley->header(c, shop->delivery);
    if (!parley_some(id) || id.n > ID_MOST)
        return parley_fail(c, 400, "the header {} is missing or too long", shop->delivery);
    const struct shop_topic *topic = find_topic(shop, parley->header(c, shop->topic));
    if (topic) return take(c, shop, topic, id);
    parley->count(c, "ignored", 1);
    return parley_reply(c, 200, "{taken: false, reason}", "this topic says nothing to Parley");
}

/* ---- time ---- */

static int sweep(parley_call *c) {
    int rc = parley_sql(c, "DELETE FROM delivery WHERE at < $1", parley->now(c) - DELIVERIES_KEPT * DAY);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM waiting WHERE at < $1", parley->now(c) - WAITING_KEPT * DAY);
    if (rc > 0) {
        parley->count(c, "refunds_without_order", rc);
        parley_log(c, PARLEY_WARN, "{} refunds were given up: their orders never came", rc);
    }
    return rc < 0 ? rc : parley->timer(c, PARLEY_TEXT("sweep"), parley->now(c) + DAY);
}

static int on_timer(parley_call *c, parley_text name) {
    return parley_same(name, PARLEY_TEXT("leave")) ? privacy_go_on(c) : sweep(c);
}

static int start(parley_call *c, void **state) {
    return parley->timer(c, PARLEY_TEXT("sweep"), parley->now(c) + DAY);
}

/* {shops: [domain ...]} */
static int configure(parley_call *c, parley_json settings) {
    parley_json shops = parley->get(settings, "shops");
    int rc = parley_sql(c, "DELETE FROM shop");
    for (parley_json s = parley->first(shops); rc >= 0 && parley_is(s); s = parley->after(shops, s))
        rc = parley_sql(c, "INSERT INTO shop (domain) VALUES ($1)", parley->text(s));
    return rc;
}

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     "CREATE TABLE delivery (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX delivery_at ON delivery (at);"
     "CREATE TABLE person (id TEXT PRIMARY KEY, shop TEXT, known INTEGER NOT NULL, updated INTEGER NOT NULL DEFAULT 0)"
     " WITHOUT ROWID;"
     "CREATE INDEX person_shop ON person (shop);"
     "CREATE TABLE shop_order (id TEXT PRIMARY KEY, shop TEXT, customer TEXT NOT NULL, known INTEGER NOT NULL, total "
     "TEXT,"
     " updated INTEGER NOT NULL, cancelled INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX shop_order_customer ON shop_order (customer);"
     "CREATE TABLE refund (id TEXT PRIMARY KEY, order_id TEXT NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX refund_order ON refund (order_id);"
     "CREATE TABLE waiting (id TEXT PRIMARY KEY, order_id TEXT NOT NULL, shop TEXT, body TEXT NOT NULL, at INTEGER NOT "
     "NULL);"
     "CREATE INDEX waiting_order ON waiting (order_id);"
     "CREATE TABLE request (number INTEGER PRIMARY KEY, reference TEXT, customer TEXT NOT NULL, at INTEGER NOT NULL,"
     " done INTEGER NOT NULL DEFAULT 0);"
     "CREATE INDEX request_customer ON request (customer);"
     "CREATE TABLE leaving (shop TEXT PRIMARY KEY) WITHOUT ROWID;"},
    {2, PARLEY_ADDITIVE, "CREATE TABLE shop (domain TEXT PRIMARY KEY) WITHOUT ROWID;"},
};

static const struct parley_route routes[] = {
    {"POST", "/webhooks", PARLEY_WRITE, PARLEY_HOOK, receive},
    {"GET", "/requests", PARLEY_READ, PARLEY_STAFF, privacy_requests},
    {"POST", "/requests/{number}/done", PARLEY_WRITE, PARLEY_STAFF, privacy_request_done},
};

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("shopify", "1.0.0", &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    .start = start,
    .configure = configure,
    .on_timer = on_timer,
    .export_customer = rights_export,
    .forget_customer = rights_forget,
};
