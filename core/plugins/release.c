#include "core/plugins/release.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/plugins/configure.h"
#include "core/plugins/traffic.h"

enum { RETRY_FAILED = 30 /* seconds: somebody has to do something */ };

static const char *const states[] = {"stopped", "starting", "running", "draining", "failed"};

static void make_instruments(struct release *r) {
    struct telemetry *t = r->env->telemetry;
    char labels[200];
    snprintf(labels, sizeof labels, "plugin=\"%s\",release=\"%s\"", r->plugin->name, r->version);
    r->requests = telemetry_counter(t, "parley_plugin_requests_total", "Calls to plugin releases", labels);
    r->failures = telemetry_counter(t, "parley_plugin_failures_total", "Calls that got no answer in time", labels);
    r->refused = telemetry_counter(t, "parley_plugin_dropped_total", "Calls refused: release down or busy", labels);
    r->restarts = telemetry_counter(t, "parley_plugin_restarts_total", "Workers started again after dying", labels);
    r->in_flight = telemetry_gauge(t, "parley_plugin_in_flight", "Calls that workers hold", labels);
    r->latency = telemetry_histogram(t, "parley_plugin_latency_seconds", "From call to answer", labels);
    r->lines_dropped =
        telemetry_counter(t, "parley_plugin_log_lines_dropped_total", "Log lines over the limit", labels);
    r->misbehaved =
        telemetry_counter(t, "parley_plugin_protocol_errors_total", "Workers ended for what they sent", labels);
    r->breaker_state =
        telemetry_gauge(t, "parley_plugin_breaker_state", "0: closed, 1: one call let through, 2: open", labels);
    r->breaker_opened =
        telemetry_counter(t, "parley_plugin_breaker_opened_total", "Calls were stopped for a while", labels);
}

static void on_again(uv_timer_t *timer) {
    release_review(timer->data);
}

static void take_bundle(struct release *r, struct bundle *bundle) {
    struct buffer path = {0};
    buffer_printf(&path, "%s/%s", r->folder, bundle->manifest.library);
    free(r->library);
    r->library = buffer_take(&path, NULL);
    bundle_free(&r->bundle);
    r->bundle = *bundle;
    *bundle = (struct bundle){0};
}

void release_renew(struct release *r, struct bundle *bundle, const struct origin *origin) {
    r->origin = *origin;
    if (r->damaged)
        take_bundle(r, bundle);
    else
        bundle_free(bundle);
    if (r->damaged || r->untrusted) {
        r->why[0] = 0;
        r->failed_code = 0;
        if (r->state == RELEASE_FAILED) r->state = RELEASE_STOPPED;
    }
    r->damaged = r->untrusted = false;
    release_review(r);
}

void release_distrust(struct release *r, const char *why) {
    r->untrusted = true;
    r->failed_code = ERR_UNTRUSTED;
    snprintf(r->why, sizeof r->why, "%s", why);
}

struct release *release_new(struct plugin_env *env, struct plugin *plugin, const char *version, const char *digest,
                            int64_t installed_at, const char *folder, struct bundle *bundle, const char *why) {
    struct release *r = memory_new(struct release);
    r->env = env;
    r->plugin = plugin;
    r->version = memory_copy(version);
    r->folder = memory_copy(folder);
    r->installed_at = installed_at;
    r->library_fd = -1;
    snprintf(r->digest, sizeof r->digest, "%s", digest);
    if (bundle)
        take_bundle(r, bundle);
    else {
        r->damaged = true;
        snprintf(r->why, sizeof r->why, "%s", why);
    }
    uv_timer_init(env->loop, &r->again);
    r->again.data = r;
    make_instruments(r);
    return r;
}

void release_free(struct release *r) {
    assert(!r->worker && !r->leaving);
    if (r->library_fd >= 0) close(r->library_fd);
    bundle_free(&r->bundle);
    free(r->version);
    free(r->folder);
    free(r->library);
    free(r->settings);
    free(r->told);
    free(r);
}

/* ---- what the worker tells ---- */

static void tell(struct release *r, enum plugin_event_kind kind, const char *detail) {
    env_tell(r->env, &(struct plugin_event){.kind = kind,
                                            .plugin = text_of(r->plugin->name),
                                            .version = text_of(r->version),
                                            .detail = text_of(detail)});
}

/* Once for each worker, and loud where it is not all of it. */
static void note_sandbox(struct release *r, const char *sandbox) {
    bool whole = sandbox && strstr(sandbox, "\"landlock\":\"abi") && strstr(sandbox, "\"seccomp\":\"on\"");
    plugin_note(r->plugin, whole ? LOG_INFO : LOG_WARN, r->version, "%s: %s",
                whole ? "sandbox" : "the sandbox is not whole", sandbox ? sandbox : "the worker says nothing of one");
}

static void on_serving(void *user, struct supervisor *worker) {
    struct release *r = user;
    r->state = RELEASE_RUNNING;
    r->settled = true;
    plugin_note(r->plugin, LOG_INFO, r->version, "worker %d serves", worker->pid);
    note_sandbox(r, worker->ready.sandbox);
    tell(r, PLUGIN_RUNNING, r->why);
    r->why[0] = 0;
    configure_review(r->plugin);
    plugin_release_serves(r->plugin, r);
    traffic_running(r);
    r->env->changed(r->env);
}

