/* What staff look at: what is new to strangers, what was reported, what its author objects to, what is hidden. The oldest first. */
#include "plugins/boards/boards.h"

/* The same columns of each kind, where WANTED("b") and so on holds. */
#define QUEUE(WANTED)                                                                                                  \
    "SELECT 'boards' AS kind, b.id AS id, b.owner AS author, b.title || ' ' || b.description AS says, b.id AS board,"  \
    " b.title AS title, b.reason AS reason, b.appeal AS appeal, b.touched AS touched, NULL AS url, NULL AS image,"     \
    " b.number AS number, b.state AS state, b.visibility AS visibility FROM board b" WANTED(                           \
        "b") " UNION ALL SELECT 'items', CAST(i.number AS TEXT), i.author, i.title || ' ' || i.note, b.id, b.title, "  \
             "i.reason,"                                                                                               \
             " i.appeal, i.touched, i.url, i.image, i.number, i.state, b.visibility"                                   \
             " FROM item i JOIN board b ON b.number = i.board" WANTED(                                                 \
                 "i") " UNION ALL SELECT 'comments', CAST(m.number AS TEXT), m.author, m.body, b.id, b.title, "        \
                      "m.reason, m.appeal,"                                                                            \
                      " m.touched, NULL, NULL, m.number, m.state, b.visibility"                                        \
                      " FROM comment m JOIN board b ON b.number = m.board" WANTED("m")
#define PAGED(queue)                                                                                                   \
    "SELECT kind, id, author, says, board, title, reason, appeal, touched, url, image, number, state, visibility"      \
    " FROM (" queue ") q WHERE touched > $3 OR (touched = $3 AND number > $4) ORDER BY touched, number LIMIT $5"

/* $1: the state, $2: whether there is an appeal. Of a private board staff see what its own members reported, or its author appealed for. */
#define BY_STATE(t)                                                                                                    \
    " WHERE " t ".state = $1 AND (" t ".appeal IS NOT NULL) = $2 AND ($1 = 2 OR b.visibility <> 'private')"
#define REPORTED(t) " WHERE $1 = $1 AND $2 = $2 AND " t ".state <> 2 AND " t ".number IN (SELECT number FROM report)"

static const char by_state[] = PAGED(QUEUE(BY_STATE)), reported[] = PAGED(QUEUE(REPORTED));

static const struct view {
    const char *name, *statement;
    int state;
    bool appealed;
} views[] = {
    {"new", by_state, STATE_NEW, false},
    {"reported", reported, STATE_NEW, false},
    {"appealed", by_state, STATE_HIDDEN, true},
    {"hidden", by_state, STATE_HIDDEN, false},
};

static const struct view *find_view(parley_text name) {
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (text_is(name, views[i].name)) return &views[i];
    return NULL;
}

/* A row of the queue; texts of rows outlive them. */
struct row {
    parley_text kind, id, author, says, board, title, reason, appeal, url, image, visibility;
    int64_t touched, number, state;
};

static struct row read_row(parley_call *c) {
    return (struct row){.kind = parley->col_text(c, 0),
                        .id = parley->col_text(c, 1),
                        .author = parley->col_text(c, 2),
                        .says = parley->col_text(c, 3),
                        .board = parley->col_text(c, 4),
                        .title = parley->col_text(c, 5),
                        .reason = parley->col_text(c, 6),
                        .appeal = parley->col_text(c, 7),
                        .touched = parley->col(c, 8),
                        .url = parley->col_text(c, 9),
                        .image = parley->col_text(c, 10),
                        .number = parley->col(c, 11),
                        .state = parley->col(c, 12),
                        .visibility = parley->col_text(c, 13)};
}

static int append_row(parley_call *c, parley_json list, const struct row *row) {
    static const char *const states[] = {"new", "approved", "hidden"};
    parley_json reports = parley->list(c);
    int rc = report_list(c, row->number, reports);
    parley_append(
        c, list, "{kind, id, author, says, board, title, visibility, state, reason, appeal, reports, at, url, image}",
        row->kind, row->id, row->author, row->says, row->board, row->title, row->visibility, states[row->state],
        row->reason, row->appeal, reports, (parley_time){row->touched}, row->url, row->image);
    return rc;
}

int queue_list(parley_call *c) {
    const struct view *view = find_view(text_or(parley->query(c, "state"), "new"));
    int64_t limit, n = 0, touched = 0, number = 0;
    int rc = read_limit(c, PAGE, &limit);
    if (rc >= 0 && !view) rc = parley->fail(c, 400, "state is new, reported, appealed or hidden");
    if (rc >= 0) rc = read_pair(c, &touched, &number);
    if (rc < 0) return rc;
    struct row *rows = parley->alloc(c, (size_t)(limit + 1) * sizeof *rows);
    rc = parley_sql(c, view->statement, view->state, view->appealed, touched, number, limit + 1);
    for (; rc > 0; rc = parley->next(c)) rows[n++] = read_row(c);
    parley_json list = parley->list(c);
    for (int64_t i = 0; i < n && i < limit && rc >= 0; i++) rc = append_row(c, list, &rows[i]);
    if (rc < 0) return rc;
    if (n <= limit) return parley_reply(c, 200, "{items, next: null}", list);
    const struct row *last = &rows[limit - 1];
    return parley_reply(c, 200, "{items, next}", list, parley_format(c, "{}.{}", last->touched, last->number));
}
