/* Parley's plugin interface, ABI 1.2. This header is the whole of it: a plugin includes nothing else of Parley and links with
 * libc alone. One shared object exports one symbol, `parley_plugin_v1`; Parley runs it in a process of its own.
 *
 *     #include <parley/plugin.h>
 *     const struct parley_host *parley;
 *
 *     static int hello(parley_call *c) { return parley_reply(c, 200, "{hello: {customer}}", parley->customer(c)); }
 *
 *     static const struct parley_route routes[] = {{"GET", "/hello", PARLEY_READ, PARLEY_SHOPPER, hello}};
 *     PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
 *         PARLEY_PLUGIN("hello", "1.0.0", &parley), PARLEY_ROUTES(routes),
 *         .export_customer = export_customer, .forget_customer = forget_customer};
 *
 * THREADS. Every callback runs on one thread and never beside another: a plugin needs no lock. It starts no thread, keeps no
 * pointer that a callback was given, and does not call exit().
 *
 * TEXTS are {pointer, length}, UTF-8, not NUL-terminated. Every text, JSON value and block of memory that the host hands out is
 * BORROWED and lives until the callback returns. Every text handed to the host is copied where it must live longer. Nothing that
 * crosses this line is freed by the other side. Strings of C (`const char *`) are NUL-terminated; SQL statements and shapes must
 * be constants of the plugin (they are remembered by their address).
 *
 * WRITES. A PARLEY_WRITE route, and every callback marked "may write", runs in a savepoint of its own inside a transaction that
 * it shares with other requests. A negative return undoes what the callback wrote, its effects too, and nothing of the others. No
 * answer leaves before the commit is on disk. A PARLEY_READ route sees committed data only and may not write.
 *
 * EFFECTS (track, timeline, timer, identify, erase, notify) are kept in the same transaction and delivered at least once afterwards, a crash in between
 * included; Parley drops the repeats.
 *
 * EVENTS of the journal that a release subscribes to come to on_event in their order, many in one transaction, each in a savepoint.
 * How far a plugin has come is a number in its own database, written in that transaction: what on_event wrote there and what it had
 * seen are never apart, so each event counts once, crashes included. An event that on_event refuses is undone, logged, counted and
 * passed over; one that takes the worker down is tried three more times alone, then passed over. Only the active release gets
 * events. One that is slow or down lags behind, and reads on from the journal's files: nothing is lost.
 *
 * TESTS of a plugin need no server: <parley/test.h>.
 *
 * HOW IT GROWS. Rules that bind both sides, for ever:
 *   - A new MINOR adds members at the end of `struct parley_plugin`, `parley_route`, `parley_migration`, `parley_host`, values at
 *     the end of enums. Each says "added in". Nothing is moved, removed or given another meaning.
 *   - Every struct that crosses says its size; what lies beyond the size that the other side knows is absent (zero).
 *   - A plugin built for a later minor than the host's is refused, by name and number. An older one runs unchanged.
 *   - A new MAJOR has another symbol (`parley_plugin_v2`), so that one object can serve both.
 *   - No type of a library crosses. Structs passed by value (parley_text, parley_json, parley_value) are frozen within a major. */
#ifndef PARLEY_PLUGIN_H
#define PARLEY_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PARLEY_ABI_MAJOR = 1,
    PARLEY_ABI_MINOR = 2,
    PARLEY_MAGIC = 0x594C5250, /* "PRLY" */
};

#define PARLEY_EXPORT __attribute__((visibility("default")))

/* One request, event, timer or other occasion. Made by the host, valid until the callback returns. */
typedef struct parley_call parley_call;

typedef struct parley_text {
    const char *at; /* NULL where there is no text at all, as against an empty one */
    size_t n;       /* bytes */
} parley_text;

/* A JSON value: an index into a document that the host holds. {NULL, 0} is "not there"; every reader takes it. */
typedef struct parley_json {
    const struct parley_document *document;
    uint32_t index;
} parley_json;

