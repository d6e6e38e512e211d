/* <parley/test.h>: what Parley answers when the plugin asks about a customer, out of what the test said and the plugin did. */
#include "core/plugins/harness.h"

#include <stdio.h>

#include "core/base/json_write.h"

struct persona {
    struct persona *next;
    struct text customer, traits, consent;
    bool untold;         /* nothing may be pushed to her */
    struct text contact; /* what may_contact says */
    struct text names;   /* the customer whose id this is too; empty: her own */
    bool told;           /* the test said something of her: she can be found */
};

static struct persona *persona_of(struct parley_test *t, struct text customer) {
    struct persona *p = t->personas;
    while (p && !text_eq(p->customer, customer)) p = p->next;
    if (p) return p;
    p = arena_new(&t->kept, struct persona);
    *p = (struct persona){
        t->personas, arena_text(&t->kept, customer), TEXT("{}"), TEXT("{}"), false, TEXT("allowed"), TEXT(""), false};
    return t->personas = p;
}

static struct text keep_object(struct parley_test *t, const char *json) {
    struct text value = arena_text(&t->kept, text_of(json));
    harness_require(harness_find(value, "").n && *harness_find(value, "").at == '{', "this is no JSON object: %s",
                    json);
    return value;
}

void parley_test_traits(parley_test *t, const char *customer, const char *traits) {
    struct persona *persona = persona_of(t, text_of(customer));
    persona->traits = keep_object(t, traits);
    persona->told = true;
}

void parley_test_consent(parley_test *t, const char *customer, const char *consent) {
    persona_of(t, text_of(customer))->consent = keep_object(t, consent);
}

void parley_test_pushes(parley_test *t, const char *customer, bool allowed) {
    persona_of(t, text_of(customer))->untold = !allowed;
}

void parley_test_join(parley_test *t, const char *customer, const char *other) {
    persona_of(t, text_of(customer))->told = true;
    persona_of(t, text_of(other))->names = arena_text(&t->kept, text_of(customer));
}

void parley_test_may_contact(parley_test *t, const char *customer, const char *answer) {
    persona_of(t, text_of(customer))->contact = arena_text(&t->kept, text_of(answer));
}

/* ---- who is who ---- */

/* Without its quotes; kinds and ids of tests have nothing to unescape, and what has is taken as it stands. */
static struct text string_at(struct text json, const char *pointer) {
    struct text found = harness_find(json, pointer);
    return found.n >= 2 && *found.at == '"' ? text_n(found.at + 1, found.n - 2) : found;
}

static struct text named(const struct persona *p) {
    return p->names.n ? p->names : p->customer;
}

static void put_ids(const struct parley_test *t, struct text name, struct buffer *out) {
    struct json_writer w;
    buffer_cstr(out, "{\"ids\":");
    json_writer_init(&w, out);
    json_open_array(&w);
    json_text(&w, name);
    for (const struct persona *p = t->personas; p; p = p->next)
        if (text_eq(p->names, name)) json_text(&w, p->customer);
    json_close_array(&w);
    buffer_cstr(out, "}");
}

/* By the whole of an id or of an e-mail, as it is written. */
static void put_found(const struct parley_test *t, struct text word, struct buffer *out) {
    struct json_writer w;
    buffer_cstr(out, "{\"found\":");
    json_writer_init(&w, out);
    json_open_array(&w);
    for (const struct persona *p = t->personas; p; p = p->next)
        if (p->told && (text_eq(p->customer, word) || text_eq(string_at(p->traits, "/email"), word)))
            json_text(&w, named(p));
    json_close_array(&w);
    buffer_cstr(out, "}");
}

/* One word for both questions: whether, and why not. */
static void put_contact(const struct persona *persona, struct text question, struct buffer *out) {
    bool push = text_is(string_at(question, "/contact"), "push");
    struct text reason = persona->untold && push ? TEXT("opted-out") : persona->contact;
    buffer_printf(out, "{\"allowed\":%s,\"reason\":\"%.*s\"}", text_is(reason, "allowed") ? "true" : "false",
                  TEXT_ARGS(reason));
}

/* ---- the timeline: what this plugin put there ---- */

static bool among(struct text kinds, struct text kind) {
    struct text name, rest = kinds;
    if (!kinds.n) return true;
    for (bool more = true; more;) {
        more = text_cut(rest, ',', &name, &rest);
        if (text_eq(name, kind)) return true;
    }
    return false;
}

static void put_entry(struct json_writer *w, const struct effect_seen *e, int64_t id) {
    int64_t at = 0;
    char number[24];
    text_to_int(harness_find(e->json, "/at"), &at);
    snprintf(number, sizeof number, "%lld", (long long)id);
    json_open_object(w);
    json_put_text(w, "id", text_of(number));
    json_put_time(w, "at", at);
    json_put_text(w, "channel", TEXT("web"));
    json_put_text(w, "actor", TEXT("plugin"));
    json_put_raw(w, "kind", harness_find(e->json, "/entry/kind"));
    json_put_raw(w, "body", harness_find(e->json, "/entry/body"));
    json_put_raw(w, "refs", harness_find(e->json, "/entry/refs"));
    json_close_object(w);
}

/* Entries are numbered from 1, the oldest; the last one that fits and has a number below `below`, 0 where there is none. */
static int64_t last_below(const struct parley_test *t, struct text question, int64_t below,
                          const struct effect_seen **found) {
    int64_t number = 0, last = 0;
    struct text kinds = string_at(question, "/kinds");
    for (const struct effect_seen *e = t->effects; e; e = e->next) {
        if (!harness_find(e->json, "/entry").n || ++number >= below) continue;
        if (!text_eq(harness_find(e->json, "/customer"), harness_find(question, "/customer"))) continue;
        if (!among(kinds, string_at(e->json, "/entry/kind"))) continue;
        *found = e;
        last = number;
    }
    return last;
}

static void put_entries(const struct parley_test *t, struct text question, struct buffer *out) {
    int64_t below = INT64_MAX, limit = 100, last;
    const struct effect_seen *e = NULL;
    struct json_writer w;
    text_to_int(string_at(question, "/before"), &below);
    text_to_int(harness_find(question, "/limit"), &limit);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (; limit > 0 && (last = last_below(t, question, below, &e)); below = last, limit--) put_entry(&w, e, last);
    json_close_array(&w);
    json_key(&w, TEXT("next"));
    if (last_below(t, question, below, &e)) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)below);
        json_text(&w, text_of(number));
    } else
        json_nil(&w);
    json_close_object(&w);
}

int harness_ask(struct runtime *runtime, struct text question, struct arena *arena, struct frame_reply *reply,
                struct error *error) {
    struct parley_test *t = (struct parley_test *)runtime; /* its first member */
    struct persona *persona = persona_of(t, string_at(question, "/customer"));
    struct text what = string_at(question, "/ask");
    struct buffer out = {0};
    if (text_is(what, "entries"))
        put_entries(t, question, &out);
    else if (text_is(what, "contact"))
        put_contact(persona, question, &out);
    else if (text_is(what, "ids"))
        put_ids(t, named(persona), &out);
    else if (text_is(what, "find"))
        put_found(t, string_at(question, "/word"), &out);
    else
        buffer_text(&out, text_is(what, "consent") ? persona->consent : persona->traits);
    *reply = (struct frame_reply){.status = 200, .body = arena_text(arena, buffer_view(&out))};
    buffer_free(&out);
    return 0;
}
