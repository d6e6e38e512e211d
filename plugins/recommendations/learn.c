/* What happens in the shop becomes rows: who has what, visits, orders. An event that names no item, or one that is not in the catalogue,
 * is passed over; what does not fit is counted. */
#include "plugins/recommendations/recommendations.h"

static parley_text short_text(parley_json object, const char *name, size_t most) {
    parley_text text = parley->text(parley->get(object, name));
    return text.n <= most ? text : (parley_text){0};
}

parley_text learn_sku(parley_json product) {
    parley_text sku = short_text(product, "sku", SKU_MOST);
    return parley_some(sku) ? sku : short_text(product, "product_id", SKU_MOST);
}

/* ---- who and what ---- */

static int add_item(parley_call *c, parley_json product, parley_text sku, int64_t *item) {
    int rc = parley_sql(c, "SELECT count(*) FROM item");
    if (rc < 0) return rc;
    if (parley->col(c, 0) >= LEARNT_MOST) {
        parley->count(c, "items_refused", 1);
        return 0;
    }
    double price;
    parley_value priced = PARLEY_VALUE(NULL);
    if (parley->number(parley->get(product, "price"), &price) && price >= 0) priced = PARLEY_VALUE(price);
    rc = parley_sql(c, "INSERT INTO item (sku, title, category, price, currency) VALUES ($1, $2, $3, $4, $5) RETURNING id", sku,
                    short_text(product, "name", TEXT_MOST), short_text(product, "category", TEXT_MOST), priced,
                    short_text(product, "currency", 3));
    if (rc > 0) *item = parley->col(c, 0);
    if (rc > 0) rc = parley_sql(c, "UPDATE state SET catalogue = catalogue + 1");
    return rc;
}

/* 0 in *item: not to be learnt from. Once there is a catalogue it says what there is: events come from browsers, and anybody can make up
 * a product. */
static int find_item(parley_call *c, parley_json product, int64_t *item) {
    parley_text sku = learn_sku(product);
    *item = 0;
    if (!parley_some(sku)) return 0;
    int rc = parley_sql(c, "SELECT id FROM item WHERE sku = $1", sku);
    if (rc != 0) {
        if (rc > 0) *item = parley->col(c, 0);
        return rc;
    }
    rc = parley_sql(c, "SELECT listed FROM state");
    if (rc < 0) return rc;
    if (parley->col(c, 0) == 0) return add_item(c, product, sku, item);
    parley->count(c, "unlisted_passed_over", 1);
    return 0;
}

static int drop_person(parley_call *c, int64_t person) {
    return parley_sql(c, "DELETE FROM has WHERE person = $1", person) < 0 ||
                   parley_sql(c, "DELETE FROM person WHERE id = $1", person) < 0
               ? PARLEY_FAILED
               : 0;
}

static int find_person(parley_call *c, int64_t *person) {
    int rc = parley_sql(c, "SELECT id FROM person WHERE customer = $1", parley->customer(c));
    if (rc != 0) {
        if (rc > 0) *person = parley->col(c, 0);
        return rc;
    }
    rc = parley_sql(c, "INSERT INTO person (customer) VALUES ($1) RETURNING id", parley->customer(c));
    if (rc < 0) return rc;
    *person = parley->col(c, 0);
    return drop_person(c, *person - PEOPLE_MOST);
}

static int add_has(parley_call *c, int64_t person, int64_t item, int64_t at, bool bought) {
    int rc = parley_sql(c,
                        "INSERT INTO has (person, item, at, bought) VALUES ($1, $2, $3, $4)"
                        " ON CONFLICT (person, item) DO UPDATE SET bought = max(bought, excluded.bought)"
                        " WHERE excluded.bought > bought",
                        person, item, at, bought);
    if (rc < 0) return rc;
    rc = parley_sql(c, "SELECT count(*) FROM has WHERE person = $1", person);
    if (rc < 0 || parley->col(c, 0) <= HAS_MOST) return rc;
    parley->count(c, "seen_forgotten", 1);
    return parley_sql(c,
                      "DELETE FROM has WHERE person = $1 AND item ="
                      " (SELECT item FROM has WHERE person = $1 ORDER BY bought, at LIMIT 1)",
                      person);
}

/* ---- visits ---- */

static int drop_visit(parley_call *c, int64_t visit) {
    return parley_sql(c, "DELETE FROM look WHERE visit = $1", visit) < 0 ||
                   parley_sql(c, "DELETE FROM visit WHERE id = $1", visit) < 0
               ? PARLEY_FAILED
               : 0;
}

