/* The part of the plugins' table that outlives a call: effects, which go to the outbox with the rows of their call and leave when those
 * are durable, and timers. */
#include "core/plugins/worker_host.h"

enum {
    EFFECT_MOST = 32 << 10, /* bytes; as an event's */
    TOPIC_MOST = 48,        /* characters */
};

/* Whose effect it is. */
struct subject {
    struct text customer;
    bool known;
    struct text variant; /* that she came by; empty for another customer than the calling one */
};

static struct subject caller(const parley_call *c) {
    return (struct subject){c->request.customer, c->request.known, c->request.variant};
}

/* Begins an effect in the scratch buffer: {kind, customer, known, feature, variant, at; parleyd adds who we are. The caller writes
 * the rest of the object; effect_end or effect_keep closes and keeps it. */
static int effect_begin(parley_call *c, const char *kind, struct subject subject) {
    struct runtime *runtime = c->runtime;
    struct error error = {0};
    if (!runtime->effects || c->sql != &runtime->database.writes)
        error_set(&error, ERR_INTERNAL, "a reading callback may have no effects (%s)", kind);
    else if (!subject.customer.n)
        error_set(&error, ERR_INTERNAL, "there is no customer to %s anything of", kind);
    if (error.code) return call_complain(c, &error);
    struct json_writer w;
    buffer_clear(&runtime->scratch);
    json_writer_init(&w, &runtime->scratch);
    json_open_object(&w);
    json_put_text(&w, "kind", text_of(kind));
    json_put_text(&w, "customer", subject.customer);
    json_put_bool(&w, "known", subject.known);
    json_put_text(&w, "feature", c->request.feature);
    json_put_text(&w, "variant", subject.variant);
    json_put_int(&w, "at", c->happened ? c->happened : c->request.now);
    if (c->happened) json_put_bool(&w, "own", true);
    if (c->kind == CALL_FORGET) json_put_bool(&w, "forgetting", true);
    return 0;
}

static void effect_member(parley_call *c, const char *comma_and_key, const char *text) {
    buffer_cstr(&c->runtime->scratch, comma_and_key);
    json_escape(&c->runtime->scratch, text_of(text));
}

/* Closes what is open, and keeps it. */
static int effect_keep(parley_call *c, const char *braces) {
    struct runtime *runtime = c->runtime;
    struct error error = {0};
    int rc;
    buffer_cstr(&runtime->scratch, braces);
    if (runtime->scratch.n > EFFECT_MOST)
        rc = error_set(&error, ERR_TOO_LARGE, "an effect of %zu bytes; at most %d", runtime->scratch.n, EFFECT_MOST);
    else
        rc = outbox_add(&runtime->outbox, &runtime->database, buffer_view(&runtime->scratch), runtime->effects, &error);
    return rc < 0 ? call_complain(c, &error) : 0;
}

/* The object that `shape` makes is the last member of the last open object. */
static int effect_end(parley_call *c, const char *comma_and_key, const char *shape, const parley_value *values,
                      size_t n, const char *braces) {
    struct runtime *runtime = c->runtime;
    struct error error = {0};
    buffer_cstr(&runtime->scratch, comma_and_key);
    int rc = shape_write(&runtime->scratch, shape, values, n, &error);
    return rc < 0 ? call_complain(c, &error) : effect_keep(c, braces);
}

static int track_of(parley_call *c, struct subject subject, const char *event, const char *shape,
                    const parley_value *values, size_t n) {
    int rc = effect_begin(c, "track", subject);
    if (rc < 0) return rc;
    effect_member(c, ",\"event\":", event);
    return effect_end(c, ",\"properties\":", shape, values, n, "}");
}

int call_track(parley_call *c, const char *event, const char *shape, const parley_value *values, size_t n) {
    return track_of(c, caller(c), event, shape, values, n);
}

