#include "core/plugins/events.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/plugins/traffic.h"

enum {
    MOST = 256,          /* events in a batch */
    ROWS_UNSAID = 10000, /* rows without an event for it after which a plugin's position is moved all the same */
    STRIKES = 3,         /* tries of one event alone before it is passed over */
    RETRY_MS = 1000,     /* after an answer that was none */
    OVERRUN_MS = 6000,   /* after no answer: the worker that holds the batch answers or is ended meanwhile */
    REST_TIMES = 9,      /* what a batch took, between these: see give_way */
    REST_LEAST_MS = 25,
    REST_MOST_MS = 250,
};

static const struct feed *feed_of(const struct plugin *plugin) {
    return plugin->env->feed;
}

static int64_t newest(const struct plugin *plugin) {
    return feed_of(plugin)->newest(feed_of(plugin)->user);
}

/* The worker that gets events now; NULL where there is none. */
static struct supervisor *receiver(const struct plugin *plugin) {
    struct release *r = plugin->active;
    if (!feed_of(plugin) || plugin->env->stopping || plugin->retired || plugin->alone || !r || !release_takes(r))
        return NULL;
    return r->worker->ready.subscribes_n ? r->worker : NULL;
}

void events_make_instruments(struct plugin *plugin) {
    struct telemetry *t = plugin->env->telemetry;
    struct delivery *d = &plugin->events;
    char labels[120];
    snprintf(labels, sizeof labels, "plugin=\"%s\"", plugin->name);
    d->ran = telemetry_counter(t, "parley_plugin_events_total", "Events that plugins took", labels);
    d->failed = telemetry_counter(t, "parley_plugin_events_failed_total", "Events that plugins refused", labels);
    d->skipped = telemetry_counter(t, "parley_plugin_events_skipped_total",
                                   "Events passed over because workers died of them", labels);
    d->lag = telemetry_gauge(t, "parley_plugin_events_behind", "Journal rows a plugin has not been told of", labels);
}

/* Rows of the journal that are still to be looked at for this plugin. */
static int64_t behind(const struct plugin *plugin) {
    const struct delivery *d = &plugin->events;
    const struct release *r = plugin->active;
    if (r && r->worker && !r->worker->ready.subscribes_n) return 0;
    int64_t reached = d->state != DELIVERY_SENT && d->looked > d->position ? d->looked : d->position;
    if (d->state == DELIVERY_ASKED && d->want.looked > reached) reached = d->want.looked;
    int64_t rows = newest(plugin) - (reached > 0 ? reached : 0);
    return d->position < 0 || rows < 0 ? 0 : rows;
}

/* ---- the batch and its answer ---- */

static void rest(struct plugin *plugin, uint64_t ms) {
    plugin->events.not_before = env_now(plugin->env) + ms;
    env_review_in(plugin->env, ms);
}

/* Taking events in goes before passing them on: while they keep coming, a plugin is told of them for a tenth of the time, in
 * fewer and larger batches; when they pause it catches up. */
static void give_way(struct plugin *plugin) {
    const struct delivery *d = &plugin->events;
    uint64_t ms = (env_now(plugin->env) - d->sent_at) * REST_TIMES;
    if (newest(plugin) == d->sent_newest) return;
    rest(plugin, ms < REST_LEAST_MS ? REST_LEAST_MS : ms > REST_MOST_MS ? REST_MOST_MS : ms);
}

/* A batch came to nothing, and it is not known why: the next ones are smaller, and an event that always does it is given up. */
static void strike(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    if (!d->sent_first) return;
    bool alone = d->careful >= d->sent_first;
    if (!alone) {
        d->careful = d->sent_upto;
        return;
    }
    d->strikes = d->suspect == d->sent_first ? d->strikes + 1 : 1;
    d->suspect = d->sent_first;
}

/* {"position", "ran", "failed"}; anything else is a worker's that makes no sense, and counts like its death. */
static bool take_answer(struct plugin *plugin, struct text body) {
    struct delivery *d = &plugin->events;
    json_t *said = json_loadb(body.at ? body.at : "", body.n, 0, NULL);
    const json_t *position = json_object_get(said, "position");
    int64_t at = json_integer_value(position), ran = json_integer_value(json_object_get(said, "ran")),
            failed = json_integer_value(json_object_get(said, "failed"));
    bool fits = json_is_integer(position) && at >= -1 && ran >= 0 && ran <= MOST && failed >= 0 && failed <= ran;
    if (fits) {
        if (at == d->position)
            rest(plugin, RETRY_MS); /* it did not get on, and should have */
        else
            give_way(plugin);
        d->position = d->looked = at;
        count(d->ran, ran);
        count(d->failed, failed);
        if (at >= d->suspect) d->strikes = 0;
    }
    json_decref(said);
    return fits;
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct plugin *plugin = user;
    struct delivery *d = &plugin->events;
    int status = answer->code ? 0 : answer->reply.status;
    d->state = DELIVERY_IDLE;
    if (status != 200 || !take_answer(plugin, answer->reply.body)) {
        /* 503 and 507: its database could not be written, which is nobody's fault here. */
        if (status != 503 && status != 507) strike(plugin);
        d->looked = d->position;
        rest(plugin, answer->code == ERR_TIMEOUT ? OVERRUN_MS : RETRY_MS);
    }
    events_review(plugin);
}

