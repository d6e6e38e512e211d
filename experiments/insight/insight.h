/* What customers do in the shop as a whole, whichever trial runs: which products they look at and buy, day by day, who
 * buys again, how often they come and how long they stay. Follows the journal on a lane of its own into DIR/insight.db, which includes it up to a position and can be
 * deleted: it is made again from the journal. Knows nothing of experiments. */
#ifndef PARLEY_EXPERIMENTS_INSIGHT_INSIGHT_H
#define PARLEY_EXPERIMENTS_INSIGHT_INSIGHT_H

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/base/lane.h"
#include "core/base/log.h"
#include "core/base/telemetry.h"
#include "core/base/text.h"
#include "core/base/error.h"

struct insight;

struct insight_options {
    const char *path;            /* of its database; borrowed until insight_open returns */
    const char *journal_folder;  /* likewise */
    int64_t journal_last;        /* the journal's last row; a database that is beyond it is made again */
    const struct clock *clock;   /* borrowed */
    const struct log *log;       /* borrowed; may be NULL */
    struct telemetry *telemetry; /* borrowed; NULL: nothing is counted outside */
};

/* Blocks for opening the file only. */
int insight_open(struct insight **insight, const struct insight_options *options, struct error *error);
void insight_close(struct insight *insight); /* nobody asks any more; NULL is fine */
/* About once a second, on one thread: takes in what the journal has by now, whose last row that is. */
void insight_tick(struct insight *insight, int64_t newest_row);

int64_t insight_position(const struct insight *insight); /* the journal's row that is included; any thread */

/* --- questions: what is marked is asked; then job.mail.receive and job.reply_to --- */

/* Products are wanted (shopping: whatever a customer does about a product but buying or removing it) or bought. */
enum insight_kind { INSIGHT_SHOPPING = 1, INSIGHT_PURCHASING = 2 };
enum insight_order { INSIGHT_TRENDING, INSIGHT_POPULAR };

/* x: distinct customers in the `window` days that end with the day `at`; y: in the `base` days before them;
 * e = y·window/base + 1; z = (x − e)/√e. Items with x ≥ least, by z (or by x), then by name. ERR_INVALID where the base
 * begins on a day that is not kept any more. */
struct insight_trends {
    struct lane_job job;
    enum insight_kind kind;   /* asked */
    enum insight_order order; /* asked */
    int64_t at, least;        /* asked; at: ms, 0 is now */
    int window, base;         /* asked; days */
    size_t from, limit;       /* asked: page */
    struct buffer
        out; /* {"kind","at",...,"items":[{"item","customers","before","expected","z"}],"next"}; buffer_free */
    struct error error;
};
void insight_ask_trends(struct insight *insight, struct insight_trends *question);

enum insight_period { INSIGHT_MONTHS, INSIGHT_WEEKS, INSIGHT_PERIODS };

/* Customers (who is known by a userId, with all keys that are joined to her; other guests cannot be told apart) by the month or week of their first purchase, and how many of them bought
 * in each one since; what they paid. Where counting takes over a tenth of a second, what was counted answers for a minute, and the
 * answer's position says so. */
struct insight_cohorts {
    struct lane_job job;
    enum insight_period by; /* asked */
    size_t from, limit;     /* asked: page of cohorts */
    struct buffer out;      /* buffer_free */
    struct error error;
};
void insight_ask_cohorts(struct insight *insight, struct insight_cohorts *question);

/* What customers (as in cohorts) are expected to buy within the next `weeks`, in all and by the month of their first purchase, from
 * the newest day that is known: BG/NBD and Gamma-Gamma, experiments/stats/lifetime.h. */
struct insight_lifetime {
    struct lane_job job;
    int weeks;          /* asked */
    size_t from, limit; /* asked: page of months */
    struct buffer out;  /* buffer_free */
    struct error error;
};
void insight_ask_lifetime(struct insight *insight, struct insight_lifetime *question);

/* Visits by day, the newest first: visitors, those who came for the first time, visits (half an hour of silence ends one), their mean length
 * in seconds, and how many of the first-time visitors came back on the 1st, 7th and 28th day after. */
struct insight_visits {
    struct lane_job job;
    int64_t before;    /* asked: days before this one, since 1970 */
    size_t limit;      /* asked */
    struct buffer out; /* buffer_free */
    struct error error;
};
void insight_ask_visits(struct insight *insight, struct insight_visits *question);

/* Rows of some units go. After the journal's rows of them were erased, or they come back with the next reading. */
struct insight_forgetting {
    struct lane_job job;
    const struct text *units; /* asked: all keys of one person; borrowed until answered */
    size_t n;
    struct error error;
};
void insight_forget(struct insight *insight, struct insight_forgetting *forgetting);

#endif
