/* The report of a trial: question, design, exposure, results, how they went, health, decision and what was done, as one file to keep or send. One
 * description of it, drawn by a pen: as HTML that needs nothing else (style and pictures are in it), or as Markdown. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_H

#include "core/store/audit.h"
#include "experiments/judge/looks.h"

struct report {
    struct measure_results *results; /* of all units */
    struct measure_results *days;    /* by the day on which units entered; added up while it is drawn */
    struct measure_results *weeks;   /* by week since entry */
    struct look_days looks;          /* the last of each day */
    const struct look *before;       /* the latest look; NULL */
    struct audit_page audit;         /* of definition and steps, newest first */
};

enum report_format { REPORT_HTML, REPORT_MARKDOWN };

/* Appends the whole of it. Whatever people wrote into definitions and notes is text in it, never markup. A few milliseconds; any
 * thread. */
void report_write(const struct report *report, enum report_format format, struct buffer *out);

#endif
