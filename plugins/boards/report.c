/* Shoppers say that something should not be there. Whoever sees a thing may report it, once, with one of the reasons that staff have; what
 * becomes of it is the staff's decision alone. */
#include "plugins/boards/boards.h"

enum { DAY = 24 * 3600 * 1000, REPORTS_SHOWN = 20 };

int report_drop(parley_call *c, int64_t number) {
    return parley_sql(c, "DELETE FROM report WHERE number = $1", number);
}

int report_list(parley_call *c, int64_t number, parley_json list) {
    int row = parley_sql(c, "SELECT reason, note, at FROM report WHERE number = $1 ORDER BY at DESC, customer LIMIT $2",
                         number, REPORTS_SHOWN);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{reason, note, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      (parley_time){parley->col(c, 2)});
    return row;
}

/* 0: the caller sees it where it stands. What she may not see is not there. */
static int check_seen(parley_call *c, const struct thing *thing) {
    struct board board;
    int found = board_find(c, thing->board, &board);
    if (found < 0) return found;
    bool shown =
        thing->state == STATE_APPROVED || (thing->state == STATE_NEW && (board.inside || !policy_of(c).review_first));
    if (found > 0 && board.access != ACCESS_NONE && shown) return 0;
    return parley->fail(c, 404, "there is no such board, item or comment");
}

static int check_rate(parley_call *c) {
    int rc = parley_sql(c, "SELECT count(*) FROM report WHERE customer = $1 AND at > $2", parley->customer(c),
                        parley->now(c) - DAY);
    if (rc < 0) return rc;
    if (parley->col(c, 0) < REPORTS_A_DAY) return 0;
    return parley_fail(c, 429, "{} reports a day are the most; please try again tomorrow", REPORTS_A_DAY);
}

int report_post(parley_call *c) {
    struct thing thing;
    parley_text reason, note = {0};
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "a report needs a shopper");
    int rc = read_body(c, "reason note");
    if (rc >= 0) rc = read_word(c, "reason", moderate_reasons, &reason);
    if (rc >= 0 && read_has(c, "note")) rc = read_text(c, "note", 0, TITLE_MOST, &note);
    if (rc >= 0) rc = thing_find(c, &thing);
    if (rc >= 0) rc = check_seen(c, &thing);
    if (rc >= 0 && parley_same(thing.author, parley->customer(c)))
        rc = parley->fail(c, 409, "what is your own you can take away yourself");
    if (rc >= 0) rc = check_rate(c);
    int64_t size = 150 + escaped_size(note);
    if (rc >= 0) rc = holding_check(c, size);
    if (rc >= 0)
        rc = parley_sql(c,
                        "INSERT INTO report (number, board, customer, reason, note, size, at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number, customer) DO NOTHING",
                        thing.number, thing.board_number, parley->customer(c), reason, note, size, parley->now(c));
    if (rc > 0) /* the same again is no second report */
        rc =
            parley_track(c, "Post Reported", "{board_id, kind, id, reason}", thing.board, thing.name, thing.id, reason);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{reported: true}");
}
