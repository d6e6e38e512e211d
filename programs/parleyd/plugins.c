/* How plugins are held, out of the configuration; and what becomes known of what happens to them: administrators who listen are
 * told, and what goes wrong by itself is in the audit log, so that webhooks tell it too; a rollback with the figures that did it. */
#include <stdlib.h>

#include "api/product_feed.h"
#include "api/push.h"
#include "core/store/audit.h"
#include "core/base/memory.h"
#include "core/plugins/configuration_table.h"
#include "programs/parleyd/parleyd.h"

/* ---- the audit log ---- */

struct happened {
    struct lane_job job;
    struct app *app;
    struct arena arena;
    struct audit_entry entry; /* its texts are in the arena */
    struct error error;
};

static void write_row(struct lane_job *job, void *owner) {
    struct happened *r = (struct happened *)job;
    if (sql_begin(owner, &r->error) < 0) return;
    sql_end(owner, audit_write(owner, &r->entry, &r->error), &r->error);
}

static void on_written(struct mail *mail) {
    struct happened *r = (struct happened *)mail;
    if (r->error.code)
        log_error(r->app->log, "what happened to a plugin is not in the audit log", LOG_T("plugin", r->entry.key),
                  LOG_T("what", r->entry.action), LOG_S("detail", r->error.detail));
    else if (text_is(r->entry.kind, "plugin"))
        push_changes(r->app->push, &(struct audit_page){.items = &r->entry, .n = 1});
    arena_free(&r->arena);
    free(r);
}

static void audit(struct app *app, const struct plugin_event *event) {
    struct happened *r = memory_new(struct happened);
    bool rolled_back = event->kind == PLUGIN_ROLLED_BACK;
    r->app = app;
    arena_init(&r->arena, 1024);
    struct text release =
        arena_printf(&r->arena, "{\"version\":\"%.*s\"}", TEXT_ARGS(rolled_back ? event->before : event->version));
    r->entry = (struct audit_entry){
        .at = clock_now(app->clock),
        .actor = rolled_back ? TEXT("probation") : TEXT("supervisor"),
        .action = rolled_back ? TEXT("rollback") : text_of(plugin_event_name(event->kind)),
        .kind = rolled_back ? TEXT("plugin") : TEXT("plugin-state"),
        .key = arena_text(&r->arena, event->plugin),
        .before = rolled_back ? release : TEXT_NONE,
        .after = rolled_back ? arena_text(&r->arena, event->evidence) : release,
        .note = arena_text(&r->arena, event->detail),
    };
    r->job = (struct lane_job){.mail.receive = on_written, .work = write_row, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &r->job);
}

static void on_line(void *user, struct text plugin, size_t seq) {
    push_plugin_line(((struct app *)user)->push, plugin, seq);
}

static void on_event(void *user, const struct plugin_event *event) {
    struct app *app = user;
    /* A swap, and the first worker of a release, follow a word of people's. */
    bool asked_for = event->kind == PLUGIN_SWAPPED || (event->kind == PLUGIN_RUNNING && !event->detail.n);
    push_plugin(app->push, event);
    if (event->kind == PLUGIN_RUNNING || event->kind == PLUGIN_BREAKER_CLOSED || event->kind == PLUGIN_SWAPPED)
        product_feed_tell(app->product_feed, event->plugin);
    if (!asked_for) audit(app, event);
}

/* ---- what plugins are configured with, out of the main database ---- */

struct configured {
    struct text plugin, json;
    int64_t version;
    struct configured *next;
};

struct reading {
    struct lane_job job;
    struct arena arena;
    struct configured *rows; /* in the arena */
    struct error error;
    bool done;
};

static void keep_row(void *user, struct text plugin, struct text json, int64_t version) {
    struct reading *reading = user;
    struct configured *row = arena_new(&reading->arena, struct configured);
    *row = (struct configured){arena_text(&reading->arena, plugin), arena_text(&reading->arena, json), version,
                               reading->rows};
    reading->rows = row;
}

static void read_on_lane(struct lane_job *job, void *owner) {
    struct reading *reading = (struct reading *)job;
    configuration_table_each(owner, keep_row, reading, &reading->error);
}

static void on_read(struct mail *mail) {
    ((struct reading *)mail)->done = true;
}

int parleyd_plugins_configured(struct app *app, struct error *error) {
    struct reading reading = {.job = {.mail.receive = on_read, .work = read_on_lane, .reply_to = &app->mailbox}};
    arena_init(&reading.arena, 4096);
    lane_do(main_db_lane(app->db), &reading.job);
    while (!reading.done) uv_run(app->loop, UV_RUN_ONCE);
    for (struct configured *row = reading.rows; row; row = row->next)
        plugins_configured(app->plugins, row->plugin, row->json, row->version);
    arena_free(&reading.arena);
    if (reading.error.code) *error = reading.error;
    return reading.error.code;
}

/* ---- how they are held ---- */

static struct sandbox_policy sandbox_of(const void *user, const char *plugin) {
    const struct config *config = user;
    return (struct sandbox_policy){
        .off = !config_bool_for(config, "plugins.*.sandbox", plugin),
        .memory = config_size_for(config, "plugins.*.memory", plugin),
        .files = (int)config_int_for(config, "plugins.*.files", plugin),
        .cpu = (int)(config_duration_for(config, "plugins.*.cpu", plugin) / CLOCK_SECOND),
    };
}

static const char *secret_of(const void *user, const char *plugin) {
    return config_text_for(user, "plugins.*.secret", plugin);
}

static int ms(const struct config *config, const char *key) {
    return (int)config_duration(config, key);
}

void parleyd_plugins(struct plugins_options *options, const struct config *config) {
    options->timing = (struct plugin_timing){.start = ms(config, "plugins.start"),
                                             .call = ms(config, "plugins.deadline"),
                                             .overrun = ms(config, "plugins.overrun"),
                                             .heartbeat = ms(config, "plugins.heartbeat"),
                                             .drain = ms(config, "plugins.drain"),
                                             .stop = ms(config, "plugins.stop")};
    options->breaker = (struct breaker_policy){.limits = {.least = (int)config_int(config, "plugins.breaker.least"),
                                                          .errors = (int)config_int(config, "plugins.breaker.errors"),
                                                          .slow = ms(config, "plugins.breaker.slow")},
                                               .window = ms(config, "plugins.breaker.window"),
                                               .open = ms(config, "plugins.breaker.open")};
    options->probation =
        (struct probation_policy){.time = ms(config, "plugins.probation"),
                                  .limits = {.least = (int)config_int(config, "plugins.probation.least"),
                                             .errors = (int)config_int(config, "plugins.probation.errors"),
                                             .slow = ms(config, "plugins.probation.slow")}};
    options->sandbox = sandbox_of;
    options->secret = secret_of;
    options->sandbox_user = config;
    options->on_event = on_event;
    options->on_line = on_line;
}