static void on_reply(void *user, struct supervisor *worker, const struct frame *frame) {
    traffic_reply(user, worker, frame);
}

static void on_effect(void *user, struct supervisor *worker, const struct frame *frame, uint64_t ticket) {
    struct release *r = user;
    if (!r->env->on_effect) return;
    r->env->on_effect(r->env->user, &(struct plugin_effect){text_of(r->plugin->name), text_of(r->version),
                                                            frame->payload, frame->id, ticket});
}

static void on_ask(void *user, struct text question, uint64_t ticket) {
    struct release *r = user;
    if (r->env->on_ask)
        r->env->on_ask(r->env->user, &(struct plugin_ask){text_of(r->plugin->name), question, ticket});
    else
        supervisor_answer(
            r->env, ticket,
            &(struct frame_reply){.status = 503, .body = TEXT("{\"detail\":\"nobody can be asked here\"}")});
}

static void on_metrics(void *user, struct supervisor *worker, struct text json) {
    struct release *r = user;
    if (metrics_add(&r->plugin->metrics, r->env->telemetry, r->plugin->name, json)) return;
    worker->misbehaved = true;
    supervisor_fail(worker, "sent metrics that are none, or too many names of them");
}

/* A worker waits for its turn to write, and says who has it. Only another worker of the same plugin can, and not for long. */
static void on_held(void *user, struct supervisor *worker, const struct frame *frame) {
    struct release *r = user;
    if (note_held(frame->payload) < r->env->timing.turn) return;
    struct supervisor *holder = plugin_worker(r->plugin, (int)frame->id);
    if (holder && holder != worker)
        supervisor_fail(holder, "kept the writer lock for over a second while release %s waited", r->version);
}

static void on_line(void *user, enum log_level level, struct text line) {
    struct release *r = user;
    plugin_said(r->plugin, level, r->version, line);
}

static void on_dropped(void *user) {
    count(((struct release *)user)->lines_dropped, 1);
}

static unsigned wants(const struct release *r) {
    if (r->env->stopping) return 0;
    if (r->plugin->alone) return r == r->plugin->alone && r->plugin->alone_may_run ? r->want : 0;
    return r->plugin->retired ? r->want & (WANT_TRIAL | WANT_ERRAND) : r->want;
}

static void fail(struct release *r) {
    r->state = RELEASE_FAILED;
    plugin_note(r->plugin, LOG_ERROR, r->version, "stays down: %s", r->why);
    tell(r, PLUGIN_STAYS_DOWN, r->why);
    traffic_down(r);
    probation_failed(r->plugin, r, r->why);
}

static void start_again_later(struct release *r) {
    const struct plugin_timing *timing = &r->env->timing;
    struct backoff_policy policy = {timing->restart_first, timing->restart_most, timing->restart_window};
    uint32_t random;
    secret_bytes(&random, sizeof random);
    int wait = backoff_died(&r->backoff, &policy, env_now(r->env), random);
    if (wait < 0) {
        fail(r);
        return;
    }
    r->state = RELEASE_STARTING;
    r->restart_count++;
    count(r->restarts, 1);
    uv_timer_start(&r->again, on_again, (uint64_t)wait, 0);
}

/* The current worker died or could not be started; `why` says it. */
static void died(struct release *r) {
    r->settled = true;
    plugin_release_died(r->plugin, r); /* ends a trial */
    if (r->plugin->alone == r && r->needs_alone)
        r->state = RELEASE_STOPPED; /* it gets its chance when the others have stopped */
    else if (wants(r) && !r->damaged && !r->untrusted && !r->unfit)
        start_again_later(r);
    else
        fail(r);
}

static void let_library_go(struct release *r) {
    if (r->library_fd >= 0 && !r->worker && !r->leaving) {
        close(r->library_fd);
        r->library_fd = -1;
    }
}

static void on_gone(void *user, struct supervisor *worker) {
    struct release *r = user;
    bool current = worker == r->worker, told = worker->told_to_stop;
    if (worker->misbehaved) count(r->misbehaved, 1);
    plugin_note(r->plugin, *worker->why ? LOG_WARN : LOG_INFO, r->version, "worker %d %s", worker->pid,
                *worker->why ? worker->why : "stopped");
    if (current)
        r->worker = NULL;
    else
        r->leaving--;
    if (current && told) r->state = RELEASE_STOPPED;
    if (current && !told) {
        snprintf(r->why, sizeof r->why, "%s", worker->why);
        r->failed_code = worker->failed_code;
        tell(r, PLUGIN_CRASHED, r->why);
        r->needs_alone = worker->needs_alone;
        died(r);
    }
    traffic_worker_gone(r, worker);
    if (!wants(r)) let_library_go(r);
    plugin_worker_gone(r->plugin);
    r->env->changed(r->env);
}

static const struct supervisor_owner owner = {on_serving, on_reply, on_effect,  on_ask, on_metrics,
                                              on_held,    on_line,  on_dropped, on_gone};

