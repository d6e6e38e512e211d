/* The table that plugins call: struct parley_host of <parley/plugin.h>, which says what each function does. */
#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/plugins/worker_ask.h"
#include "core/plugins/worker_call.h"
#include "core/plugins/worker_shape.h"
#include "core/plugins/worker_work.h"

enum { EFFECT_MOST = 32 << 10 }; /* bytes; as an event's */

/* Passes a failure on and remembers it: a callback that returns any negative number is answered by the last one. */
static int trouble(parley_call *c, int code) {
    return c->trouble = code;
}

static int complain(parley_call *c, const struct error *error) {
    if (error->code == ERR_CONFLICT) return trouble(c, PARLEY_CONFLICT); /* for the plugin to judge: no fault yet */
    runtime_log(c->runtime, PARLEY_ERROR, text_of(error->detail));
    switch (error->code) {
    case ERR_STORAGE_FULL: return trouble(c, PARLEY_FULL);
    default: return trouble(c, PARLEY_FAILED);
    }
}

/* ---- the call ---- */

static parley_text path(parley_call *c, const char *name) {
    for (int i = 0; i < c->match.params_n; i++)
        if (text_is(c->match.params[i].name, name)) return parley_of(c->match.params[i].value);
    return (parley_text){0};
}
static parley_text query(parley_call *c, const char *name) {
    return parley_of(route_query(c->request.query, text_of(name), &c->arena));
}
static parley_text customer(parley_call *c) {
    return parley_of(c->request.customer);
}
static bool known(parley_call *c) {
    return c->request.known;
}
static bool staff(parley_call *c) {
    return c->request.staff;
}
static parley_text feature(parley_call *c) {
    return parley_of(c->request.feature);
}
static parley_text variant(parley_call *c) {
    return parley_of(c->request.variant);
}
static parley_json settings(parley_call *c) {
    if (!c->settings.document && c->request.settings.n)
        c->settings = document_scan(&c->arena, c->request.settings, NULL);
    return c->settings;
}
static parley_json body(parley_call *c) {
    return c->body;
}
static int64_t now(parley_call *c) {
    return c->request.now;
}
static void *state(parley_call *c) {
    return c->runtime->state;
}
static void random_bytes(parley_call *c, void *bytes, size_t n) {
    for (size_t got = 0; got < n;) {
        ssize_t more = getrandom((char *)bytes + got, n - got, 0);
        if (more > 0) got += (size_t)more;
    }
}
static void *alloc(parley_call *c, size_t n) {
    return arena_alloc(&c->arena, n);
}

/* ---- JSON ---- */

static parley_json parse(parley_call *c, parley_text source) {
    return document_scan(&c->arena, arena_text(&c->arena, text_of_parley(source)), NULL);
}

static int fail(parley_call *c, int status, const char *sentence) {
    call_problem(c, status, NULL, text_of(sentence));
    return trouble(c, PARLEY_REFUSED);
}

static int invalid(parley_call *c, const char *pointer, const char *sentence) {
    call_problem(c, 400, pointer, text_of(sentence));
    return trouble(c, PARLEY_REFUSED);
}

static int only(parley_call *c, parley_json object, const char *names) {
    struct text stranger = document_stranger(object, names);
    if (!stranger.at) return 0;
    struct text pointer = arena_printf(&c->arena, "/%.*s", TEXT_ARGS(stranger));
    struct text detail = arena_printf(&c->arena, "unknown member \"%.*s\"; known are: %s", TEXT_ARGS(stranger), names);
    return invalid(c, pointer.at, detail.at);
}

static bool parse_time(parley_text iso, int64_t *ms) {
    return clock_parse(text_of_parley(iso), ms);
}

