#include "programs/parley/plugin_logs.h"

#include <poll.h>
#include <stdio.h>

#include "programs/parley/actions.h"
#include "programs/parley/interrupt.h"

enum { AGAIN_MS = 300 /* before the stream is joined again */ };

/* ---- what was there: read once the stream is joined, so that no line falls between the two ---- */

static void hand_on(struct plugin_logs *logs, const struct json *json, json_at line) {
    json_whole(json, json_get(json, line, TEXT("seq")), &logs->seq);
    if (logs->each) logs->each(logs->user, json, line);
}

/* A server that was started again counts from 1, and answers with all it has where it has fewer lines than were asked for. */

static void read_lines(struct plugin_logs *logs) {
    struct answer answer;
    struct arena arena;
    struct json json;
    char path[160];
    snprintf(path, sizeof path, "/admin/v1/plugins/%s/logs?after=%lld", logs->name, (long long)logs->seq);
    if (client_ask(logs->client, "GET", path, TEXT_NONE, NULL, &answer, NULL) != 0) return;
    arena_init(&arena, 16 * 1024);
    if (answer.status == 200 && json_scan(&json, buffer_view(&answer.body), &arena, NULL) == 0) {
        json_at items = json_get(&json, 0, TEXT("items"));
        for (json_at line = json_first(&json, items); line != JSON_NONE; line = json_after(&json, items, line))
            hand_on(logs, &json, line);
    }
    arena_free(&arena);
    buffer_free(&answer.body);
}

void plugin_logs_skip(struct plugin_logs *logs) {
    struct plugin_logs quiet = {.client = logs->client, .name = logs->name};
    read_lines(&quiet);
    logs->seq = quiet.seq;
}

/* ---- what comes ---- */

static void on_joined(void *user) {
    struct plugin_logs *logs = user;
    logs->silent = false;
    read_lines(logs);
    fflush(stdout);
}

static void on_line(void *user, struct text data) {
    struct plugin_logs *logs = user;
    int64_t seq = 0;
    struct arena arena;
    struct json json;
    arena_init(&arena, 4096);
    if (json_scan(&json, data, &arena, NULL) == 0) json_whole(&json, json_get(&json, 0, TEXT("seq")), &seq);
    if (seq > logs->seq) hand_on(logs, &json, 0);
    arena_free(&arena);
    fflush(stdout);
}

void plugin_logs_end(struct plugin_logs *logs) {
    listen_close(logs->listener);
    logs->listener = NULL;
}

void plugin_logs_wait(struct plugin_logs *logs, int fd) {
    if (!logs->listener) {
        char path[160];
        snprintf(path, sizeof path, "/admin/v1/plugins/%s/logs/stream", logs->name);
        logs->listener = listen_open(logs->client, path, "line", on_joined, on_line, logs);
    }
    if (listen_wait(logs->listener, fd)) return;
    if (!listen_joined(logs->listener) && !logs->silent) {
        fprintf(stderr, "parley: %s does not answer; its lines follow when it does\n", logs->client->url);
        logs->silent = true;
    }
    plugin_logs_end(logs);
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, AGAIN_MS);
}

/* ---- printing ---- */

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

static void print(void *user, const struct json *json, json_at line) {
    plugin_logs_print(((struct call *)user)->output, json, line);
}

/* Asked for once in the ordinary way, so that what is refused is said. */
enum exit_code act_plugin_logs(struct call *call) {
    struct answer answer;
    if (!call_flag(call, "--follow")) return act_list(call);
    enum exit_code code = client_fetch(&call->client, "GET", call_path(call, CALL_PLAIN), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    buffer_free(&answer.body);
    struct plugin_logs logs = {.client = &call->client,
                               .name = call_encoded(call, call_argument(call, "NAME"), ""),
                               .each = print,
                               .user = call};
    interrupt_listen();
    while (!interrupted()) plugin_logs_wait(&logs, -1);
    plugin_logs_end(&logs);
    return EXIT_OK;
}
