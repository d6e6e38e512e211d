/* Friends: who may see and edit a board beside its owner, and the links that make one a member. Members know each other by name and
 * handle, never by customer id. Who has left comes back by a link alone, so that nobody is put on boards against her will. */
#include "plugins/boards/boards.h"

static const char *const roles[] = {"viewer", "commenter", "editor", NULL};
static const int64_t DAY = 24LL * 3600 * 1000;
enum { INVITATION_DAYS = 14, INVITATION_DAYS_MOST = 90 };

int member_list(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc >= 0 && !board.inside) rc = parley->fail(c, 403, "a board's members are seen by its members");
    if (rc < 0) return rc;
    parley_json list = parley->list(c);
    int row = parley_sql(c,
                         "SELECT m.handle, m.role, p.name, m.customer, m.since FROM member m"
                         " LEFT JOIN person p ON p.customer = m.customer"
                         " WHERE m.board = $1 AND m.role <> 'left' ORDER BY m.since, m.handle LIMIT $2",
                         board.number, MEMBERS_MOST);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{member, role, name, me, since}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), parley_same(parley->col_text(c, 3), parley->customer(c)),
                      (parley_time){parley->col(c, 4)});
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next: null}", list);
}

static int check_room(parley_call *c, const struct board *board, parley_text customer) {
    int rc = parley_sql(c,
                        "SELECT (SELECT count(*) FROM member WHERE board = $1 AND role <> 'left' AND customer <> $2),"
                        " (SELECT count(*) FROM member WHERE customer = $2 AND board <> $1)",
                        board->number, customer);
    if (rc < 0) return rc;
    if (parley->col(c, 0) >= MEMBERS_MOST)
        return parley_fail(c, 409, "this board has {} members, the most there may be", MEMBERS_MOST);
    if (parley->col(c, 1) >= MEMBERSHIPS_MOST)
        return parley_fail(c, 409, "nobody can be a member of more than {} boards", MEMBERSHIPS_MOST);
    return 0;
}

static int put(parley_call *c, const struct board *board, parley_text customer, parley_text role) {
    return parley_sql(c,
                      "INSERT INTO member (board, customer, handle, role, since) VALUES ($1, $2, $3, $4, $5)"
                      " ON CONFLICT (board, customer) DO UPDATE SET role = $4",
                      board->number, customer, chance_text(c, ID_LENGTH), role, parley->now(c));
}

int member_put(parley_call *c) {
    struct board board;
    parley_text customer = parley->path(c, "customer"), role;
    int rc = board_open(c, ACCESS_OWNER, &board);
    if (rc >= 0) rc = read_body(c, "role");
    if (rc >= 0) rc = read_word(c, "role", roles, &role);
    if (rc >= 0 && parley_same(customer, board.owner)) rc = parley->fail(c, 409, "the board is hers already");
    if (rc < 0) return rc;
    if (customer.n > 200) return parley->fail(c, 400, "a customer's id has at most 200 bytes");
    /* A handle of the list does as well: that is how the owner, who knows no ids, changes a role. */
    rc = parley_sql(c, "SELECT customer, role FROM member WHERE board = $1 AND (customer = $2 OR handle = $2)",
                    board.number, customer);
    bool there = rc > 0;
    if (there) customer = parley->col_text(c, 0);
    if (there && text_is(parley->col_text(c, 1), "left"))
        return parley->fail(c, 409, "she has left this board; an invitation lets her come back");
    if (rc >= 0) rc = check_room(c, &board, customer);
    if (rc >= 0) rc = put(c, &board, customer, role);
    if (rc >= 0 && !there)
        rc = notice_leave(c, &(struct notice){.customer = customer,
                                              .actor = parley->customer(c),
                                              .kind = "board-shared",
                                              .sentence = parley_format(c, "Somebody shared the board \"{}\" with you",
                                                                        text_brief(c, board.title, 120)),
                                              .board = board.id});
    if (rc < 0) return rc;
    return parley_reply(c, there ? 200 : 201, "{role}", role);
}

/* The owner removes anybody; everybody removes herself. */
int member_remove(parley_call *c) {
    struct board board;
    parley_text who = parley->path(c, "customer"), me = parley->customer(c);
    int rc = board_open(c, ACCESS_VIEWER, &board);
    if (rc < 0) return rc;
    if (text_is(who, "me") || parley_same(who, me)) {
        rc = parley_sql(c, "UPDATE member SET role = 'left' WHERE board = $1 AND customer = $2 AND role <> 'left'",
                        board.number, me);
    } else {
        if (board.access != ACCESS_OWNER) return parley->fail(c, 403, "its owner alone removes others from a board");
        rc = parley_sql(c, "DELETE FROM member WHERE board = $1 AND role <> 'left' AND (customer = $2 OR handle = $2)",
                        board.number, who);
    }
    if (rc < 0) return rc;
    return rc > 0 ? 0 : parley->fail(c, 404, "this board has no such member");
}

