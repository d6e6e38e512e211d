/* Waits for changes of files below a folder (inotify). Folders that come later are watched too. Hidden files and folders, `build` and what
 * editors leave beside a file do not count. */
#ifndef PARLEY_PROGRAMS_PARLEY_WATCH_H
#define PARLEY_PROGRAMS_PARLEY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum { WATCH_FOLDERS = 256 };

struct watch {
    int fd;
    struct watch_folder {
        int id;
        char *path;
    } folders[WATCH_FOLDERS];
    size_t n;
};

/* ERR_IO. */
int watch_open(struct watch *watch, const char *folder, struct error *error);
void watch_close(struct watch *watch);
/* Until something happened below the folder or a signal came, a second at most. `fd` may be polled for it as well. */
void watch_ready(const struct watch *watch);
/* True where something was changed, once nothing more was for 20 ms (an editor writes a file in several steps); at once where nothing was.
 * *at is when the last change was seen, in ns of clock_ticks. */
bool watch_take(struct watch *watch, uint64_t *at);

#endif
