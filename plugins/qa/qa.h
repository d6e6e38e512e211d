/* Questions and answers between customers: what the plugin's files share.
 *
 * A question and an answer are both a post: one table, so that state, moderation, reports and a customer's rights are written
 * once. What is counted (helpful votes, followers, purchases) is counted from rows, never kept as a number. What somebody else is
 * to be told is a row too, and leaves by a timer (tell.c). */
#ifndef QA_H
#define QA_H

#include <parley/plugin.h>

enum {
    QUESTION_MOST = 500, /* bytes, as the next ones */
    ANSWER_MOST = 2000,
    NAME_MOST = 60,
    SKU_MOST = 100,
    NOTE_MOST = 500,
    PAGE_MOST = 50,    /* posts in one answer */
    ANSWERS_SHOWN = 3, /* with a question in a list */
    JOINS_A_DAY = 50,  /* of one customer, as the next ones */
    VOTES_A_DAY = 200,
    REPORTS_A_DAY = 30,
    HOUR = 3600 * 1000, /* ms */
    DAY = 24 * HOUR,
};

/* input.c: what comes from outside, checked. */
int input_body(parley_call *c, const char *members); /* an object with no other members */
/* A member of 1 to `most` bytes that is not all blanks; 400 where it is none. */
int input_text(parley_call *c, const char *member, size_t most, parley_text *out);
int input_optional(parley_call *c, const char *member, size_t most,
                   parley_text *out); /* {NULL, 0} where absent or null */
/* A whole number from the query, from `least` to `most`; false where it is none; `otherwise` where it is absent. */
bool input_number(parley_call *c, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out);
int input_limit(parley_call *c, int64_t *limit);
int input_cursor(parley_call *c, int64_t otherwise, int64_t *cursor);
/* What ?about= or the path says, without "sku:"; {NULL, 0} where neither does. */
parley_text input_sku(parley_call *c);
int input_shopper(parley_call *c); /* 401 where nobody is named */
/* 429 where `count` of the customer's acts within a day reached `most`. */
int input_not_too_often(parley_call *c, int64_t count, int64_t most, const char *acts);
parley_text input_new_id(parley_call *c);

/* settings.c: of the variant by which somebody comes. */
enum moderation {
    MODERATION_POST, /* shown at once, and looked at afterwards */
    MODERATION_PRE,  /* shown when somebody looked at it */
    MODERATION_OFF,  /* only what is reported is looked at */
};
int64_t setting_number(parley_call *c, const char *name, int64_t otherwise);
bool setting_true(parley_call *c, const char *name);
enum moderation setting_moderation(parley_call *c);

/* words.c: words without case, accents and punctuation. */
enum { WORD_MOST = 48, STEM = 6 /* letters of a word by which it is found */ };
struct words {
    parley_text rest;
    char word[WORD_MOST + 4]; /* the last one found */
    size_t n;
};
bool words_next(struct words *words);
/* All of them, a blank between: equal for two texts that say the same. "" where there is none. */
parley_text words_same(parley_call *c, parley_text text);
parley_text words_stem(const struct words *words); /* borrowed from `words` */

/* search.c */
struct hit {
    int64_t number;  /* of the question */
    double likeness; /* about 1 where all words are there */
};
/* Public questions alone are found: added when they can be seen, removed when they cannot. Adding again replaces. */
int search_add(parley_call *c, int64_t number, parley_text sku, parley_text body); /* or negative */
int search_remove(parley_call *c, int64_t number);
/* The best `most` public questions, of a product or (sku {NULL, 0}) of all, the best first. Returns how many, or negative. */
int search_rank(parley_call *c, parley_text sku, parley_text text, struct hit *hits, int most);

/* post.c */
struct post {
    int64_t number, at;
    parley_text id, body, name, author, feature, state, reason,
        appeal; /* author {NULL, 0}: the retailer, or forgotten */
    bool known;
};
struct question {
    struct post post;
    parley_text sku, product; /* product: what the shop calls it; {NULL, 0} where it does not say */
    int64_t accepted;         /* number of the answer; 0 for none */
    int64_t followers, answers;
    bool following;
};
struct answer {
    struct post post;
    int64_t question, edited_at; /* 0: never */
    int64_t helpful;
    bool retailer, verified, accepted, voted;
};
/* Columns 0 to 10 of these are a post's. $1 is who looks. */
#define POST_COLUMNS "p.number, p.at, p.id, p.body, p.name, p.author, p.feature, p.state, p.reason, p.appeal, p.known"
#define QUESTION_COLUMNS                                                                                               \
    POST_COLUMNS ", q.sku, coalesce(q.accepted, 0),"                                                                   \
                 " (SELECT count(*) FROM follower f WHERE f.question = p.number),"                                     \
                 " (SELECT count(*) FROM post a WHERE a.question = p.number AND a.state = 'public'),"                  \
                 " (SELECT count(*) FROM follower f WHERE f.question = p.number AND f.customer = $1),"                 \
                 " (SELECT t.title FROM product t WHERE t.sku = q.sku)"
