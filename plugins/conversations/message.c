/* Messages: how they are written down, found, paged, and what of them the customer and the staff see. */
#include "plugins/conversations/conversations.h"

#define COLUMNS                                                                                                        \
    "number, thread, customer, known, author, by, body, channel, about_kind, about_ref, coalesce(in_reply_to, 0), at," \
    " coalesce(answered_at, 0), answered_by, canned, thanked, complaint"

static void read_row(parley_call *c, struct message *m) {
    *m = (struct message){
        .number = parley->col(c, 0),
        .thread = parley->col(c, 1),
        .customer = parley->col_text(c, 2),
        .known = parley->col(c, 3),
        .author = parley->col_text(c, 4),
        .by = parley->col_text(c, 5),
        .body = parley->col_text(c, 6),
        .channel = parley->col_text(c, 7),
        .about_kind = parley->col_text(c, 8),
        .about_ref = parley->col_text(c, 9),
        .in_reply_to = parley->col(c, 10),
        .at = parley->col(c, 11),
        .answered_at = parley->col(c, 12),
        .answered_by = parley->col_text(c, 13),
        .canned = parley->col(c, 14),
        .thanked = parley->col(c, 15),
        .complaint = parley->col(c, 16),
    };
}

int message_find(parley_call *c, parley_json ids, int64_t number, struct message *m) {
    int rc = parley_sql(c,
                        "SELECT " COLUMNS " FROM message WHERE number = $1 AND thread IN"
                        " (SELECT thread FROM member WHERE customer IN (SELECT value FROM json_each($2)))",
                        number, ids);
    if (rc > 0) read_row(c, m);
    return rc;
}

/* When it counts as unanswered, where nobody answers it. */
static int64_t due_at(const struct thread *t, int64_t at) {
    int64_t hours = UNANSWERED_HOURS;
    parley->integer(parley->get(t->settings, "unansweredHours"), &hours);
    return at + hours * HOUR;
}

int message_add(parley_call *c, const struct thread *t, struct message *m, parley_text external) {
    m->thread = t->number;
    m->at = parley->now(c);
    m->due_at = due_at(t, m->at);
    int rc =
        parley_sql(c,
                   "INSERT INTO message (thread, customer, known, author, by, body, channel, in_reply_to, about_kind,"
                   " about_ref, at, due_at, external) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
                   " RETURNING number",
                   m->thread, m->customer, m->known, m->author, m->by, m->body, m->channel,
                   number_or_null(m->in_reply_to), m->about_kind, m->about_ref, m->at, m->due_at, external);
    if (rc > 0) m->number = parley->col(c, 0);
    return rc < 0 ? rc : 0;
}

int note_add(parley_call *c, const struct thread *t, parley_text by, parley_text body, int64_t *number) {
    struct message m = {.customer = t->customer,
                        .known = t->known,
                        .author = PARLEY_TEXT("note"),
                        .by = by,
                        .body = body,
                        .channel = PARLEY_TEXT("web")};
    int rc = message_add(c, t, &m, (parley_text){0});
    *number = m.number;
    return rc < 0 ? rc : parley->notify(c, t->customer, t->known, "note");
}

int message_repeat(parley_call *c, parley_text external) {
    if (!external.at) return 0;
    int rc = parley_sql(c, "SELECT number FROM message WHERE external = $1", external);
    if (rc <= 0) return rc;
    rc = parley_reply(c, 200, "{id, repeated: true}", parley->col(c, 0));
    return rc < 0 ? rc : 1;
}

/* ---- what is seen of one ---- */

static parley_json about_of(parley_call *c, const struct message *m) {
    if (parley_some(m->about_kind)) return parley_object(c, "{kind, ref}", m->about_kind, m->about_ref);
    return (parley_json){0};
}

/* Received, being answered (by whom), answered (by whom): hers, as R6 has it. */
static parley_json state_of(parley_call *c, const struct message *m, const struct thread *t) {
    if (!is_text(m->author, "customer")) return (parley_json){0};
    if (m->answered_at)
        return parley_object(c, "{state: ?, by, at}", "answered", m->answered_by, (parley_time){m->answered_at});
    if (parley_some(t->assignee) && !is_text(t->status, "closed"))
        return parley_object(c, "{state: ?, by}", "answering", t->assignee);
    return parley_object(c, "{state: ?}", "received");
}

