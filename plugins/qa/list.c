/* Questions as they are listed, searched and found alike; answers page by page. All of it without signing in. */
#include "plugins/qa/qa.h"

enum { RANKED_MOST = 200, SIMILAR_MOST = 5 };
static const double ALIKE = 0.3; /* the least likeness that is worth showing */

struct page {
    struct question questions[PAGE_MOST + 1];
    int n;
    int64_t limit;
};

static struct page *page_new(parley_call *c) {
    return parley->alloc(c, sizeof(struct page));
}

static int page_fill(parley_call *c, struct page *page, int row) {
    for (; row > 0; row = parley->next(c)) question_read(c, &page->questions[page->n++]);
    return row;
}

/* `next` where there is one more than the limit: the number of the last that is shown, or how many were shown so far. */
static int page_reply(parley_call *c, const struct page *page, int64_t shown_before, bool by_number) {
    int rc = 0;
    int64_t n = page->n < page->limit ? page->n : page->limit;
    parley_json items = parley->list(c);
    for (int64_t i = 0; i < n && rc >= 0; i++)
        parley_append(c, items, "?", question_view(c, &page->questions[i], ANSWERS_SHOWN, &rc));
    if (rc < 0) return rc;
    if (page->n <= page->limit) return parley_reply(c, 200, "{items, next: null}", items);
    return parley_reply(c, 200, "{items, next}", items,
                        parley_format(c, "{}", by_number ? page->questions[n - 1].post.number : shown_before + n));
}

#define VISIBLE "(p.state = 'public' OR (p.author = $1 AND p.state <> 'withdrawn')) "
#define OPEN    "NOT EXISTS (SELECT 1 FROM post a WHERE a.question = p.number AND a.state = 'public') "
#define VOTES                                                                                                          \
    "(SELECT count(*) FROM helpful h JOIN post a ON a.number = h.answer"                                               \
    " WHERE a.question = p.number AND a.state = 'public')"

static int by_votes(parley_call *c, parley_text sku, struct page *page, int64_t cursor) {
    int rc = page_fill(c, page,
                       parley_sql(c,
                                  "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE q.sku = $2 AND " VISIBLE
                                  "ORDER BY " VOTES " DESC, p.number DESC LIMIT $3 OFFSET $4",
                                  parley->customer(c), sku, page->limit + 1, cursor));
    return rc < 0 ? rc : page_reply(c, page, cursor, false);
}

static int newest(parley_call *c, parley_text sku, struct page *page, int64_t cursor) {
    return page_fill(c, page,
                     parley_sql(c,
                                "SELECT " QUESTION_COLUMNS QUESTION_FROM
                                "WHERE q.sku = $2 AND p.number < $3 AND " VISIBLE "ORDER BY p.number DESC LIMIT $4",
                                parley->customer(c), sku, cursor, page->limit + 1));
}

static int unanswered(parley_call *c, parley_text sku, struct page *page, int64_t cursor) {
    return page_fill(c, page,
                     parley_sql(c,
                                "SELECT " QUESTION_COLUMNS QUESTION_FROM
                                "WHERE q.sku = $2 AND p.number < $3 AND " VISIBLE "AND " OPEN
                                "ORDER BY p.number DESC LIMIT $4",
                                parley->customer(c), sku, cursor, page->limit + 1));
}

static int of_product(parley_call *c, parley_text sku) {
    parley_text order = parley->query(c, "order");
    struct page *page = page_new(c);
    bool helpful = parley_same(order, PARLEY_TEXT("helpful")), open = parley_same(order, PARLEY_TEXT("unanswered"));
    int64_t cursor;
    int rc = input_limit(c, &page->limit);
    if (rc >= 0) rc = input_cursor(c, helpful ? 0 : INT64_MAX, &cursor);
    if (rc < 0) return rc;
    if (helpful) return by_votes(c, sku, page, cursor);
    if (parley_some(order) && !open && !parley_same(order, PARLEY_TEXT("newest")))
        return parley->fail(c, 400, "order is newest, helpful or unanswered");
    rc = open ? unanswered(c, sku, page, cursor) : newest(c, sku, page, cursor);
    return rc < 0 ? rc : page_reply(c, page, 0, true);
}

