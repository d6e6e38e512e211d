/* Conditions for people: written back as JSON, and with what became of each part. */
#include "core/base/number.h"
#include "experiments/decide/condition_internal.h"

/* Written without json_writer: conditions may be deeper than it goes. */
static void write_value(const struct value *v, struct buffer *out) {
    char digits[NUMBER_ROOM];
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: buffer_cstr(out, v->truth ? "true" : "false"); break;
    case VALUE_NUMBER: buffer_put(out, digits, number_print(digits, v->number)); break;
    case VALUE_STRING: json_escape(out, v->string); break;
    case VALUE_LIST:
        buffer_byte(out, '[');
        for (uint32_t i = 0; i < v->n; i++) {
            if (i) buffer_byte(out, ',');
            write_value(&v->items[i], out);
        }
        buffer_byte(out, ']');
        break;
    case VALUE_NULL:
    case VALUE_TAPE:
    case VALUE_SCOPE: buffer_cstr(out, "null"); break; /* no literal is one of these */
    }
}

static void write_node(const struct node *nodes, uint32_t at, struct buffer *out) {
    const struct node *node = &nodes[at];
    if (node->op == OP_LITERAL) {
        write_value(&node->literal, out);
        return;
    }
    if (node->op != OP_LIST) buffer_printf(out, "{\"%s\":", condition_operator_name(node->op));
    buffer_byte(out, '[');
    for (uint32_t child = at + 1; child < node->next; child = nodes[child].next) {
        if (child > at + 1) buffer_byte(out, ',');
        write_node(nodes, child, out);
    }
    buffer_byte(out, ']');
    if (node->op != OP_LIST) buffer_byte(out, '}');
}

void condition_write(const struct condition *condition, struct buffer *out) {
    write_node(condition->nodes, 0, out);
}

static void put_source(const struct node *nodes, uint32_t at, struct json_writer *out) {
    struct buffer source = {0};
    write_node(nodes, at, &source);
    json_put_raw(out, "if", buffer_view(&source));
    buffer_free(&source);
}

enum { TRACE_DEPTH = 16 }; /* parts of parts of parts: deeper ones are not taken apart */

static bool has_parts(const struct node *node) {
    switch ((enum condition_operator)node->op) {
    case OP_AND:
    case OP_OR:
    case OP_NOT:
    case OP_TRUTH:
    case OP_LOG:
    case OP_IF:
    case OP_TERNARY: return true;
    default: return false;
    }
}

static void trace_node(struct run *run, uint32_t at, int depth, struct json_writer *out) {
    const struct node *node = &run->nodes[at];
    struct value v = run_eval(run, at);
    if (*run->steps >= CONDITION_MAX_STEPS) v = (struct value){.kind = VALUE_NULL, .absent = true};
    bool taken = value_true(&run->home, v);
    json_open_object(out);
    put_source(run->nodes, at, out);
    json_put_text(out, "result", v.absent ? TEXT("unknown") : taken ? TEXT("true") : TEXT("false"));
    json_put_bool(out, "taken", taken);
    if (has_parts(node) && depth < TRACE_DEPTH) {
        json_key(out, TEXT("of"));
        json_open_array(out);
        for (uint32_t child = at + 1; child < node->next; child = run->nodes[child].next)
            trace_node(run, child, depth + 1, out);
        json_close_array(out);
    }
    json_close_object(out);
}

void condition_trace(const struct condition *condition, const struct condition_input *input, struct json_writer *out) {
    uint32_t steps = 0;
    struct run run = {.nodes = condition->nodes, .input = input, .home = {input->json, input->arena}, .steps = &steps};
    run.current = value_of(&run.home, input->json ? input->root : JSON_NONE);
    trace_node(&run, 0, 0, out);
}
