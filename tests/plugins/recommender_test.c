/* The arithmetic of recommendations against other programs: reference values are numpy's and those of V-SKNN as session-rec has it
 * (tests/plugins/recommender_reference.py); the pairs are the known answers of Online Retail; the figures on MovieLens are published. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugins/recommendations/compare.h"
#include "plugins/recommendations/ease.h"
#include "plugins/recommendations/model.h"
#include "plugins/recommendations/popularity.h"
#include "programs/parley/interactions.h"
#include "programs/parley/orders.h"

enum { ITEMS = 6 };

static void add_set(struct sets *sets, const uint32_t *items, size_t n) {
    sets_begin(sets);
    for (size_t i = 0; i < n; i++) sets_add(sets, items[i]);
}
#define SET(sets, ...)                                                                                                 \
    add_set(sets, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static struct sets seven(void) {
    struct sets sets;
    sets_init(&sets, ITEMS);
    SET(&sets, 0, 1, 2);
    SET(&sets, 1, 2, 3);
    SET(&sets, 0, 3);
    SET(&sets, 2, 4, 1);
    SET(&sets, 4, 5);
    SET(&sets, 0, 1, 5);
    SET(&sets, 3, 2);
    return sets;
}

static void expect_scores(const float *scores, const double *expected) {
    for (int i = 0; i < ITEMS; i++)
        cr_expect_float_eq(scores[i], expected[i], 2e-6, "item %d: %g, not %g", i, scores[i], expected[i]);
}

Test(recommender, ease_is_what_numpy_computes) {
    static const uint32_t having[] = {0, 2};
    struct sets sets = seven();
    struct neighbours weights;
    float scores[ITEMS] = {0};
    cr_assert_eq(ease_train(&weights, &sets, 2, SIZE_MAX), 0);
    neighbours_score(&weights, having, 2, scores);
    expect_scores(scores,
                  (const double[]){-0.011494253, 0.734793187, -0.010948905, 0.490066225, 0.052805281, 0.037878788});
    cr_expect_eq(neighbours_because(&weights, having, 2, 1), 1); /* 2 says 0.45 of 1, 0 says 0.29 */
    neighbours_free(&weights);
    ease_train(&weights, &sets, 2, 2); /* the two of largest size: 1 and 5 for item 0 */
    cr_expect_eq(neighbours_size(&weights, 0), 2);
    cr_expect_eq(neighbours_of(&weights, 0)[0].item, 1);
    cr_expect_eq(neighbours_of(&weights, 0)[1].item, 5);
    neighbours_free(&weights);
    sets_free(&sets);
}

Test(recommender, vsknn_is_what_its_authors_program_computes) {
    static const uint32_t visit[] = {0, 2};
    const struct vsknn_options options = {.neighbours = 3, .sample = 5, .idf = 5};
    struct sets sets = seven();
    struct vsknn vsknn;
    uint32_t because[ITEMS] = {0};
    vsknn_train(&vsknn, &sets, &options);
    for (int again = 0; again < 2; again++) { /* nothing of a call is left for the next one */
        float scores[ITEMS] = {0};
        vsknn_score(&vsknn, visit, 2, scores, because);
        expect_scores(scores, (const double[]){0, 3.798079, 5.697118, 5.236489, 3.631907, 0});
    }
    cr_expect_eq(because[4], 2);
    vsknn_free(&vsknn);
}

Test(recommender, association_has_support_cosine_and_lift) {
    struct sets sets = seven();
    struct association association;
    association_train(&association, &sets, &(struct association_options){ASSOCIATION_COSINE, 1, 10});
    const struct neighbour *first = neighbours_of(&association.neighbours, 1);
    cr_expect_eq(first->item, 2);
    cr_expect_eq(first->together, 3);
    cr_expect_float_eq(first->weight, 0.75, 1e-6);
    cr_expect_float_eq(association_lift(&association, 1, first), 1.3125, 1e-9);
    association_free(&association);
    association_train(&association, &sets, &(struct association_options){ASSOCIATION_LIFT, 3, 10});
    cr_expect_eq(neighbours_size(&association.neighbours, 1), 1); /* no other pair is in three sets */
    cr_expect_eq(neighbours_size(&association.neighbours, 0), 0);
    association_free(&association);
    sets_free(&sets);
}

