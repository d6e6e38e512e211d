/* The staff's part: a queue of what strangers may see, hiding with a reason, restoring, and the author's appeal. Each author is told;
 * each step is logged. */
#include "plugins/boards/boards.h"

/* Never "negative": what a shop may take away is what breaks its rules. */
static const char *const reasons[] = {"spam",      "abuse",     "personal-data", "illegal",
                                      "copyright", "off-topic", "unsafe-link",   NULL};

/* One of the three kinds of things that are looked at. SQL is constant text, so each kind has its own. */
static const struct kind {
    const char *name, *word;
    const char *find;  /* $1: the id or number; author, state, title of the board, its id, appeal, board's number */
    const char *judge; /* $1: the id or number, $2 state, $3 reason; takes the appeal away */
    const char *appeal;
} kinds[] = {
    {"boards", "board", "SELECT b.owner, b.state, b.title, b.id, b.appeal, b.number FROM board b WHERE b.id = $1",
     "UPDATE board SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE id = $1",
     "UPDATE board SET appeal = $2, touched = $3, size = size + $4 WHERE id = $1"},
    {"items", "pin",
     "SELECT i.author, i.state, b.title, b.id, i.appeal, b.number"
     " FROM item i JOIN board b ON b.number = i.board WHERE i.number = $1",
     "UPDATE item SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE number = $1",
     "UPDATE item SET appeal = $2, touched = $3, size = size + $4 WHERE number = $1"},
    {"comments", "comment",
     "SELECT m.author, m.state, b.title, b.id, m.appeal, b.number"
     " FROM comment m JOIN board b ON b.number = m.board WHERE m.number = $1",
     "UPDATE comment SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE number = $1",
     "UPDATE comment SET appeal = $2, touched = $3, size = size + $4 WHERE number = $1"},
};

struct thing {
    const struct kind *kind;
    parley_value key; /* a board's id, an item's or comment's number */
    parley_text id, author, title, board, appeal;
    int64_t state, board_number;
};

/* What {kind} and {id} of the path name. */
static int find_thing(parley_call *c, struct thing *thing) {
    parley_text name = parley->path(c, "kind"), id = parley->path(c, "id");
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_is(name, kinds[i].name)) kind = &kinds[i];
    int64_t number = 0;
    parley_value key = PARLEY_VALUE(id);
    bool well = kind == &kinds[0] || read_number(c, id, &number);
    if (number > 0) key = PARLEY_VALUE(number);
    int found = kind && well ? parley->sql(c, kind->find, &key, 1) : 0;
    if (found < 0) return found;
    if (found == 0) return parley->fail(c, 404, "there is no such board, item or comment");
    *thing = (struct thing){.kind = kind,
                            .key = key,
                            .id = id,
                            .author = parley->col_text(c, 0),
                            .state = parley->col(c, 1),
                            .title = parley->col_text(c, 2),
                            .board = parley->col_text(c, 3),
                            .appeal = parley->col_text(c, 4),
                            .board_number = parley->col(c, 5)};
    return 0;
}

static int write_log(parley_call *c, const struct thing *thing, const char *step, parley_text reason) {
    return parley_sql(c, "INSERT INTO moderation (number, kind, id, step, reason, at) VALUES ($1, $2, $3, $4, $5, $6)",
                      serial_take(c, 1), thing->kind->name, thing->id, step, reason, parley->now(c));
}

static int judge(parley_call *c, const struct thing *thing, enum state state, const char *step, parley_text reason) {
    int rc = parley_sql(c, thing->kind->judge, thing->key, (int)state, reason, parley->now(c));
    if (rc >= 0) rc = write_log(c, thing, step, reason);
    if (rc >= 0)
        rc = parley_sql(
            c,
            "UPDATE board SET pins = (SELECT count(*) FROM item WHERE item.board = board.number AND item.state <> 2)"
            " WHERE number = $1",
            thing->board_number);
    return rc;
}

static int tell(parley_call *c, const struct thing *thing, const char *kind, const char *sentence) {
    return notice_leave(
        c, &(struct notice){.customer = thing->author, .kind = kind, .sentence = sentence, .board = thing->board});
}

int moderate_hide(parley_call *c) {
    struct thing thing;
    parley_text reason = {0};
    int rc = read_body(c, "reason");
    if (rc >= 0) rc = read_word(c, "reason", reasons, &reason);
    if (rc >= 0) rc = find_thing(c, &thing);
    if (rc >= 0) rc = judge(c, &thing, STATE_HIDDEN, "hide", reason);
    if (rc >= 0)
        rc = tell(c, &thing, "board-hidden",
                  parley_format(c, "The shop hid your {} on \"{}\" (reason: {}). You may appeal", thing.kind->word,
                                text_brief(c, thing.title, 120), reason));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{kind, id, review}", thing.kind->name, thing.id,
                        review_json(c, STATE_HIDDEN, reason, (parley_text){0}));
}

/* Also the staff's yes to something that they had not looked at. */
int moderate_restore(parley_call *c) {
    struct thing thing;
    int rc = find_thing(c, &thing);
    if (rc >= 0) rc = judge(c, &thing, STATE_APPROVED, "restore", (parley_text){0});
    if (rc >= 0 && thing.state == STATE_HIDDEN)
        rc = tell(c, &thing, "board-restored",
                  parley_format(c, "The shop shows your {} on \"{}\" again", thing.kind->word,
                                text_brief(c, thing.title, 120)));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{kind, id, review}", thing.kind->name, thing.id,
                        review_json(c, STATE_APPROVED, (parley_text){0}, (parley_text){0}));
}

