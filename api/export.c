#include "api/export.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/people/customers.h"
#include "core/plugins/rights.h"

/* Lives on when the client goes away while a page is being read. */
struct export {
    struct lane_job job;
    struct people_rows rows;
    struct request *request; /* NULL: the client went away */
    struct app *app;
    struct arena arena; /* keys, what parley.db holds */
    struct text *keys;
    size_t n;
    struct json_writer writer;
    struct buffer out; /* to be sent */
    size_t sent;
    size_t key;    /* whose plugins are asked */
    bool complete; /* every plugin answered */
    bool reading, ended;
    struct error error;
};

static void export_free(struct export *x) {
    buffer_free(&x->out);
    buffer_free(&x->rows.out);
    arena_free(&x->arena);
    free(x);
}

/* ---- the journal's rows, page by page ---- */

static void read_on(struct export *x);

static void on_rows(struct mail *mail) {
    struct export *x = (struct export *)((char *)mail - offsetof(struct export, rows));
    x->reading = false;
    if (!x->request) {
        export_free(x);
        return;
    }
    buffer_clear(&x->out);
    x->sent = 0;
    buffer_text(&x->out, buffer_view(&x->rows.out));
    buffer_clear(&x->rows.out);
    x->rows.before = x->rows.next;
    /* A row that cannot be read ends the document early, so that nobody takes it for whole. */
    x->ended = !x->rows.next.n;
    if (x->ended && !x->rows.error.code) buffer_cstr(&x->out, "]}\n");
    x->rows.next = TEXT_NONE;
    reply_wake(x->request);
}

static void read_on(struct export *x) {
    x->reading = true;
    people_read_rows(x->app->people, &x->rows);
}

static ssize_t on_read(void *user, char *out, size_t room) {
    struct export *x = user;
    size_t left = x->out.n - x->sent, n = left < room ? left : room;
    if (n) {
        memcpy(out, x->out.at + x->sent, n);
        x->sent += n;
        return (ssize_t)n;
    }
    if (x->ended) return -1;
    if (!x->reading) read_on(x);
    return 0;
}

static void on_closed(void *user) {
    struct export *x = user;
    x->request = NULL;
    if (!x->reading) export_free(x);
}

/* ---- what plugins hold, key by key ---- */

static void ask_plugins(struct export *x);

static void on_plugins(void *user, const struct plugin_rights *rights) {
    struct export *x = user;
    struct json_writer *w = &x->writer;
    json_key(w, x->keys[x->key]);
    plugin_rights_json(rights, w);
    x->complete &= rights->failed == 0;
    x->key++;
    ask_plugins(x);
}

static void ask_plugins(struct export *x) {
    struct json_writer *w = &x->writer;
    if (!x->app->plugins) {
        reply_problem(x->request, ERR_UNAVAILABLE, "Parley is stopping");
        export_free(x);
        return;
    }
    if (x->key < x->n) {
        plugins_export_all(x->app->plugins, x->keys[x->key], on_plugins, x);
        return;
    }
    json_close_object(w);
    json_put_bool(w, "complete", x->complete); /* false: a plugin is down and its part is missing */
    json_key(w, TEXT("events"));
    buffer_cstr(&x->out, "[");
    x->rows.job.mail.receive = on_rows;
    x->rows.job.reply_to = &x->app->mailbox;
    x->rows.keys = x->keys;
    x->rows.n = x->n;
    x->rows.arena = &x->arena;
    reply_header(x->request, "Content-Disposition", "attachment; filename=\"customer.json\"");
    reply_stream(x->request, 200, "application/json", (struct reply_source){on_read, on_closed, x});
}

/* ---- what parley.db holds ---- */

static int write_traits(struct export *x, struct sql *sql) {
    struct trait *traits;
    size_t n;
    struct json_writer *w = &x->writer;
    int rc = customers_traits(sql, &x->arena, x->keys, x->n, &traits, &n, &x->error);
    json_key(w, TEXT("traits"));
    json_open_object(w);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        json_key(w, traits[i].name);
        json_raw(w, traits[i].value);
    }
    json_close_object(w);
    return rc;
}

static int write_preferences(struct export *x, struct sql *sql) {
    struct preferences preferences;
    int rc = customers_preferences(sql, &x->arena, x->keys, x->n, &preferences, &x->error);
    if (rc < 0) return rc;
    json_key(&x->writer, TEXT("preferences"));
    preferences_write(&x->writer, &preferences);
    return 0;
}

static int write_contacts(struct export *x, struct sql *sql) {
    struct json_writer *w = &x->writer;
    int rc = 0;
    json_key(w, TEXT("contacts"));
    json_open_array(w);
    for (size_t i = 0; i < x->n && rc >= 0; i++) {
        struct sql_rows rows;
        rc = sql_query(sql, &rows, &x->error,
                       "SELECT at, plugin, feature, channel FROM contact WHERE customer = $1 ORDER BY at",
                       SQL_T(x->keys[i]));
        while (rc >= 0 && (rc = sql_next(&rows, &x->error)) > 0) {
            json_open_object(w);
            json_put_time(w, "at", sql_int(&rows, 0));
            json_put_text(w, "plugin", sql_text(&rows, 1));
            json_put_text(w, "feature", sql_text(&rows, 2));
            json_put_text(w, "channel", sql_text(&rows, 3));
            json_close_object(w);
        }
        sql_done(&rows);
    }
    json_close_array(w);
    return rc < 0 ? rc : 0;
}

static void store_work(struct lane_job *job, void *owner) {
    struct export *x = (struct export *)job;
    struct json_writer *w = &x->writer;
    json_open_object(w);
    json_put_text(w, "customer", x->keys[0]);
    json_put_time(w, "at", clock_now(x->app->clock));
    json_key(w, TEXT("keys"));
    json_open_array(w);
    for (size_t i = 0; i < x->n; i++) json_text(w, x->keys[i]);
    json_close_array(w);
    int rc = write_traits(x, owner);
    if (rc == 0) rc = write_preferences(x, owner);
    if (rc == 0) rc = write_contacts(x, owner);
    json_key(w, TEXT("plugins"));
    json_open_object(w);
}

static void on_store(struct mail *mail) {
    struct export *x = (struct export *)mail;
    if (!x->error.code) {
        ask_plugins(x);
        return;
    }
    struct request *request = x->request;
    reply_error(request, &x->error);
    export_free(x);
}

void export_reply(struct request *request, const struct text *keys, size_t n) {
    struct export *x = memory_new(struct export);
    x->request = request;
    x->app = request->app;
    x->complete = true;
    arena_init(&x->arena, 4096);
    json_writer_init(&x->writer, &x->out);
    x->keys = arena_array(&x->arena, struct text, n);
    x->n = n;
    for (size_t i = 0; i < n; i++) x->keys[i] = arena_text(&x->arena, keys[i]);
    x->job = (struct lane_job){.mail.receive = on_store, .work = store_work, .reply_to = &request->app->mailbox};
    lane_do(main_db_lane(request->app->db), &x->job);
}
