/* Starts, kills and reaps worker processes; starts them on a thread that lives as long as parleyd (a worker asks to be killed when the thread that started
 * it ends). A worker gets its channel, the release's library as a sealed file in memory, and nothing else: no other descriptor,
 * few environment variables. Knows nothing of what workers say. */
#ifndef PARLEY_CORE_PLUGINS_SPAWNER_H
#define PARLEY_CORE_PLUGINS_SPAWNER_H

#include <signal.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/lane.h"

enum { SPAWN_CHANNEL_FD = 3, SPAWN_LIBRARY_FD = 4 }; /* in the worker */

struct spawn {
    struct lane_job job; /* job.mail.receive and job.reply_to are the caller's */
    /* in; borrowed until the job is back */
    const char *worker;          /* path of the program */
    const char *data;            /* folder the worker may write; made when missing */
    const char *library;         /* path of the shared object */
    const unsigned char *sha256; /* what it must be */
    int library_fd; /* a sealed copy made before, or -1: `library` is read, checked and sealed, and the caller owns the fd */
    /* out */
    pid_t pid;
    int pid_fd, channel, output; /* owned by the caller: the process, its channel, what it prints; non-blocking */
    struct error error;          /* code 0: it runs. Else there is neither process nor channel */
    siginfo_t how;               /* of spawner_reap */
};

struct lane *spawner_start(void);
void spawner_do(struct lane *spawner, struct spawn *spawn);

/* What was started in the background, so as not to be in the way of what serves, serves now itself. Any thread. */
void spawner_serves(const struct spawn *spawn);
/* SIGKILL. Any thread. */
void spawner_kill(const struct spawn *spawn);
/* Once pid_fd is readable: reaps the process, which may take the kernel milliseconds. `how` says how it ended when the job is back. */
void spawner_reap(struct lane *spawner, struct spawn *spawn);

#endif
