/* Tests a plugin without a server: the plugin runs in the test's own process, on the very runtime that parley-worker has, with a real
 * database in a temporary folder. Any test framework will do, or none:
 *
 *     #include <assert.h>
 *     #include <parley/test.h>
 *
 *     int main(void) {
 *         parley_test *t = parley_test_start(&(struct parley_test_options){.library = "hello/hello.so"});
 *         parley_test_as(t, "anna");
 *         assert(parley_test_call(t, "POST", "/greetings", "{\"mood\":\"sunny\"}") == 200);
 *         assert(parley_test_says(t, "/count", "1"));
 *         assert(parley_test_tracked(t, "Greeted") == 1);
 *         parley_test_stop(t);
 *     }
 *
 *     cc hello_test.c $(pkg-config --cflags --libs $PARLEY/build/parley-test.pc) -o hello-test
 *
 * Everything happens on the test's thread and is over when a function returns: a breakpoint in a handler, a sanitizer and an assertion
 * work as in any program. Background work has been done, too. What differs from a worker: each writing call is a transaction of its own; a crash ends the test; static
 * variables of the plugin outlive parley_test_restart; there is no sandbox.
 *
 * Strings returned are NUL-terminated and the host's; each says how long it lives. A misuse (a NULL where none may be, JSON that is
 * none) ends the process with a sentence. */
#ifndef PARLEY_TEST_H
#define PARLEY_TEST_H

#include <parley/plugin.h>

typedef struct parley_test parley_test;

/* One of the first two. Zero is the default. All is copied. */
struct parley_test_options {
    const char *library; /* path of the shared object ... */
    const struct parley_plugin
        *plugin;          /* ... or the descriptor, where the plugin is linked into the test: &parley_plugin_v1 */
    const char *settings; /* the plugin's own, for configure(); JSON ["{}"] */
    const char *time;     /* the clock at the start, ISO 8601 ["2026-01-01T12:00:00Z"]; it stands still until moved */
    const char *folder;   /* of the database, kept afterwards; NULL: a temporary one, removed at the end */
    const char *secret;   /* what hmac() signs with; NULL: none */
};

/* ---- from start to stop ---- */

/* Loads, migrates, starts, configures, asks health(). Never NULL: where the plugin does not start, parley_test_why says so, and
 * whatever is asked of it then ends the process with that sentence. */
parley_test *parley_test_start(const struct parley_test_options *options);
/* The sentence that a manager would read; NULL where it runs. Until the next restart. */
const char *parley_test_why(parley_test *t);
/* Stops and starts again on the same data: what was committed is there, memory is not. With `options` another release, or other
 * settings, take over (folder and time are ignored); NULL: the same. */
void parley_test_restart(parley_test *t, const struct parley_test_options *options);
/* Other settings while it runs. Returns the status: 204, or what configure() refused them with (parley_test_body says why). */
int parley_test_configure(parley_test *t, const char *settings);
void parley_test_stop(parley_test *t);

/* ---- who calls, and what stands around the call; from then on. At first: the known customer "customer", nothing else ---- */

void parley_test_as(parley_test *t, const char *customer); /* known to the shop */
void parley_test_as_anonymous(parley_test *t, const char *visitor);
void parley_test_as_staff(parley_test *t); /* by the staff's routes, without a customer; named "staff" */
void parley_test_as_agent(parley_test *t, const char *name); /* the same under another name */
/* The feature and the variant through which the shopper comes, and that variant's settings (JSON; NULL: {}). */
void parley_test_variant(parley_test *t, const char *feature, const char *variant, const char *settings);

/* Attributes of the context that the variant was decided by; a JSON object. */
void parley_test_context(parley_test *t, const char *context);

/* ---- what Parley answers when the plugin asks; JSON objects, {} at first. Its timeline is what the plugin put there ---- */