static int find_visit(parley_call *c, int64_t person, int64_t at, int64_t *visit) {
    int rc = parley_sql(c, "SELECT id, last FROM visit WHERE person = $1 ORDER BY id DESC LIMIT 1", person);
    if (rc < 0) return rc;
    if (rc > 0 && at - parley->col(c, 1) <= VISIT_GAP) {
        *visit = parley->col(c, 0);
        return parley_sql(c, "UPDATE visit SET last = max(last, $2) WHERE id = $1", *visit, at);
    }
    rc = parley_sql(c, "INSERT INTO visit (person, last) VALUES ($1, $2) RETURNING id", person, at);
    if (rc < 0) return rc;
    *visit = parley->col(c, 0);
    return drop_visit(c, *visit - VISITS_MOST);
}

static int add_look(parley_call *c, int64_t person, int64_t item, int64_t at, int64_t place) {
    int64_t visit;
    int rc = find_visit(c, person, at, &visit);
    if (rc >= 0) rc = parley_sql(c, "SELECT count(*) FROM look WHERE visit = $1", visit);
    if (rc < 0) return rc;
    if (parley->col(c, 0) >= LOOKS_MOST) {
        parley->count(c, "looks_refused", 1);
        return 0;
    }
    return parley_sql(c,
                      "INSERT INTO look (visit, item, place) VALUES ($1, $2, $3)"
                      " ON CONFLICT (visit, item) DO UPDATE SET place = $3",
                      visit, item, place);
}

/* ---- orders ---- */

static int drop_purchase(parley_call *c, int64_t purchase) {
    return parley_sql(c, "DELETE FROM line WHERE purchase = $1", purchase) < 0 ||
                   parley_sql(c, "DELETE FROM purchase WHERE id = $1", purchase) < 0
               ? PARLEY_FAILED
               : 0;
}

/* An order that is told twice is one. */
static int find_purchase(parley_call *c, int64_t person, parley_text reference, int64_t at, int64_t *purchase) {
    int rc = parley_sql(c, "SELECT id FROM purchase WHERE person = $1 AND reference = $2", person, reference);
    if (rc != 0) {
        if (rc > 0) *purchase = parley->col(c, 0);
        return rc;
    }
    rc = parley_sql(c, "INSERT INTO purchase (person, reference, at) VALUES ($1, $2, $3) RETURNING id", person, reference, at);
    if (rc < 0) return rc;
    *purchase = parley->col(c, 0);
    return drop_purchase(c, *purchase - PURCHASES_MOST);
}

/* `reference`: of the order, else of the message. */
static int learn_order(parley_call *c, parley_json event, int64_t person, int64_t at) {
    parley_json properties = parley->get(event, "properties"), products = parley->get(properties, "products");
    parley_text reference = short_text(properties, "order_id", TEXT_MOST);
    if (!parley_some(reference)) reference = parley->text(parley->get(event, "messageId"));
    int64_t purchase = 0, item;
    size_t n = 0;
    int rc = find_purchase(c, person, reference, at, &purchase);
    for (parley_json p = parley->first(products); rc >= 0 && parley_is(p); p = parley->after(products, p)) {
        if (n++ == PRODUCTS_MOST) {
            parley->count(c, "order_lines_refused", (int64_t)(parley->length(products) - PRODUCTS_MOST));
            break;
        }
        rc = find_item(c, p, &item);
        if (rc < 0 || item == 0) continue;
        rc = parley_sql(c, "INSERT INTO line (purchase, item) VALUES ($1, $2) ON CONFLICT DO NOTHING", purchase, item);
        if (rc >= 0) rc = add_has(c, person, item, at, true);
    }
    return rc;
}

/* ---- events ---- */

int learn_event(parley_call *c, parley_json event) {
    int64_t at = parley->now(c), told, person, item, place = 0;
    if (parley->integer(parley->get(event, "at"), &told) && told < at) at = told;
    parley->integer(parley->get(event, "seq"), &place);
    if (!parley_some(parley->customer(c))) return 0;
    parley_json properties = parley->get(event, "properties");
    bool order = parley_same(parley->text(parley->get(event, "event")), PARLEY_TEXT("Order Completed"));
    int rc = 0;
    if (!order && ((rc = find_item(c, properties, &item)) < 0 || item == 0)) return rc;
    rc = find_person(c, &person);
    if (rc >= 0 && order) rc = learn_order(c, event, person, at);
    if (rc >= 0 && !order) rc = add_look(c, person, item, at, place);
    if (rc >= 0 && !order) rc = add_has(c, person, item, at, false);
    return rc < 0 ? rc : train_soon(c, parley->state(c));
}
