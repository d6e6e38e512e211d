/* Answering: one answer of each person to a question, which she may edit; and whom it helped. */
#include "plugins/qa/qa.h"

/* ---- writing it ---- */

struct earlier {
    int64_t number; /* 0: there is none */
    bool hidden, withdrawn;
};

static int find_earlier(parley_call *c, int64_t question, struct earlier *earlier) {
    int rc;
    if (parley->staff(c))
        rc = parley_sql(c, "SELECT number, state FROM post WHERE question = $1 AND retailer = 1", question);
    else
        rc = parley_sql(c, "SELECT number, state FROM post WHERE question = $1 AND author = $2", question,
                        parley->customer(c));
    *earlier = (struct earlier){0};
    if (rc <= 0) return rc;
    parley_text state = parley->col_text(c, 1);
    *earlier = (struct earlier){parley->col(c, 0), parley_same(state, PARLEY_TEXT("hidden")),
                                parley_same(state, PARLEY_TEXT("withdrawn"))};
    return 0;
}

static int64_t add(parley_call *c, int64_t question, parley_text body, parley_text name) {
    bool staff = parley->staff(c);
    parley_value retailer = PARLEY_VALUE(NULL), author = PARLEY_VALUE(parley->customer(c));
    if (staff) retailer = PARLEY_VALUE(1);
    if (staff) author = PARLEY_VALUE(NULL);
    int rc = parley_sql(c,
                        "INSERT INTO post (id, question, author, known, retailer, name, body, feature, state, at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9) RETURNING number",
                        input_new_id(c), question, author, parley->known(c), retailer, name, body, parley->feature(c),
                        parley->now(c));
    return rc < 0 ? rc : parley->col(c, 0);
}

static int edit(parley_call *c, int64_t number, parley_text body, parley_text name) {
    return parley_sql(c, "UPDATE post SET body = $2, name = $3, edited_at = $4 WHERE number = $1", number, body, name,
                      parley->now(c));
}

static int check_may_answer(parley_call *c, const struct question *question) {
    if (!post_is(&question->post, "public"))
        return parley->fail(c, 409, "this question is not shown, so it takes no answers");
    if (parley->staff(c)) return 0;
    int rc = input_shopper(c);
    parley_text from = parley->text(parley->get(parley->settings(c), "answersFrom"));
    if (rc < 0 || !parley_same(from, PARLEY_TEXT("buyers"))) return rc;
    rc = parley_sql(c,
                    "SELECT 1 FROM bought JOIN question q ON q.sku = bought.sku"
                    " WHERE bought.customer = $1 AND q.number = $2 AND bought.proved + q.trust > 0 LIMIT 1",
                    parley->customer(c), question->post.number);
    return rc == 0 ? parley->fail(c, 403, "here only people who bought the product answer") : rc;
}

static int read_by_number(parley_call *c, int64_t number, struct answer *answer) {
    int rc = parley_sql(c, "SELECT " ANSWER_COLUMNS ANSWER_FROM "WHERE p.number = $2", parley->customer(c), number);
    if (rc > 0) answer_read(c, answer);
    return rc < 0 ? rc : 0;
}

/* What a shopper's answer is for everybody else: an event, an entry of her own, and she is not asked any more. */
static int tell_own(parley_call *c, const struct question *question, const struct answer *answer) {
    int asked = route_answered(c, question->post.number);
    if (asked < 0) return asked;
    int rc = parley_track(c, "Question Answered", "{question, answer, sku, product_id, about, verified, asked}",
                          question->post.id, answer->post.id, question->sku, question->sku,
                          parley_format(c, "sku:{}", question->sku), answer->verified, (bool)(asked > 0));
    if (rc < 0) return rc;
    return parley_timeline(c, "answer", parley_format(c, "Answered \"{}\"", answer->post.body),
                           "{question, answer, sku}", question->post.id, answer->post.id, question->sku);
}