/* Milliseconds since 1970-01-01T00:00:00Z; written into JSON as "2026-12-01T08:00:00.000Z". */
typedef struct parley_time {
    int64_t ms;
} parley_time;

/* A tagged argument. Nobody writes these by hand: the macros at the end make them. */
typedef struct parley_value {
    enum {
        PARLEY_VALUE_NULL,
        PARLEY_VALUE_BOOL,   /* integer; 0 or 1 in SQL */
        PARLEY_VALUE_INT,    /* integer */
        PARLEY_VALUE_DOUBLE, /* number */
        PARLEY_VALUE_TEXT,   /* text; {NULL, 0} is NULL */
        PARLEY_VALUE_JSON,   /* json; {NULL, 0} is null; its source as TEXT in SQL */
        PARLEY_VALUE_TIME,   /* integer; milliseconds in SQL */
    } kind;
    union {
        int64_t integer;
        double number;
        parley_text text;
        parley_json json;
    };
} parley_value;

/* What a function of the host returns when it fails. Passing one on from a callback is a fair answer. */
enum parley_error {
    PARLEY_FAILED = -1,   /* 500; the log says why */
    PARLEY_REFUSED = -2,  /* the status given to fail() or invalid() */
    PARLEY_CONFLICT = -3, /* 409; a constraint of the database (UNIQUE, CHECK, FOREIGN KEY ...) */
    PARLEY_FULL = -4,     /* 507; the disk is full */
};

enum parley_kind {
    PARLEY_NONE, /* not there */
    PARLEY_NULL,
    PARLEY_BOOL,
    PARLEY_NUMBER,
    PARLEY_STRING,
    PARLEY_ARRAY,
    PARLEY_OBJECT,
};

/* Where events begin for a database that has had none yet. added in 1.1 */
enum parley_history {
    PARLEY_FROM_NOW = 0,   /* with what happens after the release was activated */
    PARLEY_FROM_START = 1, /* with the first event that the journal has */
};

/* Why something is told to a customer. added in 1.1 */
enum parley_contact {
    PARLEY_PUSH, /* of the shop's own accord: her opt-outs, refused consent, mutes and the caps over all plugins hold it back */
    PARLEY_ANSWER, /* to what she said or asked: her mutes alone hold it back, and it is not counted */
};

enum parley_level { PARLEY_DEBUG, PARLEY_INFO, PARLEY_WARN, PARLEY_ERROR };

/* ------------------------------------------------------------------------------------------------ what the plugin gives ---- */

enum parley_access { PARLEY_READ = 0, PARLEY_WRITE = 1 };
enum parley_audience {
    PARLEY_SHOPPER = 1,
    PARLEY_STAFF = 2, /* either, or both with | */
    /* Anybody, without a token, by POST /hooks/{plugin}/{path}; alone, and only where plugin.json has "hooks". Who calls is for the
     * route to prove, by parley->hmac() over parley->source(). added in 1.2 */
    PARLEY_HOOK = 4,
};

/* A path template's names stand in braces and take one segment: "/polls/{id}/vote". The first route that fits is taken. */
struct parley_route {
    const char *method; /* "GET", "PUT" ... */
    const char *path;
    enum parley_access access;
    int audience;                  /* PARLEY_SHOPPER | PARLEY_STAFF, or PARLEY_HOOK */
    int (*handle)(parley_call *c); /* 0 after a reply (none: 204); negative: refused, undone */
};

enum parley_change {
    PARLEY_ADDITIVE = 0, /* the release before still runs on the result: new tables, columns with a default, indices */
    PARLEY_BREAKING = 1, /* it does not: needs the database for itself, and cannot be rolled back */
};

/* Run once each, in ascending order, all that are missing in one transaction. `script`: statements without parameters. */
struct parley_migration {
    int number; /* 1, 2, 3 ... */
    enum parley_change change;
    const char *script;
};

