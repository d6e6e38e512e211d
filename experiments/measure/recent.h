/* Results that are ready before somebody asks. Reading an experiment of a million units takes a pass over them, so large ones are
 * read behind the answers, again and again: those that somebody looks at, and those that go on, the latter for a share of the
 * thread's time at most. What answers is at most a second old. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_RECENT_H
#define PARLEY_EXPERIMENTS_MEASURE_RECENT_H

#include <pthread.h>

#include "experiments/measure/measure.h"

enum { RECENT_UNITS = 50000 /* smaller ones are read at every question: that takes less than two milliseconds */ };

struct recent {
    pthread_mutex_t lock;
    _Atomic int64_t revision; /* of the newest definitions: what is ready by older ones answers nobody */
    struct recent_results {
        struct measure_results *results; /* one reference */
        _Atomic int64_t asked;           /* ms: when somebody last did; 0: nobody yet */
    } * items;
    uint32_t n;
};

void recent_init(struct recent *recent);
void recent_free(struct recent *recent);

/* From now on answers are by definitions of that revision. Any thread: those who ask after a change must not wait for the owner to
 * hear of it. */
void recent_expect(struct recent *recent, int64_t revision);
/* Answers a question about all units with what is ready: true. The caps that the asker froze must be those in force in it. Any
 * thread, so that nobody waits for what the owner of the fold does meanwhile; everything below is that owner's. */
bool recent_answer(struct recent *recent, struct measure_question *question, int64_t now);
/* Keeps what a question was answered with, where it is of all units of a large experiment. */
void recent_keep(struct recent *recent, const struct measure_question *question, int64_t now);
/* Some times a second: reads again what was asked for in the last minutes, or goes on, and is not quite new; lets go of the rest. */
void recent_renew(struct recent *recent, struct fold *fold, int64_t now);
/* Nothing is ready any more: definitions are new, or what was read shows somebody who has been erased since. */
void recent_forget(struct recent *recent);

#endif
