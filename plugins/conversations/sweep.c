/* What happens by itself: snoozed threads wake, messages that nobody answers in time count as unanswered, orders are told to whoever
 * looks at the thread. */
#include "plugins/conversations/conversations.h"

enum { AT_ONCE = 200 /* messages in one sweep */ };
#define SWEEP PARLEY_TEXT("sweep")

/* What is due next, or 0. */
static int64_t next_due(parley_call *c) {
    int rc = parley_sql(
        c, "SELECT min(at) FROM (SELECT min(snoozed_until) AS at FROM thread WHERE status = 'snoozed' UNION ALL"
           " SELECT min(due_at) FROM message WHERE author = 'customer' AND answered_at IS NULL AND overdue = 0)");
    return rc > 0 ? parley->col(c, 0) : 0;
}

int sweep_arm(parley_call *c, int64_t at) {
    int64_t due = next_due(c);
    return parley->timer(c, SWEEP, due && due < at ? due : at);
}

static int tell_woken(parley_call *c, parley_json woken) {
    for (parley_json w = parley->first(woken); parley_is(w); w = parley->after(woken, w)) {
        struct thread t = {.customer = parley->text(parley->get(w, "customer")),
                           .known = parley->truth(parley->get(w, "known"))};
        parley->integer(parley->get(w, "number"), &t.number);
        int rc = thread_settle(c, &t);
        if (rc >= 0) rc = parley->notify(c, t.customer, t.known, "status");
        if (rc < 0) return rc;
    }
    return 0;
}

static int wake(parley_call *c) {
    parley_json woken = parley->list(c);
    int rc = parley_sql(
        c,
        "UPDATE thread SET status = 'open', snoozed_until = NULL WHERE status = 'snoozed' AND snoozed_until <= $1"
        " RETURNING number, customer, known",
        parley->now(c));
    for (; rc > 0; rc = parley->next(c)) {
        bool known = parley->col(c, 2);
        parley_append(c, woken, "{number, customer, known}", parley->col(c, 0), parley->col_text(c, 1), known);
    }
    if (rc < 0) return rc;
    return tell_woken(c, woken);
}

static int count_overdue(parley_call *c) {
    int rc = parley_sql(
        c,
        "UPDATE message SET overdue = 1 WHERE number IN (SELECT number FROM message WHERE author = 'customer'"
        " AND answered_at IS NULL AND overdue = 0 AND due_at <= $1 LIMIT $2) RETURNING number, customer, known",
        parley->now(c), AT_ONCE);
    for (; rc > 0; rc = parley->next(c)) {
        int told = parley_track_for(c, parley->col_text(c, 1), parley->col(c, 2), "Message Unanswered",
                                    "{message, closed: false}", parley->col(c, 0));
        if (told < 0) return told;
    }
    return rc;
}

int sweep(parley_call *c, parley_text name) {
    int rc = wake(c);
    if (rc >= 0) rc = count_overdue(c);
    if (rc < 0) return rc;
    int64_t due = next_due(c);
    return due ? parley->timer(c, SWEEP, due) : 0;
}

/* The console shows the order itself from the timeline; here it is only said that there is one. */
int on_order(parley_call *c, parley_json event) {
    struct thread t;
    int rc = thread_find(c, ids_of(c, parley->customer(c)), &t);
    if (rc <= 0) return rc;
    rc = parley_sql(c, "UPDATE thread SET order_at = $2 WHERE number = $1", t.number, parley->now(c));
    return rc < 0 ? rc : parley->notify(c, t.customer, t.known, "order");
}
