#include "plugins/recommendations/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/popularity.h"

struct bench {
    float *scores;
    uint8_t *had, *wanted;
    struct ranked *best;
};

static void mark(uint8_t *marks, const struct sets *sets, size_t s, uint8_t value) {
    for (size_t m = sets->starts[s]; m < sets->starts[s + 1]; m++) marks[sets->members[m]] = value;
}

static double discount(size_t rank) {
    return 1 / log2((double)rank + 1);
}

/* What one ranking is worth at one k. */
static void add(struct measures *m, const struct bench *bench, size_t ranked, size_t wanted) {
    double gain = 0, ideal = 0, first = 0;
    size_t found = 0;
    const size_t most = wanted < m->k ? wanted : m->k;
    for (size_t rank = 1; rank <= ranked && rank <= m->k; rank++) {
        if (!bench->wanted[bench->best[rank - 1].item]) continue;
        if (found++ == 0) first = 1 / (double)rank;
        gain += discount(rank);
    }
    for (size_t rank = 1; rank <= most; rank++) ideal += discount(rank);
    m->recall += (double)found / (double)most;
    m->ndcg += gain / ideal;
    m->mrr += first;
    m->hit_rate += found > 0;
}

size_t evaluate(const struct sets *before, const struct sets *later, scorer *score, void *model,
                struct measures *measures, size_t n) {
    const uint32_t items = before->items;
    const size_t most = measures[n - 1].k;
    struct bench bench = {allocate(items, sizeof(float)), allocate(items, 1), allocate(items, 1),
                          allocate(most, sizeof(struct ranked))};
    size_t people = 0;
    for (size_t s = 0; s < later->n; s++) {
        if (sets_size(later, s) == 0) continue;
        memset(bench.scores, 0, items * sizeof *bench.scores);
        score(model, s, sets_of(before, s), sets_size(before, s), bench.scores);
        mark(bench.had, before, s, 1);
        mark(bench.wanted, later, s, 1);
        const size_t ranked = rank_best(bench.scores, bench.had, items, -INFINITY, bench.best, most);
        for (size_t k = 0; k < n; k++) add(&measures[k], &bench, ranked, sets_size(later, s));
        mark(bench.had, before, s, 0);
        mark(bench.wanted, later, s, 0);
        people++;
    }
    for (size_t k = 0; k < n && people > 0; k++) {
        measures[k].recall /= (double)people;
        measures[k].ndcg /= (double)people;
        measures[k].mrr /= (double)people;
        measures[k].hit_rate /= (double)people;
    }
    free(bench.scores);
    free(bench.had);
    free(bench.wanted);
    free(bench.best);
    return people;
}

void evaluate_next(const struct sets *visits, struct sets *before, struct sets *later) {
    sets_init(before, visits->items);
    sets_init(later, visits->items);
    for (size_t s = 0; s < visits->n; s++)
        for (size_t next = 1; next < sets_size(visits, s); next++) {
            sets_begin(before);
            for (size_t m = 0; m < next; m++) sets_add(before, sets_of(visits, s)[m]);
            sets_begin(later);
            sets_add(later, sets_of(visits, s)[next]);
        }
}
