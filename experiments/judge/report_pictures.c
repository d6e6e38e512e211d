#include "experiments/judge/report_pictures.h"

#include <math.h>

#include "core/base/html.h"
#include "experiments/judge/report_pen.h"

enum { WIDTH = 760, LEFT = 150, RIGHT = 30, TOP = 30, ROW = 56, BOTTOM = 46, HEIGHT = 240, CURVES = 4 };

/* A span of values laid over a span of pixels. */
struct scale {
    double low, high, from, to;
};

static double at(const struct scale *s, double value) {
    return s->from + (value - s->low) / (s->high - s->low) * (s->to - s->from);
}

/* 1, 2 or 5 times a power of ten, so that about `ticks` fit. */
static double step_of(const struct scale *s, int ticks) {
    double raw = (s->high - s->low) / ticks, power = pow(10, floor(log10(raw))), share = raw / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void open_picture(struct buffer *out, int height, struct text title, struct text description) {
    buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"", WIDTH,
                  height, WIDTH, height);
    html_escape(out, title);
    buffer_cstr(out, "\"><title>");
    html_escape(out, title);
    buffer_cstr(out, "</title><desc>");
    html_escape(out, description);
    buffer_cstr(out, "</desc>\n");
}

static struct text close_picture(struct buffer *out, struct arena *arena) {
    buffer_cstr(out, "</svg>");
    struct text svg = arena_text(arena, buffer_view(out));
    buffer_free(out);
    return svg;
}

/* ---- intervals ---- */

static bool drawable(const struct judged_arm *a) {
    return a->compared && isfinite(a->is.relative.low) && isfinite(a->is.relative.high);
}

static struct scale span_of(const struct judgement *j, const struct judged_metric *m, double mde) {
    double low = -mde, high = mde;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!drawable(&m->arms[a])) continue;
        low = fmin(low, m->arms[a].is.relative.low);
        high = fmax(high, m->arms[a].is.relative.high);
    }
    if (!(high > low)) low = -0.01, high = 0.01;
    double room = 0.06 * (high - low);
    return (struct scale){fmin(low, 0) - room, fmax(high, 0) + room, LEFT, WIDTH - RIGHT};
}

static void draw_axis(struct buffer *out, const struct scale *s, double bottom) {
    double step = step_of(s, 7);
    for (double v = ceil(s->low / step) * step; v <= s->high; v += step) {
        buffer_printf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>", at(s, v), at(s, v),
                      TOP, bottom);
        buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.4g %%</text>\n",
                      at(s, v), bottom + 18, fabs(v) < step / 1e6 ? 0 : 100 * v);
    }
    buffer_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
                  bottom, bottom);
    buffer_printf(out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">relative to control</text>\n",
                  (LEFT + WIDTH - RIGHT) / 2, bottom + 38);
}

static void draw_row(struct buffer *out, const struct scale *s, struct text arm, const struct comparison *c, double y) {
    buffer_printf(out, "<text x=\"0\" y=\"%.1f\">", y + 4);
    html_escape(out, text_n(arm.at, arm.n < 20 ? arm.n : 20)); /* a key: ASCII */
    buffer_printf(out, "</text><line class=\"interval\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                  at(s, c->relative.low), at(s, c->relative.high), y, y);
    buffer_printf(out, "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>", at(s, c->relative.estimate), y);
    buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%+.1f %%</text>\n",
                  at(s, c->relative.estimate), y - 13, 100 * c->relative.estimate);
}

static struct text describe(const struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    struct buffer words = {0};
    for (uint32_t a = 0; a < j->results->n_arms; a++)
        if (drawable(&m->arms[a]))
            buffer_printf(&words, "%.*s: %+.1f %%, interval %+.1f %% to %+.1f %%. ",
                          TEXT_ARGS(j->results->experiment->state.arms[a]), 100 * m->arms[a].is.relative.estimate,
                          100 * m->arms[a].is.relative.low, 100 * m->arms[a].is.relative.high);
    struct text copy = arena_text(arena, buffer_view(&words));
    buffer_free(&words);
    return copy;
}

