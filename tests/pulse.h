/* Whether the machine let a test have what it needs: a thread that sleeps for 10 ms and keeps a byte on the disk, again and again, and
 * how long that took it at worst. A bound of real time is judged only where nothing else kept the test waiting. */
#ifndef PARLEY_TESTS_PULSE_H
#define PARLEY_TESTS_PULSE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"

struct pulse {
    pthread_t thread;
    int file;
    _Atomic uint64_t begun, worst; /* the beat under way, and the longest since somebody looked; ns */
    _Atomic bool stopping;
};

static inline void pulse_note(struct pulse *pulse, uint64_t took) {
    uint64_t worst = pulse->worst;
    while (took > worst && !atomic_compare_exchange_weak(&pulse->worst, &worst, took)) continue;
}

static inline void *pulse_beat(void *arg) {
    struct pulse *pulse = arg;
    while (!pulse->stopping) {
        pulse->begun = clock_ticks();
        usleep(10000);
        if (pwrite(pulse->file, "!", 1, 0) == 1) fdatasync(pulse->file);
        pulse_note(pulse, clock_ticks() - pulse->begun);
    }
    return NULL;
}

/* In the folder whose disk matters. */
static inline void pulse_start(struct pulse *pulse, const char *where) {
    char path[300];
    snprintf(path, sizeof path, "%s/pulse", where);
    *pulse = (struct pulse){.file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), .begun = clock_ticks()};
    cr_assert_geq(pulse->file, 0);
    cr_assert_eq(pthread_create(&pulse->thread, NULL, pulse_beat, pulse), 0);
}

static inline void pulse_stop(struct pulse *pulse) {
    pulse->stopping = true;
    pthread_join(pulse->thread, NULL);
    close(pulse->file);
}

/* True when `took` ns are within the bound, or too many though nothing disturbed them since the last look: then it is judged. */
static inline bool pulse_judges(struct pulse *pulse, uint64_t took, uint64_t bound) {
    pulse_note(pulse, clock_ticks() - pulse->begun);
    return atomic_exchange(&pulse->worst, 0) < bound / 8 || took < bound;
}

/* CPU time of this thread, ns: what a computation took on whatever else the machine did meanwhile. */
static inline uint64_t worked_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
