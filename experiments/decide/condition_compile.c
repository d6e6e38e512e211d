/* JsonLogic's JSON into the flat tree. Everything that can be wrong is found here, so that evaluation need not look. */
#include <assert.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/decide/condition_internal.h"

struct compiler {
    struct reader *reader;
    struct node *nodes; /* grown here, copied into the arena when done */
    uint32_t n, room;
    bool too_large;
};

static const struct {
    const char *json;
    uint32_t least, most;
} operators[] = {[OP_LITERAL] = {"", 0, 0},
                 [OP_LIST] = {"", 0, ANY},
#define X(name, json, least, most) [OP_##name] = {json, least, most},
                 CONDITION_OPERATORS(X)
#undef X
};
enum { OPERATOR_COUNT = sizeof operators / sizeof *operators };

const char *condition_operator_name(enum condition_operator op) {
    return operators[op].json;
}

static int operator_named(const char *name) {
    for (int op = OP_LIST + 1; op < OPERATOR_COUNT; op++)
        if (strcmp(operators[op].json, name) == 0) return op;
    return -1;
}

/* ---- nodes ---- */

static uint32_t add(struct compiler *c, struct node node) {
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 16;
        c->nodes = memory_grow(c->nodes, c->room * sizeof *c->nodes);
    }
    c->nodes[c->n] = node;
    return c->n++;
}

static bool has_room(struct compiler *c, const struct path *path, size_t more, int depth) {
    if (depth > CONDITION_MAX_DEPTH)
        return reader_fault(c->reader, path, "is more than %d deep; write a simpler condition", CONDITION_MAX_DEPTH);
    if (c->n + more <= CONDITION_MAX_NODES) return true;
    if (!c->too_large)
        reader_fault(c->reader, path,
                     "makes the condition larger than %d operators and arguments; split it, or put "
                     "constants into one array",
                     CONDITION_MAX_NODES);
    c->too_large = true;
    return false;
}

/* ---- literals ---- */

static bool is_constant(const json_t *json) {
    size_t i;
    const json_t *element;
    if (json_is_object(json)) return false;
    json_array_foreach(json, i, element) {
        if (!is_constant(element)) return false;
    }
    return true;
}

static struct value constant(struct compiler *c, const struct path *path, const json_t *json, int depth) {
    switch (json_typeof(json)) {
    case JSON_TRUE: return value_bool(true);
    case JSON_FALSE: return value_bool(false);
    case JSON_INTEGER:
    case JSON_REAL: return value_number(json_number_value(json));
    case JSON_STRING:
        return value_string(arena_text(c->reader->arena, text_n(json_string_value(json), json_string_length(json))));
    case JSON_ARRAY: break;
    default: return value_null();
    }
    size_t n = json_array_size(json);
    if (!has_room(c, path, 0, depth)) return value_null();
    struct value *items = arena_array(c->reader->arena, struct value, n);
    for (size_t i = 0; i < n; i++) items[i] = constant(c, PATH_ELEMENT(path, i), json_array_get(json, i), depth + 1);
    return value_list(items, (uint32_t)n);
}

/* ---- operators ---- */

static void compile(struct compiler *c, const struct path *path, const json_t *logic, int depth);

const struct text *condition_path(struct arena *arena, struct text path, uint32_t *n) {
    uint32_t steps = path.n ? 1 : 0;
    for (size_t i = 0; i < path.n; i++) steps += path.at[i] == '.';
    struct text *out = arena_array(arena, struct text, steps), rest = path;
    for (uint32_t i = 0; i < steps; i++) text_cut(rest, '.', &out[i], &rest);
    *n = steps;
    return out;
}

/* The path of a var whose first argument is literal is split now, not at every evaluation. */
static void fix_path(struct compiler *c, uint32_t at) {
    struct node *var = &c->nodes[at];
    struct value first = var->count ? c->nodes[at + 1].literal : value_null();
    if (var->count && c->nodes[at + 1].op != OP_LITERAL) return;
    if (first.kind == VALUE_LIST) return;
    struct text path =
        first.kind == VALUE_NULL ? TEXT_NONE : value_to_text(&(struct value_home){.arena = c->reader->arena}, first);
    var->path.steps = condition_path(c->reader->arena, path, &var->path.n);
    var->fixed_path = true;
}

static bool is_attribute(const struct node *node) {
    return node->op == OP_VAR && node->count == 1 && node->fixed_path && node->path.n == 1;
}

