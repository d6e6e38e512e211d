/* Texts with a form of their own: the values of `format`, and regular expressions by PCRE2. */
#include "core/base/schema_internal.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { MATCH_STEPS = 200000, MATCH_MEMORY = 4096 /* KiB */ };

/* ---- regular expressions ---- */

pcre2_code *schema_regex(struct text pattern, char *why, size_t room) {
    int error;
    size_t offset;
    if (pattern.n > SCHEMA_PATTERN) {
        snprintf(why, room, "it has %zu bytes; at most %d are allowed", pattern.n, SCHEMA_PATTERN);
        return NULL;
    }
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                       PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.at : ""), pattern.n, options, &error, &offset, NULL);
    if (!code) {
        char words[120];
        pcre2_get_error_message(error, (PCRE2_UCHAR *)words, sizeof words);
        snprintf(why, room, "%s (at byte %zu)", words, offset);
    }
    return code;
}

int schema_matches(const pcre2_code *pattern, struct text subject) {
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_set_match_limit(limits, MATCH_STEPS);
    pcre2_set_heap_limit(limits, MATCH_MEMORY);
    int n = pcre2_match(pattern, (PCRE2_SPTR)(subject.n ? subject.at : ""), subject.n, 0, 0, match, limits);
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return n >= 0 ? 1 : n == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* ---- formats ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* "dddd-dd": d stands for a digit, anything else for itself; takes it off the front. */
static bool take_like(struct text *t, const char *like) {
    size_t n = strlen(like);
    if (t->n < n) return false;
    for (size_t i = 0; i < n; i++)
        if (like[i] == 'd' ? !is_digit(t->at[i]) : like[i] != t->at[i]) return false;
    *t = text_n(t->at + n, t->n - n);
    return true;
}

static int two(const char *at) {
    return (at[0] - '0') * 10 + at[1] - '0';
}

static int days_in(int year, int month) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? 28 + leap : 30 + ((month + month / 8) & 1);
}

