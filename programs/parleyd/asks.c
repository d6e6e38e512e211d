/* What plugins ask of a customer in the middle of a call: traits, consent, whether she may be told something and who is found by a
 * word from the main database, the timeline from the journal, her ids from memory. Each is answered on its lane; the plugin waits half a second, so nothing here is worth trying twice. */
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
    enum { ASK_TRAITS, ASK_CONSENT, ASK_CONTACT, ASK_FIND } what; /* of the main database */
    struct text word;                                             /* to find */
    struct contact contact;
    int may; /* enum contact_answer */
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
    for (size_t i = 0; rc == 0 && i < n; i++) {
        json_key(w, traits[i].name);
        json_raw(w, traits[i].value);
    }
    return rc;
}

static int write_consent(struct asked *asked, struct sql *sql, struct json_writer *w) {
    struct preferences preferences = {0};
    int rc = customers_preferences(sql, &asked->arena, asked->keys, asked->keys_n, &preferences, &asked->error);
    for (size_t i = 0; rc == 0 && i < preferences.consents_n; i++) {
        json_key(w, preferences.consents[i].purpose);
        json_bool(w, preferences.consents[i].granted);
    }
    return rc;
}

static int write_contact(struct asked *asked, struct sql *sql, struct json_writer *w) {
    int rc = sql_begin(sql, &asked->error);
    if (rc < 0) return rc;
    rc = may_contact(sql, &asked->arena, &asked->contact, &asked->app->contact_caps, clock_now(asked->app->clock),
                     &asked->error);
    rc = sql_end(sql, rc, &asked->error);
    asked->may = rc;
    json_put_bool(w, "allowed", rc == CONTACT_YES);
    if (rc >= 0) json_put_text(w, "reason", text_of(contact_word((enum contact_answer)rc)));
    return rc < 0 ? rc : 0;
}

/* What is found begins with the word; a longer one is somebody else's. The page is in order, so the same words come first. */
static int write_found(struct asked *asked, struct sql *sql, struct json_writer *w) {
    struct customer_page page;
    int rc = customers_search(sql, &asked->arena, asked->word, TEXT(""), FOUND, &page, &asked->error);
    json_key(w, TEXT("found"));
    json_open_array(w);
    for (size_t i = 0; rc == 0 && i < page.n && page.items[i].matched.n == asked->word.n; i++)
        json_text(w, page.items[i].id);
    json_close_array(w);
    return rc;
}

static void read_customer(struct lane_job *job, void *owner) {
    struct asked *asked = (struct asked *)job;
    struct json_writer w;
    json_writer_init(&w, &asked->out);
    json_open_object(&w);
    int rc = asked->what == ASK_TRAITS    ? write_traits(asked, owner, &w)
             : asked->what == ASK_CONSENT ? write_consent(asked, owner, &w)
             : asked->what == ASK_CONTACT ? write_contact(asked, owner, &w)
                                          : write_found(asked, owner, &w);
    json_close_object(&w);
    if (rc < 0 && !asked->error.code) error_set(&asked->error, rc, "the customer could not be read");
}

static void on_customer(struct mail *mail) {
    struct asked *asked = (struct asked *)mail;
    if (asked->what == ASK_CONTACT && asked->may >= 0) count(asked->app->contacts[asked->may], 1);
    finish(asked);
}

static void ask_customer(struct asked *asked) {
    asked->job =
        (struct lane_job){.mail.receive = on_customer, .work = read_customer, .reply_to = &asked->app->mailbox};
    lane_do(main_db_lane(asked->app->db), &asked->job);
}

/* Who was erased is told nothing. */
static void ask_contact(struct asked *asked, const struct json *json, struct text plugin) {
    struct text kind = json_unescaped(json, json_get(json, 0, TEXT("contact")), &asked->arena);
    struct text channel = json_unescaped(json, json_get(json, 0, TEXT("channel")), &asked->arena);
    asked->what = ASK_CONTACT;
    asked->contact =
        (struct contact){.keys = asked->keys,
                         .n = asked->keys_n,
                         .plugin = arena_text(&asked->arena, plugin),
                         .feature = json_unescaped(json, json_get(json, 0, TEXT("feature")), &asked->arena),
                         .channel = channel.n ? channel : TEXT("web"),
                         .kind = text_is(kind, "answer") ? CONTACT_ANSWER : CONTACT_PUSH};
    if (!app_suppressed(asked->app, asked->keys[0])) {
        ask_customer(asked);
        return;
    }
    buffer_cstr(&asked->out, "{\"allowed\":false,\"reason\":\"erased\"}");
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
                  .limit = (size_t)(limit < 1               ? 1
                                    : limit > TIMELINE_MOST ? TIMELINE_MOST
                                                            : limit)},
        .arena = &asked->arena,
    };
    people_read_timeline(asked->app->people, &asked->page);
}

/* ---- on the loop ---- */

static void write_ids(struct asked *asked) {
    struct json_writer w;
    json_writer_init(&w, &asked->out);
    json_open_object(&w);
    json_key(&w, TEXT("ids"));
    json_open_array(&w);
    for (size_t i = 0; i < asked->keys_n; i++) json_text(&w, asked->keys[i]);
    json_close_array(&w);
    json_close_object(&w);
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
    asked->what = text_is(what, "consent") ? ASK_CONSENT : ASK_TRAITS;
    if (text_is(what, "entries")) {
        read_entries(asked, &json);
    } else if (text_is(what, "contact")) {
        ask_contact(asked, &json, ask->plugin);
    } else if (text_is(what, "find")) {
        asked->what = ASK_FIND;
        asked->word = json_unescaped(&json, json_get(&json, 0, TEXT("word")), arena);
        ask_customer(asked);
    } else if (text_is(what, "ids")) {
        write_ids(asked);
        finish(asked);
    } else if (asked->what == ASK_CONSENT || text_is(what, "traits")) {
        ask_customer(asked);
    } else {
        error_set(&asked->error, ERR_INVALID, "Parley cannot be asked for \"%.*s\"", (int)(what.n < 40 ? what.n : 40),
                  what.at);
        finish(asked);
    }
}