int answer_question(parley_call *c) {
    struct question question;
    struct earlier earlier;
    struct answer answer;
    parley_text body, name;
    int rc = input_body(c, "body name");
    if (rc >= 0) rc = input_text(c, "body", ANSWER_MOST, &body);
    if (rc >= 0) rc = input_optional(c, "name", NAME_MOST, &name);
    if (rc >= 0) rc = question_find(c, &question);
    if (rc >= 0) rc = check_may_answer(c, &question);
    if (rc >= 0) rc = find_earlier(c, question.post.number, &earlier);
    if (rc >= 0 && !earlier.number && !parley->staff(c))
        rc = input_not_too_often(c, post_count_since(c, false, parley->now(c) - DAY),
                                 setting_number(c, "answersPerDay", 30), "answers");
    if (rc < 0) return rc;
    int64_t number = earlier.number ? earlier.number : add(c, question.post.number, body, name);
    if (number < 0) return (int)number;
    if (earlier.number) rc = edit(c, number, body, name);
    bool fresh = !earlier.number || earlier.withdrawn;
    if (rc >= 0) rc = moderate_enter(c, number, earlier.hidden);
    if (rc > 0) rc = answer_shown(c, number);
    if (rc >= 0) rc = read_by_number(c, number, &answer);
    if (rc >= 0 && fresh && !parley->staff(c)) rc = tell_own(c, &question, &answer);
    if (rc < 0) return rc;
    return parley_reply(c, fresh ? 201 : 200, "?", answer_view(c, &answer));
}

int answer_take_away(parley_call *c, int64_t number) {
    int rc = parley_sql(c,
                        "UPDATE post SET state = 'withdrawn', body = '', name = NULL, reason = NULL, appeal = NULL,"
                        " why = NULL, queued_at = NULL WHERE number = $1",
                        number);
    if (rc >= 0) rc = parley_sql(c, "UPDATE question SET accepted = NULL WHERE accepted = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM helpful WHERE answer = $1", number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM report WHERE post = $1", number);
    return rc < 0 ? rc : 0;
}

int answer_withdraw(parley_call *c) {
    struct answer answer;
    int rc = input_shopper(c);
    if (rc >= 0) rc = answer_find(c, &answer);
    if (rc < 0) return rc;
    if (!post_mine(c, &answer.post)) return parley->fail(c, 403, "only its author may take an answer back");
    rc = answer_take_away(c, answer.post.number);
    if (rc >= 0) rc = route_begin(c, answer.question);
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{state}", "withdrawn");
}

/* ---- once it can be seen ---- */

/* Who asked hears that it is hers, with an event that says how long it took; who follows hears too. */
static const char notices[] =
    "INSERT INTO notice (customer, known, feature, kind, body, refs, event, properties, at)"
    " SELECT f.customer, f.known, p.feature, 'question-answered',"
    "  CASE WHEN p.author = f.customer THEN 'Your question has an answer' ELSE 'A question that you follow has an "
    "answer' END,"
    "  $3, CASE WHEN p.author = f.customer THEN 'Answer Received' END,"
    "  CASE WHEN p.author = f.customer THEN $4 END, $5"
    " FROM follower f JOIN post p ON p.number = f.question WHERE f.question = $1 AND f.customer <> coalesce($2, '')";

static int tell_followers(parley_call *c, const struct question *question, const struct answer *answer, bool first) {
    const struct post *q = &question->post, *a = &answer->post;
    double hours = (double)(parley->now(c) - q->at) / HOUR;
    parley_json refs = parley_object(c, "{question, answer, sku, feature}", q->id, a->id, question->sku, q->feature);
    parley_json properties = parley_object(c, "{question, answer, sku, about, hours, first, retailer, verified}", q->id,
                                           a->id, question->sku, parley_format(c, "sku:{}", question->sku), hours,
                                           (int)first, answer->retailer, answer->verified);
    int rc = parley_sql(c, notices, q->number, a->author, refs, properties, parley->now(c));
    return rc < 0 ? rc : tell_soon(c);
}

int answer_shown(parley_call *c, int64_t number) {
    struct question question;
    struct answer answer;
    int rc = parley_sql(c, "UPDATE post SET told = 1 WHERE number = $1 AND told = 0", number);
    if (rc <= 0) return rc;
    rc = read_by_number(c, number, &answer);
    if (rc >= 0) rc = question_of(c, &answer, &question);
    if (rc >= 0)
        rc = parley_sql(c, "SELECT 1 FROM post WHERE question = $1 AND told = 1 AND number <> $2 LIMIT 1",
                        answer.question, number);
    if (rc < 0) return rc;
    bool first = rc == 0;
    rc = parley_sql(c, "UPDATE question SET route_at = NULL WHERE number = $1", answer.question);
    return rc < 0 ? rc : tell_followers(c, &question, &answer, first);
}

/* ---- whom it helped ---- */

static int64_t votes_today(parley_call *c) {
    int rc = parley_sql(c, "SELECT count(*) FROM helpful WHERE voter = $1 AND at > $2", parley->customer(c),
                        parley->now(c) - DAY);
    return rc < 0 ? rc : parley->col(c, 0);
}

static int64_t votes_of(parley_call *c, int64_t answer) {
    int rc = parley_sql(c, "SELECT count(*) FROM helpful WHERE answer = $1", answer);
    return rc < 0 ? rc : parley->col(c, 0);
}

/* Its author is told at these numbers of people, each once. */
static int credit(parley_call *c, const struct answer *answer, const struct question *question, int64_t people) {
    static const int milestones[] = {1, 3, 10, 25, 50, 100, 250, 500, 1000, 5000, 10000};
    int reached = 0;
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones && milestones[i] <= people; i++)
        reached = milestones[i];
    int rc =
        parley_sql(c, "UPDATE post SET helped = $2 WHERE number = $1 AND helped < $2", answer->post.number, reached);
    if (rc <= 0) return rc;
    const char *words = parley_format(c, "Your answer helped {} people", reached);
    if (reached == 1) words = "Your answer helped somebody";
    return tell_author(c, &answer->post, "answer-helped", words,
                       parley_object(c, "{question, answer, sku, people}", question->post.id, answer->post.id,
                                     question->sku, reached));
}