/* The author says, once, why it should be shown again. */
int moderate_appeal(parley_call *c) {
    struct thing thing;
    parley_text body;
    int rc = read_body(c, "body");
    if (rc >= 0) rc = read_text(c, "body", 1, TEXT_MOST, &body);
    if (rc >= 0) rc = find_thing(c, &thing);
    if (rc < 0) return rc;
    if (!parley_some(parley->customer(c)) || !parley_same(thing.author, parley->customer(c)))
        return parley->fail(c, 404, "there is no such board, item or comment");
    if (thing.state != STATE_HIDDEN) return parley->fail(c, 409, "it is not hidden");
    if (thing.appeal.at) return parley->fail(c, 409, "the shop has your appeal already");
    int64_t size = escaped_size(body);
    rc = holding_check(c, size);
    if (rc >= 0) rc = parley_sql(c, thing.kind->appeal, thing.key, body, parley->now(c), size);
    if (rc >= 0) rc = write_log(c, &thing, "appeal", (parley_text){0});
    if (rc >= 0)
        rc = parley_timeline(c, "board",
                             parley_format(c, "Appealed: the {} on \"{}\" should be shown", thing.kind->word,
                                           text_brief(c, thing.title, 120)),
                             "{board, kind, id}", thing.board, thing.kind->name, thing.id);
    return rc < 0 ? rc : 0;
}

/* ---- what staff look at ---- */

/* The oldest first: new what strangers may see and nobody looked at; appealed; hidden. */
#define WANTED(t)                                                                                                      \
    " WHERE " t ".state = $1 AND (" t ".appeal IS NOT NULL) = $2 AND ($1 = 2 OR b.visibility <> 'private')"
#define QUEUE                                                                                                          \
    "SELECT 'boards' AS kind, b.id AS id, b.owner AS author, b.title || ' ' || b.description AS says, b.id AS board,"  \
    " b.title AS title, b.reason AS reason, b.appeal AS appeal, b.touched AS touched, NULL AS url, NULL AS image,"     \
    " b.number AS number FROM board b" WANTED(                                                                         \
        "b") " UNION ALL SELECT 'items', CAST(i.number AS TEXT), i.author, i.title || ' ' || i.note, b.id, b.title, "  \
             "i.reason,"                                                                                               \
             " i.appeal, i.touched, i.url, i.image, i.number FROM item i JOIN board b ON b.number = i.board" WANTED(   \
                 "i") " UNION ALL SELECT 'comments', CAST(m.number AS TEXT), m.author, m.body, b.id, b.title, "        \
                      "m.reason, m.appeal,"                                                                            \
                      " m.touched, NULL, NULL, m.number FROM comment m JOIN board b ON b.number = m.board" WANTED("m")

int moderate_queue(parley_call *c) {
    static const char *const wanted[] = {"new", "hidden", "appealed"};
    parley_text asked = text_or(parley->query(c, "state"), "new");
    parley_json list = parley->list(c);
    int64_t limit, n = 0, touched = 0, number = 0;
    int which = 0, rc = read_limit(c, PAGE, &limit);
    while (which < 3 && !text_is(asked, wanted[which])) which++;
    if (rc >= 0 && which == 3) rc = parley->fail(c, 400, "state is new, hidden or appealed");
    if (rc >= 0) rc = read_pair(c, &touched, &number);
    if (rc < 0) return rc;
    int row = parley_sql(
        c,
        "SELECT kind, id, author, says, board, title, reason, appeal, touched, url, image, number FROM (" QUEUE
        ") q WHERE touched > $3 OR (touched = $3 AND number > $4) ORDER BY touched, number LIMIT $5",
        which == 0 ? STATE_NEW : STATE_HIDDEN, which == 2, touched, number, limit + 1);
    for (; row > 0; row = parley->next(c)) {
        if (n++ == limit) continue;
        touched = parley->col(c, 8);
        number = parley->col(c, 11);
        parley_append(c, list, "{kind, id, author, says, board, title, reason, appeal, at, url, image}",
                      parley->col_text(c, 0), parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3),
                      parley->col_text(c, 4), parley->col_text(c, 5), parley->col_text(c, 6), parley->col_text(c, 7),
                      (parley_time){touched}, parley->col_text(c, 9), parley->col_text(c, 10));
    }
    if (row < 0) return row;
    const char *next = parley_format(c, "{}.{}", touched, number);
    return parley_reply(c, 200, "{items, next}", list, n > limit ? next : NULL);
}

int moderate_log(parley_call *c) {
    parley_json list = parley->list(c);
    int64_t limit, before = INT64_MAX, n = 0, last = 0;
    int rc = read_page(c, PAGE, &limit, &before);
    if (rc < 0) return rc;
    int row = parley_sql(
        c, "SELECT number, kind, id, step, reason, at FROM moderation WHERE number < $1 ORDER BY number DESC LIMIT $2",
        before, limit + 1);
    for (; row > 0; row = parley->next(c)) {
        if (n++ == limit) continue;
        last = parley->col(c, 0);
        parley_append(c, list, "{kind, id, step, reason, at}", parley->col_text(c, 1), parley->col_text(c, 2),
                      parley->col_text(c, 3), parley->col_text(c, 4), (parley_time){parley->col(c, 5)});
    }
    if (row < 0) return row;
    return parley_reply(c, 200, "{items, next}", list, text_next(c, n > limit, last));
}

/* A name that others should not have to read. */
int moderate_unname(parley_call *c) {
    int rc = parley_sql(c, "DELETE FROM person WHERE customer = $1", parley->path(c, "customer"));
    if (rc < 0) return rc;
    return rc > 0 ? 0 : parley->fail(c, 404, "that customer has no name on boards");
}
