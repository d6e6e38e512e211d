/* What a board would cost, and its products on their way into the cart. Sums are whole ten-thousandths, by currency. The prices are
 * those that the pins came with; what a cart costs in the end is the shop's to say. */
#include "plugins/boards/boards.h"

static bool sees_new(parley_call *c, const struct board *board) {
    return board->inside || !policy_of(c).review_first;
}

parley_json totals_json(parley_call *c, const struct board *board) {
    parley_json sums = parley->list(c);
    int64_t pieces = 0, unpriced = 0;
    int row = parley_sql(c,
                         "SELECT i.currency, sum(i.price * i.quantity), sum(i.quantity) FROM item i"
                         " WHERE i.board = $1 AND i.kind = 'product' AND " ITEM_VISIBLE
                         " GROUP BY i.currency ORDER BY i.currency",
                         board->number, sees_new(c, board), parley->customer(c), parley->staff(c));
    for (; row > 0; row = parley->next(c)) {
        bool priced = parley->col_text(c, 0).at;
        pieces += parley->col(c, 2);
        if (!priced) unpriced += parley->col(c, 2);
        if (priced)
            parley_append(c, sums, "{currency, amount}", parley->col_text(c, 0), price_json(c, parley->col(c, 1)));
    }
    return parley_object(c, "{sums, pieces, unpriced}", sums, pieces, unpriced);
}

static parley_json products(parley_call *c, const struct board *board) {
    parley_json list = parley->list(c);
    int row =
        parley_sql(c,
                   "SELECT i.number, i.sku, i.title, i.role, i.quantity, i.price, i.currency FROM item i"
                   " WHERE i.board = $1 AND i.kind = 'product' AND " ITEM_VISIBLE " ORDER BY i.position, i.number",
                   board->number, sees_new(c, board), parley->customer(c), parley->staff(c));
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{item, sku, title, role, quantity, price, currency}",
                      parley_format(c, "{}", parley->col(c, 0)), parley->col_text(c, 1), parley->col_text(c, 2),
                      parley->col_text(c, 3), parley->col(c, 4), price_json(c, parley->col(c, 5)),
                      parley->col_text(c, 6));
    return list;
}

int cart_get(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, totals}", products(c, &board), totals_json(c, &board));
}

/* The same answer, once the shopper has put them all into her cart: each is an event. */
int cart_add(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc >= 0 && !parley_some(parley->customer(c))) rc = parley->fail(c, 401, "a cart needs a shopper");
    if (rc < 0) return rc;
    parley_json list = products(c, &board);
    for (parley_json p = parley->first(list); rc >= 0 && parley_is(p); p = parley->after(list, p))
        rc = parley_track(c, "Wishlist Product Added to Cart",
                          "{wishlist_id, wishlist_name, product_id, sku, name, price, currency, quantity}", board.id,
                          board.title, parley->get(p, "sku"), parley->get(p, "sku"), parley->get(p, "title"),
                          parley->get(p, "price"), parley->get(p, "currency"), parley->get(p, "quantity"));
    if (rc >= 0 && parley->length(list) > 0)
        rc = parley_timeline(
            c, "board", parley_format(c, "Put everything on \"{}\" into the cart", text_brief(c, board.title, 120)),
            "{board}", board.id);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, totals}", list, totals_json(c, &board));
}
