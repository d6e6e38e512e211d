/* Boards: products, links, images and notes that shoppers collect, alone or with friends. What the plugin's files share.
 *
 * Who may see and do what is decided in one place, board.c: everything on a board (pins, comments, members) is reached through
 * board_open, so that nothing on a private board shows anywhere. Nothing is kept in memory: the tables are all there is. */
#ifndef BOARDS_H
#define BOARDS_H

#include <parley/plugin.h>

enum {
    ID_LENGTH = 16,    /* of a board: 80 bits, since whoever knows an unlisted board's id may see it */
    TOKEN_LENGTH = 26, /* of an invitation: 130 bits */
    TITLE_MOST = 500,  /* bytes, as all of these */
    TEXT_MOST = 2000,  /* a description, a note, a comment, an appeal */
    URL_MOST = 1000,
    SKU_MOST = 64,
    ROLE_MOST = 60,
    NAME_MOST = 100,
    ITEM_SIZE_MOST = 8000, /* bytes of an item as JSON */
    HOLDING_MOST =
        900 * 1000, /* bytes as JSON of all that one customer has written: her export must fit into one answer, 1 MiB */
    ITEMS_PAGE = 100,
    PAGE = 50,
    MEMBERS_MOST = 50,      /* of a board */
    MEMBERSHIPS_MOST = 100, /* of a customer */
    INVITATIONS_MOST = 20,  /* of a board */
    COMMENTS_MOST = 1000,   /* on a board */
    COMMENTS_EACH = 100,    /* on a board, of one who is no member */
    NOTICES_MOST = 100,     /* that wait for one customer */
    REPORTS_A_DAY = 30,     /* of a customer */
    LINEAGE_MOST = 100,
    QUANTITY_MOST = 99,
};

enum access { ACCESS_NONE, ACCESS_VIEWER, ACCESS_COMMENTER, ACCESS_EDITOR, ACCESS_OWNER };
enum state { STATE_NEW, STATE_APPROVED, STATE_HIDDEN }; /* of a board, an item, a comment: what staff said of it */

/* A board as the database has it, and what it is to the caller. Texts are borrowed until the callback returns. */
struct board {
    int64_t number;
    parley_text id, owner, kind, visibility, title, description;
    int64_t state;
    parley_text reason, appeal; /* {NULL, 0} where there is none */
    int64_t pins, created_at, changed_at;
    parley_text role; /* the caller's as a member; {NULL, 0}: she is none */
    parley_text by;   /* the owner's name, {NULL, 0} where she has none */
    enum access access;
    const char *pin; /* in a list for one product: its pin there; NULL: none */
    bool inside;     /* the caller is its owner, a member or staff: sees what waits for review */
};

/* The settings of the caller's variant. */
struct policy {
    int64_t boards, items; /* of a customer, on a board */
    bool comments, publish;
    bool review_first;                              /* nothing is shown to strangers before staff approved it */
    parley_text pictures, product_page, board_page; /* "" where not set */
};
struct policy policy_of(parley_call *c);

/* read.c: what comes in. All refuse with a sentence and the place. */
int read_body(parley_call *c, const char *members); /* the body, if there is one, is an object of no other members */
bool read_has(parley_call *c, const char *name);
int read_text(parley_call *c, const char *name, size_t least, size_t most, parley_text *out);
int read_word(parley_call *c, const char *name, const char *const *words, parley_text *out);
int read_url(parley_call *c, const char *name, parley_text *out);   /* http or https; null: none */
int read_image(parley_call *c, const char *name, parley_text *out); /* https, or a picture of the shop; null: none */
int read_count(parley_call *c, const char *name, int64_t least, int64_t most, int64_t *out);
/* A price in ten-thousandths, from a JSON number or string such as 18.90, exactly; -1: none. And its currency. */
int read_price(parley_call *c, int64_t *price, parley_text *currency);
/* A JSON number or string as a price in ten-thousandths; false where it is none. */
bool price_read(parley_call *c, parley_json given, int64_t *price);
/* A price back as a JSON number; null where it is negative. */
parley_json price_json(parley_call *c, int64_t price);
int read_limit(parley_call *c, int64_t most, int64_t *limit);
/* limit and cursor of a list. `*cursor` is untouched where none is given. */
int read_page(parley_call *c, int64_t most, int64_t *limit, int64_t *cursor);
int read_pair(parley_call *c, int64_t *first,
              int64_t *second); /* a cursor of two numbers, "12.7"; untouched likewise */
