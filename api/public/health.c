/* Is it alive, is it ready, what does it count. */
#include "api/app.h"
#include "api/public/tables.h"
#include "core/base/json_write.h"

static void handle_live(struct request *request) {
    reply(request, 200, "text/plain", TEXT("ok\n"));
}

static void handle_ready(struct request *request) {
    struct app *app = request->app;
    struct journal_stats stats;
    journal_stats(app->journal, &stats);
    bool ready = !app->draining && !stats.failing;
    if (request_query(request, "verbose").at) {
        struct buffer out = {0};
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_put_bool(&w, "ready", ready);
        json_put_bool(&w, "draining", app->draining);
        json_put_text(&w, "journal", stats.failing ? text_of(error_title(stats.failing)) : TEXT("ok"));
        json_put_int(&w, "configRevision", app->snapshot->revision);
        json_key(&w, TEXT("warnings"));
        json_open_array(&w);
        if (plugins_take_unsigned(app->plugins))
            json_text(&w, TEXT("Unsigned plugins are taken (plugins.unsigned): whoever has a publisher's token can run "
                               "any code here. For development only."));
        json_close_array(&w);
        json_key(&w, TEXT("plugins"));
        plugins_list_json(app->plugins, TEXT_NONE, SIZE_MAX, &w);
        json_close_object(&w);
        reply_json(request, ready ? 200 : 503, &out);
        return;
    }
    if (ready)
        reply(request, 200, "text/plain", TEXT("ready\n"));
    else
        reply_problem(request, ERR_UNAVAILABLE,
                      app->draining ? "Parley is shutting down" : "the journal cannot write; events are refused");
}

static void handle_metrics(struct request *request) {
    struct buffer out = {0};
    telemetry_write(request->app->telemetry, &out);
    reply_buffer(request, 200, "text/plain; version=0.0.4", &out);
}

enum { OPERATORS = ROLE_MANAGER | ROLE_ANALYST | ROLE_SERVER };
const struct route health_routes[] = {
    {METHOD_GET, "/livez", 0, 0, ROUTE_ANY_LOOP, handle_live},
    {METHOD_GET, "/readyz", 0, 0, 0, handle_ready},
    {METHOD_GET, "/metrics", OPERATORS, 0, ROUTE_LOOPBACK_FREE, handle_metrics},
    {0},
};
