/* What recommendations promise: a visit is answered in less than a millisecond with 20,000 visits to compare with, and EASE learns 3,000
 * items in less than five seconds on one core. Items are drawn as shops have them: a few are everywhere, most are rare. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "plugins/recommendations/ease.h"
#include "plugins/recommendations/popularity.h"
#include "plugins/recommendations/vsknn.h"

enum { ITEMS = 3000, VISITS = 20000, OWNERS = 20000, QUERIES = 20000, LENGTH_MOST = 20, SHOWN = 20 };

/* Of this thread's processor time: what other programs take of the machine is not the method's. */
static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* By Zipf's law, nearly: the density falls with the rank. */
static uint32_t draw_item(unsigned *seed) {
    return (uint32_t)(pow(ITEMS, (double)rand_r(seed) / ((double)RAND_MAX + 1)) - 1);
}

static size_t draw_visit(unsigned *seed, uint32_t *visit) {
    const size_t wanted = 2 + (size_t)rand_r(seed) % (LENGTH_MOST - 1);
    size_t n = 0;
    while (n < wanted) {
        const uint32_t item = draw_item(seed);
        size_t i = 0;
        while (i < n && visit[i] != item) i++;
        if (i == n) visit[n++] = item;
    }
    return n;
}

static void draw_sets(struct sets *sets, size_t n, unsigned seed) {
    uint32_t visit[LENGTH_MOST];
    sets_init(sets, ITEMS);
    for (size_t s = 0; s < n; s++) {
        const size_t size = draw_visit(&seed, visit);
        sets_begin(sets);
        for (size_t i = 0; i < size; i++) sets_add(sets, visit[i]);
    }
}

static int ascending(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void bench_visits(void) {
    static double took[QUERIES];
    static float scores[ITEMS];
    static uint32_t because[ITEMS];
    static uint8_t excluded[ITEMS];
    uint32_t visit[LENGTH_MOST];
    struct ranked best[SHOWN];
    struct sets visits;
    struct vsknn vsknn;
    unsigned seed = 2;
    size_t shown = 0;
    draw_sets(&visits, VISITS, 1);
    vsknn_train(&vsknn, &visits, &vsknn_usual);
    for (int q = 0; q < QUERIES; q++) {
        const size_t n = draw_visit(&seed, visit);
        const double began = seconds();
        for (size_t i = 0; i < ITEMS; i++) scores[i] = 0;
        vsknn_score(&vsknn, visit, n, scores, because);
        for (size_t i = 0; i < n; i++) excluded[visit[i]] = 1;
        shown += rank_best(scores, excluded, ITEMS, 0, best, SHOWN);
        for (size_t i = 0; i < n; i++) excluded[visit[i]] = 0;
        took[q] = seconds() - began;
    }
    qsort(took, QUERIES, sizeof *took, ascending);
    printf("visit p50 %.1f us p99 %.1f us, %d visits, %d items, %zu shown\n", 1e6 * took[QUERIES / 2], 1e6 * took[QUERIES * 99 / 100],
           VISITS, ITEMS, shown);
    vsknn_free(&vsknn);
}

static void bench_ease(void) {
    struct sets owners;
    struct neighbours weights;
    draw_sets(&owners, OWNERS, 3);
    const double began = seconds();
    const int rc = ease_train(&weights, &owners, 300, 256);
    printf("ease %.3f s, %d items, %d customers%s\n", seconds() - began, ITEMS, OWNERS, rc ? ", FAILED" : "");
    neighbours_free(&weights);
    sets_free(&owners);
}

int main(void) {
    bench_visits();
    bench_ease();
    return 0;
}
