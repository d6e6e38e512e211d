/* What nobody waits for gives way to what serves: the start of a worker takes some ten milliseconds of a core, and no shopper's request
 * should wait behind it. A thread in the background has a smaller share of a core that others want too, and a shorter slice, so that
 * it is interrupted sooner (sched_setattr(2), Linux 6.12 and later). Advice: where the kernel refuses, all is the same, less smoothly. */
#ifndef PARLEY_CORE_BASE_BACKGROUND_H
#define PARLEY_CORE_BASE_BACKGROUND_H

#include <stdbool.h>
#include <sys/types.h>

/* The calling thread goes there, for good; what it starts is there too. */
void background_enter(void);
/* Whether this process may take something out again: as root, or with RLIMIT_NICE (systemd: LimitNICE=20). Any thread. */
bool background_reversible(void);
/* A process of ours, which leads its process group, becomes as urgent as the calling thread. */
void background_leave(pid_t leader);

#endif