/* The shape's JSON in the call's arena; TEXT_NONE (said in the log) where the shape is wrong. */
static struct text shaped(parley_call *c, const char *shape, const parley_value *values, size_t n) {
    struct buffer *out = &c->runtime->scratch;
    struct error error = {0};
    buffer_clear(out);
    if (shape_write(out, shape, values, n, &error) < 0) {
        complain(c, &error);
        return TEXT_NONE;
    }
    return arena_text(&c->arena, buffer_view(out));
}

static parley_json object(parley_call *c, const char *shape, const parley_value *values, size_t n) {
    struct text source = shaped(c, shape, values, n);
    return source.at ? document_new(&c->arena, source) : (parley_json){0};
}
static parley_json list(parley_call *c) {
    return document_list(&c->arena);
}
static void append(parley_call *c, parley_json to, const char *shape, const parley_value *values, size_t n) {
    struct text source = shaped(c, shape, values, n);
    if (source.at && !document_append(to, source))
        runtime_log(c->runtime, PARLEY_ERROR, TEXT("append to something that list() did not make"));
}

static const char *format(parley_call *c, const char *sentence, const parley_value *values, size_t n) {
    struct buffer *out = &c->runtime->scratch;
    buffer_clear(out);
    sentence_write(out, sentence, values, n);
    return arena_cstr(&c->arena, buffer_view(out));
}

/* ---- SQL ---- */

static void bind_value(parley_call *c, sqlite3_stmt *statement, int at, const parley_value *value) {
    struct text text = TEXT_NONE;
    switch (value->kind) {
    case PARLEY_VALUE_NULL: sqlite3_bind_null(statement, at); return;
    case PARLEY_VALUE_BOOL:
    case PARLEY_VALUE_INT:
    case PARLEY_VALUE_TIME: sqlite3_bind_int64(statement, at, value->integer); return;
    case PARLEY_VALUE_DOUBLE: sqlite3_bind_double(statement, at, value->number); return;
    case PARLEY_VALUE_TEXT: text = text_of_parley(value->text); break;
    case PARLEY_VALUE_JSON: text = value->json.document ? document_source(value->json) : TEXT_NONE; break;
    }
    if (text.at)
        sqlite3_bind_text(statement, at, text.at, (int)text.n, SQLITE_STATIC); /* borrowed until the callback returns */
    else
        sqlite3_bind_null(statement, at);
}

/* "$12" is 12; 0 for any other name. */
static size_t number_of(const char *name) {
    size_t number = 0;
    if (!name || name[0] != '$') return 0;
    for (name++; *name >= '0' && *name <= '9' && number < 1000; name++) number = number * 10 + (size_t)(*name - '0');
    return number;
}

/* SQLite numbers $1, $2 ... by their first appearance, so each is bound by its name. Returns the highest of them, or SIZE_MAX
 * where one has no value or is no number. */
static size_t bind_all(parley_call *c, sqlite3_stmt *statement, const parley_value *values, size_t n) {
    int count = sqlite3_bind_parameter_count(statement);
    size_t highest = 0;
    for (int at = 1; at <= count; at++) {
        size_t number = number_of(sqlite3_bind_parameter_name(statement, at));
        if (number < 1 || number > n) return SIZE_MAX;
        bind_value(c, statement, at, &values[number - 1]);
        if (number > highest) highest = number;
    }
    return highest;
}

static int next(parley_call *c) {
    if (!c->rows) return 0;
    struct error error = {0};
    int rc = connection_step(c->sql, c->rows, &error);
    if (rc <= 0) c->rows = NULL;
    return rc < 0 ? complain(c, &error) : rc;
}

static int sql(parley_call *c, const char *source, const parley_value *values, size_t n) {
    struct error error = {0};
    if (c->rows) sqlite3_reset(c->rows);
    c->rows = NULL;
    sqlite3_stmt *statement = connection_prepare(c->sql, source, SPEAKER_PLUGIN, &error);
    if (!statement) return complain(c, &error);
    if (bind_all(c, statement, values, n) != n) {
        error_set(&error, ERR_INTERNAL, "%zu values do not fit the parameters of \"%s\"", n, source);
        return complain(c, &error);
    }
    bool rows = sqlite3_column_count(statement) > 0;
    int rc = connection_step(c->sql, statement, &error);
    if (rc < 0) return complain(c, &error);
    if (rc > 0) c->rows = statement;
    return rows ? rc : sqlite3_changes(c->sql->handle);
}