struct parley_plugin {
    uint32_t magic, size; /* filled by PARLEY_PLUGIN(): with the next four, what makes growth possible */
    uint16_t abi_major, abi_minor;
    uint16_t route_size, migration_size;
    const char *name, *version; /* must be those of the bundle */
    /* Where the host puts its table before it calls anything; the table is valid until the process ends. */
    const struct parley_host **host;

    const struct parley_route *routes; /* read at start; must stay */
    size_t routes_n;
    const struct parley_migration *migrations; /* read at start; must stay */
    size_t migrations_n;
    const char *const *subscribes; /* names of events for on_event, "*" for all; read at start */
    size_t subscribes_n;

    /* Callbacks. Any may be NULL but the two on the customer's rights. `c` is the host's, borrowed until the callback returns.
     * A negative return is a failure; where it is not said otherwise, PARLEY_* of enum parley_error. */

    /* Once, before anything else is called; may write. *state is the plugin's own: the host only keeps the pointer and gives it
     * back (parley->state, stop, rolled_back). Negative: the release does not start. */
    int (*start)(parley_call *c, void **state);
    /* Once, last. `state`: the plugin's, to free. Not called when the process dies. */
    void (*stop)(void *state);
    /* After start, and again whenever somebody changes them: the plugin's own settings, as "configuration" of plugin.json describes them
     * (an object, borrowed, defaults filled in). Negative, best by fail(): they are refused, and what they were before holds. */
    int (*configure)(parley_call *c, parley_json settings);
    /* An event this release subscribes to; may write; see EVENTS above. `event` (borrowed): {seq, type, event, customer, known, actor,
     * plugin, browser, at, messageId, properties}. seq: its number in the journal, growing. type: "track" or "page". actor: "customer", "staff",
     * "system" or "plugin"; plugin: which, else absent. browser: it was
     * told with a browser's public token, so anybody may have made it up. at: when it happened, ms since 1970. Its customer is parley->customer(c) too,
     * and what is tracked here is hers. What this plugin tracked itself comes only by its name, not by "*". */
    int (*on_event)(parley_call *c, parley_json event);
    /* A timer set by parley->timer() is due; may write. `name` (borrowed) is the name it was set under. */
    int (*on_timer)(parley_call *c, parley_text name);
    /* Before traffic is switched to this release. Negative, best by fail(): it is not healthy and gets none. */
    int (*health)(parley_call *c);
    /* REQUIRED. Replies with all this plugin holds about `customer` (borrowed), as one JSON object: parley_reply(c, 200, ...). */
    int (*export_customer)(parley_call *c, parley_text customer);
    /* REQUIRED; may write. Erases what this plugin holds about `customer` (borrowed). 0 also when there was nothing. */
    int (*forget_customer)(parley_call *c, parley_text customer);
    /* In the transaction of the migrations, after the scripts; may write. From which number to which: 0 is a new database. */
    int (*migrate)(parley_call *c, int from, int to);
    /* What writing callbacks wrote was undone: one failed, or the commit of several did. Drop what memory learnt from uncommitted
     * rows. `state`: the plugin's own. */
    void (*rolled_back)(void *state);

    /* -- added in 1.1 */
    enum parley_history history; /* of events */
};

#define PARLEY_PLUGIN(name_, version_, host_)                                                                          \
    .magic = PARLEY_MAGIC, .size = sizeof(struct parley_plugin), .abi_major = PARLEY_ABI_MAJOR,                        \
    .abi_minor = PARLEY_ABI_MINOR, .route_size = sizeof(struct parley_route),                                          \
    .migration_size = sizeof(struct parley_migration), .name = (name_), .version = (version_), .host = (host_)
#define PARLEY_ROUTES(table)     .routes = (table), .routes_n = sizeof(table) / sizeof *(table)
#define PARLEY_MIGRATIONS(table) .migrations = (table), .migrations_n = sizeof(table) / sizeof *(table)
#define PARLEY_SUBSCRIBES(table) .subscribes = (table), .subscribes_n = sizeof(table) / sizeof *(table)

/* -------------------------------------------------------------------------------------------------- what the host gives ---- */