/* RFC 3339, section 5.6, full-date. */
static bool take_date(struct text *t) {
    const char *at = t->at;
    if (!take_like(t, "dddd-dd-dd")) return false;
    int year = two(at) * 100 + two(at + 2), month = two(at + 5), day = two(at + 8);
    return month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

/* RFC 3339, full-time: a second 60 is one only where it is 23:59 in UTC. */
static bool take_time(struct text *t) {
    const char *at = t->at;
    if (!take_like(t, "dd:dd:dd")) return false;
    int minute = two(at) * 60 + two(at + 3), second = two(at + 6);
    if (two(at) > 23 || two(at + 3) > 59 || second > 60) return false;
    if (take_like(t, ".d"))
        while (take_like(t, "d")) continue;
    else if (t->n && t->at[0] == '.')
        return false;
    if (t->n && (t->at[0] | 32) == 'z')
        *t = text_n(t->at + 1, t->n - 1);
    else {
        const char *zone = t->at;
        if (!take_like(t, "+dd:dd") && !take_like(t, "-dd:dd")) return false;
        if (two(zone + 1) > 23 || two(zone + 4) > 59) return false;
        int offset = two(zone + 1) * 60 + two(zone + 4);
        minute = (minute + (zone[0] == '+' ? -offset : offset) + 1440) % 1440;
    }
    return second < 60 || minute == 1439;
}

static bool is_date(struct text t) {
    return take_date(&t) && t.n == 0;
}
static bool is_time(struct text t) {
    return take_time(&t) && t.n == 0;
}
static bool is_date_time(struct text t) {
    if (!take_date(&t) || !t.n || (t.at[0] | 32) != 't') return false;
    return is_time(text_n(t.at + 1, t.n - 1));
}

/* Labels of letters, digits and inner hyphens, as RFC 1123 has them. */
static bool is_hostname(struct text t) {
    struct text label, rest = t;
    if (!t.n || t.n > 253) return false;
    for (bool more = true; more;) {
        more = text_cut(rest, '.', &label, &rest);
        if (!label.n || label.n > 63 || label.at[0] == '-' || label.at[label.n - 1] == '-') return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_letter(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-') return false;
    }
    return true;
}

static bool is_ip(int family, struct text t) {
    char copy[64], address[16];
    if (t.n >= sizeof copy || memchr(t.at, 0, t.n)) return false;
    memcpy(copy, t.at, t.n);
    copy[t.n] = 0;
    return inet_pton(family, copy, address) == 1;
}
static bool is_ipv4(struct text t) {
    return is_ip(AF_INET, t);
}
static bool is_ipv6(struct text t) {
    return is_ip(AF_INET6, t);
}

/* RFC 5321, section 4.1.2: local@domain. */
static bool is_atoms(struct text local) {
    bool dot = true; /* none at the start, at the end or twice */
    for (size_t i = 0; i < local.n; i++) {
        char c = local.at[i];
        if (c == '.' ? dot : !is_letter(c) && !is_digit(c) && !strchr("!#$%&'*+/=?^_`{|}~-", c)) return false;
        dot = c == '.';
    }
    return !dot;
}

static bool is_quoted(struct text local) {
    if (local.n < 2 || local.at[0] != '"' || local.at[local.n - 1] != '"') return false;
    for (size_t i = 1; i < local.n - 1; i++) {
        if (local.at[i] == '\\')
            i++;
        else if (local.at[i] == '"')
            return false;
        if (i >= local.n - 1 || local.at[i] < ' ' || local.at[i] > '~') return false;
    }
    return true;
}

static bool is_email_domain(struct text t) {
    if (t.n < 2 || t.at[0] != '[' || t.at[t.n - 1] != ']') return is_hostname(t);
    struct text inside = text_n(t.at + 1, t.n - 2), v6 = TEXT("IPv6:");
    return text_starts(inside, v6) ? is_ipv6(text_n(inside.at + v6.n, inside.n - v6.n)) : is_ipv4(inside);
}

static bool is_email(struct text t) {
    size_t at = t.n;
    while (at > 0 && t.at[at - 1] != '@') at--;
    if (at < 2) return false;
    struct text local = text_n(t.at, at - 1);
    return local.n <= 64 && (is_atoms(local) || is_quoted(local)) && is_email_domain(text_n(t.at + at, t.n - at));
}

static bool is_uuid(struct text t) {
    if (t.n != 36) return false;
    for (size_t i = 0; i < t.n; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        char c = t.at[i];
        if (hyphen ? c != '-' : !is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f')) return false;
    }
    return true;
}

/* Only characters of a URI, and "%" only before two hexadecimal digits (RFC 3986, section 2). */
static bool is_uri_text(struct text t, const char *beside) {
    for (size_t i = 0; i < t.n; i++) {
        char c = t.at[i];
        if (c == '%') {
            bool hex = i + 2 < t.n && strchr("0123456789abcdefABCDEF", t.at[i + 1]) &&
                       strchr("0123456789abcdefABCDEF", t.at[i + 2]);
            if (!hex) return false;
        } else if (!is_letter(c) && !is_digit(c) && (!c || !strchr("-._~!$&'()*+,;=", c)) && (!c || !strchr(beside, c)))
            return false;
    }
    return true;
}

static bool is_authority(struct text t) {
    struct text user, host = t, port = TEXT_NONE;
    if (memchr(t.at, '@', t.n)) {
        text_cut(t, '@', &user, &host);
        if (!is_uri_text(user, ":")) return false;
    }
    if (host.n && host.at[0] == '[') {
        const char *end = memchr(host.at, ']', host.n);
        if (!end || !is_ipv6(text_n(host.at + 1, (size_t)(end - host.at) - 1))) return false;
        port = text_n(end + 1, host.n - (size_t)(end + 1 - host.at));
        if (port.n && port.at[0] != ':') return false;
        if (port.n) port = text_n(port.at + 1, port.n - 1);
    } else {
        text_cut(host, ':', &host, &port);
        if (!is_uri_text(host, "")) return false;
    }
    for (size_t i = 0; i < port.n; i++)
        if (!is_digit(port.at[i])) return false;
    return true;
}

/* RFC 3986, section 3: scheme ":" hier-part ["?" query] ["#" fragment]. */
static bool is_uri(struct text t) {
    struct text scheme, rest, fragment = TEXT_NONE, query = TEXT_NONE;
    if (!text_cut(t, ':', &scheme, &rest) || !scheme.n || !is_letter(scheme.at[0])) return false;
    for (size_t i = 0; i < scheme.n; i++)
        if (!is_letter(scheme.at[i]) && !is_digit(scheme.at[i]) && !strchr("+-.", scheme.at[i])) return false;
    text_cut(rest, '#', &rest, &fragment);
    text_cut(rest, '?', &rest, &query);
    if (!is_uri_text(fragment, ":@/?") || !is_uri_text(query, ":@/?")) return false;
    if (!text_starts(rest, TEXT("//"))) return is_uri_text(rest, ":@/");
    struct text authority, path = TEXT_NONE;
    text_cut(text_n(rest.at + 2, rest.n - 2), '/', &authority, &path);
    return is_authority(authority) && is_uri_text(path, ":@/");
}

static bool is_regex(struct text t) {
    char why[160];
    pcre2_code *code = schema_regex(t, why, sizeof why);
    pcre2_code_free(code);
    return code;
}

static const struct {
    const char *name;
    bool (*fits)(struct text value);
} formats[] = {
    {"date-time", is_date_time}, {"date", is_date}, {"time", is_time}, {"email", is_email}, {"ipv4", is_ipv4},
    {"ipv6", is_ipv6},           {"uri", is_uri},   {"uuid", is_uuid}, {"regex", is_regex},
};
const char schema_format_names[] = "date-time, date, time, email, ipv4, ipv6, uri, uuid or regex";

static size_t find_format(struct text name) {
    size_t i = 0, n = sizeof formats / sizeof *formats;
    while (i < n && !text_is(name, formats[i].name)) i++;
    return i;
}

bool schema_format_known(struct text name) {
    return find_format(name) < sizeof formats / sizeof *formats;
}

bool schema_format_fits(struct text name, struct text value) {
    return formats[find_format(name)].fits(value);
}
