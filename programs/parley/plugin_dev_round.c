/* One save, from the files to the release that runs. */
#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"
#include "programs/parley/plugin_dev.h"

#define DEV "-dev."

static double ms_since(uint64_t *then) {
    uint64_t now = clock_ticks();
    double ms = (double)(now - *then) / 1e6;
    *then = now;
    return ms;
}

/* ---- the server's releases ---- */

/* Asks; a refusal becomes the error. The caller frees the answer where 0. */
static int ask(struct dev *dev, const char *method, const char *path, struct text body, const char *type,
               struct answer *answer, struct error *error) {
    char sentence[400];
    int code = client_ask(&dev->call->client, method, path, body, type, answer, error);
    if (code || (answer->status >= 200 && answer->status < 300)) return code;
    client_sentence(answer, sentence, sizeof sentence);
    buffer_free(&answer->body);
    return error_set(error, ERR_CONFLICT, "%s", sentence);
}

static const char *plugin_path(struct dev *dev, const char *rest) {
    return arena_printf(&dev->arena, "/admin/v1/plugins/%s%s", call_encoded(dev->call, dev->name, ""), rest).at;
}

/* Calls `each` with every version that is installed; the plugin as the server answers it is in `json`. */
static void each_release(struct dev *dev, const struct json *json,
                         void (*each)(struct dev *dev, const struct json *json, struct text version)) {
    json_at releases = json_get(json, 0, TEXT("releases"));
    for (json_at r = json_first(json, releases); r != JSON_NONE; r = json_after(json, releases, r))
        each(dev, json, json_unescaped(json, json_get(json, r, TEXT("version")), &dev->arena));
}

static void count_up(struct dev *dev, const struct json *json, struct text version) {
    struct text start = arena_printf(&dev->arena, "%s" DEV, dev->base);
    int64_t number;
    if (text_starts(version, start) && text_to_int(text_n(version.at + start.n, version.n - start.n), &number) &&
        number > dev->number)
        dev->number = number;
}

/* Shoppers may be using it. */
static void note_active(struct dev *dev, const struct json *json) {
    struct text active = json_unescaped(json, json_get(json, 0, TEXT("active")), &dev->arena);
    if (*dev->serving || !active.at || !active.n || active.n >= DEV_VERSION) return;
    if (!memmem(active.at, active.n, DEV, strlen(DEV))) snprintf(dev->before, DEV_VERSION, "%.*s", TEXT_ARGS(active));
}

enum exit_code dev_look(struct dev *dev) {
    struct answer answer;
    struct error error = {0};
    struct json json;
    dev->number = 0;
    if (client_ask(&dev->call->client, "GET", plugin_path(dev, ""), TEXT_NONE, NULL, &answer, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_TRY_AGAIN;
    }
    enum exit_code code = answer.status == 404 ? EXIT_OK : exit_of_status(answer.status);
    if (code != EXIT_OK)
        client_refused(&answer);
    else if (answer.status == 200 && json_scan(&json, buffer_view(&answer.body), &dev->arena, NULL) == 0) {
        each_release(dev, &json, count_up);
        note_active(dev, &json);
    }
    buffer_free(&answer.body);
    return code;
}

static void remove_old(struct dev *dev, const struct json *json, struct text version) {
    struct answer answer;
    struct text active = json_unescaped(json, json_get(json, 0, TEXT("active")), &dev->arena);
    struct text previous = json_unescaped(json, json_get(json, 0, TEXT("previous")), &dev->arena);
    const char *one = arena_cstr(&dev->arena, version);
    if (!strstr(one, DEV) || text_eq(version, active) || text_eq(version, previous)) return;
    const char *path = plugin_path(dev, arena_printf(&dev->arena, "/releases/%s", one).at);
    /* One that a variant names, or whose worker is still leaving, stays until next time. */
    if (client_ask(&dev->call->client, "DELETE", path, TEXT_NONE, NULL, &answer, NULL) == 0) buffer_free(&answer.body);
}

void dev_clean(struct dev *dev) {
    struct answer answer;
    struct json json;
    if (ask(dev, "GET", plugin_path(dev, ""), TEXT_NONE, NULL, &answer, NULL) != 0) return;
    if (json_scan(&json, buffer_view(&answer.body), &dev->arena, NULL) == 0) each_release(dev, &json, remove_old);
    buffer_free(&answer.body);
}

/* ---- the steps ---- */

static int open_project(struct dev *dev, struct project *project, struct error *error) {
    int code = project_open(project, dev->folder, &dev->arena, error);
    if (code) return code;
    if (strcmp(project->manifest.name, dev->name) != 0)
        code = error_set(error, ERR_INVALID, "plugin.json calls it %s now: start `parley plugin dev` again",
                         project->manifest.name);
    if (!code && strcmp(project->manifest.version, dev->base) != 0) {
        snprintf(dev->base, sizeof dev->base, "%s", project->manifest.version);
        if (dev_look(dev) != EXIT_OK)
            code = error_set(error, ERR_UNAVAILABLE, "the server does not say which releases it has");
    }
    if (code) project_close(project);
    return code;
}

static int send_release(struct dev *dev, const struct project *project, struct dev_round *round, uint64_t *then) {
    struct buffer packed = {0};
    struct bundle bundle;
    struct answer answer;
    round->version = arena_printf(&dev->arena, "%s" DEV "%lld", dev->base, (long long)++dev->number).at;
    int code = project_bundle(project, round->version, &dev->arena, &bundle, &round->error);
    if (code) return code;
    code = bundle_pack(&bundle, &packed, &round->error);
    bundle_free(&bundle);
    round->packed = ms_since(then);
    if (!code)
        code = ask(dev, "POST", "/admin/v1/plugins", buffer_view(&packed), "application/octet-stream", &answer,
                   &round->error);
    if (!code) buffer_free(&answer.body);
    if (code == ERR_CONFLICT && (answer.status == 401 || answer.status == 403)) round->step = DEV_REFUSED;
    buffer_free(&packed);
    return code;
}

static int activate(struct dev *dev, struct dev_round *round) {
    struct answer answer;
    struct text body = arena_printf(&dev->arena, "{\"version\":\"%s\"}", round->version);
    int code = ask(dev, "POST", plugin_path(dev, "/activate"), body, NULL, &answer, &round->error);
    if (code) return code;
    buffer_free(&answer.body);
    snprintf(dev->serving, sizeof dev->serving, "%s", round->version);
    return 0;
}

static void steps(struct dev *dev, struct project *project, struct dev_round *round) {
    uint64_t then = round->saved;
    round->step = DEV_COMPILE;
    if (project_compile(project, PROJECT_LIBRARY, &dev->arena, &round->said, &round->error) != 0) return;
    round->built = ms_since(&then);
    round->step = DEV_SEND;
    if (send_release(dev, project, round, &then) != 0) return;
    round->pushed = ms_since(&then);
    round->step = DEV_ACTIVATE;
    if (activate(dev, round) != 0) return;
    round->activated = ms_since(&then);
    dev_tell_swapped(dev, round);
    round->step = DEV_TEST;
    if (project_compile(project, PROJECT_WHOLE, &dev->arena, &round->said, &round->error) != 0) return;
    if (project_test(project, &dev->arena, &round->tests, &round->error) != 0) return;
    round->tested = ms_since(&then);
    round->step = DEV_DONE;
}

void dev_round(struct dev *dev, struct dev_round *round) {
    struct project project;
    if (open_project(dev, &project, &round->error) != 0) return;
    steps(dev, &project, round);
    project_close(&project);
}

void dev_round_free(struct dev_round *round) {
    buffer_free(&round->said);
}
