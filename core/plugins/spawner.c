#include "core/plugins/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/background.h"
#include "core/plugins/sealed.h"

enum { FIRST_FREE_FD = 10 }; /* sources lie above the numbers they are copied to */

static int failed(struct spawn *spawn, const char *what) {
    return error_set(&spawn->error, ERR_IO, "%s: %m", what);
}

static int above(int fd) {
    if (fd < 0) return fd;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(fd);
    return copy;
}

static int check_hash(int fd, const unsigned char *expected, bool *fits) {
    struct stat what;
    unsigned char hash[crypto_hash_sha256_BYTES];
    if (fstat(fd, &what) != 0) return -1;
    void *bytes = mmap(NULL, (size_t)what.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) return -1;
    crypto_hash_sha256(hash, bytes, (unsigned long long)what.st_size);
    munmap(bytes, (size_t)what.st_size);
    *fits = memcmp(hash, expected, sizeof hash) == 0;
    return 0;
}

/* A sealed copy in memory: what is checked is what is loaded, whatever happens to the file. */
static int seal(struct spawn *spawn) {
    int file = open(spawn->library, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return failed(spawn, "the library cannot be opened");
    int copy = sealed_copy(file, FIRST_FREE_FD);
    bool fits = false;
    if (copy < 0 || check_hash(copy, spawn->sha256, &fits) != 0)
        failed(spawn, "the library cannot be copied into memory");
    else if (!fits)
        error_set(&spawn->error, ERR_CORRUPT, "the library on disk is not the one that was installed: %s",
                  spawn->library);
    close(file);
    if (!spawn->error.code)
        spawn->library_fd = copy;
    else if (copy >= 0)
        close(copy);
    return spawn->error.code;
}

/* What a worker may know of parleyd's environment: no token, no address. */
static void environment(char *into[], size_t room) {
    static const char *const passed[] = {
        "PATH=", "LANG=", "TZ=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS="};
    size_t n = 0;
    for (char **e = environ; *e && n + 2 < room; e++)
        for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
            if (strncmp(*e, passed[i], strlen(passed[i])) == 0) into[n++] = *e;
    into[n++] = (char *)"LIBC_FATAL_STDERR_=1"; /* a damaged heap is told of on stderr, where it gets into the log */
    into[n] = NULL;
}

static int start_process(struct spawn *spawn, int channel, int output) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, output, 2);
    posix_spawn_file_actions_adddup2(&files, channel, SPAWN_CHANNEL_FD);
    posix_spawn_file_actions_adddup2(&files, spawn->library_fd, SPAWN_LIBRARY_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, SPAWN_LIBRARY_FD + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setpgroup(&how, 0); /* Ctrl-C is for parleyd, which drains */
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    char number[8], *args[] = {(char *)"parley-worker", (char *)"--channel", number, NULL}, *env[16];
    snprintf(number, sizeof number, "%d", SPAWN_CHANNEL_FD);
    environment(env, sizeof env / sizeof *env);
    errno = posix_spawn(&spawn->pid, spawn->worker, &files, &how, args, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return errno ? failed(spawn, spawn->worker) : 0;
}

static void close_two(const int fds[2]) {
    if (fds[0] >= 0) close(fds[0]);
    if (fds[1] >= 0) close(fds[1]);
}

/* Two descriptors of ours ([0], non-blocking) and the worker's ([1], blocking). */
static int make_ends(int channel[2], int output[2]) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) return -1;
    if (pipe2(output, O_CLOEXEC) != 0) return -1;
    channel[1] = above(channel[1]);
    output[1] = above(output[1]);
    return channel[1] < 0 || output[1] < 0 || fcntl(channel[0], F_SETFL, O_NONBLOCK) != 0 ||
                   fcntl(output[0], F_SETFL, O_NONBLOCK) != 0
               ? -1
               : 0;
}

static void work(struct lane_job *job, void *owner) {
    struct spawn *spawn = (struct spawn *)job;
    if (mkdir(spawn->data, 0700) != 0 && errno != EEXIST) {
        failed(spawn, spawn->data);
        return;
    }
    if (spawn->library_fd < 0 && seal(spawn) != 0) return;
    int channel[2] = {-1, -1}, output[2] = {-1, -1};
    if (make_ends(channel, output) != 0)
        failed(spawn, "no channel can be made");
    else if (start_process(spawn, channel[1], output[1]) == 0) {
        spawn->pid_fd = pidfd_open(spawn->pid, 0);
        if (spawn->pid_fd < 0) abort(); /* our child, not reaped: only a kernel older than 5.3 says no */
    }
    if (spawn->error.code) {
        close_two(channel);
        close_two(output);
        return;
    }
    spawn->channel = channel[0];
    spawn->output = output[0];
    close(channel[1]);
    close(output[1]);
}

void spawner_kill(const struct spawn *spawn) {
    pidfd_send_signal(spawn->pid_fd, SIGKILL, NULL, 0);
}

static void reap(struct lane_job *job, void *owner) {
    struct spawn *spawn = (struct spawn *)job;
    while (waitid(P_PIDFD, (id_t)spawn->pid_fd, &spawn->how, WEXITED) != 0 && errno == EINTR) continue;
}

void spawner_reap(struct lane *spawner, struct spawn *spawn) {
    spawn->job.work = reap;
    lane_do(spawner, &spawn->job);
}

struct lane *spawner_start(void) {
    return background_reversible() ? lane_start_in_background("spawner", NULL) : lane_start("spawner", NULL);
}

void spawner_serves(const struct spawn *spawn) {
    background_leave(spawn->pid);
}

void spawner_do(struct lane *spawner, struct spawn *spawn) {
    spawn->job.work = work;
    spawn->error.code = 0;
    lane_do(spawner, &spawn->job);
}
