/* Links that lead to a board, with what other sites show of it (Open Graph). A plugin's answer is JSON: the page that the link leads
 * to is the shop's, which puts `og` into its head. */
#include "plugins/boards/boards.h"

parley_text board_url(parley_call *c, const struct board *board) {
    parley_text page = policy_of(c).board_page;
    return page.n ? text_fill(c, page, "{id}", board->id) : (parley_text){0};
}

static parley_text first_picture(parley_call *c, const struct board *board) {
    bool fresh = !policy_of(c).review_first;
    int found =
        parley_sql(c,
                   "SELECT image FROM item WHERE board = $1 AND image IS NOT NULL AND (state = 1 OR (state = 0 AND $2))"
                   " ORDER BY position, number LIMIT 1",
                   board->number, fresh);
    return found > 0 ? parley->col_text(c, 0) : (parley_text){0};
}

static int reply_share(parley_call *c, const struct board *board) {
    parley_text url = board_url(c, board), text = board->description;
    const char *counted =
        parley_format(c, board->pins == 1 ? "{} thing, collected by {}" : "{} things, collected by {}", board->pins,
                      text_or(board->by, "a shopper"));
    if (!parley_some(text)) text = (parley_text){counted, __builtin_strlen(counted)};
    return parley_reply(c, 200, "{url, og: {type: ?, title: ?, description: ?, url: ?, image: ?}}", url, "website",
                        board->title, text_brief(c, text, 300), url, first_picture(c, board));
}

/* A link to a private board would lead nowhere. */
static int open_shared(parley_call *c, struct board *board) {
    int rc = board_open(c, ACCESS_VIEWER, board);
    if (rc < 0 || !board_is_private(board)) return rc;
    return parley->fail(c, 409, "this board is private: make it unlisted or public first, or invite friends to it");
}

int share_get(parley_call *c) {
    struct board board;
    int rc = open_shared(c, &board);
    return rc < 0 ? rc : reply_share(c, &board);
}

/* The same answer, when the shopper passes the link on: `via` says where. */
int share_post(parley_call *c) {
    struct board board;
    parley_text via = PARLEY_TEXT("link");
    int rc = open_shared(c, &board);
    if (rc >= 0 && !parley_some(parley->customer(c))) rc = parley->fail(c, 401, "this needs a shopper");
    if (rc >= 0) rc = read_body(c, "via");
    if (rc >= 0 && read_has(c, "via")) rc = read_text(c, "via", 1, ROLE_MOST, &via);
    if (rc >= 0)
        rc = parley_track(c, "Board Shared", "{board_id, title, share_via, url}", board.id, board.title, via,
                          board_url(c, &board));
    if (rc >= 0)
        rc = parley_timeline(c, "board", parley_format(c, "Shared the board \"{}\"", text_brief(c, board.title, 120)),
                             "{board, via}", board.id, via);
    return rc < 0 ? rc : reply_share(c, &board);
}
