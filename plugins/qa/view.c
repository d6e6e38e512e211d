/* Posts as this caller may see them: nobody's id, and the state only for its author and the staff. */
#include "plugins/qa/qa.h"

/* For those who may know why a post is not shown. */
static bool sees_state(parley_call *c, const struct post *post) {
    return parley->staff(c) || post_mine(c, post);
}

parley_json answer_view(parley_call *c, const struct answer *answer) {
    const struct post *p = &answer->post;
    bool inside = sees_state(c, p);
    parley_text nothing = {0};
    parley_value edited_at = PARLEY_VALUE(NULL);
    if (answer->edited_at) edited_at = PARLEY_VALUE((parley_time){answer->edited_at});
    return parley_object(
        c,
        "{id, body, name, at, editedAt, retailer, verified, helpful, voted, mine, accepted, state, reason, appealed}",
        p->id, p->body, p->name, (parley_time){p->at}, edited_at, answer->retailer, answer->verified, answer->helpful,
        answer->voted, post_mine(c, p), answer->accepted, inside ? p->state : nothing, inside ? p->reason : nothing,
        (bool)(inside && p->appeal.at));
}

/* The accepted one first, then the most helpful, then the oldest; her own that are not shown yet, too. */
static int read_answers(parley_call *c, int64_t question, int n, parley_json list) {
    struct answer answers[ANSWERS_SHOWN];
    int found = 0;
    int rc = parley_sql(c,
                        "SELECT " ANSWER_COLUMNS ANSWER_FROM "WHERE p.question = $2 AND p.state <> 'withdrawn'"
                        " AND (p.state = 'public' OR p.author = $1)"
                        " ORDER BY coalesce(q.accepted, 0) = p.number DESC, votes DESC, p.number LIMIT $3",
                        parley->customer(c), question, n);
    for (; rc > 0; rc = parley->next(c)) answer_read(c, &answers[found++]);
    for (int i = 0; i < found; i++) parley_append(c, list, "?", answer_view(c, &answers[i]));
    return rc;
}

parley_json question_view(parley_call *c, const struct question *question, int n, int *rc) {
    const struct post *p = &question->post;
    bool inside = sees_state(c, p);
    parley_text nothing = {0};
    parley_json answers = parley->list(c);
    *rc = n ? read_answers(c, p->number, n, answers) : 0;
    return parley_object(
        c,
        "{id, about, sku, product, body, name, at, mine, following, followers, answerCount, answered, state,"
        " reason, appealed, answers}",
        p->id, parley_format(c, "sku:{}", question->sku), question->sku, question->product, p->body, p->name,
        (parley_time){p->at}, post_mine(c, p), question->following, question->followers, question->answers,
        (bool)(question->accepted != 0), inside ? p->state : nothing, inside ? p->reason : nothing,
        (bool)(inside && p->appeal.at), answers);
}

int question_reply(parley_call *c, int status, const struct question *question) {
    int rc;
    parley_json view = question_view(c, question, ANSWERS_SHOWN, &rc);
    if (rc < 0) return rc;
    return parley_reply(c, status, "?", view);
}
