/* The qa plugin's descriptor: its routes, its tables, its callbacks. */
#include "plugins/qa/qa.h"

const struct parley_host *parley;

enum { BOTH = PARLEY_SHOPPER | PARLEY_STAFF };

static const struct parley_route routes[] = {
    {"GET", "/products/{sku}/questions", PARLEY_READ, BOTH, list_of_product},
    {"GET", "/products/{sku}/similar", PARLEY_READ, BOTH, list_similar},
    {"GET", "/questions", PARLEY_READ, BOTH, list_questions},
    {"POST", "/questions", PARLEY_WRITE, PARLEY_SHOPPER, ask_question},
    {"GET", "/questions/{id}", PARLEY_READ, BOTH, list_one},
    {"DELETE", "/questions/{id}", PARLEY_WRITE, PARLEY_SHOPPER, ask_withdraw},
    {"PUT", "/questions/{id}/follow", PARLEY_WRITE, PARLEY_SHOPPER, ask_follow},
    {"DELETE", "/questions/{id}/follow", PARLEY_WRITE, PARLEY_SHOPPER, ask_unfollow},
    {"PUT", "/questions/{id}/accepted", PARLEY_WRITE, PARLEY_SHOPPER, ask_accept},
    {"POST", "/questions/{id}/skip", PARLEY_WRITE, PARLEY_SHOPPER, route_skip},
    {"GET", "/questions/{id}/answers", PARLEY_READ, BOTH, list_answers},
    {"POST", "/questions/{id}/answers", PARLEY_WRITE, BOTH, answer_question},
    {"DELETE", "/answers/{id}", PARLEY_WRITE, PARLEY_SHOPPER, answer_withdraw},
    {"PUT", "/answers/{id}/helpful", PARLEY_WRITE, PARLEY_SHOPPER, answer_helpful},
    {"DELETE", "/answers/{id}/helpful", PARLEY_WRITE, PARLEY_SHOPPER, answer_unhelpful},
    {"GET", "/asks", PARLEY_READ, PARLEY_SHOPPER, list_asks},
    {"POST", "/questions/{question}/report", PARLEY_WRITE, PARLEY_SHOPPER, moderate_report},
    {"POST", "/answers/{answer}/report", PARLEY_WRITE, PARLEY_SHOPPER, moderate_report},
    {"POST", "/questions/{question}/appeal", PARLEY_WRITE, PARLEY_SHOPPER, moderate_appeal},
    {"POST", "/answers/{answer}/appeal", PARLEY_WRITE, PARLEY_SHOPPER, moderate_appeal},
    {"POST", "/catalogue", PARLEY_WRITE, PARLEY_STAFF, catalogue_take},
    {"GET", "/queue", PARLEY_READ, PARLEY_STAFF, moderate_queue},
    {"GET", "/log", PARLEY_READ, PARLEY_STAFF, moderate_log},
    {"POST", "/questions/{question}/publish", PARLEY_WRITE, PARLEY_STAFF, moderate_publish},
    {"POST", "/answers/{answer}/publish", PARLEY_WRITE, PARLEY_STAFF, moderate_publish},
    {"POST", "/questions/{question}/hide", PARLEY_WRITE, PARLEY_STAFF, moderate_hide},
    {"POST", "/answers/{answer}/hide", PARLEY_WRITE, PARLEY_STAFF, moderate_hide},
};

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     /* A question, or (where `question` is set) an answer to it. author NULL: the retailer, or somebody forgotten. */
     "CREATE TABLE post ("
     "  number INTEGER PRIMARY KEY,"
     "  id TEXT NOT NULL UNIQUE,"
     "  question INTEGER REFERENCES post (number),"
     "  author TEXT,"
     "  known INTEGER NOT NULL,"
     "  retailer INTEGER," /* 1 or NULL */
     "  name TEXT,"        /* as she wants to be called */
     "  body TEXT NOT NULL,"
     "  feature TEXT NOT NULL," /* by which it was written; '' by staff */
     "  state TEXT NOT NULL CHECK (state IN ('pending', 'public', 'hidden', 'withdrawn')),"
     "  reason TEXT,"
     "  why TEXT CHECK (why IN ('pending', 'new', 'edited', 'reported', 'appealed')),"
     "  queued_at INTEGER," /* NULL: not in the queue */
     "  appeal TEXT,"
     "  told INTEGER NOT NULL DEFAULT 0,"   /* an answer's followers were told */
     "  helped INTEGER NOT NULL DEFAULT 0," /* the number of people its author was told last */
     "  at INTEGER NOT NULL,"
     "  edited_at INTEGER);"
     "CREATE UNIQUE INDEX post_once ON post (question, author);"
     "CREATE UNIQUE INDEX post_retailer ON post (question, retailer);"
     "CREATE INDEX post_author ON post (author, at);"
     "CREATE INDEX post_queue ON post (queued_at, number);"
     /* What a question has beside its post; how it is routed comes from the settings of the variant by which it was asked. */
     "CREATE TABLE question ("
     "  number INTEGER PRIMARY KEY REFERENCES post (number),"
     "  sku TEXT NOT NULL,"
     "  same TEXT," /* its words; NULL: withdrawn */
     "  words INTEGER NOT NULL DEFAULT 0,"
     "  accepted INTEGER REFERENCES post (number),"
     "  buyers INTEGER NOT NULL,"
     "  quiet_days INTEGER NOT NULL,"
     "  again_hours INTEGER NOT NULL,"
     "  asked_most INTEGER NOT NULL,"
     "  bought_days INTEGER NOT NULL,"
     "  trust INTEGER NOT NULL,"
     "  route_at INTEGER);" /* NULL: it goes to nobody */
     "CREATE UNIQUE INDEX question_same ON question (sku, same);"
     "CREATE INDEX question_of_product ON question (sku, number);"
     "CREATE INDEX question_route ON question (route_at);"
     "CREATE INDEX question_accepted ON question (accepted);"
     "CREATE TABLE posting ("
     "  word TEXT NOT NULL, sku TEXT NOT NULL, question INTEGER NOT NULL," /* a public one */
     "  count INTEGER NOT NULL, length INTEGER NOT NULL,"
     "  PRIMARY KEY (word, sku, question));"
     "CREATE INDEX posting_newest ON posting (word, question);"
     "CREATE INDEX posting_question ON posting (question);"
     "CREATE TABLE follower ("
     "  question INTEGER NOT NULL, customer TEXT NOT NULL, known INTEGER NOT NULL, at INTEGER NOT NULL,"
     "  PRIMARY KEY (question, customer));"
     "CREATE INDEX follower_customer ON follower (customer, at);"
     "CREATE TABLE helpful ("
     "  answer INTEGER NOT NULL, voter TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (answer, voter));"
     "CREATE INDEX helpful_voter ON helpful (voter, at);"
     "CREATE TABLE bought ("
     "  customer TEXT NOT NULL, sku TEXT NOT NULL, order_id TEXT NOT NULL, known INTEGER NOT NULL,"
     "  proved INTEGER NOT NULL," /* the shop's server said so, not a browser */
     "  at INTEGER NOT NULL, PRIMARY KEY (customer, sku, order_id));"
     "CREATE INDEX bought_product ON bought (sku, at);"
     "CREATE INDEX bought_order ON bought (order_id);"
     "CREATE TABLE ask ("
     "  question INTEGER NOT NULL, customer TEXT NOT NULL, known INTEGER NOT NULL,"
     "  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'skipped', 'passed')),"
     "  at INTEGER NOT NULL, PRIMARY KEY (question, customer));"
     "CREATE INDEX ask_customer ON ask (customer, at);"
     "CREATE TABLE report ("
     "  post INTEGER NOT NULL, customer TEXT NOT NULL, reason TEXT NOT NULL, note TEXT, at INTEGER NOT NULL,"
     "  PRIMARY KEY (post, customer));"
     "CREATE INDEX report_customer ON report (customer, at);"
     "CREATE TABLE moderation ("
     "  number INTEGER PRIMARY KEY, post INTEGER NOT NULL, action TEXT NOT NULL, reason TEXT, note TEXT, at INTEGER "
     "NOT NULL);"
     "CREATE INDEX moderation_post ON moderation (post);"
     "CREATE TABLE notice ("
     "  number INTEGER PRIMARY KEY, customer TEXT NOT NULL, known INTEGER NOT NULL, feature TEXT NOT NULL, kind TEXT "
     "NOT NULL,"
     "  body TEXT NOT NULL, refs TEXT NOT NULL, event TEXT, properties TEXT, at INTEGER NOT NULL);"
     "CREATE INDEX notice_customer ON notice (customer)"},
    {2, PARLEY_ADDITIVE, "CREATE TABLE product (sku TEXT PRIMARY KEY, title TEXT NOT NULL)"},
};

static const char *const events[] = {"Order Completed", "Order Refunded", "Order Cancelled"};

static int on_timer(parley_call *c, parley_text name) {
    return parley_same(name, PARLEY_TEXT("route")) ? route_on_timer(c) : tell_on_timer(c);
}

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("qa", "1.0.0", &parley), PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),         PARLEY_SUBSCRIBES(events),
    .on_event = buyers_on_event,           .on_timer = on_timer,
    .export_customer = rights_export,      .forget_customer = rights_forget,
    .history = PARLEY_FROM_START,
};
