/* What is pinned to a board: products, links, images and notes, in an order. In an ensemble every product has a role, and one role
 * has one product. */
#include "plugins/boards/boards.h"

/* An item as it is read from a body. */
struct item {
    int64_t number, position;
    parley_text kind, role, sku, title, url, image, note, currency;
    int64_t price, quantity;
    parley_text author;
};

static int64_t size_of(const struct item *item) {
    return 300 + escaped_size(item->role) + escaped_size(item->sku) + escaped_size(item->title) +
           escaped_size(item->url) + escaped_size(item->image) + escaped_size(item->note);
}

static bool is_product(const struct item *item) {
    return text_is(item->kind, "product");
}

/* ---- what comes in ---- */

static int read_role(parley_call *c, struct item *item) {
    item->role = (parley_text){0};
    if (!read_has(c, "role") || parley->kind(parley->get(parley->body(c), "role")) == PARLEY_NULL) return 0;
    return read_text(c, "role", 1, ROLE_MOST, &item->role);
}

static int read_product(parley_call *c, struct item *item) {
    int rc = read_text(c, "sku", 1, SKU_MOST, &item->sku);
    if (rc >= 0 && read_has(c, "title")) rc = read_text(c, "title", 1, TITLE_MOST, &item->title);
    if (rc >= 0) rc = read_price(c, &item->price, &item->currency);
    if (rc >= 0 && read_has(c, "quantity")) rc = read_count(c, "quantity", 1, QUANTITY_MOST, &item->quantity);
    return rc;
}

static int read_kind(parley_call *c, struct item *item) {
    static const char *const kinds[] = {"product", "link", "image", "note", NULL};
    int rc = read_word(c, "kind", kinds, &item->kind);
    if (rc < 0) return rc;
    if (is_product(item)) return read_body(c, "kind role sku title url image note price currency quantity");
    if (text_is(item->kind, "link")) return read_body(c, "kind role title url image note");
    return read_body(c, text_is(item->kind, "image") ? "kind role title url image note" : "kind role note");
}

/* A whole item of the body. */
static int read_item(parley_call *c, struct item *item) {
    *item = (struct item){.title = PARLEY_TEXT(""), .note = PARLEY_TEXT(""), .price = -1, .quantity = 1};
    int rc = read_body(c, "kind role sku title url image note price currency quantity");
    if (rc >= 0) rc = read_kind(c, item);
    if (rc >= 0) rc = read_role(c, item);
    if (rc >= 0 && is_product(item)) rc = read_product(c, item);
    bool link = text_is(item->kind, "link"), image = text_is(item->kind, "image"), note = text_is(item->kind, "note");
    if (rc >= 0 && !is_product(item) && read_has(c, "title"))
        rc = read_text(c, "title", link, TITLE_MOST, &item->title);
    if (rc >= 0 && link && !item->title.n) rc = parley->invalid(c, "/title", "a link has a \"title\"");
    if (rc >= 0 && read_has(c, "url")) rc = read_url(c, "url", &item->url);
    if (rc >= 0 && link && !item->url.at) rc = parley->invalid(c, "/url", "a link has a \"url\"");
    if (rc >= 0 && read_has(c, "image")) rc = read_image(c, "image", &item->image);
    if (rc >= 0 && image && !item->image.at)
        rc = parley->invalid(c, "/image", "an image has an \"image\", its address");
    if (rc >= 0 && (note || read_has(c, "note"))) rc = read_text(c, "note", note, TEXT_MOST, &item->note);
    if (rc >= 0 && is_product(item))
        rc = catalogue_apply(c, item->sku, &item->title, &item->image, &item->price, &item->currency);
    if (rc >= 0 && is_product(item) && !item->title.n)
        rc = parley->invalid(c, "/title", "a product that the shop's catalogue does not have needs a \"title\"");
    if (rc >= 0 && size_of(item) > ITEM_SIZE_MOST)
        rc =
            parley_invalid(c, "", "the item is too large: {} bytes as JSON, at most {}", size_of(item), ITEM_SIZE_MOST);
    return rc;
}

/* Products of an ensemble have roles, one each. `except`: the item that is replaced or changed, 0 for none. */
static int check_role(parley_call *c, const struct board *board, const struct item *item, int64_t except) {
    if (!board_is_ensemble(board) || !is_product(item)) return 0;
    if (!item->role.at) return parley->invalid(c, "/role", "a product of an ensemble has a \"role\", such as shoes");
    int taken = parley_sql(c, "SELECT 1 FROM item WHERE board = $1 AND role = $2 AND kind = 'product' AND number <> $3",
                           board->number, item->role, except);
    if (taken <= 0) return taken;
    return parley_fail(c, 409, "the ensemble has a piece for \"{}\"; PUT to that item replaces it", item->role);
}

