/* Asking: a question is made, or an equal one is followed; what the asker may do with it later. */
#include "plugins/qa/qa.h"

static int follow(parley_call *c, int64_t question) {
    return parley_sql(c,
                      "INSERT INTO follower (question, customer, known, at) VALUES ($1, $2, $3, $4)"
                      " ON CONFLICT (question, customer) DO NOTHING",
                      question, parley->customer(c), parley->known(c), parley->now(c));
}

static int64_t joins_today(parley_call *c) {
    int rc = parley_sql(c, "SELECT count(*) FROM follower WHERE customer = $1 AND at > $2", parley->customer(c),
                        parley->now(c) - DAY);
    return rc < 0 ? rc : parley->col(c, 0);
}

/* Where somebody else's question is not shown (yet), its state is all that she learns. */
static int reply_one(parley_call *c, int status, bool joined, int64_t number) {
    struct question question = {0};
    parley_json view = {0};
    int rc = parley_sql(c, "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE p.number = $2", parley->customer(c), number);
    if (rc > 0) question_read(c, &question);
    bool seen = post_is(&question.post, "public") || post_mine(c, &question.post);
    if (rc > 0 && seen) view = question_view(c, &question, ANSWERS_SHOWN, &rc);
    if (rc < 0) return rc;
    return parley_reply(c, status, "{id, joined, question, state}", seen ? question.post.id : (parley_text){0}, joined,
                        view, question.post.state);
}

/* Somebody asked the same: she hears of its answers too. */
static int join(parley_call *c, int64_t number) {
    parley_text state = parley->col_text(c, 1), reason = parley->col_text(c, 2);
    if (parley_same(state, PARLEY_TEXT("hidden")))
        return parley_fail(c, 409, "this was asked before and is not shown ({})", reason);
    int rc = input_not_too_often(c, joins_today(c), JOINS_A_DAY, "followed questions");
    if (rc >= 0) rc = follow(c, number);
    if (rc > 0) parley->count(c, "joined", 1);
    return rc < 0 ? rc : reply_one(c, 200, true, number);
}

/* The row of the question, and how its variant has it routed. The number, or negative. */
static int64_t write_down(parley_call *c, parley_text sku, parley_text body, parley_text name, parley_text same) {
    int rc = parley_sql(c,
                        "INSERT INTO post (id, author, known, name, body, feature, state, at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7) RETURNING number",
                        input_new_id(c), parley->customer(c), parley->known(c), name, body, parley->feature(c),
                        parley->now(c));
    if (rc < 0) return rc;
    int64_t number = parley->col(c, 0);
    rc = parley_sql(
        c,
        "INSERT INTO question (number, sku, same, buyers, quiet_days, again_hours, asked_most, bought_days, trust)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        number, sku, same, setting_number(c, "buyers", 3), setting_number(c, "quietDays", 14),
        setting_number(c, "againHours", 72), setting_number(c, "askedMost", 9),
        setting_number(c, "boughtWithinDays", 365), setting_true(c, "trustBrowserOrders"));
    if (rc >= 0) rc = follow(c, number);
    return rc < 0 ? rc : number;
}

int question_shown(parley_call *c, int64_t number) {
    int rc = parley_sql(c, "SELECT q.sku, p.body" QUESTION_FROM "WHERE p.number = $1", number);
    if (rc <= 0) return rc;
    parley_text sku = parley->col_text(c, 0), body = parley->col_text(c, 1);
    rc = search_add(c, number, sku, body);
    return rc < 0 ? rc : route_begin(c, number);
}

static int make(parley_call *c, parley_text sku, parley_text body, parley_text name, parley_text same) {
    int rc = input_not_too_often(c, post_count_since(c, true, parley->now(c) - DAY),
                                 setting_number(c, "questionsPerDay", 10), "questions");
    if (rc < 0) return rc;
    int64_t number = write_down(c, sku, body, name, same);
    if (number < 0) return (int)number;
    rc = moderate_enter(c, number, false);
    if (rc > 0) rc = question_shown(c, number);
    if (rc >= 0) rc = parley_sql(c, "SELECT id FROM post WHERE number = $1", number);
    if (rc < 0) return rc;
    parley_text id = parley->col_text(c, 0);
    rc = parley_track(c, "Question Asked", "{question, sku, product_id, about}", id, sku, sku,
                      parley_format(c, "sku:{}", sku));
    if (rc >= 0)
        rc = parley_timeline(c, "question", parley_format(c, "Asked \"{}\"", body), "{question, sku}", id, sku);
    return rc < 0 ? rc : reply_one(c, 201, false, number);
}

