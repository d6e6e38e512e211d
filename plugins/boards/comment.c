/* What people say about a board. Who may see it may read; who may comment is board.c's affair. */
#include "plugins/boards/boards.h"

#define VISIBLE "(m.state = 1 OR (m.state = 0 AND $2) OR m.author = $3 OR $4)"

static bool sees_new(parley_call *c, const struct board *board) {
    return board->inside || !policy_of(c).review_first;
}

parley_json comments_json(parley_call *c, const struct board *board) {
    bool open = policy_of(c).comments && board->access >= ACCESS_COMMENTER;
    int rc = parley_sql(c, "SELECT count(*) FROM comment m WHERE m.board = $1 AND " VISIBLE, board->number,
                        sees_new(c, board), parley->customer(c), parley->staff(c));
    return parley_object(c, "{open, count}", open, rc > 0 ? parley->col(c, 0) : 0);
}

int comment_list(parley_call *c) {
    struct board board;
    int64_t limit, before = INT64_MAX, n = 0, last = 0;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc >= 0) rc = read_page(c, PAGE, &limit, &before);
    if (rc < 0) return rc;
    parley_json list = parley->list(c);
    parley_text me = parley->customer(c);
    int row =
        parley_sql(c,
                   "SELECT m.number, m.body, p.name, m.author, m.state, m.reason, m.appeal, m.created_at FROM comment m"
                   " LEFT JOIN person p ON p.customer = m.author"
                   " WHERE m.board = $1 AND m.number < $5 AND " VISIBLE " ORDER BY m.number DESC LIMIT $6",
                   board.number, sees_new(c, &board), me, parley->staff(c), before, limit + 1);
    for (; row > 0; row = parley->next(c)) {
        if (n++ == limit) continue;
        last = parley->col(c, 0);
        parley_append(c, list, "{id, body, by, mine, review, at}", parley_format(c, "{}", last), parley->col_text(c, 1),
                      parley->col_text(c, 2), (bool)(parley_some(me) && parley_same(parley->col_text(c, 3), me)),
                      review_json(c, parley->col(c, 4), parley->col_text(c, 5), parley->col_text(c, 6)),
                      (parley_time){parley->col(c, 7)});
    }
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next}", list, text_next(c, n > limit, last));
}

/* The whole board may hold so many, and one who is no member so many of them. */
static int check_room(parley_call *c, const struct board *board) {
    int rc = parley_sql(c,
                        "SELECT count(*), (SELECT count(*) FROM comment WHERE board = $1 AND author = $2) FROM comment "
                        "WHERE board = $1",
                        board->number, parley->customer(c));
    if (rc < 0) return rc;
    if (parley->col(c, 0) >= COMMENTS_MOST)
        return parley_fail(c, 409, "this board has {} comments, the most there may be", COMMENTS_MOST);
    if (!board->inside && parley->col(c, 1) >= COMMENTS_EACH)
        return parley_fail(c, 409, "you have left {} comments here, the most for one person", COMMENTS_EACH);
    return 0;
}

/* What is said on a private board stays there: the timeline, which staff read, has no word of it. */
static int tell(parley_call *c, const struct board *board, parley_text id, parley_text body) {
    parley_text title = text_brief(c, board->title, 120);
    const char *sentence = parley_format(c, "Commented on \"{}\"", title);
    if (!board_is_private(board))
        sentence = parley_format(c, "Commented on \"{}\": {}", title, text_brief(c, body, 200));
    int rc = parley_track(c, "Comment Added", "{board_id, comment_id, visibility}", board->id, id, board->visibility);
    if (rc >= 0) rc = parley_timeline(c, "board-comment", sentence, "{board, comment}", board->id, id);
    if (rc < 0) return rc;
    return notice_leave(c, &(struct notice){.customer = board->owner,
                                            .actor = parley->customer(c),
                                            .kind = "board-comment",
                                            .sentence = parley_format(c, "Somebody commented on \"{}\"", title),
                                            .board = board->id});
}

int comment_add(parley_call *c) {
    struct board board;
    parley_text body;
    int rc = board_open(c, ACCESS_COMMENTER, &board);
    if (rc >= 0 && !policy_of(c).comments) rc = parley->fail(c, 403, "comments are switched off");
    if (rc >= 0) rc = read_body(c, "body");
    if (rc >= 0) rc = read_text(c, "body", 1, TEXT_MOST, &body);
    if (rc >= 0) rc = check_room(c, &board);
    if (rc < 0) return rc;
    int64_t size = 200 + escaped_size(body), number = serial_take(c, 1);
    rc = holding_check(c, size);
    if (rc >= 0)
        rc = parley_sql(c,
                        "INSERT INTO comment (number, board, body, author, touched, size, created_at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $5)",
                        number, board.number, body, parley->customer(c), parley->now(c), size);
    const char *id = parley_format(c, "{}", number);
    if (rc >= 0) rc = notice_reach(c);
    if (rc >= 0) rc = tell(c, &board, (parley_text){id, __builtin_strlen(id)}, body);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, body, at}", id, body, (parley_time){parley->now(c)});
}

/* Her own, or any on her own board. */
int comment_remove(parley_call *c) {
    struct board board;
    int64_t number = 0;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc < 0) return rc;
    read_number(c, parley->path(c, "comment"), &number);
    rc = parley_sql(c, "DELETE FROM comment WHERE number = $1 AND board = $2 AND (author = $3 OR $4)", number,
                    board.number, parley->customer(c), board.access == ACCESS_OWNER);
    if (rc == 0) return parley->fail(c, 404, "there is no such comment of yours");
    if (rc > 0) rc = report_drop(c, number);
    return rc < 0 ? rc : 0;
}
