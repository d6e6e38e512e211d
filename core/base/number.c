#include "core/base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

/* Whole numbers below 2^53 are most of what Parley prints; they need no search for the shortest form. */
static size_t print_whole(char *out, double value) {
    return number_print_int(out, (int64_t)value);
}

/* A number with up to six decimals, as prices and shares are: digits / 10^k is the nearest double of its decimal text (both are
 * exact), so where it gives `value` that text is the shortest. 0 where it is no such number. */
static size_t print_decimals(char *out, double value) {
    double scale = 1, digits = 0;
    int decimals = 0;
    if (!(fabs(value) >= 1e-4 && fabs(value) < 1e9)) return 0;
    do {
        scale *= 10;
        digits = round(value * scale);
    } while (++decimals < 6 && digits / scale != value);
    if (digits / scale != value) return 0;
    size_t n = 0, length = number_print_int(out, (int64_t)fabs(digits));
    char *at = out + (value < 0);
    n = length > (size_t)decimals ? length - (size_t)decimals : 1; /* digits before the point */
    size_t zeros = length > (size_t)decimals ? 0 : (size_t)decimals + 1 - length;
    memmove(at + zeros, out, length);
    memset(at, '0', zeros);
    memmove(at + n + 1, at + n, (size_t)decimals);
    at[n] = '.';
    if (value < 0) out[0] = '-';
    length = (size_t)(at - out) + n + 1 + (size_t)decimals;
    out[length] = 0;
    return length;
}

size_t number_print(char out[static NUMBER_ROOM], double value) {
    if (value == floor(value) && fabs(value) < 1e15 && !(value == 0 && signbit(value))) return print_whole(out, value);
    size_t short_one = print_decimals(out, value);
    if (short_one) return short_one;
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, NUMBER_ROOM, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    char *point = strchr(out, *localeconv()->decimal_point);
    if (point) *point = '.';
    return (size_t)n;
}

size_t number_print_script(char out[static NUMBER_ROOM], double value) {
    size_t n = number_print(out, value), digits = 0;
    const char *e = memchr(out, 'e', n);
    if (!e) return n;
    int power = atoi(e + 1);
    char mantissa[NUMBER_ROOM];
    const char *sign = *out == '-' ? "-" : "";
    for (const char *at = out; at < e; at++)
        if (*at >= '0' && *at <= '9') mantissa[digits++] = *at;
    if (power < -6 || power >= 21) /* as it is, but for zeros before the exponent */
        return (size_t)(e - out) + (size_t)sprintf(out + (e - out), "e%+d", power);
    if (power < 0) return (size_t)sprintf(out, "%s0.%0*d%.*s", sign, -power - 1, 0, (int)digits, mantissa);
    /* So large a number has fewer digits than places. */
    return (size_t)sprintf(out, "%s%.*s%0*d", sign, (int)digits, mantissa, power + 1 - (int)digits, 0);
}

/* A JSON number taken apart: sign, digits (leading zeros dropped, point left out) and the power of ten behind them. */
struct decimal {
    bool negative;
    struct text whole, fraction; /* the digits before and behind the point */
    int64_t exponent;
};

static struct text take_digits(const char **at, const char *end) {
    const char *from = *at;
    while (*at < end && **at >= '0' && **at <= '9') (*at)++;
    return text_n(from, (size_t)(*at - from));
}

/* An exponent of more digits than this is beyond anything that a text's own length could make up for. */
enum { EXPONENT_LIMIT = 1000000000 };

static bool read_exponent(const char **at, const char *end, int64_t *exponent) {
    bool negative = *at < end && **at == '-';
    if (*at < end && (**at == '-' || **at == '+')) (*at)++;
    struct text digits = take_digits(at, end);
    for (size_t i = 0; i < digits.n && *exponent < EXPONENT_LIMIT; i++)
        *exponent = *exponent * 10 + (digits.at[i] - '0');
    if (negative) *exponent = -*exponent;
    return digits.n > 0;
}