/* ---- what goes out ---- */

/* The shop's own page of the product where the settings name it; an address that somebody typed is second to that. */
parley_text item_page(parley_call *c, parley_text sku, parley_text url) {
    parley_text template = policy_of(c).product_page;
    if (!template.n || !sku.at) return url;
    return text_fill(c, template, "{sku}", sku);
}

static void append_row(parley_call *c, parley_json list) {
    parley_text me = parley->customer(c), author = parley->col_text(c, 12), sku = parley->col_text(c, 3);
    parley_append(
        c, list,
        "{id, kind, role, sku, title, url, image, note, price, currency, quantity, by, mine, review, position, at}",
        parley_format(c, "{}", parley->col(c, 0)), parley->col_text(c, 1), parley->col_text(c, 2), sku,
        parley->col_text(c, 4), item_page(c, sku, parley->col_text(c, 5)), parley->col_text(c, 6),
        parley->col_text(c, 7), price_json(c, parley->col(c, 8)), parley->col_text(c, 9), parley->col(c, 10),
        parley->col_text(c, 11), (bool)(parley_some(me) && parley_same(author, me)),
        review_json(c, parley->col(c, 13), parley->col_text(c, 14), parley->col_text(c, 15)), parley->col(c, 16),
        (parley_time){parley->col(c, 17)});
}

int items_json(parley_call *c, const struct board *board, int64_t from, int64_t limit, parley_json *out) {
    bool fresh = board->inside || !policy_of(c).review_first;
    parley_json list = parley->list(c);
    int64_t n = 0, next = 0;
    int row = parley_sql(c,
                         "SELECT i.number, i.kind, i.role, i.sku, i.title, i.url, i.image, i.note, i.price, i.currency,"
                         " i.quantity, p.name, i.author, i.state, i.reason, i.appeal, i.position, i.created_at"
                         " FROM item i LEFT JOIN person p ON p.customer = i.author"
                         " WHERE i.board = $1 AND i.position >= $5 AND " ITEM_VISIBLE
                         " ORDER BY i.position, i.number LIMIT $6",
                         board->number, fresh, parley->customer(c), parley->staff(c), from, limit + 1);
    for (; row > 0; row = parley->next(c)) {
        next = parley->col(c, 16);
        if (n++ < limit) append_row(c, list);
    }
    if (row < 0) return row;
    *out = parley_object(c, "{items, next}", list, text_next(c, n > limit, next));
    return 0;
}

int item_list(parley_call *c) {
    struct board board;
    parley_json items;
    int64_t limit, from = 0;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc >= 0) rc = read_page(c, ITEMS_PAGE, &limit, &from);
    if (rc >= 0) rc = items_json(c, &board, from, limit, &items);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", items);
}

static int reply_item(parley_call *c, int status, const struct board *board, int64_t position) {
    parley_json items;
    int rc = items_json(c, board, position, 1, &items);
    if (rc < 0) return rc;
    parley_json item = parley->first(parley->get(items, "items"));
    return parley_reply(c, status, "{id, item, totals}", parley->text(parley->get(item, "id")), item,
                        totals_json(c, board));
}

/* ---- what is told ---- */

static parley_text called(parley_call *c, const struct item *item) {
    if (item->title.n) return text_brief(c, item->title, 120);
    return item->note.n ? text_brief(c, item->note, 120) : item->kind;
}

static int track_pin(parley_call *c, const char *event, const struct board *board, const struct item *item) {
    if (!is_product(item)) return 0;
    return parley_track(
        c, event, "{wishlist_id, wishlist_name, product_id, sku, name, price, currency, quantity, image_url, url}",
        board->id, board->title, item->sku, item->sku, item->title, price_json(c, item->price), item->currency,
        item->quantity, item->image, item_page(c, item->sku, item->url));
}

static int tell_pin(parley_call *c, const char *sentence, const struct board *board, const struct item *item) {
    return parley_timeline(c, "board", parley_format(c, sentence, called(c, item), text_brief(c, board->title, 120)),
                           "{board, item, sku}", board->id, parley_format(c, "{}", item->number), item->sku);
}

/* ---- changes ---- */

static int index_item(parley_call *c, const struct board *board, const struct item *item) {
    const parley_text texts[] = {item->title, item->sku, item->role, item->note};
    int rc = words_drop(c, board->number, item->number);
    return rc < 0 ? rc : words_put(c, board->number, item->number, texts, sizeof texts / sizeof *texts);
}