/* ---- invitations by link ---- */

int invitation_list(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_OWNER, &board);
    if (rc < 0) return rc;
    parley_json list = parley->list(c);
    int row = parley_sql(c,
                         "SELECT handle, role, token, ends_at FROM invitation WHERE board = $1 AND ends_at > $2"
                         " ORDER BY ends_at, handle LIMIT $3",
                         board.number, parley->now(c), INVITATIONS_MOST);
    for (; row > 0; row = parley->next(c))
        parley_append(c, list, "{id, role, token, endsAt}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next: null}", list);
}

int invitation_add(parley_call *c) {
    struct board board;
    parley_text role = PARLEY_TEXT("viewer");
    int64_t days = INVITATION_DAYS;
    int rc = board_open(c, ACCESS_OWNER, &board);
    if (rc >= 0) rc = read_body(c, "role days");
    if (rc >= 0) rc = read_word(c, "role", roles, &role);
    if (rc >= 0 && read_has(c, "days")) rc = read_count(c, "days", 1, INVITATION_DAYS_MOST, &days);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM invitation WHERE board = $1 AND ends_at <= $2", board.number, parley->now(c));
    if (rc >= 0) rc = parley_sql(c, "SELECT count(*) FROM invitation WHERE board = $1", board.number);
    if (rc < 0) return rc;
    if (parley->col(c, 0) >= INVITATIONS_MOST)
        return parley_fail(c, 409, "this board has {} invitations, the most there may be; take one back first",
                           INVITATIONS_MOST);
    parley_text token = chance_text(c, TOKEN_LENGTH), handle = chance_text(c, ID_LENGTH);
    int64_t ends = parley->now(c) + days * DAY;
    rc = parley_sql(c, "INSERT INTO invitation (token, board, handle, role, ends_at) VALUES ($1, $2, $3, $4, $5)",
                    token, board.number, handle, role, ends);
    if (rc >= 0)
        rc = parley_track(c, "Board Shared", "{board_id, title, share_via, role}", board.id, board.title, "invitation",
                          role);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, role, token, endsAt}", handle, role, token, (parley_time){ends});
}

int invitation_remove(parley_call *c) {
    struct board board;
    int rc = board_open(c, ACCESS_OWNER, &board);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM invitation WHERE board = $1 AND handle = $2", board.number,
                        parley->path(c, "invitation"));
    if (rc < 0) return rc;
    return rc > 0 ? 0 : parley->fail(c, 404, "this board has no such invitation");
}

/* What the link's token is worth: its board and a role there. An invitation never lowers a role that she has. */
int invitation_take(parley_call *c) {
    static const char by_number[] = BOARD_SELECT "WHERE b.number = $2";
    struct board board = {0};
    parley_text token, role;
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "an invitation needs a shopper");
    int rc = read_body(c, "token");
    if (rc >= 0) rc = read_text(c, "token", 1, 100, &token);
    if (rc < 0) return rc;
    rc = parley_sql(c, "SELECT role, board FROM invitation WHERE token = $1 AND ends_at > $2", token, parley->now(c));
    if (rc < 0) return rc;
    if (rc == 0) return parley->fail(c, 404, "this invitation has run out or was taken back");
    role = parley->col_text(c, 0);
    board.number = parley->col(c, 1);
    rc = parley_sql(c, by_number, parley->customer(c), board.number);
    if (rc < 0) return rc;
    board = board_row(c);
    bool hers = parley_same(board.owner, parley->customer(c));
    bool more = !parley_some(board.role) || text_is(board.role, "left") || text_is(board.role, "viewer") ||
                text_is(role, "editor");
    if (!hers && more) {
        rc = check_room(c, &board, parley->customer(c));
        if (rc >= 0) rc = put(c, &board, parley->customer(c), role);
        if (rc >= 0) rc = notice_reach(c);
        if (rc >= 0)
            rc = parley_timeline(c, "board",
                                 parley_format(c, "Joined the board \"{}\"", text_brief(c, board.title, 120)),
                                 "{board, role}", board.id, role);
        if (rc >= 0)
            rc = notice_leave(
                c, &(struct notice){.customer = board.owner,
                                    .actor = parley->customer(c),
                                    .kind = "board-joined",
                                    .sentence = parley_format(c, "Somebody accepted your invitation to \"{}\"",
                                                              text_brief(c, board.title, 120)),
                                    .board = board.id});
    }
    if (rc >= 0) rc = board_reopen(c, &board);
    if (rc >= 0 && board.access == ACCESS_NONE) rc = parley->fail(c, 404, "this board is not shown at the moment");
    return rc < 0 ? rc : board_reply(c, 200, &board);
}
