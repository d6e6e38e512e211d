/* What staff look at, shoppers report and authors appeal for: a board, an item on it, or a comment. SQL is constant text, so each of the
 * three kinds has its own. */
#include "plugins/boards/boards.h"

struct thing_kind {
    const char *name, *word;
    const char
        *find; /* $1: the id or number; author, state, title of the board, its id, appeal, board's number, own number */
    const char *judge; /* $1: the id or number, $2 state, $3 reason; takes the appeal away */
    const char *appeal;
};

static const struct thing_kind kinds[] = {
    {"boards", "board",
     "SELECT b.owner, b.state, b.title, b.id, b.appeal, b.number, b.number FROM board b WHERE b.id = $1",
     "UPDATE board SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE id = $1",
     "UPDATE board SET appeal = $2, touched = $3, size = size + $4 WHERE id = $1"},
    {"items", "pin",
     "SELECT i.author, i.state, b.title, b.id, i.appeal, b.number, i.number"
     " FROM item i JOIN board b ON b.number = i.board WHERE i.number = $1",
     "UPDATE item SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE number = $1",
     "UPDATE item SET appeal = $2, touched = $3, size = size + $4 WHERE number = $1"},
    {"comments", "comment",
     "SELECT m.author, m.state, b.title, b.id, m.appeal, b.number, m.number"
     " FROM comment m JOIN board b ON b.number = m.board WHERE m.number = $1",
     "UPDATE comment SET state = $2, reason = $3, appeal = NULL, touched = $4 WHERE number = $1",
     "UPDATE comment SET appeal = $2, touched = $3, size = size + $4 WHERE number = $1"},
};

int thing_find(parley_call *c, struct thing *thing) {
    parley_text name = parley->path(c, "kind"), id = parley->path(c, "id");
    const struct thing_kind *kind = NULL;
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
                            .name = kind->name,
                            .word = kind->word,
                            .key = key,
                            .id = id,
                            .author = parley->col_text(c, 0),
                            .state = parley->col(c, 1),
                            .title = parley->col_text(c, 2),
                            .board = parley->col_text(c, 3),
                            .appeal = parley->col_text(c, 4),
                            .board_number = parley->col(c, 5),
                            .number = parley->col(c, 6)};
    return 0;
}

int thing_judge(parley_call *c, const struct thing *thing, enum state state, parley_text reason) {
    int rc = parley_sql(c, thing->kind->judge, thing->key, (int)state, reason, parley->now(c));
    if (rc >= 0) rc = report_drop(c, thing->number);
    if (rc < 0) return rc;
    return parley_sql(
        c,
        "UPDATE board SET pins = (SELECT count(*) FROM item WHERE item.board = board.number AND item.state <> 2)"
        " WHERE number = $1",
        thing->board_number);
}

int thing_set_appeal(parley_call *c, const struct thing *thing, parley_text body, int64_t size) {
    return parley_sql(c, thing->kind->appeal, thing->key, body, parley->now(c), size);
}
