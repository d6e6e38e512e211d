/* Evaluation: one walk down the flat tree. Operators over lists, texts and flagd's have files of their own. */
#include "experiments/decide/condition.h"

#include <math.h>

#include "core/base/clock.h"
#include "experiments/decide/condition_internal.h"

static uint32_t argument(const struct run *run, uint32_t at, uint32_t i) {
    uint32_t child = at + 1;
    while (i--) child = run->nodes[child].next;
    return child;
}

/* ---- var ---- */

/* `$flagd.flagKey` and `$flagd.timestamp` are given to every condition, as flagd does. */
static bool flagd_attribute(struct run *run, const struct text *steps, uint32_t n, struct value *out) {
    if (n != 2 || !text_is(steps[0], "$flagd")) return false;
    if (text_is(steps[1], "flagKey"))
        *out = value_string(run->input->feature_key);
    else if (text_is(steps[1], "timestamp"))
        *out = value_number(floor((double)run->input->now / CLOCK_SECOND));
    else
        return false;
    return true;
}

bool run_var(struct run *run, const struct text *steps, uint32_t n, struct value *out) {
    bool found = true;
    *out = run->current;
    if (flagd_attribute(run, steps, n, out)) return true;
    for (uint32_t i = 0; i < n && found; i++) found = value_member(&run->home, *out, steps[i], out);
    return found;
}

static struct value eval_var(struct run *run, uint32_t at) {
    const struct node *node = &run->nodes[at];
    struct value v;
    bool found;
    if (node->fixed_path)
        found = run_var(run, node->path.steps, node->path.n, &v);
    else {
        struct value path = run_eval(run, at + 1);
        uint32_t n = 0;
        const struct text *steps =
            path.kind == VALUE_NULL ? NULL : condition_path(run->input->arena, value_to_text(&run->home, path), &n);
        found = run_var(run, steps, n, &v);
        v = resting_on(v, path);
    }
    return !found && node->count == 2 ? run_eval(run, argument(run, at, 1)) : v;
}

/* ---- logic ---- */

static bool truth(struct run *run, struct value v) {
    return value_true(&run->home, v);
}

static struct value eval_if(struct run *run, uint32_t at) {
    struct value rest = value_null();
    uint32_t end = run->nodes[at].next, child = at + 1;
    bool absent = false;
    while (child < end) {
        struct value v = run_eval(run, child);
        child = run->nodes[child].next;
        if (child >= end) { /* the last one alone: else */
            rest = v;
            break;
        }
        absent |= v.absent;
        if (truth(run, v)) {
            rest = run_eval(run, child);
            break;
        }
        child = run->nodes[child].next;
    }
    rest.absent |= absent;
    return rest;
}

/* The first argument whose truth is `stop`, else the last. A value that decides alone is known whatever the others are. */
static struct value eval_until(struct run *run, uint32_t at, bool stop) {
    struct value v = value_null();
    bool absent = false;
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next) {
        v = run_eval(run, child);
        if (truth(run, v) == stop) return v;
        absent |= v.absent;
    }
    v.absent = absent;
    return v;
}

static bool compare(const struct run *run, enum condition_operator op, struct value a, struct value b) {
    switch (op) {
    case OP_EQUAL: return value_equal(&run->home, a, b);
    case OP_UNEQUAL: return !value_equal(&run->home, a, b);
    case OP_SAME: return value_same(&run->home, a, b);
    case OP_DIFFERENT: return !value_same(&run->home, a, b);
    case OP_LESS: return value_less(&run->home, a, b);
    case OP_LESS_OR_EQUAL: return value_less_or_equal(&run->home, a, b);
    case OP_MORE: return value_less(&run->home, b, a);
    default: return value_less_or_equal(&run->home, b, a);
    }
}

/* The condition that most audiences are: an attribute of the context against a text. False where there is no such text, or it is
 * written with escapes: those go the general way, which gives the same for the others. */
static bool compare_attribute(const struct node *nodes, uint32_t at, const struct condition_input *input, bool *holds) {
    const struct node *node = &nodes[at], *var = &nodes[at + 1];
    const struct json *json = input->json;
    json_at found = json ? json_get(json, input->root, var->path.steps[0]) : JSON_NONE;
    if (found == JSON_NONE) return false;
    const struct json_token *token = &json->tokens[found];
    if (token->kind != JSON_KIND_STRING || token->escaped) return false;
    bool same = text_eq(text_n(json->text.at + token->at, token->n), nodes[var->next].literal.string);
    *holds = same == (node->op == OP_EQUAL || node->op == OP_SAME);
    return true;
}

