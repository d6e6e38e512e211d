#include "plugins/recommendations/compare.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/association.h"
#include "plugins/recommendations/ease.h"
#include "plugins/recommendations/popularity.h"
#include "plugins/recommendations/vsknn.h"

struct comparison {
    const struct sets *before, *later;
    const struct compare_options *options;
    compare_say *say;
    void *to;
};

static void run(const struct comparison *c, const char *algorithm, scorer *score, void *model) {
    struct measures measures[COMPARE_CUTOFFS] = {0};
    for (size_t i = 0; i < c->options->k_n; i++) measures[i].k = c->options->k[i];
    const size_t people = evaluate(c->before, c->later, score, model, measures, c->options->k_n);
    for (size_t i = 0; i < c->options->k_n; i++) c->say(c->to, algorithm, people, &measures[i]);
}

/* ---- the scorers ---- */

struct counts {
    float *scores;
    uint32_t items;
};

static void score_counts(void *model, size_t who, const uint32_t *having, size_t n, float *scores) {
    const struct counts *counts = model;
    memcpy(scores, counts->scores, counts->items * sizeof *scores);
}

static void score_neighbours(void *model, size_t who, const uint32_t *having, size_t n, float *scores) {
    neighbours_score(model, having, n, scores);
}

struct visits_model {
    struct vsknn vsknn;
    uint32_t *because;
};

static void score_visits(void *model, size_t who, const uint32_t *having, size_t n, float *scores) {
    struct visits_model *visits = model;
    vsknn_score(&visits->vsknn, having, n, scores, visits->because);
}

/* ---- the algorithms ---- */

static void run_popularity(const struct comparison *c, const struct sets *learnt) {
    struct counts counts = {allocate(learnt->items, sizeof(float)), learnt->items};
    popularity_count(learnt, counts.scores);
    run(c, "popularity", score_counts, &counts);
    free(counts.scores);
}

static void run_association(const struct comparison *c, const char *name, const struct sets *learnt) {
    struct association association;
    const struct association_options options = {ASSOCIATION_COSINE, 1, EASE_KEEP};
    association_train(&association, learnt, &options);
    run(c, name, score_neighbours, &association.neighbours);
    association_free(&association);
}

static int run_ease(const struct comparison *c) {
    struct neighbours weights;
    if (c->before->items > c->options->ease_items_most) return 0;
    if (ease_train(&weights, c->before, c->options->lambda, c->options->keep) < 0) return -1;
    run(c, "ease", score_neighbours, &weights);
    neighbours_free(&weights);
    return 0;
}

/* Takes `learnt` over. */
static void run_visits(const struct comparison *c, struct sets *learnt) {
    struct visits_model visits = {.because = allocate(learnt->items, sizeof(uint32_t))};
    vsknn_train(&visits.vsknn, learnt, &vsknn_usual);
    run(c, "v-sknn", score_visits, &visits);
    vsknn_free(&visits.vsknn);
    free(visits.because);
}

static struct sets copy(const struct sets *sets) {
    struct sets copied;
    sets_init(&copied, sets->items);
    for (size_t s = 0; s < sets->n; s++) {
        sets_begin(&copied);
        for (size_t m = sets->starts[s]; m < sets->starts[s + 1]; m++) sets_add(&copied, sets->members[m]);
    }
    return copied;
}

int compare_people(const struct sets *before, const struct sets *later, const struct compare_options *options,
                   compare_say *say, void *to) {
    const struct comparison c = {before, later, options, say, to};
    run_popularity(&c, before);
    run_association(&c, "item-knn", before);
    if (run_ease(&c) < 0) return -1;
    struct sets visits = copy(before);
    run_visits(&c, &visits);
    return 0;
}

void compare_visits(struct sets *visits, const struct sets *later, const struct compare_options *options,
                    compare_say *say, void *to) {
    struct sets shown, next;
    evaluate_next(later, &shown, &next);
    const struct comparison c = {&shown, &next, options, say, to};
    run_popularity(&c, visits);
    run_association(&c, "association", visits);
    run_visits(&c, visits);
    sets_free(&shown);
    sets_free(&next);
}
