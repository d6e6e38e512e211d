#include "core/people/erasure.h"

#include "core/base/json.h"
#include "core/base/secret.h"
#include "core/people/customers.h"
#include "core/store/audit.h"

static struct text write_keys(const struct erasure *e, struct arena *arena) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_array(&w);
    for (size_t i = 0; i < e->n; i++) json_text(&w, e->keys[i]);
    json_close_array(&w);
    struct text keys = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return keys;
}

int erasure_ask(struct sql *sql, struct arena *arena, const struct suppression *suppression, struct erasure *e,
                struct text actor, int64_t now, struct error *error) {
    char id[ID_ROOM], whose[SUPPRESSION_HEX];
    id_new(id, now);
    suppression_hex(suppression, e->keys[0], whose);
    e->id = arena_text(arena, text_of(id));
    e->asked_at = now;
    e->keys_n = (int64_t)e->n;
    int rc = sql_run(sql, error,
                     "INSERT INTO erasure (id, keys, step, asked_at, keys_n, events, records, plugins)"
                     " VALUES ($1, $2, 0, $3, $4, 0, 0, 0)",
                     SQL_T(e->id), SQL_T(write_keys(e, arena)), SQL_I(now), SQL_I(e->keys_n));
    for (size_t i = 0; i < e->n && rc >= 0; i++) rc = suppression_keep(suppression, sql, e->keys[i], e->id, now, error);
    if (rc < 0) return rc;
    struct audit_entry entry = {.at = now,
                                .actor = actor,
                                .action = TEXT("erase"),
                                .kind = TEXT("customer"),
                                .key = text_of(whose),
                                .note = arena_printf(arena, "erasure %s", id)};
    return audit_write(sql, &entry, error);
}

int erasure_keep(struct sql *sql, const struct erasure *e, struct error *error) {
    int rc = sql_run(sql, error, "UPDATE erasure SET step = $2, events = $3, plugins = $4 WHERE id = $1", SQL_T(e->id),
                     SQL_I(e->step), SQL_I(e->events), SQL_I(e->plugins));
    return rc < 0 ? rc : 0;
}

/* --- the last step --- */

/* The audit log keeps what was done, under the hash of whom it was done to. `quoted` is the key as JSON has it. */
static int scrub_log(struct sql *sql, struct text key, struct text quoted, struct text hash, struct error *error) {
    int rc = sql_run(sql, error,
                     "UPDATE audit SET key = $3, before = NULL, after = NULL WHERE kind = 'customer' AND (key = $1"
                     " OR instr(coalesce(before, ''), $2) > 0 OR instr(coalesce(after, ''), $2) > 0)",
                     SQL_T(key), SQL_T(quoted), SQL_T(hash));
    if (rc >= 0) rc = sql_run(sql, error, "DELETE FROM idempotency WHERE instr(body, $1) > 0", SQL_T(quoted));
    return rc;
}

static int scrub_identity(struct sql *sql, struct text key, struct error *error) {
    static const char *const statements[] = {
        "DELETE FROM merge_proposal WHERE $1 IN (one, other, because)",
        "DELETE FROM merge_outbox WHERE $1 IN (unit, other)",
        "DELETE FROM identity WHERE $1 IN (id, parent)",
    };
    int rows = 0;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        int rc = sql_run(sql, error, statements[i], SQL_T(key));
        if (rc < 0) return rc;
        rows += rc;
    }
    return rows;
}

static int forget(struct sql *sql, const struct suppression *suppression, struct erasure *e, struct error *error) {
    int rc = customers_forget(sql, e->keys, e->n, error);
    e->records = rc;
    for (size_t i = 0; i < e->n && rc >= 0; i++) {
        struct buffer quoted = {0};
        char hash[SUPPRESSION_HEX];
        json_escape(&quoted, e->keys[i]);
        suppression_hex(suppression, e->keys[i], hash);
        rc = scrub_identity(sql, e->keys[i], error);
        e->records += rc > 0 ? rc : 0;
        if (rc >= 0) rc = scrub_log(sql, e->keys[i], buffer_view(&quoted), text_of(hash), error);
        buffer_free(&quoted);
    }
    return rc < 0 ? rc : 0;
}

