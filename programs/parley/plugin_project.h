/* A plugin's folder as its developer has it: plugin.json, sources and tests in C, web/, perhaps a meson.build; and what is made of it
 * below its build/. Files and compilers; knows nothing of servers. */
#ifndef PARLEY_PROGRAMS_PARLEY_PLUGIN_PROJECT_H
#define PARLEY_PROGRAMS_PARLEY_PLUGIN_PROJECT_H

#include "core/base/arena.h"
#include "core/plugins/bundle.h"

/* Where <parley/plugin.h> and the library for tests are. */
struct sdk {
    const char *folder; /* of parley-test.pc */
    const char *cflags, *libs;
};

/* Looks where PARLEY_SDK says, else beside this program and in ../lib/pkgconfig of that. ERR_NOT_FOUND. In `arena`. */
int sdk_find(struct sdk *sdk, struct arena *arena, struct error *error);

struct project {
    const char *folder, *build; /* absolute: DIR, DIR/build */
    struct manifest manifest;
    bool meson;     /* there is a meson.build */
    struct sdk sdk; /* once it is compiled */
};

/* Reads plugin.json; strings are kept in `arena`. ERR_NOT_FOUND, ERR_INVALID. Frees with project_close where 0. */
int project_open(struct project *project, const char *folder, struct arena *arena, struct error *error);
void project_close(struct project *project);

/* Compiles what has changed of the library, or of library and tests. `said` gets what the compiler printed, warnings too. ERR_INVALID where it does
 * not compile; the errors of sdk_find and process_run. */
enum project_part { PROJECT_LIBRARY, PROJECT_WHOLE };
int project_compile(struct project *project, enum project_part part, struct arena *arena, struct buffer *said,
                    struct error *error);

/* One program of tests that ran. */
struct project_test {
    const char *name;
    bool passed;
    double ms;
    struct text output; /* and why it ended, where it did not pass */
};
struct project_tests {
    struct project_test *list;
    size_t n, failed;
    double ms;
};
#define PROJECT_NO_TEST "there is no test: NAME_test.c, or test() in meson.build"
/* Runs them all, one after the other. ERR_UNAVAILABLE: interrupted. In `arena`. */
int project_test(const struct project *project, struct arena *arena, struct project_tests *tests, struct error *error);

/* Lays the release out below build/bundle and reads it from there, checked whole. `version` is put in the place of plugin.json's; NULL: as
 * it stands. The errors of bundle_read. The caller frees the bundle. */
int project_bundle(const struct project *project, const char *version, struct arena *arena, struct bundle *bundle,
                   struct error *error);
/* Where the packed release lies: build/NAME-VERSION.parley. In `arena`. */
const char *project_packed(const struct project *project, struct arena *arena);

#endif
