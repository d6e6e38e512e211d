#include "core/base/json_write.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/json_internal.h"
#include "core/base/number.h"

void json_writer_init(struct json_writer *w, struct buffer *out) {
    *w = (struct json_writer){.out = out};
}

/* A comma where one is due before the next key or element. */
static void separate(struct json_writer *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    uint64_t bit = (uint64_t)1 << w->depth;
    if (w->filled & bit) buffer_byte(w->out, ',');
    w->filled |= bit;
}

static void open(struct json_writer *w, char c) {
    separate(w);
    assert(w->depth + 1 < JSON_WRITE_DEPTH);
    w->depth++;
    w->filled &= ~((uint64_t)1 << w->depth);
    buffer_byte(w->out, c);
}

static void shut(struct json_writer *w, char c) {
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    buffer_byte(w->out, c);
}

void json_open_object(struct json_writer *w) {
    open(w, '{');
}
void json_close_object(struct json_writer *w) {
    shut(w, '}');
}
void json_open_array(struct json_writer *w) {
    open(w, '[');
}
void json_close_array(struct json_writer *w) {
    shut(w, ']');
}

void json_key(struct json_writer *w, struct text key) {
    separate(w);
    json_escape(w->out, key);
    buffer_byte(w->out, ':');
    w->after_key = true;
}

void json_name(struct json_writer *w, struct text key) {
    separate(w);
    buffer_text(w->out, key);
    w->after_key = true;
}

void json_text(struct json_writer *w, struct text value) {
    separate(w);
    json_escape(w->out, value);
}

void json_int(struct json_writer *w, int64_t value) {
    char digits[NUMBER_ROOM];
    separate(w);
    size_t n = number_print_int(digits, value);
    buffer_put(w->out, digits, n);
}

void json_double(struct json_writer *w, double value) {
    if (!isfinite(value)) {
        json_nil(w);
        return;
    }
    char digits[NUMBER_ROOM];
    separate(w);
    size_t n = number_print(digits, value);
    buffer_put(w->out, digits, n);
}

void json_bool(struct json_writer *w, bool value) {
    separate(w);
    buffer_cstr(w->out, value ? "true" : "false");
}

void json_nil(struct json_writer *w) {
    separate(w);
    buffer_text(w->out, TEXT("null"));
}

void json_raw(struct json_writer *w, struct text value) {
    separate(w);
    buffer_text(w->out, value);
}

void json_time(struct json_writer *w, int64_t ms) {
    char iso[CLOCK_ISO_ROOM];
    separate(w);
    buffer_byte(w->out, '"');
    size_t n = clock_iso(iso, ms);
    buffer_put(w->out, iso, n);
    buffer_byte(w->out, '"');
}

static void escape_control(struct buffer *out, unsigned char c) {
    static const char shorts[] = "btn?fr"; /* U+0008 to U+000D */
    if (c >= 8 && c <= 13 && c != 11) {
        buffer_byte(out, '\\');
        buffer_byte(out, shorts[c - 8]);
    } else
        buffer_printf(out, "\\u%04x", c);
}

void json_escape(struct buffer *out, struct text value) {
    buffer_reserve(out, value.n + 2);
    buffer_byte(out, '"');
    const char *s = value.at, *end = s + value.n, *run = s;
    while ((s = json_skip_plain(s, end)) < end) {
        unsigned char c = (unsigned char)*s;
        size_t n = c < 0x80 ? 0 : text_utf8_length(s, (size_t)(end - s));
        s += n;
        if (n) continue;
        buffer_put(out, run, (size_t)(s - run));
        if (c >= 0x80)
            buffer_text(out, TEXT("\xEF\xBF\xBD"));
        else if (c < 0x20)
            escape_control(out, c);
        else {
            buffer_byte(out, '\\');
            buffer_byte(out, *s);
        }
        run = ++s;
    }
    buffer_put(out, run, (size_t)(s - run));
    buffer_byte(out, '"');
}
