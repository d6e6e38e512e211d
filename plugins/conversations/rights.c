/* A customer's rights. Each message is one id's, so that what several ids of a person give together is everything, once. Notes about her
 * and facts are hers too. */
#include "plugins/conversations/conversations.h"

static parley_json messages_of(parley_call *c, parley_text customer) {
    parley_json items = parley->list(c);
    int rc =
        parley_sql(c,
                   "SELECT m.number, author, by, body, channel, about_kind, about_ref, coalesce(in_reply_to, 0), m.at,"
                   " coalesce(answered_at, 0), answered_by, canned, thanked, complaint, o.address FROM message m"
                   " LEFT JOIN outbound o ON o.message = m.number WHERE customer = $1 ORDER BY m.number",
                   customer);
    for (; rc > 0; rc = parley->next(c))
        parley_append(c, items,
                      "{id, author, by, body, channel, about: [?, ?], inReplyTo, at, answeredAt, answeredBy, canned,"
                      " thanked, complaint, address}",
                      parley->col(c, 0), parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3),
                      parley->col_text(c, 4), parley->col_text(c, 5), parley->col_text(c, 6),
                      number_or_null(parley->col(c, 7)), (parley_time){parley->col(c, 8)},
                      time_or_null(parley->col(c, 9)), parley->col_text(c, 10), (bool)parley->col(c, 11),
                      (bool)parley->col(c, 12), (bool)parley->col(c, 13), parley->col_text(c, 14));
    return rc < 0 ? (parley_json){0} : items;
}

int rights_export(parley_call *c, parley_text customer) {
    struct thread t;
    parley_json messages = messages_of(c, customer), own = parley_object(c, "[?]", customer), thread = {0}, facts = {0};
    int rc = parley_is(messages) ? thread_find(c, own, &t) : PARLEY_FAILED;
    if (rc < 0) return rc;
    if (rc > 0 && parley_same(t.customer, customer)) {
        thread = thread_view(c, &t, 0);
        facts = facts_of(c, t.number);
    }
    return parley_reply(c, 200, "{messages, thread, facts, settings}", messages, thread, facts,
                        parley_is(thread) ? t.settings : (parley_json){0});
}

/* What is left of the thread is what other ids of hers said: it goes by one of them now, and nothing of the one that is gone stays. */
static int forget_thread(parley_call *c, struct thread *t, parley_text customer) {
    int rc = parley_sql(c, "SELECT customer FROM member WHERE thread = $1 ORDER BY customer LIMIT 1", t->number);
    if (rc < 0) return rc;
    parley_text heir = rc ? parley->col_text(c, 0) : (parley_text){0};
    if (heir.at && !parley_same(t->customer, customer)) return thread_settle(c, t);
    rc = parley_sql(c, "DELETE FROM fact WHERE thread = $1", t->number);
    if (rc < 0) return rc;
    if (!heir.at) return parley_sql(c, "DELETE FROM thread WHERE number = $1", t->number);
    rc = parley_sql(c,
                    "UPDATE thread SET customer = $2, known = coalesce((SELECT max(known) FROM message WHERE customer "
                    "= $2), 0), name = NULL, settings = '{}' WHERE number = $1",
                    t->number, heir);
    return rc < 0 ? rc : thread_settle(c, t);
}

int rights_forget(parley_call *c, parley_text customer) {
    static const char *const erasures[] = {
        "DELETE FROM likeness WHERE reply IN (SELECT number FROM message WHERE customer = $1)",
        "DELETE FROM outbound WHERE message IN (SELECT number FROM message WHERE customer = $1)",
        "DELETE FROM message WHERE customer = $1",
        "DELETE FROM member WHERE customer = $1",
    };
    struct thread t;
    int found = thread_find(c, parley_object(c, "[?]", customer), &t), rc = found;
    for (size_t i = 0; i < sizeof erasures / sizeof *erasures && rc >= 0; i++)
        rc = parley_sql(c, erasures[i], customer);
    if (rc >= 0 && found > 0) rc = forget_thread(c, &t, customer);
    return rc < 0 ? rc : 0;
}