/* The item of the path, on the board that is open. */
static int find_item(parley_call *c, const struct board *board, struct item *item) {
    int64_t number = 0;
    read_number(c, parley->path(c, "item"), &number);
    int found = parley_sql(
        c,
        "SELECT number, position, kind, role, sku, title, url, image, note, price, currency, quantity, author"
        " FROM item i WHERE i.number = $1 AND i.board = $5 AND " ITEM_VISIBLE,
        number, true, parley->customer(c), false, board->number);
    if (found < 0) return found;
    if (found == 0) return parley->fail(c, 404, "this board has no such item");
    *item = (struct item){.number = parley->col(c, 0),
                          .position = parley->col(c, 1),
                          .kind = parley->col_text(c, 2),
                          .role = parley->col_text(c, 3),
                          .sku = parley->col_text(c, 4),
                          .title = parley->col_text(c, 5),
                          .url = parley->col_text(c, 6),
                          .image = parley->col_text(c, 7),
                          .note = parley->col_text(c, 8),
                          .price = parley->col(c, 9),
                          .currency = parley->col_text(c, 10),
                          .quantity = parley->col(c, 11),
                          .author = parley->col_text(c, 12)};
    return 0;
}

static int insert(parley_call *c, const struct board *board, const struct item *item) {
    return parley_sql(
        c,
        "INSERT INTO item (number, board, position, kind, role, sku, title, url, image, note, price, currency,"
        " quantity, author, size, touched, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
        item->number, board->number, item->position, item->kind, item->role, item->sku, item->title, item->url,
        item->image, item->note, item->price, item->currency, item->quantity, item->author, size_of(item),
        parley->now(c));
}

/* The place of a product that the board has already; -1 where it has it not. One that staff hid is there for its author alone. */
static int64_t place_of(parley_call *c, const struct board *board, const struct item *item) {
    if (!is_product(item)) return -1;
    int found = parley_sql(c,
                           "SELECT position FROM item WHERE board = $1 AND sku = $2 AND kind = 'product'"
                           " AND (state <> 2 OR author = $3)",
                           board->number, item->sku, parley->customer(c));
    return found > 0 ? parley->col(c, 0) : -1;
}

static int count_items(parley_call *c, const struct board *board, int64_t *n) {
    int rc = parley_sql(c, "SELECT count(*) FROM item WHERE board = $1", board->number);
    if (rc < 0) return rc;
    *n = parley->col(c, 0);
    if (*n < policy_of(c).items) return 0;
    return parley_fail(c, 409, "this board is full: {} items are the most", policy_of(c).items);
}

/* A product that is there already is not pinned twice: the answer is the pin that there is, so a repeated request does no harm. */
int item_add(parley_call *c) {
    struct board board;
    struct item item;
    int rc = board_open(c, ACCESS_EDITOR, &board);
    if (rc >= 0) rc = read_item(c, &item);
    if (rc < 0) return rc;
    int64_t there = place_of(c, &board, &item);
    if (there >= 0) return reply_item(c, 200, &board, there);
    rc = check_role(c, &board, &item, 0);
    if (rc >= 0) rc = count_items(c, &board, &item.position);
    if (rc >= 0) rc = holding_check(c, size_of(&item));
    if (rc < 0) return rc;
    item.author = parley->customer(c);
    item.number = serial_take(c, 1);
    rc = insert(c, &board, &item);
    if (rc >= 0) rc = notice_reach(c);
    if (rc >= 0) rc = index_item(c, &board, &item);
    if (rc >= 0) rc = board_touch(c, &board);
    if (rc >= 0) rc = track_pin(c, "Product Added to Wishlist", &board, &item);
    if (rc >= 0) rc = tell_pin(c, "Pinned \"{}\" to \"{}\"", &board, &item);
    return rc < 0 ? rc : reply_item(c, 201, &board, item.position);
}

