#include "core/base/json_dump.h"

#include <math.h>

#include "core/base/json_write.h"
#include "core/base/number.h"

static void dump_object(struct buffer *out, const json_t *object) {
    const char *name;
    json_t *member;
    char before = '{';
    json_object_foreach((json_t *)object, name, member) {
        buffer_byte(out, before);
        json_escape(out, text_of(name));
        buffer_byte(out, ':');
        json_dump(out, member);
        before = ',';
    }
    if (before == '{') buffer_byte(out, '{');
    buffer_byte(out, '}');
}

static void dump_array(struct buffer *out, const json_t *array) {
    size_t i;
    json_t *element;
    buffer_byte(out, '[');
    json_array_foreach(array, i, element) {
        if (i) buffer_byte(out, ',');
        json_dump(out, element);
    }
    buffer_byte(out, ']');
}

static void dump_real(struct buffer *out, double value) {
    char digits[NUMBER_ROOM];
    size_t n = number_print(digits, value);
    buffer_put(out, digits, n); /* jansson holds no NaN and no infinity */
}

void json_dump(struct buffer *out, const json_t *value) {
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT: dump_object(out, value); break;
    case JSON_ARRAY: dump_array(out, value); break;
    case JSON_STRING: json_escape(out, text_n(json_string_value(value), json_string_length(value))); break;
    case JSON_INTEGER: buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); break;
    case JSON_REAL: dump_real(out, json_real_value(value)); break;
    case JSON_TRUE: buffer_cstr(out, "true"); break;
    case JSON_FALSE: buffer_cstr(out, "false"); break;
    case JSON_NULL: buffer_cstr(out, "null"); break;
    }
}