Test(recommender, of_equal_scores_the_lower_item_comes_first_however_many_are_asked_for) {
    static const float scores[] = {1, 3, 3, 0, 3, 2};
    static const uint8_t excluded[ITEMS] = {[1] = 1};
    struct ranked best[ITEMS];
    for (size_t most = 1; most <= ITEMS; most++) {
        static const uint32_t expected[] = {2, 4, 5, 0};
        const size_t n = rank_best(scores, excluded, ITEMS, 0, best, most);
        cr_expect_eq(n, most < 4 ? most : 4);
        for (size_t i = 0; i < n; i++) cr_expect_eq(best[i].item, expected[i]);
    }
    cr_expect_eq(rank_best(scores, excluded, ITEMS, -1, best, ITEMS), 5);
}

static void score_by_item(void *model, size_t who, const uint32_t *having, size_t n, float *scores) {
    for (int i = 0; i < ITEMS; i++) scores[i] = (float)(ITEMS - i);
}

Test(recommender, measures_are_those_of_their_definitions) {
    struct sets before, later;
    struct measures measures[] = {{.k = 3}, {.k = 5}};
    sets_init(&before, ITEMS);
    sets_init(&later, ITEMS);
    SET(&before, 0); /* ranks 1 2 3 4 5: finds 1, 3 of 1 3 5 among three */
    SET(&later, 1, 3, 5);
    SET(&before, 1);
    sets_begin(&later); /* nothing to foretell: passed over */
    cr_assert_eq(evaluate(&before, &later, score_by_item, NULL, measures, 2), 1);
    cr_expect_float_eq(measures[0].recall, 2.0 / 3, 1e-12);
    cr_expect_float_eq(measures[0].ndcg, 0.7039180890341347, 1e-12);
    cr_expect_eq(measures[0].mrr, 1);
    cr_expect_eq(measures[1].recall, 1);
    sets_free(&before);
    sets_free(&later);
}

/* ---- a model as bytes ---- */

static struct model *small_model(void) {
    static const int64_t ids[ITEMS] = {12, 4, 9, 1, 30, 2};
    struct model_inputs inputs = {.ids = ids,
                                  .items = ITEMS,
                                  .owners = seven(),
                                  .visits = seven(),
                                  .baskets = seven(),
                                  .lambda = 2,
                                  .keep = 10,
                                  .at = 1000};
    return model_train(&inputs);
}

Test(recommender, a_model_written_and_read_again_is_the_same) {
    struct model *model = small_model();
    struct bytes bytes = model_write(model);
    struct model *again = model_read(bytes.at, bytes.n);
    cr_assert_not_null(again);
    struct bytes second = model_write(again);
    cr_expect_eq(bytes.n, second.n);
    cr_expect_arr_eq(bytes.at, second.at, bytes.n);
    cr_expect_eq(model_place(again, 30), 4);
    cr_expect_eq(model_place(again, 31), (uint32_t)MODEL_NO_ITEM);
    cr_expect_eq(model_place(again, 3), (uint32_t)MODEL_NO_ITEM);
    cr_expect_eq(again->facts.method, MODEL_EASE);
    free(bytes.at);
    free(second.at);
    model_free(again);
    model_free(model);
}

Test(recommender, a_damaged_or_shortened_model_is_none) {
    struct model *model = small_model();
    struct bytes bytes = model_write(model);
    for (size_t n = 0; n < bytes.n; n++) {
        cr_expect_null(model_read(bytes.at, n), "%zu of %zu bytes", n, bytes.n);
        bytes.at[n] ^= 4;
        cr_expect_null(model_read(bytes.at, bytes.n), "byte %zu", n);
        bytes.at[n] ^= 4;
    }
    free(bytes.at);
    model_free(model);
}

/* ---- real data ---- */

static const char *shared(const char *file, char *path, size_t room) {
    const char *folder = getenv("PARLEY_SHARED");
    if (folder) snprintf(path, room, "%s/data/%s", folder, file);
    return folder && access(path, R_OK) == 0 ? path : NULL;
}

/* Clean orders, as data/README says: a customer, no cancellation, quantity and price above zero. */
static void read_baskets(const char *path, struct orders *orders) {
    struct csv *csv;
    struct csv_row row;
    cr_assert_eq(csv_open(&csv, path, NULL), 0);
    orders_init(orders);
    cr_assert_eq(csv_next(csv, &row, NULL), 1);
    cr_assert_eq(
        orders_columns(
            orders,
            TEXT(
                "order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,quantity=Quantity,price=UnitPrice"),
            &row, NULL),
        0);
    while (csv_next(csv, &row, NULL) > 0) orders_add(orders, &row);
    csv_close(csv);
    cr_assert_eq(orders_finish(orders, NULL), 0);
}

static uint32_t item_of(struct map *items, struct text sku) {
    void *known = map_get(items, sku);
    if (!known) map_put(items, sku, known = (void *)(uintptr_t)(items->n + 1));
    return (uint32_t)((uintptr_t)map_get(items, sku) - 1);
}

