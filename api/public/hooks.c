/* POST /hooks/{plugin}/{path}: what another system tells a plugin, without a token of ours. The plugin proves who it comes from; here is
 * only what keeps a stranger from doing harm: a plugin that says it takes webhooks, the headers that it names and no others, a size,
 * a rate. */
#include "api/public/hooks.h"

#include <stdlib.h>

#include "api/app.h"
#include "api/public/features.h"
#include "api/public/tables.h"
#include "core/base/json_write.h"
#include "core/base/map.h"
#include "core/base/memory.h"

enum { HOOK_BODY = 1024 * 1024, HEADER_MOST = 1024 };

/* ---- how many a second ---- */

/* A token bucket: it holds `rate` calls, and fills up in a second. */
struct bucket {
    double tokens;
    int64_t at;  /* ms */
    char name[]; /* the map's key */
};

struct hooks {
    int rate;
    struct map buckets; /* plugins that were called; only those that are installed and take webhooks get here */
};

struct hooks *hooks_new(int rate) {
    struct hooks *hooks = memory_new(struct hooks);
    hooks->rate = rate;
    return hooks;
}

void hooks_free(struct hooks *hooks) {
    if (!hooks) return;
    for (struct map_entry *e = map_next(&hooks->buckets, NULL); e; e = map_next(&hooks->buckets, e)) free(e->value);
    map_free(&hooks->buckets);
    free(hooks);
}

static struct bucket *bucket_of(struct hooks *hooks, struct text plugin, int64_t now) {
    struct bucket *bucket = map_get(&hooks->buckets, plugin);
    if (bucket) return bucket;
    bucket = memory_zero(1, sizeof *bucket + plugin.n);
    memcpy(bucket->name, plugin.at, plugin.n);
    bucket->tokens = hooks->rate;
    bucket->at = now;
    map_put(&hooks->buckets, text_n(bucket->name, plugin.n), bucket);
    return bucket;
}

bool hooks_admit(struct hooks *hooks, struct text plugin, int64_t now) {
    struct bucket *bucket = bucket_of(hooks, plugin, now);
    if (now > bucket->at) bucket->tokens += (double)(now - bucket->at) / CLOCK_SECOND * hooks->rate;
    if (bucket->tokens > hooks->rate) bucket->tokens = hooks->rate;
    bucket->at = now;
    if (bucket->tokens < 1) return false;
    bucket->tokens--;
    return true;
}

/* ---- the call ---- */

/* {"x-signature": "..."}: the named ones that were sent. False: one is too long, and that is said. */
static bool take_headers(struct request *request, const json_t *names, struct text *out) {
    struct buffer json = {0};
    struct json_writer w;
    bool fine = true;
    json_writer_init(&w, &json);
    json_open_object(&w);
    for (size_t i = 0; i < json_array_size(names); i++) {
        char *name = arena_cstr(&request->arena, text_of(json_string_value(json_array_get(names, i))));
        struct text value = text_trim(request_header(request, name)); /* RFC 9110, 5.5: blanks are not of it */
        for (char *c = name; *c; c++)
            if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 'a' - 'A');
        fine &= value.n <= HEADER_MOST;
        if (!value.at || value.n > HEADER_MOST) continue;
        json_key(&w, text_of(name));
        json_text(&w, value);
    }
    json_close_object(&w);
    *out = arena_text(&request->arena, buffer_view(&json));
    buffer_free(&json);
    if (!fine) reply_problem(request, ERR_TOO_LARGE, "a header is longer than %d bytes", HEADER_MOST);
    return fine;
}

static void handle_hook(struct request *request) {
    struct app *app = request->app;
    struct text plugin = request_param(request, "plugin");
    const json_t *names = plugins_hooks(app->plugins, plugin);
    if (!names) {
        reply_problem(request, ERR_NOT_FOUND, "no plugin '%.*s' takes webhooks here", TEXT_ARGS(plugin));
        return;
    }
    if (!hooks_admit(app->hooks, plugin, clock_now(app->clock))) {
        count(app->hooks_refused, 1);
        reply_header(request, "Retry-After", "1");
        reply_problem(request, ERR_TOO_MANY, "more webhooks a second than hooks.rate allows; send it again");
        return;
    }
    struct frame_request frame = {.hook = true};
    if (take_headers(request, names, &frame.headers)) plugin_call_start(request, plugin, TEXT_NONE, &frame);
}

const struct route hook_routes[] = {
    {METHOD_POST, "/hooks/{plugin}/{path...}", 0, HOOK_BODY, ROUTE_RAW_BODY, handle_hook},
    {0},
};
