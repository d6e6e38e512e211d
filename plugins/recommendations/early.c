/* Before the first model: what most of the newest customers have, counted from the rows when it is asked for. A bounded number of rows, so
 * that a shop which brings years of events waits no longer than a new one; the promise of shelf.c holds here too. */
#include "plugins/recommendations/recommendations.h"

enum { COUNTED = 5000 /* rows of `has` */ };

static int find_popular(parley_call *c, size_t n, parley_json given) {
    const parley_text category = parley->query(c, "category");
    return parley_sql(
        c,
        "SELECT id, people FROM (SELECT item, count(*) AS people FROM (SELECT item FROM has ORDER BY person DESC, item"
        " LIMIT $1) GROUP BY item) JOIN item ON id = item"
        " WHERE available = 1 AND (listed = 1 OR (SELECT listed FROM state) = 0)"
        " AND ($2 IS NULL OR category = $2)"
        " AND id NOT IN (SELECT has.item FROM has JOIN person ON person.id = has.person WHERE customer = $3)"
        " AND sku NOT IN (SELECT value FROM json_each($4))"
        " ORDER BY people DESC, sku LIMIT $5",
        COUNTED, parley_some(category) ? category : (parley_text){0}, parley->customer(c), given, n);
}

int early_answer(parley_call *c, const char *list, size_t n, parley_json session) {
    struct offer offers[ANSWER_MOST] = {0};
    size_t found = 0;
    parley_json given, items = parley->list(c);
    int rc = given_ids(c, &given);
    if (rc < 0) return rc;
    for (parley_json i = parley->first(session); parley_is(i); i = parley->after(session, i))
        parley_append(c, given, "?", i);
    int row = popular_wanted(c) ? find_popular(c, n, given) : 0;
    while (row > 0) {
        offers[found].item = parley->col(c, 0);
        offers[found++].score = (double)parley->col(c, 1);
        row = parley->next(c);
    }
    if (row < 0) return row;
    for (size_t i = 0; i < found; i++) {
        offers[i].reason = REASON_POPULAR;
        offer_write(c, &offers[i], items);
    }
    return offers_reply(c, list, items, 0);
}
