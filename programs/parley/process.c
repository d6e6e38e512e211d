#include "programs/parley/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "programs/parley/interrupt.h"
#include "programs/parley/progress.h"

enum { LOOK_MS = 100, PIECE = 16 * 1024 };

extern char **environ;

static double ms_since(uint64_t then) {
    return (double)(clock_ticks() - then) / 1e6;
}

/* In a process group of its own, so that the whole of it can be ended. */
static int start(const struct process *process, int output, pid_t *pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&files, process->folder);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
    int code = posix_spawnp(pid, process->argv[0], &files, &how, (char *const *)process->argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return code;
}

/* Until it closes its output: 0, or why it is not waited for any longer. */
static int listen_to(const struct process *process, int fd, uint64_t started, struct process_end *end,
                     struct error *error) {
    struct patience patience;
    int code = 0;
    patience_start(&patience, process->doing);
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int n = poll(&ready, 1, LOOK_MS);
        if (n > 0) {
            ssize_t got = read(fd, buffer_reserve(&end->output, PIECE), PIECE);
            if (got <= 0) break;
            end->output.n += (size_t)got;
        }
        patience_look(&patience);
        if (interrupted()) code = error_set(error, ERR_UNAVAILABLE, "%s was interrupted", process->argv[0]);
        if (!code && ms_since(started) > process->limit_ms)
            code = error_set(error, ERR_TIMEOUT, "%s was not done after %d s, and was ended", process->argv[0],
                             process->limit_ms / 1000);
        if (code) break;
    }
    patience_end(&patience);
    return code;
}

int process_run(const struct process *process, struct process_end *end, struct error *error) {
    int ends[2], status = 0;
    pid_t pid;
    *end = (struct process_end){0};
    if (pipe2(ends, O_CLOEXEC) != 0) return error_set(error, ERR_IO, "%s cannot be started: %m", process->argv[0]);
    uint64_t started = clock_ticks();
    int code = start(process, ends[1], &pid);
    close(ends[1]);
    if (code) {
        close(ends[0]);
        errno = code;
        return error_set(error, code == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be started: %m", process->argv[0]);
    }
    code = listen_to(process, ends[0], started, end, error);
    close(ends[0]);
    if (code) kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    end->ms = ms_since(started);
    return code;
}
