/* The polls plugin's descriptor: its routes, its tables, its callbacks. */
#include "plugins/polls/polls.h"

const struct parley_host *parley;

static const struct parley_route routes[] = {
    {"GET", "/polls", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, poll_list},
    {"GET", "/polls/{id}", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, poll_get},
    {"PUT", "/polls/{id}/vote", PARLEY_WRITE, PARLEY_SHOPPER, vote_put},
    {"DELETE", "/polls/{id}/vote", PARLEY_WRITE, PARLEY_SHOPPER, vote_withdraw},
    {"POST", "/polls", PARLEY_WRITE, PARLEY_STAFF, poll_create},
    {"PATCH", "/polls/{id}", PARLEY_WRITE, PARLEY_STAFF, poll_change},
    {"GET", "/polls/{id}/results", PARLEY_READ, PARLEY_STAFF, results_for_staff},
#if POLLS_FRIENDS
    {"POST", "/polls/{id}/more", PARLEY_WRITE, PARLEY_SHOPPER, vote_more},
    {"GET", "/friends", PARLEY_READ, PARLEY_SHOPPER, friends_list},
    {"POST", "/friends", PARLEY_WRITE, PARLEY_SHOPPER, friends_create},
    {"GET", "/friends/{id}", PARLEY_READ, PARLEY_SHOPPER, friends_get},
    {"DELETE", "/friends/{id}", PARLEY_WRITE, PARLEY_SHOPPER, friends_remove},
    {"GET", "/share/{id}", PARLEY_READ, PARLEY_SHOPPER, friends_share},
    {"PUT", "/friends/{id}/vote", PARLEY_WRITE, PARLEY_SHOPPER, friends_vote},
#endif
};

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     "CREATE TABLE poll ("
     "  number INTEGER PRIMARY KEY,"
     "  id TEXT NOT NULL UNIQUE,"
     "  question TEXT NOT NULL,"
     "  options TEXT NOT NULL," /* JSON: [{key, label}] */
     "  kind TEXT NOT NULL CHECK (kind IN ('single', 'multiple')),"
     "  results TEXT NOT NULL CHECK (results IN ('always', 'on_vote', 'on_close', 'staff')),"
     "  close_at INTEGER," /* ms; NULL: never */
     "  about TEXT,"
     "  revision INTEGER NOT NULL DEFAULT 1,"
     "  created_at INTEGER NOT NULL);"
     "CREATE INDEX poll_about ON poll (about, number);"
     /* The log: rows are added and never changed, but that a voter's name is taken off when she asks to be forgotten. What counts is
      * the last row of each voter in each poll. `before` is the choice that this row replaces, so that a tally is the sum of the
      * choices less the sum of the replaced ones. */
     "CREATE TABLE vote ("
     "  number INTEGER PRIMARY KEY,"
     "  poll TEXT NOT NULL REFERENCES poll (id),"
     "  voter TEXT," /* NULL: forgotten */
     "  known INTEGER NOT NULL,"
     "  choice TEXT NOT NULL," /* '' : withdrawn */
     "  before TEXT NOT NULL,"
     "  before_known INTEGER NOT NULL,"
     "  feature TEXT NOT NULL,"
     "  variant TEXT NOT NULL,"
     "  at INTEGER NOT NULL);"
     "CREATE INDEX vote_of_poll ON vote (poll, number);"
     "CREATE INDEX vote_of_voter ON vote (voter, poll, number)"},
    /* All releases know this one: rights are theirs to keep, whichever is active. */
    {2, PARLEY_ADDITIVE,
     "CREATE TABLE friends_poll ("
     "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
     "  id TEXT NOT NULL UNIQUE,"
     "  owner TEXT NOT NULL,"
     "  question TEXT NOT NULL,"
     "  options TEXT NOT NULL," /* JSON: [label] */
     "  about TEXT,"
     "  close_at INTEGER NOT NULL,"
     "  created_at INTEGER NOT NULL);"
     "CREATE INDEX friends_poll_owner ON friends_poll (owner, number);"
     "CREATE INDEX friends_poll_created ON friends_poll (created_at);"
     "CREATE TABLE friends_vote ("
     "  poll INTEGER NOT NULL,"
     "  voter TEXT NOT NULL,"
     "  choice TEXT NOT NULL,"
     "  at INTEGER NOT NULL,"
     "  PRIMARY KEY (poll, voter)) WITHOUT ROWID;"
     "CREATE INDEX friends_vote_voter ON friends_vote (voter)"},
    {3, PARLEY_ADDITIVE,
     "ALTER TABLE vote ADD COLUMN said TEXT"}, /* JSON: [[name, value]] of the voter, for segments */
};

static int start(parley_call *c, void **state) {
    *state = tally_memory_new();
    return *state ? 0 : PARLEY_FAILED;
}

static void stop(void *state) {
    tally_memory_free(state);
}

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("polls", POLLS_VERSION, &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    .start = start,
    .stop = stop,
    .export_customer = rights_export,
    .forget_customer = rights_forget,
    .rolled_back = tally_memory_rolled_back,
};
