/* Voting: a row added to the log. The last row of a voter is her vote; voting again changes it, withdrawing empties it. */
#include "plugins/polls/polls.h"

struct last {
    parley_text choice; /* "" where there is none */
    bool known;         /* how she was known when she made it */
};

static int find_last(parley_call *c, const struct poll *poll, struct last *last) {
    int found =
        parley_sql(c, "SELECT choice, known FROM vote WHERE voter = $1 AND poll = $2 ORDER BY number DESC LIMIT 1",
                   parley->customer(c), poll->id);
    *last = (struct last){.choice = PARLEY_TEXT("")};
    if (found > 0) *last = (struct last){parley->col_text(c, 0), parley->col(c, 1)};
    return found;
}

parley_text vote_choice(parley_call *c, const struct poll *poll) {
    struct last last = {.choice = PARLEY_TEXT("")};
    if (parley_some(parley->customer(c))) find_last(c, poll, &last);
    return last.choice;
}

bool vote_next_key(parley_text *choice, parley_text *key) {
    size_t n = 0;
    if (!choice->n) return false;
    while (n < choice->n && choice->at[n] != ',') n++;
    *key = (parley_text){choice->at, n};
    if (n < choice->n) n++; /* the comma */
    *choice = (parley_text){choice->at + n, choice->n - n};
    return true;
}

parley_json vote_keys(parley_call *c, parley_text choice) {
    parley_json list = parley->list(c);
    for (parley_text key; vote_next_key(&choice, &key);) parley_append(c, list, "?", key);
    return list;
}

int vote_limit(parley_call *c, const struct poll *poll) {
    int64_t limit = POLL_OPTIONS_MOST, options = (int64_t)parley->length(poll->options);
    if (!poll_is_multiple(poll)) return 1;
    parley->integer(parley->get(parley->settings(c), "maxOptions"), &limit);
    return (int)(limit < 1 ? 1 : limit < options ? limit : options);
}

/* Which options the body takes: bit i of *taken is the option at place i. */
static int read_wanted(parley_call *c, const struct poll *poll, uint32_t *taken) {
    parley_json body = parley->body(c), options = parley->get(body, "options");
    int limit = vote_limit(c, poll), n = 0;
    if (parley->kind(options) != PARLEY_ARRAY || parley->length(options) == 0)
        return parley->invalid(c, "/options",
                               "the body is {\"options\": [\"key\", ...]} with at least one key; DELETE withdraws");
    int rc = parley->only(c, body, "options");
    if (rc < 0) return rc;
    for (parley_json o = parley->first(options); parley_is(o); o = parley->after(options, o), n++) {
        int place = poll_place(poll, parley->text(o));
        const char *pointer = parley_format(c, "/options/{}", n);
        if (place < 0) return parley_invalid(c, pointer, "poll \"{}\" has no option {}", poll->id, o);
        if (*taken >> place & 1) return parley_invalid(c, pointer, "option {} is named twice", o);
        *taken |= 1u << place;
    }
    if (n > limit) return parley_invalid(c, "/options", "{} options were taken; this poll allows {}", n, limit);
    return 0;
}

/* The choice, and the labels as people read them: "Red", "Blue". */
static parley_text join(parley_call *c, const struct poll *poll, uint32_t taken, const char **labels) {
    const char *choice = "";
    int place = 0;
    *labels = "";
    for (parley_json o = parley->first(poll->options); parley_is(o); o = parley->after(poll->options, o), place++) {
        if (!(taken >> place & 1)) continue;
        choice = parley_format(c, *choice ? "{},{}" : "{}{}", choice, parley->text(parley->get(o, "key")));
        *labels =
            parley_format(c, **labels ? "{}, \"{}\"" : "{}\"{}\"", *labels, parley->text(parley->get(o, "label")));
    }
    return (parley_text){choice, __builtin_strlen(choice)};
}

static int write_down(parley_call *c, const struct poll *poll, parley_text choice, const struct last *last) {
    return parley_sql(c,
                      "INSERT INTO vote (poll, voter, known, choice, before, before_known, feature, variant, at,"
                      " said) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                      poll->id, parley->customer(c), parley->known(c), choice, last->choice, last->known,
                      parley->feature(c), parley->variant(c), parley->now(c), segments_of_voter(c));
}

/* The poll that is voted on, and the caller's vote so far. */
static int find_open(parley_call *c, struct poll *poll, struct last *last) {
    int rc = poll_find(c, parley->path(c, "id"), poll);
    if (rc < 0) return rc;
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "a vote needs a shopper");
    if (poll_closed(c, poll)) return parley->fail(c, 409, "this poll is closed");
    return find_last(c, poll, last);
}

int vote_put(parley_call *c) {
    struct poll poll;
    struct last last;
    uint32_t taken = 0;
    const char *labels;
    int rc = find_open(c, &poll, &last);
    if (rc >= 0) rc = read_wanted(c, &poll, &taken);
    if (rc < 0) return rc;
    parley_text choice = join(c, &poll, taken, &labels);
    if (!parley_same(choice, last.choice)) { /* the same again, a repeated request say, is no new vote */
        parley_json keys = vote_keys(c, choice);
        rc = write_down(c, &poll, choice, &last);
        if (rc >= 0)
            rc = parley_track(c, "Poll Voted", "{poll, options, about, changed}", poll.id, keys, poll.about,
                              (bool)parley_some(last.choice));
        if (rc >= 0)
            rc = parley_timeline(c, "vote", parley_format(c, "Voted {} on \"{}\"", labels, poll.question),
                                 "{poll, options, about}", poll.id, keys, poll.about);
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", results_view(c, &poll, choice, VIEW_IN_TRANSACTION));
}

int vote_withdraw(parley_call *c) {
    struct poll poll;
    struct last last;
    int rc = find_open(c, &poll, &last);
    if (rc >= 0 && parley_some(last.choice)) {
        rc = write_down(c, &poll, PARLEY_TEXT(""), &last);
        if (rc >= 0) rc = parley_track(c, "Poll Vote Withdrawn", "{poll, about}", poll.id, poll.about);
        if (rc >= 0)
            rc = parley_timeline(c, "vote-withdrawn", parley_format(c, "Took back the vote on \"{}\"", poll.question),
                                 "{poll, about}", poll.id, poll.about);
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", results_view(c, &poll, PARLEY_TEXT(""), VIEW_IN_TRANSACTION));
}

/* "Tell us more": she wants to say why. The answer is what the page hands to the conversation, which begins with it. */
int vote_more(parley_call *c) {
    struct poll poll;
    int rc = poll_find(c, parley->path(c, "id"), &poll);
    if (rc < 0) return rc;
    if (!parley_some(parley->customer(c))) return parley->fail(c, 401, "this needs a shopper");
    parley_text choice = vote_choice(c, &poll);
    if (!parley_some(choice)) return parley->fail(c, 409, "vote first, then tell us more");
    parley_json keys = vote_keys(c, choice);
    rc = parley_track(c, "Poll Conversation Opened", "{poll, options, about}", poll.id, keys, poll.about);
    if (rc >= 0)
        rc = parley_timeline(c, "vote-more", parley_format(c, "Wanted to say more about \"{}\"", poll.question),
                             "{poll, options, about}", poll.id, keys, poll.about);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{about: {kind, ref}, words, options}", "poll", poll.id, poll.question, keys);
}
