/* Which messages of hers a reply answers, how long she waited for it, and what of that is taken back where the reply never reached her. What
 * is measured is taken back as a refund is: by the same event, with a count of -1. */
#include "plugins/conversations/conversations.h"

/* With a message everything that she wrote before it is answered. */
int answer_mark(parley_call *c, const struct thread *t, const struct message *reply) {
    int rc = parley_sql(c,
                        "UPDATE message SET answer = $3, answered_at = $4, answered_by = $5 WHERE thread = $1"
                        " AND number <= $2 AND author = 'customer' AND answered_at IS NULL"
                        " RETURNING number, at, customer, known",
                        t->number, reply->in_reply_to, reply->number, reply->at, reply->by);
    for (; rc > 0; rc = parley->next(c)) {
        int64_t number = parley->col(c, 0), at = parley->col(c, 1);
        int tracked =
            parley_track_for(c, parley->col_text(c, 2), parley->col(c, 3), "Message Answered",
                             "{message, seconds, agent, count: 1}", number, (double)(reply->at - at) / 1000, reply->by);
        if (tracked < 0) return tracked;
    }
    return rc;
}

static int track_first(parley_call *c, const struct message *reply, int64_t waited, int count) {
    return parley_track_for(c, reply->customer, reply->known, "First Answer", "{seconds, agent, count}",
                            (double)(count * waited) / 1000, reply->by, count);
}

int answer_first(parley_call *c, const struct thread *t, const struct message *reply, int64_t since) {
    if (!since || t->waiting_since == since) return 0;
    int rc = parley_sql(c, "UPDATE message SET waited = $2 WHERE number = $1", reply->number, reply->at - since);
    return rc < 0 ? rc : track_first(c, reply, reply->at - since, 1);
}

/* Another reply that did reach her, as far as is known, answers in its place; where there is none she waits again: how many do. */
static int64_t open_again(parley_call *c, const struct thread *t, const struct message *reply) {
    int64_t opened = 0;
    int rc = parley_sql(c,
                        "UPDATE message SET (answer, answered_at, answered_by) ="
                        " (SELECT r.number, r.at, r.by FROM message r WHERE r.thread = $1 AND r.author = 'agent'"
                        "   AND r.in_reply_to >= message.number AND r.number NOT IN"
                        "   (SELECT message FROM outbound WHERE state IN ('failed', 'bounced'))"
                        "   ORDER BY r.number LIMIT 1)"
                        " WHERE thread = $1 AND answer = $2 RETURNING number, customer, known, answer IS NULL",
                        t->number, reply->number);
    for (; rc > 0; rc = parley->next(c)) {
        if (!parley->col(c, 3)) continue;
        opened++;
        int tracked = parley_track_for(c, parley->col_text(c, 1), parley->col(c, 2), "Message Answered",
                                       "{message, agent, count}", parley->col(c, 0), reply->by, -1);
        if (tracked < 0) return tracked;
    }
    return rc < 0 ? rc : opened;
}

int answer_take_back(parley_call *c, const struct thread *t, const struct message *reply) {
    int64_t opened = open_again(c, t, reply);
    if (opened <= 0) return (int)opened;
    int rc = parley_sql(c, "SELECT waited FROM message WHERE number = $1 AND waited IS NOT NULL", reply->number);
    if (rc > 0) rc = track_first(c, reply, parley->col(c, 0), -1);
    /* Her time may be up already. */
    return rc < 0 ? rc : sweep_arm(c, parley->now(c));
}
