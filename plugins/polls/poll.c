/* Polls as they are found and listed. */
#include "plugins/polls/polls.h"

#define COLUMNS "number, id, question, options, kind, results, coalesce(close_at, 9223372036854775807), about, revision"

static void read_row(parley_call *c, struct poll *poll) {
    *poll = (struct poll){
        .number = parley->col(c, 0),
        .id = parley->col_text(c, 1),
        .question = parley->col_text(c, 2),
        .options = parley->parse(c, parley->col_text(c, 3)),
        .kind = parley->col_text(c, 4),
        .results = parley->col_text(c, 5),
        .close_at = parley->col(c, 6),
        .about = parley->col_text(c, 7),
        .revision = parley->col(c, 8),
    };
}

int poll_find(parley_call *c, parley_text id, struct poll *poll) {
    int found = parley_sql(c, "SELECT " COLUMNS " FROM poll WHERE id = $1", id);
    if (found < 0) return found;
    if (found == 0) return parley_fail(c, 404, "there is no poll \"{}\"", id);
    read_row(c, poll);
    return 0;
}

bool poll_closed(parley_call *c, const struct poll *poll) {
    return parley->now(c) >= poll->close_at;
}

bool poll_is_multiple(const struct poll *poll) {
    return parley_same(poll->kind, PARLEY_TEXT("multiple"));
}

int poll_place(const struct poll *poll, parley_text key) {
    int place = 0;
    for (parley_json o = parley->first(poll->options); parley_is(o); o = parley->after(poll->options, o), place++)
        if (parley_same(parley->text(parley->get(o, "key")), key)) return place;
    return -1;
}

int poll_get(parley_call *c) {
    struct poll poll;
    int rc = poll_find(c, parley->path(c, "id"), &poll);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", results_view(c, &poll, vote_choice(c, &poll), VIEW_COMMITTED));
}

static bool query_number(parley_call *c, const char *name, int64_t least, int64_t most, int64_t otherwise,
                         int64_t *out) {
    parley_text given = parley->query(c, name);
    *out = otherwise;
    return !parley_some(given) || (parley->integer(parley->parse(c, given), out) && *out >= least && *out <= most);
}

int poll_page(parley_call *c, int64_t *limit, int64_t *before) {
    if (!query_number(c, "limit", 1, POLLS_PAGE, 20, limit))
        return parley_fail(c, 400, "limit is a number from 1 to {}", POLLS_PAGE);
    if (query_number(c, "cursor", 0, INT64_MAX, INT64_MAX, before)) return 0;
    return parley->fail(c, 400, "cursor is not one that this list gave");
}

/* The newest first, `before` a number; all of them where `about` is absent. */
static int find_page(parley_call *c, parley_text about, int64_t before, int64_t most) {
    if (!about.at)
        return parley_sql(c, "SELECT " COLUMNS " FROM poll WHERE number < $1 ORDER BY number DESC LIMIT $2", before,
                          most);
    return parley_sql(c, "SELECT " COLUMNS " FROM poll WHERE about = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
                      about, before, most);
}

int poll_list(parley_call *c) {
    struct poll polls[POLLS_PAGE + 1];
    int64_t limit, before;
    int n = 0, row = poll_page(c, &limit, &before);
    if (row >= 0) row = find_page(c, parley->query(c, "about"), before, limit + 1);
    for (; row > 0; row = parley->next(c)) read_row(c, &polls[n++]);
    if (row < 0) return row;
    parley_json items = parley->list(c);
    for (int i = 0; i < n && i < limit; i++)
        parley_append(c, items, "?", results_view(c, &polls[i], vote_choice(c, &polls[i]), VIEW_COMMITTED));
    if (n <= limit) return parley_reply(c, 200, "{items, next: null}", items);
    return parley_reply(c, 200, "{items, next}", items, parley_format(c, "{}", polls[limit - 1].number));
}