static bool read_decimal(struct text t, struct decimal *d) {
    const char *at = t.at, *end = t.at + t.n;
    *d = (struct decimal){0};
    if (at < end && *at == '-') d->negative = true, at++;
    d->whole = take_digits(&at, end);
    if (d->whole.n == 0 || (d->whole.n > 1 && d->whole.at[0] == '0')) return false;
    if (at < end && *at == '.') {
        at++;
        d->fraction = take_digits(&at, end);
        if (d->fraction.n == 0) return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (!read_exponent(&at, end, &d->exponent)) return false;
    }
    return at == end;
}

static int digit_at(const struct decimal *d, size_t i) {
    if (i < d->whole.n) return d->whole.at[i] - '0';
    i -= d->whole.n;
    return i < d->fraction.n ? d->fraction.at[i] - '0' : 0;
}

static size_t digit_count(const struct decimal *d) {
    return d->whole.n + d->fraction.n;
}

/* Up to 2^53 and 10^22 both are doubles exactly, so one multiplication or division rounds once, that is rightly
 * (W. D. Clinger, "How to read floating point numbers accurately", 1990). */
static bool parse_short(const struct decimal *d, double *out) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t exponent = d->exponent - (int64_t)d->fraction.n;
    if (digit_count(d) > 15 || exponent < -22 || exponent > 22) return false;
    int64_t digits = 0;
    for (size_t i = 0; i < digit_count(d); i++) digits = digits * 10 + digit_at(d, i);
    double value = exponent < 0 ? (double)digits / tens[-exponent] : (double)digits * tens[exponent];
    *out = d->negative ? -value : value;
    return true;
}

/* Hands strtod the digits without their point, which a locale may want otherwise, and the exponent moved to fit. */
static double parse_long(const struct decimal *d) {
    char few[128];
    size_t room = digit_count(d) + 32;
    char *copy = room <= sizeof few ? few : memory_alloc(room);
    size_t n = 0;
    if (d->negative) copy[n++] = '-';
    memcpy(copy + n, d->whole.at, d->whole.n);
    n += d->whole.n;
    if (d->fraction.n) memcpy(copy + n, d->fraction.at, d->fraction.n);
    n += d->fraction.n;
    snprintf(copy + n, room - n, "e%lld", (long long)d->exponent - (long long)d->fraction.n);
    double value = strtod(copy, NULL);
    if (copy != few) free(copy);
    return value;
}

bool number_parse(struct text t, double *out) {
    struct decimal d;
    if (!read_decimal(t, &d)) return false;
    if (parse_short(&d, out)) return true;
    *out = parse_long(&d);
    return isfinite(*out);
}

bool number_scaled(struct text t, int scale, int64_t *out, bool *exact) {
    struct decimal d;
    if (!read_decimal(t, &d)) return false;
    size_t first = 0, count = digit_count(&d);
    while (first < count && digit_at(&d, first) == 0) first++;
    /* The digits in front of the moved point are the integer, the one behind it decides the rounding. */
    int64_t point = (int64_t)d.whole.n + d.exponent + scale, value = 0;
    *out = 0;
    *exact = first == count;
    if (*exact || point < (int64_t)first) return true;
    if (point - (int64_t)first > 19) return false;
    for (int64_t i = (int64_t)first; i < point; i++)
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)digit_at(&d, (size_t)i), &value))
            return false;
    *exact = true;
    for (size_t i = (size_t)point; i < count && *exact; i++) *exact = digit_at(&d, i) == 0;
    if (digit_at(&d, (size_t)point) >= 5 && __builtin_add_overflow(value, (int64_t)1, &value)) return false;
    *out = d.negative ? -value : value;
    return true;
}

size_t number_print_int(char out[static NUMBER_ROOM], int64_t value) {
    char digits[NUMBER_ROOM];
    size_t n = 0, length = 0;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do digits[n++] = (char)('0' + rest % 10);
    while ((rest /= 10));
    if (value < 0) out[length++] = '-';
    while (n) out[length++] = digits[--n];
    out[length] = 0;
    return length;
}
