/* The table that plugins call: struct parley_host of <parley/plugin.h>, which says what each function does. */
#include <stdlib.h>
#include <sys/random.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/plugins/worker_ask.h"
#include "core/plugins/worker_host.h"
#include "core/plugins/worker_shape.h"
#include "core/plugins/worker_work.h"

int call_trouble(parley_call *c, int code) {
    return c->trouble = code;
}

int call_complain(parley_call *c, const struct error *error) {
    if (error->code == ERR_CONFLICT)
        return call_trouble(c, PARLEY_CONFLICT); /* for the plugin to judge: no fault yet */
    runtime_log(c->runtime, PARLEY_ERROR, text_of(error->detail));
    switch (error->code) {
    case ERR_STORAGE_FULL: return call_trouble(c, PARLEY_FULL);
    default: return call_trouble(c, PARLEY_FAILED);
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
    return call_trouble(c, PARLEY_REFUSED);
}

static int invalid(parley_call *c, const char *pointer, const char *sentence) {
    call_problem(c, 400, pointer, text_of(sentence));
    return call_trouble(c, PARLEY_REFUSED);
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
        call_complain(c, &error);
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

/* ---- answers ---- */

static int reply(parley_call *c, int status, const char *shape, const parley_value *values, size_t n) {
    struct error error = {0};
    buffer_clear(&c->runtime->body);
    if (shape_write(&c->runtime->body, shape, values, n, &error) < 0) return call_complain(c, &error);
    c->status = status >= 200 && status <= 599 ? status : 500;
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
        return rc < 0 ? call_trouble(c, rc) : 0;
    }
    runtime_log(c->runtime, PARLEY_ERROR, TEXT("work may not ask for more work: let `done` do it"));
    return call_trouble(c, PARLEY_FAILED);
}

static int may_tell(parley_call *c, parley_text who, parley_text feature, enum parley_contact kind) {
    struct ask ask = {
        .what = "contact", .customer = who, .feature = feature, .contact = kind == PARLEY_PUSH ? "push" : "answer"};
    parley_json answer = ask_parley(c, &ask);
    return parley_is(answer) ? document_truth(document_get(answer, "allowed")) : PARLEY_FAILED;
}

/* ---- added in 1.2 ---- */

static parley_text agent(parley_call *c) {
    return c->request.agent.n ? parley_of(c->request.agent) : (parley_text){0};
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
    .sql = call_sql,
    .next = call_next,
    .col = call_col,
    .col_double = call_col_double,
    .col_text = call_col_text,
    .reply = reply,
    .fail = fail,
    .invalid = invalid,
    .track = call_track,
    .timeline = call_timeline,
    .timer = call_timer,
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
    .track_for = call_track_for,
    .timeline_for = call_timeline_for,
    .agent = agent,
    .notify = call_notify,
    .ids = ids,
    .find = find,
    .may_contact = may_contact,
    .concern = call_concern,
    .source = source,
    .header = header,
    .hmac = hmac,
    .happened = call_happened,
    .identify = call_identify,
    .erase = call_erase,
};
