/* Welford's updates and Chan's merge. Arrays are added up in extended precision. */
#include "experiments/stats/moments.h"

#include <math.h>

void moments_add(struct moments *m, double value) {
    m->n += 1;
    const double step = value - m->mean;
    m->mean += step / m->n;
    m->m2 += step * (value - m->mean);
}

struct moments moments_merge(struct moments a, struct moments b) {
    if (a.n == 0) return b;
    if (b.n == 0) return a;
    const double n = a.n + b.n, step = b.mean - a.mean;
    return (struct moments){n, a.mean + step * (b.n / n), a.m2 + b.m2 + step * step * (a.n * b.n / n)};
}

struct moments moments_of(const double *values, size_t n) {
    long double mean = 0, m2 = 0;
    for (size_t i = 0; i < n; i++) {
        const long double step = values[i] - mean;
        mean += step / (long double)(i + 1);
        m2 += step * (values[i] - mean);
    }
    return (struct moments){(double)n, (double)mean, (double)m2};
}

double moments_variance(struct moments m) {
    return m.n < 2 ? NAN : m.m2 / (m.n - 1);
}

struct sample moments_sample(struct moments m) {
    return (struct sample){m.n, m.mean, moments_variance(m)};
}

void cross_moments_add(struct cross_moments *m, double x, double y) {
    m->n += 1;
    const double step_x = x - m->mean_x, step_y = y - m->mean_y;
    m->mean_x += step_x / m->n;
    m->mean_y += step_y / m->n;
    m->m2_x += step_x * (x - m->mean_x);
    m->m2_y += step_y * (y - m->mean_y);
    m->c2 += step_x * (y - m->mean_y);
}

struct cross_moments cross_moments_merge(struct cross_moments a, struct cross_moments b) {
    if (a.n == 0) return b;
    if (b.n == 0) return a;
    const double n = a.n + b.n, both = a.n * b.n / n;
    const double step_x = b.mean_x - a.mean_x, step_y = b.mean_y - a.mean_y;
    return (struct cross_moments){
        .n = n,
        .mean_x = a.mean_x + step_x * (b.n / n),
        .mean_y = a.mean_y + step_y * (b.n / n),
        .m2_x = a.m2_x + b.m2_x + step_x * step_x * both,
        .m2_y = a.m2_y + b.m2_y + step_y * step_y * both,
        .c2 = a.c2 + b.c2 + step_x * step_y * both,
    };
}

struct cross_moments cross_moments_of(const double *x, const double *y, size_t n) {
    long double mean_x = 0, mean_y = 0, m2_x = 0, m2_y = 0, c2 = 0;
    for (size_t i = 0; i < n; i++) {
        const long double step_x = x[i] - mean_x, step_y = y[i] - mean_y, k = (long double)(i + 1);
        mean_x += step_x / k;
        mean_y += step_y / k;
        m2_x += step_x * (x[i] - mean_x);
        m2_y += step_y * (y[i] - mean_y);
        c2 += step_x * (y[i] - mean_y);
    }
    return (struct cross_moments){(double)n, (double)mean_x, (double)mean_y, (double)m2_x, (double)m2_y, (double)c2};
}

struct moments cross_moments_x(struct cross_moments m) {
    return (struct moments){m.n, m.mean_x, m.m2_x};
}
struct moments cross_moments_y(struct cross_moments m) {
    return (struct moments){m.n, m.mean_y, m.m2_y};
}

double cross_moments_covariance(struct cross_moments m) {
    return m.n < 2 ? NAN : m.c2 / (m.n - 1);
}

struct cross_moments cross_moments_from(struct sample x, struct sample y, double covariance) {
    const double k = x.n - 1;
    return (struct cross_moments){x.n, x.mean, y.mean, x.variance * k, y.variance * k, covariance * k};
}
