/* The conversations plugin's descriptor: its routes, its tables, its callbacks. */
#include "plugins/conversations/conversations.h"

const struct parley_host *parley;

static const struct parley_route routes[] = {
    {"GET", "/messages", PARLEY_READ, PARLEY_SHOPPER, my_messages},
    {"POST", "/messages", PARLEY_WRITE, PARLEY_SHOPPER, my_message},
    {"PUT", "/messages/{id}/thanks", PARLEY_WRITE, PARLEY_SHOPPER, my_thanks},
    {"PUT", "/seen", PARLEY_WRITE, PARLEY_SHOPPER, my_seen},
    {"GET", "/inbox", PARLEY_READ, PARLEY_STAFF, threads_inbox},
    {"GET", "/agents", PARLEY_READ, PARLEY_STAFF, staff_agents},
    {"GET", "/threads/{customer}", PARLEY_READ, PARLEY_STAFF, staff_thread},
    {"POST", "/threads/{customer}/reply", PARLEY_WRITE, PARLEY_STAFF, staff_reply},
    {"POST", "/threads/{customer}/push", PARLEY_WRITE, PARLEY_STAFF, staff_push},
    {"POST", "/threads/{customer}/notes", PARLEY_WRITE, PARLEY_STAFF, staff_note},
    {"PUT", "/threads/{customer}/assignee", PARLEY_WRITE, PARLEY_STAFF, staff_assign},
    {"PUT", "/threads/{customer}/status", PARLEY_WRITE, PARLEY_STAFF, staff_status},
    {"PUT", "/threads/{customer}/seen", PARLEY_WRITE, PARLEY_STAFF, staff_seen},
    {"PUT", "/threads/{customer}/complaint", PARLEY_WRITE, PARLEY_STAFF, staff_complaint},
    {"PUT", "/threads/{customer}/facts/{name}", PARLEY_WRITE, PARLEY_STAFF, fact_put},
    {"DELETE", "/threads/{customer}/facts/{name}", PARLEY_WRITE, PARLEY_STAFF, fact_remove},
    {"POST", "/inbound", PARLEY_WRITE, PARLEY_STAFF, channel_inbound},
    {"GET", "/outbound", PARLEY_READ, PARLEY_STAFF, channel_outbound},
    {"PUT", "/outbound/{id}", PARLEY_WRITE, PARLEY_STAFF, delivery_put},
    {"POST", "/inbound", PARLEY_WRITE, PARLEY_HOOK, hook_inbound},
    {"POST", "/deliveries", PARLEY_WRITE, PARLEY_HOOK, hook_delivered},
};

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     "CREATE TABLE thread ("
     "  number INTEGER PRIMARY KEY,"
     "  customer TEXT NOT NULL UNIQUE,"
     "  known INTEGER NOT NULL,"
     "  status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'closed', 'snoozed')),"
     "  assignee TEXT,"
     "  name TEXT,"
     "  waiting_since INTEGER," /* ms: of her oldest message that nobody has answered */
     "  snoozed_until INTEGER,"
     "  last_at INTEGER NOT NULL,"
     "  order_at INTEGER,"
     "  seen_by_customer INTEGER NOT NULL DEFAULT 0,"
     "  seen_by_staff INTEGER NOT NULL DEFAULT 0,"
     "  settings TEXT NOT NULL DEFAULT '{}',"
     "  feature TEXT,"            /* that she last wrote through */
     "  place INTEGER NOT NULL);" /* in the queue: who waits longest, then who spoke last */
     "CREATE INDEX thread_place ON thread (place, number);"
     "CREATE INDEX thread_snoozed ON thread (snoozed_until) WHERE status = 'snoozed';"
     "CREATE TABLE member (customer TEXT PRIMARY KEY, thread INTEGER NOT NULL REFERENCES thread (number));"
     "CREATE INDEX member_thread ON member (thread);"
     "CREATE TABLE message ("
     "  number INTEGER PRIMARY KEY AUTOINCREMENT," /* a number that somebody has seen is never another message's */
     "  thread INTEGER NOT NULL REFERENCES thread (number),"
     "  customer TEXT NOT NULL,"
     "  known INTEGER NOT NULL,"
     "  author TEXT NOT NULL CHECK (author IN ('customer', 'agent', 'note')),"
     "  by TEXT NOT NULL,"
     "  body TEXT NOT NULL,"
     "  channel TEXT NOT NULL,"
     "  in_reply_to INTEGER,"
     "  about_kind TEXT,"
     "  about_ref TEXT,"
     "  external TEXT UNIQUE," /* what the sender calls it: the same again is no new message */
     "  at INTEGER NOT NULL,"
     "  due_at INTEGER NOT NULL," /* nobody has answered by then: unanswered */
     "  answered_at INTEGER,"
     "  answered_by TEXT,"
     "  overdue INTEGER NOT NULL DEFAULT 0," /* counted as unanswered */
     "  canned INTEGER NOT NULL DEFAULT 0,"
     "  thanked INTEGER NOT NULL DEFAULT 0,"
     "  complaint INTEGER NOT NULL DEFAULT 0);"
     "CREATE INDEX message_thread ON message (thread, number);"
     "CREATE INDEX message_customer ON message (customer, number);"
     "CREATE INDEX message_agent ON message (at) WHERE author = 'agent';"
     "CREATE INDEX message_unanswered ON message (due_at)"
     "  WHERE author = 'customer' AND answered_at IS NULL AND overdue = 0;"
     "CREATE TABLE likeness (hash INTEGER NOT NULL, band INTEGER NOT NULL, reply INTEGER NOT NULL,"
     "  PRIMARY KEY (hash, band, reply)) WITHOUT ROWID;"
     "CREATE INDEX likeness_reply ON likeness (reply);"
     "CREATE TABLE outbound ("
     "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
     "  message INTEGER NOT NULL,"
     "  address TEXT NOT NULL,"
     "  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'delivered', 'failed', 'bounced')),"
     "  detail TEXT,"
     "  at INTEGER NOT NULL);"
     "CREATE INDEX outbound_state ON outbound (state, number);"
     "CREATE INDEX outbound_message ON outbound (message);"
     "CREATE TABLE fact ("
     "  thread INTEGER NOT NULL REFERENCES thread (number),"
     "  name TEXT NOT NULL,"
     "  value TEXT NOT NULL,"
     "  by TEXT NOT NULL,"
     "  at INTEGER NOT NULL,"
     "  PRIMARY KEY (thread, name))"},
    {2, PARLEY_ADDITIVE,
     "ALTER TABLE message ADD COLUMN answer INTEGER;"  /* of hers: the reply that answered it */
     "ALTER TABLE message ADD COLUMN waited INTEGER"}, /* of a reply: ms that she had waited, where it ended that */
};

/* An order is on the agent's screen before the next reply. */
static const char *const events[] = {"Order Completed", "Order Cancelled", "Order Refunded"};

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("conversations", CONVERSATIONS_VERSION, &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    PARLEY_SUBSCRIBES(events),
    .on_event = on_order,
    .on_timer = sweep,
    .export_customer = rights_export,
    .forget_customer = rights_forget,
};
