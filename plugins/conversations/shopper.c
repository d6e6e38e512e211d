/* The shopper's side: her thread, what she writes, what she has seen, whom she thanks. Whether she wants to be written to first she says
 * to Parley, which holds it against every plugin: PUT /v1/me/preferences. */
#include "plugins/conversations/conversations.h"

static int need_customer(parley_call *c) {
    return parley_some(parley->customer(c)) ? 0 : parley->fail(c, 401, "a conversation needs a shopper");
}

/* Whoever has a cookie alone sees what was said under it. */
static parley_text only_of(parley_call *c) {
    if (parley->known(c)) return (parley_text){0};
    return parley->customer(c);
}

static int64_t count_unread(parley_call *c, const struct thread *t) {
    int rc = parley_sql(c,
                        "SELECT count(*) FROM message WHERE thread = $1 AND number > $2 AND author = 'agent'"
                        " AND ($3 IS NULL OR customer = $3)",
                        t->number, t->seen_by_customer, only_of(c));
    return rc > 0 ? parley->col(c, 0) : 0;
}

/* GET /messages?limit=&cursor=: newest first, with what the widget says around them. */
int my_messages(parley_call *c) {
    struct thread t = {.status = PARLEY_TEXT("waiting")};
    parley_json items, next, settings = parley->settings(c), ids;
    int rc = need_customer(c);
    if (rc < 0) return rc;
    ids = ids_of(c, parley->customer(c));
    rc = thread_find(c, ids, &t);
    if (rc >= 0) rc = messages_page(c, ids, only_of(c), READER_SHOPPER, &t, &items, &next);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next, thread: {status, assignee, unread}, greeting, hours}", items, next,
                        t.status, t.assignee, count_unread(c, &t), parley->get(settings, "greeting"),
                        parley->get(settings, "hours"));
}

/* ---- writing ---- */

static int read_about(parley_call *c, parley_json body, struct message *m) {
    parley_json about = parley->get(body, "about");
    if (!parley_is(about) || parley->kind(about) == PARLEY_NULL) return 0;
    m->about_kind = parley->text(parley->get(about, "kind"));
    m->about_ref = parley->text(parley->get(about, "ref"));
    if (m->about_kind.n >= 1 && m->about_kind.n <= 32 && m->about_ref.n >= 1 && m->about_ref.n <= REF_MOST &&
        parley->length(about) == 2)
        return 0;
    return parley_invalid(c, "/about", "\"about\" is {\"kind\":...,\"ref\":...}: texts of 1 to 32 and 1 to {} bytes",
                          REF_MOST);
}

static int read_message(parley_call *c, struct message *m, parley_text *external) {
    parley_json body = parley->body(c);
    int rc = parley->kind(body) == PARLEY_OBJECT ? parley->only(c, body, "body inReplyTo about id")
                                                 : parley->invalid(c, "", "the body is {\"body\": \"...\"}");
    if (rc >= 0) rc = read_external(c, "web", parley->customer(c), external);
    if (rc >= 0) rc = read_body(c, body, &m->body);
    if (rc >= 0) rc = read_number(c, body, "inReplyTo", &m->in_reply_to);
    return rc < 0 ? rc : read_about(c, body, m);
}

static int check_rate(parley_call *c) {
    int rc = parley_sql(c, "SELECT count(*) FROM message WHERE customer = $1 AND author = 'customer' AND at > $2",
                        parley->customer(c), parley->now(c) - 60 * SECOND);
    if (rc < 0) return rc;
    if (parley->col(c, 0) < A_MINUTE) return 0;
    return parley_fail(c, 429, "{} messages in a minute are enough; please wait a little", A_MINUTE);
}

static int remember_settings(parley_call *c, struct thread *t) {
    t->settings = parley->settings(c);
    return parley_sql(c, "UPDATE thread SET settings = $2, feature = $3 WHERE number = $1", t->number, t->settings,
                      parley->feature(c));
}

