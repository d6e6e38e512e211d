/* The staff's side: a thread with all that belongs beside it, answers, messages of our own accord, notes, who has it and how it stands. */
#include "plugins/conversations/conversations.h"

static int open_thread(parley_call *c, parley_json *ids, struct thread *t) {
    int rc = thread_of_path(c, ids, t);
    return rc < 0 ? rc : thread_join(c, *ids, t->customer, t->known, t);
}

/* GET /threads/{customer}?limit=&cursor=: newest first, with the facts about her. */
int staff_thread(parley_call *c) {
    struct thread t = {0};
    parley_json ids, items, next;
    int rc = thread_of_path(c, &ids, &t);
    if (rc >= 0) rc = messages_page(c, ids, (parley_text){0}, READER_STAFF, &t, &items, &next);
    if (rc >= 0)
        rc = parley_sql(c, "SELECT count(*) FROM message WHERE thread = $1 AND author = 'customer' AND number > $2",
                        t.number, t.seen_by_staff);
    if (rc < 0) return rc;
    int64_t unread = parley->col(c, 0);
    return parley_reply(c, 200, "{thread, ids, items, next, facts, traits, agent}", thread_view(c, &t, unread), ids,
                        items, next, facts_of(c, t.number), parley->traits(c, t.customer), parley->agent(c));
}

/* ---- answers ---- */

static int tell_reply(parley_call *c, const struct message *m) {
    int rc = parley_track_for(c, m->customer, m->known, "Message Sent", "{message, channel, agent, inReplyTo}",
                              m->number, m->channel, m->by, m->in_reply_to);
    if (rc < 0) return rc;
    return parley_timeline_for(c, m->customer, m->known, "message", parley_format(c, "{} answered", m->by),
                               "{message, channel}", m->number, m->channel);
}

/* "web" needs nobody's leave: she comes and reads. Elsewhere the message goes out to her: *word says whether it may. */
static int ask_leave(parley_call *c, const struct thread *t, struct message *m, enum parley_contact why,
                     parley_text *address, parley_text *word) {
    *word = PARLEY_TEXT("allowed");
    if (is_text(m->channel, "web") && why == PARLEY_ANSWER) return 0;
    *word = parley->may_contact(c, m->customer, t->feature, why, parley_format(c, "{}", m->channel));
    if (!word->at) return parley->fail(c, 503, "it could not be asked whether she may be written to; try again");
    if (is_text(m->channel, "web")) return 0;
    *address = channel_address(c, t, m->channel);
    if (!parley_some(*address)) *word = PARLEY_TEXT("no-address");
    return 0;
}

static int read_channel(parley_call *c, parley_text fallback, parley_text *channel) {
    parley_json given = parley->get(parley->body(c), "channel");
    *channel = parley_is(given) ? parley->text(given) : fallback;
    if (is_text(*channel, "web") || is_text(*channel, "email") || is_text(*channel, "store")) return 0;
    return parley->invalid(c, "/channel", "\"channel\" is web, email or store");
}

static int read_reply(parley_call *c, parley_json ids, struct message *m) {
    struct message answered;
    int rc = object_with(c, "inReplyTo body channel id");
    if (rc >= 0) rc = read_body(c, parley->body(c), &m->body);
    if (rc >= 0) rc = read_number(c, parley->body(c), "inReplyTo", &m->in_reply_to);
    if (rc >= 0) rc = message_find(c, ids, m->in_reply_to, &answered);
    if (rc < 0) return rc;
    if (rc == 0 || !is_text(answered.author, "customer"))
        return parley->invalid(c, "/inReplyTo", "\"inReplyTo\" is the id of the message of hers that this answers");
    m->customer = answered.customer;
    m->known = answered.known;
    return read_channel(c, answered.channel, &m->channel);
}

