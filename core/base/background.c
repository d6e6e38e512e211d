#include "core/base/background.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    LESS_URGENT = 5,     /* of nice(2): a third of the share of others */
    SLICE = 100 * 1000,  /* ns: the least that the kernel takes */
    SLICE_OF_KERNEL = 0, /* whatever it has for everybody */
};

/* The first version of struct sched_attr (sched_setattr(2)), which glibc 2.36 does not declare. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

/* Whoever runs parleyd by another policy than the usual knows better. */
static void set(pid_t pid, int nice, uint64_t slice) {
    struct attributes how = {.size = sizeof how, .policy = SCHED_OTHER, .nice = nice, .runtime = slice};
    if (sched_getscheduler(0) == SCHED_OTHER) syscall(SYS_sched_setattr, pid, &how, 0);
}

void background_enter(void) {
    set(0, getpriority(PRIO_PROCESS, 0) + LESS_URGENT, SLICE);
}

bool background_reversible(void) {
    int nice = getpriority(PRIO_PROCESS, 0);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= (rlim_t)(20 - nice)) return true;
    return setpriority(PRIO_PROCESS, 0, nice - 1) == 0 && setpriority(PRIO_PROCESS, 0, nice) == 0;
}

void background_leave(pid_t leader) {
    int nice = getpriority(PRIO_PROCESS, 0);
    set(leader, nice, SLICE_OF_KERNEL);
    setpriority(PRIO_PGRP, (id_t)leader, nice); /* its other threads */
}
