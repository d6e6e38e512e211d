/* Questions go to people who bought the product, the most recent buyers first, several of them, each at most once in so many days over
 * all questions. Who skips, or says nothing for a while, is replaced by the next. A question says itself how it is routed: it
 * keeps the settings of the variant by which it was asked. Only Parley's answer to may_tell() decides who may be bothered. */
#include "plugins/qa/qa.h"

enum {
    A_TICK = 4,          /* questions in one go, so that writers do not wait for long */
    CANDIDATES = 12,     /* buyers that are looked at for one question in one go */
    RECENT = 1000,       /* purchases of a product among which they are looked for */
    PATIENCE = 30,       /* days after which a question goes to nobody any more */
    BUSY_MS = 30 * 1000, /* Parley had no time to say whether somebody may be told */
};

struct due {
    int64_t number, at, buyers, quiet_days, again_hours, asked_most, bought_days, trust;
    parley_text id, sku, feature, asker;
};

struct buyer {
    parley_text customer;
    bool known;
};

int route_begin(parley_call *c, int64_t question) {
    int rc =
        parley_sql(c,
                   "UPDATE question SET route_at = $2 WHERE number = $1 AND buyers > 0"
                   " AND EXISTS (SELECT 1 FROM post p WHERE p.number = question.number AND p.state = 'public')"
                   " AND NOT EXISTS (SELECT 1 FROM post a WHERE a.question = question.number AND a.state = 'public')",
                   question, parley->now(c));
    return rc <= 0 ? rc : parley->timer(c, PARLEY_TEXT("route"), parley->now(c));
}

/* Who has been asked so far, and how many of them may still answer. */
static int count_asked(parley_call *c, const struct due *due, int64_t *asked, int64_t *open) {
    int rc = parley_sql(c, "UPDATE ask SET state = 'passed' WHERE question = $1 AND state = 'open' AND at <= $2",
                        due->number, parley->now(c) - due->again_hours * HOUR);
    if (rc >= 0)
        rc = parley_sql(c,
                        "SELECT count(*), coalesce(sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0) FROM ask"
                        " WHERE question = $1",
                        due->number);
    if (rc < 0) return rc;
    *asked = parley->col(c, 0);
    *open = parley->col(c, 1);
    return 0;
}

static int find_buyers(parley_call *c, const struct due *due, struct buyer *buyers) {
    int n = 0;
    int64_t now = parley->now(c);
    int rc = parley_sql(
        c,
        "SELECT b.customer, max(b.known), max(b.at) AS last FROM"
        " (SELECT customer, known, at FROM bought WHERE sku = $1 AND at > $2 AND proved + $3 > 0 ORDER BY at DESC "
        "LIMIT $4) b"
        " WHERE b.customer <> coalesce($5, '')"
        " AND NOT EXISTS (SELECT 1 FROM ask WHERE ask.customer = b.customer AND (ask.question = $6 OR ask.at > $7))"
        " AND NOT EXISTS (SELECT 1 FROM post a WHERE a.question = $6 AND a.author = b.customer)"
        " GROUP BY b.customer ORDER BY last DESC, b.customer LIMIT $8",
        due->sku, now - due->bought_days * DAY, due->trust, RECENT, due->asker, due->number,
        now - due->quiet_days * DAY, CANDIDATES);
    for (; rc > 0; rc = parley->next(c)) buyers[n++] = (struct buyer){parley->col_text(c, 0), parley->col(c, 1)};
    return rc < 0 ? rc : n;
}

static int invite(parley_call *c, const struct due *due, const struct buyer *buyer) {
    int rc = parley_sql(c, "INSERT INTO ask (question, customer, known, state, at) VALUES ($1, $2, $3, 'open', $4)",
                        due->number, buyer->customer, buyer->known, parley->now(c));
    if (rc < 0) return rc;
    parley->count(c, "buyers_asked", 1);
    return parley_timeline_for(c, buyer->customer, buyer->known, "question-for-you",
                               "Somebody has a question about something you bought", "{question, sku, feature}",
                               due->id, due->sku, due->feature);
}

