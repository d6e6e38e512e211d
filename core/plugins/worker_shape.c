#include "core/plugins/worker_shape.h"

#include <ctype.h>

#include "core/base/number.h"

struct shape {
    struct json_writer out;
    const char *start, *at;
    const parley_value *values;
    size_t n, used;
    struct error *error;
};

static int wrong(struct shape *s, const char *what) {
    return error_set(s->error, ERR_INTERNAL, "%s at byte %d of the shape \"%s\"", what, (int)(s->at - s->start),
                     s->start);
}

static void write_value(struct json_writer *out, const parley_value *value) {
    switch (value->kind) {
    case PARLEY_VALUE_NULL: json_nil(out); return;
    case PARLEY_VALUE_BOOL: json_bool(out, value->integer); return;
    case PARLEY_VALUE_INT: json_int(out, value->integer); return;
    case PARLEY_VALUE_DOUBLE: json_double(out, value->number); return;
    case PARLEY_VALUE_TEXT:
        if (value->text.at)
            json_text(out, text_of_parley(value->text));
        else
            json_nil(out);
        return;
    case PARLEY_VALUE_JSON: json_raw(out, document_source(value->json)); return;
    case PARLEY_VALUE_TIME: json_time(out, value->integer); return;
    }
    json_nil(out); /* a kind of a later minor: the descriptor's check keeps it from getting here */
}

static int gap(struct shape *s) {
    if (s->used == s->n) return wrong(s, "a gap without a value");
    write_value(&s->out, &s->values[s->used++]);
    return 0;
}

static void blanks(struct shape *s) {
    while (*s->at == ' ' || *s->at == '\n') s->at++;
}

static bool take(struct shape *s, char c) {
    blanks(s);
    if (*s->at != c) return false;
    s->at++;
    return true;
}

/* [A-Za-z0-9_.+-]*: a member's name, a number, null, true or false. */
static struct text word(struct shape *s) {
    blanks(s);
    const char *from = s->at;
    while (isalnum((unsigned char)*s->at) || *s->at == '_' || *s->at == '-' || *s->at == '.' || *s->at == '+') s->at++;
    return text_n(from, (size_t)(s->at - from));
}

static int value(struct shape *s, int depth);

static int members(struct shape *s, int depth) {
    json_open_object(&s->out);
    if (take(s, '}')) {
        json_close_object(&s->out);
        return 0;
    }
    do {
        struct text name = word(s);
        if (!name.n) return wrong(s, "a member's name is missing");
        json_key(&s->out, name);
        int rc = take(s, ':') ? value(s, depth) : gap(s);
        if (rc < 0) return rc;
    } while (take(s, ','));
    if (!take(s, '}')) return wrong(s, "',' or '}' is missing");
    json_close_object(&s->out);
    return 0;
}

static int elements(struct shape *s, int depth) {
    json_open_array(&s->out);
    if (take(s, ']')) {
        json_close_array(&s->out);
        return 0;
    }
    do {
        int rc = value(s, depth);
        if (rc < 0) return rc;
    } while (take(s, ','));
    if (!take(s, ']')) return wrong(s, "',' or ']' is missing");
    json_close_array(&s->out);
    return 0;
}

static int value(struct shape *s, int depth) {
    if (depth == JSON_WRITE_DEPTH / 2) return wrong(s, "nested too deeply");
    if (take(s, '?')) return gap(s);
    if (take(s, '{')) return members(s, depth + 1);
    if (take(s, '[')) return elements(s, depth + 1);
    struct text literal = word(s);
    double number;
    if (!text_is(literal, "null") && !text_is(literal, "true") && !text_is(literal, "false") &&
        !number_parse(literal, &number))
        return wrong(s, "a value is missing");
    json_raw(&s->out, literal);
    return 0;
}

int shape_write(struct buffer *out, const char *shape, const parley_value *values, size_t n, struct error *error) {
    struct shape s = {.start = shape, .at = shape, .values = values, .n = n, .error = error};
    json_writer_init(&s.out, out);
    int rc = value(&s, 0);
    if (rc < 0) return rc;
    blanks(&s);
    if (*s.at) return wrong(&s, "something follows the value");
    if (s.used < n) return wrong(&s, "a value without a gap");
    return 0;
}

void sentence_write(struct buffer *out, const char *sentence, const parley_value *values, size_t n) {
    size_t used = 0;
    for (const char *at = sentence; *at; at++) {
        if (at[0] != '{' || at[1] != '}' || used == n) {
            buffer_byte(out, *at);
            continue;
        }
        const parley_value *value = &values[used++];
        if (value->kind == PARLEY_VALUE_TEXT)
            buffer_text(out, text_of_parley(value->text));
        else {
            struct json_writer plain;
            json_writer_init(&plain, out);
            write_value(&plain, value);
        }
        at++;
    }
}
