/* What became of a reply that went out: its state, as the connector reports it. One that never reached her has answered nothing. */
#include "plugins/conversations/conversations.h"

/* The later a state stands here the more it says: a report that says less than is known changes nothing. */
static const char *const states[] = {"waiting", "sent", "delivered", "failed", "bounced"};
enum { STATE_FAILED = 3, STATES = sizeof states / sizeof *states };

static int rank_of(parley_text state) {
    for (int i = 0; i < STATES; i++)
        if (is_text(state, states[i])) return i;
    return -1;
}

bool delivery_is_state(parley_text word) {
    return rank_of(word) >= 0;
}

/* The thread is ours again, she waits again since she wrote, and colleagues read why; unless she has read it on the web. */
static int give_back(parley_call *c, struct thread *t, const struct message *reply, parley_text address,
                     parley_text detail) {
    int64_t number;
    bool read = t->seen_by_customer >= reply->number;
    const char *why = "", *but = read ? "; she has read it on the web" : "";
    if (parley_some(detail)) why = parley_format(c, ": {}", detail);
    int rc = note_add(c, t, PARLEY_TEXT("Parley"),
                      text_of_cstr(parley_format(c, "This did not reach {}{}{}", address, why, but)), &number);
    if (rc < 0 || read) return rc;
    rc = answer_take_back(c, t, reply);
    if (rc >= 0)
        rc = parley_sql(c, "UPDATE thread SET status = 'open', snoozed_until = NULL WHERE number = $1", t->number);
    return rc < 0 ? rc : thread_settle(c, t);
}

int delivery_report(parley_call *c, int64_t number) {
    parley_json body = parley->body(c);
    parley_text state = parley->text(parley->get(body, "state")), detail = parley->text(parley->get(body, "detail"));
    int rank = rank_of(state);
    if (rank < 1) return parley->invalid(c, "/state", "\"state\" is sent, delivered, failed or bounced");
    if (detail.n > REF_MOST) return parley_invalid(c, "/detail", "\"detail\" has at most {} bytes", REF_MOST);
    int rc = parley_sql(c,
                        "SELECT o.state, o.address, m.number, m.customer, m.known, m.by, m.thread, t.seen_by_customer"
                        " FROM outbound o JOIN message m ON m.number = o.message JOIN thread t ON t.number = m.thread"
                        " WHERE o.number = $1",
                        number);
    if (rc == 0) return parley_fail(c, 404, "nothing {} has gone out", number);
    if (rc < 0) return rc;
    parley_text was = parley->col_text(c, 0), address = parley->col_text(c, 1);
    struct message reply = {.number = parley->col(c, 2),
                            .customer = parley->col_text(c, 3),
                            .known = parley->col(c, 4) != 0,
                            .by = parley->col_text(c, 5)};
    struct thread t = {.number = parley->col(c, 6),
                       .customer = reply.customer,
                       .known = reply.known,
                       .seen_by_customer = parley->col(c, 7)};
    if (rank <= rank_of(was)) return parley_reply(c, 200, "{id, state}", number, was);
    rc = parley_sql(c, "UPDATE outbound SET state = $2, detail = $3 WHERE number = $1", number, state, detail);
    if (rc >= 0 && rank >= STATE_FAILED && rank_of(was) < STATE_FAILED) rc = give_back(c, &t, &reply, address, detail);
    if (rc >= 0) rc = parley->notify(c, t.customer, t.known, "delivery");
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{id, state}", number, state);
}

/* PUT /outbound/{id} {"state","detail"?} */
int delivery_put(parley_call *c) {
    int64_t number = 0;
    int rc = object_with(c, "state detail");
    parley->integer(parley->parse(c, parley->path(c, "id")), &number);
    return rc < 0 ? rc : delivery_report(c, number);
}
