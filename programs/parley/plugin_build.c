/* `parley plugin build` and `test`: a plugin's folder compiled, tested and packed, without a server. */
#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"
#include "programs/parley/actions.h"
#include "programs/parley/interrupt.h"
#include "programs/parley/plugin_project.h"

static enum exit_code failed(const struct error *error) {
    fprintf(stderr, "parley: %s\n", error->detail);
    return error->code == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

/* Opens and compiles; *ms is how long that took. Said on stderr where it fails; else the caller closes the project. */
static enum exit_code compiled(struct call *call, struct project *project, double *ms) {
    const char *folder = call_argument(call, "DIR");
    struct buffer said = {0};
    struct error error = {0};
    if (project_open(project, folder ? folder : ".", &call->arena, &error) != 0) return failed(&error);
    interrupt_listen();
    uint64_t started = clock_ticks();
    int code = project_compile(project, PROJECT_WHOLE, &call->arena, &said, &error);
    *ms = (double)(clock_ticks() - started) / 1e6;
    if (said.n) fwrite(said.at, 1, said.n, stderr);
    buffer_free(&said);
    if (!code) return EXIT_OK;
    project_close(project);
    return failed(&error);
}

/* ---- build ---- */

static void tell_built(struct call *call, const struct bundle *bundle, const char *path, double ms) {
    struct buffer out = {0};
    struct json_writer w;
    const char *name = bundle->manifest.name, *version = bundle->manifest.version;
    if (call->output == OUTPUT_TABLE) {
        printf("%s %s, compiled in %.0f ms\n%s\n", name, version, ms, path);
        return;
    }
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "name", text_of(name));
    json_put_text(&w, "version", text_of(version));
    json_put_text(&w, "bundle", text_of(path));
    json_put_text(&w, "digest", text_of(bundle->digest));
    json_put_double(&w, "compileMs", ms);
    json_close_object(&w);
    show(call, buffer_view(&out));
    buffer_free(&out);
}

static int pack(const struct bundle *bundle, const char *path, struct error *error) {
    struct buffer packed = {0};
    int code = bundle_pack(bundle, &packed, error);
    FILE *file = code ? NULL : fopen(path, "wb");
    if (!code && (!file || fwrite(packed.at, 1, packed.n, file) != packed.n))
        code = error_set(error, ERR_IO, "%s cannot be written: %m", path);
    if (file && fclose(file) != 0 && !code) code = error_set(error, ERR_IO, "%s cannot be written: %m", path);
    buffer_free(&packed);
    return code;
}

enum exit_code act_plugin_build(struct call *call) {
    struct project project;
    struct bundle bundle;
    struct error error = {0};
    double ms;
    enum exit_code end = compiled(call, &project, &ms);
    if (end != EXIT_OK) return end;
    const char *path = call_flag(call, "--out");
    if (!path) path = project_packed(&project, &call->arena);
    int code = project_bundle(&project, NULL, &call->arena, &bundle, &error);
    if (!code) {
        code = pack(&bundle, path, &error);
        if (!code) tell_built(call, &bundle, path, ms);
        bundle_free(&bundle);
    }
    project_close(&project);
    return code ? failed(&error) : EXIT_OK;
}

/* ---- test ---- */

static void print_tests(const struct project_tests *tests) {
    for (size_t i = 0; i < tests->n; i++) {
        const struct project_test *test = &tests->list[i];
        printf("%.*s%s: %s, %.0f ms\n", TEXT_ARGS(test->output), test->name, test->passed ? "passed" : "FAILED",
               test->ms);
    }
    if (!tests->n) puts(PROJECT_NO_TEST);
}

static void tell_tests(struct call *call, const struct project_tests *tests) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_int(&w, "passed", (int64_t)(tests->n - tests->failed));
    json_put_int(&w, "failed", (int64_t)tests->failed);
    json_key(&w, TEXT("tests"));
    json_open_array(&w);
    for (size_t i = 0; i < tests->n; i++) {
        json_open_object(&w);
        json_put_text(&w, "name", text_of(tests->list[i].name));
        json_put_bool(&w, "passed", tests->list[i].passed);
        json_put_double(&w, "ms", tests->list[i].ms);
        json_put_text(&w, "output", tests->list[i].output);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    show(call, buffer_view(&out));
    buffer_free(&out);
}

enum exit_code act_plugin_test(struct call *call) {
    struct project project;
    struct project_tests tests;
    struct error error = {0};
    double ms;
    enum exit_code end = compiled(call, &project, &ms);
    if (end != EXIT_OK) return end;
    int code = project_test(&project, &call->arena, &tests, &error);
    project_close(&project);
    if (code) return failed(&error);
    if (call->output == OUTPUT_TABLE)
        print_tests(&tests);
    else
        tell_tests(call, &tests);
    return tests.failed ? EXIT_FAILED : EXIT_OK;
}
