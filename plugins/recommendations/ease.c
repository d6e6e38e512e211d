#include "plugins/recommendations/ease.h"

#include <stdlib.h>

/* LAPACK, by its Fortran names: Debian's OpenBLAS has no C interface to it. Lower triangles, column by column. */
void spotrf_(const char *triangle, const int *n, float *a, const int *stride, int *info);
void spotri_(const char *triangle, const int *n, float *a, const int *stride, int *info);

/* The triangle with row >= column of G + lambda I, column by column. */
static void fill_gram(float *gram, size_t n, const struct sets *owners, float lambda) {
    for (size_t s = 0; s < owners->n; s++) {
        const uint32_t *items = sets_of(owners, s);
        const size_t size = sets_size(owners, s);
        for (size_t a = 0; a < size; a++)
            for (size_t b = a; b < size; b++) {
                const size_t low = items[a] < items[b] ? items[a] : items[b],
                             high = items[a] < items[b] ? items[b] : items[a];
                gram[low * n + high]++;
            }
    }
    for (size_t i = 0; i < n; i++) gram[i * n + i] += lambda;
}

static int invert(float *gram, uint32_t items) {
    int n = (int)items, info = 0;
    spotrf_("L", &n, gram, &n, &info);
    if (info == 0) spotri_("L", &n, gram, &n, &info);
    return info == 0 ? 0 : -1;
}

int ease_train(struct neighbours *weights, const struct sets *owners, float lambda, size_t keep) {
    const size_t n = owners->items;
    neighbours_init(weights, owners->items);
    if (n == 0) return 0;
    float *gram = calloc(n * n, sizeof *gram);
    struct neighbour *row = allocate(n, sizeof *row);
    int rc = gram ? 0 : -1;
    if (rc == 0) {
        fill_gram(gram, n, owners, lambda);
        rc = invert(gram, owners->items);
    }
    for (uint32_t i = 0; rc == 0 && i < owners->items; i++) {
        size_t filled = 0;
        for (uint32_t j = 0; j < owners->items; j++) {
            const float inverse = j < i ? gram[j * n + i] : gram[i * n + j];
            if (j != i && inverse != 0)
                row[filled++] = (struct neighbour){.item = j, .weight = -inverse / gram[j * n + j]};
        }
        neighbours_put(weights, i, row, filled, keep);
    }
    free(row);
    free(gram);
    if (rc < 0) neighbours_free(weights);
    return rc;
}
