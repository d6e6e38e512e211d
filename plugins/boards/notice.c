/* What a customer is told of what others did: a comment, a copy, something hidden by staff. The host puts entries on the timeline
 * of the one who calls and nobody else's, so a notice waits in this table until she comes, and becomes an entry when she has seen it.
 * Its sentence names no person: what is on a timeline could not be taken back when that person asks to be forgotten. */
#include "plugins/boards/boards.h"

/* The oldest give way where more wait than may. */
static int make_room(parley_call *c, parley_text customer) {
    int gone =
        parley_sql(c,
                   "DELETE FROM notice WHERE customer = $1 AND number <= (SELECT number FROM notice WHERE customer = $1"
                   " ORDER BY number DESC LIMIT 1 OFFSET $2)",
                   customer, NOTICES_MOST - 1);
    if (gone > 0) {
        parley->count(c, "notices_dropped", gone);
        parley_log(c, PARLEY_INFO, "{} old notices gave way: one customer has more than {} unseen", gone, NOTICES_MOST);
    }
    return gone;
}

int notice_leave(parley_call *c, const struct notice *notice) {
    if (notice->actor.at && parley_same(notice->customer, notice->actor)) return 0;
    int rc = make_room(c, notice->customer);
    if (rc < 0) return rc;
    return parley_sql(c,
                      "INSERT INTO notice (number, customer, actor, kind, sentence, board, at)"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                      serial_take(c, 1), notice->customer, notice->actor, notice->kind, notice->sentence, notice->board,
                      parley->now(c));
}

int notice_list(parley_call *c) {
    parley_json list = parley->list(c);
    int64_t limit, before = INT64_MAX, n = 0, last = 0;
    int rc = read_page(c, PAGE, &limit, &before);
    if (rc < 0) return rc;
    int row = parley_sql(c,
                         "SELECT n.number, n.kind, n.sentence, n.board, p.name, n.at FROM notice n"
                         " LEFT JOIN person p ON p.customer = n.actor"
                         " WHERE n.customer = $1 AND n.number < $2 ORDER BY n.number DESC LIMIT $3",
                         parley->customer(c), before, limit + 1);
    for (; row > 0; row = parley->next(c)) {
        if (n++ == limit) continue;
        last = parley->col(c, 0);
        parley_append(c, list, "{id, kind, sentence, board, by, at}", parley_format(c, "{}", last),
                      parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3), parley->col_text(c, 4),
                      (parley_time){parley->col(c, 5)});
    }
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next}", list, text_next(c, n > limit, last));
}

/* She has seen all up to one, by its id: they go on to her timeline, the oldest first. */
int notice_seen(parley_call *c) {
    int64_t upto = 0;
    int rc = read_body(c, "upto");
    if (rc < 0) return rc;
    if (!read_number(c, parley->text(parley->get(parley->body(c), "upto")), &upto))
        return parley->invalid(c, "/upto", "\"upto\" is the id of the newest notice that was seen");
    int row = parley_sql(
        c, "SELECT kind, sentence, board, at FROM notice WHERE customer = $1 AND number <= $2 ORDER BY number",
        parley->customer(c), upto);
    for (; row > 0 && rc >= 0; row = parley->next(c))
        rc = parley_timeline(c, parley_format(c, "{}", parley->col_text(c, 0)),
                             parley_format(c, "{}", parley->col_text(c, 1)), "{board, happenedAt}",
                             parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
    if (row < 0) return row;
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM notice WHERE customer = $1 AND number <= $2", parley->customer(c), upto);
    return rc < 0 ? rc : 0;
}
