/* Polls as the staff make and change them: every rule on a definition is here. */
#include "plugins/polls/polls.h"

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
static bool is_key(parley_text key) {
    if (key.n < 1 || key.n > POLL_KEY_MOST) return false;
    for (size_t i = 0; i < key.n; i++) {
        char a = key.at[i];
        bool plain = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z') || (a >= '0' && a <= '9');
        if (!plain && (i == 0 || (a != '.' && a != '_' && a != '-'))) return false;
    }
    return true;
}

static bool is_one_of(parley_text value, const char *const *words) {
    for (; *words; words++)
        if (parley_same(value, (parley_text){*words, __builtin_strlen(*words)})) return true;
    return false;
}

/* A text of 1 to `most` bytes. */
static int read_text(parley_call *c, parley_json body, const char *name, size_t most, parley_text *out) {
    *out = parley->text(parley->get(body, name));
    if (out->n >= 1 && out->n <= most) return 0;
    return parley_invalid(c, parley_format(c, "/{}", name), "\"{}\" is a text of 1 to {} bytes", name, most);
}

static bool has_key(parley_json options, parley_text key) {
    for (parley_json o = parley->first(options); parley_is(o); o = parley->after(options, o))
        if (parley_same(parley->text(parley->get(o, "key")), key)) return true;
    return false;
}

static int read_option(parley_call *c, parley_json option, size_t place, parley_json options) {
    const char *pointer = parley_format(c, "/options/{}", place);
    parley_text key = parley->text(parley->get(option, "key")), label = parley->text(parley->get(option, "label"));
    if (!is_key(key))
        return parley_invalid(c, pointer, "an option's key is 1 to {} letters, digits, '.', '_', '-'", POLL_KEY_MOST);
    if (label.n < 1 || label.n > POLL_LABEL_MOST)
        return parley_invalid(c, pointer, "the label of option \"{}\" is a text of 1 to {} bytes", key,
                              POLL_LABEL_MOST);
    if (has_key(options, key)) return parley_invalid(c, pointer, "two options have the key \"{}\"", key);
    if (parley->length(option) > 2)
        return parley_invalid(c, pointer, "an option has a key and a label and nothing else");
    return 0;
}

static int read_options(parley_call *c, parley_json given, parley_json *out) {
    size_t n = parley->length(given), place = 0;
    if (parley->kind(given) != PARLEY_ARRAY || n < POLL_OPTIONS_LEAST || n > POLL_OPTIONS_MOST)
        return parley_invalid(c, "/options", "\"options\" is a list of {} to {} options", POLL_OPTIONS_LEAST,
                              POLL_OPTIONS_MOST);
    *out = parley->list(c);
    for (parley_json o = parley->first(given); parley_is(o); o = parley->after(given, o)) {
        int rc = read_option(c, o, place++, *out);
        if (rc < 0) return rc;
        parley_append(c, *out, "{key, label}", parley->get(o, "key"), parley->get(o, "label"));
    }
    return 0;
}

static int read_results(parley_call *c, parley_json body, parley_text *out) {
    static const char *const policies[] = {"always", "on_vote", "on_close", "staff", NULL};
    *out = parley->text(parley->get(body, "results"));
    if (is_one_of(*out, policies)) return 0;
    return parley->invalid(c, "/results", "\"results\" is one of always, on_vote, on_close, staff");
}

/* null takes it away. */
static int read_close_at(parley_call *c, parley_json body, int64_t *out) {
    parley_json given = parley->get(body, "closeAt");
    *out = INT64_MAX;
    if (parley->kind(given) == PARLEY_NULL || parley->parse_time(parley->text(given), out)) return 0;
    return parley->invalid(c, "/closeAt", "\"closeAt\" is an ISO 8601 date-time such as 2026-12-01T08:00:00Z, or null");
}

static int read_about(parley_call *c, parley_json body, parley_text *out) {
    *out = (parley_text){0};
    if (parley->kind(parley->get(body, "about")) == PARLEY_NULL) return 0;
    return read_text(c, body, "about", POLL_ABOUT_MOST, out);
}

/* What the body says replaces what is in `poll`. */
static int read_definition(parley_call *c, parley_json body, struct poll *poll) {
    int rc = 0;
    if (parley_is(parley->get(body, "question")))
        rc = read_text(c, body, "question", POLL_QUESTION_MOST, &poll->question);
    if (rc >= 0 && parley_is(parley->get(body, "options")))
        rc = read_options(c, parley->get(body, "options"), &poll->options);
    if (rc >= 0 && parley_is(parley->get(body, "results"))) rc = read_results(c, body, &poll->results);
    if (rc >= 0 && parley_is(parley->get(body, "closeAt"))) rc = read_close_at(c, body, &poll->close_at);
    if (rc >= 0 && parley_is(parley->get(body, "about"))) rc = read_about(c, body, &poll->about);
    return rc;
}

