/* Operators on texts. Positions count code points. */
#include <math.h>

#include "core/base/buffer.h"
#include "experiments/decide/condition_internal.h"

static struct value eval_cat(struct run *run, uint32_t at) {
    struct buffer joined = {0};
    bool absent = false;
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next) {
        struct value v = run_eval(run, child);
        absent |= v.absent;
        if (v.kind == VALUE_NULL) continue;
        struct text part = value_to_text(&run->home, v);
        if (run_spend(run, part.n / 16)) buffer_text(&joined, part);
    }
    struct value result = value_string(arena_text(run->input->arena, buffer_view(&joined)));
    buffer_free(&joined);
    result.absent = absent;
    return result;
}

static bool is_continuation(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

static double length(struct text t) {
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) n += !is_continuation(t.at[i]);
    return (double)n;
}

/* The bytes before code point number `points`. */
static size_t offset(struct text t, double points) {
    size_t i = 0;
    for (; i < t.n && points > 0; points--) do
            i++;
        while (i < t.n && is_continuation(t.at[i]));
    return i;
}

/* A whole number as JavaScript's String.substr takes it; NaN is 0. */
static double position(struct run *run, struct value v) {
    double x = value_to_number(&run->home, v);
    return isnan(x) ? 0 : trunc(x);
}

/* [text, start, length]: a negative start counts from the end, a negative length leaves out so many at the end. */
static struct value eval_substr(struct run *run, uint32_t at) {
    uint32_t second = run->nodes[at + 1].next;
    struct value source = run_eval(run, at + 1), from = run_eval(run, second);
    struct text t = value_to_text(&run->home, source);
    double start = position(run, from), n = length(t), count = INFINITY;
    if (start < 0) start = fmax(0, n + start);
    start = fmin(start, n);
    if (run->nodes[at].count == 3) {
        struct value third = run_eval(run, run->nodes[second].next);
        source = resting_on(source, third);
        count = value_to_number(&run->home, third);
        if (isnan(count)) count = 0;
        if (count < 0) count = fmax(0, n - start + count);
        count = trunc(count);
    }
    size_t begin = offset(t, start);
    struct text rest = text_n(t.at + begin, t.n - begin);
    rest.n = offset(rest, count);
    return resting_on(resting_on(value_string(rest), source), from);
}

/* Is the text a part of the text, or the value an element of the list? Nothing, not even "", is in an empty text. */
static struct value eval_in(struct run *run, uint32_t at) {
    struct value needle = run_eval(run, at + 1), hay = run_eval(run, run->nodes[at + 1].next), element;
    struct value result = resting_on(resting_on(value_bool(false), needle), hay);
    struct value_cursor cursor = {0};
    if (hay.kind == VALUE_STRING) {
        struct text part = value_to_text(&run->home, needle);
        result.truth = hay.string.n && (!part.n || memmem(hay.string.at, hay.string.n, part.at, part.n));
        return result;
    }
    while (!result.truth && value_next(&run->home, hay, &cursor, &element))
        result.truth = value_same(&run->home, needle, element);
    run_spend(run, cursor.i / 16);
    return result;
}

static struct value eval_affix(struct run *run, uint32_t at) {
    struct value t = run_eval(run, at + 1), affix = run_eval(run, run->nodes[at + 1].next);
    bool texts = t.kind == VALUE_STRING && affix.kind == VALUE_STRING;
    bool holds = texts && (run->nodes[at].op == OP_STARTS_WITH ? text_starts(t.string, affix.string)
                                                               : text_ends(t.string, affix.string));
    return resting_on(resting_on(value_bool(holds), t), affix);
}

struct value run_text_operator(struct run *run, uint32_t at) {
    switch ((enum condition_operator)run->nodes[at].op) {
    case OP_CAT: return eval_cat(run, at);
    case OP_SUBSTR: return eval_substr(run, at);
    case OP_IN: return eval_in(run, at);
    default: return eval_affix(run, at);
    }
}
