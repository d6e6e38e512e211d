/* Text as {pointer, length}: a borrowed view of bytes that somebody else owns. Never NUL-terminated by promise.
 * Knows nothing of encodings but UTF-8. */
#ifndef PARLEY_CORE_BASE_TEXT_H
#define PARLEY_CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at; /* borrowed; NULL only when n is 0 */
    size_t n;       /* bytes */
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_NONE     ((struct text){NULL, 0})
/* For printf: printf("%.*s", TEXT_ARGS(t)) */
#define TEXT_ARGS(t) (int)(t).n, (t).at ? (t).at : ""

static inline struct text text_of(const char *cstr) {
    return (struct text){cstr, cstr ? strlen(cstr) : 0};
}
static inline struct text text_n(const char *at, size_t n) {
    return (struct text){at, n};
}
/* Up to 16 bytes as two words that may overlap: keys, names and variants are that short, and a call costs more than they do. */
static inline bool text_eq(struct text a, struct text b) {
    if (a.n != b.n) return false;
    if (a.n > 16) return memcmp(a.at, b.at, a.n) == 0;
    if (a.n >= 8) {
        uint64_t first[2], last[2];
        memcpy(&first[0], a.at, 8), memcpy(&first[1], b.at, 8);
        memcpy(&last[0], a.at + a.n - 8, 8), memcpy(&last[1], b.at + b.n - 8, 8);
        return first[0] == first[1] && last[0] == last[1];
    }
    if (a.n >= 4) {
        uint32_t first[2], last[2];
        memcpy(&first[0], a.at, 4), memcpy(&first[1], b.at, 4);
        memcpy(&last[0], a.at + a.n - 4, 4), memcpy(&last[1], b.at + b.n - 4, 4);
        return first[0] == first[1] && last[0] == last[1];
    }
    for (size_t i = 0; i < a.n; i++)
        if (a.at[i] != b.at[i]) return false;
    return true;
}
static inline bool text_is(struct text a, const char *cstr) {
    return text_eq(a, text_of(cstr));
}

/* Bytewise order: <0, 0, >0. */
int text_cmp(struct text a, struct text b);
bool text_starts(struct text t, struct text prefix);
bool text_ends(struct text t, struct text suffix);
bool text_eq_nocase(struct text a, struct text b); /* ASCII letters only */
/* Without spaces, tabs and line ends at either side. */
struct text text_trim(struct text t);
/* How many bytes must be added, dropped or replaced to make one the other (Levenshtein), for "did you mean"; SIZE_MAX where
 * either is longer than 64 bytes. */
size_t text_distance(struct text a, struct text b);
/* The part before the first `c` goes to *head, what follows it to *tail; false (all in *head) where there is none. */
bool text_cut(struct text t, char c, struct text *head, struct text *tail);
/* The length (1 to 4) of the well-formed UTF-8 sequence that `left` bytes at `at` begin with; 0 when they begin with none. */
size_t text_utf8_length(const char *at, size_t left);
/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_utf8_valid(struct text t);
/* A definition's key: [A-Za-z0-9][A-Za-z0-9._-]{0,63} (contract.md). */
bool text_is_key(struct text t);
/* Decimal integer, whole text, no blanks; false when it is not one or does not fit. */
bool text_to_int(struct text t, int64_t *out);

#endif
