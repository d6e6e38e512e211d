/* The name that others see, and what a customer may ask of the plugin: all that it holds about her, and that it forgets her. */
#include "plugins/boards/boards.h"

/* {NULL, 0} where she has none. */
static int find_name(parley_call *c, parley_text customer, parley_text *name) {
    int found = parley_sql(c, "SELECT name FROM person WHERE customer = $1", customer);
    *name = (parley_text){0};
    if (found > 0) *name = parley->col_text(c, 0);
    return found;
}

int name_get(parley_call *c) {
    parley_text name;
    int rc = find_name(c, parley->customer(c), &name);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{name}", name);
}

/* {"name": "Anna"}, or null: nobody sees whose her boards are. */
int name_put(parley_call *c) {
    parley_text name = {0};
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "this needs a shopper");
    int rc = read_body(c, "name");
    bool none = parley->kind(parley->get(parley->body(c), "name")) == PARLEY_NULL;
    if (rc >= 0 && none) rc = parley_sql(c, "DELETE FROM person WHERE customer = $1", parley->customer(c));
    if (rc >= 0 && !none) rc = read_text(c, "name", 1, NAME_MOST, &name);
    if (rc >= 0 && !none)
        rc = parley_sql(
            c, "INSERT INTO person (customer, name) VALUES ($1, $2) ON CONFLICT (customer) DO UPDATE SET name = $2",
            parley->customer(c), name);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{name}", name);
}

/* ---- export ---- */

static int export_boards(parley_call *c, parley_text customer, parley_json list) {
    int row = parley_sql(c,
                         "SELECT id, kind, visibility, title, description, reason, appeal, created_at FROM board"
                         " WHERE owner = $1 ORDER BY number",
                         customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{id, kind, visibility, title, description, hidden, appeal, createdAt}",
                      parley->col_text(c, 0), parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3),
                      parley->col_text(c, 4), parley->col_text(c, 5), parley->col_text(c, 6),
                      (parley_time){parley->col(c, 7)});
    return row;
}

/* Hers on any board; friends' pins on her boards are theirs. */
static int export_items(parley_call *c, parley_text customer, parley_json list) {
    int row = parley_sql(
        c,
        "SELECT b.id, i.kind, i.role, i.sku, i.title, i.url, i.image, i.note, i.price, i.currency, i.quantity,"
        " i.reason, i.appeal, i.created_at FROM item i JOIN board b ON b.number = i.board"
        " WHERE i.author = $1 ORDER BY i.number",
        customer);
    for (; row > 0; row = parley->next(c))
        parley_append(
            c, list,
            "{board, kind, role, sku, title, url, image, note, price, currency, quantity, hidden, appeal, createdAt}",
            parley->col_text(c, 0), parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3),
            parley->col_text(c, 4), parley->col_text(c, 5), parley->col_text(c, 6), parley->col_text(c, 7),
            price_json(c, parley->col(c, 8)), parley->col_text(c, 9), parley->col(c, 10), parley->col_text(c, 11),
            parley->col_text(c, 12), (parley_time){parley->col(c, 13)});
    return row;
}

static int export_comments(parley_call *c, parley_text customer, parley_json list) {
    int row = parley_sql(
        c,
        "SELECT b.id, m.body, m.reason, m.appeal, m.created_at FROM comment m JOIN board b ON b.number = m.board"
        " WHERE m.author = $1 ORDER BY m.number",
        customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{board, body, hidden, appeal, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), parley->col_text(c, 3), (parley_time){parley->col(c, 4)});
    return row;
}

static int export_memberships(parley_call *c, parley_text customer, parley_json list) {
    int row =
        parley_sql(c,
                   "SELECT b.id, m.role, m.since FROM member m JOIN board b ON b.number = m.board WHERE m.customer = $1"
                   " ORDER BY m.board",
                   customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{board, role, since}", parley->col_text(c, 0), parley->col_text(c, 1),
                      (parley_time){parley->col(c, 2)});
    return row;
}

static int export_notices(parley_call *c, parley_text customer, parley_json list) {
    int row =
        parley_sql(c, "SELECT kind, sentence, board, at FROM notice WHERE customer = $1 ORDER BY number", customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{kind, sentence, board, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
    return row;
}

static int export_reports(parley_call *c, parley_text customer, parley_json list) {
    int row = parley_sql(c,
                         "SELECT b.id, r.reason, r.note, r.at FROM report r JOIN board b ON b.number = r.board"
                         " WHERE r.customer = $1 ORDER BY r.number",
                         customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{board, reason, note, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
    return row;
}

int rights_export(parley_call *c, parley_text customer) {
    static int (*const parts[])(parley_call *, parley_text, parley_json) = {
        export_boards, export_items, export_comments, export_memberships, export_notices, export_reports};
    enum { PARTS = sizeof parts / sizeof *parts };
    parley_json lists[PARTS];
    for (int i = 0; i < PARTS; i++) {
        lists[i] = parley->list(c);
        int rc = parts[i](c, customer, lists[i]);
        if (rc < 0) return rc;
    }
    parley_text name;
    int found = find_name(c, customer, &name);
    if (found < 0) return found;
    return parley_reply(c, 200, "{name, boards, items, comments, memberships, notices, reports}", name, lists[0],
                        lists[1], lists[2], lists[3], lists[4], lists[5]);
}

/* ---- forgetting ---- */

static int forget_boards(parley_call *c, parley_text customer) {
    for (;;) {
        int rc = parley_sql(c, "SELECT number FROM board WHERE owner = $1 LIMIT 1", customer);
        if (rc <= 0) return rc;
        rc = boards_erase(c, parley->col(c, 0));
        if (rc < 0) return rc;
    }
}

/* Her pins on friends' boards; what remains there closes up, one board after the other. */
static int forget_items(parley_call *c, parley_text customer) {
    for (;;) {
        int rc = parley_sql(c, "SELECT number, board, position FROM item WHERE author = $1 LIMIT 1", customer);
        if (rc <= 0) return rc;
        int64_t number = parley->col(c, 0), position = parley->col(c, 2);
        struct board board = {.number = parley->col(c, 1)};
        rc = words_drop(c, board.number, number);
        if (rc >= 0) rc = parley_sql(c, "DELETE FROM item WHERE number = $1", number);
        if (rc >= 0) rc = report_drop(c, number);
        if (rc >= 0)
            rc = parley_sql(c, "UPDATE item SET position = position - 1 WHERE board = $1 AND position > $2",
                            board.number, position);
        if (rc >= 0) rc = board_touch(c, &board);
        if (rc < 0) return rc;
    }
}

/* Everything that she wrote goes, her boards with what friends pinned there. Copies that others made stay theirs, and their chain
 * says no more whose the board was. */
int rights_forget(parley_call *c, parley_text customer) {
    int rc = forget_boards(c, customer);
    if (rc >= 0) rc = forget_items(c, customer);
    if (rc >= 0)
        rc = parley_sql(
            c, "DELETE FROM report WHERE customer = $1 OR number IN (SELECT number FROM comment WHERE author = $1)",
            customer);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM comment WHERE author = $1", customer);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM reach WHERE customer = $1", customer);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM member WHERE customer = $1", customer);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM notice WHERE customer = $1 OR actor = $1", customer);
    if (rc >= 0) rc = parley_sql(c, "UPDATE lineage SET author = NULL WHERE author = $1", customer);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM person WHERE customer = $1", customer);
    return rc < 0 ? rc : 0;
}
