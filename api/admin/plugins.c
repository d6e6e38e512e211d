/* Plugins and their releases: look, install, swap, roll back, retire; and the staff's calls to them. */
#include <stdio.h>
#include <stdlib.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/product_feed.h"
#include "api/public/features.h"
#include "core/base/json.h"
#include "core/store/audit.h"

enum { BUNDLE_BODY = 64 * 1024 * 1024, STAFF_BODY = 1024 * 1024 };

static void handle_list(struct request *request) {
    struct buffer out = {0};
    struct json_writer w;
    int64_t limit;
    if (!request_query_int(request, "limit", 1, 1000, 100, &limit)) return;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    struct text next = plugins_list_json(request->app->plugins, request_query(request, "cursor"), (size_t)limit, &w);
    json_key(&w, TEXT("next"));
    if (next.n)
        json_text(&w, next);
    else
        json_nil(&w);
    json_close_object(&w);
    reply_json(request, 200, &out);
}

static void no_plugin(struct request *request, struct text name) {
    reply_problem(request, ERR_NOT_FOUND, PLUGINS_NONE, TEXT_ARGS(name));
}

/* Its file is read on the store lane: on the host's own one it would wait behind bundles. */
struct status_look {
    struct lane_job job; /* first */
    struct request *request;
    const char *folder;
    struct writer_holder writer;
};

static void look_at_lock(struct lane_job *job, void *owner) {
    struct status_look *look = (struct status_look *)job;
    look->writer = writer_lock_look(look->folder);
}

static void on_writer(struct mail *mail) {
    const struct status_look *look = (const struct status_look *)mail;
    struct text name = request_param(look->request, "name");
    const struct plugins *plugins = look->request->app->plugins;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    if (!plugins)
        reply_problem(look->request, ERR_UNAVAILABLE, "Parley is stopping");
    else if (plugins_status_json(plugins, name, &look->writer, &w))
        reply_json(look->request, 200, &out);
    else
        no_plugin(look->request, name);
}

static void handle_get(struct request *request) {
    struct app *app = request->app;
    struct text name = request_param(request, "name");
    const char *folder = plugins_folder(app->plugins, name);
    if (!folder) {
        no_plugin(request, name);
        return;
    }
    struct status_look *look = arena_new(&request->arena, struct status_look);
    *look = (struct status_look){
        .job = {.mail.receive = on_writer, .work = look_at_lock, .reply_to = &app->mailbox},
        .request = request,
        .folder = arena_cstr(&request->arena, text_of(folder)),
    };
    lane_do(main_db_lane(app->db), &look->job);
}

/* What a variant's settings must look like: of ?release=, or of the active one; {} where it does not say. */
static void handle_settings(struct request *request) {
    struct text name = request_param(request, "name"), release = request_query(request, "release");
    struct buffer out = {0};
    if (!plugins_settings_json(request->app->plugins, name, release, &out)) {
        reply_problem(request, ERR_NOT_FOUND, "there is no such release of a plugin '%.*s'", TEXT_ARGS(name));
        return;
    }
    reply_json(request, 200, &out);
}

static void handle_logs(struct request *request) {
    struct buffer out = {0};
    struct json_writer w;
    struct text name = request_param(request, "name"), after = request_query(request, "after");
    int64_t seq = 0;
    if (after.n && (!text_to_int(after, &seq) || seq < 0)) {
        reply_problem(request, ERR_INVALID, "after=%.*s: it is the \"seq\" of a line, a whole number",
                      TEXT_ARGS(after));
        return;
    }
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    if (!plugins_logs_json(request->app->plugins, name, (size_t)seq, &w)) { /* a retired one's can still be read */
        buffer_free(&out);
        no_plugin(request, name);
        return;
    }
    json_put_null(&w, "next");
    json_close_object(&w);
    reply_json(request, 200, &out);
}

/* ---- changes: done by the host, then written to the audit log ---- */

struct operation {
    struct lane_job check; /* first: holding settings against the release, before it is activated */
    struct admin_job *job; /* writes the audit row and sends the answer */
    const char *action;
    struct text name, version;
    struct text before; /* the version that was active; empty where none was */
    struct text note;   /* for the audit log */
    struct settings_candidate candidate;
    struct releases *releases, *judged; /* for the check: the list with the candidate, the candidate alone */
    struct error error;
    bool removes;   /* the release is no more afterwards */
    bool downgrade; /* an administrator asked for an older build */
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
        .after = op->removes ? TEXT_NONE : version_json(arena, op->version),
        .note = op->downgrade ? TEXT("an older build was asked for: downgrade=yes") : op->note,
    };
    return audit_write(sql, &entry, &job->error);
}

static void write_status(struct admin_job *job) {
    const struct operation *op = job->input;
    if (!plugins_status_json(job->request->app->plugins, op->name, NULL, &job->writer)) {
        json_open_object(&job->writer);
        json_put_text(&job->writer, "name", op->name);
        json_close_object(&job->writer);
    }
}

static void on_done(void *user, const struct plugin_result *result) {
    struct operation *op = user;
    struct request *request = op->job->request;
    settings_candidate_remove(&request->app->settings, &op->candidate);
    settings_changed(request->app);
    if (result->error.code) {
        reply_error(request, &result->error);
        return;
    }
    if (result->name.n) op->name = arena_text(&request->arena, result->name);
    op->version = arena_text(&request->arena, result->version);
    if (op->candidate.version.n) product_feed_tell(request->app->product_feed, op->name); /* it may have run before */
    admin_job_go(op->job);
}

