#include "core/base/background.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/lane.h"

struct look {
    struct lane_job job;
    int urgency;
    pid_t child;
};

static void look(struct lane_job *job, void *owner) {
    struct look *l = (struct look *)job;
    l->urgency = getpriority(PRIO_PROCESS, 0);
    l->child = fork();
    if (l->child > 0) return;
    for (;;) pause();
}

/* What a lane sees of itself, and the child that it started. */
static struct look looked_at(struct lane *lane) {
    struct look l = {.job.work = look};
    lane_do(lane, &l.job);
    lane_stop(lane);
    setpgid(l.child, l.child);
    return l;
}

static void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

Test(background, a_lane_in_the_background_and_what_it_starts_are_less_urgent_than_the_rest) {
    int here = getpriority(PRIO_PROCESS, 0);
    if (here == 19 || sched_getscheduler(0) != SCHED_OTHER) cr_skip_test("nothing is less urgent than this test");
    struct look l = looked_at(lane_start_in_background("slow", NULL));
    cr_expect_gt(l.urgency, here);
    cr_expect_eq(getpriority(PRIO_PROCESS, (id_t)l.child), l.urgency);
    cr_expect_eq(getpriority(PRIO_PROCESS, 0), here, "this thread is as urgent as before");
    end(l.child);
}

Test(background, a_process_that_leaves_it_is_as_urgent_as_its_parent_again) {
    if (!background_reversible()) cr_skip_test("neither root nor RLIMIT_NICE");
    struct look l = looked_at(lane_start_in_background("slow", NULL));
    background_leave(l.child);
    cr_expect_eq(getpriority(PRIO_PROCESS, (id_t)l.child), getpriority(PRIO_PROCESS, 0));
    end(l.child);
}

Test(background, it_is_reversible_for_whom_the_limit_allows_it_and_for_nobody_else) {
    if (geteuid() != 0) cr_skip_test("root, to give rights up");
    int before = getpriority(PRIO_PROCESS, 0);
    struct rlimit limit = {0, 0};
    cr_assert_eq(setrlimit(RLIMIT_NICE, &limit), 0);
    cr_assert_eq(setuid(65534), 0);
    cr_expect_not(background_reversible());
    cr_expect_eq(getpriority(PRIO_PROCESS, 0), before, "asking changes nothing");
}
