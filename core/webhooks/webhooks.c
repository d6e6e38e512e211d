#include "core/webhooks/webhooks.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/journal/reader.h"
#include "core/webhooks/webhook.h"

enum {
    BATCH = 32,          /* messages to one receiver in a round */
    LOOK_AUDIT = 500,    /* entries looked at for one receiver in a round */
    LOOK_EVENTS = 20000, /* rows of the journal, likewise */
    TIMEOUT_MS = 10000,  /* of one message */
    LONGEST_MS = 6 * 3600 * 1000,
};

/* A message and how far its receiver has been told once it was taken. */
struct step {
    bool event; /* of the journal, not of the audit log */
    int64_t position;
};

/* One receiver in a round. */
struct due {
    struct webhook hook;
    struct delivery_message messages[BATCH];
    struct step steps[BATCH];
    size_t n;
    int64_t audit_seen, event_seen; /* looked at without a message */
    bool more;                      /* there may be more than was looked at */
};

struct round {
    struct lane_job job;
    struct webhooks *webhooks;
    struct arena arena;
    struct due *due;
    struct delivery *deliveries;
    size_t n;
    bool again;
    struct error error;
};

struct webhooks {
    struct webhooks_options options;
    struct lane *lane;
    struct journal_reader *reader; /* the lane's; opened when first needed */
    char *journal_folder;
    bool busy, closing;
    atomic_bool stop;
    struct counter *delivered, *failed, *dead;
};

/* --- what is due: on the store lane --- */

/* "experiment-state" is how Parley keeps it; outside it is the experiment that was started. */
static struct text type_of(struct arena *arena, const struct audit_entry *e) {
    struct text kind = e->kind, suffix = TEXT("-state");
    if (text_ends(kind, suffix)) kind.n -= suffix.n;
    return arena_printf(arena, "%.*s.%.*s", TEXT_ARGS(kind), TEXT_ARGS(e->action));
}

static void json_or_null(struct json_writer *w, struct text json) {
    if (json.at)
        json_raw(w, json);
    else
        json_nil(w);
}

static void open_body(struct json_writer *w, struct buffer *out, struct text type, int64_t at) {
    json_writer_init(w, out);
    json_open_object(w);
    json_put_text(w, "type", type);
    json_put_time(w, "timestamp", at);
    json_key(w, TEXT("data"));
    json_open_object(w);
}

static struct text close_body(struct json_writer *w, struct buffer *out, struct arena *arena) {
    json_close_object(w);
    json_close_object(w);
    struct text body = arena_text(arena, buffer_view(out));
    buffer_free(out);
    return body;
}

static struct text audit_body(struct arena *arena, struct text type, const struct audit_entry *e) {
    struct buffer out = {0};
    struct json_writer w;
    open_body(&w, &out, type, e->at);
    json_put_int(&w, "audit", e->id);
    json_put_text(&w, "actor", e->actor);
    json_put_text(&w, "kind", e->kind);
    json_put_text(&w, "key", e->key);
    json_put_text(&w, "action", e->action);
    if (e->version) json_put_int(&w, "version", e->version);
    json_key(&w, TEXT("before"));
    json_or_null(&w, e->before);
    json_key(&w, TEXT("after"));
    json_or_null(&w, e->after);
    if (e->note.n) json_put_text(&w, "note", e->note);
    return close_body(&w, &out, arena);
}

static void add_message(struct due *due, struct step step, struct text id, struct text type, struct text body) {
    due->messages[due->n] = (struct delivery_message){id, type, body};
    due->steps[due->n++] = step;
}

static int look_at_audit(struct sql *sql, struct arena *arena, struct due *due, struct error *error) {
    struct audit_page page;
    int rc = audit_after(sql, arena, due->hook.audit_position, LOOK_AUDIT, &page, error);
    for (size_t i = 0; rc == 0 && i < page.n && due->n < BATCH; i++) {
        const struct audit_entry *e = &page.items[i];
        struct text type = type_of(arena, e);
        due->audit_seen = e->id;
        if (text_is(e->kind, "token") || !webhook_wants(&due->hook, type))
            continue; /* tokens are nobody else's business */
        struct text id = arena_printf(arena, "audit-%lld", (long long)e->id);
        add_message(due, (struct step){false, e->id}, id, type, audit_body(arena, type, e));
    }
    due->more = rc == 0 && (page.n == LOOK_AUDIT || due->n == BATCH);
    return rc;
}