static int64_t col(parley_call *c, int column) {
    return c->rows ? sqlite3_column_int64(c->rows, column) : 0;
}
static double col_double(parley_call *c, int column) {
    return c->rows ? sqlite3_column_double(c->rows, column) : 0;
}
static parley_text col_text(parley_call *c, int column) {
    if (!c->rows || sqlite3_column_type(c->rows, column) == SQLITE_NULL) return (parley_text){0};
    const char *at = (const char *)sqlite3_column_text(c->rows, column);
    return parley_of(arena_text(&c->arena, text_n(at, (size_t)sqlite3_column_bytes(c->rows, column))));
}

/* ---- answers and effects ---- */

static int reply(parley_call *c, int status, const char *shape, const parley_value *values, size_t n) {
    struct error error = {0};
    buffer_clear(&c->runtime->body);
    if (shape_write(&c->runtime->body, shape, values, n, &error) < 0) return complain(c, &error);
    c->status = status >= 200 && status <= 599 ? status : 500;
    return 0;
}

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
    if (error.code) return complain(c, &error);
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
    return rc < 0 ? complain(c, &error) : 0;
}

/* The object that `shape` makes is the last member of the last open object. */
static int effect_end(parley_call *c, const char *comma_and_key, const char *shape, const parley_value *values,
                      size_t n, const char *braces) {
    struct runtime *runtime = c->runtime;
    struct error error = {0};
    buffer_cstr(&runtime->scratch, comma_and_key);
    int rc = shape_write(&runtime->scratch, shape, values, n, &error);
    return rc < 0 ? complain(c, &error) : effect_keep(c, braces);
}

static int track_of(parley_call *c, struct subject subject, const char *event, const char *shape,
                    const parley_value *values, size_t n) {
    int rc = effect_begin(c, "track", subject);
    if (rc < 0) return rc;
    effect_member(c, ",\"event\":", event);
    return effect_end(c, ",\"properties\":", shape, values, n, "}");
}