static int stand_after_reply(parley_call *c, struct thread *t, const struct message *m) {
    int64_t since = t->waiting_since;
    int rc = thread_settle(c, t);
    if (rc >= 0)
        rc = parley_sql(c,
                        "UPDATE thread SET status = CASE WHEN waiting_since IS NULL THEN 'waiting' ELSE 'open' END,"
                        " snoozed_until = NULL, assignee = coalesce(assignee, $2) WHERE number = $1",
                        t->number, parley->agent(c));
    if (rc >= 0) rc = thread_settle(c, t);
    return rc < 0 ? rc : answer_first(c, t, m, since);
}

/* POST /threads/{customer}/reply {"inReplyTo","body","channel"?,"id"?}: by the channel of what it answers, where nothing else is said. */
int staff_reply(parley_call *c) {
    struct thread t = {0};
    struct message m = {.author = PARLEY_TEXT("agent"), .by = parley->agent(c)};
    parley_json ids = {0};
    parley_text address = {0}, word, external;
    int rc = read_external(c, "agent", m.by, &external);
    if (rc >= 0 && (rc = message_repeat(c, external)) > 0) return 0;
    if (rc >= 0) rc = open_thread(c, &ids, &t);
    if (rc >= 0) rc = read_reply(c, ids, &m);
    if (rc >= 0) rc = ask_leave(c, &t, &m, PARLEY_ANSWER, &address, &word);
    if (rc < 0) return rc;
    rc = message_add(c, &t, &m, external);
    if (rc >= 0) rc = answer_mark(c, &t, &m);
    if (rc >= 0) rc = stand_after_reply(c, &t, &m);
    if (rc >= 0) rc = tell_reply(c, &m);
    if (rc >= 0 && is_text(word, "allowed") && parley_some(address)) rc = channel_queue(c, &t, &m, address);
    if (rc >= 0) rc = canned_look(c, &t, &m);
    if (rc >= 0) rc = parley->notify(c, m.customer, m.known, "message");
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, at, delivery}", m.number, (parley_time){m.at}, word);
}

/* ---- of our own accord ---- */

/* Somebody whom the shop knows, or who has written before. */
static int open_or_make(parley_call *c, struct thread *t) {
    parley_text customer = parley->path(c, "customer");
    parley_json ids = ids_of(c, customer);
    int rc = thread_find(c, ids, t);
    if (rc == 0 && !parley->length(parley->find(c, customer)))
        return parley_fail(c, 404, "the shop knows no customer {}", customer);
    if (rc >= 0)
        rc = rc ? thread_join(c, ids, t->customer, t->known, t)
                : thread_join(c, ids, parley->text(parley->first(ids)), true, t);
    return rc;
}

/* POST /threads/{customer}/push {"body","channel"?}: refused where she does not want it or has had enough. */
int staff_push(parley_call *c) {
    struct thread t = {0};
    struct message m = {.author = PARLEY_TEXT("agent"), .by = parley->agent(c)};
    parley_text address = {0}, word;
    int rc = object_with(c, "body channel");
    if (rc >= 0) rc = read_body(c, parley->body(c), &m.body);
    if (rc >= 0) rc = read_channel(c, PARLEY_TEXT("web"), &m.channel);
    if (rc >= 0) rc = open_or_make(c, &t);
    if (rc < 0) return rc;
    m.customer = t.customer;
    m.known = t.known;
    rc = ask_leave(c, &t, &m, PARLEY_PUSH, &address, &word);
    if (rc >= 0 && !is_text(word, "allowed")) return parley_fail(c, 409, "she may not be written to now ({})", word);
    if (rc >= 0) rc = message_add(c, &t, &m, (parley_text){0});
    if (rc >= 0) rc = thread_settle(c, &t);
    if (rc >= 0 && parley_some(address)) rc = channel_queue(c, &t, &m, address);
    if (rc >= 0)
        rc = parley_track_for(c, m.customer, m.known, "Message Pushed", "{message, channel, agent}", m.number,
                              m.channel, m.by);
    if (rc >= 0)
        rc = parley_timeline_for(c, m.customer, m.known, "message", parley_format(c, "{} wrote first", m.by),
                                 "{message, channel}", m.number, m.channel);
    if (rc >= 0) rc = parley->notify(c, m.customer, m.known, "message");
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, at, delivery}", m.number, (parley_time){m.at}, word);
}