/* Call these as parley->name(...). `c` is the call at hand. Texts returned are borrowed until the callback returns. */
struct parley_host {
    uint32_t size;
    uint16_t abi_major, abi_minor;

    /* -- The call. added in 1.0 */
    parley_text (*path)(parley_call *c, const char *name);  /* what stood for {name} in the path */
    parley_text (*query)(parley_call *c, const char *name); /* ?name=, decoded; {NULL, 0} where absent */
    parley_text (*customer)(parley_call *c); /* the customer's or anonymous id; empty for staff without one */
    bool (*known)(parley_call *c);           /* that customer is known to the shop, not anonymous */
    bool (*staff)(parley_call *c);           /* it came by the staff's route */
    parley_text (*feature)(parley_call *c);  /* the feature's key */
    parley_text (*variant)(parley_call *c);  /* the shopper's variant of it */
    parley_json (*settings)(parley_call *c); /* that variant's settings, an object */
    parley_json (*body)(parley_call *c);     /* the request's body; bad JSON has been refused before the callback */
    int64_t (*now)(parley_call *c);          /* ms since 1970: the same all through a call */
    void *(*state)(parley_call *c);          /* what start() set */
    /* Fills `bytes` (the plugin's) from the one source of chance. */
    void (*random)(parley_call *c, void *bytes, size_t n);
    void *(*alloc)(parley_call *c, size_t n); /* zeroed memory that dies with the call; never NULL */

    /* -- Reading JSON. added in 1.0 */
    enum parley_kind (*kind)(parley_json value);
    parley_json (*get)(parley_json object, const char *key);
    /* Elements of an array in order: for (e = first(a); parley_is(e); e = after(a, e)) */
    parley_json (*first)(parley_json array);
    parley_json (*after)(parley_json array, parley_json element);
    size_t (*length)(parley_json value);    /* elements or members; 0 for anything else */
    parley_text (*text)(parley_json value); /* {NULL, 0} where it is no string */
    /* False, *out untouched, where it is no whole number of 64 bits; no number. */
    bool (*integer)(parley_json value, int64_t *out);
    bool (*number)(parley_json value, double *out);
    bool (*truth)(parley_json value);                         /* it is `true` */
    parley_json (*parse)(parley_call *c, parley_text source); /* `source` is copied; {NULL, 0} where it is no JSON */
    /* 0, or refuses with 400 and the name of the first member that is none of `names` (separated by blanks). */
    int (*only)(parley_call *c, parley_json object, const char *names);
    /* An ISO 8601 date-time with offset, or a date; false, *ms untouched, where it is none. */
    bool (*parse_time)(parley_text iso, int64_t *ms);

    /* -- Making JSON; see parley_object, parley_append, and "Shapes" below. added in 1.0 */
    parley_json (*object)(parley_call *c, const char *shape, const parley_value *values, size_t n);
    parley_json (*list)(parley_call *c); /* an empty array, to append to */
    void (*append)(parley_call *c, parley_json list, const char *shape, const parley_value *values, size_t n);
    /* A sentence in which each {} takes the next value. */
    const char *(*format)(parley_call *c, const char *sentence, const parley_value *values, size_t n);

    /* -- The plugin's own database; see parley_sql below. added in 1.0 */
    int (*sql)(parley_call *c, const char *statement, const parley_value *values, size_t n);
    int (*next)(parley_call *c); /* 1: the next row of the last statement; 0: no more; or negative */
    int64_t (*col)(parley_call *c, int column);
    double (*col_double)(parley_call *c, int column);
    parley_text (*col_text)(parley_call *c, int column); /* {NULL, 0} for NULL */

    /* -- Answers. added in 1.0. The last reply counts. */
    int (*reply)(parley_call *c, int status, const char *shape, const parley_value *values, size_t n);
    /* A problem (RFC 9457) with that sentence: what, where, how to mend it. Always PARLEY_REFUSED: `return parley->fail(...)`. */
    int (*fail)(parley_call *c, int status, const char *sentence);
    /* 400, and the place in the body: a JSON pointer (RFC 6901) such as "/options/0/key". Always PARLEY_REFUSED. */
    int (*invalid)(parley_call *c, const char *pointer, const char *sentence);