static void find_due(struct lane_job *job, void *owner) {
    struct round *round = (struct round *)job;
    struct webhook *list;
    size_t n;
    int64_t now = clock_now(round->webhooks->options.clock);
    int rc = webhook_list(owner, &round->arena, TEXT(""), WEBHOOK_MOST, &list, &n, &round->error);
    round->due = arena_array(&round->arena, struct due, n ? n : 1);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (!list[i].enabled || list[i].next_at > now) continue;
        struct due *due = &round->due[round->n++];
        due->hook = list[i];
        due->audit_seen = list[i].audit_position;
        due->event_seen = list[i].event_position;
        rc = look_at_audit(owner, &round->arena, due, &round->error);
    }
}

/* --- sending: on the lane --- */

struct looking {
    struct round *round;
    struct due *due;
    int rows;
};

/* TEXT_NONE: nobody is told of such rows. */
static struct text type_of_record(struct arena *arena, const struct journal_record *r) {
    switch (r->kind) {
    case JOURNAL_TRACK: return arena_printf(arena, "event:%.*s", TEXT_ARGS(r->name));
    case JOURNAL_PAGE: return arena_printf(arena, "page:%.*s", TEXT_ARGS(r->name));
    case JOURNAL_EXPOSURE: return arena_printf(arena, "exposure:%.*s", TEXT_ARGS(r->name));
    case JOURNAL_IDENTIFY: return TEXT("customer:identify");
    case JOURNAL_ALIAS: return TEXT("customer:alias");
    default: return TEXT_NONE;
    }
}

static int take_event(void *visitor, const struct journal_record *r) {
    struct looking *l = visitor;
    struct arena *arena = &l->round->arena;
    struct due *due = l->due;
    due->event_seen = r->seq;
    struct text type = type_of_record(arena, r);
    if (type.n && r->unit.n && webhook_wants(&due->hook, type)) {
        struct buffer out = {0};
        struct json_writer w;
        open_body(&w, &out, type, r->at);
        json_put_int(&w, "seq", r->seq);
        if (r->name.n) {
            json_key(&w, r->kind == JOURNAL_TRACK ? TEXT("event") : TEXT("name"));
            json_text(&w, r->name);
        }
        json_put_text(&w, "unit", r->unit);
        if (r->other.n) json_put_text(&w, "other", r->other);
        json_put_time(&w, "received", r->received);
        json_put_raw(&w, "message", r->body);
        add_message(due, (struct step){true, r->seq}, arena_printf(arena, "event-%lld", (long long)r->seq), type,
                    close_body(&w, &out, arena));
    }
    return ++l->rows == LOOK_EVENTS || due->n == BATCH;
}

static void look_at_events(struct round *round, struct due *due) {
    struct webhooks *w = round->webhooks;
    struct looking looking = {round, due, 0};
    if (due->n == BATCH || !webhook_wants_events(&due->hook)) return;
    if (!w->reader && journal_reader_open(&w->reader, w->journal_folder, &round->error) < 0) return;
    int rc = journal_read(w->reader, due->hook.event_position + 1, INT64_MAX, take_event, &looking, &round->error);
    due->more |= rc > 0;
}

static void send_due(struct lane_job *job, void *owner) {
    struct round *round = (struct round *)job;
    struct webhooks *w = owner;
    struct delivery_options options = {w->options.clock, w->options.allow_private, TIMEOUT_MS, &w->stop};
    round->deliveries = arena_array(&round->arena, struct delivery, round->n ? round->n : 1);
    for (size_t i = 0; i < round->n; i++) {
        struct due *due = &round->due[i];
        look_at_events(round, due);
        round->deliveries[i] =
            (struct delivery){.url = due->hook.url, .secret = due->hook.secret, .messages = due->messages, .n = due->n};
    }
    deliver(round->deliveries, round->n, &options);
}

/* --- writing down: on the store lane --- */

