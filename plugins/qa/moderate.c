/* What may be seen: the staff's queue, its decisions with their reasons, reports by shoppers and appeals by authors. That somebody is
 * not pleased with a product is no reason to hide what she wrote: there is no such code. */
#include "plugins/qa/qa.h"

static const struct reason {
    const char *code, *words; /* as its author reads them */
} reasons[] = {
    {"spam", "it looks like advertising"},         {"personal-data", "it says something private about somebody"},
    {"abuse", "it insults or threatens somebody"}, {"off-topic", "it is not about this product"},
    {"illegal", "it may be against the law"},      {"duplicate", "the same was asked or answered before"},
};

struct item {
    struct post post;
    int64_t question; /* of an answer: its question's number; 0: it is one */
    parley_text sku, question_id;
};

#define ITEM_COLUMNS                                                                                                   \
    POST_COLUMNS ", coalesce(p.question, 0), q.sku, parent.id, parent.body, p.why, p.queued_at,"                       \
                 " (SELECT t.title FROM product t WHERE t.sku = q.sku)"
#define ITEM_FROM                                                                                                      \
    " FROM post p JOIN question q ON q.number = coalesce(p.question, p.number)"                                        \
    " JOIN post parent ON parent.number = q.number "

static void item_read(parley_call *c, struct item *item) {
    *item = (struct item){
        .question = parley->col(c, 11), .sku = parley->col_text(c, 12), .question_id = parley->col_text(c, 13)};
    post_read(c, &item->post);
}

/* /questions/{question}/... or /answers/{answer}/... */
static int find_item(parley_call *c, struct item *item) {
    bool answer = parley->path(c, "answer").at;
    parley_text id = parley->path(c, answer ? "answer" : "question");
    int rc = parley_sql(c, "SELECT " ITEM_COLUMNS ITEM_FROM "WHERE p.id = $1 AND p.state <> 'withdrawn'", id);
    if (rc < 0) return rc;
    if (rc > 0) item_read(c, item);
    bool seen = rc > 0 && (parley->staff(c) || post_is(&item->post, "public") || post_mine(c, &item->post));
    if (seen && answer == (item->question != 0)) return 0;
    return parley_fail(c, 404, "there is no {} \"{}\"", answer ? "answer" : "question", id);
}

/* {NULL, 0} where it is a question. */
static parley_text answer_id(const struct item *item) {
    return item->question ? item->post.id : (parley_text){0};
}

static parley_json refs_of(parley_call *c, const struct item *item, parley_text reason) {
    return parley_object(c, "{question, answer, sku, reason}", item->question_id, answer_id(item), item->sku, reason);
}

static int write_log(parley_call *c, const struct post *post, const char *action, parley_text reason,
                     parley_text note) {
    int rc = parley_sql(c, "INSERT INTO moderation (post, action, reason, note, at) VALUES ($1, $2, $3, $4, $5)",
                        post->number, action, reason, note, parley->now(c));
    return rc < 0 ? rc : 0;
}

static const struct reason *find_reason(parley_text code) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (parley_same(code, (parley_text){reasons[i].code, __builtin_strlen(reasons[i].code)})) return &reasons[i];
    return NULL;
}

static int read_reason(parley_call *c, const struct reason **reason) {
    parley_text code = parley->text(parley->get(parley->body(c), "reason"));
    *reason = find_reason(code);
    if (*reason) return 0;
    return parley->invalid(
        c, "/reason",
        "\"reason\" is one of spam, personal-data, abuse, off-topic, illegal, duplicate; that somebody is "
        "not pleased is none");
}

/* ---- into the queue ---- */

static int queue(parley_call *c, int64_t number, const char *why) {
    return parley_sql(c,
                      "UPDATE post SET queued_at = coalesce(queued_at, $3),"
                      " why = CASE WHEN why = 'appealed' THEN why ELSE $2 END WHERE number = $1",
                      number, why, parley->now(c));
}

int moderate_enter(parley_call *c, int64_t number, bool was_hidden) {
    enum moderation mode = parley->staff(c) ? MODERATION_OFF : setting_moderation(c);
    bool pending = was_hidden || mode == MODERATION_PRE;
    int rc = parley_sql(c, "UPDATE post SET state = $2, reason = NULL WHERE number = $1", number,
                        pending ? "pending" : "public");
    if (rc >= 0 && (pending || mode == MODERATION_POST))
        rc = queue(c, number, was_hidden ? "edited" : pending ? "pending" : "new");
    return rc < 0 ? rc : !pending;
}