    /* -- Effects; 0 or negative (a PARLEY_READ route may have none). added in 1.0 */
    /* An event of the calling customer (for on_timer: of nobody, refused), in the journal and before every metric. */
    int (*track)(parley_call *c, const char *event, const char *shape, const parley_value *values, size_t n);
    /* An entry on the calling customer's timeline: its kind, a sentence people read, and `refs` by the shape. */
    int (*timeline)(parley_call *c, const char *kind, const char *body, const char *shape, const parley_value *values,
                    size_t n);
    /* on_timer(name) once, at `at_ms` or soon after; setting a name again moves it. */
    int (*timer)(parley_call *c, parley_text name, int64_t at_ms);

    /* A line in this plugin's log; never anything secret. added in 1.0 */
    void (*log)(parley_call *c, enum parley_level level, const char *sentence);

    /* -- The call, further. added in 1.1 */
    parley_text (*release)(parley_call *c); /* this release's version */
    /* An attribute of the context that the variant was decided by, such as "country"; {NULL, 0} where it was not said. What a browser
     * says of itself is no proof of anything. */
    parley_json (*attribute)(parley_call *c, const char *name);

    /* -- The customer. added in 1.1. Parley is asked, and the callback waits for the answer: half a second at most. `customer` {NULL, 0}
     * is the calling one; another one may be named in a staff's call, an event and a timer. {NULL, 0} where the answer cannot be had:
     * nobody is named, it is a shopper who asks about somebody else, at start, Parley is busy; the log says which. */
    /* {name: value ...}, as `identify` told them; {} for somebody unknown. */
    parley_json (*traits)(parley_call *c, parley_text customer);
    /* {purpose: true or false ...}: what the customer agreed to. */
    parley_json (*consent)(parley_call *c, parley_text customer);
    /* {items: [{id, at, channel, actor, kind, body, refs} ...], next}, newest first. `kinds`: names separated by blanks, NULL: all.
     * `before`: {NULL, 0}, or `next` of the page before, which is null on the last one. `limit`: 1 to 100. */
    parley_json (*entries)(parley_call *c, parley_text customer, const char *kinds, parley_text before, int limit);

    /* -- Metrics, in parleyd's /metrics within some seconds as parley_plugin_own_NAME{plugin="..."}. added in 1.1. `name`:
     * [a-z][a-z0-9_]*, at most 48 bytes; at most 32 names. They are no part of a transaction: what is undone was counted all the same. */
    void (*count)(parley_call *c, const char *name, int64_t n); /* n >= 0; ..._total */
    /* A histogram of seconds, bytes, whatever: buckets are powers of four from a millionth to 2^30. */
    void (*observe)(parley_call *c, const char *name, double value);

    /* -- Background work. added in 1.1. Calls `run` on the helper thread, once what this callback wrote is on the disk (never, where it is
     * undone), and then `done` on the plugin's thread; it may write. `input` is copied. `run` gets a call `w` with which it may read JSON,
     * make JSON, alloc, random, now, log, and SELECT on a connection of its own; it touches nothing that other callbacks use (state
     * is NULL there), and says what it found by parley_reply(w, 200, ...). `result` is that, {NULL, 0} where run returned a negative
     * number. One piece of work runs at a time, at most 16 wait, then this returns PARLEY_FAILED. Work does not survive the process:
     * a timer can begin it again. */
    int (*work)(parley_call *c, int (*run)(parley_call *w, parley_json input),
                int (*done)(parley_call *c, parley_json result), parley_json input);

