/* Where meson put things: the test programs lie in build/tests. */
#ifndef PARLEY_TESTS_PLUGINS_BUILD_PATH_H
#define PARLEY_TESTS_PLUGINS_BUILD_PATH_H

#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

/* "build/" and the rest, in which %s is `what`. Static memory, one at a time. */
static inline const char *build_path(const char *format, const char *what) {
    static char path[1200];
    char exe[512] = "", relative[512];
    if (readlink("/proc/self/exe", exe, sizeof exe - 1) <= 0) return NULL;
    snprintf(relative, sizeof relative, format, what);
    snprintf(path, sizeof path, "%s/../%s", dirname(exe), relative);
    return path;
}

#endif
