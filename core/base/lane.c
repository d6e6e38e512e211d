#include "core/base/lane.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/background.h"
#include "core/base/memory.h"

struct lane {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct lane_job *first, **last;
    bool stopping;
    void *owner;
};

static struct lane_job *take_all(struct lane *lane) {
    pthread_mutex_lock(&lane->lock);
    while (!lane->first && !lane->stopping) pthread_cond_wait(&lane->filled, &lane->lock);
    struct lane_job *jobs = lane->first;
    lane->first = NULL;
    lane->last = &lane->first;
    pthread_mutex_unlock(&lane->lock);
    return jobs;
}

static void *run(void *arg) {
    struct lane *lane = arg;
    struct lane_job *job;
    while ((job = take_all(lane)))
        while (job) {
            struct lane_job *next = job->next;
            struct mailbox *reply_to = job->reply_to; /* the job may be gone after work() when nobody is told */
            job->work(job, lane->owner);
            if (reply_to) mailbox_post(reply_to, &job->mail);
            job = next;
        }
    return NULL;
}

static void *run_in_background(void *lane) {
    background_enter();
    return run(lane);
}

static struct lane *start(const char *name, void *owner, void *(*thread)(void *lane)) {
    struct lane *lane = memory_new(struct lane);
    lane->owner = owner;
    lane->last = &lane->first;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->filled, NULL);
    if (pthread_create(&lane->thread, NULL, thread, lane) != 0) abort();
    pthread_setname_np(lane->thread, name);
    return lane;
}

struct lane *lane_start(const char *name, void *owner) {
    return start(name, owner, run);
}

struct lane *lane_start_in_background(const char *name, void *owner) {
    return start(name, owner, run_in_background);
}

void lane_do(struct lane *lane, struct lane_job *job) {
    job->next = NULL;
    pthread_mutex_lock(&lane->lock);
    bool idle = !lane->first;
    *lane->last = job;
    lane->last = &job->next;
    pthread_mutex_unlock(&lane->lock);
    if (idle) pthread_cond_signal(&lane->filled); /* after the lock: who wakes finds it free */
}

void lane_stop(struct lane *lane) {
    pthread_mutex_lock(&lane->lock);
    lane->stopping = true;
    pthread_cond_signal(&lane->filled);
    pthread_mutex_unlock(&lane->lock);
    pthread_join(lane->thread, NULL);
    pthread_mutex_destroy(&lane->lock);
    pthread_cond_destroy(&lane->filled);
    free(lane);
}