struct text picture_intervals(const struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    struct text description = describe(j, m, arena);
    if (!description.n) return TEXT_NONE;
    const struct metric *metric = j->results->metrics[m->metric];
    double mde = m->role == ROLE_PRIMARY ? j->results->experiment->definition.mde : 0;
    struct scale s = span_of(j, m, mde);
    struct buffer out = {0};
    int rows = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) rows += drawable(&m->arms[a]);
    double bottom = TOP + rows * ROW;
    open_picture(&out, (int)bottom + BOTTOM, arena_printf(arena, "Relative effect on %.*s", TEXT_ARGS(metric->key)),
                 description);
    if (mde > 0)
        buffer_printf(&out, "<rect class=\"band\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\"/>", at(&s, -mde),
                      TOP, at(&s, mde) - at(&s, -mde), bottom - TOP);
    draw_axis(&out, &s, bottom);
    buffer_printf(&out, "<line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>\n", at(&s, 0), at(&s, 0),
                  TOP, bottom);
    for (uint32_t a = 0, row = 0; a < j->results->n_arms; a++)
        if (drawable(&m->arms[a]))
            draw_row(&out, &s, j->results->experiment->state.arms[a], &m->arms[a].is, TOP + ROW * (row++ + 0.6));
    return close_picture(&out, arena);
}

/* ---- exposure ---- */

/* Units of an arm that entered up to and with each day; the last is the total. */
static double *cumulated(const struct measure_results *days, uint32_t arm, struct arena *arena) {
    double *sums = arena_array(arena, double, days->n_groups), sum = 0;
    for (uint32_t d = 0; d < days->n_groups; d++) {
        for (uint32_t e = 0; e < days->n_epochs; e++)
            sum += (double)days->groups[d].units[(size_t)e * days->n_arms + arm];
        sums[d] = sum;
    }
    return sums;
}

static void draw_curve(struct buffer *out, const struct scale *x, const struct scale *y, const double *sums, uint32_t n,
                       uint32_t kind) {
    buffer_printf(out, "<polyline class=\"curve k%u\" points=\"", kind % CURVES);
    for (uint32_t d = 0; d < n; d++) buffer_printf(out, "%.1f,%.1f ", at(x, d), at(y, sums[d]));
    buffer_cstr(out, "\"/>\n");
}

static void draw_grid(struct buffer *out, const struct measure_results *days, const struct scale *x,
                      const struct scale *y) {
    double step = fmax(1, step_of(y, 4));
    for (double v = 0; v <= y->high; v += step) {
        buffer_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
                      at(y, v), at(y, v));
        buffer_printf(out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", LEFT - 8,
                      at(y, v) + 4, v);
    }
    uint32_t last = days->n_groups - 1;
    buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%d\">%.*s</text>", at(x, 0), HEIGHT + 18,
                  TEXT_ARGS(days->groups[0].value));
    buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"end\">%.*s</text>\n", at(x, last),
                  HEIGHT + 18, TEXT_ARGS(days->groups[last].value));
}

struct text picture_exposure(const struct measure_results *days, struct arena *arena) {
    if (days->n_groups < 2) return TEXT_NONE;
    const struct experiment_state *state = &days->experiment->state;
    double **sums = arena_array(arena, double *, days->n_arms), most = 1;
    struct buffer words = {0}, out = {0};
    for (uint32_t a = 0; a < days->n_arms; a++) {
        sums[a] = cumulated(days, a, arena);
        most = fmax(most, sums[a][days->n_groups - 1]);
        buffer_printf(&words, "%.*s: %.0f units. ", TEXT_ARGS(state->arms[a]), sums[a][days->n_groups - 1]);
    }
    struct scale x = {0, days->n_groups - 1, LEFT, WIDTH - RIGHT}, y = {0, 1.05 * most, HEIGHT, TOP};
    open_picture(&out, HEIGHT + BOTTOM, TEXT("Units that entered, by day"), buffer_view(&words));
    draw_grid(&out, days, &x, &y);
    for (uint32_t a = 0; a < days->n_arms; a++) {
        draw_curve(&out, &x, &y, sums[a], days->n_groups, a);
        buffer_printf(&out,
                      "<line class=\"curve k%u\" x1=\"0\" x2=\"26\" y1=\"%u\" y2=\"%u\"/><text x=\"32\" y=\"%u\">",
                      a % CURVES, TOP + 22 * a, TOP + 22 * a, TOP + 22 * a + 4);
        html_escape(&out, text_n(state->arms[a].at, state->arms[a].n < 10 ? state->arms[a].n : 10));
        buffer_cstr(&out, "</text>\n");
    }
    buffer_free(&words);
    return close_picture(&out, arena);
}
