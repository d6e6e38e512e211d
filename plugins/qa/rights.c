/* What a customer may ask of the plugin: all that it holds about her, and that it forgets her. Her answers go, her questions too where
 * nobody answered; a question that others answered stays without her name, since the answers are theirs. */
#include "plugins/qa/qa.h"

/* ---- export: each list is one statement, whose columns `append` turns into an object ---- */

static void append_question(parley_call *c, parley_json list) {
    parley_append(c, list, "{id, sku, body, name, state, reason, appeal, at}", parley->col_text(c, 0),
                  parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3), parley->col_text(c, 4),
                  parley->col_text(c, 5), parley->col_text(c, 6), (parley_time){parley->col(c, 7)});
}
static void append_answer(parley_call *c, parley_json list) {
    parley_append(c, list, "{id, question, body, name, state, reason, appeal, at}", parley->col_text(c, 0),
                  parley->col_text(c, 1), parley->col_text(c, 2), parley->col_text(c, 3), parley->col_text(c, 4),
                  parley->col_text(c, 5), parley->col_text(c, 6), (parley_time){parley->col(c, 7)});
}
static void append_two(parley_call *c, parley_json list) {
    parley_append(c, list, "{id, at}", parley->col_text(c, 0), (parley_time){parley->col(c, 1)});
}
static void append_ask(parley_call *c, parley_json list) {
    parley_append(c, list, "{question, state, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                  (parley_time){parley->col(c, 2)});
}
static void append_purchase(parley_call *c, parley_json list) {
    parley_append(c, list, "{sku, order, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                  (parley_time){parley->col(c, 2)});
}
static void append_report(parley_call *c, parley_json list) {
    parley_append(c, list, "{id, reason, note, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                  parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
}
static void append_notice(parley_call *c, parley_json list) {
    parley_append(c, list, "{kind, body, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                  (parley_time){parley->col(c, 2)});
}

static const struct {
    const char *statement;
    void (*append)(parley_call *c, parley_json list);
} held[] = {
    {"SELECT p.id, q.sku, p.body, p.name, p.state, p.reason, p.appeal, p.at" QUESTION_FROM
     "WHERE p.author = $1 ORDER BY p.number",
     append_question},
    {"SELECT p.id, q.id, p.body, p.name, p.state, p.reason, p.appeal, p.at FROM post p JOIN post q ON q.number = "
     "p.question"
     " WHERE p.author = $1 ORDER BY p.number",
     append_answer},
    {"SELECT p.id, f.at FROM follower f JOIN post p ON p.number = f.question WHERE f.customer = $1 ORDER BY f.at",
     append_two},
    {"SELECT p.id, h.at FROM helpful h JOIN post p ON p.number = h.answer WHERE h.voter = $1 ORDER BY h.at",
     append_two},
    {"SELECT p.id, ask.state, ask.at FROM ask JOIN post p ON p.number = ask.question WHERE ask.customer = $1 ORDER BY "
     "ask.at",
     append_ask},
    {"SELECT sku, order_id, at FROM bought WHERE customer = $1 ORDER BY at, sku", append_purchase},
    {"SELECT p.id, r.reason, r.note, r.at FROM report r JOIN post p ON p.number = r.post WHERE r.customer = $1 ORDER "
     "BY r.at",
     append_report},
    {"SELECT kind, body, at FROM notice WHERE customer = $1 ORDER BY number", append_notice},
};
enum { HELD = sizeof held / sizeof *held };

int rights_export(parley_call *c, parley_text customer) {
    parley_json lists[HELD];
    for (int i = 0; i < HELD; i++) {
        lists[i] = parley->list(c);
        int rc = parley_sql(c, held[i].statement, customer);
        for (; rc > 0; rc = parley->next(c)) held[i].append(c, lists[i]);
        if (rc < 0) return rc;
    }
    return parley_reply(c, 200, "{questions, answers, following, helpful, asked, purchases, reports, toBeTold}",
                        lists[0], lists[1], lists[2], lists[3], lists[4], lists[5], lists[6], lists[7]);
}

/* ---- forget ---- */

/* Her posts of one kind, a page at a time: the text goes, and the row is nobody's. */
static int forget_posts(parley_call *c, parley_text customer, bool answers) {
    for (;;) {
        struct {
            int64_t number, question;
            bool answered;
        } posts[PAGE_MOST];
        int n = 0;
        int rc = parley_sql(
            c,
            "SELECT p.number, coalesce(p.question, 0),"
            " EXISTS (SELECT 1 FROM post a WHERE a.question = p.number AND a.state <> 'withdrawn') FROM post p"
            " WHERE p.author = $1 AND (p.question IS NOT NULL) = ($2 = 1) LIMIT $3",
            customer, answers, PAGE_MOST);
        for (; rc > 0; rc = parley->next(c), n++) {
            posts[n].number = parley->col(c, 0);
            posts[n].question = parley->col(c, 1);
            posts[n].answered = parley->col(c, 2);
        }
        for (int i = 0; i < n && rc >= 0; i++) {
            if (answers)
                rc = answer_take_away(c, posts[i].number);
            else if (!posts[i].answered)
                rc = question_withdraw(c, posts[i].number);
            if (rc >= 0)
                rc = parley_sql(c, "UPDATE post SET author = NULL, name = NULL, appeal = NULL WHERE number = $1",
                                posts[i].number);
            if (rc >= 0) rc = parley_sql(c, "UPDATE moderation SET note = NULL WHERE post = $1", posts[i].number);
            if (rc >= 0 && answers) rc = route_begin(c, posts[i].question);
        }
        if (rc < 0 || n < PAGE_MOST) return rc;
    }
}

int rights_forget(parley_call *c, parley_text customer) {
    static const char *const hers[] = {
        "DELETE FROM follower WHERE customer = $1", "DELETE FROM helpful WHERE voter = $1",
        "DELETE FROM ask WHERE customer = $1",      "DELETE FROM bought WHERE customer = $1",
        "DELETE FROM report WHERE customer = $1",   "DELETE FROM notice WHERE customer = $1"};
    int rc = forget_posts(c, customer, true);
    if (rc >= 0) rc = forget_posts(c, customer, false);
    for (size_t i = 0; i < sizeof hers / sizeof *hers && rc >= 0; i++) rc = parley_sql(c, hers[i], customer);
    return rc < 0 ? rc : 0;
}
