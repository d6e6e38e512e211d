/* What a customer may ask of the plugin: all that it holds about her, and that it forgets her. */
#include "plugins/recommendations/recommendations.h"

static int list_items(parley_call *c, int row, parley_json list) {
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{sku, title, bought, at}", parley->col_text(c, 0), parley->col_text(c, 1), (bool)parley->col(c, 2),
                      (parley_time){parley->col(c, 3)});
    return row;
}

/* Rows of (number, reference, time, sku), the rows of one number together. */
static int list_groups(parley_call *c, int row, parley_json list) {
    int64_t number = -1, at = 0;
    parley_json skus = {0};
    parley_text reference = {0};
    for (bool more = true; more; row = more ? parley->next(c) : row) {
        more = row > 0;
        if (number >= 0 && (!more || parley->col(c, 0) != number))
            parley_append(c, list, "{reference, at, items}", reference, (parley_time){at}, skus);
        if (!more) break;
        if (parley->col(c, 0) != number) skus = parley->list(c);
        number = parley->col(c, 0);
        reference = parley->col_text(c, 1);
        at = parley->col(c, 2);
        if (parley->col_text(c, 3).at) parley_append(c, skus, "?", parley->col_text(c, 3));
    }
    return row;
}

int rights_export(parley_call *c, parley_text customer) {
    parley_json items = parley->list(c), visits = parley->list(c), orders = parley->list(c);
    int rc = list_items(c,
                        parley_sql(c,
                                   "SELECT item.sku, item.title, has.bought, has.at FROM has JOIN item ON item.id = has.item"
                                   " WHERE has.person = (SELECT id FROM person WHERE customer = $1) ORDER BY has.at, item.sku",
                                   customer),
                        items);
    if (rc >= 0)
        rc = list_groups(c,
                         parley_sql(c,
                                    "SELECT visit.id, NULL, visit.last, item.sku FROM visit LEFT JOIN look ON look.visit = visit.id"
                                    " LEFT JOIN item ON item.id = look.item"
                                    " WHERE visit.person = (SELECT id FROM person WHERE customer = $1)"
                                    " ORDER BY visit.id, look.place",
                                    customer),
                         visits);
    if (rc >= 0)
        rc = list_groups(c,
                         parley_sql(c,
                                    "SELECT purchase.id, purchase.reference, purchase.at, item.sku FROM purchase"
                                    " LEFT JOIN line ON line.purchase = purchase.id LEFT JOIN item ON item.id = line.item"
                                    " WHERE purchase.person = (SELECT id FROM person WHERE customer = $1)"
                                    " ORDER BY purchase.id, item.sku",
                                    customer),
                         orders);
    return rc < 0 ? rc : parley_reply(c, 200, "{items, visits, orders}", items, visits, orders);
}

/* Her rows go now. What she did is also in the model, nameless, among what others did: that goes with the next one, which is trained at
 * once; its pieces take the place of the old ones in the database. */
int rights_forget(parley_call *c, parley_text customer) {
    int rc = parley_sql(c, "SELECT id FROM person WHERE customer = $1", customer);
    if (rc <= 0) return rc;
    const int64_t person = parley->col(c, 0);
    rc = parley_sql(c, "DELETE FROM look WHERE visit IN (SELECT id FROM visit WHERE person = $1)", person);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM visit WHERE person = $1", person);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM line WHERE purchase IN (SELECT id FROM purchase WHERE person = $1)", person);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM purchase WHERE person = $1", person);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM has WHERE person = $1", person);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM person WHERE id = $1", person);
    if (rc >= 0) rc = train_begin(c, parley->state(c));
    return rc < 0 ? rc : 0;
}
