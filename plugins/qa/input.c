/* What comes from outside, checked: bodies, queries, cursors, how often. Each refusal says what, where and how to mend it. */
#include "plugins/qa/qa.h"

int input_body(parley_call *c, const char *members) {
    parley_json body = parley->body(c);
    if (parley->kind(body) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    return parley->only(c, body, members);
}

static bool is_blank(parley_text text) {
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] > ' ') return false;
    return true;
}

int input_text(parley_call *c, const char *member, size_t most, parley_text *out) {
    *out = parley->text(parley->get(parley->body(c), member));
    if (out->n <= most && !is_blank(*out)) return 0;
    return parley_invalid(c, parley_format(c, "/{}", member), "\"{}\" is a text of 1 to {} bytes, not all blanks",
                          member, most);
}

int input_optional(parley_call *c, const char *member, size_t most, parley_text *out) {
    enum parley_kind kind = parley->kind(parley->get(parley->body(c), member));
    *out = (parley_text){0};
    return kind == PARLEY_NONE || kind == PARLEY_NULL ? 0 : input_text(c, member, most, out);
}

bool input_number(parley_call *c, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out) {
    parley_text given = parley->query(c, name);
    *out = otherwise;
    return !parley_some(given) || (parley->integer(parley->parse(c, given), out) && *out >= least && *out <= most);
}

int input_limit(parley_call *c, int64_t *limit) {
    if (input_number(c, "limit", 1, PAGE_MOST, 20, limit)) return 0;
    return parley_fail(c, 400, "limit is a number from 1 to {}", PAGE_MOST);
}

int input_cursor(parley_call *c, int64_t otherwise, int64_t *cursor) {
    if (input_number(c, "cursor", 0, INT64_MAX, otherwise, cursor)) return 0;
    return parley->fail(c, 400, "cursor is not one that this list gave");
}

parley_text input_sku(parley_call *c) {
    parley_text sku = parley->path(c, "sku");
    if (sku.at) return sku;
    sku = parley->query(c, "about");
    if (sku.n > 4 && __builtin_memcmp(sku.at, "sku:", 4) == 0) return (parley_text){sku.at + 4, sku.n - 4};
    return (parley_text){0};
}

int input_shopper(parley_call *c) {
    return parley_some(parley->customer(c)) ? 0 : parley->fail(c, 401, "this needs a shopper");
}

int input_not_too_often(parley_call *c, int64_t count, int64_t most, const char *acts) {
    if (count < 0) return (int)count;
    if (count < most) return 0;
    parley->count(c, "too_often", 1);
    return parley_fail(c, 429, "{} {} within a day are the most; come back tomorrow", most, acts);
}

parley_text input_new_id(parley_call *c) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32, none easily taken for another */
    enum { LENGTH = 12 };
    unsigned char chance[LENGTH];
    char *id = parley->alloc(c, LENGTH);
    parley->random(c, chance, sizeof chance);
    for (int i = 0; i < LENGTH; i++) id[i] = letters[chance[i] % 32];
    return (parley_text){id, LENGTH};
}
