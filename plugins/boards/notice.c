/* What a customer is told of what others did: a comment, a copy, something hidden by staff. It is a row, written with what causes it;
 * a timer puts it on her timeline at once, where Parley says that she may be told. Her list of news keeps it until she has seen it. Its
 * sentence names no person: what is on a timeline could not be taken back when that person asks to be forgotten. */
#include "plugins/boards/boards.h"

enum { A_TICK = 8, BUSY_MS = 30 * 1000 };

int notice_reach(parley_call *c) {
    return parley_sql(c,
                      "INSERT INTO reach (customer, known, feature) VALUES ($1, $2, $3)"
                      " ON CONFLICT (customer) DO UPDATE SET known = $2, feature = $3",
                      parley->customer(c), parley->known(c), parley->feature(c));
}

static int tell_at(parley_call *c, int64_t at) {
    return parley->timer(c, PARLEY_TEXT("notices"), at);
}

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
    rc = parley_sql(c,
                    "INSERT INTO notice (number, customer, actor, kind, sentence, board, at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    serial_take(c, 1), notice->customer, notice->actor, notice->kind, notice->sentence, notice->board,
                    parley->now(c));
    return rc < 0 ? rc : tell_at(c, parley->now(c));
}

/* ---- onto her timeline ---- */

struct untold {
    int64_t number, at;
    bool known;
    parley_text customer, kind, sentence, board, feature;
};

/* Who never took part was named by a board's owner: a customer; she has muted nothing here yet. */
static int read_untold(parley_call *c, struct untold *untold) {
    int n = 0;
    int rc = parley_sql(c,
                        "SELECT n.number, n.at, coalesce(r.known, 1), n.customer, n.kind, n.sentence, n.board,"
                        " coalesce(r.feature, '') FROM notice n LEFT JOIN reach r ON r.customer = n.customer"
                        " WHERE n.told = 0 ORDER BY n.number LIMIT $1",
                        A_TICK);
    for (; rc > 0; rc = parley->next(c))
        untold[n++] = (struct untold){.number = parley->col(c, 0),
                                      .at = parley->col(c, 1),
                                      .known = parley->col(c, 2),
                                      .customer = parley->col_text(c, 3),
                                      .kind = parley->col_text(c, 4),
                                      .sentence = parley->col_text(c, 5),
                                      .board = parley->col_text(c, 6),
                                      .feature = parley->col_text(c, 7)};
    return rc < 0 ? rc : n;
}

/* 1: done with. 0: Parley is busy, later. Who muted boards has it in her list of news alone. */
static int bring(parley_call *c, const struct untold *untold) {
    int may = parley->may_tell(c, untold->customer, untold->feature, PARLEY_ANSWER), rc = 0;
    if (may < 0) return 0;
    if (may == 0) parley->count(c, "not_told", 1);
    if (may > 0)
        rc = parley_timeline_for(c, untold->customer, untold->known, parley_format(c, "{}", untold->kind),
                                 parley_format(c, "{}", untold->sentence), "{board, happenedAt}", untold->board,
                                 (parley_time){untold->at});
    if (rc >= 0) rc = parley_sql(c, "UPDATE notice SET told = 1 WHERE number = $1", untold->number);
    return rc < 0 ? rc : 1;
}

int notice_on_timer(parley_call *c, parley_text name) {
    struct untold untold[A_TICK];
    (void)name; /* there is one timer */
    int n = read_untold(c, untold), rc = n < 0 ? n : 1;
    for (int i = 0; i < n && rc > 0; i++) rc = bring(c, &untold[i]);
    if (rc == 0) return tell_at(c, parley->now(c) + BUSY_MS);
    return rc > 0 && n == A_TICK ? tell_at(c, parley->now(c)) : rc;
}

/* ---- her list of news ---- */

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

/* She has seen all up to one, by its id. */
int notice_seen(parley_call *c) {
    int64_t upto = 0;
    int rc = read_body(c, "upto");
    if (rc < 0) return rc;
    if (!read_number(c, parley->text(parley->get(parley->body(c), "upto")), &upto))
        return parley->invalid(c, "/upto", "\"upto\" is the id of the newest notice that was seen");
    rc = parley_sql(c, "DELETE FROM notice WHERE customer = $1 AND number <= $2 AND told = 1", parley->customer(c),
                    upto);
    return rc < 0 ? rc : 0;
}
