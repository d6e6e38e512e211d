/* The Markdown pen. Pictures are left out: the tables say the same. */
#include "experiments/judge/report_pen.h"

/* Everything that could become markup is taken literally; a line stays one line. */
static void put(struct buffer *out, struct text text) {
    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i];
        if (c == '<' || c == '>' || c == '&')
            buffer_cstr(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
        else if (c == '\n' || c == '\r')
            buffer_byte(out, ' ');
        else {
            if (strchr("\\`*_[]()#|!~", c)) buffer_byte(out, '\\');
            buffer_byte(out, c);
        }
    }
}

/* Between backticks nothing is markup, and nothing may be escaped: keys have no character that would need it. */
static void put_sentence(struct buffer *out, struct text sentence) {
    struct text part, rest = sentence;
    bool code = false, more = true;
    while (more) {
        more = text_cut(rest, '`', &part, &rest);
        code = code && more && text_is_key(part);
        if (code)
            buffer_printf(out, "`%.*s`", TEXT_ARGS(part));
        else
            put(out, part);
        code = !code && more;
    }
}

static void begin(struct pen *pen, struct text title) {
    buffer_cstr(pen->out, "# ");
    put(pen->out, title);
    buffer_cstr(pen->out, "\n");
}

static void end(struct pen *pen) {}

static void heading(struct pen *pen, int level, struct text text) {
    buffer_cstr(pen->out, level == 2 ? "\n## " : "\n### ");
    put(pen->out, text);
    buffer_byte(pen->out, '\n');
}

static void sentence(struct pen *pen, struct text words) {
    buffer_byte(pen->out, '\n');
    put_sentence(pen->out, words);
    buffer_byte(pen->out, '\n');
}

static void callout(struct pen *pen, const char *tone, struct text words) {
    buffer_cstr(pen->out, "\n> ");
    put_sentence(pen->out, words);
    buffer_byte(pen->out, '\n');
}

static void plain(struct pen *pen, struct text text) {
    buffer_byte(pen->out, '\n');
    put(pen->out, text);
    buffer_byte(pen->out, '\n');
}

static void table(struct pen *pen, const char *caption, const struct pen_column *columns, size_t n,
                  const struct text *cells, size_t rows) {
    struct buffer *out = pen->out;
    buffer_byte(out, '\n');
    for (size_t c = 0; c < n; c++) buffer_printf(out, "| %s ", columns[c].name);
    buffer_cstr(out, "|\n");
    for (size_t c = 0; c < n; c++) buffer_cstr(out, columns[c].number ? "| ---: " : "| --- ");
    buffer_cstr(out, "|\n");
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++) {
            buffer_cstr(out, "| ");
            put(out, cells[r * n + c]);
            buffer_byte(out, ' ');
        }
        buffer_cstr(out, "|\n");
    }
}

static void picture(struct pen *pen, struct text svg) {}

const struct pen_kind pen_markdown = {begin, end, heading, sentence, callout, plain, table, picture};