static int check_body(parley_call *c, parley_json body, const char *members) {
    if (parley->kind(body) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    return parley->only(c, body, members);
}

static parley_text new_id(parley_call *c) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32, none easily taken for another */
    enum { LENGTH = 12 };
    unsigned char chance[LENGTH];
    char *id = parley->alloc(c, LENGTH);
    parley->random(c, chance, sizeof chance);
    for (int i = 0; i < LENGTH; i++) id[i] = letters[chance[i] % 32];
    return (parley_text){id, LENGTH};
}

/* NULL for "never" in the database. */
static parley_value close_value(const struct poll *poll) {
    if (poll->close_at == INT64_MAX) return PARLEY_VALUE(NULL);
    return PARLEY_VALUE(poll->close_at);
}

int poll_create(parley_call *c) {
    static const char *const kinds[] = {"single", "multiple", NULL};
    parley_json body = parley->body(c);
    int rc = check_body(c, body, "id question options kind results closeAt about");
    if (rc < 0) return rc;
    struct poll poll = {.kind = PARLEY_TEXT("single"), .results = PARLEY_TEXT("always"), .close_at = INT64_MAX};
    poll.id = parley_is(parley->get(body, "id")) ? parley->text(parley->get(body, "id")) : new_id(c);
    if (!is_key(poll.id))
        return parley_invalid(c, "/id", "\"id\" is 1 to {} letters, digits, '.', '_', '-'", POLL_KEY_MOST);
    if (parley_is(parley->get(body, "kind"))) poll.kind = parley->text(parley->get(body, "kind"));
    if (!is_one_of(poll.kind, kinds)) return parley->invalid(c, "/kind", "\"kind\" is single or multiple");
    if (!parley_is(parley->get(body, "question"))) return parley->invalid(c, "/question", "\"question\" is missing");
    if (!parley_is(parley->get(body, "options"))) return parley->invalid(c, "/options", "\"options\" is missing");
    rc = read_definition(c, body, &poll);
    if (rc < 0) return rc;
    rc = parley_sql(c,
                    "INSERT INTO poll (id, question, options, kind, results, close_at, about, created_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    poll.id, poll.question, poll.options, poll.kind, poll.results, close_value(&poll), poll.about,
                    parley->now(c));
    if (rc == PARLEY_CONFLICT) return parley_fail(c, 409, "there is a poll \"{}\" already", poll.id);
    if (rc < 0) return rc;
    return parley_reply(c, 201, "?", results_view(c, &poll, PARLEY_TEXT(""), VIEW_IN_TRANSACTION));
}

/* Options with votes stay: taking one away would take those votes from people who cast them. */
static int check_removals(parley_call *c, const struct poll *was, const struct poll *is) {
    struct tally tally;
    int place = 0, rc = tally_of(c, was, VIEW_IN_TRANSACTION, &tally);
    if (rc < 0) return rc;
    for (parley_json o = parley->first(was->options); parley_is(o); o = parley->after(was->options, o), place++) {
        parley_text key = parley->text(parley->get(o, "key"));
        if (tally.votes[place][0] + tally.votes[place][1] > 0 && poll_place(is, key) < 0)
            return parley_fail(c, 409, "option \"{}\" has votes and cannot be removed", key);
    }
    return 0;
}

int poll_change(parley_call *c) {
    struct poll was, is;
    parley_json body = parley->body(c);
    int rc = check_body(c, body, "question options results closeAt about");
    if (rc >= 0) rc = poll_find(c, parley->path(c, "id"), &was);
    if (rc < 0) return rc;
    is = was;
    rc = read_definition(c, body, &is);
    if (rc >= 0 && parley_is(parley->get(body, "options"))) rc = check_removals(c, &was, &is);
    if (rc < 0) return rc;
    is.revision++;
    rc =
        parley_sql(c,
                   "UPDATE poll SET question = $2, options = $3, results = $4, close_at = $5, about = $6, revision = $7"
                   " WHERE id = $1",
                   is.id, is.question, is.options, is.results, close_value(&is), is.about, is.revision);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", results_view(c, &is, PARLEY_TEXT(""), VIEW_IN_TRANSACTION));
}
