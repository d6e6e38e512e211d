#include "programs/parley/watch.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/memory.h"

enum { QUIET_MS = 20, LOOK_MS = 1000, PATH_ROOM = 4096, EVENTS_ROOM = 16 * 1024 };

/* What editors leave beside a file: backups, swap files, a probe of vim's. */
static bool counts(const char *name) {
    size_t n = strlen(name);
    return n && *name != '.' && name[n - 1] != '~' && strcmp(name, "build") && strcmp(name, "4913");
}

static void add(struct watch *watch, const char *path) {
    struct dirent **entries;
    int id = watch->n < WATCH_FOLDERS
                 ? inotify_add_watch(watch->fd, path, IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_CREATE | IN_ONLYDIR)
                 : -1;
    if (id < 0) return;
    watch->folders[watch->n++] = (struct watch_folder){id, memory_copy(path)};
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char inner[PATH_ROOM];
        struct stat what;
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (length < (int)sizeof inner && counts(entries[i]->d_name) && lstat(inner, &what) == 0 &&
            S_ISDIR(what.st_mode))
            add(watch, inner);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
}

int watch_open(struct watch *watch, const char *folder, struct error *error) {
    *watch = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (watch->fd >= 0) add(watch, folder);
    if (watch->n) return 0;
    error_set(error, ERR_IO, "%s cannot be watched: %m", folder);
    watch_close(watch);
    return ERR_IO;
}

void watch_close(struct watch *watch) {
    if (watch->fd >= 0) close(watch->fd);
    for (size_t i = 0; i < watch->n; i++) free(watch->folders[i].path);
}

static void folder_came(struct watch *watch, int id, const char *name) {
    char path[PATH_ROOM];
    for (size_t i = 0; i < watch->n; i++)
        if (watch->folders[i].id == id &&
            snprintf(path, sizeof path, "%s/%s", watch->folders[i].path, name) < PATH_ROOM) {
            add(watch, path);
            return;
        }
}

/* A new file counts when it is written, not when it is made. */
static bool take(struct watch *watch, const struct inotify_event *event) {
    bool folder = event->mask & IN_ISDIR;
    if (!event->len || !counts(event->name)) return false;
    if (folder && event->mask & (IN_CREATE | IN_MOVED_TO)) folder_came(watch, event->wd, event->name);
    return folder || !(event->mask & IN_CREATE);
}

static bool take_all(struct watch *watch) {
    _Alignas(struct inotify_event) char bytes[EVENTS_ROOM];
    bool changed = false;
    for (ssize_t n; (n = read(watch->fd, bytes, sizeof bytes)) > 0;)
        for (char *at = bytes; at < bytes + n;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            if (take(watch, event)) changed = true;
            at += sizeof *event + event->len;
        }
    return changed;
}

void watch_ready(const struct watch *watch) {
    poll(&(struct pollfd){.fd = watch->fd, .events = POLLIN}, 1, LOOK_MS);
}

bool watch_take(struct watch *watch, uint64_t *at) {
    struct pollfd ready = {.fd = watch->fd, .events = POLLIN};
    if (!take_all(watch)) return false;
    *at = clock_ticks();
    while (poll(&ready, 1, QUIET_MS) > 0)
        if (take_all(watch)) *at = clock_ticks();
    return true;
}