int list_of_product(parley_call *c) {
    return of_product(c, parley->path(c, "sku"));
}

/* The questions of hits, in their order. */
static int read_hits(parley_call *c, const struct hit *hits, int n, struct page *page) {
    for (int i = 0; i < n; i++) {
        int rc = parley_sql(c, "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE p.number = $2", parley->customer(c),
                            hits[i].number);
        if (rc > 0) question_read(c, &page->questions[page->n++]);
        if (rc < 0) return rc;
    }
    return 0;
}

static int searched(parley_call *c, parley_text sku, parley_text text) {
    struct hit *hits = parley->alloc(c, RANKED_MOST * sizeof *hits);
    struct page *page = page_new(c);
    int64_t cursor;
    int rc = input_limit(c, &page->limit);
    if (rc >= 0) rc = input_cursor(c, 0, &cursor);
    if (rc < 0) return rc;
    int64_t found = rc = search_rank(c, sku, text, hits, RANKED_MOST);
    int64_t rest = found > cursor ? found - cursor : 0;
    if (rc >= 0)
        rc = read_hits(c, hits + (rest ? cursor : 0), (int)(rest > page->limit ? page->limit + 1 : rest), page);
    return rc < 0 ? rc : page_reply(c, page, cursor, false);
}

static int of_author(parley_call *c, struct page *page, int64_t cursor) {
    return page_fill(c, page,
                     parley_sql(c,
                                "SELECT " QUESTION_COLUMNS QUESTION_FROM
                                "WHERE p.author = $1 AND p.state <> 'withdrawn' AND p.number < $2"
                                " ORDER BY p.number DESC LIMIT $3",
                                parley->customer(c), cursor, page->limit + 1));
}

static int of_anybody(parley_call *c, struct page *page, int64_t cursor) {
    return page_fill(c, page,
                     parley_sql(c,
                                "SELECT " QUESTION_COLUMNS QUESTION_FROM "WHERE p.state = 'public' AND p.number < $2"
                                " ORDER BY p.number DESC LIMIT $3",
                                parley->customer(c), cursor, page->limit + 1));
}

static int of_anybody_unanswered(parley_call *c, struct page *page, int64_t cursor) {
    return page_fill(c, page,
                     parley_sql(c,
                                "SELECT " QUESTION_COLUMNS QUESTION_FROM
                                "WHERE p.state = 'public' AND p.number < $2 AND " OPEN
                                "ORDER BY p.number DESC LIMIT $3",
                                parley->customer(c), cursor, page->limit + 1));
}

static int of_everything(parley_call *c) {
    struct page *page = page_new(c);
    bool mine = parley_same(parley->query(c, "by"), PARLEY_TEXT("me"));
    bool open = parley_same(parley->query(c, "order"), PARLEY_TEXT("unanswered"));
    int64_t cursor;
    int rc = input_limit(c, &page->limit);
    if (rc >= 0) rc = input_cursor(c, INT64_MAX, &cursor);
    if (rc >= 0 && mine) rc = input_shopper(c);
    if (rc < 0) return rc;
    rc = mine   ? of_author(c, page, cursor)
         : open ? of_anybody_unanswered(c, page, cursor)
                : of_anybody(c, page, cursor);
    return rc < 0 ? rc : page_reply(c, page, 0, true);
}

int list_questions(parley_call *c) {
    parley_text text = parley->query(c, "q"), sku = input_sku(c);
    if (text.n > QUESTION_MOST) return parley_fail(c, 400, "q has {} bytes at most", QUESTION_MOST);
    if (parley->query(c, "about").at && !sku.at) return parley->fail(c, 400, "about is \"sku:\" and a product's sku");
    if (parley_some(text)) return searched(c, sku, text);
    return sku.at ? of_product(c, sku) : of_everything(c);
}

