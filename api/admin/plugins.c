/* Plugins and their releases: look, install, swap, roll back, retire; and the staff's calls to them. */
#include <stdlib.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/public/features.h"
#include "core/base/json.h"
#include "core/store/audit.h"

enum { BUNDLE_BODY = 64 * 1024 * 1024, STAFF_BODY = 1024 * 1024 };

static void handle_list(struct request *request) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    plugins_list_json(request->app->plugins, &w);
    json_put_null(&w, "next");
    json_close_object(&w);
    reply_json(request, 200, &out);
}

static void no_plugin(struct request *request, struct text name) {
    reply_problem(request, ERR_NOT_FOUND, "there is no plugin '%.*s'", TEXT_ARGS(name));
}

static void reply_status(struct request *request, struct text name, int status) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    if (plugins_status_json(request->app->plugins, name, &w))
        reply_json(request, status, &out);
    else
        no_plugin(request, name);
}

static void handle_get(struct request *request) {
    reply_status(request, request_param(request, "name"), 200);
}

static void handle_logs(struct request *request) {
    struct buffer out = {0};
    struct json_writer w;
    struct text name = request_param(request, "name");
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    if (!plugins_has(request->app->plugins, name, TEXT_NONE)) {
        buffer_free(&out);
        no_plugin(request, name);
        return;
    }
    plugins_logs_json(request->app->plugins, name, &w);
    json_put_null(&w, "next");
    json_close_object(&w);
    reply_json(request, 200, &out);
}

/* ---- changes: done by the host, then written to the audit log ---- */

struct operation {
    struct admin_job *job; /* writes the audit row and sends the answer */
    const char *action;
    struct text name, version;
    struct text before; /* the version that was active; empty where none was */
    bool downgrade;     /* an administrator asked for an older build */
};

static struct text version_json(struct arena *arena, struct text version) {
    return version.n ? arena_printf(arena, "{\"version\":\"%.*s\"}", TEXT_ARGS(version)) : TEXT_NONE;
}

static int work_audit(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct operation *op = job->input;
    struct arena *arena = &job->request->arena;
    struct audit_entry entry = {
        .at = job->change.now,
        .actor = job->change.actor,
        .action = text_of(op->action),
        .kind = TEXT("plugin"),
        .key = op->name,
        .before = version_json(arena, op->before),
        .after = version_json(arena, op->version),
        .note = op->downgrade ? TEXT("an older build was asked for: downgrade=yes") : TEXT_NONE,
    };
    return audit_write(sql, &entry, &job->error);
}

static void write_status(struct admin_job *job) {
    const struct operation *op = job->input;
    if (!plugins_status_json(job->request->app->plugins, op->name, &job->writer)) {
        json_open_object(&job->writer);
        json_put_text(&job->writer, "name", op->name);
        json_close_object(&job->writer);
    }
}

static void on_done(void *user, const struct plugin_result *result) {
    struct operation *op = user;
    struct request *request = op->job->request;
    if (result->error.code) {
        reply_error(request, &result->error);
        return;
    }
    if (result->name.n) op->name = arena_text(&request->arena, result->name);
    op->version = arena_text(&request->arena, result->version);
    admin_job_go(op->job);
}

static struct operation *operation_new(struct request *request, const char *action, struct text name) {
    struct operation *op = arena_new(&request->arena, struct operation);
    *op = (struct operation){
        .job = admin_job_new(request, DEFINITION_FEATURE, name, work_audit), .action = action, .name = name};
    struct plugin_web active;
    if (name.n && plugins_web(request->app->plugins, name, TEXT_NONE, &active))
        op->before = arena_text(&request->arena, active.version);
    op->job->input = op;
    op->job->then = write_status;
    return op;
}

static void handle_install(struct request *request) {
    struct operation *op = operation_new(request, "install", TEXT_NONE);
    op->job->status = 201;
    size_t n = 0;
    if (!request->body.n) {
        reply_problem(request, ERR_INVALID, "the body is empty: send the bundle's bytes");
        return;
    }
    struct text downgrade = request_query(request, "downgrade");
    op->downgrade = text_is(downgrade, "yes");
    if (downgrade.n && !op->downgrade) {
        reply_problem(request, ERR_INVALID, "downgrade=%.*s: only yes is known", TEXT_ARGS(downgrade));
        return;
    }
    if (op->downgrade && request->caller.role != ROLE_ADMIN) {
        reply_problem(request, ERR_FORBIDDEN, "downgrade=yes is for role admin: it lets an older build in");
        return;
    }
    char *bytes = buffer_take(&request->body_bytes, &n);
    (op->downgrade ? plugins_install_older : plugins_install_bytes)(request->app->plugins, bytes, n, on_done, op);
}

static void handle_activate(struct request *request) {
    struct json json;
    struct error error = {0};
    if (json_scan(&json, request->body, &request->arena, &error) != 0) {
        reply_error(request, &error);
        return;
    }
    struct text version = json_unescaped(&json, json_get(&json, 0, TEXT("version")), &request->arena);
    if (!version.n) {
        error_at(&error, "/version", "send {\"version\":\"1.3.0\"}");
        reply_error(request, &error);
        return;
    }
    struct text name = request_param(request, "name");
    plugins_activate(request->app->plugins, name, version, on_done, operation_new(request, "activate", name));
}

static void handle_rollback(struct request *request) {
    struct text name = request_param(request, "name");
    plugins_rollback(request->app->plugins, name, on_done, operation_new(request, "rollback", name));
}

static void handle_retire(struct request *request) {
    struct text name = request_param(request, "name");
    plugins_retire(request->app->plugins, name, on_done, operation_new(request, "retire", name));
}

static void handle_staff(struct request *request) {
    struct frame_request frame = {.staff = true};
    plugin_call_start(request, request_param(request, "name"), TEXT_NONE, &frame);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_PUBLISHER, STAFF = ROLE_MANAGER | ROLE_AGENT };
#define STAFF_CALL(method)                                                                                             \
    { method, "/admin/v1/plugins/{name}/api/{path...}", STAFF, STAFF_BODY, ROUTE_SHOPPER, handle_staff }
const struct route plugin_routes[] = {
    {METHOD_GET, "/admin/v1/plugins", READERS, 0, 0, handle_list},
    {METHOD_POST, "/admin/v1/plugins", ROLE_PUBLISHER, BUNDLE_BODY, ROUTE_RAW_BODY, handle_install},
    {METHOD_GET, "/admin/v1/plugins/{name}", READERS, 0, 0, handle_get},
    {METHOD_DELETE, "/admin/v1/plugins/{name}", ROLE_PUBLISHER, 0, 0, handle_retire},
    {METHOD_GET, "/admin/v1/plugins/{name}/logs", READERS, 0, 0, handle_logs},
    {METHOD_POST, "/admin/v1/plugins/{name}/activate", ROLE_PUBLISHER | ROLE_MANAGER, 4096, 0, handle_activate},
    {METHOD_POST, "/admin/v1/plugins/{name}/rollback", ROLE_PUBLISHER | ROLE_MANAGER, 4096, 0, handle_rollback},
    STAFF_CALL(METHOD_GET),
    STAFF_CALL(METHOD_POST),
    STAFF_CALL(METHOD_PUT),
    STAFF_CALL(METHOD_PATCH),
    STAFF_CALL(METHOD_DELETE),
    {0},
};
