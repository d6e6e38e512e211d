/* Starting, serving and draining. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/erasure.h"
#include "api/loops.h"
#include "api/push.h"
#include "core/base/secret.h"
#include "core/webhooks/webhooks.h"
#include "experiments/insight/insight.h"
#include "programs/parleyd/events.h"
#include "programs/parleyd/parleyd.h"

struct parleyd {
    struct app app;
    const struct config *config;
    struct router *router;
    struct events *events;
    uv_signal_t terminate, interrupt;
    uv_timer_t hurry; /* ends a drain that takes too long */
    uv_timer_t tick;  /* once a second: checkpoints */
    struct steer steer;
    struct retention retention;
    char host[256];
    int port, status;
    bool ending;
    struct loops *abandoned; /* the drain took too long: their requests end with the process */
};

/* ---- ending: stop accepting, finish what is in flight, stop the workers, flush ---- */

static void on_plugins_stopped(void *user) {
    struct parleyd *d = user;
    uv_stop(d->app.loop);
}

static void on_drained(void *user) {
    struct parleyd *d = user;
    if (d->abandoned) return;
    uv_timer_stop(&d->hurry);
    loops_stop(d->app.loops);
    plugins_stop(d->app.plugins, on_plugins_stopped, d);
}

/* Requests that still hang on something keep their connections until the process ends; what was acknowledged is flushed. */
static void on_hurry(uv_timer_t *timer) {
    struct parleyd *d = timer->data;
    d->abandoned = d->app.loops;
    log_warn(d->app.log, "requests did not finish in time", LOG_I("requests", loops_abandon(d->app.loops)));
    plugins_stop(d->app.plugins, on_plugins_stopped, d);
}

static void on_signal(uv_signal_t *signal, int number) {
    struct parleyd *d = signal->data;
    if (d->ending) return;
    d->ending = true;
    d->app.draining = true;
    log_info(d->app.log, "draining", LOG_S("signal", strsignal(number)));
    uv_timer_start(&d->hurry, on_hurry, (uint64_t)config_duration(d->config, "drain"), 0);
    push_end(d->app.push); /* streams would never finish by themselves */
    loops_drain(d->app.loops, on_drained, d);
}

/* ---- starting ---- */

static void on_tick(uv_timer_t *timer) {
    struct parleyd *d = timer->data;
    struct journal_stats journal;
    journal_stats(d->app.journal, &journal);
    measure_tick(d->app.measure);
    insight_tick(d->app.insight, journal.last);
    webhooks_tick(d->app.webhooks);
}

static void on_plugins_started(void *user) {
    struct parleyd *d = user;
    struct error error = {0};
    struct loops_options options = {
        .n = (unsigned)config_int(d->config, "loops"),
        .host = d->host,
        .port = d->port,
        .max_connections = (unsigned)config_int(d->config, "http.connections"),
        .ring = (size_t)config_size(d->config, "exposures.ring"),
        .router = d->router,
    };
    settings_changed(&d->app);
    if (loops_start(&d->app, &options, &error) < 0) {
        log_error(d->app.log, "cannot serve", LOG_S("detail", error.detail));
        d->status = 1;
        plugins_stop(d->app.plugins, on_plugins_stopped, d);
        return;
    }
    parleyd_steer(&d->steer, &d->app, d->config);
    parleyd_retention(&d->retention, &d->app, d->config);
    erasures_resume(d->app.erasures);
    char url[300];
    snprintf(url, sizeof url, strchr(d->host, ':') ? "http://[%s]:%d" : "http://%s:%d",
             strcmp(d->host, "0.0.0.0") == 0 ? "127.0.0.1" : d->host, loops_port(d->app.loops));
    log_info(d->app.log, "ready", LOG_S("url", url), LOG_S("version", PARLEY_VERSION), LOG_I("pid", getpid()));
}

/* A file beside the program, as build/parley-worker beside build/parleyd. */
static void beside(char out[static 4096], const char *told, const char *program, const char *name) {
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (*told || n <= 0) {
        snprintf(out, 4096, "%s", *told ? told : program);
        return;
    }
    self[n] = 0;
    char *slash = strrchr(self, '/');
    snprintf(out, 4096, "%.*s/%s", (int)(slash ? slash - self : 0), self, name);
}

