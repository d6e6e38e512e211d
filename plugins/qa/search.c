/* Finding questions by their words: BM25 over a table of our own, so that it is the same over every database.
 *
 * The weight of a word in a question is  idf * tf (k + 1) / (tf + k (1 - b + b length / average)),  idf = ln(1 + (N - n + 0.5) / (n + 0.5)):
 * S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, equations 3.3 and 3.15, with the 1 inside
 * the logarithm that keeps common words from counting against a question. k = 1.2, b = 0.75. */
#include <math.h>
#include <stdlib.h>

#include "plugins/qa/qa.h"

enum {
    TERMS = 6, /* words that rank: the rarest of the query */
    TERM_PARAMETERS = 2 * TERMS + 3,
    QUERY_WORDS = 24,    /* words of a query that are looked at */
    BODY_WORDS = 250,    /* different words of a question */
    COMMON = 2000,       /* in more questions than that, a word ranks only where there is no rarer one */
    LENGTH_SAMPLE = 1000 /* the newest questions, for the average length */
};

struct term {
    parley_text stem;
    int64_t count; /* in the text; of a query: questions that have it */
    double idf;
};

/* The different stems of a text, at most `most`, each with how often it is there. Returns how many; *length of all words. */
static int stems_of(parley_call *c, parley_text text, struct term *terms, int most, int64_t *length) {
    int n = 0;
    *length = 0;
    for (struct words words = {.rest = text}; words_next(&words); ++*length) {
        parley_text stem = words_stem(&words);
        int i = 0;
        while (i < n && !parley_same(terms[i].stem, stem)) i++;
        if (i == most) continue;
        if (i == n) {
            char *copy = parley->alloc(c, stem.n);
            __builtin_memcpy(copy, stem.at, stem.n);
            terms[n++] = (struct term){.stem = {copy, stem.n}};
        }
        terms[i].count++;
    }
    return n;
}

int search_add(parley_call *c, int64_t number, parley_text sku, parley_text body) {
    struct term *terms = parley->alloc(c, BODY_WORDS * sizeof *terms);
    int64_t length;
    int n = stems_of(c, body, terms, BODY_WORDS, &length);
    int rc = parley_sql(c, "UPDATE question SET words = $2 WHERE number = $1", number, length);
    for (int i = 0; i < n && rc >= 0; i++)
        rc = parley_sql(c, "INSERT INTO posting (word, sku, question, count) VALUES ($1, $2, $3, $4)", terms[i].stem,
                        sku, number, terms[i].count);
    return rc < 0 ? rc : 0;
}

int search_remove(parley_call *c, int64_t number) {
    int rc = parley_sql(c, "DELETE FROM posting WHERE question = $1", number);
    return rc < 0 ? rc : 0;
}

static int weigh(parley_call *c, struct term *terms, int n) {
    int rc = parley_sql(c, "SELECT coalesce(max(number), 0) FROM question");
    if (rc < 0) return rc;
    double all = (double)parley->col(c, 0);
    for (int i = 0; i < n; i++) {
        rc = parley_sql(c, "SELECT count(*) FROM (SELECT 1 FROM posting WHERE word = $1 LIMIT $2) found", terms[i].stem,
                        COMMON + 1);
        if (rc < 0) return rc;
        terms[i].count = parley->col(c, 0);
        double has = (double)terms[i].count;
        terms[i].idf = log(1 + (fmax(all, has) - has + 0.5) / (has + 0.5));
    }
    return 0;
}

static int rarest_first(const void *a, const void *b) {
    const struct term *x = a, *y = b;
    return x->idf < y->idf ? 1 : x->idf > y->idf ? -1 : 0;
}

/* The words that rank, rarest first; at least one where any question has one. A word that none has says nothing, least of all while
 * there are few questions. */
static int choose(struct term *terms, int all) {
    int n = 0;
    for (int i = 0; i < all; i++)
        if (terms[i].count) terms[n++] = terms[i];
    qsort(terms, (size_t)n, sizeof *terms, rarest_first);
    if (n > TERMS) n = TERMS;
    while (n > 1 && terms[n - 1].count > COMMON) n--;
    return n;
}

#define TERM_ROWS                                                                                                      \
    "WITH term (word, idf) AS (VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12))"                  \
    " SELECT q.number, sum(term.idf * p.count * 2.2 / (p.count + 1.2 * (0.25 + 0.75 * q.words / $13))) AS score"       \
    " FROM term JOIN posting p ON p.word = term.word"
#define TERM_RANK                                                                                                      \
    " JOIN question q ON q.number = p.question JOIN post ON post.number = q.number"                                    \
    " WHERE post.state = 'public' GROUP BY q.number ORDER BY score DESC, q.number DESC LIMIT $14"
int search_rank(parley_call *c, parley_text sku, parley_text text, struct hit *hits, int most) {
    struct term terms[QUERY_WORDS] = {{.count = 0}};
    int64_t length;
    int found = 0, n = stems_of(c, text, terms, QUERY_WORDS, &length), rc = n ? weigh(c, terms, n) : 0;
    if (rc < 0 || !n) return rc;
    n = choose(terms, n);
    if (!n) return 0;
    double best = 0;
    for (int i = 0; i < n; i++) best += terms[i].idf;
    for (int i = n; i < TERMS; i++) terms[i] = (struct term){.stem = {NULL, 0}};
    rc = parley_sql(
        c, "SELECT coalesce(avg(words), 1.0) FROM (SELECT words FROM question ORDER BY number DESC LIMIT $1) newest",
        LENGTH_SAMPLE);
    if (rc < 0) return rc;
    double average = fmax(parley->col_double(c, 0), 1);
    parley_value values[TERM_PARAMETERS];
    for (int i = 0; i < TERMS; i++) {
        values[2 * i] = PARLEY_VALUE(terms[i].stem);
        values[2 * i + 1] = PARLEY_VALUE(terms[i].idf);
    }
    values[2 * TERMS] = PARLEY_VALUE(average);
    values[2 * TERMS + 1] = PARLEY_VALUE(most);
    values[2 * TERMS + 2] = PARLEY_VALUE(sku);
    rc = sku.at ? parley->sql(c, TERM_ROWS " AND p.sku = $15" TERM_RANK, values, TERM_PARAMETERS)
                : parley->sql(c, TERM_ROWS TERM_RANK, values, TERM_PARAMETERS - 1);
    for (; rc > 0; rc = parley->next(c))
        hits[found++] = (struct hit){parley->col(c, 0), parley->col_double(c, 1) / best};
    return rc < 0 ? rc : found;
}
