/* The HTML pen: one file, nothing fetched, light and dark, for print. */
#include "core/base/html.h"
#include "experiments/judge/report_pen.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--wash:#f3f5f7;--accent:#0b57d0;"
    "--good:#0a6b34;--harm:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a7b0b9;--paper:#14171a;--line:#3b434b;--wash:#"
    "1d2226;"
    "--accent:#8ab4f8;--good:#6fd698;--harm:#ff8a80}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:0 "
    "auto;padding:2rem 1rem}"
    "h1{font-size:1.8rem;margin:0 0 .5rem}h2{font-size:1.3rem;margin:2.5rem 0 .5rem;border-bottom:1px solid "
    "var(--line)}"
    "h3{font-size:1.05rem;margin:1.5rem 0 .25rem}p{margin:.5rem 0;overflow-wrap:anywhere}"
    "code{font:.9em ui-monospace,monospace;background:var(--wash);padding:.1em .3em;border-radius:3px}"
    ".callout{border-left:5px solid var(--line);background:var(--wash);padding:.75rem 1rem}"
    ".callout.good{border-color:var(--good)}.callout.harm{border-color:var(--harm)}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:.92rem}"
    "caption{text-align:left;color:var(--soft);padding:.25rem 0}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "svg{max-width:100%;height:auto;font:13px system-ui,sans-serif}svg text{fill:var(--ink)}svg "
    "text.soft{fill:var(--soft)}"
    "svg .axis{stroke:var(--soft);fill:none}svg .grid{stroke:var(--line)}svg "
    ".zero{stroke:var(--ink);stroke-dasharray:4 3}"
    "svg .interval{stroke:var(--accent);stroke-width:5;stroke-linecap:round}svg .point{fill:var(--ink)}"
    "svg .band{fill:var(--wash)}svg .curve{fill:none;stroke-width:2.5;stroke:var(--ink)}"
    "svg .curve.k0{stroke:var(--soft);stroke-dasharray:7 4}svg .curve.k1{stroke:var(--accent)}svg "
    ".curve.k2{stroke:var(--good);"
    "stroke-dasharray:2 3}svg .curve.k3{stroke:var(--harm);stroke-dasharray:9 3 2 3}"
    "svg .curve.thin{stroke-width:1.2;stroke-dasharray:none}"
    "@media(max-width:40rem){svg{font-size:24px}}"
    "@media print{:root{--ink:#000;--soft:#333;--paper:#fff;--line:#999;--wash:#fff;--accent:#0b57d0;--good:#0a6b34;"
    "--harm:#b3261e}body{max-width:none;padding:0;font-size:11pt}h2,h3{break-after:avoid}svg,tr,.callout{break-inside:"
    "avoid}"
    ".scroll{overflow:visible}}";

/* What stands between two backticks is code. */
static void put_sentence(struct buffer *out, struct text sentence) {
    struct text part, rest = sentence;
    bool code = false, more = true;
    while (more) {
        more = text_cut(rest, '`', &part, &rest);
        code = code && more; /* a backtick without a second is just left out */
        if (code) buffer_cstr(out, "<code>");
        html_escape(out, part);
        buffer_cstr(out, code ? "</code>" : "");
        code = !code && more;
    }
}

static void begin(struct pen *pen, struct text title) {
    buffer_cstr(pen->out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                          "'unsafe-inline'\">\n<title>");
    html_escape(pen->out, title);
    buffer_printf(pen->out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    html_escape(pen->out, title);
    buffer_cstr(pen->out, "</h1>\n");
}

static void end(struct pen *pen) {
    buffer_cstr(pen->out, "</main>\n</body>\n</html>\n");
}

static void heading(struct pen *pen, int level, struct text text) {
    buffer_printf(pen->out, "<h%d>", level);
    html_escape(pen->out, text);
    buffer_printf(pen->out, "</h%d>\n", level);
}

static void sentence(struct pen *pen, struct text words) {
    buffer_cstr(pen->out, "<p>");
    put_sentence(pen->out, words);
    buffer_cstr(pen->out, "</p>\n");
}

static void callout(struct pen *pen, const char *tone, struct text words) {
    buffer_printf(pen->out, "<p class=\"callout %s\">", tone);
    put_sentence(pen->out, words);
    buffer_cstr(pen->out, "</p>\n");
}

static void plain(struct pen *pen, struct text text) {
    buffer_cstr(pen->out, "<p>");
    html_escape(pen->out, text);
    buffer_cstr(pen->out, "</p>\n");
}

static void table(struct pen *pen, const char *caption, const struct pen_column *columns, size_t n,
                  const struct text *cells, size_t rows) {
    struct buffer *out = pen->out;
    buffer_printf(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>\n<caption>%s</caption>"
        "\n<thead><tr>",
        caption, caption);
    for (size_t c = 0; c < n; c++)
        buffer_printf(out, "<th scope=\"col\"%s>%s</th>", columns[c].number ? " class=\"number\"" : "",
                      columns[c].name);
    buffer_cstr(out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < rows; r++) {
        buffer_cstr(out, "<tr>");
        for (size_t c = 0; c < n; c++) {
            const char *tag = c ? "td" : "th";
            buffer_printf(out, "<%s%s%s>", tag, c ? "" : " scope=\"row\"",
                          columns[c].number ? " class=\"number\"" : "");
            html_escape(out, cells[r * n + c]);
            buffer_printf(out, "</%s>", tag);
        }
        buffer_cstr(out, "</tr>\n");
    }
    buffer_cstr(out, "</tbody></table></div>\n");
}

static void picture(struct pen *pen, struct text svg) {
    buffer_text(pen->out, svg);
    buffer_byte(pen->out, '\n');
}

const struct pen_kind pen_html = {begin, end, heading, sentence, callout, plain, table, picture};