/* Her keys, and what she can be found by: the words that may be left of rows that are gone. */
static int find_words(struct sql *sql, const struct erasure *e, struct arena *arena, struct buffer *words,
                      struct error *error) {
    int rc = 0;
    for (size_t i = 0; i < e->n && rc >= 0; i++) {
        struct sql_rows rows;
        buffer_put(words, &e->keys[i], sizeof *e->keys);
        rc = sql_query(sql, &rows, error, "SELECT word FROM customer_word WHERE customer = $1", SQL_T(e->keys[i]));
        while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
            struct text word = sql_copy(&rows, 0, arena);
            buffer_put(words, &word, sizeof word);
        }
        sql_done(&rows);
    }
    return rc;
}

static int wipe(struct sql *sql, const struct buffer *words, struct error *error) {
    int rc = sql_script(sql, "PRAGMA wal_checkpoint(TRUNCATE)", error);
    return rc < 0 ? rc : sql_wipe(sql, (const struct text *)words->at, words->n / sizeof(struct text), error);
}

int erasure_finish(struct sql *sql, const struct suppression *suppression, struct erasure *e, int64_t now,
                   struct error *error) {
    struct arena arena;
    struct buffer words = {0};
    arena_init(&arena, 1024);
    int rc = sql_begin(sql, error);
    if (rc == 0) {
        rc = find_words(sql, e, &arena, &words, error);
        if (rc == 0) rc = forget(sql, suppression, e, error);
        if (rc == 0)
            rc = sql_run(sql, error,
                         "UPDATE erasure SET keys = NULL, step = $2, done_at = $3, records = $4 WHERE id = $1",
                         SQL_T(e->id), SQL_I(ERASURE_DONE), SQL_I(now), SQL_I(e->records));
        rc = sql_end(sql, rc < 0 ? rc : 0, error);
    }
    if (rc == 0) {
        e->step = ERASURE_DONE;
        e->done_at = now;
        rc = wipe(sql, &words, error);
    }
    buffer_free(&words);
    arena_free(&arena);
    return rc;
}

/* --- reading --- */

#define COLUMNS "SELECT id, keys, step, asked_at, done_at, keys_n, events, records, plugins FROM erasure"

static void read_row(const struct sql_rows *rows, struct arena *arena, struct erasure *e) {
    *e = (struct erasure){.id = sql_copy(rows, 0, arena),
                          .step = (enum erasure_step)sql_int(rows, 2),
                          .asked_at = sql_int(rows, 3),
                          .done_at = sql_int(rows, 4),
                          .keys_n = sql_int(rows, 5),
                          .events = sql_int(rows, 6),
                          .records = sql_int(rows, 7),
                          .plugins = sql_int(rows, 8)};
    struct json json;
    if (sql_is_null(rows, 1) || json_scan(&json, sql_copy(rows, 1, arena), arena, NULL) != 0) return;
    e->keys = arena_array(arena, struct text, json.tokens[0].size + 1);
    for (json_at at = json_first(&json, 0); at != JSON_NONE; at = json_after(&json, 0, at))
        e->keys[e->n++] = json_unescaped(&json, at, arena);
}

int erasure_get(struct sql *sql, struct arena *arena, struct text id, struct erasure *erasure, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, COLUMNS " WHERE id = $1", SQL_T(id));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) read_row(&rows, arena, erasure);
    sql_done(&rows);
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "there is no erasure of this id");
    return rc < 0 ? rc : 0;
}

int erasure_open_ones(struct sql *sql, struct arena *arena, struct erasure **list, size_t *n, struct error *error) {
    struct buffer found = {0};
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, COLUMNS " WHERE done_at IS NULL ORDER BY id");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct erasure e;
        read_row(&rows, arena, &e);
        buffer_put(&found, &e, sizeof e);
    }
    sql_done(&rows);
    *n = found.n / sizeof **list;
    *list = arena_array(arena, struct erasure, *n + 1);
    if (*n) memcpy(*list, found.at, found.n);
    buffer_free(&found);
    return rc;
}

void erasure_write(struct json_writer *w, const struct erasure *e) {
    json_open_object(w);
    json_put_text(w, "id", e->id);
    json_put_text(w, "state", e->done_at ? TEXT("done") : TEXT("running"));
    json_put_time(w, "askedAt", e->asked_at);
    json_key(w, TEXT("doneAt"));
    if (e->done_at)
        json_time(w, e->done_at);
    else
        json_nil(w);
    json_key(w, TEXT("erased"));
    json_open_object(w);
    json_put_int(w, "keys", e->keys_n);
    json_put_int(w, "events", e->events);
    json_put_int(w, "records", e->records);
    json_put_int(w, "plugins", e->plugins);
    json_close_object(w);
    json_close_object(w);
}