int moderate_report(parley_call *c) {
    struct item item;
    const struct reason *reason;
    parley_text note;
    int rc = input_body(c, "reason note");
    if (rc >= 0) rc = read_reason(c, &reason);
    if (rc >= 0) rc = input_optional(c, "note", NOTE_MOST, &note);
    if (rc >= 0) rc = input_shopper(c);
    if (rc >= 0) rc = find_item(c, &item);
    if (rc >= 0)
        rc = parley_sql(c, "SELECT count(*) FROM report WHERE customer = $1 AND at > $2", parley->customer(c),
                        parley->now(c) - DAY);
    if (rc >= 0) rc = input_not_too_often(c, parley->col(c, 0), REPORTS_A_DAY, "reports");
    if (rc < 0) return rc;
    if (post_mine(c, &item.post)) return parley->fail(c, 409, "what is your own you can take back yourself");
    rc = parley_sql(c,
                    "INSERT INTO report (post, customer, reason, note, at) VALUES ($1, $2, $3, $4, $5)"
                    " ON CONFLICT (post, customer) DO NOTHING",
                    item.post.number, parley->customer(c), reason->code, note, parley->now(c));
    if (rc > 0) { /* the same again is no second report */
        rc = queue(c, item.post.number, "reported");
        if (rc >= 0)
            rc = parley_track(c, "Post Reported", "{question, answer, sku, about, reason}", item.question_id,
                              answer_id(&item), item.sku, parley_format(c, "sku:{}", item.sku), reason->code);
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{reported: true}");
}

int moderate_appeal(parley_call *c) {
    struct item item;
    parley_text body;
    int rc = input_body(c, "body");
    if (rc >= 0) rc = input_text(c, "body", NOTE_MOST, &body);
    if (rc >= 0) rc = input_shopper(c);
    if (rc >= 0) rc = find_item(c, &item);
    if (rc < 0) return rc;
    if (!post_mine(c, &item.post)) return parley->fail(c, 403, "only its author may ask for another look");
    if (!post_is(&item.post, "hidden")) return parley->fail(c, 409, "this is not hidden");
    if (item.post.appeal.at) return parley->fail(c, 409, "another look was asked for already");
    rc = parley_sql(c, "UPDATE post SET appeal = $2 WHERE number = $1", item.post.number, body);
    if (rc >= 0) rc = queue(c, item.post.number, "appealed");
    if (rc >= 0) rc = write_log(c, &item.post, "appeal", item.post.reason, (parley_text){0});
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{appealed: true}");
}

/* ---- out of it ---- */

static int decide(parley_call *c, const struct item *item, const char *state, parley_text reason, parley_text note) {
    int rc = parley_sql(c, "UPDATE post SET state = $2, reason = $3, queued_at = NULL, why = NULL WHERE number = $1",
                        item->post.number, state, reason);
    return rc < 0 ? rc : write_log(c, &item->post, state, reason, note);
}

static int reply_state(parley_call *c, const struct item *item, const char *state) {
    return parley_reply(c, 200, "{id, state}", item->post.id, state);
}

int moderate_publish(parley_call *c) {
    struct item item;
    parley_text note = {0};
    int rc = find_item(c, &item);
    if (rc >= 0 && parley_is(parley->body(c))) rc = input_body(c, "note");
    if (rc >= 0) rc = input_optional(c, "note", NOTE_MOST, &note);
    if (rc >= 0) rc = decide(c, &item, "public", (parley_text){0}, note);
    if (rc >= 0) rc = parley_sql(c, "UPDATE post SET appeal = NULL WHERE number = $1", item.post.number);
    if (rc >= 0) rc = item.question ? answer_shown(c, item.post.number) : question_shown(c, item.post.number);
    if (rc >= 0 && !post_is(&item.post, "public"))
        rc = tell_author(c, &item.post, "post-shown",
                         item.question ? "Your answer is shown now" : "Your question is shown now",
                         refs_of(c, &item, (parley_text){0}));
    return rc < 0 ? rc : reply_state(c, &item, "public");
}

int moderate_hide(parley_call *c) {
    struct item item;
    const struct reason *reason;
    parley_text note;
    int rc = input_body(c, "reason note");
    if (rc >= 0) rc = read_reason(c, &reason);
    if (rc >= 0) rc = input_optional(c, "note", NOTE_MOST, &note);
    if (rc >= 0) rc = find_item(c, &item);
    if (rc < 0) return rc;
    parley_text code = {reason->code, __builtin_strlen(reason->code)};
    rc = decide(c, &item, "hidden", code, note);
    if (rc >= 0) rc = parley_sql(c, "UPDATE question SET accepted = NULL WHERE accepted = $1", item.post.number);
    if (rc >= 0) rc = parley_sql(c, "UPDATE question SET route_at = NULL WHERE number = $1", item.post.number);
    if (rc >= 0) rc = item.question ? route_begin(c, item.question) : search_remove(c, item.post.number);
    const char *what = item.question ? "answer" : "question", *words;
    words = parley_format(c, "Your {} is not shown: {}. You may ask for another look", what, reason->words);
    if (item.post.appeal.at)
        words = parley_format(c, "We looked again, and your {} stays hidden: {}", what, reason->words);
    if (rc >= 0) rc = tell_author(c, &item.post, "post-hidden", words, refs_of(c, &item, code));
    return rc < 0 ? rc : reply_state(c, &item, "hidden");
}

/* ---- the staff's lists ---- */

struct queued {
    struct item item;
    parley_text question_body, why, product;
    int64_t since;
};

static int reports_of(parley_call *c, int64_t number, parley_json list) {
    int rc = parley_sql(c, "SELECT reason, note, at FROM report WHERE post = $1 ORDER BY at DESC LIMIT 20", number);
    for (; rc > 0; rc = parley->next(c))
        parley_append(c, list, "{reason, note, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      (parley_time){parley->col(c, 2)});
    return rc;
}

static int append_queued(parley_call *c, parley_json items, const struct queued *q) {
    const struct post *p = &q->item.post;
    parley_json reports = parley->list(c);
    int rc = reports_of(c, p->number, reports);
    parley_json question = {0};
    if (q->item.question) question = parley_object(c, "{id, body}", q->item.question_id, q->question_body);
    parley_append(
        c, items,
        "{id, kind, why, sku, product, about, question, body, name, state, reason, appeal, reports, at, waitingSince}",
        p->id, q->item.question ? "answer" : "question", q->why, q->item.sku, q->product,
        parley_format(c, "sku:{}", q->item.sku), question, p->body, p->name, p->state, p->reason, p->appeal, reports,
        (parley_time){p->at}, (parley_time){q->since});
    return rc;
}

/* "1795334400000-17": since when, and the number. */
static bool read_place(parley_call *c, int64_t *since, int64_t *number) {
    parley_text cursor = parley->query(c, "cursor");
    size_t dash = 0;
    *since = *number = 0;
    if (!parley_some(cursor)) return true;
    while (dash < cursor.n && cursor.at[dash] != '-') dash++;
    if (dash == cursor.n) return false;
    return parley->integer(parley->parse(c, (parley_text){cursor.at, dash}), since) &&
           parley->integer(parley->parse(c, (parley_text){cursor.at + dash + 1, cursor.n - dash - 1}), number);
}

int moderate_queue(parley_call *c) {
    struct queued *found = parley->alloc(c, (PAGE_MOST + 1) * sizeof *found);
    int64_t limit, since, number;
    int n = 0, rc = input_limit(c, &limit);
    if (rc < 0) return rc;
    if (!read_place(c, &since, &number)) return parley->fail(c, 400, "cursor is not one that this list gave");
    parley_text why = parley->query(c, "why");
    rc = parley_sql(
        c,
        "SELECT " ITEM_COLUMNS ITEM_FROM "WHERE p.queued_at IS NOT NULL AND ($1 = '' OR p.why = $1)"
        " AND (p.queued_at > $2 OR (p.queued_at = $2 AND p.number > $3)) ORDER BY p.queued_at, p.number LIMIT $4",
        why.at ? why : PARLEY_TEXT(""), since, number, limit + 1);
    for (; rc > 0; rc = parley->next(c), n++) {
        item_read(c, &found[n].item);
        found[n].question_body = parley->col_text(c, 14);
        found[n].why = parley->col_text(c, 15);
        found[n].since = parley->col(c, 16);
        found[n].product = parley->col_text(c, 17);
    }
    parley_json items = parley->list(c);
    for (int i = 0; i < n && i < limit && rc >= 0; i++) rc = append_queued(c, items, &found[i]);
    if (rc < 0) return rc;
    if (n <= limit) return parley_reply(c, 200, "{items, next: null}", items);
    return parley_reply(c, 200, "{items, next}", items,
                        parley_format(c, "{}-{}", found[limit - 1].since, found[limit - 1].item.post.number));
}

int moderate_log(parley_call *c) {
    int64_t limit, cursor, last = 0;
    int n = 0, rc = input_limit(c, &limit);
    if (rc >= 0) rc = input_cursor(c, INT64_MAX, &cursor);
    if (rc < 0) return rc;
    parley_json items = parley->list(c);
    rc = parley_sql(c,
                    "SELECT m.number, m.at, m.action, p.id, p.question IS NOT NULL, m.reason, m.note FROM moderation m"
                    " JOIN post p ON p.number = m.post WHERE m.number < $1 ORDER BY m.number DESC LIMIT $2",
                    cursor, limit + 1);
    for (; rc > 0; rc = parley->next(c)) {
        if (n++ == limit) return parley_reply(c, 200, "{items, next}", items, parley_format(c, "{}", last));
        last = parley->col(c, 0);
        parley_append(c, items, "{at, action, kind, id, reason, note}", (parley_time){parley->col(c, 1)},
                      parley->col_text(c, 2), parley->col(c, 4) ? "answer" : "question", parley->col_text(c, 3),
                      parley->col_text(c, 5), parley->col_text(c, 6));
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next: null}", items);
}
