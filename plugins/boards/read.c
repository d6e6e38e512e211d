/* What comes in from outside: texts, addresses, prices, pages of lists; and the settings. Each refusal is a sentence. */
#include "plugins/boards/boards.h"

/* ---- texts ---- */

static parley_text of(const char *word) {
    return (parley_text){word, __builtin_strlen(word)};
}

bool text_is(parley_text text, const char *word) {
    return parley_same(text, of(word));
}

parley_text text_or(parley_text text, const char *otherwise) {
    return parley_some(text) ? text : of(otherwise);
}

parley_text text_brief(parley_call *c, parley_text text, size_t most) {
    if (text.n <= most) return text;
    while (most > 0 && ((unsigned char)text.at[most] & 0xC0) == 0x80) most--;
    return of(parley_format(c, "{}…", ((parley_text){text.at, most})));
}

static size_t encode(char *out, parley_text value) {
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char a = (unsigned char)value.at[i];
        bool plain = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z') || (a >= '0' && a <= '9') || a == '-' || a == '_';
        if (!plain) out[n++] = '%', out[n++] = digits[a >> 4];
        out[n++] = plain ? (char)a : digits[a & 15];
    }
    return n;
}

parley_text text_fill(parley_call *c, parley_text template, const char *gap, parley_text value) {
    size_t gap_n = __builtin_strlen(gap), at = 0, n = 0;
    char *out = parley->alloc(c, template.n + 3 * value.n + 1);
    while (at < template.n)
        if (at + gap_n <= template.n && __builtin_memcmp(template.at + at, gap, gap_n) == 0) {
            n = encode(out + n, value) + n;
            __builtin_memcpy(out + n, template.at + at + gap_n, template.n - at - gap_n);
            return (parley_text){out, n + template.n - at - gap_n};
        } else
            out[n++] = template.at[at++];
    return template;
}

const char *text_next(parley_call *c, bool there, int64_t number) {
    if (!there) return NULL;
    return parley_format(c, "{}", number);
}

int64_t escaped_size(parley_text text) {
    int64_t size = 2;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char a = (unsigned char)text.at[i];
        size += a < 0x20 ? 6 : a == '"' || a == '\\' ? 2 : 1;
    }
    return size;
}

static bool is_blank(parley_text text) {
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] > ' ') return false;
    return true;
}

/* ---- the body ---- */

