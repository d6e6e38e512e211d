/* The coercions are those of ECMA-262 (ToNumber, ToString, IsLooselyEqual, IsLessThan), as far as JSON values go. */
#include "experiments/decide/value.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/buffer.h"
#include "core/base/number.h"

struct value value_of(const struct value_home *home, json_at at) {
    double number = 0;
    if (at == JSON_NONE || !home->json) return (struct value){.kind = VALUE_NULL, .absent = true};
    switch (json_kind(home->json, at)) {
    case JSON_KIND_NULL: return value_null();
    case JSON_KIND_FALSE: return value_bool(false);
    case JSON_KIND_TRUE: return value_bool(true);
    case JSON_KIND_NUMBER: json_number(home->json, at, &number); return value_number(number);
    case JSON_KIND_STRING: return value_string(json_unescaped(home->json, at, home->arena));
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT: break;
    }
    return (struct value){.kind = VALUE_TAPE, .at = at};
}

/* ---- lists and members ---- */

bool value_is_list(const struct value_home *home, struct value v) {
    return v.kind == VALUE_LIST || (v.kind == VALUE_TAPE && json_kind(home->json, v.at) == JSON_KIND_ARRAY);
}

uint32_t value_size(const struct value_home *home, struct value v) {
    if (v.kind == VALUE_LIST) return v.n;
    return value_is_list(home, v) ? home->json->tokens[v.at].size : 0;
}

bool value_next(const struct value_home *home, struct value list, struct value_cursor *cursor, struct value *out) {
    if (cursor->i >= value_size(home, list)) return false;
    if (list.kind == VALUE_LIST)
        *out = list.items[cursor->i];
    else {
        cursor->at = cursor->i ? json_after(home->json, list.at, cursor->at) : json_first(home->json, list.at);
        *out = value_of(home, cursor->at);
    }
    cursor->i++;
    return true;
}

/* Of a computed list or a scope, which hold values; NULL where there is none. */
static const struct value *item(struct value of, struct text name) {
    int64_t index;
    if (of.kind == VALUE_SCOPE)
        return text_is(name, "current") ? &of.items[0] : text_is(name, "accumulator") ? &of.items[1] : NULL;
    return text_to_int(name, &index) && index >= 0 && index < of.n ? &of.items[index] : NULL;
}

static json_at on_tape(const struct value_home *home, struct value of, struct text name) {
    int64_t index;
    if (!value_is_list(home, of)) return json_get(home->json, of.at, name);
    if (!text_to_int(name, &index) || index < 0 || index >= value_size(home, of)) return JSON_NONE;
    json_at at = json_first(home->json, of.at);
    while (index--) at = json_after(home->json, of.at, at);
    return at;
}

bool value_member(const struct value_home *home, struct value of, struct text name, struct value *out) {
    bool held = of.kind == VALUE_LIST || of.kind == VALUE_SCOPE;
    const struct value *found = held ? item(of, name) : NULL;
    json_at at = of.kind == VALUE_TAPE ? on_tape(home, of, name) : JSON_NONE;
    *out = found ? *found : value_of(home, at);
    return found || at != JSON_NONE;
}

/* ---- coercions ---- */

