/* Telling somebody else: what is to be told is a row, written with what causes it; a timer brings it, once Parley says that she may be
 * told. Other people's words are never part of it: they stay where their authors can take them back. */
#include "plugins/qa/qa.h"

enum { A_TICK = 8, BUSY_MS = 30 * 1000 };

struct notice {
    int64_t number;
    bool known;
    parley_text customer, feature, kind, body, event; /* event {NULL, 0}: none */
    parley_json refs, properties;
};

int tell_soon(parley_call *c) {
    return parley->timer(c, PARLEY_TEXT("notices"), parley->now(c));
}

int tell_author(parley_call *c, const struct post *post, const char *kind, const char *body, parley_json refs) {
    if (!parley_some(post->author)) return 0;
    int rc = parley_sql(
        c, "INSERT INTO notice (customer, known, feature, kind, body, refs, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        post->author, post->known, post->feature, kind, body, refs, parley->now(c));
    return rc < 0 ? rc : tell_soon(c);
}

static int read_notices(parley_call *c, struct notice *notices) {
    int n = 0;
    int rc = parley_sql(c,
                        "SELECT number, customer, known, feature, kind, body, refs, event, properties FROM notice"
                        " ORDER BY number LIMIT $1",
                        A_TICK);
    for (; rc > 0; rc = parley->next(c))
        notices[n++] = (struct notice){.number = parley->col(c, 0),
                                       .customer = parley->col_text(c, 1),
                                       .known = parley->col(c, 2),
                                       .feature = parley->col_text(c, 3),
                                       .kind = parley->col_text(c, 4),
                                       .body = parley->col_text(c, 5),
                                       .refs = parley->parse(c, parley->col_text(c, 6)),
                                       .event = parley->col_text(c, 7),
                                       .properties = parley->parse(c, parley->col_text(c, 8))};
    return rc < 0 ? rc : n;
}

/* 1: done with. 0: Parley is busy, later. What she does not want to hear is still an event of hers. */
static int bring(parley_call *c, const struct notice *notice) {
    int may = parley->may_tell(c, notice->customer, notice->feature, PARLEY_ANSWER);
    if (may < 0) return 0;
    int rc = 0;
    if (may == 0) parley->count(c, "not_told", 1);
    if (may > 0)
        rc = parley_timeline_for(c, notice->customer, notice->known, parley_format(c, "{}", notice->kind),
                                 parley_format(c, "{}", notice->body), "?", notice->refs);
    if (rc >= 0 && notice->event.at)
        rc = parley_track_for(c, notice->customer, notice->known, parley_format(c, "{}", notice->event), "?",
                              notice->properties);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM notice WHERE number = $1", notice->number);
    return rc < 0 ? rc : 1;
}

int tell_on_timer(parley_call *c) {
    struct notice notices[A_TICK];
    int n = read_notices(c, notices), rc = n < 0 ? n : 1;
    for (int i = 0; i < n && rc > 0; i++) rc = bring(c, &notices[i]);
    if (rc == 0) return parley->timer(c, PARLEY_TEXT("notices"), parley->now(c) + BUSY_MS);
    return rc > 0 && n == A_TICK ? tell_soon(c) : rc;
}
