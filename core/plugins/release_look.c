/* What a release says of itself: its state, its worker, what it waits for, how its calls go. */
#include <stdio.h>

#include "core/plugins/release.h"

/* The upper edge of the bucket in which the share lies, in ms. */
static double quantile(const struct histogram *h, int64_t total, double share) {
    int64_t below = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        if ((double)(below += h->bucket[i]) >= share * (double)total) return (double)((uint64_t)16384 << i) / 1e6;
    return (double)((uint64_t)16384 << HISTOGRAM_BUCKETS) / 1e6;
}

static void latency_json(const struct histogram *h, struct json_writer *w) {
    int64_t total = 0;
    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++) total += h->bucket[i];
    json_key(w, TEXT("latency"));
    json_open_object(w);
    json_put_int(w, "count", total);
    if (total) {
        json_put_double(w, "meanMs", (double)h->sum_ns / (double)total / 1e6);
        json_put_double(w, "p50Ms", quantile(h, total, .5));
        json_put_double(w, "p99Ms", quantile(h, total, .99));
    }
    json_close_object(w);
}

static void waits_json(const struct release *r, struct json_writer *w) {
    json_key(w, TEXT("waitingFor"));
    json_open_array(w);
    if (uv_is_active((const uv_handle_t *)&r->again)) {
        char text[64];
        snprintf(text, sizeof text, "restart in %.1f s", (double)uv_timer_get_due_in(&r->again) / 1e3);
        json_text(w, text_of(text));
    }
    for (const struct supervisor *s = r->env->workers; s; s = s->next)
        if (s->user == r && s->phase != PHASE_GONE) supervisor_waits_json(s, w);
    json_close_array(w);
}

static void breaker_json(const struct release *r, struct json_writer *w) {
    const struct breaker *breaker = &r->breaker;
    json_key(w, TEXT("breaker"));
    json_open_object(w);
    json_put_text(w, "state", text_of(breaker_name(breaker->state)));
    json_put_int(w, "calls", breaker->now.calls + breaker->before.calls);
    json_put_int(w, "failed", breaker->now.failed + breaker->before.failed);
    json_put_int(w, "slow", breaker->now.slow + breaker->before.slow);
    if (breaker->state == BREAKER_OPEN)
        json_put_double(w, "secondsLeft", (double)breaker_wait(breaker, &r->env->breaker, env_now(r->env)) / 1e3);
    if (*breaker->why) json_put_text(w, "why", text_of(breaker->why));
    json_close_object(w);
}

static void signature_json(const struct release *r, struct json_writer *w) {
    json_key(w, TEXT("signature"));
    json_open_object(w);
    json_put_text(w, "origin", text_of(origin_name(r->origin.kind)));
    if (*r->origin.key) json_put_text(w, "key", text_of(r->origin.key));
    if (r->origin.sequence) json_put_int(w, "sequence", r->origin.sequence);
    json_put_bool(w, "trusted", !r->untrusted);
    json_close_object(w);
}

void release_json(const struct release *r, struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "version", text_of(r->version));
    json_put_text(w, "digest", text_of(r->digest));
    json_put_time(w, "installedAt", r->installed_at);
    signature_json(r, w);
    json_put_text(w, "state", text_of(release_state_name(r)));
    if (*r->why) json_put_text(w, "why", text_of(r->why));
    if (r->worker) {
        json_put_int(w, "pid", r->worker->pid);
        json_put_time(w, "startedAt", r->worker->started_at);
        json_put_int(w, "memory", r->worker->memory);
        if (r->worker->ready.routes) json_put_raw(w, "routes", text_of(r->worker->ready.routes));
        if (r->worker->ready.sandbox) json_put_raw(w, "sandbox", text_of(r->worker->ready.sandbox));
    }
    json_put_int(w, "restarts", r->restart_count);
    json_put_int(w, "inFlight", r->in_flight->value);
    json_put_int(w, "leaving", r->leaving);
    waits_json(r, w);
    latency_json(r->latency, w);
    breaker_json(r, w);
    if (r->bundle.manifest.web) json_put_text(w, "widget", text_of(r->bundle.manifest.web + strlen("web/")));
    json_close_object(w);
}