static int track(parley_call *c, const char *event, const char *shape, const parley_value *values, size_t n) {
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

static int timeline(parley_call *c, const char *kind, const char *sentence, const char *shape,
                    const parley_value *values, size_t n) {
    return timeline_of(c, caller(c), kind, sentence, shape, values, n);
}

static int timer(parley_call *c, parley_text name, int64_t at_ms) {
    struct error error = {0};
    if (c->sql != &c->runtime->database.writes)
        error_set(&error, ERR_INTERNAL, "a reading callback may set no timer");
    else if (!c->runtime->plugin.on_timer)
        error_set(&error, ERR_INTERNAL, "a plugin without on_timer may set no timer");
    else
        timer_set(&c->runtime->database, text_of_parley(name), at_ms, &error);
    if (error.code) return complain(c, &error);
    c->runtime->timers_changed = true;
    return 0;
}

static void log_line(parley_call *c, enum parley_level level, const char *sentence) {
    runtime_log(c->runtime, level, text_of(sentence));
}

/* ---- added in 1.1 ---- */

static parley_text release(parley_call *c) {
    return parley_of(text_of(c->runtime->plugin.version));
}

static parley_json attribute(parley_call *c, const char *name) {
    if (!c->attributes.document && c->request.attributes.n)
        c->attributes = document_scan(&c->arena, c->request.attributes, NULL);
    return document_get(c->attributes, name);
}

static parley_json traits(parley_call *c, parley_text who) {
    return ask_parley(c, &(struct ask){.what = "traits", .customer = who});
}
static parley_json consent(parley_call *c, parley_text who) {
    return ask_parley(c, &(struct ask){.what = "consent", .customer = who});
}
static parley_json entries(parley_call *c, parley_text who, const char *kinds, parley_text before, int limit) {
    limit = limit < 1 ? 1 : limit > 100 ? 100 : limit;
    return ask_parley(
        c, &(struct ask){.what = "entries", .customer = who, .kinds = kinds, .before = before, .limit = limit});
}

static void complain_of_metric(parley_call *c, const struct error *error) {
    runtime_log(c->runtime, PARLEY_WARN, text_of(error->detail));
}
static void count_metric(parley_call *c, const char *name, int64_t n) {
    struct error error = {0};
    if (c->runtime->metrics && metrics_count(c->runtime->metrics, text_of(name), n, &error) < 0)
        complain_of_metric(c, &error);
}
static void observe_metric(parley_call *c, const char *name, double value) {
    struct error error = {0};
    if (c->runtime->metrics && metrics_observe(c->runtime->metrics, text_of(name), value, &error) < 0)
        complain_of_metric(c, &error);
}

static int work(parley_call *c, int (*run)(parley_call *w, parley_json input),
                int (*done)(parley_call *c, parley_json result), parley_json input) {
    if (c->kind != CALL_HELPER) {
        int rc = work_ask(c, run, done, input);
        return rc < 0 ? trouble(c, rc) : 0;
    }
    runtime_log(c->runtime, PARLEY_ERROR, TEXT("work may not ask for more work: let `done` do it"));
    return trouble(c, PARLEY_FAILED);
}

static int may_tell(parley_call *c, parley_text who, parley_text feature, enum parley_contact kind) {
    struct ask ask = {
        .what = "contact", .customer = who, .feature = feature, .contact = kind == PARLEY_PUSH ? "push" : "answer"};
    parley_json answer = ask_parley(c, &ask);
    return parley_is(answer) ? document_truth(document_get(answer, "allowed")) : PARLEY_FAILED;
}

static int track_for(parley_call *c, parley_text who, bool its_known, const char *event, const char *shape,
                     const parley_value *values, size_t n) {
    return track_of(c, (struct subject){text_of_parley(who), its_known, TEXT("")}, event, shape, values, n);
}
static int timeline_for(parley_call *c, parley_text who, bool its_known, const char *kind, const char *sentence,
                        const char *shape, const parley_value *values, size_t n) {
    return timeline_of(c, (struct subject){text_of_parley(who), its_known, TEXT("")}, kind, sentence, shape, values, n);
}

/* ---- added in 1.2 ---- */

enum { TOPIC_MOST = 48 };

static parley_text agent(parley_call *c) {
    return c->request.agent.n ? parley_of(c->request.agent) : (parley_text){0};
}

static bool is_topic(const char *topic) {
    size_t n = strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return n >= 1 && n <= TOPIC_MOST && !topic[n];
}

static int notify(parley_call *c, parley_text who, bool its_known, const char *topic) {
    int rc = effect_begin(c, "notify", (struct subject){text_of_parley(who), its_known, TEXT("")});
    if (rc < 0) return rc;
    if (is_topic(topic))
        return effect_end(c, ",\"topic\":", "?", (const parley_value[]){parley_of_cstr(topic)}, 1, "}");
    struct error error = {0};
    error_set(&error, ERR_INTERNAL, "\"%s\" is no topic: letters, digits and '-', at most %d", topic, TOPIC_MOST);
    return complain(c, &error);
}

static parley_json ids(parley_call *c, parley_text who) {
    return document_get(ask_parley(c, &(struct ask){.what = "ids", .customer = who}), "ids");
}
static parley_json find(parley_call *c, parley_text word) {
    return document_get(ask_parley(c, &(struct ask){.what = "find", .word = word}), "found");
}

static parley_text may_contact(parley_call *c, parley_text who, parley_text feature, enum parley_contact kind,
                               const char *channel) {
    struct ask ask = {.what = "contact",
                      .customer = who,
                      .feature = feature,
                      .contact = kind == PARLEY_PUSH ? "push" : "answer",
                      .channel = channel};
    return document_text(document_get(ask_parley(c, &ask), "reason"));
}

static int not_shoppers(parley_call *c, const char *what) {
    struct error error = {0};
    if (!call_is_shoppers(c)) return 0;
    error_set(&error, ERR_INTERNAL, "a shopper's call is about herself, and may not %s", what);
    return complain(c, &error);
}

static int concern(parley_call *c, parley_text who, bool is_known) {
    int rc = not_shoppers(c, "concern somebody else");
    if (rc < 0) return rc;
    c->request.customer = arena_text(&c->arena, text_of_parley(who));
    c->request.known = is_known;
    return 0;
}

static parley_text source(parley_call *c) {
    return parley_of(c->request.body);
}

static parley_text header(parley_call *c, const char *name) {
    char *lower = arena_cstr(&c->arena, text_of(name));
    if (!c->headers.document && c->request.headers.n) c->headers = document_scan(&c->arena, c->request.headers, NULL);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 'a' - 'A');
    return document_text(document_get(c->headers, lower));
}