static void append_for_shopper(parley_call *c, parley_json items, const struct message *m, const struct thread *t) {
    bool hers = is_text(m->author, "customer");
    const parley_text nobody = {0};
    parley_append(c, items, "{id, author, by, body, at, channel, inReplyTo, about, progress, thanked}", m->number,
                  hers ? "me" : "shop", hers ? nobody : m->by, m->body, (parley_time){m->at}, m->channel,
                  number_or_null(m->in_reply_to), about_of(c, m), state_of(c, m, t), m->thanked);
}

static void append_for_staff(parley_call *c, parley_json items, const struct message *m, const struct thread *t) {
    parley_append(
        c, items,
        "{id, author, by, customer, body, at, channel, inReplyTo, about, progress, canned, thanked, complaint,"
        " delivery, deliveryDetail}",
        m->number, m->author, m->by, m->customer, m->body, (parley_time){m->at}, m->channel,
        number_or_null(m->in_reply_to), about_of(c, m), state_of(c, m, t), m->canned, m->thanked, m->complaint,
        parley->col_text(c, 17), parley->col_text(c, 18));
}

int messages_page(parley_call *c, parley_json ids, parley_text only, enum reader reader, const struct thread *t,
                  parley_json *items, parley_json *next) {
    int64_t limit, before = cursor_of(c), last = 0;
    int rc = read_limit(c, &limit);
    if (rc < 0) return rc;
    *items = parley->list(c);
    *next = (parley_json){0};
    rc = parley_sql(c,
                    "SELECT " COLUMNS ", state, detail FROM message m LEFT JOIN"
                    " (SELECT message AS of, state, detail FROM outbound) ON of = m.number"
                    " WHERE thread IN (SELECT thread FROM member WHERE customer IN (SELECT value FROM json_each($1)))"
                    " AND number < $2 AND ($3 IS NULL OR customer = $3) AND ($4 OR author <> 'note')"
                    " ORDER BY number DESC LIMIT $5",
                    ids, before, only, reader == READER_STAFF, limit + 1);
    for (; rc > 0; rc = parley->next(c)) {
        struct message m;
        if ((int64_t)parley->length(*items) == limit) {
            *next = parley_object(c, "?", parley_format(c, "{}", last));
            break;
        }
        read_row(c, &m);
        last = m.number;
        (reader == READER_STAFF ? append_for_staff : append_for_shopper)(c, *items, &m, t);
    }
    return rc < 0 ? rc : 0;
}

/* ---- what is read from outside ---- */

int object_with(parley_call *c, const char *members) {
    if (parley->kind(parley->body(c)) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    return parley->only(c, parley->body(c), members);
}

int read_body(parley_call *c, parley_json body, parley_text *out) {
    *out = parley->text(parley->get(body, "body"));
    for (size_t i = 0; i < out->n && out->n <= BODY_MOST; i++)
        if ((unsigned char)out->at[i] > ' ') return 0;
    return parley_invalid(c, "/body", "\"body\" is a text of 1 to {} bytes, not of blanks alone", BODY_MOST);
}

int read_number(parley_call *c, parley_json body, const char *name, int64_t *out) {
    parley_json value = parley->get(body, name);
    *out = 0;
    if (!parley_is(value) || parley->kind(value) == PARLEY_NULL || (parley->integer(value, out) && *out > 0)) return 0;
    return parley_invalid(c, parley_format(c, "/{}", name), "\"{}\" is the id of a message, such as 12", name);
}

int read_external(parley_call *c, const char *kind, parley_text sender, parley_text *external) {
    parley_json given = parley->get(parley->body(c), "id");
    parley_text id = parley->text(given);
    *external = (parley_text){0};
    if (!parley_is(given)) return 0;
    if (id.n < 1 || id.n > REF_MOST)
        return parley_invalid(c, "/id", "\"id\" is a text of 1 to {} bytes: the same again is the same message",
                              REF_MOST);
    *external = text_of_cstr(parley_format(c, "{}:{}:{}", kind, sender, id));
    return 0;
}

int read_limit(parley_call *c, int64_t *limit) {
    parley_text given = parley->query(c, "limit");
    *limit = PAGE;
    if (!parley_some(given) || (parley->integer(parley->parse(c, given), limit) && *limit >= 1 && *limit <= PAGE_MOST))
        return 0;
    return parley_fail(c, 400, "limit: a number from 1 to {}", PAGE_MOST);
}

int64_t cursor_of(parley_call *c) {
    int64_t before = INT64_MAX;
    parley->integer(parley->parse(c, parley->query(c, "cursor")), &before);
    return before;
}
