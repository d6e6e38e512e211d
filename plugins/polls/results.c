/* The gate: who may see a tally is decided here and nowhere else, and every answer that could hold one is made here. */
#include <string.h>

#include "plugins/polls/polls.h"

enum { SEGMENTS_MOST = 64, CELL_LEAST = 5 }; /* a cell of fewer voters would tell who they are */

static bool may_see(parley_call *c, const struct poll *poll, parley_text choice) {
    if (parley->staff(c) || parley_same(poll->results, PARLEY_TEXT("always"))) return true;
    if (parley_same(poll->results, PARLEY_TEXT("on_vote"))) return parley_some(choice);
    if (parley_same(poll->results, PARLEY_TEXT("on_close"))) return poll_closed(c, poll);
    return false;
}

/* [{key, votes}] of counts by the option's place; from 1.1 on with the share of the voters, to a tenth. */
static parley_json counts(parley_call *c, const struct poll *poll, const int64_t votes[POLL_OPTIONS_MOST],
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
    return parley_object(c, "{voters, options}", voters, counts(c, poll, votes, voters));
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

/* ---- by segment, for the staff ---- */

struct segment {
    parley_text name;
    int64_t voters, votes[POLL_OPTIONS_MOST];
};

static void fold(struct segment *into, const struct segment *from) {
    into->voters += from->voters;
    for (int i = 0; i < POLL_OPTIONS_MOST; i++) into->votes[i] += from->votes[i];
}

/* Cells of fewer than CELL_LEAST voters become one, `other`; while that is too small itself the next smallest joins it. Returns
 * how many are left. */
static int merge_small(struct segment *segments, int n) {
    struct segment other = {.name = PARLEY_TEXT("other")};
    for (;;) {
        int smallest = -1;
        for (int i = 0; i < n; i++)
            if (smallest < 0 || segments[i].voters < segments[smallest].voters) smallest = i;
        bool needed = smallest >= 0 &&
                      (segments[smallest].voters < CELL_LEAST || (other.voters > 0 && other.voters < CELL_LEAST));
        if (!needed) break;
        fold(&other, &segments[smallest]);
        segments[smallest] = segments[--n];
    }
    if (other.voters) segments[n++] = other;
    return n;
}

static struct segment *segment_named(struct segment *segments, int *n, parley_text name) {
    for (int i = 0; i < *n; i++)
        if (parley_same(segments[i].name, name)) return &segments[i];
    if (*n == SEGMENTS_MOST) return &segments[SEGMENTS_MOST - 1];
    segments[*n] = (struct segment){.name = name};
    return &segments[(*n)++];
}

/* The last choices that are not withdrawn, by `by`. */
static int read_segments(parley_call *c, const struct poll *poll, parley_text by, struct segment *segments, int *n) {
    int row = parley_sql(c,
                         "SELECT CASE $2 WHEN 'known' THEN CASE known WHEN 1 THEN 'known' ELSE 'anonymous' END"
                         "               WHEN 'feature' THEN feature ELSE variant END,"
                         "       choice, count(*)"
                         " FROM vote WHERE poll = $1 AND voter IS NOT NULL AND choice <> ''"
                         "   AND NOT EXISTS (SELECT 1 FROM vote later WHERE later.voter = vote.voter"
                         "                   AND later.poll = vote.poll AND later.number > vote.number)"
                         " GROUP BY 1, 2 ORDER BY 1, 2",
                         poll->id, by);
    for (; row > 0; row = parley->next(c)) {
        struct segment *segment = segment_named(segments, n, parley->col_text(c, 0));
        parley_text choice = parley->col_text(c, 1);
        int64_t voters = parley->col(c, 2);
        segment->voters += voters;
        for (parley_text key; vote_next_key(&choice, &key);) {
            int place = poll_place(poll, key);
            if (place >= 0) segment->votes[place] += voters;
        }
    }
    return row;
}

static int segments_json(parley_call *c, const struct poll *poll, parley_text by, parley_json *out) {
    struct segment segments[SEGMENTS_MOST + 1];
    int n = 0, rc = read_segments(c, poll, by, segments, &n);
    if (rc < 0) return rc;
    n = merge_small(segments, n);
    *out = parley->list(c);
    for (int i = 0; i < n; i++)
        parley_append(c, *out, "{segment, voters, options}", segments[i].name, segments[i].voters,
                      counts(c, poll, segments[i].votes, segments[i].voters));
    return 0;
}

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
                         counts(c, poll, votes, voters), tally->voters[1], counts(c, poll, known, tally->voters[1]),
                         tally->voters[0], counts(c, poll, anonymous, tally->voters[0]));
}

int results_for_staff(parley_call *c) {
    struct poll poll;
    struct tally tally;
    parley_json segments = {0};
    parley_text by = parley->query(c, "by");
    int rc = poll_find(c, parley->path(c, "id"), &poll);
    if (rc >= 0) rc = tally_of(c, &poll, VIEW_COMMITTED, &tally);
    if (rc < 0) return rc;
    if (by.at && !parley_same(by, PARLEY_TEXT("known")) && !parley_same(by, PARLEY_TEXT("feature")) &&
        !parley_same(by, PARLEY_TEXT("variant")))
        return parley_fail(c, 400, "by is one of known, feature, variant; not \"{}\"", by);
    if (by.at) rc = segments_json(c, &poll, by, &segments);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{poll, question, closed, tally, by, segments}", poll.id, poll.question,
                        poll_closed(c, &poll), staff_tally(c, &poll, &tally), by, segments);
}
