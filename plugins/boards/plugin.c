/* The boards plugin's descriptor: its routes, its tables, its callbacks. */
#include "plugins/boards/boards.h"

const struct parley_host *parley;

enum { ANYBODY = PARLEY_SHOPPER | PARLEY_STAFF };

static const struct parley_route routes[] = {
    {"GET", "/boards", PARLEY_READ, ANYBODY, board_list},
    {"POST", "/boards", PARLEY_WRITE, PARLEY_SHOPPER, board_create},
    {"GET", "/boards/{id}", PARLEY_READ, ANYBODY, board_get},
    {"PATCH", "/boards/{id}", PARLEY_WRITE, PARLEY_SHOPPER, board_change},
    {"DELETE", "/boards/{id}", PARLEY_WRITE, PARLEY_SHOPPER, board_delete},
    {"POST", "/boards/{id}/clone", PARLEY_WRITE, PARLEY_SHOPPER, board_clone},
    {"GET", "/boards/{id}/items", PARLEY_READ, ANYBODY, item_list},
    {"POST", "/boards/{id}/items", PARLEY_WRITE, PARLEY_SHOPPER, item_add},
    {"PUT", "/boards/{id}/items/{item}", PARLEY_WRITE, PARLEY_SHOPPER, item_replace},
    {"PATCH", "/boards/{id}/items/{item}", PARLEY_WRITE, PARLEY_SHOPPER, item_change},
    {"DELETE", "/boards/{id}/items/{item}", PARLEY_WRITE, PARLEY_SHOPPER, item_remove},
    {"GET", "/boards/{id}/cart", PARLEY_READ, ANYBODY, cart_get},
    {"POST", "/boards/{id}/cart", PARLEY_WRITE, PARLEY_SHOPPER, cart_add},
    {"GET", "/boards/{id}/comments", PARLEY_READ, ANYBODY, comment_list},
    {"POST", "/boards/{id}/comments", PARLEY_WRITE, PARLEY_SHOPPER, comment_add},
    {"DELETE", "/boards/{id}/comments/{comment}", PARLEY_WRITE, PARLEY_SHOPPER, comment_remove},
    {"GET", "/boards/{id}/members", PARLEY_READ, PARLEY_SHOPPER, member_list},
    {"PUT", "/boards/{id}/members/{customer}", PARLEY_WRITE, PARLEY_SHOPPER, member_put},
    {"DELETE", "/boards/{id}/members/{customer}", PARLEY_WRITE, PARLEY_SHOPPER, member_remove},
    {"GET", "/boards/{id}/invitations", PARLEY_READ, PARLEY_SHOPPER, invitation_list},
    {"POST", "/boards/{id}/invitations", PARLEY_WRITE, PARLEY_SHOPPER, invitation_add},
    {"DELETE", "/boards/{id}/invitations/{invitation}", PARLEY_WRITE, PARLEY_SHOPPER, invitation_remove},
    {"POST", "/join", PARLEY_WRITE, PARLEY_SHOPPER, invitation_take},
    {"GET", "/boards/{id}/share", PARLEY_READ, ANYBODY, share_get},
    {"POST", "/boards/{id}/share", PARLEY_WRITE, PARLEY_SHOPPER, share_post},
    {"GET", "/share/{id}", PARLEY_READ, PARLEY_SHOPPER, share_page},
    {"GET", "/me", PARLEY_READ, PARLEY_SHOPPER, name_get},
    {"PUT", "/me", PARLEY_WRITE, PARLEY_SHOPPER, name_put},
    {"GET", "/notices", PARLEY_READ, PARLEY_SHOPPER, notice_list},
    {"PUT", "/notices/seen", PARLEY_WRITE, PARLEY_SHOPPER, notice_seen},
    {"POST", "/{kind}/{id}/report", PARLEY_WRITE, PARLEY_SHOPPER, report_post},
    {"POST", "/{kind}/{id}/appeal", PARLEY_WRITE, PARLEY_SHOPPER, moderate_appeal},
    {"POST", "/catalogue", PARLEY_WRITE, PARLEY_STAFF, catalogue_take},
    {"GET", "/queue", PARLEY_READ, PARLEY_STAFF, queue_list},
    {"GET", "/log", PARLEY_READ, PARLEY_STAFF, moderate_log},
    {"POST", "/{kind}/{id}/hide", PARLEY_WRITE, PARLEY_STAFF, moderate_hide},
    {"POST", "/{kind}/{id}/restore", PARLEY_WRITE, PARLEY_STAFF, moderate_restore},
    {"DELETE", "/names/{customer}", PARLEY_WRITE, PARLEY_STAFF, moderate_unname},
};