/* POST /messages {"body","inReplyTo"?,"about"?,"id"?}. The same `id` again is the same message. */
int my_message(parley_call *c) {
    struct thread t;
    struct message m = {.author = PARLEY_TEXT("customer"), .channel = PARLEY_TEXT("web")}, named;
    parley_text external = {0};
    int rc = need_customer(c);
    if (rc >= 0) rc = read_message(c, &m, &external);
    if (rc < 0) return rc;
    if ((rc = message_repeat(c, external)) != 0) return rc < 0 ? rc : 0;
    parley_json ids = ids_of(c, parley->customer(c));
    rc = check_rate(c);
    if (rc >= 0 && m.in_reply_to && (rc = message_find(c, ids, m.in_reply_to, &named)) == 0)
        return parley_invalid(c, "/inReplyTo", "there is no message {} in this conversation", m.in_reply_to);
    if (rc >= 0) rc = thread_join(c, ids, parley->customer(c), parley->known(c), &t);
    if (rc < 0) return rc;
    m.customer = m.by = parley->customer(c);
    m.known = parley->known(c);
    rc = remember_settings(c, &t);
    if (rc >= 0) rc = message_add(c, &t, &m, external);
    if (rc >= 0) rc = message_received(c, &t, &m);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, at}", m.number, (parley_time){m.at});
}

/* At most so many bytes of it, and no half letter. */
static parley_text cut(parley_text text, size_t most) {
    if (text.n <= most) return text;
    while (most && ((unsigned char)text.at[most] & 0xC0) == 0x80) most--;
    return (parley_text){text.at, most};
}

static int track_received(parley_call *c, const struct message *m) {
    int rc = parley_track_for(c, m->customer, m->known, "Message Received", "{message, channel, about: {kind, ref}}",
                              m->number, m->channel, m->about_kind, m->about_ref);
    if (rc >= 0 && is_text(m->about_kind, "complaint")) {
        rc = parley_sql(c, "UPDATE message SET complaint = 1 WHERE number = $1", m->number);
        if (rc >= 0) rc = parley_track_for(c, m->customer, m->known, "Complaint Made", "{message}", m->number);
    }
    if (rc >= 0)
        rc = parley_timeline_for(c, m->customer, m->known, "message", parley_format(c, "Wrote: {}", cut(m->body, 300)),
                                 "{message, channel, about}", m->number, m->channel, m->about_ref);
    return rc;
}

int message_received(parley_call *c, struct thread *t, struct message *m) {
    int rc = parley_sql(c, "UPDATE thread SET status = 'open', snoozed_until = NULL WHERE number = $1", t->number);
    if (rc >= 0) rc = thread_name(c, t);
    if (rc >= 0) rc = thread_settle(c, t);
    if (rc >= 0) rc = track_received(c, m);
    if (rc >= 0) rc = sweep_arm(c, m->due_at);
    return rc < 0 ? rc : parley->notify(c, m->customer, m->known, "message");
}

/* ---- what else she says ---- */

/* PUT /seen {"upto"}: the last message that she has read. */
int my_seen(parley_call *c) {
    struct thread t;
    int64_t upto;
    parley_json body = parley->body(c);
    int rc = need_customer(c);
    if (rc >= 0) rc = parley->only(c, body, "upto");
    if (rc >= 0) rc = read_number(c, body, "upto", &upto);
    if (rc < 0) return rc;
    rc = thread_find(c, ids_of(c, parley->customer(c)), &t);
    if (rc <= 0 || upto <= t.seen_by_customer) return rc < 0 ? rc : 0;
    rc = parley_sql(c,
                    "UPDATE thread SET seen_by_customer = min($2, (SELECT max(number) FROM message WHERE thread = $1))"
                    " WHERE number = $1",
                    t.number, upto);
    return rc < 0 ? rc : parley->notify(c, parley->customer(c), parley->known(c), "seen");
}

/* PUT /messages/{id}/thanks: that reply helped; who wrote it reads so and is credited. */
int my_thanks(parley_call *c) {
    struct message m;
    int64_t number = 0;
    int rc = need_customer(c);
    if (rc < 0) return rc;
    parley->integer(parley->parse(c, parley->path(c, "id")), &number);
    rc = message_find(c, ids_of(c, parley->customer(c)), number, &m);
    if (rc < 0) return rc;
    parley_text only = only_of(c);
    if (rc == 0 || !is_text(m.author, "agent") || (only.at && !parley_same(only, m.customer)))
        return parley_fail(c, 404, "there is no answer {} in this conversation", parley->path(c, "id"));
    if (m.thanked) return 0;
    rc = parley_sql(c, "UPDATE message SET thanked = 1 WHERE number = $1", number);
    if (rc >= 0) rc = parley_track(c, "Answer Thanked", "{message, agent}", number, m.by);
    if (rc >= 0)
        rc = parley_timeline(c, "thanks", parley_format(c, "Thanked {} for an answer", m.by), "{message}", number);
    return rc < 0 ? rc : parley->notify(c, parley->customer(c), parley->known(c), "thanks");
}
