/* The configuration of a plugin as a whole: looked at and changed, without a restart. What its schema calls writeOnly is neither shown nor
 * written down in the audit log. */
#include "api/admin/plugin_config.h"

#include "api/admin/tables.h"
#include "core/base/json.h"
#include "core/base/json_dump.h"
#include "core/plugins/configuration.h"
#include "core/plugins/configuration_table.h"

static void no_plugin(struct request *request, struct text name) {
    reply_problem(request, ERR_NOT_FOUND, PLUGINS_NONE, TEXT_ARGS(name));
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

void config_change_of(struct config_change *change, struct arena *arena, const struct plugin_configuration *now,
                      const json_t *value) {
    json_t *there = load(now->json);
    change->json = dumped(arena, value);
    change->before = now->version ? shown(arena, now->schema, there) : TEXT_NONE;
    change->after = shown(arena, now->schema, value);
    json_decref(there);
}

int config_change_store(struct config_change *change, struct admin_job *job, struct sql *sql) {
    int rc = configuration_table_put(sql, change->name, change->json, job->change.now, change->expected,
                                     &change->version, &job->error);
    struct audit_entry entry = {
        .at = job->change.now,
        .actor = job->change.actor,
        .action = TEXT("configure"),
        .kind = TEXT("plugin"),
        .key = change->name,
        .version = change->version,
        .before = change->before,
        .after = change->after,
    };
    return rc < 0 ? rc : audit_write(sql, &entry, &job->error);
}

void config_change_end(const struct config_change *change, struct admin_job *job) {
    struct plugins *plugins = job->request->app->plugins;
    if (!plugins) return; /* Parley has stopped; the next start reads what is stored */
    if (job->error.code || !change->version)
        plugins_unconfigure(plugins, change->name);
    else
        plugins_configured(plugins, change->name, change->json, change->version);
}

/* ---- of one plugin ---- */

struct one_change {
    struct config_change change; /* first */
    struct admin_job *job;
};

static int work_store(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct one_change *one = (struct one_change *)(uintptr_t)job->input;
    int rc = config_change_store(&one->change, job, sql);
    job->version = one->change.version;
    return rc;
}

static void on_stored(struct admin_job *job) {
    const struct one_change *one = job->input;
    config_change_end(&one->change, job);
    if (!job->error.code) json_raw(&job->writer, one->change.after);
}

static void on_tried(void *user, const struct plugin_result *result) {
    struct one_change *one = user;
    if (result->error.code)
        reply_error(one->job->request, &result->error);
    else
        admin_job_go(one->job);
}

static void change_to(struct request *request, struct one_change *one, const struct plugin_configuration *now,
                      const json_t *sent) {
    json_t *there = load(now->json), *value = configuration_unmasked(now->schema, sent, there);
    config_change_of(&one->change, &request->arena, now, value);
    one->job = admin_job_new(request, DEFINITION_FEATURE, one->change.name, work_store);
    one->job->input = one;
    one->job->end = on_stored;
    plugins_configure(request->app->plugins, one->change.name, value, on_tried, one);
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
    struct one_change *one = arena_new(&request->arena, struct one_change);
    struct config_change *change = &one->change;
    *one = (struct one_change){.change.name = request_param(request, "name")};
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
    if (sent) change_to(request, one, &now, sent);
    json_decref(sent);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_PUBLISHER };
const struct route plugin_config_routes[] = {
    {METHOD_GET, "/admin/v1/plugins/{name}/config", READERS, 0, 0, handle_get},
    {METHOD_PUT, "/admin/v1/plugins/{name}/config", ROLE_PUBLISHER | ROLE_MANAGER, CONFIGURATION_MOST, 0, handle_put},
    {0},
};