static int track_vote(parley_call *c, const char *event, const struct answer *answer, const struct question *question) {
    return parley_track(c, event, "{answer, question, sku, product_id, about, retailer}", answer->post.id,
                        question->post.id, question->sku, question->sku, parley_format(c, "sku:{}", question->sku),
                        answer->retailer);
}

static int find_votable(parley_call *c, struct answer *answer, struct question *question) {
    int rc = input_shopper(c);
    if (rc >= 0) rc = answer_find(c, answer);
    if (rc >= 0) rc = question_of(c, answer, question);
    if (rc < 0) return rc;
    if (post_mine(c, &answer->post)) return parley->fail(c, 409, "one does not vote for one's own answer");
    return post_is(&answer->post, "public") ? 0 : parley->fail(c, 409, "this answer is not shown");
}

static int reply_votes(parley_call *c, int64_t votes, bool voted) {
    if (votes < 0) return (int)votes;
    return parley_reply(c, 200, "{helpful, voted}", votes, voted);
}

int answer_helpful(parley_call *c) {
    struct answer answer;
    struct question question;
    int rc = find_votable(c, &answer, &question);
    if (rc >= 0 && !answer.voted) rc = input_not_too_often(c, votes_today(c), VOTES_A_DAY, "votes");
    if (rc >= 0)
        rc = parley_sql(
            c, "INSERT INTO helpful (answer, voter, at) VALUES ($1, $2, $3) ON CONFLICT (answer, voter) DO NOTHING",
            answer.post.number, parley->customer(c), parley->now(c));
    if (rc < 0) return rc;
    bool changed = rc > 0;
    int64_t votes = votes_of(c, answer.post.number);
    if (changed && votes >= 0) rc = track_vote(c, "Answer Helpful", &answer, &question);
    if (changed && rc >= 0 && votes >= 0) rc = credit(c, &answer, &question, votes);
    return rc < 0 ? rc : reply_votes(c, votes, true);
}

int answer_unhelpful(parley_call *c) {
    struct answer answer;
    struct question question;
    int rc = find_votable(c, &answer, &question);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM helpful WHERE answer = $1 AND voter = $2", answer.post.number,
                        parley->customer(c));
    if (rc > 0) rc = track_vote(c, "Answer Helpful Withdrawn", &answer, &question);
    return rc < 0 ? rc : reply_votes(c, votes_of(c, answer.post.number), false);
}
