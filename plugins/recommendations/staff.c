/* What the staff see of the model, train it anew, and how good it is on the shop's own past: what was first had in the latest fifth of all
 * rows, foretold from the rows before. */
#include <stdlib.h>

#include "plugins/recommendations/compare.h"
#include "plugins/recommendations/recommendations.h"

static const int64_t LAMBDA_MOST = 1000000;

int staff_retrain(parley_call *c) {
    parley_json body = parley->body(c);
    struct memory *memory = parley->state(c);
    double lambda = -1;
    int64_t keep = -1;
    int rc = parley_is(body) ? parley->only(c, body, "lambda keep") : 0;
    if (rc < 0) return rc;
    if (parley_is(parley->get(body, "lambda")) &&
        (!parley->number(parley->get(body, "lambda"), &lambda) || !(lambda >= 1 && lambda <= (double)LAMBDA_MOST)))
        return parley_invalid(c, "/lambda", "\"lambda\" is a number from 1 to {}; 300 to 500 is usual", LAMBDA_MOST);
    if (parley_is(parley->get(body, "keep")) &&
        (!parley->integer(parley->get(body, "keep"), &keep) || keep < 10 || keep > 1000))
        return parley->invalid(c, "/keep", "\"keep\" is a whole number from 10 to 1000: weights kept of each item");
    if (lambda > 0) rc = parley_sql(c, "UPDATE state SET lambda = $1", lambda);
    if (rc >= 0 && keep > 0) rc = parley_sql(c, "UPDATE state SET keep = $1", keep);
    if (rc >= 0) rc = train_begin(c, memory);
    return rc < 0 ? rc : parley_reply(c, 202, "{training: true}");
}

static parley_json model_json(parley_call *c, const struct memory *memory) {
    const struct model *model = memory->model;
    if (!model) return (parley_json){0};
    const struct model_facts *facts = &model->facts;
    return parley_object(c, "{trainedAt, ageSeconds, tookMs, items, people, visits, orders, method, lambda, keep, weights, stored}",
                         (parley_time){facts->at}, (parley->now(c) - facts->at) / 1000, facts->took, model->items, facts->people,
                         facts->visits, facts->baskets, facts->method == MODEL_EASE ? "ease" : "item-knn", (double)facts->lambda,
                         facts->keep, model->affinity.starts[model->items], memory->stored);
}

int staff_model(parley_call *c) {
    const struct memory *memory = parley->state(c);
    int rc = parley_sql(c, "SELECT (SELECT count(*) FROM item), (SELECT count(*) FROM item WHERE listed = 1),"
                           " (SELECT count(*) FROM item WHERE available = 0), (SELECT count(*) FROM person),"
                           " (SELECT count(*) FROM visit), (SELECT count(*) FROM purchase), lambda, keep FROM state");
    if (rc < 0) return rc;
    parley_json rows = parley_object(c, "{items, listed, soldOut, people, visits, orders}", parley->col(c, 0), parley->col(c, 1),
                                     parley->col(c, 2), parley->col(c, 3), parley->col(c, 4), parley->col(c, 5));
    return parley_reply(c, 200, "{model, training, next, rows, lambda, keep}", model_json(c, memory),
                        is_under_way(memory->training, parley->now(c)),
                        memory->due ? PARLEY_VALUE(((parley_time){memory->due_at})) : PARLEY_VALUE(NULL), rows,
                        parley->col_double(c, 6), parley->col(c, 7));
}

/* ---- how good it is; on the helper's thread ---- */

struct lines {
    parley_call *w;
    parley_json list;
};

static void say(void *to, const char *algorithm, size_t people, const struct measures *m) {
    struct lines *lines = to;
    parley_append(lines->w, lines->list, "{algorithm, k, recall, ndcg, mrr, hitRate, people}", algorithm, m->k, m->recall, m->ndcg,
                  m->mrr, m->hit_rate, people);
}

/* The time at which the latest fifth of all rows begins. */
static int find_split(parley_call *w, int64_t *split) {
    int rc = parley_sql(w, "SELECT at FROM has ORDER BY at LIMIT 1 OFFSET (SELECT count(*) * 4 / 5 FROM has)");
    *split = rc > 0 ? parley->col(w, 0) : INT64_MAX;
    return rc;
}

