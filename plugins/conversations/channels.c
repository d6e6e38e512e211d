/* Other channels: what came by e-mail or in a store is told to us by a connector, and what is to go out is an event in the journal, which
 * Parley's webhooks bring to the connector (`event:Message Queued`). */
#include "plugins/conversations/conversations.h"

static int read_inbound(parley_call *c, struct message *m, parley_text *id, parley_text *customer) {
    parley_json body = parley->body(c);
    if (parley->kind(body) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    int rc = parley->only(c, body, "id channel from customer body inReplyTo");
    if (rc >= 0) rc = read_body(c, body, &m->body);
    if (rc >= 0) rc = read_number(c, body, "inReplyTo", &m->in_reply_to);
    if (rc < 0) return rc;
    *id = parley->text(parley->get(body, "id"));
    *customer = parley->text(parley->get(body, "customer"));
    m->by = parley->text(parley->get(body, "from"));
    m->channel = parley->text(parley->get(body, "channel"));
    if (id->n < 1 || id->n > REF_MOST)
        return parley_invalid(c, "/id", "\"id\" is what the channel calls the message, 1 to {} bytes", REF_MOST);
    if (!is_text(m->channel, "email") && !is_text(m->channel, "store"))
        return parley->invalid(c, "/channel", "\"channel\" is email or store");
    if (!parley_some(*customer) && !parley_some(m->by))
        return parley->invalid(c, "/from", "say who wrote: \"from\", an address, or \"customer\"");
    if (customer->n > REF_MOST || m->by.n > REF_MOST)
        return parley_invalid(c, "/from", "\"from\" and \"customer\" have at most {} bytes", REF_MOST);
    return 0;
}

/* Whose address it is: a customer's where exactly one has it; else it stands for itself, until the shop learns whose it is. */
static void find_sender(parley_call *c, struct message *m, parley_text customer) {
    parley_json found = {0};
    if (!parley_some(customer)) found = parley->find(c, m->by);
    m->known = true;
    m->customer = customer;
    if (parley->length(found) == 1) m->customer = parley->text(parley->first(found));
    if (parley_some(m->customer)) return;
    m->known = false;
    m->customer = text_of_cstr(parley_format(c, "{}:{}", m->channel, m->by));
    if (parley->length(found))
        parley_log(c, PARLEY_WARN, "{} customers share an address: what came from it is kept apart",
                   parley->length(found));
}

/* POST /inbound {"id","channel","from"?,"customer"?,"body","inReplyTo"?}. The same id again is the same message: 200. */
int channel_inbound(parley_call *c) {
    struct thread t;
    struct message m = {.author = PARLEY_TEXT("customer")};
    parley_text id = {0}, customer = {0};
    int rc = read_inbound(c, &m, &id, &customer);
    if (rc < 0) return rc;
    parley_text external = text_of_cstr(parley_format(c, "{}:{}", m.channel, id));
    rc = parley_sql(c, "SELECT number, customer FROM message WHERE external = $1", external);
    if (rc < 0) return rc;
    if (rc > 0)
        return parley_reply(c, 200, "{id, customer, repeated: true}", parley->col(c, 0), parley->col_text(c, 1));
    find_sender(c, &m, customer);
    rc = thread_join(c, ids_of(c, m.customer), m.customer, m.known, &t);
    if (rc < 0) return rc;
    if (!parley_some(m.by)) m.by = m.customer;
    rc = message_add(c, &t, &m, external);
    if (rc >= 0) rc = message_received(c, &t, &m);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "{id, customer}", m.number, m.customer);
}

/* ---- out ---- */

parley_text channel_address(parley_call *c, const struct thread *t, parley_text channel) {
    int rc = parley_sql(
        c,
        "SELECT by FROM message WHERE thread = $1 AND author = 'customer' AND channel = $2 AND by <> customer"
        " ORDER BY number DESC LIMIT 1",
        t->number, channel);
    if (rc > 0) return parley->col_text(c, 0);
    if (is_text(channel, "email")) return parley->text(parley->get(parley->traits(c, t->customer), "email"));
    return t->customer;
}

/* What the answered message is called where it came from, for the header In-Reply-To. */
static parley_text name_of_answered(parley_call *c, const struct message *m) {
    int rc = parley_sql(c,
                        "SELECT substr(external, length(channel) + 2) FROM message"
                        " WHERE number = $1 AND channel = $2 AND author = 'customer'",
                        m->in_reply_to, m->channel);
    return rc > 0 ? parley->col_text(c, 0) : (parley_text){0};
}

int channel_queue(parley_call *c, const struct thread *t, const struct message *m, parley_text address) {
    parley_text answered = name_of_answered(c, m);
    int rc = parley_sql(
        c, "INSERT INTO outbound (message, address, state, at) VALUES ($1, $2, 'waiting', $3) RETURNING number",
        m->number, address, m->at);
    if (rc < 0) return rc;
    return parley_track_for(c, m->customer, m->known, "Message Queued",
                            "{id, message, thread, channel, to, body, agent, inReplyTo}", parley->col(c, 0), m->number,
                            t->customer, m->channel, address, m->body, m->by, answered);
}

/* GET /outbound?state=&limit=&cursor=: oldest first; inReplyTo is what the channel calls the answered message. */
int channel_outbound(parley_call *c) {
    int64_t limit, after = 0, last = 0;
    parley_text state = parley->query(c, "state");
    int rc = read_limit(c, &limit);
    if (rc < 0) return rc;
    if (parley_some(state) && !delivery_is_state(state))
        return parley->fail(c, 400, "state: waiting, sent, delivered, failed or bounced");
    parley->integer(parley->parse(c, parley->query(c, "cursor")), &after);
    parley_json items = parley->list(c), next = {0};
    rc = parley_sql(
        c,
        "SELECT o.number, o.state, m.number, m.customer, m.channel, o.address, m.body, m.by, o.at,"
        " substr(a.external, length(a.channel) + 2), o.detail FROM outbound o JOIN message m ON m.number = o.message"
        " LEFT JOIN message a ON a.number = m.in_reply_to AND a.channel = m.channel"
        " WHERE ($1 IS NULL OR o.state = $1) AND o.number > $2 ORDER BY o.number LIMIT $3",
        parley_some(state) ? state : (parley_text){0}, after, limit + 1);
    for (; rc > 0; rc = parley->next(c)) {
        if ((int64_t)parley->length(items) == limit) {
            next = parley_object(c, "?", parley_format(c, "{}", last));
            break;
        }
        last = parley->col(c, 0);
        parley_append(c, items, "{id, state, message, customer, channel, to, body, agent, at, inReplyTo, detail}", last,
                      parley->col_text(c, 1), parley->col(c, 2), parley->col_text(c, 3), parley->col_text(c, 4),
                      parley->col_text(c, 5), parley->col_text(c, 6), parley->col_text(c, 7),
                      (parley_time){parley->col(c, 8)}, parley->col_text(c, 9), parley->col_text(c, 10));
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next}", items, next);
}
