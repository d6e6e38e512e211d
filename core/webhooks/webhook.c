#include "core/webhooks/webhook.h"

#include <sodium.h>
#include <stdio.h>

#include "core/base/secret.h"

#define COLUMNS                                                                                                        \
    "id, url, secret, events, note, enabled, created, audit_position, event_position, attempts, next_at, delivered,"   \
    " dead, last_at, last_status, last_error"

static bool matches(struct text pattern, struct text type) {
    if (!pattern.n || pattern.at[pattern.n - 1] != '*') return text_eq(pattern, type);
    return text_starts(type, text_n(pattern.at, pattern.n - 1));
}

/* "*" is every change; what customers do is much, so it is asked for by a pattern with a colon. */
static bool has_colon(struct text t) {
    return t.n && memchr(t.at, ':', t.n);
}

bool webhook_wants(const struct webhook *webhook, struct text type) {
    for (struct text rest = webhook->events, pattern; rest.n;) {
        text_cut(rest, '\n', &pattern, &rest);
        if (matches(pattern, type) && (has_colon(pattern) || !has_colon(type))) return true;
    }
    return false;
}

bool webhook_wants_events(const struct webhook *webhook) {
    return has_colon(webhook->events);
}

/* --- JSON --- */

static void put_events(struct json_writer *w, const struct webhook *webhook) {
    json_key(w, TEXT("events"));
    json_open_array(w);
    for (struct text rest = webhook->events, pattern; rest.n;) {
        text_cut(rest, '\n', &pattern, &rest);
        json_text(w, pattern);
    }
    json_close_array(w);
}

void webhook_write(struct json_writer *w, const struct webhook *h) {
    const char *state = !h->enabled ? "disabled" : h->attempts ? "failing" : "ok";
    json_put_text(w, "id", h->id);
    json_put_text(w, "url", h->url);
    put_events(w, h);
    json_put_text(w, "note", h->note);
    json_put_bool(w, "enabled", h->enabled);
    json_put_text(w, "state", text_of(state));
    json_put_time(w, "createdAt", h->created);
    json_put_int(w, "auditPosition", h->audit_position);
    json_put_int(w, "eventPosition", h->event_position);
    json_put_int(w, "delivered", h->delivered);
    json_put_int(w, "dead", h->dead);
    json_put_int(w, "attempts", h->attempts);
    if (h->attempts) json_put_time(w, "nextAttemptAt", h->next_at);
    if (h->last_at) json_put_time(w, "lastAttemptAt", h->last_at);
    if (h->last_at) json_put_int(w, "lastStatus", h->last_status);
    if (h->last_error.n) json_put_text(w, "lastError", h->last_error);
}

int webhook_write_dead(struct sql *sql, struct json_writer *w, struct text id, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(
        sql, &rows, error,
        "SELECT message, type, at, error FROM webhook_dead WHERE webhook = $1 ORDER BY at DESC LIMIT 100", SQL_T(id));
    json_key(w, TEXT("deadLetters"));
    json_open_array(w);
    while (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        json_open_object(w);
        json_put_text(w, "message", sql_text(&rows, 0));
        json_put_text(w, "type", sql_text(&rows, 1));
        json_put_time(w, "at", sql_int(&rows, 2));
        json_put_text(w, "error", sql_text(&rows, 3));
        json_close_object(w);
        rc = 0;
    }
    json_close_array(w);
    sql_done(&rows);
    return rc;
}

static int audit(struct sql *sql, struct text actor, const char *action, int64_t now, const struct webhook *before,
                 const struct webhook *after, struct error *error) {
    struct buffer out[2] = {{0}};
    const struct webhook *both[2] = {before, after};
    struct text json[2] = {TEXT_NONE, TEXT_NONE};
    for (int i = 0; i < 2; i++) {
        struct json_writer w;
        if (!both[i]) continue;
        json_writer_init(&w, &out[i]);
        json_open_object(&w);
        webhook_write(&w, both[i]);
        json_close_object(&w);
        json[i] = buffer_view(&out[i]);
    }
    struct audit_entry entry = {.at = now,
                                .actor = actor,
                                .action = text_of(action),
                                .kind = TEXT("webhook"),
                                .key = (before ? before : after)->id,
                                .before = json[0],
                                .after = json[1]};
    int rc = audit_write(sql, &entry, error);
    buffer_free(&out[0]);
    buffer_free(&out[1]);
    return rc;
}

/* --- rows --- */

static void take_row(const struct sql_rows *rows, struct arena *arena, struct webhook *out) {
    *out = (struct webhook){
        .id = sql_copy(rows, 0, arena),
        .url = sql_copy(rows, 1, arena),
        .secret = sql_copy(rows, 2, arena),
        .events = sql_copy(rows, 3, arena),
        .note = sql_copy(rows, 4, arena),
        .enabled = sql_int(rows, 5) != 0,
        .created = sql_int(rows, 6),
        .audit_position = sql_int(rows, 7),
        .event_position = sql_int(rows, 8),
        .attempts = sql_int(rows, 9),
        .next_at = sql_int(rows, 10),
        .delivered = sql_int(rows, 11),
        .dead = sql_int(rows, 12),
        .last_at = sql_int(rows, 13),
        .last_status = sql_int(rows, 14),
        .last_error = sql_copy(rows, 15, arena),
    };
}