/* ---- among colleagues ---- */

/* POST /threads/{customer}/notes {"body"}: she never sees it; her export has it. */
int staff_note(parley_call *c) {
    struct thread t = {0};
    parley_json ids = {0};
    parley_text body = {0};
    int64_t number = 0;
    int rc = object_with(c, "body");
    if (rc >= 0) rc = read_body(c, parley->body(c), &body);
    if (rc >= 0) rc = open_thread(c, &ids, &t);
    if (rc >= 0) rc = note_add(c, &t, parley->agent(c), body, &number);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id}", number);
}

static int leave_trail(parley_call *c, const struct thread *t, const char *sentence) {
    int64_t number = 0;
    return note_add(c, t, parley->agent(c), text_of_cstr(sentence), &number);
}

/* PUT /threads/{customer}/assignee {"assignee": name, "me" or null}: she sees who is answering. */
int staff_assign(parley_call *c) {
    struct thread t = {0};
    parley_json ids, given = parley->get(parley->body(c), "assignee");
    parley_text name = parley->text(given);
    int rc = object_with(c, "assignee");
    if (rc < 0) return rc;
    if (parley->kind(given) != PARLEY_NULL && (name.n < 1 || name.n > REF_MOST))
        return parley_invalid(c, "/assignee", "\"assignee\" is an agent's name of 1 to {} bytes, \"me\" or null",
                              REF_MOST);
    if (is_text(name, "me")) name = parley->agent(c);
    rc = open_thread(c, &ids, &t);
    if (rc >= 0 && !parley_same(name, t.assignee)) {
        rc = parley_sql(c, "UPDATE thread SET assignee = $2 WHERE number = $1", t.number, name);
        if (rc >= 0)
            rc = leave_trail(c, &t, name.at ? parley_format(c, "gave this to {}", name) : "gave this back to all");
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{assignee}", name);
}

/* What is closed without an answer waits no longer, and counts as unanswered at once. */
static int give_up(parley_call *c, const struct thread *t) {
    int rc = parley_sql(c,
                        "UPDATE message SET overdue = overdue + 2 WHERE thread = $1 AND author = 'customer'"
                        " AND answered_at IS NULL AND overdue < 2 RETURNING number, overdue, customer, known",
                        t->number);
    for (; rc > 0; rc = parley->next(c)) {
        if (parley->col(c, 1) != 2) continue;
        int told = parley_track_for(c, parley->col_text(c, 2), parley->col(c, 3), "Message Unanswered",
                                    "{message, closed: true}", parley->col(c, 0));
        if (told < 0) return told;
    }
    return rc;
}

static int read_until(parley_call *c, const struct thread *t, int64_t *until) {
    parley_json given = parley->get(parley->body(c), "until");
    int64_t hours = 24;
    parley->integer(parley->get(t->settings, "snoozeHours"), &hours);
    *until = parley->now(c) + hours * HOUR;
    if (!parley_is(given) || (parley->parse_time(parley->text(given), until) && *until > parley->now(c))) return 0;
    return parley->invalid(c, "/until", "\"until\" is a time to come, such as 2026-12-01T08:00:00Z");
}

/* PUT /threads/{customer}/status {"status","until"?} */
int staff_status(parley_call *c) {
    struct thread t = {0};
    parley_json ids = {0};
    parley_text status = parley->text(parley->get(parley->body(c), "status"));
    int64_t until = 0;
    int rc = object_with(c, "status until");
    if (rc < 0) return rc;
    bool snoozed = is_text(status, "snoozed");
    if (!snoozed && !is_text(status, "open") && !is_text(status, "waiting") && !is_text(status, "closed"))
        return parley->invalid(c, "/status", "\"status\" is open, waiting, snoozed or closed");
    rc = open_thread(c, &ids, &t);
    if (rc >= 0 && snoozed) rc = read_until(c, &t, &until);
    if (rc >= 0 && is_text(status, "closed")) rc = give_up(c, &t);
    if (rc >= 0)
        rc = parley_sql(c, "UPDATE thread SET status = $2, snoozed_until = $3 WHERE number = $1", t.number, status,
                        number_or_null(until));
    if (rc >= 0) rc = thread_settle(c, &t);
    if (rc >= 0 && snoozed) rc = sweep_arm(c, until);
    if (rc >= 0) rc = leave_trail(c, &t, parley_format(c, "set this to {}", status));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{status, snoozedUntil}", status, time_or_null(until));
}

/* PUT /threads/{customer}/seen {"upto"} */
int staff_seen(parley_call *c) {
    struct thread t = {0};
    parley_json ids = {0};
    int64_t upto = 0;
    int rc = object_with(c, "upto");
    if (rc >= 0) rc = read_number(c, parley->body(c), "upto", &upto);
    if (rc >= 0) rc = open_thread(c, &ids, &t);
    if (rc < 0 || upto <= t.seen_by_staff) return rc < 0 ? rc : 0;
    rc = parley_sql(c,
                    "UPDATE thread SET seen_by_staff = min($2, (SELECT max(number) FROM message WHERE thread = $1))"
                    " WHERE number = $1",
                    t.number, upto);
    return rc < 0 ? rc : 0;
}

/* PUT /threads/{customer}/complaint {"message","complaint"}: an agent says whether that message is one. */
int staff_complaint(parley_call *c) {
    struct thread t = {0};
    struct message m;
    parley_json ids, given = parley->get(parley->body(c), "complaint");
    int64_t number = 0;
    int rc = object_with(c, "message complaint");
    if (rc >= 0) rc = read_number(c, parley->body(c), "message", &number);
    if (rc < 0) return rc;
    if (parley->kind(given) != PARLEY_BOOL) return parley->invalid(c, "/complaint", "\"complaint\" is true or false");
    rc = open_thread(c, &ids, &t);
    if (rc >= 0) rc = message_find(c, ids, number, &m);
    if (rc < 0) return rc;
    if (rc == 0 || !is_text(m.author, "customer"))
        return parley_fail(c, 404, "she has not written a message {}", number);
    bool is = parley->truth(given);
    rc = parley_sql(c, "UPDATE message SET complaint = $2 WHERE number = $1", number, is);
    if (rc >= 0 && is && !m.complaint)
        rc = parley_track_for(c, m.customer, m.known, "Complaint Made", "{message}", number);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{complaint}", is);
}

/* ---- how agents do ---- */

/* GET /agents?days=: what each has sent and answered in the last days [30]. */
int staff_agents(parley_call *c) {
    int64_t days = 30;
    parley_text given = parley->query(c, "days");
    if (parley_some(given) && !(parley->integer(parley->parse(c, given), &days) && days >= 1 && days <= 366))
        return parley->fail(c, 400, "days: a number from 1 to 366");
    parley_json items = parley->list(c);
    int rc = parley_sql(
        c,
        "SELECT s.by, s.sent, s.canned, s.thanks, coalesce(a.answered, 0), a.seconds FROM"
        " (SELECT by, count(*) AS sent, sum(canned) AS canned, sum(thanked) AS thanks FROM message"
        "   WHERE author = 'agent' AND in_reply_to IS NOT NULL AND at > $1 GROUP BY by) s"
        " LEFT JOIN (SELECT answered_by, count(*) AS answered, avg(answered_at - at) / 1000.0 AS seconds FROM message"
        "   WHERE author = 'customer' AND answered_at > $1 GROUP BY answered_by) a ON a.answered_by = s.by ORDER BY "
        "s.by",
        parley->now(c) - days * DAY);
    for (; rc > 0; rc = parley->next(c))
        parley_append(c, items, "{agent, sent, canned, cannedRate, thanks, answered, meanSeconds}",
                      parley->col_text(c, 0), parley->col(c, 1), parley->col(c, 2),
                      (double)parley->col(c, 2) / (double)parley->col(c, 1), parley->col(c, 3), parley->col(c, 4),
                      parley->col_double(c, 5));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next: null}", items);
}
