/* What plugins ask of a customer in the middle of a call: traits, consent, who is found by a word and who may be written to
 * from the main database, the timeline from the journal, a customer's ids from memory. Each is
 * answered on its lane; the plugin waits half a second, so nothing here is worth trying twice. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/people/customers.h"
#include "programs/parleyd/parleyd.h"

enum { ENTRIES = 50 /* where no limit is asked for */, FOUND = 20 };

struct asked {
    struct lane_job job;
    struct people_page page;
    struct app *app;
    uint64_t ticket;
    struct arena arena;
    int (*write)(struct asked *asked, struct sql *sql, struct json_writer *w);
    struct text word;       /* to find */
    struct contact contact; /* wished for */
    enum contact_answer may;
    struct text *keys;
    size_t keys_n;
    struct buffer out;
    struct error error;
};

static void finish(struct asked *asked) {
    const struct error *error = &asked->error;
    struct frame_reply reply = {.status = 200};
    if (error->code) {
        struct json_writer w;
        buffer_clear(&asked->out);
        json_writer_init(&w, &asked->out);
        json_open_object(&w);
        json_put_text(&w, "detail", text_of(error->detail));
        json_close_object(&w);
        reply.status = error_status(error->code);
    }
    reply.body = buffer_view(&asked->out);
    plugins_answer(asked->app->plugins, asked->ticket, &reply);
    buffer_free(&asked->out);
    arena_free(&asked->arena);
    free(asked);
}

/* ---- traits and consent ---- */

static int write_traits(struct asked *asked, struct sql *sql, struct json_writer *w) {
    struct trait *traits;
    size_t n;
    int rc = customers_traits(sql, &asked->arena, asked->keys, asked->keys_n, &traits, &n, &asked->error);
    json_open_object(w);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        json_key(w, traits[i].name);
        json_raw(w, traits[i].value);
    }
    json_close_object(w);
    return rc;
}

static int write_consent(struct asked *asked, struct sql *sql, struct json_writer *w) {
    struct preferences preferences = {0};
    int rc = customers_preferences(sql, &asked->arena, asked->keys, asked->keys_n, &preferences, &asked->error);
    json_open_object(w);
    for (size_t i = 0; rc == 0 && i < preferences.consents_n; i++) {
        json_key(w, preferences.consents[i].purpose);
        json_bool(w, preferences.consents[i].granted);
    }
    json_close_object(w);
    return rc;
}

/* ---- who is found, and who may be written to ---- */

/* What is found begins with the word; a longer one is somebody else's. The page is in order, so the same words come first. */
static int write_found(struct asked *asked, struct sql *sql, struct json_writer *w) {
    struct customer_page page;
    int rc = customers_search(sql, &asked->arena, asked->word, TEXT(""), FOUND, &page, &asked->error);
    json_open_array(w);
    for (size_t i = 0; rc == 0 && i < page.n && page.items[i].matched.n == asked->word.n; i++)
        json_text(w, page.items[i].id);
    json_close_array(w);
    return rc;
}

static int write_contact(struct asked *asked, struct sql *sql, struct json_writer *w) {
    int rc = sql_begin(sql, &asked->error);
    if (rc < 0) return rc;
    rc = may_contact(sql, &asked->arena, &asked->contact, &asked->app->contact_caps, clock_now(asked->app->clock),
                     &asked->error);
    asked->may = rc < 0 ? CONTACT_ANSWERS_N : (enum contact_answer)rc;
    rc = sql_end(sql, rc < 0 ? rc : 0, &asked->error);
    json_open_object(w);
    if (rc == 0) json_put_text(w, "reason", text_of(contact_word(asked->may)));
    json_close_object(w);
    return rc;
}

static void read_customer(struct lane_job *job, void *owner) {
    struct asked *asked = (struct asked *)job;
    struct json_writer w;
    json_writer_init(&w, &asked->out);
    int rc = asked->write(asked, owner, &w);
    if (rc < 0 && !asked->error.code) error_set(&asked->error, rc, "the customer could not be read");
}

static void on_customer(struct mail *mail) {
    struct asked *asked = (struct asked *)mail;
    if (asked->contact.keys && !asked->error.code) count(asked->app->contacts[asked->may], 1);
    finish(asked);
}

/* ---- the timeline ---- */

