/* Reading what json.c has scanned: it is known to be well-formed, so nothing is checked twice here. */
#include "core/base/json_internal.h"
#include "core/base/number.h"

static const struct json_token *token_at(const struct json *json, json_at at) {
    return at < json->n ? &json->tokens[at] : NULL;
}

static struct text raw(const struct json *json, const struct json_token *token) {
    return text_n(json->text.at + token->at, token->n);
}

enum json_kind json_kind(const struct json *json, json_at at) {
    const struct json_token *token = token_at(json, at);
    return token ? (enum json_kind)token->kind : JSON_KIND_NULL;
}

json_at json_first(const struct json *json, json_at parent) {
    const struct json_token *token = token_at(json, parent);
    return token && token->size ? parent + 1 : JSON_NONE;
}

json_at json_after(const struct json *json, json_at parent, json_at child) {
    const struct json_token *inner = token_at(json, child), *outer = token_at(json, parent);
    return inner && outer && inner->next < outer->next ? inner->next : JSON_NONE;
}

static int32_t hex4(const char *at) {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) value = value * 16 + (at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    return value;
}

static size_t utf8_put(char out[static 4], int32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c);
    return n;
}

/* Resolves the escape or copies the byte at *at, and moves *at behind it. Returns how many bytes came out. */
static size_t unescape(const char **at, char out[static 4]) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = *(*at)++;
    if (c == '\\') {
        c = *(*at)++;
        const char *found = strchr(from, c);
        if (c == 'u') {
            int32_t unit = hex4(*at);
            *at += 4;
            if (unit >= 0xD800 && unit <= 0xDFFF) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (hex4(*at + 2) - 0xDC00);
                *at += 6;
            }
            return utf8_put(out, unit);
        }
        if (found) c = to[found - from];
    }
    out[0] = c;
    return 1;
}

static bool equals_escaped(struct text source, struct text plain) {
    const char *at = source.at, *end = at + source.n, *rest = plain.at, *plain_end = rest + plain.n;
    char piece[4];
    while (at < end) {
        size_t n = unescape(&at, piece);
        if ((size_t)(plain_end - rest) < n || memcmp(rest, piece, n) != 0) return false;
        rest += n;
    }
    return rest == plain_end;
}

static json_at get_indexed(const struct json *json, json_at object, struct text key) {
    const struct json_index *index = json->indexes;
    while (index->object != object) index = index->next;
    uint32_t from = 0, to = json->tokens[object].size;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int order = text_cmp(key, index->keys[middle].name);
        if (order == 0) return index->keys[middle].token + 1;
        *(order < 0 ? &to : &from) = order < 0 ? middle : middle + 1;
    }
    return JSON_NONE;
}

json_at json_get(const struct json *json, json_at object, struct text key) {
    if (json_kind(json, object) != JSON_KIND_OBJECT) return JSON_NONE;
    const struct json_token *tokens = json->tokens;
    if (tokens[object].size > JSON_FEW_KEYS) return get_indexed(json, object, key);
    for (json_at at = object + 1; at < tokens[object].next; at = tokens[at].next) {
        struct text name = raw(json, &tokens[at]);
        if (tokens[at].escaped ? equals_escaped(name, key) : text_eq(name, key)) return at + 1;
    }
    return JSON_NONE;
}

struct text json_unescaped(const struct json *json, json_at at, struct arena *arena) {
    const struct json_token *token = token_at(json, at);
    if (!token || token->kind != JSON_KIND_STRING) return TEXT_NONE;
    struct text source = raw(json, token);
    if (!token->escaped) return source;
    char *out = arena_take(arena, source.n + 4); /* unescaping never lengthens; each step may write up to 4 bytes */
    size_t n = 0;
    for (const char *from = source.at, *end = from + source.n; from < end;) n += unescape(&from, out + n);
    return text_n(out, n);
}

struct text json_source(const struct json *json, json_at at) {
    const struct json_token *token = token_at(json, at);
    if (!token) return TEXT_NONE;
    struct text source = raw(json, token);
    return token->kind == JSON_KIND_STRING ? text_n(source.at - 1, source.n + 2) : source;
}

static struct text number_text(const struct json *json, json_at at) {
    return json_kind(json, at) == JSON_KIND_NUMBER ? raw(json, &json->tokens[at]) : TEXT_NONE;
}

bool json_number(const struct json *json, json_at at, double *out) {
    return number_parse(number_text(json, at), out);
}

bool json_whole(const struct json *json, json_at at, int64_t *out) {
    struct text number = number_text(json, at);
    bool exact;
    int64_t value;
    if (text_to_int(number, out)) return true;
    if (!number_scaled(number, 0, &value, &exact) || !exact) return false;
    *out = value;
    return true;
}

bool json_micros(const struct json *json, json_at at, int64_t *out) {
    static const int64_t limit = 1000000000LL * 1000000;
    bool exact;
    int64_t value;
    if (!number_scaled(number_text(json, at), 6, &value, &exact) || value <= -limit || value >= limit) return false;
    *out = value;
    return true;
}
