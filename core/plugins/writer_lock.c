#include "core/plugins/writer_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { LINE = 120 }; /* "PID MONOTONIC-MS VERSION", padded with blanks: it is overwritten in place */

static int open_file(const char *folder, const char *name, struct error *error) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
    return fd;
}

int writer_lock_open(struct writer_lock *lock, const char *folder, struct error *error) {
    lock->gate = open_file(folder, "gate.lock", error);
    lock->writer = lock->gate < 0 ? -1 : open_file(folder, "writer.lock", error);
    return lock->writer < 0 ? ERR_IO : 0;
}

void writer_lock_close(struct writer_lock *lock) {
    if (lock->gate >= 0) close(lock->gate);
    if (lock->writer >= 0) close(lock->writer);
    lock->gate = lock->writer = -1;
}

static int take(int fd, int how) {
    int rc;
    do rc = flock(fd, how);
    while (rc < 0 && errno == EINTR);
    return rc;
}

/* Best effort: what it says helps people and the watch, the lock itself is the kernel's. */
static void sign(const struct writer_lock *lock, int pid) {
    char line[LINE + 1];
    int n = snprintf(line, sizeof line, "%d %lld %.64s", pid, (long long)(clock_ticks() / 1000000), lock->version);
    memset(line + n, ' ', (size_t)(LINE - n));
    if (pwrite(lock->writer, line, LINE, 0) < 0) return;
}

int writer_lock_wait(struct writer_lock *lock, struct error *error) {
    if (take(lock->gate, LOCK_EX) < 0 || take(lock->writer, LOCK_EX) < 0)
        return error_set(error, ERR_IO, "the writer lock: %s", strerror(errno));
    take(lock->gate, LOCK_UN);
    sign(lock, getpid());
    return 0;
}

bool writer_lock_try(struct writer_lock *lock) {
    if (take(lock->gate, LOCK_EX | LOCK_NB) < 0) return false;
    bool mine = take(lock->writer, LOCK_EX | LOCK_NB) == 0;
    take(lock->gate, LOCK_UN);
    if (mine) sign(lock, getpid());
    return mine;
}

void writer_lock_give_up(struct writer_lock *lock) {
    sign(lock, 0);
    take(lock->writer, LOCK_UN);
}

static struct writer_holder read_holder(int fd) {
    char line[LINE + 1] = "";
    struct writer_holder holder = {0};
    long long since = 0;
    if (pread(fd, line, LINE, 0) <= 0 || sscanf(line, "%d %lld %64s", &holder.pid, &since, holder.version) < 2)
        return (struct writer_holder){0};
    holder.held_ms = (int64_t)(clock_ticks() / 1000000) - since;
    return holder;
}

struct writer_holder writer_lock_holder(const struct writer_lock *lock) {
    return read_holder(lock->writer);
}

struct writer_holder writer_lock_look(const char *folder) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/writer.lock", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return (struct writer_holder){0};
    struct writer_holder holder = read_holder(fd);
    close(fd);
    return holder;
}