static void make_baskets(struct orders *orders, struct map *items, struct sets *sets) {
    static size_t met[5000]; /* the order that an item was last in, from 1 */
    sets_init(sets, 5000);
    for (size_t i = 0; i < orders->n; i++) {
        if (orders->list[i]->refund) continue;
        sets_begin(sets);
        for (struct order_line *line = orders->list[i]->lines; line; line = line->next) {
            const uint32_t item = item_of(items, line->sku);
            if (met[item] == i + 1) continue;
            met[item] = i + 1;
            sets_add(sets, item);
        }
    }
}

Test(recommender, known_pairs_of_online_retail_are_found_with_their_support_and_lift) {
    static const struct {
        const char *left, *right;
        uint32_t together;
        double lift;
    } pairs[] = {{"22386", "85099B", 546, 7.26}, {"22697", "22699", 541, 18.53}, {"22726", "22727", 530, 14.19}};
    char path[4096];
    struct orders orders;
    struct map items = {0};
    struct sets sets;
    struct association association;
    if (!shared("online_retail.csv.gz", path, sizeof path))
        cr_skip_test("PARLEY_SHARED/data/online_retail.csv.gz is absent");
    read_baskets(path, &orders);
    make_baskets(&orders, &items, &sets);
    cr_assert_eq(sets.n, 18532);
    association_train(&association, &sets, &(struct association_options){ASSOCIATION_LIFT, 3, 40});
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        const uint32_t left = item_of(&items, text_of(pairs[p].left)), right = item_of(&items, text_of(pairs[p].right));
        const struct neighbour *row = neighbours_of(&association.neighbours, left), *found = NULL;
        for (size_t i = 0; i < neighbours_size(&association.neighbours, left); i++)
            if (row[i].item == right) found = &row[i];
        cr_assert_not_null(found, "%s-%s", pairs[p].left, pairs[p].right);
        cr_expect_eq(found->together, pairs[p].together);
        cr_expect_float_eq(association_lift(&association, left, found), pairs[p].lift, 0.005);
    }
    association_free(&association);
    sets_free(&sets);
    map_free(&items);
    orders_free(&orders);
}

/* A folder with ua.base and ua.test: GroupLens' licence lets nobody hand them on. */
static const char *movielens(const char *file, char *path, size_t room) {
    const char *folder = getenv("PARLEY_ML100K");
    if (!folder) return shared(file[2] == '.' && file[3] == 'b' ? "ml-100k/ua.base" : "ml-100k/ua.test", path, room);
    snprintf(path, room, "%s/%s", folder, file);
    return access(path, R_OK) == 0 ? path : NULL;
}

struct figures {
    double popularity_recall, popularity_ndcg, ease_recall, ease_ndcg;
};

static void note(void *to, const char *algorithm, size_t people, const struct measures *m) {
    struct figures *figures = to;
    const bool ease = !strcmp(algorithm, "ease");
    cr_expect_eq(people, 943);
    if (!ease && strcmp(algorithm, "popularity") != 0) return;
    if (m->k == 20) *(ease ? &figures->ease_recall : &figures->popularity_recall) = m->recall;
    if (m->k == 100) *(ease ? &figures->ease_ndcg : &figures->popularity_ndcg) = m->ndcg;
}

Test(recommender, ease_and_popularity_reach_the_published_figures_on_movielens_100k) {
    char base[4096], test[4096];
    struct interactions all;
    struct sets before, later;
    struct figures figures = {0};
    const struct compare_options options = {300, SIZE_MAX, EASE_ITEMS_MOST, {20, 100}, 2};
    if (!movielens("ua.base", base, sizeof base) || !movielens("ua.test", test, sizeof test))
        cr_skip_test("PARLEY_ML100K names no folder with ua.base and ua.test (grouplens.org/datasets/movielens/100k)");
    interactions_init(&all);
    cr_assert_eq(interactions_read(&all, base, TEXT(""), PART_LEARNT, NULL), 0);
    cr_assert_eq(interactions_read(&all, test, TEXT(""), PART_TEST, NULL), 0);
    cr_assert_eq(all.n, 100000);
    interactions_order(&all);
    interactions_people(&all, &before, &later);
    cr_assert_eq(compare_people(&before, &later, &options, note, &figures), 0);
    cr_expect_float_eq(figures.ease_recall, .3946, 5e-5);
    cr_expect_float_eq(figures.ease_ndcg, .5197, 5e-5);
    cr_expect_float_eq(figures.popularity_recall, .1788, 5e-5);
    cr_expect_float_eq(figures.popularity_ndcg, .2647, 5e-5);
    sets_free(&before);
    sets_free(&later);
    interactions_free(&all);
}
