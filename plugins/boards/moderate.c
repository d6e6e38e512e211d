/* The staff's part: hiding with a reason, restoring, and the author's appeal. Each author is told; each step is logged. */
#include "plugins/boards/boards.h"

const char *const moderate_reasons[] = {"spam",      "abuse",     "personal-data", "illegal",
                                        "copyright", "off-topic", "unsafe-link",   NULL};

static int write_log(parley_call *c, const struct thing *thing, const char *step, parley_text reason) {
    return parley_sql(c, "INSERT INTO moderation (number, kind, id, step, reason, at) VALUES ($1, $2, $3, $4, $5, $6)",
                      serial_take(c, 1), thing->name, thing->id, step, reason, parley->now(c));
}

static int judge(parley_call *c, const struct thing *thing, enum state state, const char *step, parley_text reason) {
    int rc = thing_judge(c, thing, state, reason);
    return rc < 0 ? rc : write_log(c, thing, step, reason);
}

static int tell(parley_call *c, const struct thing *thing, const char *kind, const char *sentence) {
    return notice_leave(
        c, &(struct notice){.customer = thing->author, .kind = kind, .sentence = sentence, .board = thing->board});
}

int moderate_hide(parley_call *c) {
    struct thing thing;
    parley_text reason = {0};
    int rc = read_body(c, "reason");
    if (rc >= 0) rc = read_word(c, "reason", moderate_reasons, &reason);
    if (rc >= 0) rc = thing_find(c, &thing);
    if (rc >= 0) rc = judge(c, &thing, STATE_HIDDEN, "hide", reason);
    if (rc >= 0)
        rc = tell(c, &thing, "board-hidden",
                  parley_format(c, "The shop hid your {} on \"{}\" (reason: {}). You may appeal", thing.word,
                                text_brief(c, thing.title, 120), reason));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{kind, id, review}", thing.name, thing.id,
                        review_json(c, STATE_HIDDEN, reason, (parley_text){0}));
}

/* Also the staff's yes to something that they had not looked at. */
int moderate_restore(parley_call *c) {
    struct thing thing;
    int rc = thing_find(c, &thing);
    if (rc >= 0) rc = judge(c, &thing, STATE_APPROVED, "restore", (parley_text){0});
    if (rc >= 0 && thing.state == STATE_HIDDEN)
        rc = tell(
            c, &thing, "board-restored",
            parley_format(c, "The shop shows your {} on \"{}\" again", thing.word, text_brief(c, thing.title, 120)));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{kind, id, review}", thing.name, thing.id,
                        review_json(c, STATE_APPROVED, (parley_text){0}, (parley_text){0}));
}

/* The author says, once, why it should be shown again. */
int moderate_appeal(parley_call *c) {
    struct thing thing;
    parley_text body;
    int rc = read_body(c, "body");
    if (rc >= 0) rc = read_text(c, "body", 1, TEXT_MOST, &body);
    if (rc >= 0) rc = thing_find(c, &thing);
    if (rc < 0) return rc;
    if (!parley_some(parley->customer(c)) || !parley_same(thing.author, parley->customer(c)))
        return parley->fail(c, 404, "there is no such board, item or comment");
    if (thing.state != STATE_HIDDEN) return parley->fail(c, 409, "it is not hidden");
    if (thing.appeal.at) return parley->fail(c, 409, "the shop has your appeal already");
    int64_t size = escaped_size(body);
    rc = holding_check(c, size);
    if (rc >= 0) rc = thing_set_appeal(c, &thing, body, size);
    if (rc >= 0) rc = write_log(c, &thing, "appeal", (parley_text){0});
    if (rc >= 0)
        rc = parley_timeline(
            c, "board",
            parley_format(c, "Appealed: the {} on \"{}\" should be shown", thing.word, text_brief(c, thing.title, 120)),
            "{board, kind, id}", thing.board, thing.name, thing.id);
    return rc < 0 ? rc : 0;
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
