/* The gate: who may see a tally is decided here and nowhere else, and every answer that could hold one is made here. */
#include "plugins/polls/polls.h"

static bool may_see(parley_call *c, const struct poll *poll, parley_text choice) {
    if (parley->staff(c) || parley_same(poll->results, PARLEY_TEXT("always"))) return true;
    if (parley_same(poll->results, PARLEY_TEXT("on_vote"))) return parley_some(choice);
    if (parley_same(poll->results, PARLEY_TEXT("on_close"))) return poll_closed(c, poll);
    return false;
}

parley_json results_counts(parley_call *c, const struct poll *poll, const int64_t votes[POLL_OPTIONS_MOST],
                           int64_t voters) {
    parley_json list = parley->list(c);
    int place = 0;
    for (parley_json o = parley->first(poll->options); parley_is(o); o = parley->after(poll->options, o), place++) {
#if POLLS_PERCENT
        double percent = voters ? (double)((votes[place] * 2000 + voters) / (2 * voters)) / 10 : 0;
        parley_append(c, list, "{key, votes, percent}", parley->get(o, "key"), votes[place], percent);
#else
        parley_append(c, list, "{key, votes}", parley->get(o, "key"), votes[place]);
#endif
    }
    return list;
}

static void sum(const struct tally *tally, int64_t votes[POLL_OPTIONS_MOST]) {
    for (int i = 0; i < POLL_OPTIONS_MOST; i++) votes[i] = tally->votes[i][0] + tally->votes[i][1];
}

/* {NULL, 0}, so null in the answer, for whom it is hidden. */
static parley_json seen_tally(parley_call *c, const struct poll *poll, parley_text choice, enum tally_view view) {
    struct tally tally;
    int64_t votes[POLL_OPTIONS_MOST], voters;
    if (!may_see(c, poll, choice) || tally_of(c, poll, view, &tally) < 0) return (parley_json){0};
    sum(&tally, votes);
    voters = tally.voters[0] + tally.voters[1];
    return parley_object(c, "{voters, options}", voters, results_counts(c, poll, votes, voters));
}

#if POLLS_FRIENDS
#define MORE ", more: true" /* "tell us more" is served */
#else
#define MORE
#endif

parley_json results_view(parley_call *c, const struct poll *poll, parley_text choice, enum tally_view view) {
    parley_value close_at = PARLEY_VALUE(NULL);
    if (poll->close_at != INT64_MAX) close_at = PARLEY_VALUE((parley_time){poll->close_at});
    return parley_object(
        c, "{id, question, kind, options, results, about, closeAt, closed, maxOptions, voted, tally" MORE "}", poll->id,
        poll->question, poll->kind, poll->options, poll->results, poll->about, close_at, poll_closed(c, poll),
        vote_limit(c, poll), vote_keys(c, choice), seen_tally(c, poll, choice, view));
}

/* ---- for the staff ---- */

/* Known and anonymous voters apart: who clears cookies can vote again as another anonymous one. */
static parley_json staff_tally(parley_call *c, const struct poll *poll, const struct tally *tally) {
    int64_t votes[POLL_OPTIONS_MOST], known[POLL_OPTIONS_MOST], anonymous[POLL_OPTIONS_MOST];
    sum(tally, votes);
    for (int i = 0; i < POLL_OPTIONS_MOST; i++) {
        anonymous[i] = tally->votes[i][0];
        known[i] = tally->votes[i][1];
    }
    int64_t voters = tally->voters[0] + tally->voters[1];
    return parley_object(c, "{voters, options, known: {voters, options}, anonymous: {voters, options}}", voters,
                         results_counts(c, poll, votes, voters), tally->voters[1],
                         results_counts(c, poll, known, tally->voters[1]), tally->voters[0],
                         results_counts(c, poll, anonymous, tally->voters[0]));
}

int results_for_staff(parley_call *c) {
    struct poll poll;
    struct tally tally;
    parley_json segments = {0};
    parley_text by = parley->query(c, "by");
    int rc = poll_find(c, parley->path(c, "id"), &poll);
    if (rc >= 0) rc = tally_of(c, &poll, VIEW_COMMITTED, &tally);
    if (rc < 0) return rc;
    if (by.at) rc = segments_by(c, &poll, by, &segments);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{poll, question, closed, tally, by, segments}", poll.id, poll.question,
                        poll_closed(c, &poll), staff_tally(c, &poll, &tally), by, segments);
}