    /* -- Other customers. added in 1.1 */
    /* May `customer` be told something by `feature` (its key)? Asked and answered as traits() is, under the same rules of who may ask about
     * whom. 1: yes, and a PARLEY_PUSH is counted as one. 0: no. Negative: the answer cannot be had, ask later; the log says why. */
    int (*may_tell)(parley_call *c, parley_text customer, parley_text feature, enum parley_contact kind);
    /* track() and timeline() for another customer than the calling one, from any writing callback. `known`: what parley->known() said of her.
     * Whoever tells somebody something asks may_tell() before. */
    int (*track_for)(parley_call *c, parley_text customer, bool known, const char *event, const char *shape,
                     const parley_value *values, size_t n);
    int (*timeline_for)(parley_call *c, parley_text customer, bool known, const char *kind, const char *body,
                        const char *shape, const parley_value *values, size_t n);

    /* -- Talking. added in 1.2 */
    /* Who of the staff calls: the name of their token; {NULL, 0} where nobody of the staff does. */
    parley_text (*agent)(parley_call *c);
    /* An effect, from any writing callback: whoever has a page open that listens reads that something happened here, once it is on the
     * disk: that customer's own pages by GET /v1/me/stream (event "note": {plugin, topic}), the staff's by GET /admin/v1/stream
     * ("plugin-note": {plugin, topic, customer}). It is a hint to ask again: nobody may be listening. `known` as for track_for().
     * topic: letters, digits and '-', at most 48. */
    int (*notify)(parley_call *c, parley_text customer, bool known, const char *topic);
    /* [id ...]: every id that `customer` is known under, anonymous ones that were joined to her too; the one that names her first. Asked as
     * traits() is, under the same rules. */
    parley_json (*ids)(parley_call *c, parley_text customer);
    /* [id ...]: customers whose id, e-mail, name, user name or phone is `word`, whatever the case; at most 20. Not in a shopper's call. */
    parley_json (*find)(parley_call *c, parley_text word);
    /* may_tell() by a channel ("web", "email" ...): "allowed", or why not: "muted", "opted-out", "channel-off", "no-consent", "cap-day",
     * "cap-week", "erased". {NULL, 0} where the answer cannot be had. */
    parley_text (*may_contact)(parley_call *c, parley_text customer, parley_text feature, enum parley_contact kind,
                               const char *channel);

    /* -- Whom a call is about. added in 1.2 */
    /* From here on this call is about that customer: she is parley->customer(c) and `known`, and what is tracked, put on a timeline or
     * notified is hers. For staff's calls, webhooks, events, timers and what follows from work; a shopper's call is about herself:
     * PARLEY_FAILED. */
    int (*concern)(parley_call *c, parley_text customer, bool known);

    /* -- Webhooks, and what a shop system tells. added in 1.2 */
    /* The request's body, byte by byte as it came; what a webhook sends may be anything: where it is no JSON, body() is {NULL, 0}. */
    parley_text (*source)(parley_call *c);
    /* A header of a webhook's request, of those that plugin.json names under "hooks"; {NULL, 0} where it was not sent. */
    parley_text (*header)(parley_call *c, const char *name);
    /* HMAC-SHA256 of `message` under the secret that the operator gave this plugin (plugins.NAME.secret), which no plugin ever sees.
     * False, `digest` untouched: it was given none. */
    bool (*hmac)(parley_call *c, parley_text message, unsigned char digest[32]);
    /* What is tracked and identified from here on is what the customer did in the shop at that time (not later than now), and counts as
     * her own doing, as if the shop's server had sent it. Like concern(), not in a shopper's call. */
    int (*happened)(parley_call *c, int64_t at_ms);
    /* An effect: traits of the customer that the call is about, an object. Like concern(), not in a shopper's call. */
    int (*identify)(parley_call *c, const char *shape, const parley_value *values, size_t n);
    /* An effect: everything of the customer that the call is about is erased, as by DELETE /v1/me; this plugin's forget_customer is
     * called on the way. Like concern(), not in a shopper's call. */
    int (*erase)(parley_call *c);
};

/* ------------------------------------------------------------------------------------------------------ how it is called ---- */

/* Defined once in the plugin: const struct parley_host *parley; */
extern const struct parley_host *parley __attribute__((visibility("hidden")));

