/* Lists of boards: the caller's own and those she is a member of; or the public ones, which anybody may browse and search. */
#include "plugins/boards/boards.h"

enum { QUERY_WORDS = 5, QUERY_MOST = 200 };

/* A word stands for all that begin with it: >= from and < to. Two empty texts: any. */
struct range {
    parley_text from, to;
};

/* A board has all the words of a query, each at its beginning; of a query's words the first five count. */
#define HAS(from, to)                                                                                                  \
    " AND (" from " = '' OR b.number IN (SELECT w.board FROM word w LEFT JOIN item i ON i.number = w.item"             \
    "   WHERE w.word >= " from " AND w.word < " to "   AND (w.item = 0 OR i.state = 1 OR (i.state = 0 AND $2))))"
#define PUBLIC                                                                                                         \
    BOARD_SELECT "WHERE b.visibility = 'public' AND (b.state = 1 OR (b.state = 0 AND $2))" HAS("$6", "$7")             \
        HAS("$8", "$9") HAS("$10", "$11") HAS("$12", "$13") HAS("$14", "$15")
#define WORDS(r) r[0].from, r[0].to, r[1].from, r[1].to, r[2].from, r[2].to, r[3].from, r[3].to, r[4].from, r[4].to

static void read_query(parley_call *c, parley_text query, struct range *ranges) {
    for (int i = 0; i < QUERY_WORDS; i++) {
        parley_text word = word_next(c, &query);
        ranges[i] = (struct range){PARLEY_TEXT(""), PARLEY_TEXT("")};
        if (!word.at) continue;
        const char *to = parley_format(c, "{}\xF4\x8F\xBF\xBF", word); /* the last code point of all */
        ranges[i] = (struct range){word, {to, __builtin_strlen(to)}};
    }
}

struct page {
    int64_t limit, pins, number;
    bool most_pinned;
};

static int read_list(parley_call *c, struct page *page) {
    parley_text sort = parley->query(c, "sort");
    *page = (struct page){.pins = INT64_MAX, .number = INT64_MAX, .most_pinned = text_is(sort, "pinned")};
    if (parley_some(sort) && !page->most_pinned && !text_is(sort, "newest"))
        return parley->fail(c, 400, "sort is newest or pinned");
    if (parley->query(c, "q").n > QUERY_MOST) return parley_fail(c, 400, "q has at most {} bytes", QUERY_MOST);
    int rc = read_limit(c, PAGE, &page->limit);
    return rc < 0 ? rc : read_pair(c, &page->pins, &page->number);
}

static int find_public(parley_call *c, const struct page *page) {
    struct range r[QUERY_WORDS];
    bool fresh = parley->staff(c) || !policy_of(c).review_first;
    read_query(c, parley->query(c, "q"), r);
    if (page->most_pinned)
        return parley_sql(c,
                          PUBLIC
                          " AND (b.pins < $3 OR (b.pins = $3 AND b.number < $4)) ORDER BY b.pins DESC, b.number DESC"
                          " LIMIT $5",
                          parley->customer(c), fresh, page->pins, page->number, page->limit + 1, WORDS(r));
    return parley_sql(c, PUBLIC " AND b.number < $4 ORDER BY b.number DESC LIMIT $5", parley->customer(c), fresh,
                      page->pins, page->number, page->limit + 1, WORDS(r));
}

/* What staff hid stays with its owner. */
static int find_mine(parley_call *c, const struct page *page) {
    return parley_sql(c,
                      BOARD_SELECT
                      "WHERE (b.owner = $1 OR (m.role <> 'left' AND b.state <> 2)) AND b.number < $2 AND b.number IN"
                      " (SELECT number FROM board WHERE owner = $1 UNION SELECT board FROM member WHERE customer = $1)"
                      " ORDER BY b.number DESC LIMIT $3",
                      parley->customer(c), page->number, page->limit + 1);
}

/* The pin of one product on a board, for the page of that product. */
static const char *pin_of(parley_call *c, const struct board *board, parley_text sku) {
    int found =
        parley_sql(c, "SELECT number FROM item WHERE board = $1 AND sku = $2 AND kind = 'product'", board->number, sku);
    return text_next(c, found > 0, parley->col(c, 0));
}

static int reply_list(parley_call *c, struct board *boards, int64_t n, const struct page *page) {
    parley_json list = parley->list(c);
    parley_text sku = parley->query(c, "sku");
    for (int64_t i = 0; i < n && i < page->limit; i++) {
        board_judge(c, &boards[i]);
        if (parley_some(sku)) boards[i].pin = pin_of(c, &boards[i], sku);
        parley_append(c, list, "?", board_summary(c, &boards[i]));
    }
    const struct board *last = &boards[page->limit - 1];
    const char *next = NULL;
    if (n > page->limit) next = parley_format(c, "{}.{}", last->pins, last->number);
    return parley_reply(c, 200, "{items, next}", list, next);
}

/* GET /boards: the caller's own. With public=1, q or sort: the public ones. */
int board_list(parley_call *c) {
    struct board boards[PAGE + 1];
    struct page page;
    int rc = read_list(c, &page);
    if (rc < 0) return rc;
    bool open = text_is(parley->query(c, "public"), "1") || parley->query(c, "q").at || parley->query(c, "sort").at ||
                parley->staff(c);
    int64_t n = 0;
    if (open && !policy_of(c).publish) return parley_reply(c, 200, "{items: [], next: null}");
    int row = open ? find_public(c, &page) : find_mine(c, &page);
    for (; row > 0; row = parley->next(c)) boards[n++] = board_row(c);
    if (row < 0) return row;
    return reply_list(c, boards, n, &page);
}
