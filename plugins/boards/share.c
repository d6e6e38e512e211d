/* Links that lead to a board, with what other sites show of it (Open Graph). A plugin's answer is JSON: Parley makes the page of a
 * shared link of it, at /share/{feature}/{id}; a shop that has a page of its own for boards puts `og` into that one's head. */
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

static bool is_german(parley_call *c) {
    parley_text language = parley->text(parley->attribute(c, "language"));
    return language.n >= 2 && __builtin_memcmp(language.at, "de", 2) == 0 && (language.n == 2 || language.at[2] == '-');
}

/* Its description, or what it is, in the language of the page that it stands on. */
static parley_text share_words(parley_call *c, const struct board *board) {
    if (parley_some(board->description)) return text_brief(c, board->description, 300);
    static const char *const english[] = {"{} thing, collected by {}", "{} things, collected by {}", "a shopper"};
    static const char *const german[] = {"{} Stück, gesammelt von {}", "{} Stücke, gesammelt von {}", "jemandem"};
    const char *const *words = is_german(c) ? german : english;
    const char *counted = parley_format(c, words[board->pins == 1 ? 0 : 1], board->pins, text_or(board->by, words[2]));
    return (parley_text){counted, __builtin_strlen(counted)};
}

static int reply_share(parley_call *c, const struct board *board) {
    parley_text url = board_url(c, board), feature = parley->feature(c);
    const char *link = NULL; /* staff come by no feature */
    if (parley_some(feature)) link = parley_format(c, "/share/{}/{}", feature, board->id);
    return parley_reply(c, 200, "{url, link, og: {type: ?, title: ?, description: ?, url: ?, image: ?}}", url, link,
                        "website", board->title, share_words(c, board), url, first_picture(c, board));
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

/* ---- Parley's page of the link ---- */

/* "18.90 EUR", in German "18,90 EUR"; of a price in ten-thousandths, those too where there are any. */
static const char *amount_of(parley_call *c, int64_t price, parley_text currency) {
    const char *rest = "";
    if (price % 100) rest = parley_format(c, "{}{}", price / 10 % 10, price % 10);
    return parley_format(c, "{}{}{}{}{} {}", price / 10000, is_german(c) ? "," : ".", price / 1000 % 10,
                         price / 100 % 10, rest, currency);
}

/* "cup · 2 × 18.90 EUR": what there is of it. */
static const char *price_line(parley_call *c, parley_text role, int64_t quantity, int64_t price, parley_text currency) {
    const char *amount = price < 0 ? "" : amount_of(c, price, currency);
    if (price >= 0 && quantity > 1) amount = parley_format(c, "{} × {}", quantity, amount);
    if (!parley_some(role)) return amount;
    if (!*amount) return parley_format(c, "{}", role);
    return parley_format(c, "{} · {}", role, amount);
}

/* What a stranger sees of the board's first items, as texts. */
static int page_items(parley_call *c, const struct board *board, parley_json list) {
    int row = parley_sql(c,
                         "SELECT i.role, i.sku, i.title, i.url, i.image, i.note, i.price, i.currency, i.quantity"
                         " FROM item i WHERE i.board = $1 AND (i.state = 1 OR (i.state = 0 AND $2))"
                         " ORDER BY i.position, i.number LIMIT $3",
                         board->number, !policy_of(c).review_first, ITEMS_PAGE);
    for (; row > 0; row = parley->next(c))
        parley_append(
            c, list, "{title, url, image, line, text}", parley->col_text(c, 2),
            item_page(c, parley->col_text(c, 1), parley->col_text(c, 3)), parley->col_text(c, 4),
            price_line(c, parley->col_text(c, 0), parley->col(c, 8), parley->col(c, 6), parley->col_text(c, 7)),
            parley->col_text(c, 5));
    return row;
}

/* Whoever has the link is a stranger here, whoever it is: a private board is not there, and what waits for review is not on it. */
int share_page(parley_call *c) {
    struct board board;
    parley_json items = parley->list(c);
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc >= 0 && board_is_private(&board)) rc = parley->fail(c, 404, "there is no such board");
    if (rc >= 0) rc = page_items(c, &board, items);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{title, by, description, image, url, listed, items}", board.title, board.by,
                        share_words(c, &board), first_picture(c, &board), board_url(c, &board),
                        (bool)(text_is(board.visibility, "public") && policy_of(c).publish), items);
}