bool value_true(const struct value_home *home, struct value v) {
    switch ((enum value_kind)v.kind) {
    case VALUE_NULL: return false;
    case VALUE_BOOL: return v.truth;
    case VALUE_NUMBER: return v.number != 0 && !isnan(v.number);
    case VALUE_STRING: return v.string.n > 0;
    case VALUE_LIST: return v.n > 0;
    case VALUE_TAPE:
    case VALUE_SCOPE: break;
    }
    return !value_is_list(home, v) || value_size(home, v) > 0;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text trimmed(struct text t) {
    while (t.n && is_space(t.at[0])) t = text_n(t.at + 1, t.n - 1);
    while (t.n && is_space(t.at[t.n - 1])) t.n--;
    return t;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The longest prefix that is a decimal number in JavaScript's sense: [+-] digits [. digits] [e [+-] digits], with ".5" and
 * "5." allowed. Its length; 0 where there is none. */
static size_t decimal_prefix(struct text t) {
    size_t i = 0, whole, fraction = 0;
    if (i < t.n && (t.at[i] == '+' || t.at[i] == '-')) i++;
    for (whole = 0; i < t.n && is_digit(t.at[i]); i++) whole++;
    if (i < t.n && t.at[i] == '.') {
        size_t j = i + 1;
        for (; j < t.n && is_digit(t.at[j]); j++) fraction++;
        if (whole || fraction) i = j;
    }
    if (!whole && !fraction) return 0;
    if (i < t.n && (t.at[i] == 'e' || t.at[i] == 'E')) {
        size_t j = i + 1;
        if (j < t.n && (t.at[j] == '+' || t.at[j] == '-')) j++;
        size_t digits = j;
        while (j < t.n && is_digit(t.at[j])) j++;
        if (j > digits) i = j;
    }
    return i;
}

/* `t` is what decimal_prefix found. Longer ones than any sensible number are cut, which strtod would round away anyway. */
static double decimal(struct text t) {
    char digits[128];
    double value;
    if (number_parse(t, &value)) return value;
    size_t n = t.n < sizeof digits ? t.n : sizeof digits - 1;
    memcpy(digits, t.at, n);
    digits[n] = 0;
    return strtod(digits, NULL);
}

static bool infinity(struct text t, double *out) {
    double sign = t.n && t.at[0] == '-' ? -1 : 1;
    if (t.n && (t.at[0] == '-' || t.at[0] == '+')) t = text_n(t.at + 1, t.n - 1);
    *out = sign * INFINITY;
    return text_is(t, "Infinity");
}

static int base_named(char letter) {
    switch (letter | 32) {
    case 'x': return 16;
    case 'o': return 8;
    case 'b': return 2;
    default: return 0;
    }
}

/* "0x1F", "0o17", "0b11"; NaN where a digit is none of that base. False where it is not written so. */
static bool radix(struct text t, double *out) {
    int base = t.n > 2 && t.at[0] == '0' ? base_named(t.at[1]) : 0;
    *out = 0;
    for (size_t i = 2; base && i < t.n; i++) {
        int digit = is_digit(t.at[i]) ? t.at[i] - '0' : (t.at[i] | 32) - 'a' + 10;
        *out = digit >= 0 && digit < base ? *out * base + digit : NAN;
    }
    return base > 0;
}

static double text_to_number(struct text t) {
    double value;
    t = trimmed(t);
    if (t.n == 0) return 0;
    if (infinity(t, &value) || radix(t, &value)) return value;
    return decimal_prefix(t) == t.n ? decimal(t) : NAN;
}

double value_to_number(const struct value_home *home, struct value v) {
    switch ((enum value_kind)v.kind) {
    case VALUE_NULL: return 0;
    case VALUE_BOOL: return v.truth;
    case VALUE_NUMBER: return v.number;
    case VALUE_STRING: return text_to_number(v.string);
    case VALUE_LIST:
    case VALUE_TAPE:
    case VALUE_SCOPE: break;
    }
    return text_to_number(value_to_text(home, v));
}

double value_parse_float(const struct value_home *home, struct value v) {
    double value;
    if (v.kind == VALUE_NUMBER) return v.number;
    struct text t = trimmed(value_to_text(home, v));
    size_t n = decimal_prefix(t);
    if (n) return decimal(text_n(t.at, n));
    return infinity(t, &value) ? value : NAN;
}

static struct text number_to_text(struct arena *arena, double number) {
    char digits[NUMBER_ROOM];
    if (isnan(number)) return TEXT("NaN");
    if (number == 0) return TEXT("0"); /* -0 too */
    if (isinf(number)) return number < 0 ? TEXT("-Infinity") : TEXT("Infinity");
    return arena_text(arena, text_n(digits, number_print_script(digits, number)));
}

/* Array.prototype.join(","): null is empty. The tape is at most 64 deep and computed lists at most as deep as conditions. */
static struct text list_to_text(const struct value_home *home, struct value list) {
    struct buffer joined = {0};
    struct value_cursor cursor = {0};
    struct value item;
    while (value_next(home, list, &cursor, &item)) {
        if (cursor.i > 1) buffer_byte(&joined, ',');
        if (item.kind != VALUE_NULL) buffer_text(&joined, value_to_text(home, item));
    }
    struct text copy = arena_text(home->arena, buffer_view(&joined));
    buffer_free(&joined);
    return copy;
}

struct text value_to_text(const struct value_home *home, struct value v) {
    switch ((enum value_kind)v.kind) {
    case VALUE_NULL: return TEXT("null");
    case VALUE_BOOL: return v.truth ? TEXT("true") : TEXT("false");
    case VALUE_NUMBER: return number_to_text(home->arena, v.number);
    case VALUE_STRING: return v.string;
    case VALUE_LIST:
    case VALUE_TAPE:
    case VALUE_SCOPE: break;
    }
    return value_is_list(home, v) ? list_to_text(home, v) : TEXT("[object Object]");
}

/* ---- comparisons ---- */

bool value_same(const struct value_home *home, struct value a, struct value b) {
    if (a.kind != b.kind) return false;
    switch ((enum value_kind)a.kind) {
    case VALUE_NULL: return true;
    case VALUE_BOOL: return a.truth == b.truth;
    case VALUE_NUMBER: return a.number == b.number;
    case VALUE_STRING: return text_eq(a.string, b.string);
    case VALUE_LIST: return a.n && a.items == b.items;
    case VALUE_SCOPE: return a.items == b.items;
    case VALUE_TAPE: break;
    }
    return a.at == b.at;
}

static bool is_compound(struct value v) {
    return v.kind == VALUE_LIST || v.kind == VALUE_TAPE || v.kind == VALUE_SCOPE;
}

bool value_equal(const struct value_home *home, struct value a, struct value b) {
    if (a.kind == b.kind || (is_compound(a) && is_compound(b))) return value_same(home, a, b);
    if (a.kind == VALUE_NULL || b.kind == VALUE_NULL) return false;
    if (is_compound(a)) a = value_string(value_to_text(home, a));
    if (is_compound(b)) b = value_string(value_to_text(home, b));
    if (a.kind == b.kind) return value_same(home, a, b);
    return value_to_number(home, a) == value_to_number(home, b);
}

/* Both as strings where neither is a number, a truth or nothing; true with their order in *order. */
static bool as_texts(const struct value_home *home, struct value a, struct value b, int *order) {
    bool texts = (a.kind == VALUE_STRING || is_compound(a)) && (b.kind == VALUE_STRING || is_compound(b));
    if (texts) *order = text_cmp(value_to_text(home, a), value_to_text(home, b));
    return texts;
}

bool value_less(const struct value_home *home, struct value a, struct value b) {
    int order;
    if (as_texts(home, a, b, &order)) return order < 0;
    return value_to_number(home, a) < value_to_number(home, b);
}

bool value_less_or_equal(const struct value_home *home, struct value a, struct value b) {
    int order;
    if (as_texts(home, a, b, &order)) return order <= 0;
    return value_to_number(home, a) <= value_to_number(home, b);
}