/* Shapes. A string that looks like the JSON it makes; the host escapes what goes in.
 *   {id, voted}            a bare key takes the next value        -> {"id":"p1","voted":["a"]}
 *   {poll: {id, open: ?}}  so does a question mark                -> {"poll":{"id":"p1","open":true}}
 *   {items, next: null}    null, true, false and numbers stand for themselves
 *   [?, ?]    ?            arrays; a value alone
 * Values, at most 16: bool, integers, doubles, C strings, parley_text, parley_json, parley_time, NULL. */
#define parley_reply(c, status, /* shape, values */...) parley->reply((c), (status), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_object(c, /* shape, values */...)        parley->object((c), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_append(c, list, /* shape, values */...)  parley->append((c), (list), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_identify(c, /* shape, values */...)      parley->identify((c), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_track(c, event, /* shape, values */...)  parley->track((c), (event), PARLEY_ARGUMENTS(__VA_ARGS__))
/* Work with its input by a shape: parley_work(c, train, trained, "{from}", at) */
#define parley_work(c, run, done, /* shape, values */...)                                                              \
    parley->work((c), (run), (done), parley_object((c), __VA_ARGS__))
#define parley_timeline(c, kind, body, /* shape, values */...)                                                         \
    parley->timeline((c), (kind), (body), PARLEY_ARGUMENTS(__VA_ARGS__))

