#include "core/base/json_internal.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/number.h"

/* Descends through the text once. Each scan_* function takes where its part begins and returns where it ends, or NULL
 * after `refuse` has said why. */
struct scanner {
    const char *start, *end;
    struct json_token *tokens;
    uint32_t n, room, depth;
    struct arena *arena;
    struct error *error;
    const struct json_index *indexes;
};

static const char *scan_value(struct scanner *s, const char *at);

static int line_of(const struct scanner *s, const char *at) {
    int line = 1;
    for (const char *c = s->start; c < at; c++) line += *c == '\n';
    return line;
}

/* Always NULL, so that `return refuse(...)` reads well. `what` is a whole clause. */
static const char *refuse(struct scanner *s, const char *at, const char *what) {
    error_set(s->error, ERR_INVALID, "not valid JSON: line %d, byte %zu: %s", line_of(s, at), (size_t)(at - s->start),
              what);
    return NULL;
}

static const char *expected(struct scanner *s, const char *at, const char *what) {
    char clause[120];
    if (at >= s->end)
        snprintf(clause, sizeof clause, "expected %s, but the text ends", what);
    else if (*at > ' ' && *at < 0x7F)
        snprintf(clause, sizeof clause, "expected %s, found %c", what, *at);
    else
        snprintf(clause, sizeof clause, "expected %s, found byte 0x%02X", what, (unsigned char)*at);
    return refuse(s, at < s->end ? at : s->end, clause);
}

/* The first guess is too small only for texts of very short values; then comes the most there can be: two bytes a token, and
 * one for an array or object that is still open. So tokens are copied at most once, and pages that stay unused cost nothing. */
static void grow(struct scanner *s) {
    size_t bytes = (size_t)(s->end - s->start), room = s->room ? bytes / 2 + JSON_MAX_DEPTH : bytes / 8 + 16;
    assert(room > s->n);
    struct json_token *tokens = arena_take(s->arena, room * sizeof *tokens);
    if (s->n) memcpy(tokens, s->tokens, s->n * sizeof *tokens);
    s->tokens = tokens;
    s->room = (uint32_t)room;
}

static inline uint32_t put(struct scanner *s, enum json_kind kind, const char *at) {
    if (__builtin_expect(s->n == s->room, 0)) grow(s);
    s->tokens[s->n] = (struct json_token){.at = (uint32_t)(at - s->start), .next = s->n + 1, .kind = (uint8_t)kind};
    return s->n++;
}

static inline void finish(struct scanner *s, uint32_t index, const char *end) {
    struct json_token *token = &s->tokens[index];
    token->n = (uint32_t)(end - s->start) - token->at;
    token->next = s->n;
}

