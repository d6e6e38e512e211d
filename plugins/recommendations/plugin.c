/* The descriptor: routes, tables, callbacks. */
#include <stdlib.h>

#include "plugins/recommendations/recommendations.h"

const struct parley_host *parley;

static const struct parley_route routes[] = {
    {"GET", "/recommend", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, serve_recommend},
    {"POST", "/session", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, serve_session},
    {"GET", "/items/{sku}/similar", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, serve_similar},
    {"GET", "/items/{sku}/ensemble", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, serve_ensemble},
    {"POST", "/catalogue", PARLEY_WRITE, PARLEY_STAFF, catalogue_import},
    {"GET", "/catalogue", PARLEY_READ, PARLEY_STAFF, catalogue_list},
    {"DELETE", "/catalogue/{sku}", PARLEY_WRITE, PARLEY_STAFF, catalogue_remove},
    {"POST", "/retrain", PARLEY_WRITE, PARLEY_STAFF, staff_retrain},
    {"GET", "/model", PARLEY_READ, PARLEY_STAFF, staff_model},
    {"POST", "/evaluation", PARLEY_WRITE, PARLEY_STAFF, staff_evaluate},
    {"GET", "/evaluation", PARLEY_READ, PARLEY_STAFF, staff_evaluation},
};

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     /* One row. catalogue: grows with every change of `item`; listed: something was imported; model: whose pieces are whole. */
     "CREATE TABLE state ("
     "  catalogue INTEGER NOT NULL,"
     "  listed INTEGER NOT NULL,"
     "  lambda REAL NOT NULL,"
     "  keep INTEGER NOT NULL,"
     "  model INTEGER,"
     "  evaluation TEXT);"
     "INSERT INTO state VALUES (0, 0, 300, 256, NULL, NULL);"
     "CREATE TABLE item ("
     "  id INTEGER PRIMARY KEY,"
     "  sku TEXT NOT NULL UNIQUE,"
     "  title TEXT, category TEXT, url TEXT, image TEXT, price REAL, currency TEXT,"
     "  available INTEGER NOT NULL DEFAULT 1,"
     "  listed INTEGER NOT NULL DEFAULT 0);" /* by the staff; else an event named it */
     "CREATE INDEX item_of_category ON item (category);"
     "CREATE TABLE person (id INTEGER PRIMARY KEY, customer TEXT NOT NULL UNIQUE);"
     /* What somebody looked at or bought, since when. */
     "CREATE TABLE has ("
     "  person INTEGER NOT NULL, item INTEGER NOT NULL, at INTEGER NOT NULL, bought INTEGER NOT NULL,"
     "  PRIMARY KEY (person, item)) WITHOUT ROWID;"
     /* A visit ends after half an hour without a look. place: of the look in the journal. */
     "CREATE TABLE visit (id INTEGER PRIMARY KEY, person INTEGER NOT NULL, last INTEGER NOT NULL);"
     "CREATE INDEX visit_of_person ON visit (person, id);"
     "CREATE TABLE look ("
     "  visit INTEGER NOT NULL, item INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (visit, item)) WITHOUT "
     "ROWID;"
     "CREATE TABLE purchase ("
     "  id INTEGER PRIMARY KEY, person INTEGER NOT NULL, reference TEXT NOT NULL, at INTEGER NOT NULL,"
     "  UNIQUE (person, reference));"
     "CREATE TABLE line (purchase INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (purchase, item)) WITHOUT ROWID;"
     "CREATE TABLE piece ("
     "  model INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (model, number)) WITHOUT "
     "ROWID"},
};

static const char *const subscribes[] = {"Product Viewed", "Product Clicked", "Product Added",
                                         "Product Added to Wishlist", "Order Completed"};

/* The stored model serves at once; where there is none but rows, a new one is trained soon. */
static int start(parley_call *c, void **state) {
    struct memory *memory = calloc(1, sizeof *memory);
    if (!memory) return PARLEY_FAILED;
    *state = memory;
    memory->model = store_load(c);
    memory->stored = memory->model != NULL;
    if (memory->model) return 0;
    int rc = parley_sql(c, "SELECT 1 FROM has LIMIT 1");
    return rc > 0 ? train_soon(c, memory) : rc;
}

static void stop(void *state) {
    struct memory *memory = state;
    if (!memory) return;
    trained_free(atomic_exchange(&memory->trained, NULL)); /* what the helper made, and nobody will ask for */
    store_drop(memory);
    model_free(memory->model);
    free(memory->hidden);
    free(memory);
}

/* The timer may have been set in the write that is undone: it is set again. */
static void rolled_back(void *state) {
    struct memory *memory = state;
    memory->due = false;
}

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("recommendations", "1.0.0", &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    PARLEY_SUBSCRIBES(subscribes),
    .start = start,
    .stop = stop,
    .on_event = learn_event,
    .on_timer = train_on_timer,
    .export_customer = rights_export,
    .forget_customer = rights_forget,
    .rolled_back = rolled_back,
    .history = PARLEY_FROM_START,
};
