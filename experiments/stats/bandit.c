/* Thompson and top-two weights. */
#include "experiments/stats/bandit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "experiments/stats/special_internal.h"

/* Panels end at these multiples of every arm's sd: each arm's density and cdf are smooth in between, and 1e-37 beyond. */
static const double marks[] = {-13, -10.5, -8, -6, -4.5, -3, -2, -1, 0, 1, 2, 3, 4.5, 6, 8, 10.5, 13};
enum { MARKS = sizeof marks / sizeof *marks };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Adds the share of one node x of weight w: the chance that arm i is at x and none, or exactly one, of the others is above. */
static void add_node(const double *means, const double *sds, size_t arms, double x, double w, double *best,
                     double *second) {
    double below[BANDIT_ARMS_MAX], above[BANDIT_ARMS_MAX], density[BANDIT_ARMS_MAX];
    for (size_t i = 0; i < arms; i++) {
        const double z = (x - means[i]) / sds[i];
        below[i] = 0.5 * erfc(-z * 0.7071067811865476);
        above[i] = 0.5 * erfc(z * 0.7071067811865476);
        density[i] = 0.3989422804014327 / sds[i] * exp(-z * z / 2);
    }
    for (size_t i = 0; i < arms; i++) {
        if (density[i] == 0) continue;
        double none = 1, one = 0;
        for (size_t j = 0; j < arms; j++) {
            if (j == i) continue;
            one = one * below[j] + none * above[j];
            none *= below[j];
        }
        best[i] += w * density[i] * none;
        second[i] += w * density[i] * one;
    }
}

static void integrate(const double *means, const double *sds, size_t arms, double *best, double *second) {
    double ends[BANDIT_ARMS_MAX * MARKS];
    size_t n = 0;
    for (size_t i = 0; i < arms; i++)
        for (size_t k = 0; k < MARKS; k++) ends[n++] = means[i] + marks[k] * sds[i];
    qsort(ends, n, sizeof *ends, ascending); // cppcheck-suppress uninitvar ; there is at least one arm: usable()
    for (size_t k = 0; k + 1 < n; k++) {
        const double half = (ends[k + 1] - ends[k]) / 2, middle = ends[k] + half;
        if (half == 0) continue;
        for (int i = 0; i < GAUSS_HALF; i++) {
            const double step = half * (double)gauss_nodes[i][0], w = half * (double)gauss_nodes[i][1];
            add_node(means, sds, arms, middle - step, w, best, second);
            add_node(means, sds, arms, middle + step, w, best, second);
        }
    }
}

static bool usable(const double *means, const double *sds, size_t arms, double floor) {
    if (arms < 1 || arms > BANDIT_ARMS_MAX || !(floor >= 0 && (double)arms * floor <= 1)) return false;
    for (size_t i = 0; i < arms; i++)
        if (!isfinite(means[i]) || !(sds[i] > 0) || isinf(sds[i])) return false;
    return true;
}

int thompson(const double *means, const double *sds, size_t arms, enum better better, double floor, double *best,
             double *top_two, double *weights) {
    for (size_t i = 0; i < arms; i++) best[i] = top_two[i] = weights[i] = NAN;
    if (!usable(means, sds, arms, floor)) return false;
    double signed_means[BANDIT_ARMS_MAX], second[BANDIT_ARMS_MAX] = {0};
    for (size_t i = 0; i < arms; i++) {
        signed_means[i] = better == BETTER_LOWER ? -means[i] : means[i];
        best[i] = 0;
    }
    integrate(signed_means, sds, arms, best, second);
    for (size_t i = 0; i < arms; i++) {
        top_two[i] = arms == 1 ? 1 : arms == 2 ? 0.5 : (best[i] + second[i]) / 2;
        weights[i] = floor + (1 - (double)arms * floor) * top_two[i];
    }
    return true;
}
