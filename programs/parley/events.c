/* What a customer gets, and one event of hers: for trying things out by hand. And statistics, which need no server. */
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/actions.h"
#include "programs/parley/stats.h"

/* The file's object with the targeting key put in. False, said on stderr, where it is none. */
static bool put_context(struct call *call, struct json_writer *w) {
    const char *file = call_flag(call, "--context");
    struct text key = text_of(call_argument(call, "TARGETING_KEY"));
    struct buffer body = {0};
    struct json json;
    json_open_object(w);
    json_put_text(w, "targetingKey", key);
    bool fine = !file || read_input(file, &body) == EXIT_OK;
    if (file && fine) {
        struct text text = arena_text(&call->arena, buffer_view(&body));
        buffer_free(&body);
        fine = json_scan(&json, text, &call->arena, NULL) == 0 && json_kind(&json, 0) == JSON_KIND_OBJECT;
        if (!fine) fprintf(stderr, "parley: %s is not a JSON object\n", file);
        for (json_at k = fine ? json_first(&json, 0) : JSON_NONE; k != JSON_NONE; k = json_after(&json, 0, k)) {
            struct text name = json_unescaped(&json, k, &call->arena);
            if (text_is(name, "targetingKey")) continue;
            json_key(w, name);
            json_raw(w, json_source(&json, k + 1));
        }
    }
    json_close_object(w);
    return fine;
}

static void put_features(const char *list, struct json_writer *w) {
    struct text rest = text_of(list), key;
    json_key(w, TEXT("features"));
    json_open_array(w);
    while (rest.n) {
        text_cut(rest, ',', &key, &rest);
        json_text(w, key);
    }
    json_close_array(w);
}

/* The answer's "features" as a list with items, for the table. */
static struct text as_items(struct call *call, struct text body) {
    struct json json;
    if (json_scan(&json, body, &call->arena, NULL) != 0) return body;
    json_at features = json_get(&json, 0, TEXT("features"));
    if (features == JSON_NONE) return body;
    return arena_printf(&call->arena, "{\"items\":%.*s}", TEXT_ARGS(json_source(&json, features)));
}

enum exit_code act_evaluate(struct call *call) {
    struct buffer body = {0};
    struct json_writer w;
    struct answer answer;
    json_writer_init(&w, &body);
    json_open_object(&w);
    json_key(&w, TEXT("context"));
    bool fine = put_context(call, &w);
    if (call_flag(call, "--features")) put_features(call_flag(call, "--features"), &w);
    json_close_object(&w);
    enum exit_code code =
        fine ? client_fetch(&call->client, "POST", call->command->path, buffer_view(&body), &answer) : EXIT_FAILED;
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    struct text shown = buffer_view(&answer.body);
    show(call, call->output == OUTPUT_TABLE ? as_items(call, shown) : shown);
    buffer_free(&answer.body);
    return EXIT_OK;
}

static bool put_properties(struct call *call, struct json_writer *w) {
    const char *properties = call_flag(call, "--properties");
    struct json json;
    struct error error = {0};
    if (!properties) return true;
    if (json_scan(&json, text_of(properties), &call->arena, &error) != 0) {
        fprintf(stderr, "parley: --properties: %s\n", error.detail);
        return false;
    }
    json_put_raw(w, "properties", text_of(properties));
    return true;
}

static void put_where_given(const struct call *call, struct json_writer *w, const char *flag, const char *member) {
    const char *value = call_flag(call, flag);
    if (!value) return;
    json_key(w, text_of(member));
    json_text(w, text_of(value));
}

/* A refused event answers 202 too: for a single one that is a failure. */
static enum exit_code show_intake(struct call *call, struct text body) {
    struct json json;
    show(call, body);
    if (json_scan(&json, body, &call->arena, NULL) != 0) return EXIT_FAILED;
    json_at first = json_first(&json, json_get(&json, 0, TEXT("rejected")));
    if (first == JSON_NONE) return EXIT_OK;
    struct text detail = json_unescaped(&json, json_get(&json, first, TEXT("detail")), &call->arena);
    fprintf(stderr, "parley: the event was refused: %.*s\n", TEXT_ARGS(detail));
    return EXIT_FAILED;
}

enum exit_code act_track(struct call *call) {
    struct buffer body = {0};
    struct json_writer w;
    struct answer answer;
    if (!call_flag(call, "--user") && !call_flag(call, "--anonymous")) {
        fprintf(stderr, "parley: whose event is it? --user ID or --anonymous ID\n");
        return EXIT_USAGE;
    }
    json_writer_init(&w, &body);
    json_open_object(&w);
    json_put_text(&w, "event", text_of(call_argument(call, "EVENT")));
    put_where_given(call, &w, "--user", "userId");
    put_where_given(call, &w, "--anonymous", "anonymousId");
    put_where_given(call, &w, "--timestamp", "timestamp");
    put_where_given(call, &w, "--message-id", "messageId");
    bool fine = put_properties(call, &w);
    json_close_object(&w);
    enum exit_code code =
        fine ? client_fetch(&call->client, "POST", call->command->path, buffer_view(&body), &answer) : EXIT_USAGE;
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    code = show_intake(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return code;
}

enum exit_code act_stats(struct call *call) {
    char name[] = "stats";
    return (enum exit_code)command_stats(1, (char *[]){name, NULL});
}
