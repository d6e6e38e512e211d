#include "core/base/text.h"

int text_cmp(struct text a, struct text b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    if (order) return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool text_starts(struct text t, struct text prefix) {
    return t.n >= prefix.n && text_eq(text_n(t.at, prefix.n), prefix);
}

bool text_ends(struct text t, struct text suffix) {
    return t.n >= suffix.n && text_eq(text_n(t.at + (t.n - suffix.n), suffix.n), suffix);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_eq_nocase(struct text a, struct text b) {
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (a.at[i] != b.at[i] && lower(a.at[i]) != lower(b.at[i])) return false;
    return true;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text t) {
    while (t.n && is_blank(t.at[0])) t = text_n(t.at + 1, t.n - 1);
    while (t.n && is_blank(t.at[t.n - 1])) t.n--;
    return t;
}

size_t text_distance(struct text a, struct text b) {
    if (a.n > 64 || b.n > 64) return SIZE_MAX;
    size_t row[65]; /* row[j]: from the part of `a` seen so far to the first j bytes of `b` */
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t replaced = diagonal + (a.at[i - 1] != b.at[j - 1]);
            size_t moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[b.n];
}

bool text_cut(struct text t, char c, struct text *head, struct text *tail) {
    const char *found = t.n ? memchr(t.at, c, t.n) : NULL;
    if (!found) {
        *head = t;
        *tail = TEXT_NONE;
        return false;
    }
    *head = text_n(t.at, (size_t)(found - t.at));
    *tail = text_n(found + 1, t.n - head->n - 1);
    return true;
}

size_t text_utf8_length(const char *at, size_t left) {
    const unsigned char *s = (const unsigned char *)at;
    if (left == 0) return 0;
    if (*s < 0x80) return 1;
    /* The second byte's range depends on the first (RFC 3629 section 4); the others are 80..BF. */
    unsigned n, low = 0x80, high = 0xBF;
    if (*s >= 0xC2 && *s <= 0xDF)
        n = 2;
    else if (*s >= 0xE0 && *s <= 0xEF) {
        n = 3;
        if (*s == 0xE0) low = 0xA0;
        if (*s == 0xED) high = 0x9F;
    } else if (*s >= 0xF0 && *s <= 0xF4) {
        n = 4;
        if (*s == 0xF0) low = 0x90;
        if (*s == 0xF4) high = 0x8F;
    } else
        return 0;
    if (left < n || s[1] < low || s[1] > high) return 0;
    for (unsigned i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xBF) return 0;
    return n;
}

bool text_utf8_valid(struct text t) {
    for (size_t i = 0, n; i < t.n; i += n)
        if ((n = text_utf8_length(t.at + i, t.n - i)) == 0) return false;
    return true;
}

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool text_is_key(struct text t) {
    if (t.n == 0 || t.n > 64 || !is_alnum(t.at[0])) return false;
    for (size_t i = 1; i < t.n; i++)
        if (!is_alnum(t.at[i]) && t.at[i] != '.' && t.at[i] != '_' && t.at[i] != '-') return false;
    return true;
}

bool text_to_int(struct text t, int64_t *out) {
    size_t i = 0;
    bool negative = t.n > 0 && t.at[0] == '-';
    if (negative) i++;
    if (i == t.n) return false;
    int64_t value = 0;
    for (; i < t.n; i++) {
        if (t.at[i] < '0' || t.at[i] > '9') return false;
        if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
        int digit = t.at[i] - '0';
        if (__builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value)) return false;
    }
    *out = value;
    return true;
}