void parley_test_traits(parley_test *t, const char *customer, const char *traits);
void parley_test_consent(parley_test *t, const char *customer, const char *consent);
/* Whether may_tell() says yes to a PARLEY_PUSH; at first it does. Answers are always allowed. */
void parley_test_pushes(parley_test *t, const char *customer, bool allowed);
/* `other` is an id of `customer` from now on; she can be found. */
void parley_test_join(parley_test *t, const char *customer, const char *other);
/* What may_contact answers about her from now on: "allowed" at first, "channel-off" ... */
void parley_test_may_contact(parley_test *t, const char *customer, const char *answer);

/* ---- calls and their answers ---- */

/* `path` as the plugin's routes have it, "?query" behind it; `body` JSON or NULL. Returns the status. */
int parley_test_call(parley_test *t, const char *method, const char *path, const char *body);
/* A webhook from outside: `headers` as {"x-signature": "..."}, names in lower case; `body` any text. Returns the status. */
int parley_test_hook(parley_test *t, const char *path, const char *headers, const char *body);
const char *parley_test_body(parley_test *t); /* of the last answer, "" where it has none; until the next call */
/* The value at a JSON pointer (RFC 6901) in the last answer, as JSON text: "12", "\"Moin\"", "[1,2]"; NULL where there is none. Until
 * the test stops. */
const char *parley_test_at(parley_test *t, const char *pointer);
/* The same of any JSON. */
const char *parley_test_json(parley_test *t, const char *json, const char *pointer);
/* The value there is `expected`, written as JSON without blanks. Where not, says on stderr what it is. */
bool parley_test_says(parley_test *t, const char *pointer, const char *expected);

/* ---- time and events ---- */

int64_t parley_test_now(parley_test *t);
/* Moves the clock; timers that come due fire on the way, each at its own time. */
void parley_test_wait(parley_test *t, int64_t ms);
void parley_test_wait_until(parley_test *t, const char *time); /* ISO 8601 */
/* An event of a known customer, as it would come from the journal. True where on_event took it; false where it refused, or the plugin
 * does not subscribe to that name. */
bool parley_test_event(parley_test *t, const char *event, const char *customer, const char *properties);
/* The same, told with a browser's public token. */
bool parley_test_browser_event(parley_test *t, const char *event, const char *customer, const char *properties);

/* ---- what the plugin caused. Indices count from 0, the oldest; what a call that failed caused is not there ---- */

/* How many events of that name (NULL: of all) it tracked; the properties of one, as JSON text, NULL where there is none. */
size_t parley_test_tracked(parley_test *t, const char *event);
const char *parley_test_properties(parley_test *t, const char *event, size_t i); /* until the test stops */
/* Effects of that kind ("track", "timeline", "identify", "erase"; NULL: all): how many; one of them as Parley gets it, {kind, customer,
 * known, at, ...}, until the test stops. */
size_t parley_test_effects(parley_test *t, const char *kind);
const char *parley_test_effect(parley_test *t, const char *kind, size_t i);
/* How many entries of that kind (NULL: of all) it put on timelines; one of them: {customer, kind, body, refs}. */
size_t parley_test_entries(parley_test *t, const char *kind);
const char *parley_test_entry(parley_test *t, const char *kind, size_t i); /* until the test stops */
/* How many notes of that topic (NULL: of all) it sent; whom one was about, until the test stops. */
size_t parley_test_notified(parley_test *t, const char *topic);
const char *parley_test_note(parley_test *t, const char *topic, size_t i);
/* What it counted under a name since the start; how often it observed something, and the sum (`sum` may be NULL). */
int64_t parley_test_counted(parley_test *t, const char *name);
size_t parley_test_observed(parley_test *t, const char *name, double *sum);
/* What it logged, a line each; until the next call. */
const char *parley_test_logs(parley_test *t);

/* ---- a customer's rights ---- */

/* What export_customer answers, as JSON text (a problem where it fails); until the next call. */
const char *parley_test_export(parley_test *t, const char *customer);
/* 0, or negative where forget_customer failed. */
int parley_test_forget(parley_test *t, const char *customer);

#endif