static void start_plugins(struct parleyd *d, const char *program) {
    static char worker[4096], bundled[4096], folder[4096];
    beside(worker, config_text(d->config, "plugins.worker"), program, "parley-worker");
    beside(bundled, config_text(d->config, "plugins.bundled"), program, "plugins");
    snprintf(folder, sizeof folder, "%s/plugins", config_text(d->config, "data"));
    struct plugins_options options = {
        .loop = d->app.loop,
        .mailbox = &d->app.mailbox,
        .dir = folder,
        .bundled = bundled,
        .worker = worker,
        .log = d->app.log,
        .telemetry = d->app.telemetry,
        .clock = d->app.clock,
        .judge = settings_judge,
        .on_standing = settings_changed,
        .trust = options_trust(d->config),
        .on_effect = parleyd_on_effect,
        .on_ask = parleyd_on_ask,
        .user = &d->app,
        .feed = events_feed(d->events),
    };
    parleyd_plugins(&options, d->config);
    d->app.plugins = plugins_new(&options);
    struct error error = {0};
    if (parleyd_plugins_configured(&d->app, &error) == 0)
        plugins_start(d->app.plugins, on_plugins_started, d);
    else {
        log_error(d->app.log, "cannot start", LOG_S("detail", error.detail));
        d->status = 1;
        plugins_stop(d->app.plugins, on_plugins_stopped, d);
    }
}

static void listen_for_signals(struct parleyd *d) {
    uv_signal_init(d->app.loop, &d->terminate);
    uv_signal_init(d->app.loop, &d->interrupt);
    uv_timer_init(d->app.loop, &d->hurry);
    uv_timer_init(d->app.loop, &d->tick);
    d->terminate.data = d->interrupt.data = d->hurry.data = d->tick.data = d;
    uv_signal_start(&d->terminate, on_signal, SIGTERM);
    uv_signal_start(&d->interrupt, on_signal, SIGINT);
}

static void make_counters(struct app *app) {
    app_make_counters(app);
    app->swap_time = telemetry_histogram(app->telemetry, "parley_snapshot_swap_seconds",
                                         "Time that a new snapshot of the definitions holds the loop", "");
    app->effects_dropped = telemetry_counter(app->telemetry, "parley_plugin_effects_dropped_total",
                                             "Effects that were not understood", "");
    app->hooks_refused =
        telemetry_counter(app->telemetry, "parley_hooks_refused_total", "Webhooks refused because too many came", "");
}

static int open_events(struct parleyd *d, struct error *error) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/journal", config_text(d->config, "data"));
    return events_open(&d->events, d->app.journal, folder, &d->app.mailbox, d->app.log, error);
}

static int serve(struct parleyd *d, const char *program) {
    struct error error = {0};
    d->router = router_new(api_tables, api_tables_n);
    listen_for_signals(d);
    mailbox_open(&d->app.mailbox, d->app.loop);
    if (parleyd_open(&d->app, d->config, &error) < 0 || open_events(d, &error) < 0) {
        log_error(d->app.log, "cannot start", LOG_S("detail", error.detail));
        return 1;
    }
    push_snapshot(d->app.push); /* its scheduled changes */
    uv_timer_start(&d->tick, on_tick, 500, 500);
    start_plugins(d, program);
    uv_run(d->app.loop, UV_RUN_DEFAULT); /* until on_plugins_stopped */
    parleyd_steer_stop(&d->steer);
    parleyd_retention_stop(&d->retention);
    uv_timer_stop(&d->tick); /* closing still runs the loop, and a tick would use what is closed */
    return d->status;
}

static void close_handles(struct parleyd *d) {
    mailbox_close(&d->app.mailbox);
    erasures_close(d->app.erasures);
    uv_close((uv_handle_t *)&d->terminate, NULL);
    uv_close((uv_handle_t *)&d->interrupt, NULL);
    uv_close((uv_handle_t *)&d->hurry, NULL);
    uv_close((uv_handle_t *)&d->tick, NULL);
}

int parleyd_run(const struct config *config, const struct log *log, const char *program) {
    struct parleyd d = {.config = config};
    struct error error = {0};
    uv_loop_t loop;
    if (secret_init() < 0 || options_listen(config, d.host, sizeof d.host, &d.port, &error) < 0) return 1;
    uv_loop_init(&loop);
    d.app = (struct app){.loop = &loop, .log = log, .clock = &clock_system, .telemetry = telemetry_new()};
    make_counters(&d.app);
    d.app.cors_origins = text_of(config_text(config, "cors.origins"));
    d.app.public_url = text_of(config_text(config, "public-url"));
    d.app.push = push_open(&d.app, config_duration(config, "streams.heartbeat"));
    int status = serve(&d, program);
    if (d.abandoned) loops_mute(d.abandoned);
    plugins_free(d.app.plugins);
    d.app.plugins = NULL; /* what lanes still tell does not reach them */
    parleyd_close(&d.app);
    events_close(d.events);
    if (status == 0) log_info(log, "stopped");
    if (d.abandoned) _exit(status);
    settings_free(&d.app.settings);
    push_close(d.app.push);
    close_handles(&d);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    router_free(d.router);
    telemetry_free(d.app.telemetry);
    return status;
}
