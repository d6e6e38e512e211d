/* How an effect went: a line for each treatment, with its interval at each place. */
#include <math.h>

#include "experiments/judge/report_canvas.h"
#include "experiments/judge/report_pictures.h"

/* A place has an interval that can be drawn. */
static bool there(const struct picture_place *p) {
    return isfinite(p->estimate) && isfinite(p->low) && isfinite(p->high);
}

/* The first quarter has few units and intervals that would flatten all others: they are cut at the edge. */
static struct canvas_scale height_of(const struct picture_course *course) {
    struct canvas_scale y = {0, 0, CANVAS_HEIGHT, CANVAS_TOP};
    for (uint32_t l = 0; l < course->n_lines; l++)
        for (uint32_t i = course->n / 4; i < course->n; i++) {
            const struct picture_place *p = &course->lines[l].places[i];
            if (!there(p)) continue;
            y.low = fmin(y.low, p->low);
            y.high = fmax(y.high, p->high);
        }
    if (!(y.high > y.low)) y.low = -0.01, y.high = 0.01;
    double room = 0.05 * (y.high - y.low);
    return (struct canvas_scale){y.low - room, y.high + room, y.from, y.to};
}

static double inside(const struct canvas_scale *y, double value) {
    return canvas_at(y, fmax(y->low, fmin(y->high, value)));
}

static void draw_line(struct buffer *out, const struct picture_course *course, uint32_t line,
                      const struct canvas_scale *x, const struct canvas_scale *y) {
    const struct picture_place *places = course->lines[line].places;
    double beside = 3 * (line - (course->n_lines - 1) / 2.0); /* so that intervals do not cover each other */
    uint32_t kind = course->lines[line].arm % CANVAS_CURVES;
    for (uint32_t i = 0; i < course->n; i++)
        if (there(&places[i]))
            buffer_printf(out, "<line class=\"curve k%u thin\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", kind,
                          canvas_at(x, i) + beside, canvas_at(x, i) + beside, inside(y, places[i].low),
                          inside(y, places[i].high));
    buffer_printf(out, "\n<polyline class=\"curve k%u\" points=\"", kind);
    for (uint32_t i = 0; i < course->n; i++)
        if (there(&places[i]))
            buffer_printf(out, "%.1f,%.1f ", canvas_at(x, i) + beside, inside(y, places[i].estimate));
    buffer_cstr(out, "\"/>\n");
}

/* What the last place has, in words. */
static struct text describe(const struct picture_course *course, struct arena *arena) {
    struct buffer words = {0};
    for (uint32_t l = 0; l < course->n_lines; l++)
        for (uint32_t i = course->n; i-- > 0;) {
            const struct picture_place *p = &course->lines[l].places[i];
            if (!there(p)) continue;
            buffer_printf(&words, "%.*s: %+.1f %%, interval %+.1f %% to %+.1f %%, at %.*s. ",
                          TEXT_ARGS(course->lines[l].name), 100 * p->estimate, 100 * p->low, 100 * p->high,
                          TEXT_ARGS(course->names[i]));
            break;
        }
    struct text copy = arena_text(arena, buffer_view(&words));
    buffer_free(&words);
    return copy;
}

struct text picture_course(const struct picture_course *course, struct arena *arena) {
    struct text description = describe(course, arena);
    if (course->n < 2 || !description.n) return TEXT_NONE;
    struct canvas_scale x = {0, course->n - 1, CANVAS_LEFT + 12, CANVAS_RIGHT - 12}, y = height_of(course);
    struct buffer out = {0};
    canvas_open(&out, CANVAS_HEIGHT + CANVAS_FOOT, course->title, description);
    canvas_rows(&out, &y, canvas_step(&y, 5), CANVAS_SHARE);
    canvas_ends(&out, &x, course->names[0], course->names[course->n - 1]);
    buffer_printf(&out, "<line class=\"zero\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", CANVAS_LEFT,
                  CANVAS_RIGHT, canvas_at(&y, 0), canvas_at(&y, 0));
    for (uint32_t l = 0; l < course->n_lines; l++) {
        draw_line(&out, course, l, &x, &y);
        canvas_legend(&out, l, course->lines[l].arm, course->lines[l].name);
    }
    return canvas_close(&out, arena);
}
