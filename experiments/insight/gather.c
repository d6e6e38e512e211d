/* What a record says about products, purchases and visits. Events of staff and of the system say nothing. A record happened when it
 * says, but not after it was received: a sender whose clock is ahead would make a day of its own. */
#include <string.h>

#include "core/base/json.h"
#include "experiments/insight/insight_internal.h"

enum { ITEMS_MAX = 1000000, PRODUCTS_MAX = 10000 };

struct told {
    const struct journal_record *record;
    struct json json;
    json_at properties;
    int64_t unit, day;
};

static struct text member_text(struct insight *in, const struct told *t, json_at object, struct text name) {
    json_at at = json_get(&t->json, object, name);
    if (json_kind(&t->json, at) == JSON_KIND_NUMBER) return json_source(&t->json, at);
    return json_unescaped(&t->json, at, &in->arena);
}

static struct text item_of(struct insight *in, const struct told *t, json_at object) {
    struct text item = member_text(in, t, object, TEXT("product_id"));
    if (!item.n) item = member_text(in, t, object, TEXT("sku"));
    return item.n <= 256 ? item : TEXT_NONE;
}

/* The item's number; 0 where there are too many, negative where it cannot be written. */
static int64_t item_number(struct insight *in, struct text name, struct error *error) {
    struct unit_id id = unit_of(name);
    uint64_t known = unit_map_get(&in->items, id);
    if (known) return (int64_t)known;
    if (in->items_n >= ITEMS_MAX) {
        count(in->items_dropped, 1);
        return 0;
    }
    int64_t number = in->items_n + 1;
    int rc = sql_run(in->sql, error, "INSERT INTO item (id, name) VALUES ($1, $2)", SQL_I(number), SQL_T(name));
    if (rc < 0) return rc;
    in->items_n = number;
    unit_map_put(&in->items, id, (uint64_t)number);
    return number;
}

static int see(struct insight *in, const struct told *t, enum insight_kind kind, struct text item,
               struct error *error) {
    if (!item.n) return 0;
    int64_t number = item_number(in, item, error);
    if (number <= 0) return (int)number;
    int rc = sql_run(in->sql, error,
                     "INSERT INTO seen (kind, day, item, unit) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                     SQL_I(kind), SQL_I(t->day), SQL_I(number), SQL_I(t->unit));
    return rc < 0 ? rc : 0;
}

/* --- purchases --- */

static int64_t amount(const struct told *t) {
    int64_t micros = 0;
    if (!json_micros(&t->json, json_get(&t->json, t->properties, TEXT("revenue")), &micros))
        json_micros(&t->json, json_get(&t->json, t->properties, TEXT("total")), &micros);
    return micros;
}

/* Who is not known is a guest: she buys, but nobody can say whether she came again before she says who she is. */
static int add_purchase(struct insight *in, int64_t unit, int64_t day, int orders, int64_t revenue, int64_t refunded,
                        struct error *error) {
    int64_t who;
    int known = insight_leader(in, unit, &who, error);
    if (known < 0) return known;
    int rc = sql_run(in->sql, error,
                     "INSERT INTO bought (who, day, unit, known, orders, revenue, refunded)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (who, day, unit) DO UPDATE SET"
                     " orders = orders + excluded.orders, revenue = revenue + excluded.revenue,"
                     " refunded = refunded + excluded.refunded",
                     SQL_I(who), SQL_I(day), SQL_I(unit), SQL_I(known), SQL_I(orders), SQL_I(revenue), SQL_I(refunded));
    if (rc >= 0 && orders < 0)
        rc = sql_run(in->sql, error,
                     "DELETE FROM bought WHERE who = $1 AND day = $2 AND unit = $3 AND orders = 0 AND refunded = 0",
                     SQL_I(who), SQL_I(day), SQL_I(unit));
    return rc < 0 ? rc : 0;
}

/* An order that another record told before: 1 where that one stays, 0 where there is none or it has given way (a browser's to
 * the shop's server's, as in experiments). */
static int told_before(struct insight *in, const struct told *t, int64_t order, struct error *error) {
    struct sql_rows rows;
    int64_t unit = 0, day = 0, revenue = 0;
    bool browser = false;
    int rc =
        sql_query(in->sql, &rows, error, "SELECT unit, day, revenue, browser FROM orders WHERE id = $1", SQL_I(order));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        unit = sql_int(&rows, 0), day = sql_int(&rows, 1), revenue = sql_int(&rows, 2);
        browser = sql_int(&rows, 3) != 0;
    }
    sql_done(&rows);
    if (rc <= 0) return rc;
    if (!browser || t->record->flags & JOURNAL_BROWSER) return 1;
    return add_purchase(in, unit, day, -1, -revenue, 0, error);
}