static void on_entries(struct mail *mail) {
    struct people_page *read = (struct people_page *)mail;
    struct asked *asked = (struct asked *)((char *)read - offsetof(struct asked, page));
    struct json_writer w;
    asked->error = read->error;
    json_writer_init(&w, &asked->out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = 0; !read->error.code && i < read->page.n; i++) timeline_write(&w, &read->page.items[i], false);
    json_close_array(&w);
    json_key(&w, TEXT("next"));
    if (read->page.next.n)
        json_text(&w, read->page.next);
    else
        json_nil(&w);
    json_close_object(&w);
    finish(asked);
}

static void read_entries(struct asked *asked, const struct json *json) {
    int64_t limit = ENTRIES;
    json_whole(json, json_get(json, 0, TEXT("limit")), &limit);
    asked->page = (struct people_page){
        .job = {.mail.receive = on_entries, .reply_to = &asked->app->mailbox},
        .query = {.keys = asked->keys,
                  .n = asked->keys_n,
                  .before = json_unescaped(json, json_get(json, 0, TEXT("before")), &asked->arena),
                  .kinds = json_unescaped(json, json_get(json, 0, TEXT("kinds")), &asked->arena),
                  .limit = (size_t)(limit < 1 ? 1 : limit > TIMELINE_MOST ? TIMELINE_MOST : limit)},
        .arena = &asked->arena,
    };
    people_read_timeline(asked->app->people, &asked->page);
}

/* ---- on the loop ---- */

static void write_ids(struct asked *asked) {
    struct json_writer w;
    json_writer_init(&w, &asked->out);
    json_open_array(&w);
    for (size_t i = 0; i < asked->keys_n; i++) json_text(&w, asked->keys[i]);
    json_close_array(&w);
}

static void do_on_lane(struct asked *asked, int (*write)(struct asked *, struct sql *, struct json_writer *)) {
    asked->write = write;
    asked->job =
        (struct lane_job){.mail.receive = on_customer, .work = read_customer, .reply_to = &asked->app->mailbox};
    lane_do(main_db_lane(asked->app->db), &asked->job);
}

static void ask_contact(struct asked *asked, const struct json *json, struct text plugin) {
    struct arena *arena = &asked->arena;
    struct text why = json_unescaped(json, json_get(json, 0, TEXT("why")), arena);
    asked->contact = (struct contact){
        .keys = asked->keys,
        .n = asked->keys_n,
        .plugin = arena_text(arena, plugin),
        .feature = json_unescaped(json, json_get(json, 0, TEXT("feature")), arena),
        .channel = json_unescaped(json, json_get(json, 0, TEXT("channel")), arena),
        .kind = text_is(why, "answer") ? CONTACT_ANSWER : CONTACT_PUSH,
    };
    do_on_lane(asked, write_contact);
}

void parleyd_on_ask(void *user, const struct plugin_ask *ask) {
    struct app *app = user;
    struct asked *asked = memory_new(struct asked);
    struct json json;
    *asked = (struct asked){.app = app, .ticket = ask->ticket};
    arena_init(&asked->arena, 4096);
    struct arena *arena = &asked->arena;
    if (json_scan(&json, arena_text(arena, ask->question), arena, &asked->error) != 0) {
        finish(asked);
        return;
    }
    struct text what = json_unescaped(&json, json_get(&json, 0, TEXT("ask")), arena);
    struct text customer = json_unescaped(&json, json_get(&json, 0, TEXT("customer")), arena);
    identity_map_keys(app->joined, customer, arena, &asked->keys, &asked->keys_n);
    asked->word = json_unescaped(&json, json_get(&json, 0, TEXT("word")), arena);
    if (text_is(what, "entries")) {
        read_entries(asked, &json);
    } else if (text_is(what, "traits")) {
        do_on_lane(asked, write_traits);
    } else if (text_is(what, "consent")) {
        do_on_lane(asked, write_consent);
    } else if (text_is(what, "find")) {
        do_on_lane(asked, write_found);
    } else if (text_is(what, "contact")) {
        ask_contact(asked, &json, ask->plugin);
    } else if (text_is(what, "ids")) {
        write_ids(asked);
        finish(asked);
    } else {
        error_set(&asked->error, ERR_INVALID, "Parley cannot be asked for \"%.*s\"", (int)(what.n < 40 ? what.n : 40), what.at);
        finish(asked);
    }
}
