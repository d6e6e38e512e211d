/* Posts as they are read and found. */
#include "plugins/qa/qa.h"

enum { OWN = 11 /* columns before those of a question or an answer */ };

void post_read(parley_call *c, struct post *post) {
    *post = (struct post){
        .number = parley->col(c, 0),
        .at = parley->col(c, 1),
        .id = parley->col_text(c, 2),
        .body = parley->col_text(c, 3),
        .name = parley->col_text(c, 4),
        .author = parley->col_text(c, 5),
        .feature = parley->col_text(c, 6),
        .state = parley->col_text(c, 7),
        .reason = parley->col_text(c, 8),
        .appeal = parley->col_text(c, 9),
        .known = parley->col(c, 10),
    };
}

void question_read(parley_call *c, struct question *question) {
    *question = (struct question){
        .sku = parley->col_text(c, OWN),
        .accepted = parley->col(c, OWN + 1),
        .followers = parley->col(c, OWN + 2),
        .answers = parley->col(c, OWN + 3),
        .following = parley->col(c, OWN + 4),
        .product = parley->col_text(c, OWN + 5),
    };
    post_read(c, &question->post);
}

void answer_read(parley_call *c, struct answer *answer) {
    *answer = (struct answer){
        .question = parley->col(c, OWN),
        .edited_at = parley->col(c, OWN + 1),
        .retailer = parley->col(c, OWN + 2),
        .accepted = parley->col(c, OWN + 3),
        .verified = parley->col(c, OWN + 4),
        .helpful = parley->col(c, OWN + 5),
        .voted = parley->col(c, OWN + 6),
    };
    post_read(c, &answer->post);
}

bool post_is(const struct post *post, const char *state) {
    return parley_same(post->state, (parley_text){state, __builtin_strlen(state)});
}

bool post_mine(parley_call *c, const struct post *post) {
    return parley_some(post->author) && parley_same(post->author, parley->customer(c));
}

/* What nobody but its author and the staff may see is not there for others. */
static bool is_seen(parley_call *c, const struct post *post) {
    if (post_is(post, "withdrawn")) return false;
    return post_is(post, "public") || parley->staff(c) || post_mine(c, post);
}

int question_find(parley_call *c, struct question *question) {
    parley_text id = parley->path(c, "id");
    int rc = parley_sql(c, "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE p.id = $2", parley->customer(c), id);
    if (rc < 0) return rc;
    if (rc > 0) question_read(c, question);
    if (rc > 0 && is_seen(c, &question->post)) return 0;
    return parley_fail(c, 404, "there is no question \"{}\"", id);
}

int answer_find(parley_call *c, struct answer *answer) {
    parley_text id = parley->path(c, "id");
    int rc = parley_sql(c, "SELECT " ANSWER_COLUMNS ANSWER_FROM "WHERE p.id = $2", parley->customer(c), id);
    if (rc < 0) return rc;
    if (rc > 0) answer_read(c, answer);
    if (rc > 0 && is_seen(c, &answer->post)) return 0;
    return parley_fail(c, 404, "there is no answer \"{}\"", id);
}

int question_of(parley_call *c, const struct answer *answer, struct question *question) {
    int rc = parley_sql(c, "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE p.number = $2", parley->customer(c),
                        answer->question);
    if (rc > 0) question_read(c, question);
    if (rc > 0) return 0;
    return rc < 0 ? rc : parley->fail(c, 404, "its question is gone");
}

int64_t post_count_since(parley_call *c, bool questions, int64_t since) {
    int rc = parley_sql(c, "SELECT count(*) FROM post WHERE author = $1 AND at > $2 AND (question IS NULL) = ($3 = 1)",
                        parley->customer(c), since, questions);
    return rc < 0 ? rc : parley->col(c, 0);
}