static int claim_order(struct insight *in, const struct told *t, int64_t revenue, struct error *error) {
    struct text id = member_text(in, t, t->properties, TEXT("order_id"));
    if (!id.n) return 0;
    int64_t order = (int64_t)unit_of(id).lo;
    int rc = told_before(in, t, order, error);
    if (rc != 0) return rc;
    rc = sql_run(in->sql, error,
                 "INSERT INTO orders (id, unit, day, revenue, browser) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO"
                 " UPDATE SET unit = excluded.unit, day = excluded.day, revenue = excluded.revenue, browser = 0",
                 SQL_I(order), SQL_I(t->unit), SQL_I(t->day), SQL_I(revenue),
                 SQL_I(t->record->flags & JOURNAL_BROWSER ? 1 : 0));
    return rc < 0 ? rc : 0;
}

static int gather_order(struct insight *in, const struct told *t, struct error *error) {
    int64_t revenue = amount(t);
    int rc = claim_order(in, t, revenue, error);
    if (rc != 0) return rc < 0 ? rc : 0;
    rc = add_purchase(in, t->unit, t->day, 1, revenue, 0, error);
    json_at products = json_get(&t->json, t->properties, TEXT("products"));
    int n = 0;
    for (json_at c = json_first(&t->json, products); rc == 0 && c != JSON_NONE && n < PRODUCTS_MAX;
         c = json_after(&t->json, products, c), n++)
        rc = see(in, t, INSIGHT_PURCHASING, item_of(in, t, c), error);
    return rc;
}

/* --- all --- */

/* What becomes of an order is the shop's doing: nobody came for it. */
static bool is_visit(const struct journal_record *r) {
    return !text_is(r->name, "Order Refunded") && !text_is(r->name, "Order Updated") &&
           !text_is(r->name, "Order Cancelled");
}

static int gather_event(struct insight *in, struct told *t, struct error *error) {
    const struct journal_record *r = t->record;
    arena_reset(&in->arena);
    if (json_scan(&t->json, r->body, &in->arena, NULL) != 0) return 0;
    t->properties = json_get(&t->json, 0, TEXT("properties"));
    if (t->day > in->newest) in->newest = t->day;
    if (text_is(r->name, "Order Completed")) return gather_order(in, t, error);
    if (text_is(r->name, "Order Refunded")) return add_purchase(in, t->unit, t->day, 0, 0, amount(t), error);
    return see(in, t, INSIGHT_SHOPPING, item_of(in, t, t->properties), error);
}

int insight_gather(struct insight *in, const struct journal_record *r, struct error *error) {
    int64_t at = r->at < r->received ? r->at : r->received;
    struct told t = {.record = r, .unit = (int64_t)unit_of(r->unit).lo, .day = insight_day(at)};
    if (!r->unit.n) return 0;
    if (r->kind == JOURNAL_PART) return insight_part(in, r, error);
    if (r->kind == JOURNAL_IDENTIFY || r->kind == JOURNAL_ALIAS) return insight_join(in, r, error);
    if (r->actor != JOURNAL_CUSTOMER && r->actor != JOURNAL_PLUGIN) return 0;
    int rc = is_visit(r)                ? insight_visit(in, r, at, error)
             : r->flags & JOURNAL_KNOWN ? insight_know(in, t.unit, error)
                                        : 0;
    bool of_products = r->kind == JOURNAL_TRACK && !text_starts(r->name, TEXT("Product Removed"));
    return rc < 0 || !of_products ? rc : gather_event(in, &t, error);
}