/* state: 0 nobody of the staff has looked at it, 1 approved, 2 hidden, then with a reason and perhaps an appeal. size: bytes of the
 * texts as JSON. touched: when it was written or appealed, the order of the queue. */
#define MODERATED                                                                                                      \
    "  state INTEGER NOT NULL DEFAULT 0,"                                                                              \
    "  reason TEXT,"                                                                                                   \
    "  appeal TEXT,"                                                                                                   \
    "  touched INTEGER NOT NULL,"                                                                                      \
    "  size INTEGER NOT NULL,"                                                                                         \
    "  created_at INTEGER NOT NULL"

static const struct parley_migration migrations[] = {
    {1, PARLEY_ADDITIVE,
     "CREATE TABLE serial (next INTEGER NOT NULL);" /* of boards, items and comments: no number is used again */
     "INSERT INTO serial (next) VALUES (1);"
     "CREATE TABLE person (customer TEXT PRIMARY KEY, name TEXT NOT NULL);" /* the name that others see */
     "CREATE TABLE board ("
     "  number INTEGER PRIMARY KEY,"
     "  id TEXT NOT NULL UNIQUE,"
     "  owner TEXT NOT NULL,"
     "  kind TEXT NOT NULL CHECK (kind IN ('board', 'ensemble')),"
     "  visibility TEXT NOT NULL CHECK (visibility IN ('private', 'unlisted', 'public')),"
     "  title TEXT NOT NULL,"
     "  description TEXT NOT NULL,"
     "  pins INTEGER NOT NULL DEFAULT 0," /* counted anew with each change */
     "  changed_at INTEGER NOT NULL," MODERATED ");"
     "CREATE INDEX board_of_owner ON board (owner, number);"
     "CREATE INDEX board_newest ON board (visibility, number);"
     "CREATE INDEX board_most_pinned ON board (visibility, pins, number);"
     "CREATE INDEX board_queue ON board (state, touched);"
     "CREATE TABLE item ("
     "  number INTEGER PRIMARY KEY,"
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  position INTEGER NOT NULL," /* 0, 1, 2 ... without gaps */
     "  kind TEXT NOT NULL CHECK (kind IN ('product', 'link', 'image', 'note')),"
     "  role TEXT, sku TEXT, title TEXT NOT NULL, url TEXT, image TEXT,"
     "  note TEXT NOT NULL,"
     "  price INTEGER NOT NULL," /* in ten-thousandths; -1: none */
     "  currency TEXT,"
     "  quantity INTEGER NOT NULL,"
     "  copied INTEGER," /* the item that it was a copy of */
     "  author TEXT NOT NULL," MODERATED ");"
     "CREATE INDEX item_of_board ON item (board, position, number);"
     "CREATE INDEX item_of_author ON item (author, number);"
     "CREATE INDEX item_of_product ON item (sku, board);"
     "CREATE INDEX item_queue ON item (state, touched);"
     "CREATE TABLE comment ("
     "  number INTEGER PRIMARY KEY,"
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  body TEXT NOT NULL,"
     "  author TEXT NOT NULL," MODERATED ");"
     "CREATE INDEX comment_of_board ON comment (board, number);"
     "CREATE INDEX comment_of_author ON comment (author, board);"
     "CREATE INDEX comment_queue ON comment (state, touched);"
     "CREATE TABLE member ("
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  customer TEXT NOT NULL,"
     "  handle TEXT NOT NULL," /* what others know her by: not her id */
     "  role TEXT NOT NULL CHECK (role IN ('viewer', 'commenter', 'editor', 'left')),"
     "  since INTEGER NOT NULL,"
     "  PRIMARY KEY (board, customer));"
     "CREATE INDEX member_of_customer ON member (customer, board);"
     "CREATE TABLE invitation ("
     "  token TEXT PRIMARY KEY,"
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  handle TEXT NOT NULL,"
     "  role TEXT NOT NULL CHECK (role IN ('viewer', 'commenter', 'editor')),"
     "  ends_at INTEGER NOT NULL);"
     "CREATE INDEX invitation_of_board ON invitation (board, ends_at);"
     /* Whom a board was copied from: step 1 is the board itself that was copied, 2 whom that was copied from. */
     "CREATE TABLE lineage ("
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  step INTEGER NOT NULL,"
     "  origin INTEGER NOT NULL," /* a board's number, perhaps of one that is gone */
     "  author TEXT,"             /* NULL: forgotten */
     "  PRIMARY KEY (board, step));"
     "CREATE INDEX lineage_of_author ON lineage (author);"
     "CREATE TABLE word ("
     "  word TEXT NOT NULL,"
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  item INTEGER NOT NULL," /* 0: of the board itself */
     "  PRIMARY KEY (word, board, item));"
     "CREATE INDEX word_of_item ON word (board, item);"
     "CREATE TABLE notice ("
     "  number INTEGER PRIMARY KEY,"
     "  customer TEXT NOT NULL,"
     "  actor TEXT," /* NULL: staff */
     "  kind TEXT NOT NULL,"
     "  sentence TEXT NOT NULL,"
     "  board TEXT NOT NULL,"
     "  at INTEGER NOT NULL);"
     "CREATE INDEX notice_of_customer ON notice (customer, number);"
     "CREATE INDEX notice_of_actor ON notice (actor);"
     "CREATE TABLE moderation ("
     "  number INTEGER PRIMARY KEY,"
     "  kind TEXT NOT NULL, id TEXT NOT NULL,"
     "  step TEXT NOT NULL CHECK (step IN ('hide', 'restore', 'appeal')),"
     "  reason TEXT,"
     "  at INTEGER NOT NULL)"},
    {2, PARLEY_ADDITIVE,
     "ALTER TABLE notice ADD COLUMN told INTEGER NOT NULL DEFAULT 0;" /* it is on her timeline */
     "CREATE INDEX notice_untold ON notice (told, number);"
     /* How somebody who took part last came: what telling her needs. */
     "CREATE TABLE reach (customer TEXT PRIMARY KEY, known INTEGER NOT NULL, feature TEXT NOT NULL);"
     "CREATE TABLE report ("
     "  number INTEGER NOT NULL," /* of a board, an item or a comment */
     "  board INTEGER NOT NULL REFERENCES board (number),"
     "  customer TEXT NOT NULL,"
     "  reason TEXT NOT NULL,"
     "  note TEXT,"
     "  size INTEGER NOT NULL," /* bytes of it as JSON */
     "  at INTEGER NOT NULL,"
     "  PRIMARY KEY (number, customer));"
     "CREATE INDEX report_of_board ON report (board);"
     "CREATE INDEX report_of_customer ON report (customer, at);"
     /* What the shop's catalogue says; price in ten-thousandths, -1: none. */
     "CREATE TABLE product (sku TEXT PRIMARY KEY, title TEXT NOT NULL, image TEXT, price INTEGER NOT NULL,"
     " currency TEXT)"},
};

PARLEY_EXPORT const struct parley_plugin parley_plugin_v1 = {
    PARLEY_PLUGIN("boards", "1.0.0", &parley),
    PARLEY_ROUTES(routes),
    PARLEY_MIGRATIONS(migrations),
    .on_timer = notice_on_timer,
    .export_customer = rights_export,
    .forget_customer = rights_forget,
};
