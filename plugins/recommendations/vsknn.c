#include "plugins/recommendations/vsknn.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void vsknn_train(struct vsknn *vsknn, struct sets *visits, const struct vsknn_options *options) {
    *vsknn = (struct vsknn){.options = *options, .visits = *visits};
    *visits = (struct sets){0};
    const uint32_t items = vsknn->visits.items;
    sets_turn(&vsknn->visits, &vsknn->of_item);
    vsknn->idf = allocate(items, sizeof *vsknn->idf);
    for (uint32_t i = 0; i < items; i++) {
        const size_t with = sets_size(&vsknn->of_item, i);
        vsknn->idf[i] = with ? logf((float)vsknn->visits.n / (float)with) : 0;
    }
    vsknn->similarity = allocate(vsknn->visits.n, sizeof *vsknn->similarity);
    vsknn->touched = allocate(vsknn->visits.n, sizeof *vsknn->touched);
    vsknn->strongest = allocate(items, sizeof *vsknn->strongest);
    vsknn->places = allocate(items, sizeof *vsknn->places);
}

void vsknn_free(struct vsknn *vsknn) {
    sets_free(&vsknn->visits);
    sets_free(&vsknn->of_item);
    free(vsknn->idf);
    free(vsknn->similarity);
    free(vsknn->touched);
    free(vsknn->strongest);
    free(vsknn->places);
    *vsknn = (struct vsknn){0};
}

/* Adds the weights of shared items to each visit's similarity; returns how many visits share one. Of each item the newest `sample` visits
 * are enough: no other can be among the newest `sample` of all. */
static size_t meet(struct vsknn *vsknn, const uint32_t *visit, size_t n) {
    size_t met = 0;
    for (size_t place = 0; place < n; place++) {
        const float share = (float)(place + 1) / (float)n, weight = share * share / (float)n;
        const size_t with = sets_size(&vsknn->of_item, visit[place]);
        const uint32_t *visits = sets_of(&vsknn->of_item, visit[place]);
        for (size_t v = with > vsknn->options.sample ? with - vsknn->options.sample : 0; v < with; v++) {
            if (vsknn->similarity[visits[v]] == 0) vsknn->touched[met++] = visits[v];
            vsknn->similarity[visits[v]] += weight;
        }
    }
    return met;
}

static bool newer(const struct vsknn *vsknn, uint32_t a, uint32_t b) {
    return a > b;
}

/* Of equally similar visits the newer one. */
static bool more_similar(const struct vsknn *vsknn, uint32_t a, uint32_t b) {
    const float x = vsknn->similarity[a], y = vsknn->similarity[b];
    return x > y || (x == y && a > b);
}

/* Moves the `most` that come first by `before` to the front, in no order (Hoare, "Find", CACM 1961); how many those are. */
static size_t select_first(const struct vsknn *vsknn, uint32_t *list, size_t n, size_t most,
                           bool (*before)(const struct vsknn *vsknn, uint32_t a, uint32_t b)) {
    if (n <= most) return n;
    const ptrdiff_t last = (ptrdiff_t)most - 1;
    for (ptrdiff_t from = 0, to = (ptrdiff_t)n - 1; from < to;) {
        const uint32_t pivot = list[last];
        ptrdiff_t i = from, j = to;
        while (i <= j) {
            while (before(vsknn, list[i], pivot)) i++;
            while (before(vsknn, pivot, list[j])) j--;
            if (i > j) break;
            const uint32_t held = list[i];
            list[i++] = list[j];
            list[j--] = held;
        }
        if (j < last) from = i;
        if (last < i) to = j;
    }
    return most;
}

static void score_neighbour(struct vsknn *vsknn, uint32_t neighbour, const uint32_t *visit, size_t n, float *scores,
                            uint32_t *because) {
    const uint32_t *items = sets_of(&vsknn->visits, neighbour);
    const size_t size = sets_size(&vsknn->visits, neighbour);
    uint32_t latest = 0; /* place from 1 of the latest item that both have */
    for (size_t m = 0; m < size; m++)
        if (vsknn->places[items[m]] > latest) latest = vsknn->places[items[m]];
    const float step = (float)(n + 1 - latest), similarity = vsknn->similarity[neighbour] / (step * step);
    for (size_t m = 0; m < size; m++) {
        const uint32_t item = items[m];
        scores[item] += similarity * (1 + vsknn->options.idf * vsknn->idf[item]);
        if (similarity <= vsknn->strongest[item]) continue;
        vsknn->strongest[item] = similarity;
        because[item] = visit[latest - 1];
    }
}

void vsknn_score(struct vsknn *vsknn, const uint32_t *visit, size_t n, float *scores, uint32_t *because) {
    const size_t from = n > VSKNN_VISIT_MOST ? n - VSKNN_VISIT_MOST : 0;
    memset(vsknn->strongest, 0, vsknn->visits.items * sizeof *vsknn->strongest);
    for (size_t i = from; i < n; i++) vsknn->places[visit[i]] = (uint32_t)(i - from + 1);
    const size_t met = meet(vsknn, visit + from, n - from);
    size_t like = select_first(vsknn, vsknn->touched, met, vsknn->options.sample, newer);
    like = select_first(vsknn, vsknn->touched, like, vsknn->options.neighbours, more_similar);
    for (size_t v = 0; v < like; v++)
        score_neighbour(vsknn, vsknn->touched[v], visit + from, n - from, scores, because);
    for (size_t v = 0; v < met; v++) vsknn->similarity[vsknn->touched[v]] = 0;
    for (size_t i = from; i < n; i++) vsknn->places[visit[i]] = 0;
}
