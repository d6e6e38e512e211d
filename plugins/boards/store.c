/* Numbers that are given once, ids that nobody guesses, and how much one customer may keep here. */
#include "plugins/boards/boards.h"

int64_t serial_take(parley_call *c, int64_t n) {
    int rc = parley_sql(c, "UPDATE serial SET next = next + $1 RETURNING next", n);
    return rc < 0 ? rc : parley->col(c, 0) - n;
}

parley_text chance_text(parley_call *c, size_t n) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32, none easily taken for another */
    unsigned char *chance = parley->alloc(c, n);
    char *text = parley->alloc(c, n);
    parley->random(c, chance, n);
    for (size_t i = 0; i < n; i++) text[i] = letters[chance[i] % 32];
    return (parley_text){text, n};
}

int holding_check(parley_call *c, int64_t more) {
    int rc = parley_sql(c,
                        "SELECT (SELECT coalesce(sum(size), 0) FROM board WHERE owner = $1)"
                        " + (SELECT coalesce(sum(size), 0) FROM item WHERE author = $1)"
                        " + (SELECT coalesce(sum(size), 0) FROM comment WHERE author = $1)"
                        " + (SELECT coalesce(sum(size), 0) FROM report WHERE customer = $1)",
                        parley->customer(c));
    if (rc < 0) return rc;
    if (parley->col(c, 0) + more <= HOLDING_MOST) return 0;
    return parley->fail(c, 409, "your boards and comments are as large as they may be; delete some first");
}
