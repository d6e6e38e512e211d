/* What a slow disk takes, on a thread beside its owner's, in the background: one thing at a time. All calls are the owner's, on one thread. Zeroed memory is
 * one that does nothing. */
#ifndef PARLEY_CORE_BASE_ASIDE_H
#define PARLEY_CORE_BASE_ASIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct aside {
    pthread_t thread;
    bool started; /* the thread has not been waited for */
    _Atomic bool busy;
    void (*work)(void *what);
    void *what;
};

/* Waits for the one before, then runs `work(what)` beside; at once where no thread can be had. */
void aside_do(struct aside *aside, void (*work)(void *what), void *what);
bool aside_busy(const struct aside *aside);
/* Until it is done; what it wrote is seen afterwards. */
void aside_wait(struct aside *aside);

#endif
