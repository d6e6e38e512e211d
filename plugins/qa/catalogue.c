/* What products are called, as the shop's staff import it (parley catalogue import): who is asked about something she bought reads what it
 * was, and staff read more than an article number. */
#include "plugins/qa/qa.h"

int catalogue_take(parley_call *c) {
    parley_json items = parley->get(parley->body(c), "items"), removed = parley->get(parley->body(c), "removed");
    int rc = input_body(c, "items removed");
    for (parley_json i = parley->first(items); rc >= 0 && parley_is(i); i = parley->after(items, i)) {
        parley_text sku = parley->text(parley->get(i, "sku")), title = parley->text(parley->get(i, "title"));
        if (!parley_some(sku) || !parley_some(title))
            return parley->invalid(c, "/items", "a product has \"sku\" and \"title\"");
        rc =
            parley_sql(c, "INSERT INTO product (sku, title) VALUES ($1, $2) ON CONFLICT (sku) DO UPDATE SET title = $2",
                       sku, title);
    }
    for (parley_json r = parley->first(removed); rc >= 0 && parley_is(r); r = parley->after(removed, r))
        rc = parley_sql(c, "DELETE FROM product WHERE sku = $1", parley->text(r));
    return rc < 0 ? rc : 0;
}