static struct operation *operation_new(struct request *request, const char *action, struct text name) {
    struct operation *op = arena_new(&request->arena, struct operation);
    *op = (struct operation){
        .job = admin_job_new(request, DEFINITION_FEATURE, name, work_audit), .action = action, .name = name};
    struct plugin_standing standing;
    if (name.n && plugins_standing(request->app->plugins, name, &standing))
        op->before = arena_text(&request->arena, standing.active);
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

/* ---- activation: the settings of all features must suit the release first ---- */

static void check_on_lane(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    struct catalogue *catalogue = op->job->request->app->catalogue;
    catalogue_set_releases(catalogue, op->releases);
    catalogue_check_releases(catalogue, op->judged, &op->error);
    releases_release(op->judged);
}

static void on_checked(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    struct app *app = op->job->request->app;
    if (!app->plugins) {
        reply_problem(op->job->request, ERR_UNAVAILABLE, "Parley is stopping");
        return;
    }
    if (!op->error.code) {
        plugins_activate(app->plugins, op->name, op->candidate.version, on_done, op);
        return;
    }
    settings_candidate_remove(&app->settings, &op->candidate);
    settings_changed(app);
    reply_error(op->job->request, &op->error);
}

static void activate(struct operation *op, struct text version) {
    struct app *app = op->job->request->app;
    op->candidate = (struct settings_candidate){.plugin = op->name, .version = version};
    settings_candidate_add(&app->settings, &op->candidate);
    op->releases = settings_releases(app);
    op->judged = settings_release_alone(app, op->name, version);
    op->check = (struct lane_job){.mail.receive = on_checked, .work = check_on_lane, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &op->check);
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
    activate(operation_new(request, "activate", request_param(request, "name")), version);
}

static void handle_rollback(struct request *request) {
    struct text name = request_param(request, "name");
    struct plugin_standing standing;
    struct operation *op = operation_new(request, "rollback", name);
    if (plugins_standing(request->app->plugins, name, &standing) && standing.previous.n)
        activate(op, arena_text(&request->arena, standing.previous));
    else
        plugins_rollback(request->app->plugins, name, on_done, op); /* which says what is missing */
}

/* ---- retirement: what still refers to the plugin is said first ---- */

/* Notes each variant that names the plugin; the number of them, and of live experiments on their features. */
static size_t find_uses(const struct snapshot *snapshot, struct text plugin, struct error *error, size_t *live) {
    size_t variants = 0;
    *live = 0;
    for (uint32_t f = 0; f < snapshot->n_features; f++) {
        const struct snapshot_feature *feature = &snapshot->features[f];
        size_t before = variants;
        for (uint32_t v = 0; v < feature->definition.n_variants; v++) {
            const struct variant *variant = &feature->definition.variants[v];
            char pointer[160];
            if (!text_eq(variant->plugin, plugin)) continue;
            variants++;
            snprintf(pointer, sizeof pointer, "/features/%.*s/variants/%.*s", TEXT_ARGS(feature->definition.key),
                     TEXT_ARGS(variant->key));
            if (feature->experiment)
                error_at(error, pointer, "is served by %.*s, and experiment '%.*s' is %s on its feature",
                         TEXT_ARGS(plugin), TEXT_ARGS(feature->experiment->definition.key),
                         experiment_phases[feature->experiment->state.phase]);
            else
                error_at(error, pointer, "is served by %.*s", TEXT_ARGS(plugin));
        }
        *live += variants > before && feature->experiment;
    }
    return variants;
}

static void handle_retire(struct request *request) {
    struct text name = request_param(request, "name");
    struct operation *op = operation_new(request, "retire", name);
    struct error places = {0}, error = {0};
    size_t live, variants = find_uses(request->app->snapshot, name, &places, &live);
    if (variants && !text_is(request_query(request, "force"), "yes")) {
        error_set(
            &error, ERR_CONFLICT,
            "%zu variant%s and %zu live experiment%s still name %.*s; take it out there, or retire it nevertheless "
            "with ?force=yes",
            variants, variants > 1 ? "s" : "", live, live == 1 ? "" : "s", TEXT_ARGS(name));
        for (int i = 0; i < places.places; i++) error_at(&error, places.at[i].pointer, "%s", places.at[i].detail);
        reply_error(request, &error);
        return;
    }
    if (variants)
        op->note = arena_printf(&request->arena, "forced: %zu variants and %zu live experiments still name it",
                                variants, live);
    plugins_retire(request->app->plugins, name, on_done, op);
}

/* One release that nobody needs any more. */
static void handle_remove(struct request *request) {
    struct text name = request_param(request, "name"), version = request_param(request, "version");
    struct operation *op = operation_new(request, "remove", name);
    op->removes = true;
    op->before = version;
    plugins_remove(request->app->plugins, name, version, on_done, op);
}

static void handle_staff(struct request *request) {
    struct frame_request frame = {.staff = true, .agent = request->caller.name};
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
    {METHOD_DELETE, "/admin/v1/plugins/{name}/releases/{version}", ROLE_PUBLISHER, 0, 0, handle_remove},
    {METHOD_GET, "/admin/v1/plugins/{name}/settings", READERS, 0, 0, handle_settings},
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