static void deliver(struct plugin *plugin, struct text events, int64_t first, int64_t upto) {
    struct delivery *d = &plugin->events;
    struct buffer batch = {0};
    buffer_printf(&batch, "{\"after\":%lld,\"upto\":%lld,\"events\":[", (long long)d->position, (long long)upto);
    buffer_text(&batch, events);
    buffer_text(&batch, TEXT("]}"));
    int rc = traffic_direct(plugin->active, FRAME_EVENTS, buffer_view(&batch), on_answer, plugin);
    buffer_free(&batch);
    if (rc != 0) {
        rest(plugin, RETRY_MS);
        return;
    }
    d->state = DELIVERY_SENT;
    d->sent_first = first;
    d->sent_upto = upto;
    d->sent_at = env_now(plugin->env);
    d->sent_newest = newest(plugin);
}

/* ---- asking the feed ---- */

static void take_names(struct feed_want *want, const struct supervisor *worker) {
    for (size_t i = 0; i < want->names_n; i++) free(want->names[i]);
    free(want->names);
    want->names = memory_zero(worker->ready.subscribes_n, sizeof *want->names);
    want->names_n = worker->ready.subscribes_n;
    for (size_t i = 0; i < want->names_n; i++) want->names[i] = memory_copy(worker->ready.subscribes[i]);
}

/* Another release, or another life of it, may want other events: what was looked at for the one before is looked at again. */
static void meet(struct plugin *plugin, const struct supervisor *worker) {
    struct delivery *d = &plugin->events;
    if (d->subscriber == worker->serial) return;
    take_names(&d->want, worker);
    d->subscriber = worker->serial;
    if (!d->known) d->position = worker->ready.position;
    d->known = true;
    d->looked = d->position;
}

static void ask(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    d->want.user = plugin;
    d->want.plugin = plugin->name;
    d->want.after = d->looked;
    d->want.looked = d->looked;
    d->want.recalled = false;
    d->want.most = d->careful > d->looked ? 1 : MOST;
    buffer_clear(&d->want.events);
    d->state = DELIVERY_ASKED;
    plugin->env->operations++;
    feed_of(plugin)->want(feed_of(plugin)->user, &d->want);
}

static void pass_over(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    plugin_note(plugin, LOG_ERROR, plugin->active->version,
                "event %lld of the journal is passed over: %d times in a row it was not taken", (long long)d->suspect,
                d->strikes);
    count(d->skipped, 1);
    d->strikes = 0;
    deliver(plugin, TEXT_NONE, 0, d->suspect);
}

static void recall(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    d->state = DELIVERY_RECALLED;
    d->want.recalled = true;
    feed_of(plugin)->recall(feed_of(plugin)->user);
}

void events_review(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    const struct supervisor *worker = receiver(plugin);
    if (d->state == DELIVERY_ASKED && (plugin->env->stopping || (worker && worker->serial != d->subscriber)))
        recall(plugin);
    if (feed_of(plugin)) gauge_set(d->lag, behind(plugin));
    if (!worker || d->state != DELIVERY_IDLE || env_now(plugin->env) < d->not_before) return;
    meet(plugin, worker);
    int64_t last = newest(plugin);
    if (d->position > last)
        plugin_note(plugin, LOG_WARN, plugin->active->version,
                    "its data includes events up to %lld, but the journal ends at %lld: it goes on from there",
                    (long long)d->position, (long long)last);
    if (d->position < 0 || d->position > last)
        deliver(plugin, TEXT_NONE, 0, last);
    else if (d->strikes >= STRIKES && d->suspect > d->position)
        pass_over(plugin);
    else
        ask(plugin);
}

void events_fed(struct plugin *plugin) {
    struct delivery *d = &plugin->events;
    const struct supervisor *worker = receiver(plugin);
    plugin->env->operations--;
    d->state = DELIVERY_IDLE;
    if (worker && worker->serial == d->subscriber) {
        bool some = d->want.events.n;
        if (d->want.upto == d->want.after) rest(plugin, RETRY_MS); /* the feed could not read */
        d->looked = d->want.upto > d->looked ? d->want.upto : d->looked;
        if (some || d->looked - d->position >= ROWS_UNSAID)
            deliver(plugin, buffer_view(&d->want.events), some ? d->want.first : 0, d->looked);
        if (some && d->state != DELIVERY_SENT) d->looked = d->position; /* they are read again */
    }
    if (d->state == DELIVERY_IDLE) events_review(plugin);
    plugin->env->changed(plugin->env);
}

/* ---- looking ---- */

void events_json(const struct plugin *plugin, struct json_writer *w) {
    const struct delivery *d = &plugin->events;
    if (!d->known) return;
    json_key(w, TEXT("events"));
    json_open_object(w);
    json_put_int(w, "position", d->position);
    json_put_int(w, "behind", feed_of(plugin) ? behind(plugin) : 0);
    json_put_int(w, "taken", d->ran->value);
    json_put_int(w, "failed", d->failed->value);
    json_put_int(w, "skipped", d->skipped->value);
    json_close_object(w);
}

void events_free(struct delivery *d) {
    for (size_t i = 0; i < d->want.names_n; i++) free(d->want.names[i]);
    free(d->want.names);
    buffer_free(&d->want.events);
}