int webhook_get(struct sql *sql, struct arena *arena, struct text id, struct webhook *webhook, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT " COLUMNS " FROM webhook WHERE id = $1", SQL_T(id));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) take_row(&rows, arena, webhook);
    sql_done(&rows);
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "there is no webhook `%.*s`", TEXT_ARGS(id));
    return rc < 0 ? rc : 0;
}

int webhook_list(struct sql *sql, struct arena *arena, struct text after, size_t limit, struct webhook **list,
                 size_t *n, struct error *error) {
    struct sql_rows rows;
    *n = 0;
    *list = arena_array(arena, struct webhook, limit);
    int rc = sql_query(sql, &rows, error, "SELECT " COLUMNS " FROM webhook WHERE id > $1 ORDER BY id LIMIT $2",
                       SQL_T(after), SQL_I((int64_t)limit));
    while (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        take_row(&rows, arena, &(*list)[(*n)++]);
        rc = 0;
    }
    sql_done(&rows);
    return rc;
}

static int count_all(struct sql *sql, int64_t *n, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT COUNT(*) FROM webhook");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) *n = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int webhook_create(struct sql *sql, struct arena *arena, struct webhook *h, struct text actor, int64_t now,
                   char secret[static WEBHOOK_SECRET_ROOM], struct error *error) {
    unsigned char key[32];
    char id[ID_ROOM], base64[WEBHOOK_SECRET_ROOM - 6];
    int64_t n = 0;
    int rc = count_all(sql, &n, error);
    if (rc < 0) return rc;
    if (n >= WEBHOOK_MOST) return error_set(error, ERR_CONFLICT, "there are %d webhooks already", WEBHOOK_MOST);
    secret_bytes(key, sizeof key);
    sodium_bin2base64(base64, sizeof base64, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    snprintf(secret, WEBHOOK_SECRET_ROOM, "whsec_%s", base64);
    id_new(id, now);
    h->id = arena_text(arena, text_of(id));
    h->created = h->next_at = now;
    rc = sql_run(sql, error,
                 "INSERT INTO webhook (id, url, secret, events, note, enabled, created, audit_position, event_position,"
                 " attempts, next_at, delivered, dead) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $7, 0, 0)",
                 SQL_T(h->id), SQL_T(h->url), SQL_T(text_of(base64)), SQL_T(h->events), SQL_T(h->note),
                 SQL_I(h->enabled), SQL_I(now), SQL_I(h->audit_position), SQL_I(h->event_position));
    return rc < 0 ? rc : audit(sql, actor, "create", now, NULL, h, error);
}

int webhook_update(struct sql *sql, struct arena *arena, const struct webhook *h, struct text actor, int64_t now,
                   struct error *error) {
    struct webhook before;
    int rc = webhook_get(sql, arena, h->id, &before, error);
    if (rc < 0) return rc;
    rc = sql_run(sql, error,
                 "UPDATE webhook SET url = $2, events = $3, note = $4, enabled = $5, attempts = 0, next_at = $6"
                 " WHERE id = $1",
                 SQL_T(h->id), SQL_T(h->url), SQL_T(h->events), SQL_T(h->note), SQL_I(h->enabled), SQL_I(now));
    return rc < 0 ? rc : audit(sql, actor, "update", now, &before, h, error);
}

int webhook_delete(struct sql *sql, struct arena *arena, struct text id, struct text actor, int64_t now,
                   struct error *error) {
    struct webhook before;
    int rc = webhook_get(sql, arena, id, &before, error);
    if (rc == 0) rc = sql_run(sql, error, "DELETE FROM webhook WHERE id = $1", SQL_T(id));
    if (rc >= 0) rc = sql_run(sql, error, "DELETE FROM webhook_dead WHERE webhook = $1", SQL_T(id));
    return rc < 0 ? rc : audit(sql, actor, "delete", now, &before, NULL, error);
}

int webhook_replay(struct sql *sql, struct arena *arena, struct text id, int64_t audit_after, int64_t event_after,
                   struct text actor, int64_t now, struct error *error) {
    struct webhook before;
    int rc = webhook_get(sql, arena, id, &before, error);
    if (rc < 0) return rc;
    struct webhook after = before;
    if (audit_after >= 0 && audit_after < before.audit_position) after.audit_position = audit_after;
    if (event_after >= 0 && event_after < before.event_position) after.event_position = event_after;
    rc =
        sql_run(sql, error,
                "UPDATE webhook SET audit_position = $2, event_position = $3, attempts = 0, next_at = $4 WHERE id = $1",
                SQL_T(id), SQL_I(after.audit_position), SQL_I(after.event_position), SQL_I(now));
    return rc < 0 ? rc : audit(sql, actor, "replay", now, &before, &after, error);
}