bool read_number(parley_call *c, parley_text text, int64_t *out); /* a whole number, 0 or more */
int64_t escaped_size(parley_text text);                           /* bytes of it as JSON */
parley_text text_or(parley_text text, const char *otherwise);     /* where there is none */
bool text_is(parley_text text, const char *word);
/* A number as text where there is one: ids, and `next` of a list; else NULL. */
const char *text_next(parley_call *c, bool there, int64_t number);
/* At most `most` bytes of it, cut between letters, "…" behind where it was longer. */
parley_text text_brief(parley_call *c, parley_text text, size_t most);

/* `template` with `gap` in it, such as {id}, filled by `value`, percent-encoded; as it is where there is no gap. */
parley_text text_fill(parley_call *c, parley_text template, const char *gap, parley_text value);

/* store.c: numbers and secrets. */
int64_t serial_take(parley_call *c, int64_t n); /* the first of n numbers that nothing had or will have; or negative */
parley_text chance_text(parley_call *c, size_t n); /* of 32 letters and digits, n bytes; 5 bits each */
/* 0, or refuses with 409: the caller would hold more than HOLDING_MOST bytes with `more`. */
int holding_check(parley_call *c, int64_t more);

/* board.c */
/* The rows that board_row reads; $1 is the caller. */
#define BOARD_SELECT                                                                                                   \
    "SELECT b.number, b.id, b.owner, b.kind, b.visibility, b.title, b.description, b.state, b.reason, b.appeal,"       \
    " b.pins, b.created_at, b.changed_at, m.role, p.name FROM board b"                                                 \
    " LEFT JOIN member m ON m.board = b.number AND m.customer = $1"                                                    \
    " LEFT JOIN person p ON p.customer = b.owner "
struct board board_row(parley_call *c);                /* of the row at hand, of BOARD_SELECT */
void board_judge(parley_call *c, struct board *board); /* fills access and inside */
/* The board {id} of the path, for somebody who may do that much: else refused, with 404 where the caller may not know of it. */
int board_open(parley_call *c, enum access least, struct board *board);
int board_find(parley_call *c, parley_text id,
               struct board *board);                        /* and what it is to the caller; 0: there is none */
int board_reopen(parley_call *c, struct board *board);      /* as it is after what this callback wrote */
int board_touch(parley_call *c, const struct board *board); /* its pins are counted, and it has changed now */
parley_json board_summary(parley_call *c, const struct board *board);
int board_reply(parley_call *c, int status, const struct board *board); /* the board with the first page of its items */
int board_get(parley_call *c);                                          /* GET /boards/{id} */
parley_text board_url(parley_call *c,
                      const struct board *board); /* on the shop; {NULL, 0} where the settings name no page */
bool board_is_private(const struct board *board);
bool board_is_ensemble(const struct board *board);
/* {state, reason, appealed}; state: new, waiting (new, and not shown to strangers before staff said yes), approved, hidden */
parley_json review_json(parley_call *c, int64_t state, parley_text reason, parley_text appeal);

/* define.c */
int board_create(parley_call *c);                             /* POST /boards */
int board_change(parley_call *c);                             /* PATCH /boards/{id} */
int board_delete(parley_call *c);                             /* DELETE /boards/{id} */
int board_insert(parley_call *c, struct board *board);        /* gives it a number, an id and the caller as owner */
int boards_erase(parley_call *c, int64_t number);             /* one board with everything on it */
int boards_room(parley_call *c, const struct policy *policy); /* 0, or refuses: she has as many as she may */

/* clone.c */
int board_clone(parley_call *c);                                     /* POST /boards/{id}/clone */
parley_json lineage_json(parley_call *c, const struct board *board); /* whom it was copied from, nearest first */

/* item.c */
int items_json(parley_call *c, const struct board *board, int64_t from, int64_t limit, parley_json *out);
parley_text item_page(parley_call *c, parley_text sku, parley_text url); /* where an item leads; {NULL, 0}: nowhere */
int item_list(parley_call *c);                                           /* GET /boards/{id}/items */
int item_add(parley_call *c);                                            /* POST /boards/{id}/items */
int item_replace(parley_call *c);                                        /* PUT /boards/{id}/items/{item} */
int item_change(parley_call *c);                                         /* PATCH /boards/{id}/items/{item} */
int item_remove(parley_call *c);                                         /* DELETE /boards/{id}/items/{item} */
/* Which items of a board a caller sees: $2 says whether new ones too, $3 is the caller, $4 whether she is staff. */
#define ITEM_VISIBLE "(i.state = 1 OR (i.state = 0 AND $2) OR i.author = $3 OR $4)"

