/* Between report.c (the whole of a report), report_results.c and report_time.c (its longer chapters). */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_INTERNAL_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_INTERNAL_H

#include "experiments/judge/report.h"
#include "experiments/judge/report_pen.h"

/* What the chapters share while a report is drawn. */
struct drawing {
    struct pen pen;
    const struct report *report;
    const struct judgement *judgement;
    const struct experiment *definition;
    const struct experiment_state *state;
    struct arena arena;
};

#define PEN(d, what, ...) (d)->pen.kind->what(&(d)->pen, __VA_ARGS__)
#define COUNT(array)      (sizeof(array) / sizeof *(array))

/* Values as people read them; what does not exist is a dash. */
struct text report_number(struct drawing *d, int digits, double value);
struct text report_percent(struct drawing *d, double share);
struct text report_whole(struct drawing *d, int64_t n);
struct text report_range(struct drawing *d, struct text low, struct text high);
struct text report_moment(struct drawing *d, int64_t ms); /* 0: a dash */

/* A metric in its role: picture, figures, what every method says. */
void report_draw_metric(struct drawing *d, const struct judged_metric *metric);
/* The effect on the primary metric by day, by week since entry, and as the looks had it. Adds the report's days up. */
void report_draw_time(struct drawing *d);

#endif
