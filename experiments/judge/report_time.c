/* The chapter of a report on how the effect on the primary metric went. */
#include <math.h>

#include "experiments/judge/report_internal.h"
#include "experiments/judge/report_pictures.h"
#include "experiments/judge/series.h"

enum { ROWS = 20 /* of days in a table: where there are more, some are passed over */ };

/* Days or weeks: the same trial judged at several places. */
struct course {
    struct judgement **judged;
    struct text *names;
    uint32_t n;
};

static const struct judged_arm *primary_arm(const struct judgement *j, uint32_t arm) {
    return &j->metrics[0].arms[arm];
}

static double units_of(const struct judgement *j, uint32_t arm) {
    double n = 0;
    for (uint32_t e = 0; e < j->results->n_epochs; e++)
        n += (double)j->group->units[(size_t)e * j->results->n_arms + arm];
    return n;
}

static struct picture_line line_of(struct drawing *d, const struct course *course, uint32_t arm) {
    struct picture_line line = {arm, d->state->arms[arm], arena_array(&d->arena, struct picture_place, course->n)};
    for (uint32_t i = 0; i < course->n; i++) {
        const struct judged_arm *a = primary_arm(course->judged[i], arm);
        line.places[i] = a->compared
                             ? (struct picture_place){a->is.relative.estimate, a->is.relative.low, a->is.relative.high}
                             : (struct picture_place){NAN, NAN, NAN};
    }
    return line;
}

static void draw_picture(struct drawing *d, const struct course *course, const char *title) {
    struct picture_course picture = {.title = text_of(title), .names = course->names, .n = course->n};
    picture.lines = arena_array(&d->arena, struct picture_line, d->state->n_arms);
    for (uint32_t a = 0; a < d->state->n_arms; a++)
        if (a != d->state->control) picture.lines[picture.n_lines++] = line_of(d, course, a);
    PEN(d, picture, picture_course(&picture, &d->arena));
}

static void effect_row(struct drawing *d, const struct course *course, uint32_t at, uint32_t arm, struct text *cells) {
    const struct judgement *j = course->judged[at];
    const struct judged_arm *a = primary_arm(j, arm);
    double nothing = a->compared ? 0 : NAN;
    cells[0] = course->names[at];
    cells[1] = d->state->arms[arm];
    cells[2] = report_number(d, 12, units_of(j, arm) + units_of(j, d->state->control));
    cells[3] = report_percent(d, a->is.relative.estimate + nothing);
    cells[4] = report_range(d, report_percent(d, a->is.relative.low + nothing),
                            report_percent(d, a->is.relative.high + nothing));
    cells[5] = report_number(d, 3, a->is.shown.p + nothing);
}

/* Every so many places, so that the table stays short, and the last. */
static void draw_table(struct drawing *d, const struct course *course, const char *caption, const char *place) {
    const struct pen_column columns[] = {{place, false},
                                         {"Variant", false},
                                         {"Units, with control", true},
                                         {"Lift", true},
                                         {"Interval of the lift", true},
                                         {"p", true}};
    uint32_t step = (course->n + ROWS - 1) / ROWS, rows = 0;
    struct text *cells = arena_array(&d->arena, struct text, COUNT(columns) * (course->n + 1) * d->state->n_arms);
    for (uint32_t i = 0; i < course->n; i++)
        for (uint32_t a = 0; (course->n - 1 - i) % step == 0 && a < d->state->n_arms; a++)
            if (a != d->state->control) effect_row(d, course, i, a, cells + COUNT(columns) * rows++);
    PEN(d, table, caption, columns, COUNT(columns), cells, rows);
}

static void draw_days(struct drawing *d) {
    struct measure_results *days = d->report->days;
    struct course course = {.n = days->n_groups, .names = arena_array(&d->arena, struct text, days->n_groups + 1)};
    PEN(d, heading, 3, TEXT("By day"));
    PEN(d, sentence, TEXT("On each day the units that had entered by its end, with what is known of them now."));
    course.judged = series_of_days(days, &d->arena);
    for (uint32_t g = 0; g < days->n_groups; g++) course.names[g] = days->groups[g].value;
    draw_picture(d, &course, "Effect on the primary metric, by day");
    draw_table(d, &course, "Effect by day", "Day");
}

static void draw_weeks(struct drawing *d) {
    const struct measure_results *weeks = d->report->weeks;
    struct course course = {.n = weeks->n_groups, .names = arena_array(&d->arena, struct text, weeks->n_groups + 1)};
    if (!weeks->n_groups) return; /* nothing that can be told by week */
    PEN(d, heading, 3, TEXT("By week since entry"));
    PEN(d, sentence,
        TEXT("What units did in each week since their own entry, of those for whom that week is over. An effect that "
             "wears off is larger in the first."));
    course.judged = series_of_weeks(weeks, &d->arena);
    for (uint32_t g = 0; g < weeks->n_groups; g++) course.names[g] = arena_printf(&d->arena, "week %u", g + 1);
    draw_picture(d, &course, "Effect on the primary metric, by week since entry");
    draw_table(d, &course, "Effect by week since entry", "Week");
}

static void draw_looks(struct drawing *d) {
    static const struct pen_column columns[] = {
        {"Look", false}, {"Variant", false}, {"Units", true},   {"Lift", true}, {"Interval of the lift", true},
        {"p", true},     {"Least p", true},  {"Verdict", false}};
    const struct look_days *looks = &d->report->looks;
    size_t rows = 0, most = 0;
    for (size_t i = 0; i < looks->n; i++) most += looks->items[i].n;
    if (!most) return; /* nobody has looked yet */
    struct text *cells = arena_array(&d->arena, struct text, COUNT(columns) * most);
    for (size_t i = looks->n; i-- > 0;)
        for (size_t k = 0; k < looks->items[i].n; k++) {
            const struct look_effect *e = &looks->items[i].effects[k];
            struct text *row = cells + COUNT(columns) * rows++;
            row[0] = report_moment(d, looks->items[i].at);
            row[1] = e->variant;
            row[2] = report_whole(d, looks->items[i].units);
            row[3] = report_percent(d, e->estimate);
            row[4] = report_range(d, report_percent(d, e->low), report_percent(d, e->high));
            row[5] = report_number(d, 3, e->p);
            row[6] = report_number(d, 3, e->least);
            row[7] = looks->items[i].call;
        }
    PEN(d, heading, 3, TEXT("Looks"));
    PEN(d, sentence, TEXT("What was to be seen at the last look of each day; p is valid whenever one looked."));
    PEN(d, table, "Looks", columns, COUNT(columns), cells, rows);
}

void report_draw_time(struct drawing *d) {
    if (!d->judgement->n || d->judgement->metrics[0].role != ROLE_PRIMARY) return;
    PEN(d, heading, 2, TEXT("Over time"));
    draw_days(d);
    draw_weeks(d);
    draw_looks(d);
}
