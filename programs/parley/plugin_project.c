#include "programs/parley/plugin_project.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/parley/process.h"

enum { COMPILE_MS = 300000, TEST_MS = 30000, ARGUMENTS = 256 };

static const char *in(struct arena *arena, const char *folder, const char *name) {
    return arena_printf(arena, "%s/%s", folder, name).at;
}

static bool is_there(const char *path) {
    return access(path, F_OK) == 0;
}

/* ---- the SDK ---- */

/* What stands behind `name: ` on a line of a .pc file. */
static const char *field(struct text file, const char *name, struct arena *arena) {
    struct text line, key, value;
    while (file.n) {
        text_cut(file, '\n', &line, &file);
        if (text_cut(line, ':', &key, &value) && text_is(key, name)) return arena_cstr(arena, text_trim(value));
    }
    return "";
}

static bool read_sdk(struct sdk *sdk, const char *folder, struct arena *arena) {
    struct buffer file = {0};
    bool there = bundle_load(&file, in(arena, folder, "parley-test.pc"), NULL) == 0;
    if (there)
        *sdk =
            (struct sdk){folder, field(buffer_view(&file), "Cflags", arena), field(buffer_view(&file), "Libs", arena)};
    buffer_free(&file);
    return there;
}

int sdk_find(struct sdk *sdk, struct arena *arena, struct error *error) {
    const char *told = getenv("PARLEY_SDK");
    char self[PATH_MAX] = "";
    if (told && *told) {
        if (read_sdk(sdk, told, arena) || read_sdk(sdk, in(arena, told, "build"), arena) ||
            read_sdk(sdk, in(arena, told, "lib/pkgconfig"), arena))
            return 0;
        return error_set(error, ERR_NOT_FOUND, "PARLEY_SDK says %s, but there is no parley-test.pc there", told);
    }
    if (readlink("/proc/self/exe", self, sizeof self - 1) > 0) *strrchr(self, '/') = 0;
    const char *beside = arena_cstr(arena, text_of(self));
    if (read_sdk(sdk, beside, arena) || read_sdk(sdk, in(arena, beside, "../lib/pkgconfig"), arena)) return 0;
    return error_set(error, ERR_NOT_FOUND,
                     "there is no parley-test.pc in %s, so <parley/plugin.h> is not found; say with PARLEY_SDK where "
                     "Parley was built",
                     self);
}

/* ---- the folder ---- */

int project_open(struct project *project, const char *folder, struct arena *arena, struct error *error) {
    struct buffer json = {0};
    struct error wrong = {0};
    char whole[PATH_MAX];
    *project = (struct project){0};
    if (!realpath(folder, whole)) return error_set(error, ERR_NOT_FOUND, "there is no folder %s", folder);
    project->folder = arena_cstr(arena, text_of(whole));
    project->build = in(arena, whole, "build");
    project->meson = is_there(in(arena, whole, "meson.build"));
    if (bundle_load(&json, in(arena, whole, "plugin.json"), NULL) != 0)
        return error_set(error, ERR_NOT_FOUND, "%s has no plugin.json; `parley plugin new NAME` makes a plugin",
                         folder);
    int code = manifest_read(&project->manifest, buffer_view(&json), &wrong);
    buffer_free(&json);
    return code ? error_set(error, code, "%s/%s", folder, wrong.detail) : 0; /* it begins with "plugin.json" */
}

void project_close(struct project *project) {
    manifest_free(&project->manifest);
    project->manifest = (struct manifest){0};
}

/* ---- compiling ---- */

struct command_line {
    const char *words[ARGUMENTS];
    size_t n;
};

static void word(struct command_line *line, const char *word) {
    if (line->n < ARGUMENTS - 1) line->words[line->n++] = word;
}

static void words(struct command_line *line, const char *list, struct arena *arena) {
    for (struct text rest = text_of(list), one; rest.n;) {
        text_cut(rest, ' ', &one, &rest);
        if (one.n) word(line, arena_cstr(arena, one));
    }
}

static int compile(const struct project *project, const struct command_line *line, struct buffer *said,
                   struct error *error) {
    struct process process = {line->words, project->folder, "compiling", COMPILE_MS};
    struct process_end end;
    int code = process_run(&process, &end, error);
    if (code == 0 && end.status != 0)
        code = error_set(error, ERR_INVALID, "%s does not compile", project->manifest.name);
    if (!text_is(text_trim(buffer_view(&end.output)), "ninja: no work to do."))
        buffer_text(said, buffer_view(&end.output));
    buffer_free(&end.output);
    return code;
}

/* Where the library was built once, ninja knows it by its name below build/. */
static int by_meson(const struct project *project, enum project_part part, struct arena *arena, struct buffer *said,
                    struct error *error) {
    const char *library = project->manifest.library;
    bool alone = part == PROJECT_LIBRARY && is_there(in(arena, project->build, library));
    struct buffer setup = {0};
    int code = 0;
    if (!is_there(in(arena, project->build, "build.ninja"))) {
        setenv("PKG_CONFIG_PATH", project->sdk.folder, 1);
        code = compile(project, &(struct command_line){{"meson", "setup", "build"}, 3}, &setup, error);
        if (code) buffer_text(said, buffer_view(&setup));
        buffer_free(&setup);
    }
    struct command_line line = {{"ninja", "--quiet", "-C", "build", alone ? library : NULL}, 4 + alone};
    return code ? code : compile(project, &line, said, error);
}

static bool is_test(struct text name) {
    return text_ends(name, TEXT("_test.c"));
}