/* 1: done for now. 0: Parley is busy. */
static int route_one(parley_call *c, const struct due *due) {
    struct buyer buyers[CANDIDATES];
    int64_t asked, open, now = parley->now(c), next = now + due->again_hours * HOUR;
    int rc = count_asked(c, due, &asked, &open);
    if (rc < 0) return rc;
    int n = asked < due->asked_most ? find_buyers(c, due, buyers) : 0;
    for (int i = 0; i < n && open < due->buyers && asked < due->asked_most; i++) {
        rc = parley->may_tell(c, buyers[i].customer, due->feature, PARLEY_PUSH);
        if (rc < 0) {
            next = now + BUSY_MS;
            break;
        }
        if (rc == 0) continue;
        if ((rc = invite(c, due, &buyers[i])) < 0) return rc;
        asked++;
        open++;
    }
    bool over = (asked >= due->asked_most && open == 0) || now > due->at + (int64_t)PATIENCE * DAY;
    parley_value at = PARLEY_VALUE(next);
    if (over) at = PARLEY_VALUE(NULL);
    rc = parley_sql(c, "UPDATE question SET route_at = $2 WHERE number = $1", due->number, at);
    return rc < 0 ? rc : next != now + BUSY_MS;
}

/* The timer stands at the first question that is due. */
static int set_timer(parley_call *c) {
    int rc = parley_sql(c, "SELECT min(route_at) FROM question WHERE route_at IS NOT NULL");
    int64_t first = rc > 0 ? parley->col(c, 0) : 0;
    return rc < 0 || first == 0 ? rc : parley->timer(c, PARLEY_TEXT("route"), first);
}

int route_on_timer(parley_call *c) {
    struct due due[A_TICK];
    int n = 0,
        rc = parley_sql(c,
                        "SELECT q.number, p.at, q.buyers, q.quiet_days, q.again_hours, q.asked_most, q.bought_days,"
                        " q.trust, p.id, q.sku, p.feature, p.author" QUESTION_FROM
                        "WHERE q.route_at <= $1 ORDER BY q.route_at LIMIT $2",
                        parley->now(c), A_TICK);
    for (; rc > 0; rc = parley->next(c))
        due[n++] = (struct due){parley->col(c, 0),      parley->col(c, 1),       parley->col(c, 2),
                                parley->col(c, 3),      parley->col(c, 4),       parley->col(c, 5),
                                parley->col(c, 6),      parley->col(c, 7),       parley->col_text(c, 8),
                                parley->col_text(c, 9), parley->col_text(c, 10), parley->col_text(c, 11)};
    for (int i = 0; i < n && rc >= 0; i++) {
        rc = route_one(c, &due[i]);
        if (rc == 0) break;
    }
    return rc < 0 ? rc : set_timer(c);
}

int route_skip(parley_call *c) {
    struct question question;
    int rc = input_shopper(c);
    if (rc >= 0) rc = question_find(c, &question);
    if (rc < 0) return rc;
    rc = parley_sql(c, "UPDATE ask SET state = 'skipped' WHERE question = $1 AND customer = $2 AND state = 'open'",
                    question.post.number, parley->customer(c));
    if (rc < 0) return rc;
    if (rc == 0) return parley->fail(c, 409, "this question was not put to you, or is not any more");
    parley->count(c, "skipped", 1);
    rc = route_begin(c, question.post.number);
    if (rc >= 0)
        rc = parley_track(c, "Question Skipped", "{question, sku, product_id, about}", question.post.id, question.sku,
                          question.sku, parley_format(c, "sku:{}", question.sku));
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{skipped: true}");
}

int route_answered(parley_call *c, int64_t question) {
    return parley_sql(c,
                      "UPDATE ask SET state = 'answered' WHERE question = $1 AND customer = $2 AND state <> 'answered'",
                      question, parley->customer(c));
}
