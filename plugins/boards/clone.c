/* Copies of boards, and whose work they go back to. A copy is the copier's own; the chain says where each came from, and a board in
 * it is named only to those who may see it today. */
#include "plugins/boards/boards.h"

/* What the copier sees of the items, in their order. Copies begin unreviewed. */
static int copy_items(parley_call *c, const struct board *from, const struct board *to) {
    bool fresh = from->inside || !policy_of(c).review_first;
    int rc = parley_sql(c, "SELECT count(*), coalesce(sum(size), 0) FROM item i WHERE i.board = $1 AND " ITEM_VISIBLE,
                        from->number, fresh, parley->customer(c), false);
    if (rc < 0) return rc;
    int64_t n = parley->col(c, 0), size = parley->col(c, 1);
    if (n > policy_of(c).items)
        return parley_fail(c, 409, "the board has {} items; {} are the most for a new one", n, policy_of(c).items);
    rc = holding_check(c, size);
    int64_t first = rc < 0 ? rc : serial_take(c, n);
    if (first < 0) return (int)first;
    rc = parley_sql(
        c,
        "INSERT INTO item (number, board, position, kind, role, sku, title, url, image, note, price, currency,"
        " quantity, copied, author, touched, size, created_at)"
        " SELECT $5 + row_number() OVER (ORDER BY i.position, i.number) - 1, $6,"
        " row_number() OVER (ORDER BY i.position, i.number) - 1, i.kind, i.role, i.sku, i.title, i.url, i.image,"
        " i.note, i.price, i.currency, i.quantity, i.number, $3, $7, i.size, $7"
        " FROM item i WHERE i.board = $1 AND " ITEM_VISIBLE,
        from->number, fresh, parley->customer(c), false, first, to->number, parley->now(c));
    if (rc < 0) return rc;
    return parley_sql(c,
                      "INSERT INTO word (word, board, item) SELECT w.word, i.board, i.number FROM item i"
                      " JOIN word w ON w.board = $2 AND w.item = i.copied WHERE i.board = $1",
                      to->number, from->number);
}

static int copy_lineage(parley_call *c, const struct board *from, const struct board *to) {
    int rc = parley_sql(c,
                        "INSERT INTO lineage (board, step, origin, author)"
                        " SELECT $1, step + 1, origin, author FROM lineage WHERE board = $2 AND step < $3",
                        to->number, from->number, LINEAGE_MOST);
    if (rc < 0) return rc;
    return parley_sql(c, "INSERT INTO lineage (board, step, origin, author) VALUES ($1, 1, $2, $3)", to->number,
                      from->number, from->owner);
}

static int tell(parley_call *c, const struct board *from, const struct board *to) {
    parley_text title = text_brief(c, from->title, 120);
    int rc =
        parley_track(c, "Board Cloned", "{board_id, from, kind, title}", to->id, from->id, from->kind, from->title);
    if (rc >= 0)
        rc = parley_timeline(c, "board", parley_format(c, "Copied the {} \"{}\"", from->kind, title), "{board, from}",
                             to->id, from->id);
    if (rc < 0) return rc;
    return notice_leave(
        c, &(struct notice){.customer = from->owner,
                            .actor = parley->customer(c),
                            .kind = "board-cloned",
                            .sentence = parley_format(c, "Somebody copied your {} \"{}\"", from->kind, title),
                            .board = from->id});
}

/* A private board is copied by its owner alone: a friend's copy could be made public. */
int board_clone(parley_call *c) {
    struct policy policy = policy_of(c);
    struct board from, to;
    int rc = board_open(c, ACCESS_VIEWER, &from);
    if (rc >= 0 && !parley_some(parley->customer(c))) rc = parley->fail(c, 401, "a copy needs a shopper");
    if (rc >= 0 && board_is_private(&from) && from.access != ACCESS_OWNER)
        rc = parley->fail(c, 403, "this board is private; its owner alone may copy it");
    if (rc >= 0) rc = read_body(c, "title");
    if (rc < 0) return rc;
    to = (struct board){
        .kind = from.kind, .title = from.title, .description = from.description, .visibility = PARLEY_TEXT("private")};
    if (read_has(c, "title")) rc = read_text(c, "title", 1, TITLE_MOST, &to.title);
    if (rc >= 0) rc = boards_room(c, &policy);
    if (rc >= 0) rc = board_insert(c, &to);
    if (rc >= 0) rc = copy_items(c, &from, &to);
    if (rc >= 0) rc = copy_lineage(c, &from, &to);
    if (rc >= 0) rc = board_touch(c, &to);
    if (rc >= 0) rc = tell(c, &from, &to);
    if (rc >= 0) rc = board_reopen(c, &to);
    return rc < 0 ? rc : board_reply(c, 201, &to);
}

parley_json lineage_json(parley_call *c, const struct board *board) {
    bool fresh = !policy_of(c).review_first;
    parley_json list = parley->list(c);
    int row = parley_sql(c,
                         "SELECT p.name, b.id, b.title FROM lineage l"
                         " LEFT JOIN board b ON b.number = l.origin AND (b.owner = $2 OR (b.visibility <> 'private'"
                         "   AND (b.state = 1 OR (b.state = 0 AND $3))))"
                         " LEFT JOIN person p ON p.customer = l.author"
                         " WHERE l.board = $1 ORDER BY l.step",
                         board->number, parley->customer(c), fresh);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{by, board, title}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2));
    return list;
}