static inline const char *skip_blanks(const struct scanner *s, const char *at) {
    while (at < s->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

static inline bool is_digit(const struct scanner *s, const char *at) {
    return at < s->end && *at >= '0' && *at <= '9';
}

static inline const char *skip_digits(const struct scanner *s, const char *at) {
    while (is_digit(s, at)) at++;
    return at;
}

static const char *scan_number(struct scanner *s, const char *at) {
    const char *from = at;
    uint32_t index = put(s, JSON_KIND_NUMBER, at);
    bool checked = false;
    if (*at == '-') at++;
    if (!is_digit(s, at)) return expected(s, at, "a digit");
    if (*at == '0' && is_digit(s, at + 1)) return refuse(s, at, "a number may not begin with a zero");
    at = skip_digits(s, at);
    if (at - from > 300) checked = true;
    if (at < s->end && *at == '.') {
        if (!is_digit(s, ++at)) return expected(s, at, "a digit behind the decimal point");
        at = skip_digits(s, at);
    }
    if (at < s->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < s->end && (*at == '+' || *at == '-')) at++;
        if (!is_digit(s, at)) return expected(s, at, "a digit of the exponent");
        at = skip_digits(s, at);
        checked = true;
    }
    double value;
    if (checked && !number_parse(text_n(from, (size_t)(at - from)), &value))
        return refuse(s, from, "the number is too large for a double");
    finish(s, index, at);
    return at;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const struct scanner *s, const char *at) {
    int32_t value = 0;
    if (s->end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i], lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* From behind the backslash. */
static const char *scan_escape(struct scanner *s, const char *at) {
    if (at < s->end && *at && strchr("\"\\/bfnrt", *at)) return at + 1;
    if (at >= s->end || *at != 'u') return expected(s, at, "one of \" \\ / b f n r t u behind the backslash");
    int32_t unit = hex4(s, at + 1);
    if (unit < 0) return refuse(s, at - 1, "expected four hexadecimal digits behind \\u");
    if (unit == 0) return refuse(s, at - 1, "\\u0000 is not allowed");
    if (unit < 0xD800 || unit > 0xDFFF) return at + 5;
    int32_t low = unit < 0xDC00 && s->end - at >= 7 && at[5] == '\\' && at[6] == 'u' ? hex4(s, at + 7) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return refuse(s, at - 1, "half of a surrogate pair");
    return at + 11;
}

/* From behind the opening quote to behind the closing one. */
static const char *scan_string(struct scanner *s, const char *at) {
    uint32_t index = put(s, JSON_KIND_STRING, at);
    for (;;) {
        at = json_skip_plain(at, s->end);
        if (at == s->end) return expected(s, at, "a closing quote");
        if (*at == '"') break;
        if (*at == '\\') {
            s->tokens[index].escaped = true;
            if (!(at = scan_escape(s, at + 1))) return NULL;
        } else if (*at & 0x80) {
            size_t n = text_utf8_length(at, (size_t)(s->end - at));
            if (n == 0) return expected(s, at, "UTF-8");
            at += n;
        } else
            return refuse(s, at, "a control character in a string must be escaped");
    }
    finish(s, index, at);
    return at + 1;
}

static const char *scan_word(struct scanner *s, const char *at, enum json_kind kind, struct text word) {
    if ((size_t)(s->end - at) < word.n || memcmp(at, word.at, word.n) != 0) return expected(s, at, "a value");
    finish(s, put(s, kind, at), at + word.n);
    return at + word.n;
}

static const char *scan_array(struct scanner *s, const char *at) {
    uint32_t index = put(s, JSON_KIND_ARRAY, at), size = 0;
    at = skip_blanks(s, at + 1);
    if (at < s->end && *at == ']') goto end;
    for (;;) {
        if (!(at = scan_value(s, at))) return NULL;
        size++;
        at = skip_blanks(s, at);
        if (at >= s->end || *at != ',') break;
        at = skip_blanks(s, at + 1);
    }
    if (at >= s->end || *at != ']') return expected(s, at, "a comma or ]");
end:
    s->tokens[index].size = size;
    finish(s, index, at + 1);
    return at + 1;
}

/* A key, unescaped, and where it stands. */
static int compare_keys(const void *a, const void *b) {
    return text_cmp(((const struct json_key *)a)->name, ((const struct json_key *)b)->name);
}

static const char *refuse_double(struct scanner *s, const struct json_key *a, const struct json_key *b) {
    char clause[120];
    snprintf(clause, sizeof clause, "the member \"%.*s\" is there twice", a->name.n < 60 ? (int)a->name.n : 60,
             a->name.at);
    return refuse(s, s->start + s->tokens[a->token > b->token ? a->token : b->token].at, clause);
}

static void list_keys(struct scanner *s, uint32_t object, struct json_key *keys) {
    struct json json = {text_n(s->start, (size_t)(s->end - s->start)), s->tokens, s->n, NULL};
    uint32_t at = object + 1;
    for (uint32_t i = 0; i < s->tokens[object].size; i++, at = s->tokens[at].next)
        keys[i] = (struct json_key){json_unescaped(&json, at, s->arena), at};
}

/* Few keys are compared with one another, by length and first byte before all bytes; many are sorted, which takes no longer
 * for keys chosen by somebody who means harm (a hash table would); sorted, they serve json_get too. */
static bool check_few_keys(struct scanner *s, uint32_t object) {
    struct json_key keys[JSON_FEW_KEYS];
    list_keys(s, object, keys);
    for (uint32_t i = 1; i < s->tokens[object].size; i++)
        for (uint32_t j = 0; j < i; j++)
            if (keys[i].name.n == keys[j].name.n && text_eq(keys[i].name, keys[j].name))
                return refuse_double(s, &keys[i], &keys[j]);
    return true;
}

static bool check_many_keys(struct scanner *s, uint32_t object) {
    uint32_t n = s->tokens[object].size;
    struct json_key *keys = arena_take(s->arena, n * sizeof *keys);
    list_keys(s, object, keys);
    qsort(keys, n, sizeof *keys, compare_keys);
    for (uint32_t i = 1; i < n; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0) return refuse_double(s, &keys[i - 1], &keys[i]);
    struct json_index *index = arena_take(s->arena, sizeof *index);
    *index = (struct json_index){s->indexes, object, keys};
    s->indexes = index;
    return true;
}

static const char *scan_member(struct scanner *s, const char *at) {
    if (at >= s->end || *at != '"') return expected(s, at, "a member's name in quotes");
    uint32_t key = s->n;
    if (!(at = scan_string(s, at + 1))) return NULL;
    at = skip_blanks(s, at);
    if (at >= s->end || *at != ':') return expected(s, at, "a colon");
    if (!(at = scan_value(s, skip_blanks(s, at + 1)))) return NULL;
    s->tokens[key].next = s->n;
    return at;
}

static const char *scan_object(struct scanner *s, const char *at) {
    uint32_t index = put(s, JSON_KIND_OBJECT, at), size = 0;
    at = skip_blanks(s, at + 1);
    if (at < s->end && *at == '}') goto end;
    for (;;) {
        if (!(at = scan_member(s, at))) return NULL;
        size++;
        at = skip_blanks(s, at);
        if (at >= s->end || *at != ',') break;
        at = skip_blanks(s, at + 1);
    }
    if (at >= s->end || *at != '}') return expected(s, at, "a comma or }");
end:
    s->tokens[index].size = size;
    if (size > 1 && !(size <= JSON_FEW_KEYS ? check_few_keys : check_many_keys)(s, index)) return NULL;
    finish(s, index, at + 1);
    return at + 1;
}

static const char *scan_nested(struct scanner *s, const char *at) {
    if (s->depth == JSON_MAX_DEPTH) return refuse(s, at, "nested more than 64 deep");
    s->depth++;
    at = *at == '{' ? scan_object(s, at) : scan_array(s, at);
    s->depth--;
    return at;
}

static const char *scan_value(struct scanner *s, const char *at) {
    if (at >= s->end) return expected(s, at, "a value");
    switch (*at) {
    case '"': return scan_string(s, at + 1);
    case '{':
    case '[': return scan_nested(s, at);
    case 't': return scan_word(s, at, JSON_KIND_TRUE, TEXT("true"));
    case 'f': return scan_word(s, at, JSON_KIND_FALSE, TEXT("false"));
    case 'n': return scan_word(s, at, JSON_KIND_NULL, TEXT("null"));
    default: return *at == '-' || is_digit(s, at) ? scan_number(s, at) : expected(s, at, "a value");
    }
}

int json_scan(struct json *json, struct text text, struct arena *arena, struct error *error) {
    *json = (struct json){.text = text};
    if (text.n > JSON_MAX_BYTES)
        return error_set(error, ERR_TOO_LARGE, "%zu bytes of JSON; at most %d", text.n, JSON_MAX_BYTES);
    if (text_starts(text, TEXT("\xEF\xBB\xBF")))
        return error_set(error, ERR_INVALID, "not valid JSON: it begins with a byte order mark");
    const char *start = text.n ? text.at : "";
    struct scanner s = {.start = start, .end = start + text.n, .arena = arena, .error = error};
    const char *at = scan_value(&s, skip_blanks(&s, start));
    if (!at) return ERR_INVALID;
    at = skip_blanks(&s, at);
    if (at != s.end) {
        expected(&s, at, "nothing more");
        return ERR_INVALID;
    }
    json->tokens = s.tokens;
    json->n = s.n;
    json->indexes = s.indexes;
    return 0;
}
