#include "experiments/judge/report_canvas.h"

#include <math.h>

#include "core/base/html.h"

double canvas_at(const struct canvas_scale *s, double value) {
    return s->from + (value - s->low) / (s->high - s->low) * (s->to - s->from);
}

double canvas_step(const struct canvas_scale *s, int ticks) {
    double raw = (s->high - s->low) / ticks, power = pow(10, floor(log10(raw))), share = raw / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

void canvas_open(struct buffer *out, int height, struct text title, struct text description) {
    buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"", CANVAS_WIDTH,
                  height, CANVAS_WIDTH, height);
    html_escape(out, title);
    buffer_cstr(out, "\"><title>");
    html_escape(out, title);
    buffer_cstr(out, "</title><desc>");
    html_escape(out, description);
    buffer_cstr(out, "</desc>\n");
}

struct text canvas_close(struct buffer *out, struct arena *arena) {
    buffer_cstr(out, "</svg>");
    struct text svg = arena_text(arena, buffer_view(out));
    buffer_free(out);
    return svg;
}

void canvas_rows(struct buffer *out, const struct canvas_scale *y, double step, enum canvas_unit unit) {
    double worth = unit == CANVAS_SHARE ? 100 : 1;
    for (double v = ceil(y->low / step) * step; v <= y->high; v += step) {
        double at = canvas_at(y, v);
        buffer_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", CANVAS_LEFT,
                      CANVAS_RIGHT, at, at);
        buffer_printf(out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g%s</text>\n",
                      CANVAS_LEFT - 8, at + 4, fabs(v) < step / 1e6 ? 0 : worth * v, unit == CANVAS_SHARE ? " %" : "");
    }
}

void canvas_ends(struct buffer *out, const struct canvas_scale *x, struct text first, struct text last) {
    buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%d\">%.*s</text>", x->from, CANVAS_HEIGHT + 18,
                  TEXT_ARGS(first));
    buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"end\">%.*s</text>\n", x->to,
                  CANVAS_HEIGHT + 18, TEXT_ARGS(last));
}

void canvas_legend(struct buffer *out, uint32_t row, uint32_t kind, struct text name) {
    uint32_t y = CANVAS_TOP + 22 * row;
    buffer_printf(out, "<line class=\"curve k%u\" x1=\"0\" x2=\"26\" y1=\"%u\" y2=\"%u\"/><text x=\"32\" y=\"%u\">",
                  kind % CANVAS_CURVES, y, y, y + 4);
    html_escape(out, text_n(name.at, name.n < 10 ? name.n : 10)); /* a key: ASCII */
    buffer_cstr(out, "</text>\n");
}