int read_body(parley_call *c, const char *members) {
    if (!parley_is(parley->body(c))) return 0;
    if (parley->kind(parley->body(c)) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    return parley->only(c, parley->body(c), members);
}

bool read_has(parley_call *c, const char *name) {
    return parley_is(parley->get(parley->body(c), name));
}

int read_text(parley_call *c, const char *name, size_t least, size_t most, parley_text *out) {
    parley_text text = parley->text(parley->get(parley->body(c), name));
    if (!text.at || text.n > most || (least > 0 && is_blank(text)))
        return parley_invalid(c, parley_format(c, "/{}", name), "\"{}\" is a text of {} to {} bytes{}", name, least,
                              most, least ? ", not of blanks alone" : "");
    *out = text;
    return 0;
}

int read_word(parley_call *c, const char *name, const char *const *words, parley_text *out) {
    parley_text given = parley->text(parley->get(parley->body(c), name));
    const char *all = "";
    for (; *words; words++) {
        if (text_is(given, *words)) {
            *out = given;
            return 0;
        }
        all = parley_format(c, *all ? "{}, {}" : "{}{}", all, *words);
    }
    return parley_invalid(c, parley_format(c, "/{}", name), "\"{}\" is one of {}", name, all);
}

int read_count(parley_call *c, const char *name, int64_t least, int64_t most, int64_t *out) {
    int64_t count;
    if (parley->integer(parley->get(parley->body(c), name), &count) && count >= least && count <= most) {
        *out = count;
        return 0;
    }
    return parley_invalid(c, parley_format(c, "/{}", name), "\"{}\" is a whole number from {} to {}", name, least,
                          most);
}

bool read_number(parley_call *c, parley_text text, int64_t *out) {
    int64_t number;
    if (text.n == 0 || text.n > 18 || !parley->integer(parley->parse(c, text), &number) || number < 0) return false;
    *out = number;
    return true;
}

int read_limit(parley_call *c, int64_t most, int64_t *limit) {
    parley_text wanted = parley->query(c, "limit");
    *limit = 20;
    if (!parley_some(wanted) || (read_number(c, wanted, limit) && *limit >= 1 && *limit <= most)) return 0;
    return parley_fail(c, 400, "limit is a number from 1 to {}", most);
}

static int refuse_cursor(parley_call *c) {
    return parley->fail(c, 400, "cursor is not one that this list gave");
}

int read_page(parley_call *c, int64_t most, int64_t *limit, int64_t *cursor) {
    parley_text from = parley->query(c, "cursor");
    int rc = read_limit(c, most, limit);
    if (rc < 0 || !parley_some(from) || read_number(c, from, cursor)) return rc;
    return refuse_cursor(c);
}

int read_pair(parley_call *c, int64_t *first, int64_t *second) {
    parley_text from = parley->query(c, "cursor");
    size_t point = 0;
    if (!parley_some(from)) return 0;
    while (point + 1 < from.n && from.at[point] != '.') point++;
    parley_text left = {from.at, point}, right = {from.at + point + 1, from.n - point - 1};
    return read_number(c, left, first) && read_number(c, right, second) ? 0 : refuse_cursor(c);
}

/* ---- addresses ---- */

static bool begins(parley_text text, const char *with) {
    size_t n = __builtin_strlen(with);
    return text.n >= n && __builtin_memcmp(text.at, with, n) == 0;
}

/* Printable ASCII without what could end an attribute or change how an address is read. */
static bool is_plain(parley_text url) {
    for (size_t i = 0; i < url.n; i++) {
        char a = url.at[i];
        if (a <= ' ' || a > '~' || a == '"' || a == '\'' || a == '<' || a == '>' || a == '\\' || a == '`') return false;
    }
    return true;
}

/* `scheme` and then a host, without a user: https://shop.example@evil.example/ leads to where it does not seem to. */
static bool is_address(parley_text url, const char *scheme) {
    size_t at = __builtin_strlen(scheme), from = at;
    if (!begins(url, scheme) || !is_plain(url)) return false;
    for (; at < url.n && url.at[at] != '/' && url.at[at] != '?' && url.at[at] != '#'; at++)
        if (url.at[at] == '@') return false;
    return at > from;
}

/* A path below the shop's pictures; no step upwards, written in whatever way. */
static bool is_picture_of_shop(parley_call *c, parley_text url) {
    parley_text below = policy_of(c).pictures;
    if (below.n < 2 || below.at[0] != '/' || below.at[1] == '/' || url.n <= below.n || !is_plain(url)) return false;
    for (size_t i = 0; i < url.n; i++)
        if (url.at[i] == '%' || (i > 0 && url.at[i] == '.' && url.at[i - 1] == '.')) return false;
    return __builtin_memcmp(url.at, below.at, below.n) == 0;
}

/* The text of a member that may be null: then "none", {NULL, 0}. */
static int read_address(parley_call *c, const char *name, parley_text *out) {
    *out = (parley_text){0};
    if (parley->kind(parley->get(parley->body(c), name)) == PARLEY_NULL) return 0;
    return read_text(c, name, 1, URL_MOST, out);
}

int read_url(parley_call *c, const char *name, parley_text *out) {
    int rc = read_address(c, name, out);
    if (rc < 0 || !out->at || is_address(*out, "https://") || is_address(*out, "http://")) return rc;
    return parley_invalid(c, parley_format(c, "/{}", name),
                          "\"{}\" is an address that begins with https:// or http://, with what is not ASCII escaped",
                          name);
}

int read_image(parley_call *c, const char *name, parley_text *out) {
    int rc = read_address(c, name, out);
    if (rc < 0 || !out->at || is_address(*out, "https://") || is_picture_of_shop(c, *out)) return rc;
    return parley_invalid(c, parley_format(c, "/{}", name),
                          "\"{}\" is the address of a picture that begins with https://", name);
}

/* ---- prices ---- */

enum { PRICE_PLACES = 4, PRICE_DIGITS = 9 };

/* Digits, at most nine, a point and at most four more: 18.9 is 189000. */
static bool parse_price(parley_text text, int64_t *price) {
    int64_t value = 0;
    size_t i = 0, whole = 0, places = 0;
    for (; i < text.n && text.at[i] >= '0' && text.at[i] <= '9'; i++, whole++) value = value * 10 + (text.at[i] - '0');
    if (whole < 1 || whole > PRICE_DIGITS) return false;
    if (i < text.n && text.at[i++] != '.') return false;
    for (; i < text.n && text.at[i] >= '0' && text.at[i] <= '9' && places < PRICE_PLACES; i++, places++)
        value = value * 10 + (text.at[i] - '0');
    if (i != text.n || text.at[i - 1] == '.') return false;
    for (; places < PRICE_PLACES; places++) value *= 10;
    *price = value;
    return true;
}

bool price_read(parley_call *c, parley_json given, int64_t *price) {
    parley_text source = parley->text(given);
    if (parley->kind(given) == PARLEY_NUMBER) source = of(parley_format(c, "{}", given));
    return parse_price(source, price);
}

int read_price(parley_call *c, int64_t *price, parley_text *currency) {
    parley_json given = parley->get(parley->body(c), "price");
    *price = -1;
    *currency = (parley_text){0};
    if (!parley_is(given) || parley->kind(given) == PARLEY_NULL) return 0;
    if (!price_read(c, given, price))
        return parley_invalid(c, "/price",
                              "\"price\" is a decimal number such as 18.90: at most {} digits, and {} after the point",
                              PRICE_DIGITS, PRICE_PLACES);
    parley_text code = parley->text(parley->get(parley->body(c), "currency"));
    bool good = code.n == 3;
    for (size_t i = 0; good && i < code.n; i++) good = code.at[i] >= 'A' && code.at[i] <= 'Z';
    if (!good)
        return parley->invalid(c, "/currency", "a price has a \"currency\" of three capital letters, such as EUR");
    *currency = code;
    return 0;
}

parley_json price_json(parley_call *c, int64_t price) {
    char text[32], *end = text + sizeof text, *at = end;
    if (price < 0) return parley->parse(c, PARLEY_TEXT("null"));
    int places = PRICE_PLACES;
    for (; places > 0 && price % 10 == 0; places--) price /= 10;
    for (int i = 0; price > 0 || i <= places; i++, price /= 10) {
        if (i == places && places > 0) *--at = '.';
        *--at = (char)('0' + price % 10);
    }
    return parley->parse(c, (parley_text){at, (size_t)(end - at)});
}

/* ---- settings ---- */

struct policy policy_of(parley_call *c) {
    parley_json settings = parley->settings(c);
    struct policy policy = {.boards = 50, .items = 100, .comments = true, .publish = true};
    parley->integer(parley->get(settings, "maxBoards"), &policy.boards);
    parley->integer(parley->get(settings, "maxItems"), &policy.items);
    if (parley->kind(parley->get(settings, "comments")) == PARLEY_BOOL)
        policy.comments = parley->truth(parley->get(settings, "comments"));
    if (parley->kind(parley->get(settings, "public")) == PARLEY_BOOL)
        policy.publish = parley->truth(parley->get(settings, "public"));
    policy.review_first = text_is(parley->text(parley->get(settings, "moderation")), "pre");
    policy.pictures = text_or(parley->text(parley->get(settings, "pictures")), "");
    policy.product_page = text_or(parley->text(parley->get(settings, "productPage")), "");
    policy.board_page = text_or(parley->text(parley->get(settings, "boardPage")), "");
    return policy;
}