/* Not inside map, filter and their like. */
static bool at_root(const struct run *run) {
    return run->current.kind == VALUE_TAPE && run->current.at == run->input->root;
}

/* a < b, or a < b < c with three arguments; likewise the others. */
static struct value eval_comparison(struct run *run, uint32_t at) {
    const struct node *node = &run->nodes[at];
    bool simple;
    if (node->attribute_is && at_root(run) && compare_attribute(run->nodes, at, run->input, &simple))
        return value_bool(simple);
    struct value a = run_eval(run, at + 1), b = run_eval(run, argument(run, at, 1));
    bool holds = compare(run, node->op, a, b), absent = a.absent || b.absent;
    if (node->count == 3) {
        struct value c = run_eval(run, argument(run, at, 2));
        holds = holds && compare(run, node->op, b, c);
        absent |= c.absent;
    }
    return (struct value){.kind = VALUE_BOOL, .truth = holds, .absent = absent};
}

/* ---- numbers ---- */

/* +, *, max and min over all arguments; a product of one is that one, as it is. Sums and products read texts as parseFloat does, the others as Number does. */
static struct value eval_fold(struct run *run, uint32_t at) {
    enum condition_operator op = run->nodes[at].op;
    double total = op == OP_PLUS ? 0 : op == OP_TIMES ? 1 : op == OP_MAX ? -INFINITY : INFINITY;
    bool absent = false;
    if (op == OP_TIMES && run->nodes[at].count == 1) return run_eval(run, at + 1);
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next) {
        struct value v = run_eval(run, child);
        absent |= v.absent;
        bool sum = op == OP_PLUS || op == OP_TIMES;
        double x = sum ? value_parse_float(&run->home, v) : value_to_number(&run->home, v);
        if (op == OP_PLUS)
            total += x;
        else if (op == OP_TIMES)
            total *= x;
        else if (isnan(x) || isnan(total))
            total = NAN;
        else if (op == OP_MAX ? x > total : x < total)
            total = x;
    }
    return (struct value){.kind = VALUE_NUMBER, .number = total, .absent = absent};
}

static struct value eval_arithmetic(struct run *run, uint32_t at) {
    struct value left = run_eval(run, at + 1);
    double a = value_to_number(&run->home, left);
    if (run->nodes[at].count == 1) return resting_on(value_number(-a), left);
    struct value right = run_eval(run, argument(run, at, 1));
    double b = value_to_number(&run->home, right);
    enum condition_operator op = run->nodes[at].op;
    double result = op == OP_MINUS ? a - b : op == OP_DIVIDE ? a / b : fmod(a, b);
    return resting_on(resting_on(value_number(result), left), right);
}

/* ---- ours ---- */

static bool instant(struct run *run, struct value v, int64_t *ms) {
    return v.kind == VALUE_STRING && clock_parse(v.string, ms);
}

/* What is no ISO date is neither before nor after anything. */
static struct value eval_date(struct run *run, uint32_t at) {
    struct value a = run_eval(run, at + 1), b = run_eval(run, argument(run, at, 1));
    int64_t left, right;
    bool dates = instant(run, a, &left) && instant(run, b, &right);
    bool holds = dates && (run->nodes[at].op == OP_BEFORE ? left < right : left > right);
    return (struct value){.kind = VALUE_BOOL, .truth = holds, .absent = a.absent || b.absent};
}

static struct value run_whole(const struct condition *condition, const struct condition_input *input, uint32_t *steps,
                              uint32_t segment_depth) {
    struct run run = {.nodes = condition->nodes,
                      .input = input,
                      .home = {input->json, input->arena},
                      .steps = steps,
                      .segment_depth = segment_depth};
    run.current = value_of(&run.home, input->json ? input->root : JSON_NONE);
    return run_eval(&run, 0);
}

/* Whether the unit is on the segment's list. An event has no targetingKey: its unit is its userId, else its anonymousId. */
static struct value on_list(struct run *run, const struct condition_segment *segment) {
    const struct condition_input *input = run->input;
    const struct text names[] = {segment->unit, TEXT("userId"), TEXT("anonymousId")};
    size_t n = text_is(segment->unit, "targetingKey") ? 3 : 1;
    for (size_t i = 0; input->json && i < n; i++) {
        json_at at = json_get(input->json, input->root, names[i]);
        enum json_kind kind = json_kind(input->json, at);
        if (at == JSON_NONE || (kind != JSON_KIND_STRING && kind != JSON_KIND_NUMBER)) continue;
        bool text = kind == JSON_KIND_STRING;
        return value_bool(id_list_has(segment->list, text ? json_unescaped(input->json, at, input->arena)
                                                          : json_source(input->json, at)));
    }
    return (struct value){.kind = VALUE_BOOL, .truth = false, .absent = true};
}

