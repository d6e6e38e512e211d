/* @TITLE@: greets a shopper and counts how often. <parley/plugin.h> says what every call does. */
#include <parley/plugin.h>

const struct parley_host *parley; /* filled by the host before it calls anything */

/* POST /greetings {"mood"?}: one more from this shopper. */
static int greet(parley_call *c) {
    parley_text mood = parley->text(parley->get(parley->body(c), "mood"));
    if (parley->only(c, parley->body(c), "mood") < 0) return PARLEY_REFUSED;
    if (mood.n > 20) return parley_invalid(c, "/mood", "a mood has 20 bytes at most, not {}", mood.n);
    int rc = parley_sql(c,
                        "INSERT INTO greeting (customer, count, last) VALUES ($1, 1, $2)"
                        " ON CONFLICT (customer) DO UPDATE SET count = count + 1, last = $2 RETURNING count",
                        parley->customer(c), parley->now(c));
    if (rc < 0) return rc;
    int64_t count = parley->col(c, 0);
    if (count == 1) parley_log(c, PARLEY_INFO, "somebody new says hello");
    rc = parley_track(c, "Greeted", "{count, mood}", count, mood);
    if (rc < 0) return rc;
    parley_text words = parley->text(parley->get(parley->settings(c), "words"));
    return parley_reply(c, 200, "{words, count}", parley_some(words) ? words : PARLEY_TEXT("Hello"), count);
}

/* GET /greetings (the shopper's own) and GET /greetings/{customer} (the staff's look at anybody's). */
static int look(parley_call *c) {
    parley_text who = parley->staff(c) ? parley->path(c, "customer") : parley->customer(c);
    int rc = parley_sql(c, "SELECT count, last FROM greeting WHERE customer = $1", who);
    if (rc < 0) return rc;
    if (rc == 0) return parley_fail(c, 404, "{} has not said hello yet", who);
    return parley_reply(c, 200, "{count, last}", parley->col(c, 0), (parley_time){parley->col(c, 1)});
}

static int export_customer(parley_call *c, parley_text customer) {
    int rc = parley_sql(c, "SELECT count, last FROM greeting WHERE customer = $1", customer);
    if (rc < 0) return rc;
    if (rc == 0) return parley_reply(c, 200, "{}");
    return parley_reply(c, 200, "{count, last}", parley->col(c, 0), (parley_time){parley->col(c, 1)});
}

static int forget_customer(parley_call *c, parley_text customer) {
    int rc = parley_sql(c, "DELETE FROM greeting WHERE customer = $1", customer);
    return rc < 0 ? rc : 0;
}

static const struct parley_route routes[] = {
    {"POST", "/greetings", PARLEY_WRITE, PARLEY_SHOPPER, greet},
    {"GET", "/greetings", PARLEY_READ, PARLEY_SHOPPER, look},
    {"GET", "/greetings/{customer}", PARLEY_READ, PARLEY_STAFF, look},
};

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     "CREATE TABLE greeting (customer TEXT PRIMARY KEY, count INTEGER NOT NULL, last INTEGER NOT NULL)"},
};

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("@NAME@", "1.0.0", &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    .export_customer = export_customer,
    .forget_customer = forget_customer,
};
