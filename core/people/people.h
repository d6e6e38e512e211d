/* Customers as a service: follows the journal so that parley.db knows what `identify` told of them, and reads timelines. The
 * following is done on the store lane, a group at a time, with the position in the same transaction; the reading on a lane
 * of its own, so that a cold disk keeps nobody from joining keys. */
#ifndef PARLEY_CORE_PEOPLE_PEOPLE_H
#define PARLEY_CORE_PEOPLE_PEOPLE_H

#include "core/journal/journal.h"
#include "core/people/timeline.h"
#include "core/store/main_db.h"

struct people;

struct people_options {
    const char *journal_folder;  /* borrowed until people_open returns */
    struct journal *journal;     /* borrowed; open, and nothing appended yet */
    struct main_db *db;          /* borrowed */
    const struct log *log;       /* borrowed; may be NULL */
    struct telemetry *telemetry; /* borrowed */
};

/* Subscribes to the journal and starts reading what parley.db does not include yet. Blocks for opening files only. */
int people_open(struct people **people, const struct people_options *options, struct error *error);
/* After journal_close and before main_db_close; what was committed is told first. NULL is fine. */
void people_close(struct people *people);

/* A page of a timeline. The asker fills in what is marked, mail.receive and reply_to; the rest is the answer. */
struct people_page {
    struct lane_job job;
    struct timeline_query query; /* asked; `heads` are filled in here. Borrowed until answered */
    struct arena *arena;         /* asked: takes the page. Nobody else uses it until answered */
    struct timeline_page page;
    struct error error;
    struct people *people; /* the service's own, as is what follows */
    struct journal_heads heads;
};
/* Any thread. Shows every row that was acknowledged before. */
void people_read_timeline(struct people *people, struct people_page *page);

/* The rows themselves, for an export, a page at a time, one key's chain after the other, newest first: elements of a JSON array,
 * {"seq","received","at","kind","actor","name","unit","other","body"}, with commas between, across pages too. */
struct people_rows {
    struct lane_job job;
    const struct text *keys; /* asked; borrowed until answered, as the next two */
    size_t n;
    struct text before; /* asked: `next` of the answer before; empty: from the newest */
    struct arena *arena;
    struct buffer out; /* buffer_free */
    struct text next;  /* in the arena; empty: these were the last */
    struct error error;
    struct people *people; /* the service's own, as is what follows */
    struct journal_heads heads;
};
void people_read_rows(struct people *people, struct people_rows *rows);

/* Which of some keys are customers' own: the newest 2,000 rows of one have an event that named it as its userId. */
struct people_known {
    struct lane_job job;
    struct text *keys; /* asked; borrowed until answered */
    size_t n;
    struct arena *arena; /* asked; nobody else uses it until answered */
    bool *known;         /* of each key, in the arena */
    struct error error;
    struct people *people; /* the service's own, as is what follows */
    struct journal_heads heads;
};
void people_find_known(struct people *people, struct people_known *question);

#endif