/* True where one of the named segments holds. A segment that is not there, or refers to itself, is unknown. */
static struct value eval_in_segment(struct run *run, uint32_t at) {
    struct value result = value_bool(false);
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next) {
        struct value name = run_eval(run, child);
        const struct condition_segment *segment =
            name.kind == VALUE_STRING && run->input->segments ? map_get(run->input->segments, name.string) : NULL;
        if (!segment || run->segment_depth >= CONDITION_MAX_SEGMENT_DEPTH) {
            result.absent = true;
            continue;
        }
        struct value v = segment->condition
                             ? run_whole(segment->condition, run->input, run->steps, run->segment_depth + 1)
                             : on_list(run, segment);
        if (truth(run, v)) return (struct value){.kind = VALUE_BOOL, .truth = true, .absent = v.absent};
        result.absent |= v.absent;
    }
    return result;
}

static struct value eval_list(struct run *run, uint32_t at) {
    const struct node *node = &run->nodes[at];
    struct value *items = arena_array(run->input->arena, struct value, node->count);
    struct value list = value_list(items, node->count);
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < node->count; i++, child = run->nodes[child].next) {
        items[i] = run_eval(run, child);
        list.absent |= items[i].absent;
    }
    return list;
}

struct value run_eval(struct run *run, uint32_t at) {
    const struct node *node = &run->nodes[at];
    if (!run_spend(run, 1)) return (struct value){.kind = VALUE_NULL, .absent = true};
    switch ((enum condition_operator)node->op) {
    case OP_LITERAL: return node->literal;
    case OP_LIST: return eval_list(run, at);
    case OP_VAR: return eval_var(run, at);
    case OP_IF:
    case OP_TERNARY: return eval_if(run, at);
    case OP_LOG: return run_eval(run, at + 1); /* deciding writes nothing: the trace says what came of it */
    case OP_OR: return eval_until(run, at, true);
    case OP_AND: return eval_until(run, at, false);
    case OP_NOT:
    case OP_TRUTH: {
        struct value v = run_eval(run, at + 1);
        return resting_on(value_bool(truth(run, v) == (node->op == OP_TRUTH)), v);
    }
    case OP_EQUAL:
    case OP_SAME:
    case OP_UNEQUAL:
    case OP_DIFFERENT:
    case OP_LESS:
    case OP_LESS_OR_EQUAL:
    case OP_MORE:
    case OP_MORE_OR_EQUAL: return eval_comparison(run, at);
    case OP_PLUS:
    case OP_TIMES:
    case OP_MAX:
    case OP_MIN: return eval_fold(run, at);
    case OP_MINUS:
    case OP_DIVIDE:
    case OP_MODULO: return eval_arithmetic(run, at);
    case OP_MISSING:
    case OP_MISSING_SOME:
    case OP_MAP:
    case OP_FILTER:
    case OP_REDUCE:
    case OP_ALL:
    case OP_NONE:
    case OP_SOME:
    case OP_MERGE: return run_list_operator(run, at);
    case OP_IN:
    case OP_CAT:
    case OP_SUBSTR:
    case OP_STARTS_WITH:
    case OP_ENDS_WITH: return run_text_operator(run, at);
    case OP_SEM_VER:
    case OP_FRACTIONAL: return run_flagd_operator(run, at);
    case OP_IN_SEGMENT: return eval_in_segment(run, at);
    case OP_BEFORE:
    case OP_AFTER: return eval_date(run, at);
    }
    return value_null();
}

/* Out of steps, nothing is known: what stands around the part that was cut short, a `!` for one, says nothing either. */
struct value condition_value(const struct condition *condition, const struct condition_input *input) {
    uint32_t steps = 0;
    if (!condition) return value_bool(true);
    struct value v = run_whole(condition, input, &steps, 0);
    return steps < CONDITION_MAX_STEPS ? v : (struct value){.kind = VALUE_NULL, .absent = true};
}

bool condition_true(const struct condition *condition, const struct condition_input *input) {
    bool holds;
    if (!condition) return true;
    if (condition->nodes->attribute_is && compare_attribute(condition->nodes, 0, input, &holds)) return holds;
    return value_true(&(struct value_home){input->json, input->arena}, condition_value(condition, input));
}
