#include "experiments/judge/report_pictures.h"

#include <math.h>

#include "core/base/html.h"
#include "experiments/judge/report_canvas.h"
#include "experiments/judge/report_pen.h"

enum { ROW = 56 };

/* ---- intervals ---- */

static bool drawable(const struct judged_arm *a) {
    return a->compared && isfinite(a->is.relative.low) && isfinite(a->is.relative.high);
}

static struct canvas_scale span_of(const struct judgement *j, const struct judged_metric *m, double mde) {
    double low = -mde, high = mde;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!drawable(&m->arms[a])) continue;
        low = fmin(low, m->arms[a].is.relative.low);
        high = fmax(high, m->arms[a].is.relative.high);
    }
    if (!(high > low)) low = -0.01, high = 0.01;
    double room = 0.06 * (high - low);
    return (struct canvas_scale){fmin(low, 0) - room, fmax(high, 0) + room, CANVAS_LEFT, CANVAS_RIGHT};
}

static void draw_axis(struct buffer *out, const struct canvas_scale *s, double bottom) {
    double step = canvas_step(s, 7);
    for (double v = ceil(s->low / step) * step; v <= s->high; v += step) {
        buffer_printf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>", canvas_at(s, v),
                      canvas_at(s, v), CANVAS_TOP, bottom);
        buffer_printf(out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.4g %%</text>\n",
                      canvas_at(s, v), bottom + 18, fabs(v) < step / 1e6 ? 0 : 100 * v);
    }
    buffer_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", CANVAS_LEFT, CANVAS_RIGHT,
                  bottom, bottom);
    buffer_printf(out, "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">relative to control</text>\n",
                  (CANVAS_LEFT + CANVAS_RIGHT) / 2, bottom + 38);
}

static void draw_row(struct buffer *out, const struct canvas_scale *s, struct text arm, const struct comparison *c,
                     double y) {
    buffer_printf(out, "<text x=\"0\" y=\"%.1f\">", y + 4);
    html_escape(out, text_n(arm.at, arm.n < 20 ? arm.n : 20)); /* a key: ASCII */
    buffer_printf(out, "</text><line class=\"interval\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                  canvas_at(s, c->relative.low), canvas_at(s, c->relative.high), y, y);
    buffer_printf(out, "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>", canvas_at(s, c->relative.estimate),
                  y);
    buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%+.1f %%</text>\n",
                  canvas_at(s, c->relative.estimate), y - 13, 100 * c->relative.estimate);
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
    struct canvas_scale s = span_of(j, m, mde);
    struct buffer out = {0};
    int rows = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) rows += drawable(&m->arms[a]);
    double bottom = CANVAS_TOP + rows * ROW;
    canvas_open(&out, (int)bottom + CANVAS_FOOT, arena_printf(arena, "Relative effect on %.*s", TEXT_ARGS(metric->key)),
                description);
    if (mde > 0)
        buffer_printf(&out, "<rect class=\"band\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\"/>",
                      canvas_at(&s, -mde), CANVAS_TOP, canvas_at(&s, mde) - canvas_at(&s, -mde), bottom - CANVAS_TOP);
    draw_axis(&out, &s, bottom);
    buffer_printf(&out, "<line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>\n", canvas_at(&s, 0),
                  canvas_at(&s, 0), CANVAS_TOP, bottom);
    for (uint32_t a = 0, row = 0; a < j->results->n_arms; a++)
        if (drawable(&m->arms[a]))
            draw_row(&out, &s, j->results->experiment->state.arms[a], &m->arms[a].is, CANVAS_TOP + ROW * (row++ + 0.6));
    return canvas_close(&out, arena);
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

static void draw_curve(struct buffer *out, const struct canvas_scale *x, const struct canvas_scale *y,
                       const double *sums, uint32_t n, uint32_t kind) {
    buffer_printf(out, "<polyline class=\"curve k%u\" points=\"", kind % CANVAS_CURVES);
    for (uint32_t d = 0; d < n; d++) buffer_printf(out, "%.1f,%.1f ", canvas_at(x, d), canvas_at(y, sums[d]));
    buffer_cstr(out, "\"/>\n");
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
    struct canvas_scale x = {0, days->n_groups - 1, CANVAS_LEFT, CANVAS_RIGHT},
                        y = {0, 1.05 * most, CANVAS_HEIGHT, CANVAS_TOP};
    canvas_open(&out, CANVAS_HEIGHT + CANVAS_FOOT, TEXT("Units that entered, by day"), buffer_view(&words));
    canvas_rows(&out, &y, fmax(1, canvas_step(&y, 4)), CANVAS_COUNT);
    canvas_ends(&out, &x, days->groups[0].value, days->groups[days->n_groups - 1].value);
    for (uint32_t a = 0; a < days->n_arms; a++) {
        draw_curve(&out, &x, &y, sums[a], days->n_groups, a);
        canvas_legend(&out, a, a, state->arms[a]);
    }
    buffer_free(&words);
    return canvas_close(&out, arena);
}