/* Another thing in the same place: the role stays where the body names none. */
int item_replace(parley_call *c) {
    struct board board;
    struct item was, is;
    int rc = board_open(c, ACCESS_EDITOR, &board);
    if (rc >= 0) rc = find_item(c, &board, &was);
    if (rc >= 0) rc = read_item(c, &is);
    if (rc < 0) return rc;
    is.number = was.number, is.position = was.position, is.author = parley->customer(c);
    if (!read_has(c, "role")) is.role = was.role;
    rc = check_role(c, &board, &is, was.number);
    int64_t there = place_of(c, &board, &is);
    if (rc >= 0 && there >= 0 && there != was.position)
        rc = parley->fail(c, 409, "that product is on this board already");
    if (rc >= 0) rc = holding_check(c, size_of(&is));
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM item WHERE number = $1", was.number);
    if (rc >= 0) rc = report_drop(c, was.number);
    if (rc >= 0) rc = insert(c, &board, &is);
    if (rc >= 0) rc = index_item(c, &board, &is);
    if (rc >= 0) rc = board_touch(c, &board);
    bool same = is_product(&was) && is_product(&is) && parley_same(was.sku, is.sku);
    if (rc >= 0 && !same) rc = track_pin(c, "Product Removed from Wishlist", &board, &was);
    if (rc >= 0 && !same) rc = track_pin(c, "Product Added to Wishlist", &board, &is);
    if (rc >= 0) rc = tell_pin(c, "Put \"{}\" in place of another piece on \"{}\"", &board, &is);
    return rc < 0 ? rc : reply_item(c, 200, &board, is.position);
}

/* Moves an item to another place; those in between make room. */
static int move(parley_call *c, const struct board *board, const struct item *item, int64_t to) {
    int64_t from = item->position;
    int rc;
    if (from < to)
        rc = parley_sql(c,
                        "UPDATE item SET position = position - 1 WHERE board = $1 AND position > $2 AND position <= $3",
                        board->number, from, to);
    else
        rc = parley_sql(c,
                        "UPDATE item SET position = position + 1 WHERE board = $1 AND position >= $3 AND position < $2",
                        board->number, from, to);
    if (rc < 0) return rc;
    return parley_sql(c, "UPDATE item SET position = $2 WHERE number = $1", item->number, to);
}

static int read_place(parley_call *c, const struct board *board, int64_t *place) {
    int rc = parley_sql(c, "SELECT count(*) FROM item WHERE board = $1", board->number);
    return rc < 0 ? rc : read_count(c, "position", 0, parley->col(c, 0) - 1, place);
}

int item_change(parley_call *c) {
    struct board board;
    struct item item;
    int rc = board_open(c, ACCESS_EDITOR, &board);
    if (rc >= 0) rc = read_body(c, "note role position quantity");
    if (rc >= 0) rc = find_item(c, &board, &item);
    if (rc < 0) return rc;
    int64_t place = item.position, before = size_of(&item);
    if (read_has(c, "note")) rc = read_text(c, "note", text_is(item.kind, "note"), TEXT_MOST, &item.note);
    if (rc >= 0 && read_has(c, "role")) rc = read_role(c, &item);
    if (rc >= 0 && read_has(c, "quantity")) rc = read_count(c, "quantity", 1, QUANTITY_MOST, &item.quantity);
    if (rc >= 0 && read_has(c, "position")) rc = read_place(c, &board, &place);
    if (rc >= 0) rc = check_role(c, &board, &item, item.number);
    if (rc >= 0 && size_of(&item) > before) rc = holding_check(c, size_of(&item) - before);
    bool words = read_has(c, "note") || read_has(c, "role"); /* new words are looked at anew; hidden stays hidden */
    if (rc >= 0)
        rc = parley_sql(c,
                        "UPDATE item SET note = $2, role = $3, quantity = $4, size = $5, touched = $6,"
                        " state = CASE WHEN state = 1 AND $7 THEN 0 ELSE state END WHERE number = $1",
                        item.number, item.note, item.role, item.quantity, size_of(&item), parley->now(c), words);
    if (rc >= 0 && place != item.position) rc = move(c, &board, &item, place);
    if (rc >= 0 && words) rc = index_item(c, &board, &item);
    if (rc >= 0) rc = board_touch(c, &board);
    return rc < 0 ? rc : reply_item(c, 200, &board, place);
}

int item_remove(parley_call *c) {
    struct board board;
    struct item item = {0};
    int rc = board_open(c, ACCESS_EDITOR, &board);
    if (rc >= 0) rc = find_item(c, &board, &item);
    if (rc >= 0) rc = words_drop(c, board.number, item.number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM item WHERE number = $1", item.number);
    if (rc >= 0) rc = report_drop(c, item.number);
    if (rc >= 0)
        rc = parley_sql(c, "UPDATE item SET position = position - 1 WHERE board = $1 AND position > $2", board.number,
                        item.position);
    if (rc >= 0) rc = board_touch(c, &board);
    if (rc >= 0) rc = track_pin(c, "Product Removed from Wishlist", &board, &item);
    if (rc >= 0) rc = tell_pin(c, "Took \"{}\" off \"{}\"", &board, &item);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{totals}", totals_json(c, &board));
}