static bool hmac(parley_call *c, parley_text message, unsigned char digest[32]) {
    if (!c->runtime->secret.n) return false;
    secret_hmac(digest, c->runtime->secret, text_of_parley(message));
    return true;
}

static int happened(parley_call *c, int64_t at_ms) {
    int rc = not_shoppers(c, "say when it happened");
    if (rc < 0) return rc;
    c->happened = at_ms < 1 ? 1 : at_ms < c->request.now ? at_ms : c->request.now;
    return 0;
}

static int identify(parley_call *c, const char *shape, const parley_value *values, size_t n) {
    int rc = not_shoppers(c, "identify anybody");
    if (rc == 0) rc = effect_begin(c, "identify", caller(c));
    return rc < 0 ? rc : effect_end(c, ",\"traits\":", shape, values, n, "}");
}

static int erase(parley_call *c) {
    int rc = not_shoppers(c, "erase anybody");
    if (rc == 0) rc = effect_begin(c, "erase", caller(c));
    return rc < 0 ? rc : effect_keep(c, "}");
}

const struct parley_host call_host = {
    .size = sizeof(struct parley_host),
    .abi_major = PARLEY_ABI_MAJOR,
    .abi_minor = PARLEY_ABI_MINOR,
    .path = path,
    .query = query,
    .customer = customer,
    .known = known,
    .staff = staff,
    .feature = feature,
    .variant = variant,
    .settings = settings,
    .body = body,
    .now = now,
    .state = state,
    .random = random_bytes,
    .alloc = alloc,
    .kind = document_kind,
    .get = document_get,
    .first = document_first,
    .after = document_after,
    .length = document_length,
    .text = document_text,
    .integer = document_integer,
    .number = document_number,
    .truth = document_truth,
    .parse = parse,
    .only = only,
    .parse_time = parse_time,
    .object = object,
    .list = list,
    .append = append,
    .format = format,
    .sql = sql,
    .next = next,
    .col = col,
    .col_double = col_double,
    .col_text = col_text,
    .reply = reply,
    .fail = fail,
    .invalid = invalid,
    .track = track,
    .timeline = timeline,
    .timer = timer,
    .log = log_line,
    .release = release,
    .attribute = attribute,
    .traits = traits,
    .consent = consent,
    .entries = entries,
    .count = count_metric,
    .observe = observe_metric,
    .work = work,
    .may_tell = may_tell,
    .track_for = track_for,
    .timeline_for = timeline_for,
    .agent = agent,
    .notify = notify,
    .ids = ids,
    .find = find,
    .may_contact = may_contact,
    .concern = concern,
    .source = source,
    .header = header,
    .hmac = hmac,
    .happened = happened,
    .identify = identify,
    .erase = erase,
};