#define QUESTION_FROM " FROM post p JOIN question q ON q.number = p.number "
#define ANSWER_COLUMNS                                                                                                 \
    POST_COLUMNS                                                                                                       \
    ", p.question, coalesce(p.edited_at, 0), coalesce(p.retailer, 0), coalesce(q.accepted, 0) = p.number,"             \
    " EXISTS (SELECT 1 FROM bought b WHERE b.customer = p.author AND b.sku = q.sku"                                    \
    "         AND b.proved + q.trust > 0),"                                                                            \
    " (SELECT count(*) FROM helpful h WHERE h.answer = p.number) AS votes,"                                            \
    " (SELECT count(*) FROM helpful h WHERE h.answer = p.number AND h.voter = $1)"
#define ANSWER_FROM " FROM post p JOIN question q ON q.number = p.question "
void post_read(parley_call *c, struct post *post);
void question_read(parley_call *c, struct question *question); /* the row at hand */
void answer_read(parley_call *c, struct answer *answer);
bool post_is(const struct post *post, const char *state);
bool post_mine(parley_call *c, const struct post *post);
/* By the id in the path; one that the caller may not see gets 404. */
int question_find(parley_call *c, struct question *question);
int answer_find(parley_call *c, struct answer *answer);
int question_of(parley_call *c, const struct answer *answer, struct question *question);
int64_t post_count_since(parley_call *c, bool questions, int64_t since); /* of the calling customer, or negative */

/* view.c: posts as this caller may see them. */
parley_json answer_view(parley_call *c, const struct answer *answer);
/* With its first `answers`, the accepted one first, then by votes. Negative in *rc where the database fails. */
parley_json question_view(parley_call *c, const struct question *question, int answers, int *rc);
int question_reply(parley_call *c, int status, const struct question *question);

/* list.c */
int list_of_product(parley_call *c); /* GET /products/{sku}/questions */
int list_questions(parley_call *c);  /* GET /questions?q=&about=&by=me */
int list_similar(parley_call *c);    /* GET /products/{sku}/similar?body= */
int list_one(parley_call *c);        /* GET /questions/{id} */
int list_answers(parley_call *c);    /* GET /questions/{id}/answers */
int list_asks(parley_call *c);       /* GET /asks */

/* ask.c */
int ask_question(parley_call *c); /* POST /questions */
int ask_follow(parley_call *c);   /* PUT /questions/{id}/follow */
int ask_unfollow(parley_call *c); /* DELETE */
int ask_withdraw(parley_call *c); /* DELETE /questions/{id} */
int ask_accept(parley_call *c);   /* PUT /questions/{id}/accepted {"answer"} */
/* The question can be seen from now on: it is found, and goes to people who bought the product. */
int question_shown(parley_call *c, int64_t number);
/* Takes a question out of everything that finds it; its text goes. */
int question_withdraw(parley_call *c, int64_t number);

/* answer.c */
int answer_question(parley_call *c);                  /* POST /questions/{id}/answers, of shoppers and staff */
int answer_withdraw(parley_call *c);                  /* DELETE /answers/{id} */
int answer_helpful(parley_call *c);                   /* PUT /answers/{id}/helpful */
int answer_unhelpful(parley_call *c);                 /* DELETE */
int answer_take_away(parley_call *c, int64_t number); /* its text and votes go */
/* The answer can be seen from now on: whoever waits is told, once. */
int answer_shown(parley_call *c, int64_t number);

/* catalogue.c */
int catalogue_take(parley_call *c); /* POST /catalogue, by Parley: {items: [products]} or {removed: [skus]} */

/* buyers.c */
int buyers_on_event(parley_call *c, parley_json event);

/* route.c: questions go to people who bought the product. */
int route_begin(parley_call *c, int64_t question); /* where it can be seen and nobody has answered */
int route_on_timer(parley_call *c);
int route_skip(parley_call *c); /* POST /questions/{id}/skip */
/* The customer has answered: she is not asked any more. Returns 1 where she was. */
int route_answered(parley_call *c, int64_t question);

/* tell.c: who is to be told what. A row, and a timer brings it. */
int tell_soon(parley_call *c);
int tell_on_timer(parley_call *c);
/* The author of a post, of what became of it; `body` is a sentence of ours. */
int tell_author(parley_call *c, const struct post *post, const char *kind, const char *body, parley_json refs);

/* moderate.c */
/* The state in which a new or edited post begins, and into the queue with it where somebody is to look. */
int moderate_enter(parley_call *c, int64_t number, bool was_hidden);
int moderate_queue(parley_call *c);   /* GET /queue?why= */
int moderate_publish(parley_call *c); /* POST /questions|answers/{id}/publish */
int moderate_hide(parley_call *c);    /* POST /questions|answers/{id}/hide {"reason", "note"?} */
int moderate_report(parley_call *c);  /* POST /questions|answers/{id}/report {"reason", "note"?} */
int moderate_appeal(parley_call *c);  /* POST /questions|answers/{id}/appeal {"body"} */
int moderate_log(parley_call *c);     /* GET /log */

/* rights.c */
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

#endif