#define parley_track_for(c, customer, known, event, /* shape, values */...)                                            \
    parley->track_for((c), (customer), (known), (event), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_timeline_for(c, customer, known, kind, body, /* shape, values */...)                                    \
    parley->timeline_for((c), (customer), (known), (kind), (body), PARLEY_ARGUMENTS(__VA_ARGS__))

/* SQL with $1, $2 ... A statement that gives rows: 1 when there is a first one (read it with parley->col*), 0 when there is none.
 * Any other: the rows changed. Or negative. Texts of a row outlive it; the next parley_sql ends the rows of the one before. A
 * statement holds no BEGIN, COMMIT, SAVEPOINT, ATTACH or PRAGMA; tables named parley_* are the host's. */
#define parley_sql(c, /* statement, values */...) parley->sql((c), PARLEY_ARGUMENTS(__VA_ARGS__))

/* Sentences: {} takes the next value. parley_fail(c, 409, "poll {} is closed", id) */
#define parley_format(c, /* sentence, values */...)       parley->format((c), PARLEY_ARGUMENTS(__VA_ARGS__))
#define parley_fail(c, status, /* sentence, values */...) parley->fail((c), (status), parley_format((c), __VA_ARGS__))
#define parley_invalid(c, pointer, /* sentence, values */...)                                                          \
    parley->invalid((c), (pointer), parley_format((c), __VA_ARGS__))
#define parley_log(c, level, /* sentence, values */...) parley->log((c), (level), parley_format((c), __VA_ARGS__))

static inline bool parley_is(parley_json value) {
    return value.document;
}
/* A text that is there and has something in it. */
static inline bool parley_some(parley_text text) {
    return text.n > 0;
}
static inline bool parley_same(parley_text a, parley_text b) {
    return a.n == b.n && (a.n == 0 || __builtin_memcmp(a.at, b.at, a.n) == 0);
}
#define PARLEY_TEXT(literal) ((parley_text){"" literal, sizeof(literal) - 1})

/* ------------------------------------------------------------------------------- how arguments become values (no need to read) */

static inline parley_value parley_of_null(const void *nothing) {
    (void)nothing;
    return (parley_value){.kind = PARLEY_VALUE_NULL};
}
static inline parley_value parley_of_bool(bool value) {
    return (parley_value){.kind = PARLEY_VALUE_BOOL, .integer = value};
}
static inline parley_value parley_of_int(int64_t value) {
    return (parley_value){.kind = PARLEY_VALUE_INT, .integer = value};
}
static inline parley_value parley_of_double(double value) {
    return (parley_value){.kind = PARLEY_VALUE_DOUBLE, .number = value};
}
static inline parley_value parley_of_text(parley_text value) {
    return (parley_value){.kind = PARLEY_VALUE_TEXT, .text = value};
}
static inline parley_value parley_of_cstr(const char *value) {
    return parley_of_text((parley_text){value, value ? __builtin_strlen(value) : 0});
}
static inline parley_value parley_of_json(parley_json value) {
    return (parley_value){.kind = PARLEY_VALUE_JSON, .json = value};
}
static inline parley_value parley_of_time(parley_time value) {
    return (parley_value){.kind = PARLEY_VALUE_TIME, .integer = value.ms};
}
static inline parley_value parley_of_value(parley_value value) {
    return value;
}

/* Any other type does not compile. */
#define PARLEY_VALUE(x)                                                                                                \
    _Generic((x), bool: parley_of_bool, char: parley_of_int, signed char: parley_of_int, unsigned char: parley_of_int, \
        short: parley_of_int, unsigned short: parley_of_int, int: parley_of_int, unsigned: parley_of_int,              \
        long: parley_of_int, unsigned long: parley_of_int, long long: parley_of_int,                                   \
        unsigned long long: parley_of_int, float: parley_of_double, double: parley_of_double, char *: parley_of_cstr,  \
        const char *: parley_of_cstr, void *: parley_of_null, parley_text: parley_of_text,                             \
        parley_json: parley_of_json, parley_time: parley_of_time, parley_value: parley_of_value)(x)

/* clang-format off */
#define PARLEY_EACH_1(x)       PARLEY_VALUE(x)
#define PARLEY_EACH_2(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_1(__VA_ARGS__)
#define PARLEY_EACH_3(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_2(__VA_ARGS__)
#define PARLEY_EACH_4(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_3(__VA_ARGS__)
#define PARLEY_EACH_5(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_4(__VA_ARGS__)
#define PARLEY_EACH_6(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_5(__VA_ARGS__)
#define PARLEY_EACH_7(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_6(__VA_ARGS__)
#define PARLEY_EACH_8(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_7(__VA_ARGS__)
#define PARLEY_EACH_9(x, ...)  PARLEY_VALUE(x), PARLEY_EACH_8(__VA_ARGS__)
#define PARLEY_EACH_10(x, ...) PARLEY_VALUE(x), PARLEY_EACH_9(__VA_ARGS__)
#define PARLEY_EACH_11(x, ...) PARLEY_VALUE(x), PARLEY_EACH_10(__VA_ARGS__)
#define PARLEY_EACH_12(x, ...) PARLEY_VALUE(x), PARLEY_EACH_11(__VA_ARGS__)
#define PARLEY_EACH_13(x, ...) PARLEY_VALUE(x), PARLEY_EACH_12(__VA_ARGS__)
#define PARLEY_EACH_14(x, ...) PARLEY_VALUE(x), PARLEY_EACH_13(__VA_ARGS__)
#define PARLEY_EACH_15(x, ...) PARLEY_VALUE(x), PARLEY_EACH_14(__VA_ARGS__)
#define PARLEY_EACH_16(x, ...) PARLEY_VALUE(x), PARLEY_EACH_15(__VA_ARGS__)
#define PARLEY_EACH_17(x, ...) PARLEY_VALUE(x), PARLEY_EACH_16(__VA_ARGS__)
#define PARLEY_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, N, ...) PARLEY_EACH_##N
#define PARLEY_EACH(...)                                                                                               \
    PARLEY_PICK(__VA_ARGS__, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__)
/* clang-format on */
#define PARLEY_FIRST(first, ...) (first)
/* A shape, statement or sentence, its values, and how many. The array holds the constant too, so that it is never empty. */
#define PARLEY_ARGUMENTS(...)                                                                                          \
    PARLEY_FIRST(__VA_ARGS__, 0), (const parley_value[]){PARLEY_EACH(__VA_ARGS__)} + 1,                                \
        sizeof((const parley_value[]){PARLEY_EACH(__VA_ARGS__)}) / sizeof(parley_value) - 1

#endif
