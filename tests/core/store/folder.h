/* A folder of a test's own, gone when the test is over. Each test runs in its own process, so one static path is enough. */
#ifndef PARLEY_TESTS_CORE_STORE_FOLDER_H
#define PARLEY_TESTS_CORE_STORE_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static inline void folder_make(void) {
    snprintf(folder, sizeof folder, "/tmp/parley-test-XXXXXX");
    if (!mkdtemp(folder)) abort();
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void folder_remove(void) {
    nftw(folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "folder/name"; good until the next call but three. */
static inline const char *in_folder(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

#endif