int ask_question(parley_call *c) {
    parley_text sku, body, name;
    int rc = input_body(c, "sku body name");
    if (rc >= 0) rc = input_text(c, "sku", SKU_MOST, &sku);
    if (rc >= 0) rc = input_text(c, "body", QUESTION_MOST, &body);
    if (rc >= 0) rc = input_optional(c, "name", NAME_MOST, &name);
    if (rc >= 0) rc = input_shopper(c);
    if (rc < 0) return rc;
    parley_text same = words_same(c, body);
    if (!same.n) return parley->invalid(c, "/body", "\"body\" has no word in it");
    rc =
        parley_sql(c, "SELECT p.number, p.state, p.reason" QUESTION_FROM "WHERE q.sku = $1 AND q.same = $2", sku, same);
    if (rc < 0) return rc;
    return rc > 0 ? join(c, parley->col(c, 0)) : make(c, sku, body, name, same);
}

int ask_follow(parley_call *c) {
    struct question question;
    int rc = input_shopper(c);
    if (rc >= 0) rc = question_find(c, &question);
    if (rc >= 0 && !question.following) rc = input_not_too_often(c, joins_today(c), JOINS_A_DAY, "followed questions");
    if (rc >= 0) rc = follow(c, question.post.number);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{following: true}");
}

int ask_unfollow(parley_call *c) {
    struct question question;
    int rc = question_find(c, &question);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM follower WHERE question = $1 AND customer = $2", question.post.number,
                        parley->customer(c));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{following: false}");
}

static int find_mine(parley_call *c, struct question *question) {
    int rc = input_shopper(c);
    if (rc >= 0) rc = question_find(c, question);
    if (rc < 0 || post_mine(c, &question->post)) return rc;
    return parley->fail(c, 403, "only who asked a question may do that");
}

int question_withdraw(parley_call *c, int64_t number) {
    int rc = parley_sql(c,
                        "UPDATE post SET state = 'withdrawn', body = '', name = NULL, reason = NULL, appeal = NULL,"
                        " why = NULL, queued_at = NULL WHERE number = $1",
                        number);
    if (rc >= 0)
        rc = parley_sql(c, "UPDATE question SET same = NULL, accepted = NULL, route_at = NULL WHERE number = $1",
                        number);
    if (rc >= 0) rc = search_remove(c, number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM report WHERE post = $1", number);
    if (rc >= 0) rc = parley_sql(c, "UPDATE ask SET state = 'passed' WHERE question = $1 AND state = 'open'", number);
    return rc < 0 ? rc : 0;
}

/* Answers are other people's: a question that has some stays, and is nobody's. */
int ask_withdraw(parley_call *c) {
    struct question question;
    int rc = find_mine(c, &question);
    if (rc < 0) return rc;
    bool stays = question.answers > 0;
    rc = parley_sql(c, "DELETE FROM follower WHERE question = $1 AND customer = $2", question.post.number,
                    parley->customer(c));
    if (rc >= 0 && stays)
        rc = parley_sql(c, "UPDATE post SET author = NULL, name = NULL WHERE number = $1", question.post.number);
    if (rc >= 0 && !stays) rc = question_withdraw(c, question.post.number);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{state}", stays ? "nobody's" : "withdrawn");
}

/* The public answer with that id to that question; its number, 404, or negative. */
static int find_answer(parley_call *c, const struct question *question, parley_text id, struct answer *answer) {
    int rc =
        parley_sql(c, "SELECT " ANSWER_COLUMNS ANSWER_FROM "WHERE p.id = $2 AND p.question = $3 AND p.state = 'public'",
                   parley->customer(c), id, question->post.number);
    if (rc == 0) return parley_invalid(c, "/answer", "the question has no answer \"{}\"", id);
    if (rc > 0) answer_read(c, answer);
    return rc;
}

static int accept(parley_call *c, const struct question *question, const struct answer *answer) {
    const struct post *p = &answer->post;
    int rc = parley_sql(c, "UPDATE question SET accepted = $2 WHERE number = $1", question->post.number, p->number);
    if (rc >= 0)
        rc = parley_track(c, "Answer Accepted", "{question, answer, sku, product_id, about}", question->post.id, p->id,
                          question->sku, question->sku, parley_format(c, "sku:{}", question->sku));
    if (rc < 0 || post_mine(c, p)) return rc;
    return tell_author(c, p, "answer-accepted", "Your answer solved it for the person who asked",
                       parley_object(c, "{question, answer, sku}", question->post.id, p->id, question->sku));
}

int ask_accept(parley_call *c) {
    struct question question;
    struct answer answer;
    int rc = input_body(c, "answer");
    if (rc >= 0) rc = find_mine(c, &question);
    if (rc < 0) return rc;
    parley_json given = parley->get(parley->body(c), "answer");
    if (parley->kind(given) == PARLEY_NULL) {
        rc = parley_sql(c, "UPDATE question SET accepted = NULL WHERE number = $1", question.post.number);
        if (rc < 0) return rc;
        return parley_reply(c, 200, "{accepted: null}");
    }
    rc = find_answer(c, &question, parley->text(given), &answer);
    if (rc >= 0 && !answer.accepted) rc = accept(c, &question, &answer);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{accepted}", answer.post.id);
}
