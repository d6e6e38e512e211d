/* Boards as shoppers make, change and delete them. */
#include "plugins/boards/boards.h"

static int64_t size_of(const struct board *board) {
    return 300 + escaped_size(board->title) + escaped_size(board->description);
}

static int read_visibility(parley_call *c, struct board *board) {
    static const char *const words[] = {"private", "unlisted", "public", NULL};
    int rc = read_word(c, "visibility", words, &board->visibility);
    if (rc >= 0 && text_is(board->visibility, "public") && !policy_of(c).publish)
        return parley->fail(c, 403, "this shop has no public boards; unlisted ones are seen by whoever has the link");
    return rc;
}

/* What the body says replaces what is in `board`. */
static int read_definition(parley_call *c, struct board *board) {
    int rc = 0;
    if (read_has(c, "title")) rc = read_text(c, "title", 1, TITLE_MOST, &board->title);
    if (rc >= 0 && read_has(c, "description")) rc = read_text(c, "description", 0, TEXT_MOST, &board->description);
    if (rc >= 0 && read_has(c, "visibility")) rc = read_visibility(c, board);
    return rc;
}

int boards_room(parley_call *c, const struct policy *policy) {
    int rc = parley_sql(c, "SELECT count(*) FROM board WHERE owner = $1", parley->customer(c));
    if (rc < 0) return rc;
    if (parley->col(c, 0) < policy->boards) return 0;
    return parley_fail(c, 409, "you have {} boards, the most there may be; delete one first", policy->boards);
}

static int index_board(parley_call *c, const struct board *board) {
    const parley_text texts[] = {board->title, board->description};
    int rc = words_drop(c, board->number, 0);
    return rc < 0 ? rc : words_put(c, board->number, 0, texts, sizeof texts / sizeof *texts);
}

int board_insert(parley_call *c, struct board *board) {
    board->number = serial_take(c, 1);
    board->id = chance_text(c, ID_LENGTH);
    board->owner = parley->customer(c);
    int rc = parley_sql(
        c,
        "INSERT INTO board (number, id, owner, kind, visibility, title, description, changed_at, touched, size,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $8)",
        board->number, board->id, board->owner, board->kind, board->visibility, board->title, board->description,
        parley->now(c), size_of(board));
    if (rc >= 0) rc = notice_reach(c);
    return rc < 0 ? rc : index_board(c, board);
}

int board_create(parley_call *c) {
    static const char *const kinds[] = {"board", "ensemble", NULL};
    struct policy policy = policy_of(c);
    struct board board = {
        .kind = PARLEY_TEXT("board"), .visibility = PARLEY_TEXT("private"), .description = PARLEY_TEXT("")};
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "a board needs a shopper");
    int rc = read_body(c, "kind title description visibility");
    if (rc >= 0 && !read_has(c, "title")) rc = parley->invalid(c, "/title", "a board has a \"title\"");
    if (rc >= 0 && read_has(c, "kind")) rc = read_word(c, "kind", kinds, &board.kind);
    if (rc >= 0) rc = read_definition(c, &board);
    if (rc >= 0) rc = boards_room(c, &policy);
    if (rc >= 0) rc = holding_check(c, size_of(&board));
    if (rc >= 0) rc = board_insert(c, &board);
    if (rc >= 0)
        rc = parley_track(c, "Board Created", "{board_id, kind, visibility, title}", board.id, board.kind,
                          board.visibility, board.title);
    if (rc >= 0)
        rc = parley_timeline(c, "board",
                             parley_format(c, "Made the {} \"{}\"", board.kind, text_brief(c, board.title, 120)),
                             "{board, visibility}", board.id, board.visibility);
    if (rc >= 0) rc = board_reopen(c, &board);
    return rc < 0 ? rc : board_reply(c, 201, &board);
}

/* New words are looked at by staff anew; what they hid stays hidden. */
int board_change(parley_call *c) {
    struct board board, was;
    int rc = board_open(c, ACCESS_OWNER, &board);
    was = board;
    if (rc >= 0) rc = read_body(c, "title description visibility");
    if (rc >= 0) rc = read_definition(c, &board);
    if (rc >= 0 && size_of(&board) > size_of(&was)) rc = holding_check(c, size_of(&board) - size_of(&was));
    if (rc < 0) return rc;
    bool words = !parley_same(board.title, was.title) || !parley_same(board.description, was.description);
    rc = parley_sql(
        c,
        "UPDATE board SET title = $2, description = $3, visibility = $4, changed_at = $5, touched = $5, size = $6,"
        " state = CASE WHEN state = 1 AND $7 THEN 0 ELSE state END WHERE number = $1",
        board.number, board.title, board.description, board.visibility, parley->now(c), size_of(&board), words);
    if (rc >= 0 && words) rc = index_board(c, &board);
    if (rc >= 0 && !parley_same(board.visibility, was.visibility))
        rc = parley_timeline(c, "board",
                             parley_format(c, "Made \"{}\" {}", text_brief(c, board.title, 120), board.visibility),
                             "{board, visibility}", board.id, board.visibility);
    if (rc >= 0) rc = board_reopen(c, &board);
    return rc < 0 ? rc : board_reply(c, 200, &board);
}

int boards_erase(parley_call *c, int64_t number) {
    int rc = parley_sql(c, "DELETE FROM word WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM item WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM comment WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM member WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM invitation WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM report WHERE board = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM lineage WHERE board = $1", number);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM notice WHERE board = (SELECT id FROM board WHERE number = $1)", number);
    if (rc < 0) return rc;
    return parley_sql(c, "DELETE FROM board WHERE number = $1", number);
}

int board_delete(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_OWNER, &board);
    if (rc >= 0) rc = boards_erase(c, board.number);
    if (rc >= 0)
        rc = parley_timeline(c, "board", parley_format(c, "Deleted \"{}\"", text_brief(c, board.title, 120)), "{board}",
                             board.id);
    return rc < 0 ? rc : 0;
}