static void split_rows(parley_call *w, int row, int64_t split, struct sets *before, struct sets *later) {
    int64_t person = -1;
    for (; row > 0; row = parley->next(w)) {
        if (parley->col(w, 0) != person) {
            sets_begin(before);
            sets_begin(later);
        }
        person = parley->col(w, 0);
        sets_add(parley->col(w, 2) < split ? before : later, (uint32_t)parley->col(w, 1));
    }
}

/* Items by their rank among the ids; of each person what she had in the order of time. */
static int read_split(parley_call *w, int64_t split, struct sets *before, struct sets *later) {
    int row = parley_sql(w, "SELECT count(*) FROM item");
    if (row < 0) return row;
    sets_init(before, (uint32_t)parley->col(w, 0));
    sets_init(later, (uint32_t)parley->col(w, 0));
    row = parley_sql(w,
                     "WITH ranked AS (SELECT id, row_number() OVER (ORDER BY sku) - 1 AS rank FROM item)"
                     " SELECT person, rank, at FROM has JOIN ranked ON ranked.id = has.item WHERE rank < $1"
                     " ORDER BY person DESC, at, rank LIMIT $2",
                     before->items, TRAIN_ROWS_MOST);
    split_rows(w, row, split, before, later);
    return row < 0 ? row : 0;
}

static int run(parley_call *w, parley_json input) {
    struct sets before = {0}, later = {0};
    struct lines lines = {w, parley->list(w)};
    struct compare_options options = {EASE_LAMBDA, EASE_KEEP, EASE_ITEMS_MOST, {20, 100}, 2};
    double lambda;
    int64_t split;
    if (parley->number(parley->get(input, "lambda"), &lambda)) options.lambda = (float)lambda;
    int rc = find_split(w, &split);
    if (rc > 0) rc = read_split(w, split, &before, &later);
    if (rc >= 0 && before.n > 0) rc = compare_people(&before, &later, &options, say, &lines);
    const size_t rows = before.n ? before.starts[before.n] : 0, wanted = later.n ? later.starts[later.n] : 0;
    sets_free(&before);
    sets_free(&later);
    if (rc < 0) return rc;
    return parley_reply(w, 200, "{at, split, learnt, foretold, items}", (parley_time){parley->now(w)},
                        rows ? PARLEY_VALUE(((parley_time){split})) : PARLEY_VALUE(NULL), rows, wanted, lines.list);
}

static int done(parley_call *c, parley_json result) {
    struct memory *memory = parley->state(c);
    memory->evaluating = 0;
    if (!parley_is(result)) {
        parley->count(c, "evaluations_failed", 1);
        parley_log(c, PARLEY_ERROR, "the evaluation failed");
        return 0;
    }
    return parley_sql(c, "UPDATE state SET evaluation = $1", result);
}

int staff_evaluate(parley_call *c) {
    struct memory *memory = parley->state(c);
    if (parley_is(parley->body(c)) && parley->only(c, parley->body(c), "") < 0) return PARLEY_REFUSED;
    if (is_under_way(memory->evaluating, parley->now(c))) return parley_reply(c, 202, "{running: true}");
    int rc = parley_sql(c, "SELECT lambda FROM state");
    if (rc < 0) return rc;
    if (parley_work(c, run, done, "{lambda}", parley->col_double(c, 0)) < 0)
        return parley_fail(c, 503, "too much background work is under way; ask again in a minute");
    memory->evaluating = parley->now(c);
    return parley_reply(c, 202, "{running: true}");
}

int staff_evaluation(parley_call *c) {
    const struct memory *memory = parley->state(c);
    const bool running = is_under_way(memory->evaluating, parley->now(c));
    int rc = parley_sql(c, "SELECT evaluation FROM state");
    if (rc < 0) return rc;
    parley_json last = parley->parse(c, parley->col_text(c, 0));
    if (!parley_is(last)) return parley_reply(c, 200, "{running, at: null, items: []}", running);
    return parley_reply(c, 200, "{running, at, split, learnt, foretold, items}", running, parley->get(last, "at"),
                        parley->get(last, "split"), parley->get(last, "learnt"), parley->get(last, "foretold"),
                        parley->get(last, "items"));
}
