/* What `parley plugin dev` says: words on a terminal, an object a line elsewhere. */
#include <stdio.h>

#include "core/base/json_write.h"
#include "programs/parley/plugin_dev.h"

static const char *const steps[] = {"read", "compile", "send", "send", "activate", "test", "run"};

/* ---- an object a line ---- */

static void open_line(struct json_writer *w, struct buffer *out, const char *kind) {
    json_writer_init(w, out);
    json_open_object(w);
    json_put_text(w, "kind", text_of(kind));
}

static void close_line(struct json_writer *w, struct buffer *out) {
    json_close_object(w);
    printf("%.*s\n", TEXT_ARGS(buffer_view(out)));
    buffer_free(out);
}

/* From the save until the release served. */
static double swapped(const struct dev_round *round) {
    return round->built + round->packed + round->pushed + round->activated;
}

static void put_times(struct json_writer *w, const struct dev_round *round) {
    json_put_double(w, "swappedMs", swapped(round));
    json_put_double(w, "buildMs", round->built);
    json_put_double(w, "packMs", round->packed);
    json_put_double(w, "pushMs", round->pushed);
    json_put_double(w, "activateMs", round->activated);
}

static void swapped_line(const struct dev_round *round) {
    struct buffer out = {0};
    struct json_writer w;
    open_line(&w, &out, "swapped");
    json_put_text(&w, "version", text_of(round->version));
    put_times(&w, round);
    close_line(&w, &out);
}

static void round_line(const struct dev *dev, const struct dev_round *round) {
    struct buffer out = {0};
    struct json_writer w;
    open_line(&w, &out, "release");
    json_put_bool(&w, "running", round->step >= DEV_TEST);
    json_put_text(&w, "step", text_of(steps[round->step]));
    if (round->version) json_put_text(&w, "version", text_of(round->version));
    if (*dev->serving) json_put_text(&w, "serving", text_of(dev->serving));
    if (round->step != DEV_DONE) json_put_text(&w, "why", text_of(round->error.detail));
    if (round->said.n) json_put_text(&w, "compiler", buffer_view(&round->said));
    put_times(&w, round);
    json_put_double(&w, "testMs", round->tested);
    json_put_int(&w, "testsPassed", (int64_t)(round->tests.n - round->tests.failed));
    json_put_int(&w, "testsFailed", (int64_t)round->tests.failed);
    close_line(&w, &out);
}

/* ---- words ---- */

static void failed_tests(const struct project_tests *tests) {
    for (size_t i = 0; i < tests->n; i++)
        if (!tests->list[i].passed) printf("%.*s%s FAILED\n", TEXT_ARGS(tests->list[i].output), tests->list[i].name);
}

static void round_words(const struct dev *dev, const struct dev_round *round) {
    fwrite(round->said.at ? round->said.at : "", 1, round->said.n, stdout);
    failed_tests(&round->tests);
    if (round->step != DEV_DONE) {
        printf("%s\n%s%s%s\n", round->error.detail, *dev->serving ? dev->serving : "nothing", " serves",
               *dev->serving ? " on" : "");
        return;
    }
    if (round->tests.failed)
        printf("%zu of %zu tests FAILED, %.0f ms\n", round->tests.failed, round->tests.n, round->tested);
    else if (round->tests.n)
        printf("tests passed, %.0f ms\n", round->tested);
    else
        puts(PROJECT_NO_TEST);
}

void dev_tell_swapped(const struct dev *dev, const struct dev_round *round) {
    if (dev->call->output == OUTPUT_JSON)
        swapped_line(round);
    else
        printf("%s swapped in %.2f s: build %.0f ms, pack %.0f ms, push %.0f ms, activate %.0f ms\n", round->version,
               swapped(round) / 1e3, round->built, round->packed, round->pushed, round->activated);
    fflush(stdout);
}

void dev_tell_round(const struct dev *dev, const struct dev_round *round) {
    (dev->call->output == OUTPUT_JSON ? round_line : round_words)(dev, round);
    fflush(stdout);
}

void dev_tell_preview(const struct dev *dev, const char *url, struct text until) {
    if (dev->call->output == OUTPUT_JSON) {
        struct buffer out = {0};
        struct json_writer w;
        open_line(&w, &out, "preview");
        json_put_text(&w, "feature", text_of(dev->feature));
        json_put_text(&w, "url", text_of(url));
        json_put_text(&w, "expiresAt", until);
        close_line(&w, &out);
    } else
        printf("\nFeature %s, seen by whoever has this link until %.10s:\n  %s\n\nCtrl-C ends.\n", dev->feature,
               until.at, url);
    fflush(stdout);
}

/* What Parley itself notes of every release is told by the round; its warnings are not. */
void dev_tell_log(void *user, const struct json *json, json_at line) {
    const struct dev *dev = user;
    struct text by = json_source(json, json_get(json, line, TEXT("by")));
    struct text level = json_source(json, json_get(json, line, TEXT("level")));
    if (text_is(by, "\"parley\"") && !text_is(level, "\"error\"")) return;
    if (dev->call->output == OUTPUT_JSON)
        printf("{\"kind\":\"log\",\"line\":%.*s}\n", TEXT_ARGS(json_source(json, line)));
    else
        plugin_logs_print(OUTPUT_TABLE, json, line);
}
