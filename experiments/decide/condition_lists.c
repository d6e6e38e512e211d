/* Operators that walk lists: inside them `var` starts from the element. Anything but a list counts as an empty one. */
#include "experiments/decide/condition_internal.h"

/* Evaluates the node with `var` starting from `element`, or from reduce's scope. */
static struct value within(struct run *run, uint32_t at, struct value element) {
    struct value outer = run->current;
    run->current = element;
    struct value v = run_eval(run, at);
    run->current = outer;
    return v;
}

static struct value eval_map(struct run *run, struct value list, uint32_t logic) {
    struct value *items = arena_array(run->input->arena, struct value, value_size(&run->home, list));
    struct value result = resting_on(value_list(items, 0), list), element;
    struct value_cursor cursor = {0};
    while (value_next(&run->home, list, &cursor, &element)) {
        items[result.n] = within(run, logic, element);
        result.absent |= items[result.n++].absent;
    }
    return result;
}

static struct value eval_filter(struct run *run, struct value list, uint32_t logic) {
    struct value *items = arena_array(run->input->arena, struct value, value_size(&run->home, list));
    struct value result = resting_on(value_list(items, 0), list), element;
    struct value_cursor cursor = {0};
    while (value_next(&run->home, list, &cursor, &element)) {
        struct value v = within(run, logic, element);
        result.absent |= v.absent;
        if (value_true(&run->home, v)) items[result.n++] = element;
    }
    return result;
}

/* all: every element holds and there is one; none: no element holds; some: one holds. */
static struct value eval_quantified(struct run *run, enum condition_operator op, struct value list, uint32_t logic) {
    struct value_cursor cursor = {0};
    struct value element, result = resting_on(value_bool(op == OP_NONE), list);
    if (op == OP_ALL) result.truth = value_size(&run->home, list) > 0;
    while (value_next(&run->home, list, &cursor, &element)) {
        struct value v = within(run, logic, element);
        if (value_true(&run->home, v) != (op == OP_ALL)) /* it decides alone */
            return resting_on(value_bool(op == OP_SOME), v);
        result.absent |= v.absent;
    }
    return result;
}

static struct value eval_reduce(struct run *run, uint32_t at, struct value list, uint32_t logic) {
    const struct node *nodes = run->nodes;
    struct value total = nodes[at].count == 3 ? run_eval(run, nodes[logic].next) : value_null(), element;
    struct value_cursor cursor = {0};
    while (value_next(&run->home, list, &cursor, &element)) {
        struct value *scope = arena_array(run->input->arena, struct value, 2);
        scope[0] = element;
        scope[1] = total;
        total = within(run, logic, (struct value){.kind = VALUE_SCOPE, .items = scope});
    }
    return resting_on(total, list);
}

/* All arguments, the elements of lists among them, in one list. */
static struct value eval_merge(struct run *run, uint32_t at) {
    struct value *parts = arena_array(run->input->arena, struct value, run->nodes[at].count), *items, element;
    struct value result = value_list(NULL, 0);
    uint32_t n = 0, room = 0;
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next) {
        parts[n] = run_eval(run, child);
        result.absent |= parts[n].absent;
        room += value_is_list(&run->home, parts[n]) ? value_size(&run->home, parts[n]) : 1;
        n++;
    }
    if (!run_spend(run, room)) return (struct value){.kind = VALUE_NULL, .absent = true};
    result.items = items = arena_array(run->input->arena, struct value, room);
    for (uint32_t i = 0; i < n; i++) {
        struct value_cursor cursor = {0};
        if (!value_is_list(&run->home, parts[i]))
            items[result.n++] = parts[i];
        else
            while (value_next(&run->home, parts[i], &cursor, &element)) items[result.n++] = element;
    }
    return result;
}

static bool is_missing(struct run *run, struct value name) {
    uint32_t n;
    const struct text *steps = condition_path(run->input->arena, value_to_text(&run->home, name), &n);
    struct value v;
    run_var(run, steps, n, &v);
    return v.kind == VALUE_NULL || (v.kind == VALUE_STRING && v.string.n == 0);
}

/* The names in `names` that lead to nothing. */
static struct value missing_of(struct run *run, struct value names) {
    struct value *items = arena_array(run->input->arena, struct value, value_size(&run->home, names));
    struct value result = value_list(items, 0), name;
    struct value_cursor cursor = {0};
    while (value_next(&run->home, names, &cursor, &name))
        if (is_missing(run, name)) items[result.n++] = name;
    return result;
}

static struct value eval_missing(struct run *run, uint32_t at) {
    struct value first = run->nodes[at].count ? run_eval(run, at + 1) : value_null();
    if (value_is_list(&run->home, first)) return missing_of(run, first);
    struct value *names = arena_array(run->input->arena, struct value, run->nodes[at].count);
    uint32_t n = 0;
    for (uint32_t child = at + 1; child < run->nodes[at].next; child = run->nodes[child].next)
        names[n++] = run_eval(run, child);
    return missing_of(run, value_list(names, n));
}

/* [least, names]: nothing where at least so many are there, else those missing. */
static struct value eval_missing_some(struct run *run, uint32_t at) {
    double least = value_to_number(&run->home, run_eval(run, at + 1));
    struct value names = run_eval(run, run->nodes[at + 1].next), missing = missing_of(run, names);
    return value_size(&run->home, names) - missing.n >= least ? value_list(NULL, 0) : missing;
}

struct value run_list_operator(struct run *run, uint32_t at) {
    enum condition_operator op = run->nodes[at].op;
    if (op == OP_MERGE) return eval_merge(run, at);
    if (op == OP_MISSING) return eval_missing(run, at);
    if (op == OP_MISSING_SOME) return eval_missing_some(run, at);
    struct value list = run_eval(run, at + 1);
    uint32_t logic = run->nodes[at + 1].next;
    switch (op) {
    case OP_MAP: return eval_map(run, list, logic);
    case OP_FILTER: return eval_filter(run, list, logic);
    case OP_REDUCE: return eval_reduce(run, at, list, logic);
    default: return eval_quantified(run, op, list, logic);
    }
}
