#include "plugins/recommendations/association.h"

#include <math.h>
#include <stdlib.h>

static double lift_of(double together, double sets, double a, double b) {
    return together * sets / (a * b);
}

static float weigh(const struct association *association, enum association_measure measure, uint32_t a, uint32_t b,
                   uint32_t together) {
    const double x = association->counts[a], y = association->counts[b];
    if (measure == ASSOCIATION_COSINE) return (float)(together / sqrt(x * y));
    return (float)(together * log(lift_of(together, (double)association->sets, x, y)));
}

/* Counts of all that meets `item`, in `together`, which is zero again afterwards. */
static void train_item(struct association *association, const struct sets *sets, const struct sets *turned,
                       uint32_t item, const struct association_options *options, uint32_t *together,
                       struct neighbour *row, uint32_t *met) {
    size_t met_n = 0, n = 0;
    for (size_t p = turned->starts[item]; p < turned->starts[item + 1]; p++) {
        const size_t s = turned->members[p];
        for (size_t m = sets->starts[s]; m < sets->starts[s + 1]; m++) {
            const uint32_t other = sets->members[m];
            if (other != item && together[other]++ == 0) met[met_n++] = other;
        }
    }
    for (size_t k = 0; k < met_n; k++) {
        const uint32_t other = met[k], times = together[other];
        together[other] = 0;
        if (times < options->least) continue;
        const float weight = weigh(association, options->measure, item, other, times);
        if (weight > 0) row[n++] = (struct neighbour){other, times, weight};
    }
    neighbours_put(&association->neighbours, item, row, n, options->keep);
}

void association_train(struct association *association, const struct sets *sets,
                       const struct association_options *options) {
    struct sets turned;
    sets_turn(sets, &turned);
    *association = (struct association){.counts = allocate(sets->items, sizeof(uint32_t)), .sets = sets->n};
    for (uint32_t i = 0; i < sets->items; i++) association->counts[i] = (uint32_t)sets_size(&turned, i);
    neighbours_init(&association->neighbours, sets->items);
    uint32_t *together = allocate(sets->items, sizeof *together), *met = allocate(sets->items, sizeof *met);
    struct neighbour *row = allocate(sets->items, sizeof *row);
    for (uint32_t i = 0; i < sets->items; i++) train_item(association, sets, &turned, i, options, together, row, met);
    free(row);
    free(met);
    free(together);
    sets_free(&turned);
}

void association_free(struct association *association) {
    neighbours_free(&association->neighbours);
    free(association->counts);
    *association = (struct association){0};
}

double association_lift(const struct association *association, uint32_t item, const struct neighbour *neighbour) {
    return lift_of(neighbour->together, (double)association->sets, association->counts[item],
                   association->counts[neighbour->item]);
}
