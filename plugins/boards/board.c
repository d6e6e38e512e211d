/* The one gate: which board a caller may see, and what she may do there. And a board as its viewers read it. */
#include "plugins/boards/boards.h"

struct board board_row(parley_call *c) {
    return (struct board){
        .number = parley->col(c, 0),
        .id = parley->col_text(c, 1),
        .owner = parley->col_text(c, 2),
        .kind = parley->col_text(c, 3),
        .visibility = parley->col_text(c, 4),
        .title = parley->col_text(c, 5),
        .description = parley->col_text(c, 6),
        .state = parley->col(c, 7),
        .reason = parley->col_text(c, 8),
        .appeal = parley->col_text(c, 9),
        .pins = parley->col(c, 10),
        .created_at = parley->col(c, 11),
        .changed_at = parley->col(c, 12),
        .role = parley->col_text(c, 13),
        .by = parley->col_text(c, 14),
    };
}

bool board_is_private(const struct board *board) {
    return text_is(board->visibility, "private");
}

bool board_is_ensemble(const struct board *board) {
    return text_is(board->kind, "ensemble");
}

static enum access access_of_role(parley_text role) {
    if (text_is(role, "editor")) return ACCESS_EDITOR;
    if (text_is(role, "commenter")) return ACCESS_COMMENTER;
    return text_is(role, "viewer") ? ACCESS_VIEWER : ACCESS_NONE;
}

/* What staff hid is its owner's alone; what waits for review is seen by those inside. Who may see a board that is not private may
 * comment on it. Staff read what is not private. */
void board_judge(parley_call *c, struct board *board) {
    bool open = !board_is_private(board);
    parley_text caller = parley->customer(c);
    enum access role = access_of_role(board->role);
    if (!parley->staff(c) && parley_some(caller) && parley_same(caller, board->owner))
        board->access = ACCESS_OWNER;
    else if (parley->staff(c))
        board->access = open ? ACCESS_VIEWER : ACCESS_NONE;
    else if (board->state == STATE_HIDDEN)
        board->access = ACCESS_NONE;
    else if (role)
        board->access = open && role < ACCESS_COMMENTER ? ACCESS_COMMENTER : role;
    else if (open && (board->state == STATE_APPROVED || !policy_of(c).review_first))
        board->access = ACCESS_COMMENTER;
    board->inside = parley->staff(c) || board->access == ACCESS_OWNER || role;
}

int board_find(parley_call *c, parley_text id, struct board *board) {
    static const char by_id[] = BOARD_SELECT "WHERE b.id = $2";
    int found = parley_sql(c, by_id, parley->customer(c), id);
    if (found > 0) {
        *board = board_row(c);
        board_judge(c, board);
    }
    return found;
}

int board_open(parley_call *c, enum access least, struct board *board) {
    static const char *const may[] = {"", "look at", "comment on", "edit", "manage"};
    parley_text id = parley->path(c, "id");
    if (least > ACCESS_VIEWER && !parley_some(parley->customer(c))) return parley->fail(c, 401, "this needs a shopper");
    int found = board_find(c, id, board);
    if (found < 0) return found;
    if (found == 0 || board->access == ACCESS_NONE)
        return parley_fail(c, 404, "there is no board \"{}\" that you may see", text_brief(c, id, 64));
    if (board->access < least) return parley_fail(c, 403, "you may not {} this board", may[least]);
    return 0;
}

int board_reopen(parley_call *c, struct board *board) {
    int found = board_find(c, board->id, board);
    return found < 0 ? found : 0;
}

int board_touch(parley_call *c, const struct board *board) {
    return parley_sql(
        c,
        "UPDATE board SET pins = (SELECT count(*) FROM item WHERE item.board = board.number AND item.state <> 2),"
        " changed_at = $2 WHERE number = $1",
        board->number, parley->now(c));
}

/* ---- what viewers read ---- */

parley_json review_json(parley_call *c, int64_t state, parley_text reason, parley_text appeal) {
    static const char *const states[] = {"new", "approved", "hidden"};
    bool waits = state == STATE_NEW && policy_of(c).review_first;
    return parley_object(c, "{state, reason, appealed}", waits ? "waiting" : states[state], reason, (bool)appeal.at);
}

/* The first pictures on it. */
static parley_json covers(parley_call *c, const struct board *board) {
    bool fresh = board->inside || !policy_of(c).review_first;
    parley_json list = parley->list(c);
    int row = parley_sql(c,
                         "SELECT i.image FROM item i WHERE i.board = $1 AND i.image IS NOT NULL AND " ITEM_VISIBLE
                         " ORDER BY i.position, i.number LIMIT 3",
                         board->number, fresh, parley->customer(c), parley->staff(c));
    for (; row > 0; row = parley->next(c)) parley_append(c, list, "?", parley->col_text(c, 0));
    return list;
}

static const char *access_word(const struct board *board) {
    static const char *const words[] = {"none", "viewer", "commenter", "editor", "owner"};
    return words[board->access];
}

parley_json board_summary(parley_call *c, const struct board *board) {
    return parley_object(c,
                         "{id, kind, title, description, visibility, by, access, member, pins, covers, createdAt, "
                         "changedAt, review, pin}",
                         board->id, board->kind, board->title, board->description, board->visibility, board->by,
                         access_word(board), (bool)(access_of_role(board->role) != ACCESS_NONE), board->pins,
                         covers(c, board), (parley_time){board->created_at}, (parley_time){board->changed_at},
                         review_json(c, board->state, board->reason, board->appeal), board->pin);
}

int board_get(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    return rc < 0 ? rc : board_reply(c, 200, &board);
}

int board_reply(parley_call *c, int status, const struct board *board) {
    parley_json items;
    int rc = items_json(c, board, 0, ITEMS_PAGE, &items);
    if (rc < 0) return rc;
    return parley_reply(c, status, "{id, board, items, totals, lineage, comments}", board->id, board_summary(c, board),
                        items, totals_json(c, board), lineage_json(c, board), comments_json(c, board));
}
