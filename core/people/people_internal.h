/* What people.c (reading) and people_follow.c (telling parley.db what the journal says) share. */
#ifndef PARLEY_CORE_PEOPLE_PEOPLE_INTERNAL_H
#define PARLEY_CORE_PEOPLE_PEOPLE_INTERNAL_H

#include <semaphore.h>

#include "core/people/people.h"

struct people {
    struct journal *journal;
    struct lane *lane;             /* reading timelines */
    struct lane *store;            /* following; borrowed */
    struct journal_reader *reader; /* of `lane` */
    const struct log *log;
    struct counter *refused_traits;
    struct following { /* of the store lane */
        struct journal_reader *reader;
        int64_t position; /* seq that parley.db includes; -1: not read yet */
        int64_t kept;     /* the position as it stands in parley.db */
        int64_t target;   /* seq: what is up to it comes from the files, not in blocks */
        bool reading, warned;
        _Atomic bool closing;
        struct lane_job job; /* reads the files; at most one is queued */
    } following;
};

void people_follow(struct people *people);
/* What was handed over is told; the store lane must still run. */
void people_stop_following(struct people *people);

#endif