static int64_t wait_of(const struct webhooks *w, int64_t attempts) {
    int64_t wait = w->options.retry_ms;
    for (int64_t i = 1; i < attempts && wait < LONGEST_MS; i++) wait *= 2;
    if (wait > LONGEST_MS) wait = LONGEST_MS;
    uint32_t random;
    secret_bytes(&random, sizeof random);
    return wait - wait / 4 + (int64_t)(random % (uint64_t)(wait / 4 + 1)); /* so that not all come back at once */
}

static int bury(struct sql *sql, struct round *round, struct due *due, const struct delivery *d, int64_t now) {
    const struct delivery_message *m = &d->messages[d->done];
    struct step step = due->steps[d->done];
    *(step.event ? &due->hook.event_position : &due->hook.audit_position) = step.position;
    due->hook.dead++;
    due->hook.attempts = 0;
    due->hook.next_at = now;
    count(round->webhooks->dead, 1);
    log_warn(round->webhooks->options.log, "a webhook's message is given up", LOG_T("webhook", due->hook.id),
             LOG_T("message", m->id), LOG_S("detail", d->detail));
    return sql_run(sql, &round->error,
                   "INSERT INTO webhook_dead (webhook, message, type, at, error) VALUES ($1, $2, $3, $4, $5)"
                   " ON CONFLICT (webhook, message) DO UPDATE SET at = excluded.at, error = excluded.error",
                   SQL_T(due->hook.id), SQL_T(m->id), SQL_T(m->type), SQL_I(now), SQL_T(text_of(d->detail)));
}

/* What was given up once and is taken after a replay is dead no more. */
static int exhume(struct sql *sql, struct round *round, struct due *due, const struct delivery *d) {
    int rc = 0;
    for (size_t i = 0; due->hook.dead > 0 && rc >= 0 && i < d->done; i++) {
        rc = sql_run(sql, &round->error, "DELETE FROM webhook_dead WHERE webhook = $1 AND message = $2",
                     SQL_T(due->hook.id), SQL_T(d->messages[i].id));
        if (rc > 0) due->hook.dead -= rc;
    }
    return rc < 0 ? rc : 0;
}

/* What was taken moves the positions; what was not is tried again later, given up, or (410 Gone) the last of it. */
static int conclude(struct sql *sql, struct round *round, struct due *due, const struct delivery *d, int64_t now) {
    struct webhook *h = &due->hook;
    int rc = exhume(sql, round, due, d);
    for (size_t i = 0; i < d->done; i++)
        *(due->steps[i].event ? &h->event_position : &h->audit_position) = due->steps[i].position;
    count(round->webhooks->delivered, (int64_t)d->done);
    h->delivered += (int64_t)d->done;
    if (d->done) h->attempts = 0, h->next_at = now;
    if (d->n) h->last_at = now, h->last_status = d->status, h->last_error = text_of(d->detail);
    if (d->done == d->n) {
        h->audit_position = due->audit_seen;
        h->event_position = due->event_seen;
        round->again |= due->more;
        return rc;
    }
    if (rc < 0 || atomic_load(&round->webhooks->stop)) return rc;
    count(round->webhooks->failed, 1);
    h->next_at = now + wait_of(round->webhooks, ++h->attempts);
    if (d->status == 410) h->enabled = false;
    if (h->attempts >= round->webhooks->options.attempts) rc = bury(sql, round, due, d, now);
    return rc < 0 ? rc : 0;
}

/* Not where somebody changed it meanwhile (a replay moves positions): then it is looked at again. */
static int save(struct sql *sql, const struct webhook *was, const struct webhook *h, struct error *error) {
    int rc =
        sql_run(sql, error,
                "UPDATE webhook SET enabled = $2, audit_position = $3, event_position = $4, attempts = $5,"
                " next_at = $6, delivered = $7, dead = $8, last_at = $9, last_status = $10, last_error = $11"
                " WHERE id = $1 AND audit_position = $12 AND event_position = $13 AND enabled = 1",
                SQL_T(h->id), SQL_I(h->enabled), SQL_I(h->audit_position), SQL_I(h->event_position), SQL_I(h->attempts),
                SQL_I(h->next_at), SQL_I(h->delivered), SQL_I(h->dead), h->last_at ? SQL_I(h->last_at) : SQL_NULL,
                SQL_I(h->last_status), SQL_T(h->last_error), SQL_I(was->audit_position), SQL_I(was->event_position));
    return rc < 0 ? rc : 0;
}

