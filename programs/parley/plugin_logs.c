#include "programs/parley/plugin_logs.h"

#include <poll.h>
#include <stdio.h>

#include "core/base/json.h"
#include "programs/parley/actions.h"
#include "programs/parley/interrupt.h"
#include "programs/parley/listen.h"

enum { AGAIN_MS = 300 /* before the stream is joined again */ };

static void hand_on(struct plugin_logs *logs, const struct json *json, json_at items,
                    void (*each)(void *, const struct json *, json_at), void *user) {
    for (json_at line = json_first(json, items); line != JSON_NONE; line = json_after(json, items, line)) {
        each(user, json, line);
        json_whole(json, json_get(json, line, TEXT("seq")), &logs->seq);
    }
}

bool plugin_logs_read(struct client *client, struct plugin_logs *logs,
                      void (*each)(void *user, const struct json *json, json_at line), void *user) {
    struct answer answer;
    struct arena arena;
    struct json json;
    char path[160];
    snprintf(path, sizeof path, "/admin/v1/plugins/%s/logs?after=%lld", logs->name, (long long)logs->seq);
    if (client_ask(client, "GET", path, TEXT_NONE, NULL, &answer, NULL) != 0) return false;
    arena_init(&arena, 16 * 1024);
    bool fine = answer.status == 200 && json_scan(&json, buffer_view(&answer.body), &arena, NULL) == 0;
    if (fine) hand_on(logs, &json, json_get(&json, 0, TEXT("items")), each, user);
    arena_free(&arena);
    buffer_free(&answer.body);
    return fine;
}

void plugin_logs_print(enum output output, const struct json *json, json_at line) {
    struct arena arena;
    struct text source = json_source(json, line);
    if (output == OUTPUT_JSON) {
        printf("%.*s\n", TEXT_ARGS(source));
        return;
    }
    arena_init(&arena, 4096);
    struct text at = json_unescaped(json, json_get(json, line, TEXT("at")), &arena);
    struct text level = json_unescaped(json, json_get(json, line, TEXT("level")), &arena);
    struct text version = json_unescaped(json, json_get(json, line, TEXT("version")), &arena);
    struct text said = json_unescaped(json, json_get(json, line, TEXT("line")), &arena);
    if (at.n >= 19) at = text_n(at.at + 11, 8); /* 2026-12-01T08:00:00.000Z */
    printf("%.*s %-5.*s %.*s  %.*s\n", TEXT_ARGS(at), TEXT_ARGS(level), TEXT_ARGS(version), TEXT_ARGS(said));
    arena_free(&arena);
}

/* ---- following: what was there is read once the stream is joined, so that no line falls between the two ---- */

struct following {
    struct call *call;
    struct plugin_logs logs;
};

static void print(void *user, const struct json *json, json_at line) {
    plugin_logs_print(((struct following *)user)->call->output, json, line);
}

static void catch_up(void *user) {
    struct following *f = user;
    plugin_logs_read(&f->call->client, &f->logs, print, f);
    fflush(stdout);
}

static void on_line(void *user, struct text data) {
    struct following *f = user;
    struct arena arena;
    struct json json;
    int64_t seq = 0;
    arena_init(&arena, 4096);
    if (json_scan(&json, data, &arena, NULL) == 0) json_whole(&json, json_get(&json, 0, TEXT("seq")), &seq);
    if (seq > f->logs.seq) {
        print(f, &json, 0);
        f->logs.seq = seq;
    }
    arena_free(&arena);
    fflush(stdout);
}

static enum exit_code follow(struct call *call, const char *name) {
    struct following f = {call, {.name = call_encoded(call, name, "")}};
    const char *path = arena_printf(&call->arena, "/admin/v1/plugins/%s/logs/stream", f.logs.name).at;
    bool answers = true;
    interrupt_listen();
    while (!interrupted()) {
        bool joined = listen_to(&call->client, path, "line", catch_up, on_line, &f);
        if (answers && !joined && !interrupted())
            fprintf(stderr, "parley: %s does not answer; its lines follow when it does\n", call->client.url);
        answers = joined;
        if (!interrupted()) poll(NULL, 0, AGAIN_MS);
    }
    return EXIT_OK;
}

/* Asked for once in the ordinary way, so that what is refused is said. */
enum exit_code act_plugin_logs(struct call *call) {
    struct answer answer;
    if (!call_flag(call, "--follow")) return act_list(call);
    enum exit_code code = client_fetch(&call->client, "GET", call_path(call, CALL_PLAIN), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    buffer_free(&answer.body);
    return follow(call, call_argument(call, "NAME"));
}
