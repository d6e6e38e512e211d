/* Uses everything that ABI 1.0 has, by the header of that day. It is built by tests/abi/meson.build and never changed: whatever it does
 * here, it does on every later Parley. */
#include <parley/plugin.h>

const struct parley_host *parley;

struct memory {
    int64_t notes;
    char greeting[32];
};

static int put(parley_call *c) {
    struct memory *memory = parley->state(c);
    parley_json body = parley->body(c), tags = parley->list(c);
    int64_t at = parley->now(c), max = 0;
    unsigned char chance[4] = {0};
    if (parley->only(c, body, "body tags at") < 0) return PARLEY_REFUSED;
    if (parley->kind(body) != PARLEY_OBJECT) return parley_invalid(c, "", "the body is an object, not {}", 0);
    parley->parse_time(parley->text(parley->get(body, "at")), &at);
    for (parley_json e = parley->first(parley->get(body, "tags")); parley_is(e);
         e = parley->after(parley->get(body, "tags"), e))
        parley_append(c, tags, "?", e);
    parley->integer(parley->get(parley->settings(c), "max"), &max);
    parley->random(c, chance, sizeof chance);
    char *copy = parley->alloc(c, 8);
    copy[0] = 'x';
    int rc = parley_sql(c, "INSERT INTO note (id, body, customer) VALUES ($1, $2, $3)", parley->path(c, "id"),
                        parley->text(parley->get(body, "body")), parley->customer(c));
    if (rc == PARLEY_CONFLICT) return parley_fail(c, 409, "there is a note {} already", parley->path(c, "id"));
    if (rc < 0) return rc;
    memory->notes++;
    rc = parley_track(c, "Note Written", "{id}", parley->path(c, "id"));
    if (rc >= 0) rc = parley_timeline(c, "note", "Wrote a note", "{id}", parley->path(c, "id"));
    if (rc >= 0) rc = parley->timer(c, PARLEY_TEXT("remind"), parley->now(c) + 1000);
    if (rc < 0) return rc;
    parley_log(c, PARLEY_INFO, "{} notes", memory->notes);
    return parley_reply(c, 201, "{id, body, mood, tags, greeting, max, who, known, at, notes}", parley->path(c, "id"),
                        parley->get(body, "body"), parley->query(c, "mood"), tags, (const char *)memory->greeting, max,
                        parley->customer(c), parley->known(c), (parley_time){at}, memory->notes);
}

static int list(parley_call *c) {
    parley_json items = parley->list(c);
    int rc = parley_sql(c, "SELECT id, body FROM note ORDER BY id");
    for (; rc == 1; rc = parley->next(c))
        parley_append(c, items, "{id, body}", parley->col_text(c, 0), parley->col_text(c, 1));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "?", parley_object(c, "{items, staff}", items, parley->staff(c)));
}

static int on_timer(parley_call *c, parley_text name) {
    int rc = parley_sql(c, "INSERT INTO note (id, body, customer) VALUES ('by timer', $1, '')", name);
    return rc < 0 ? rc : 0;
}

static int on_event(parley_call *c, parley_json event) {
    parley_text id = parley->text(parley->get(parley->get(event, "properties"), "order_id"));
    int rc =
        parley_sql(c, "INSERT INTO note (id, body, customer) VALUES ($1, 'by event', $2)", id, parley->customer(c));
    return rc < 0 ? rc : 0;
}

static int start(parley_call *c, void **state) {
    static struct memory memory;
    memory = (struct memory){0};
    *state = &memory;
    return 0;
}
static void stop(void *state) {
    ((struct memory *)state)->notes = 0;
}
static int configure(parley_call *c, parley_json settings) {
    struct memory *memory = parley->state(c);
    parley_text greeting = parley->text(parley->get(settings, "greeting"));
    for (size_t i = 0; i < greeting.n && i < sizeof memory->greeting - 1; i++) memory->greeting[i] = greeting.at[i];
    return 0;
}
static int health(parley_call *c) {
    return parley_sql(c, "SELECT count(*) FROM note") == 1 ? 0 : PARLEY_FAILED;
}
static int migrate(parley_call *c, int from, int to) {
    return from == 0 && to == 2 ? 0 : PARLEY_FAILED;
}
static void rolled_back(void *state) {
    ((struct memory *)state)->notes = -1;
}
static int export_customer(parley_call *c, parley_text customer) {
    int rc = parley_sql(c, "SELECT count(*) FROM note WHERE customer = $1", customer);
    return rc < 0 ? rc : parley_reply(c, 200, "{notes}", parley->col(c, 0));
}
static int forget_customer(parley_call *c, parley_text customer) {
    int rc = parley_sql(c, "DELETE FROM note WHERE customer = $1", customer);
    return rc < 0 ? rc : 0;
}

static const struct parley_route routes[] = {
    {"PUT", "/notes/{id}", PARLEY_WRITE, PARLEY_SHOPPER, put},
    {"GET", "/notes", PARLEY_READ, PARLEY_SHOPPER | PARLEY_STAFF, list},
};
static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE, "CREATE TABLE note (id TEXT PRIMARY KEY, body TEXT)"},
    {2, PARLEY_BREAKING, "ALTER TABLE note ADD COLUMN customer TEXT NOT NULL DEFAULT ''"},
};
static const char *const events[] = {"Order Completed"};

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("abi", "1.0.0", &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    PARLEY_SUBSCRIBES(events),
    .start = start,
    .stop = stop,
    .configure = configure,
    .on_event = on_event,
    .on_timer = on_timer,
    .health = health,
    .export_customer = export_customer,
    .forget_customer = forget_customer,
    .migrate = migrate,
    .rolled_back = rolled_back,
};