static void write_down(struct lane_job *job, void *owner) {
    struct round *round = (struct round *)job;
    int64_t now = clock_now(round->webhooks->options.clock);
    int rc = sql_begin(owner, &round->error);
    if (rc < 0) return;
    for (size_t i = 0; rc == 0 && i < round->n; i++) {
        struct webhook was = round->due[i].hook;
        rc = conclude(owner, round, &round->due[i], &round->deliveries[i], now);
        bool idle = !round->deliveries[i].n && round->due[i].hook.audit_position == was.audit_position &&
                    round->due[i].hook.event_position == was.event_position;
        if (rc == 0 && !idle) rc = save(owner, &was, &round->due[i].hook, &round->error);
    }
    rc = sql_end(owner, rc, &round->error);
}

/* --- the round: on the loop --- */

static void end_round(struct round *round) {
    struct webhooks *w = round->webhooks;
    bool again = round->again && !round->error.code;
    if (round->error.code)
        log_warn(w->options.log, "webhooks wait: what is due could not be read or written",
                 LOG_S("detail", round->error.detail));
    arena_free(&round->arena);
    free(round);
    w->busy = false;
    if (again) webhooks_tick(w);
}

static void on_written(struct mail *mail) {
    end_round((struct round *)mail);
}

static void on_sent(struct mail *mail) {
    struct round *round = (struct round *)mail;
    round->job =
        (struct lane_job){.mail.receive = on_written, .work = write_down, .reply_to = round->webhooks->options.mailbox};
    lane_do(main_db_lane(round->webhooks->options.db), &round->job);
}

static void on_found(struct mail *mail) {
    struct round *round = (struct round *)mail;
    struct webhooks *w = round->webhooks;
    if (round->error.code || !round->n || w->closing) {
        end_round(round);
        return;
    }
    round->job = (struct lane_job){.mail.receive = on_sent, .work = send_due, .reply_to = w->options.mailbox};
    lane_do(w->lane, &round->job);
}

void webhooks_tick(struct webhooks *w) {
    if (w->busy || w->closing) return;
    struct round *round = memory_new(struct round);
    w->busy = true;
    round->webhooks = w;
    arena_init(&round->arena, 64 * 1024);
    round->job = (struct lane_job){.mail.receive = on_found, .work = find_due, .reply_to = w->options.mailbox};
    lane_do(main_db_lane(w->options.db), &round->job);
}

static void send_test(struct lane_job *job, void *owner) {
    struct webhooks_test *test = (struct webhooks_test *)job;
    struct webhooks *w = owner;
    struct delivery_options options = {w->options.clock, w->options.allow_private, TIMEOUT_MS, &w->stop};
    uint64_t started = clock_ticks();
    deliver(&test->delivery, 1, &options);
    test->milliseconds = (int64_t)((clock_ticks() - started) / 1000000);
}

void webhooks_send(struct webhooks *w, struct webhooks_test *test) {
    test->job.work = send_test;
    lane_do(w->lane, &test->job);
}

/* --- from start to end --- */

struct webhooks *webhooks_open(const struct webhooks_options *options) {
    struct webhooks *w = memory_new(struct webhooks);
    struct telemetry *t = options->telemetry;
    w->options = *options;
    w->journal_folder = memory_copy(options->journal_folder);
    w->delivered = telemetry_counter(t, "parley_webhooks_delivered_total", "Messages that receivers took", "");
    w->failed = telemetry_counter(t, "parley_webhooks_failed_total", "Attempts that failed; they are tried again", "");
    w->dead = telemetry_counter(t, "parley_webhooks_dead_total", "Messages given up", "");
    curl_global_init(CURL_GLOBAL_DEFAULT); /* before there are threads that use it */
    w->lane = lane_start("webhooks", w);
    return w;
}

void webhooks_close(struct webhooks *w) {
    if (!w) return;
    w->closing = true;
    atomic_store(&w->stop, true);
    while (w->busy) uv_run(w->options.loop, UV_RUN_ONCE);
    lane_stop(w->lane);
    journal_reader_close(w->reader);
    curl_global_cleanup();
    free(w->journal_folder);
    free(w);
}
