#include "core/base/lane.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

enum { CALLERS = 3, JOBS = 3000 };

/* What the lane owns: touched by jobs alone, so a thread sanitizer sees any that runs elsewhere. */
struct ledger {
    int next[CALLERS], done;
    pthread_t thread;
};

struct entry {
    struct lane_job job;
    int caller, number;
    bool worked;
};

static uv_loop_t loop;
static struct mailbox box;
static struct ledger ledger;
static struct lane *lane;
static int answered, expected;
static pthread_t loop_thread;

static void set_up(void) {
    uv_loop_init(&loop);
    mailbox_open(&box, &loop);
    loop_thread = pthread_self();
    lane = lane_start("ledger", &ledger);
}
static void tear_down(void) {
    cr_expect_eq(uv_loop_close(&loop), 0, "nothing is left on the loop");
}
TestSuite(lane, .init = set_up, .fini = tear_down);

static void work(struct lane_job *job, void *owner) {
    struct entry *entry = (struct entry *)job;
    struct ledger *book = owner;
    if (book->done++ == 0) book->thread = pthread_self();
    cr_assert(pthread_equal(book->thread, pthread_self()), "every job runs on the lane's thread");
    cr_assert_not(pthread_equal(loop_thread, pthread_self()));
    cr_assert_eq(entry->number, book->next[entry->caller], "jobs of one caller keep their order");
    book->next[entry->caller]++;
    entry->worked = true;
    if (!entry->job.reply_to) free(entry);
}

static void answer(struct mail *mail) {
    struct entry *entry = (struct entry *)mail;
    cr_assert(entry->worked);
    cr_assert(pthread_equal(loop_thread, pthread_self()));
    free(entry);
    if (++answered == expected) mailbox_close(&box);
}

static void enqueue(int caller, int number, struct mailbox *reply_to) {
    struct entry *entry = calloc(1, sizeof *entry);
    *entry = (struct entry){
        .job = {.mail.receive = answer, .work = work, .reply_to = reply_to}, .caller = caller, .number = number};
    lane_do(lane, &entry->job);
}

static void *enqueue_all(void *arg) {
    for (int i = 0; i < JOBS; i++) enqueue(*(int *)arg, i, &box);
    return NULL;
}

Test(lane, does_jobs_of_several_threads_in_each_ones_order_and_answers_on_the_loop) {
    pthread_t threads[CALLERS];
    int names[CALLERS];
    expected = CALLERS * JOBS;
    for (int i = 0; i < CALLERS; i++) {
        names[i] = i;
        pthread_create(&threads[i], NULL, enqueue_all, &names[i]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
    cr_expect_eq(answered, CALLERS * JOBS);
    lane_stop(lane);
}

Test(lane, finishes_what_is_queued_before_it_stops) {
    for (int i = 0; i < 500; i++) enqueue(0, i, NULL);
    lane_stop(lane);
    cr_expect_eq(ledger.done, 500);
    mailbox_close(&box);
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void work_on_more(struct lane_job *job, void *owner) {
    free(job);
    enqueue(1, 0, NULL);
}

Test(lane, takes_jobs_from_its_own_jobs) {
    struct lane_job *job = calloc(1, sizeof *job);
    job->work = work_on_more;
    lane_do(lane, job);
    lane_stop(lane);
    cr_expect_eq(ledger.done, 1);
    mailbox_close(&box);
    uv_run(&loop, UV_RUN_DEFAULT);
}

Test(lane, stops_at_once_when_nothing_was_asked) {
    lane_stop(lane);
    mailbox_close(&box);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect_eq(ledger.done, 0);
}