/* catalogue.c */
int catalogue_take(parley_call *c); /* POST /catalogue, by Parley: {items: [products]} or {removed: [skus]} */
/* What the shop says of a product, in place of what is there: 1; 0 where it says nothing, negative. */
int catalogue_apply(parley_call *c, parley_text sku, parley_text *title, parley_text *image, int64_t *price,
                    parley_text *currency);

/* cart.c */
parley_json totals_json(parley_call *c, const struct board *board);
int cart_get(parley_call *c); /* GET /boards/{id}/cart */
int cart_add(parley_call *c); /* POST /boards/{id}/cart */

/* comment.c */
parley_json comments_json(parley_call *c, const struct board *board); /* {open, count} */
int comment_list(parley_call *c);                                     /* GET /boards/{id}/comments */
int comment_add(parley_call *c);                                      /* POST /boards/{id}/comments */
int comment_remove(parley_call *c);                                   /* DELETE /boards/{id}/comments/{comment} */

/* member.c */
int member_list(parley_call *c);   /* GET /boards/{id}/members */
int member_put(parley_call *c);    /* PUT /boards/{id}/members/{customer} */
int member_remove(parley_call *c); /* DELETE /boards/{id}/members/{customer}: a customer, a member's handle, or "me" */
int invitation_list(parley_call *c);
int invitation_add(parley_call *c);
int invitation_remove(parley_call *c);
int invitation_take(parley_call *c); /* POST /join */

/* words.c: the words of a text, for finding boards. Lower case, without accents. */
enum { WORD_MOST = 32, WORDS_MOST = 200 };
/* The next word of *text, taken off it; {NULL, 0} where there is none left. */
parley_text word_next(parley_call *c, parley_text *text);
/* Writes the words of `texts` (n of them) down for an item of a board; item 0 is the board itself. */
int words_put(parley_call *c, int64_t board, int64_t item, const parley_text *texts, size_t n);
int words_drop(parley_call *c, int64_t board, int64_t item);

/* find.c */
int board_list(parley_call *c); /* GET /boards */

/* share.c */
int share_get(parley_call *c);  /* GET /boards/{id}/share */
int share_post(parley_call *c); /* POST /boards/{id}/share */
int share_page(parley_call *c); /* GET /share/{id}: what Parley's page of the link shows */

/* notice.c: what a customer is told of what others did: on her timeline by a timer, and in a list until she has seen it. */
struct notice {
    parley_text customer; /* who is told */
    parley_text actor;    /* whose doing it was; {NULL, 0}: the staff's */
    const char *kind, *sentence;
    parley_text board; /* its id */
};
int notice_leave(parley_call *c, const struct notice *notice); /* nothing where one would tell oneself */
int notice_list(parley_call *c);                               /* GET /notices */
int notice_seen(parley_call *c);                               /* PUT /notices/seen */
int notice_on_timer(parley_call *c, parley_text name);
/* The caller has made something that she may be told about later: remembers how she is reached. */
int notice_reach(parley_call *c);

/* thing.c: what is looked at: a board, an item or a comment. */
struct thing {
    const struct thing_kind *kind;
    const char *name, *word;                      /* "items", "pin" */
    parley_value key;                             /* a board's id, an item's or comment's number */
    parley_text id, author, title, board, appeal; /* title and board: of the board that it is on */
    int64_t state, number;                        /* numbers are one row of boards, items and comments together */
    int64_t board_number;
};
int thing_find(parley_call *c, struct thing *thing); /* what {kind} and {id} of the path name, or 404 */
int thing_judge(parley_call *c, const struct thing *thing, enum state state, parley_text reason);
int thing_set_appeal(parley_call *c, const struct thing *thing, parley_text body, int64_t size);

/* queue.c */
int queue_list(parley_call *c); /* GET /queue?state=new|reported|appealed|hidden */

/* report.c */
int report_post(parley_call *c); /* POST /{kind}/{id}/report */
/* Of a board, an item or a comment by its number: all that was reported about it is settled, or gone with it. */
int report_drop(parley_call *c, int64_t number);
int report_list(parley_call *c, int64_t number, parley_json list); /* the newest 20: {reason, note, at} */

/* moderate.c */
/* Never "negative": what a shop may take away is what breaks its rules. */
extern const char *const moderate_reasons[];
int moderate_log(parley_call *c);     /* GET /log */
int moderate_hide(parley_call *c);    /* POST /{kind}/{id}/hide */
int moderate_restore(parley_call *c); /* POST /{kind}/{id}/restore */
int moderate_appeal(parley_call *c);  /* POST /{kind}/{id}/appeal */
int moderate_unname(parley_call *c);  /* DELETE /names/{customer} */

/* rights.c */
int name_get(parley_call *c); /* GET /me */
int name_put(parley_call *c); /* PUT /me */
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

#endif
