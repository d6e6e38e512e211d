/* A lane: one thread that does jobs in the order they came, so that what it owns (a database connection, a file)
 * needs no lock. The loop hands it jobs and gets each one back through its mailbox when it is done. */
#ifndef PARLEY_CORE_BASE_LANE_H
#define PARLEY_CORE_BASE_LANE_H

#include "core/base/mailbox.h"

struct lane;

/* Embedded in whatever the job needs. `work` runs on the lane; then `mail.receive` (if not NULL) on the loop of `reply_to`,
 * where it owns the job again. With no `reply_to`, `work` is the last to touch it. */
struct lane_job {
    struct mail mail; /* mail.receive is set by the caller */
    struct lane_job *next;
    void (*work)(struct lane_job *job, void *owner);
    struct mailbox *reply_to; /* borrowed; NULL: nobody is told */
};

/* Starts the thread. `owner` is passed to every job (borrowed). `name` shows in ps -L; at most 15 bytes. */
struct lane *lane_start(const char *name, void *owner);
/* The same, in the background (background.h). */
struct lane *lane_start_in_background(const char *name, void *owner);
/* Any thread. Unbounded: whoever takes requests from outside bounds how many are under way. */
void lane_do(struct lane *lane, struct lane_job *job);
/* Waits until every job queued before has run, then ends the thread and frees the lane. */
void lane_stop(struct lane *lane);

#endif
