/* The configuration of a plugin as a whole: looked at and changed, without a restart. What its schema calls writeOnly is neither shown nor
 * written down in the audit log. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "core/base/json.h"
#include "core/base/json_dump.h"
#include "core/plugins/configuration.h"
#include "core/plugins/configuration_table.h"

enum { CONFIG_BODY = 64 * 1024 };

static void no_plugin(struct request *request, struct text name) {
    reply_problem(request, ERR_NOT_FOUND, "there is no plugin '%.*s'", TEXT_ARGS(name));
}

static json_t *load(struct text json) {
    return json_loadb(json.at, json.n, JSON_ALLOW_NUL, NULL);
}

static struct text dumped(struct arena *arena, const json_t *value) {
    struct buffer out = {0};
    json_dump(&out, value);
    struct text text = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return text;
}

static struct text shown(struct arena *arena, const json_t *schema, const json_t *value) {
    json_t *masked = configuration_masked(schema, value);
    struct text text = dumped(arena, masked);
    json_decref(masked);
    return text;
}

static void handle_get(struct request *request) {
    struct plugin_configuration now;
    struct text name = request_param(request, "name");
    if (!plugins_configuration(request->app->plugins, name, &now)) {
        no_plugin(request, name);
        return;
    }
    json_t *value = load(now.json);
    if (now.version)
        reply_header(request, "ETag", arena_printf(&request->arena, "\"%lld\"", (long long)now.version).at);
    reply(request, 200, "application/json", shown(&request->arena, now.schema, value));
    json_decref(value);
}

/* ---- a change: tried on what runs, stored with its audit row, and then in force ---- */

struct config_change {
    struct admin_job *job;
    struct text name;
    struct text before, after; /* as they may be shown; `before` TEXT_NONE where there was none */
    struct text json;          /* as it is stored */
    int64_t expected;          /* If-Match */
};

static int work_store(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct config_change *change = job->input;
    int rc = configuration_table_put(sql, change->name, change->json, job->change.now, change->expected, &job->version,
                                     &job->error);
    struct audit_entry entry = {
        .at = job->change.now,
        .actor = job->change.actor,
        .action = TEXT("configure"),
        .kind = TEXT("plugin"),
        .key = change->name,
        .version = job->version,
        .before = change->before,
        .after = change->after,
    };
    return rc < 0 ? rc : audit_write(sql, &entry, &job->error);
}

static void on_stored(struct admin_job *job) {
    const struct config_change *change = job->input;
    struct plugins *plugins = job->request->app->plugins;
    if (job->error.code) {
        plugins_unconfigure(plugins, change->name);
        return;
    }
    plugins_configured(plugins, change->name, change->json, job->version);
    json_raw(&job->writer, change->after);
}

static void on_tried(void *user, const struct plugin_result *result) {
    struct config_change *change = user;
    if (result->error.code)
        reply_error(change->job->request, &result->error);
    else
        admin_job_go(change->job);
}

static void change_to(struct request *request, struct config_change *change, const struct plugin_configuration *now,
                      const json_t *sent) {
    struct arena *arena = &request->arena;
    json_t *there = load(now->json), *value = configuration_unmasked(now->schema, sent, there);
    change->json = dumped(arena, value);
    change->before = now->version ? shown(arena, now->schema, there) : TEXT_NONE;
    change->after = shown(arena, now->schema, value);
    change->job = admin_job_new(request, DEFINITION_FEATURE, change->name, work_store);
    change->job->input = change;
    change->job->end = on_stored;
    plugins_configure(request->app->plugins, change->name, value, on_tried, change);
    json_decref(value);
    json_decref(there);
}

static json_t *read_body(struct request *request) {
    struct json scanned;
    struct error error = {0};
    if (json_scan(&scanned, request->body, &request->arena, &error) != 0) {
        reply_error(request, &error);
        return NULL;
    }
    json_t *sent = load(request->body);
    if (json_is_object(sent)) return sent;
    json_decref(sent);
    reply_problem(request, ERR_INVALID, "a configuration is an object, as {\"shop\":\"example.com\"}");
    return NULL;
}

static void handle_put(struct request *request) {
    struct plugin_configuration now;
    struct config_change *change = arena_new(&request->arena, struct config_change);
    *change = (struct config_change){.name = request_param(request, "name")};
    if (!plugins_configuration(request->app->plugins, change->name, &now)) {
        no_plugin(request, change->name);
        return;
    }
    if (!request_if_match(request, &change->expected)) return;
    if (change->expected != DOCUMENT_ANY && change->expected != now.version) {
        reply_problem(request, ERR_PRECONDITION, "the configuration of %.*s is at version %lld now, not %lld",
                      TEXT_ARGS(change->name), (long long)now.version, (long long)change->expected);
        return;
    }
    json_t *sent = read_body(request);
    if (sent) change_to(request, change, &now, sent);
    json_decref(sent);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_PUBLISHER };
const struct route plugin_config_routes[] = {
    {METHOD_GET, "/admin/v1/plugins/{name}/config", READERS, 0, 0, handle_get},
    {METHOD_PUT, "/admin/v1/plugins/{name}/config", ROLE_PUBLISHER | ROLE_MANAGER, CONFIG_BODY, 0, handle_put},
    {0},
};