/* The same question, whatever its case, accents, marks and blanks; 0 where nobody asked it. */
static int64_t find_same(parley_call *c, parley_text sku, parley_text body) {
    int rc = parley_sql(c, "SELECT p.number" QUESTION_FROM "WHERE q.sku = $1 AND q.same = $2 AND p.state = 'public'",
                        sku, words_same(c, body));
    return rc > 0 ? parley->col(c, 0) : rc;
}

int list_similar(parley_call *c) {
    struct hit hits[SIMILAR_MOST];
    struct page *page = page_new(c);
    parley_text sku = parley->path(c, "sku"), body = parley->query(c, "body");
    if (body.n > QUESTION_MOST) return parley_fail(c, 400, "body has {} bytes at most", QUESTION_MOST);
    int64_t same = find_same(c, sku, body);
    int n = same < 0 ? (int)same : search_rank(c, sku, body, hits, SIMILAR_MOST);
    int rc = n < 0 ? n : read_hits(c, hits, n, page);
    parley_json items = parley->list(c);
    for (int i = 0; i < n && rc >= 0; i++) {
        bool is_same = hits[i].number == same;
        if (hits[i].likeness < ALIKE && !is_same) continue;
        parley_json view = question_view(c, &page->questions[i], ANSWERS_SHOWN, &rc);
        parley_append(c, items, "{same, likeness, question}", is_same,
                      (double)(int)(hits[i].likeness * 100 + 0.5) / 100, view);
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next: null}", items);
}

int list_one(parley_call *c) {
    struct question question;
    int rc = question_find(c, &question);
    return rc < 0 ? rc : question_reply(c, 200, &question);
}

int list_answers(parley_call *c) {
    struct answer *answers = parley->alloc(c, (PAGE_MOST + 1) * sizeof *answers);
    struct question question;
    int64_t limit, cursor;
    int n = 0, rc = question_find(c, &question);
    if (rc >= 0) rc = input_limit(c, &limit);
    if (rc >= 0) rc = input_cursor(c, 0, &cursor);
    if (rc < 0) return rc;
    rc = parley_sql(c,
                    "SELECT " ANSWER_COLUMNS ANSWER_FROM "WHERE p.question = $2 AND p.state <> 'withdrawn'"
                    " AND (p.state = 'public' OR p.author = $1 OR $5 = 1)"
                    " ORDER BY coalesce(q.accepted, 0) = p.number DESC, votes DESC, p.number LIMIT $3 OFFSET $4",
                    parley->customer(c), question.post.number, limit + 1, cursor, parley->staff(c));
    for (; rc > 0; rc = parley->next(c)) answer_read(c, &answers[n++]);
    if (rc < 0) return rc;
    parley_json items = parley->list(c);
    for (int i = 0; i < n && i < limit; i++) parley_append(c, items, "?", answer_view(c, &answers[i]));
    if (n <= limit) return parley_reply(c, 200, "{items, next: null}", items);
    return parley_reply(c, 200, "{items, next}", items, parley_format(c, "{}", cursor + limit));
}

/* The newest first. One that somebody has answered meanwhile is still hers to answer; hidden ones are not. */
int list_asks(parley_call *c) {
    struct page *page = page_new(c);
    int64_t cursor;
    int rc = input_shopper(c);
    if (rc >= 0) rc = input_limit(c, &page->limit);
    if (rc >= 0) rc = input_cursor(c, INT64_MAX, &cursor);
    if (rc < 0) return rc;
    rc = page_fill(c, page,
                   parley_sql(c,
                              "SELECT " QUESTION_COLUMNS QUESTION_FROM
                              "JOIN ask ON ask.question = p.number WHERE ask.customer = $1 AND ask.state = 'open'"
                              " AND p.state = 'public' AND p.number < $2 ORDER BY p.number DESC LIMIT $3",
                              parley->customer(c), cursor, page->limit + 1));
    return rc < 0 ? rc : page_reply(c, page, 0, true);
}