static bool compares_attribute(const struct node *nodes, uint32_t at) {
    enum condition_operator op = nodes[at].op;
    if (op != OP_EQUAL && op != OP_SAME && op != OP_UNEQUAL && op != OP_DIFFERENT) return false;
    const struct node *second = &nodes[nodes[at + 1].next];
    return is_attribute(&nodes[at + 1]) && second->op == OP_LITERAL && second->literal.kind == VALUE_STRING;
}

static void compile_arguments(struct compiler *c, const struct path *path, const json_t *arguments, int depth) {
    size_t i;
    const json_t *argument;
    if (!json_is_array(arguments)) {
        compile(c, path, arguments, depth);
        return;
    }
    json_array_foreach(arguments, i, argument) {
        compile(c, PATH_ELEMENT(path, i), argument, depth);
    }
}

static bool check_count(struct compiler *c, const struct path *path, int op, uint32_t count) {
    uint32_t least = operators[op].least, most = operators[op].most;
    if (count >= least && count <= most) return true;
    if (most == ANY)
        return reader_fault(c->reader, path, "takes at least %u argument%s, not %u", least, least == 1 ? "" : "s",
                            count);
    if (least == most)
        return reader_fault(c->reader, path, "takes %u argument%s, not %u", least, least == 1 ? "" : "s", count);
    return reader_fault(c->reader, path, "takes %u to %u arguments, not %u", least, most, count);
}

static void compile_operator(struct compiler *c, const struct path *path, const json_t *logic, int depth) {
    if (json_object_size(logic) != 1) {
        reader_fault(c->reader, path,
                     "has %zu members; an operator is an object with exactly one, like {\"==\": [a, b]}",
                     json_object_size(logic));
        return;
    }
    const char *name = json_object_iter_key(json_object_iter((json_t *)logic));
    const json_t *arguments = json_object_get(logic, name);
    const struct path *here = PATH_MEMBER(path, name);
    int op = operator_named(name);
    if (op < 0) {
        reader_fault(c->reader, here,
                     "is not an operator that is known; \"Conditions\" in docs/api.md lists those that are");
        return;
    }
    uint32_t count = json_is_array(arguments) ? (uint32_t)json_array_size(arguments) : 1;
    if (!check_count(c, here, op, count)) return;
    uint32_t at = add(c, (struct node){.op = (uint8_t)op, .count = count});
    compile_arguments(c, here, arguments, depth + 1);
    c->nodes[at].next = c->n;
    if (c->reader->faults) return;
    if (op == OP_VAR) fix_path(c, at);
    c->nodes[at].attribute_is = compares_attribute(c->nodes, at);
}

static void compile(struct compiler *c, const struct path *path, const json_t *logic, int depth) {
    if (!has_room(c, path, 1, depth)) return;
    if (json_is_object(logic)) {
        compile_operator(c, path, logic, depth);
        return;
    }
    uint32_t at;
    if (is_constant(logic))
        at = add(c, (struct node){.op = OP_LITERAL, .literal = constant(c, path, logic, depth)});
    else {
        at = add(c, (struct node){.op = OP_LIST, .count = (uint32_t)json_array_size(logic)});
        compile_arguments(c, path, logic, depth + 1);
    }
    c->nodes[at].next = c->n;
}

const struct condition *condition_compile(struct reader *reader, const struct path *path, const json_t *logic) {
    struct compiler c = {.reader = reader};
    int before = reader->faults;
    if (json_is_null(logic)) /* as a literal it would quietly match nobody */
        reader_fault(reader, path, "is null; write a condition or leave it out");
    else
        compile(&c, path, logic, 1);
    struct condition *condition = NULL;
    if (reader->faults == before) {
        condition = arena_new(reader->arena, struct condition);
        struct node *nodes = arena_array(reader->arena, struct node, c.n);
        memcpy(nodes, c.nodes, c.n * sizeof *nodes);
        *condition = (struct condition){nodes, c.n};
    }
    free(c.nodes);
    return condition;
}

void condition_segments(const struct condition *condition, void (*visit)(void *ctx, struct text segment), void *ctx) {
    for (uint32_t i = 0; condition && i < condition->n; i++) {
        const struct node *node = &condition->nodes[i];
        if (node->op != OP_IN_SEGMENT) continue;
        for (uint32_t at = i + 1; at < node->next; at = condition->nodes[at].next)
            if (condition->nodes[at].op == OP_LITERAL && condition->nodes[at].literal.kind == VALUE_STRING)
                visit(ctx, condition->nodes[at].literal.string);
    }
}