static int timeline_of(parley_call *c, struct subject subject, const char *kind, const char *sentence,
                       const char *shape, const parley_value *values, size_t n) {
    int rc = effect_begin(c, "timeline", subject);
    if (rc < 0) return rc;
    effect_member(c, ",\"entry\":{\"kind\":", kind);
    effect_member(c, ",\"body\":", sentence);
    return effect_end(c, ",\"refs\":", shape, values, n, "}}");
}

int call_timeline(parley_call *c, const char *kind, const char *sentence, const char *shape, const parley_value *values,
                  size_t n) {
    return timeline_of(c, caller(c), kind, sentence, shape, values, n);
}

int call_timer(parley_call *c, parley_text name, int64_t at_ms) {
    struct error error = {0};
    if (c->sql != &c->runtime->database.writes)
        error_set(&error, ERR_INTERNAL, "a reading callback may set no timer");
    else if (!c->runtime->plugin.on_timer)
        error_set(&error, ERR_INTERNAL, "a plugin without on_timer may set no timer");
    else
        timer_set(&c->runtime->database, text_of_parley(name), at_ms, &error);
    if (error.code) return call_complain(c, &error);
    c->runtime->timers_changed = true;
    return 0;
}

int call_track_for(parley_call *c, parley_text who, bool its_known, const char *event, const char *shape,
                   const parley_value *values, size_t n) {
    return track_of(c, (struct subject){text_of_parley(who), its_known, TEXT("")}, event, shape, values, n);
}
int call_timeline_for(parley_call *c, parley_text who, bool its_known, const char *kind, const char *sentence,
                      const char *shape, const parley_value *values, size_t n) {
    return timeline_of(c, (struct subject){text_of_parley(who), its_known, TEXT("")}, kind, sentence, shape, values, n);
}

/* ---- for whom, and when ---- */

static int not_shoppers(parley_call *c, const char *what) {
    struct error error = {0};
    if (!call_is_shoppers(c)) return 0;
    error_set(&error, ERR_INTERNAL, "a shopper's call is about herself, and may not %s", what);
    return call_complain(c, &error);
}

int call_concern(parley_call *c, parley_text who, bool is_known) {
    int rc = not_shoppers(c, "concern somebody else");
    if (rc < 0) return rc;
    c->request.customer = arena_text(&c->arena, text_of_parley(who));
    c->request.known = is_known;
    return 0;
}

int call_happened(parley_call *c, int64_t at_ms) {
    int rc = not_shoppers(c, "say when it happened");
    if (rc < 0) return rc;
    c->happened = at_ms < 1 ? 1 : at_ms < c->request.now ? at_ms : c->request.now;
    return 0;
}

/* ---- added later ---- */

static bool is_topic(const char *topic) {
    size_t n = strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return n >= 1 && n <= TOPIC_MOST && !topic[n];
}

int call_notify(parley_call *c, parley_text who, bool its_known, const char *topic) {
    int rc = effect_begin(c, "notify", (struct subject){text_of_parley(who), its_known, TEXT("")});
    if (rc < 0) return rc;
    if (is_topic(topic))
        return effect_end(c, ",\"topic\":", "?", (const parley_value[]){parley_of_cstr(topic)}, 1, "}");
    struct error error = {0};
    error_set(&error, ERR_INTERNAL, "\"%s\" is no topic: letters, digits and '-', at most %d", topic, TOPIC_MOST);
    return call_complain(c, &error);
}

int call_identify(parley_call *c, const char *shape, const parley_value *values, size_t n) {
    int rc = not_shoppers(c, "identify anybody");
    if (rc == 0) rc = effect_begin(c, "identify", caller(c));
    return rc < 0 ? rc : effect_end(c, ",\"traits\":", shape, values, n, "}");
}

int call_erase(parley_call *c) {
    int rc = not_shoppers(c, "erase anybody");
    if (rc == 0) rc = effect_begin(c, "erase", caller(c));
    return rc < 0 ? rc : effect_keep(c, "}");
}