/* ---- wants ---- */

/* Its configuration is at hand. */
static bool configured(struct release *r) {
    struct error error = {0};
    if (r->damaged || r->untrusted) return true;
    r->unfit = configure_start(r, &error) != 0;
    if (r->unfit)
        snprintf(r->why, sizeof r->why, "cannot start: its configuration does not suit it: %.60s %.250s",
                 error.places ? error.at[0].pointer : "", error.places ? error.at[0].detail : error.detail);
    return !r->unfit;
}

static void start(struct release *r) {
    if (!configured(r) || r->damaged || r->untrusted) {
        died(r);
        return;
    }
    const struct bundle_file *library = bundle_find(&r->bundle, text_of(r->bundle.manifest.library));
    struct supervisor_launch launch = {.plugin = r->plugin->name,
                                       .version = r->version,
                                       .data = r->plugin->data,
                                       .library = r->library,
                                       .sha256 = library->sha256,
                                       .abi_major = r->bundle.manifest.abi_major,
                                       .abi_minor = r->bundle.manifest.abi_minor,
                                       .libraries = r->env->trust.libraries,
                                       .library_fd = &r->library_fd,
                                       .settings = r->settings,
                                       .secret = env_secret(r->env, r->plugin->name),
                                       .sandbox = env_sandbox(r->env, r->plugin->name)};
    r->state = RELEASE_STARTING;
    r->needs_alone = false;
    r->worker = supervisor_start(r->env, &launch, &owner, r);
}

static void review_wanted(struct release *r) {
    if (r->worker && r->worker->told_to_stop) {
        if (supervisor_resume(r->worker))
            r->state = RELEASE_RUNNING;
        else { /* too late: it leaves beside the next one */
            r->leaving++;
            r->worker = NULL;
        }
    }
    if (!r->worker && r->state != RELEASE_FAILED && !uv_is_active((uv_handle_t *)&r->again)) start(r);
}

void release_review(struct release *r) {
    if (wants(r)) {
        review_wanted(r);
        return;
    }
    if (uv_is_active((uv_handle_t *)&r->again)) {
        uv_timer_stop(&r->again);
        r->state = RELEASE_STOPPED;
        traffic_down(r);
    }
    if (r->worker && !r->worker->told_to_stop) {
        r->state = RELEASE_DRAINING;
        supervisor_drain(r->worker);
    }
}

void release_want(struct release *r, enum release_want why) {
    r->want |= why;
    if (r->state == RELEASE_FAILED &&
        (why == WANT_TRIAL || why == WANT_ERRAND)) { /* somebody asks for another chance */
        r->state = RELEASE_STOPPED;
        r->backoff = (struct backoff){0};
    }
    if (why == WANT_TRIAL) {
        r->breaker = (struct breaker){0};
        gauge_set(r->breaker_state, r->breaker.state);
    }
    release_review(r);
}

void release_unwant(struct release *r, enum release_want why) {
    if (!(r->want & why)) return;
    r->want &= ~(unsigned)why;
    release_review(r);
}

/* ---- calls ---- */

bool release_runs(const struct release *r) {
    return r->state == RELEASE_RUNNING && supervisor_takes(r->worker);
}

bool release_serves(const struct release *r) {
    return r->state == RELEASE_RUNNING && breaker_admits(&r->breaker, &r->env->breaker, env_now(r->env));
}

bool release_takes(const struct release *r) {
    return release_serves(r) && release_runs(r);
}

bool release_sends(struct release *r) {
    bool probe = breaker_sends(&r->breaker, env_now(r->env));
    if (probe) gauge_set(r->breaker_state, r->breaker.state);
    return probe;
}

void release_saw(struct release *r, bool probe, bool failed, double ms) {
    if (breaker_saw(&r->breaker, &r->env->breaker, env_now(r->env), probe, failed, ms)) {
        bool open = r->breaker.state == BREAKER_OPEN;
        gauge_set(r->breaker_state, r->breaker.state);
        count(r->breaker_opened, open);
        plugin_note(r->plugin, open ? LOG_ERROR : LOG_INFO, r->version, "breaker %s%s%s",
                    breaker_name(r->breaker.state), open ? ": " : "", r->breaker.why);
        tell(r, open ? PLUGIN_BREAKER_OPEN : PLUGIN_BREAKER_CLOSED, r->breaker.why);
        if (open) probation_failed(r->plugin, r, r->breaker.why);
    }
    probation_saw(r->plugin, r, failed, ms);
}

/* ---- looking ---- */

int release_retry_after(const struct release *r) {
    if (r->state == RELEASE_FAILED || r->state == RELEASE_STOPPED) return RETRY_FAILED;
    uint64_t ms = uv_is_active((uv_handle_t *)&r->again) ? uv_timer_get_due_in(&r->again)
                                                         : breaker_wait(&r->breaker, &r->env->breaker, env_now(r->env));
    return (int)(ms / 1000) + 1;
}

const char *release_state_name(const struct release *r) {
    bool leaving = r->state == RELEASE_STOPPED && r->leaving;
    return states[leaving ? RELEASE_DRAINING : r->state];
}