static void add_sources(struct command_line *line, const struct project *project, struct arena *arena) {
    struct dirent **entries;
    int n = scandir(project->folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct text name = text_of(entries[i]->d_name);
        if (text_ends(name, TEXT(".c")) && !is_test(name)) word(line, arena_cstr(arena, name));
        free(entries[i]);
    }
    if (n >= 0) free(entries);
}

static int library_by_cc(const struct project *project, struct arena *arena, struct buffer *said, struct error *error) {
    struct command_line line = {{0}, 0};
    words(&line, "cc -std=gnu17 -Wall -O2 -g -fPIC -shared -fvisibility=hidden -Wl,-z,defs", arena);
    words(&line, project->sdk.cflags, arena);
    word(&line, "-o");
    word(&line, in(arena, "build", project->manifest.library));
    add_sources(&line, project, arena);
    return compile(project, &line, said, error);
}

static int test_by_cc(const struct project *project, const char *source, struct arena *arena, struct buffer *said,
                      struct error *error) {
    struct command_line line = {{0}, 0};
    words(&line, "cc -std=gnu17 -Wall -O2 -g", arena);
    words(&line, project->sdk.cflags, arena);
    word(&line, "-o");
    word(&line, arena_printf(arena, "build/%.*s", (int)strlen(source) - 2, source).at);
    word(&line, source);
    words(&line, project->sdk.libs, arena);
    return compile(project, &line, said, error);
}

static int only_tests(const struct dirent *entry) {
    return is_test(text_of(entry->d_name));
}

static int tests_by_cc(const struct project *project, struct arena *arena, struct buffer *said, struct error *error) {
    struct dirent **entries;
    int code = 0;
    int n = scandir(project->folder, &entries, only_tests, alphasort);
    for (int i = 0; i < n; i++) {
        if (!code) code = test_by_cc(project, arena_cstr(arena, text_of(entries[i]->d_name)), arena, said, error);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return code;
}

static int by_cc(const struct project *project, enum project_part part, struct arena *arena, struct buffer *said,
                 struct error *error) {
    mkdir(project->build, 0755);
    int code = library_by_cc(project, arena, said, error);
    return code || part == PROJECT_LIBRARY ? code : tests_by_cc(project, arena, said, error);
}

int project_compile(struct project *project, enum project_part part, struct arena *arena, struct buffer *said,
                    struct error *error) {
    int code = sdk_find(&project->sdk, arena, error);
    return code ? code : (project->meson ? by_meson : by_cc)(project, part, arena, said, error);
}

/* ---- testing ---- */

static int run_test(const struct project *project, const char *name, const char *const *argv, int limit_ms,
                    struct arena *arena, struct project_tests *tests, struct error *error) {
    struct process process = {argv, project->build, "testing", limit_ms};
    struct process_end end;
    struct error wrong = {0};
    int code = process_run(&process, &end, &wrong);
    struct text output = arena_text(arena, buffer_view(&end.output));
    buffer_free(&end.output);
    if (code)
        output = arena_printf(arena, "%.*s%s\n", TEXT_ARGS(output), wrong.detail);
    else if (end.status > 128)
        output = arena_printf(arena, "%.*s%s: %s\n", TEXT_ARGS(output), name, strsignal(end.status - 128));
    tests->list[tests->n++] = (struct project_test){name, code == 0 && end.status == 0, end.ms, output};
    tests->failed += code != 0 || end.status != 0;
    tests->ms += end.ms;
    return code == ERR_UNAVAILABLE ? error_set(error, code, "%s", wrong.detail) : 0;
}

/* meson keeps a list of the tests beside what it built. */
static int tests_of_meson(const struct project *project, struct arena *arena, struct project_tests *tests,
                          struct error *error) {
    json_t *list = json_load_file(in(arena, project->build, "meson-info/intro-tests.json"), 0, NULL), *test, *item;
    size_t i, k;
    int code = 0;
    tests->list = arena_alloc(arena, (json_array_size(list) + 1) * sizeof *tests->list);
    json_array_foreach(list, i, test) {
        struct command_line line = {{0}, 0};
        json_array_foreach(json_object_get(test, "cmd"), k, item) {
            word(&line, arena_cstr(arena, text_of(json_string_value(item))));
        }
        const char *name = arena_cstr(arena, text_of(json_string_value(json_object_get(test, "name"))));
        json_int_t seconds = json_integer_value(json_object_get(test, "timeout"));
        int limit = seconds > 0 && seconds < TEST_MS ? (int)seconds * 1000 : TEST_MS;
        if (!code && line.n) code = run_test(project, name, line.words, limit, arena, tests, error);
    }
    json_decref(list);
    return code;
}

static int tests_of_cc(const struct project *project, struct arena *arena, struct project_tests *tests,
                       struct error *error) {
    struct dirent **entries;
    const char *library = in(arena, project->build, project->manifest.library);
    int n = scandir(project->folder, &entries, only_tests, alphasort), code = 0;
    tests->list = arena_alloc(arena, (size_t)(n > 0 ? n + 1 : 1) * sizeof *tests->list);
    for (int i = 0; i < n; i++) {
        const char *name = arena_cstr(arena, text_n(entries[i]->d_name, strlen(entries[i]->d_name) - 2));
        const char *argv[] = {in(arena, project->build, name), library, NULL};
        if (!code) code = run_test(project, name, argv, TEST_MS, arena, tests, error);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return code;
}

int project_test(const struct project *project, struct arena *arena, struct project_tests *tests, struct error *error) {
    *tests = (struct project_tests){0};
    return (project->meson ? tests_of_meson : tests_of_cc)(project, arena, tests, error);
}
