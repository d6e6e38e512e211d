/* The density of the Brownian path that has not crossed yet, look after look, on Gauss-Legendre panels. It is even, so that
 * half of it is kept. */
#include "experiments/stats/group_sequential.h"

#include <math.h>
#include <stdbool.h>

#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

double spending_at(enum spending spending, double alpha, double t) {
    if (!(alpha > 0 && alpha < 1) || !(t >= 0 && t <= 1)) return NAN;
    if (t == 0) return 0;
    if (spending == SPENDING_POCOCK) return alpha * log1p((exp(1) - 1) * t);
    return 4 * normal_sf(normal_upper_quantile(alpha / 4) / sqrt(t));
}

/* Beyond this many standard deviations there is less than 1e-20 to integrate. */
static const double reach = 9.5;
/* Panels are this many standard deviations of the narrowest kernel wide: 16 nodes then leave about 1e-14. */
static const double panel = 2.5;
enum { NODES_MAX = 16 * 128 };

/* Nodes on [0, bound], with density times weight at each. */
struct path {
    size_t n;
    double at[NODES_MAX], mass[NODES_MAX];
};

static void lay_nodes(struct path *path, double bound, double kernel_sd) {
    size_t panels = (size_t)ceil(bound / (panel * kernel_sd));
    if (panels > NODES_MAX / 16) panels = NODES_MAX / 16;
    const double half = bound / (double)panels / 2;
    path->n = 0;
    for (size_t k = 0; k < panels; k++) {
        for (int side = -1; side <= 1; side += 2) {
            for (int i = 0; i < GAUSS_HALF; i++) {
                path->at[path->n] = half * ((double)(2 * k + 1) + side * (double)gauss_nodes[i][0]);
                path->mass[path->n++] = half * (double)gauss_nodes[i][1];
            }
        }
    }
}

static double gauss(double x, double sd) {
    return normal_pdf(x / sd) / sd;
}

/* Density at b of the path one step of `sd` later. */
static double density_after(const struct path *path, double b, double sd) {
    double sum = 0;
    for (size_t i = 0; i < path->n; i++) {
        const double near = (b - path->at[i]) / sd, far = (b + path->at[i]) / sd;
        sum += path->mass[i] * (exp(-near * near / 2) + exp(-far * far / 2));
    }
    return sum * 0.3989422804014327 / sd;
}

/* P(|path| > b one step later, not crossed before). */
static double crossing(const struct path *path, double b, double sd) {
    const double root = 0.7071067811865476 / sd;
    double sum = 0;
    for (size_t i = 0; i < path->n; i++)
        sum += path->mass[i] * (erfc((b - path->at[i]) * root) + erfc((b + path->at[i]) * root));
    return sum; /* both halves of the path, each with erfc/2 for both sides */
}

/* The bound on the path that is crossed with probability `spend`: Newton on the log of the probability, which is concave. */
static double bound_for(const struct path *path, double spend, double sd, double start) {
    double b = start;
    for (int i = 0; i < 60; i++) {
        const double p = crossing(path, b, sd), slope = -2 * density_after(path, b, sd);
        const double step = (log(spend) - log(p)) * p / slope;
        if (!(fabs(step) < 100)) return NAN;
        b = fmax(0, b + step);
        if (fabs(step) <= 1e-14 * b) break;
    }
    return b;
}

static bool usable(const double *information, size_t looks, double alpha) {
    double before = 0;
    for (size_t i = 0; i < looks; i++) {
        if (!(information[i] - before >= GROUP_SEQUENTIAL_STEP) || information[i] > 1) return false;
        before = information[i];
    }
    return looks > 0 && alpha > 0 && alpha < 1;
}

int group_sequential_bounds(const double *information, size_t looks, double alpha, enum spending spending, double *z,
                            double *spent) {
    for (size_t i = 0; i < looks; i++) z[i] = spent[i] = NAN;
    if (!usable(information, looks, alpha)) return false;
    struct path path = {.n = 0}, next;
    for (size_t k = 0; k < looks; k++) {
        const double t = information[k], sd = sqrt(k ? t - information[k - 1] : t);
        spent[k] = spending_at(spending, alpha, t);
        const double spend = spent[k] - (k ? spent[k - 1] : 0), alone = normal_upper_quantile(spend / 2);
        /* With less than 1e-17 to spend, what crossed before does not matter. */
        const bool first = k == 0 || spend < 1e-17;
        const double bound = first ? alone * sqrt(t) : bound_for(&path, spend, sd, alone * sqrt(t));
        z[k] = bound / sqrt(t);
        if (k + 1 == looks) break;
        lay_nodes(&next, fmin(bound, reach * sqrt(t)), fmin(sd, sqrt(information[k + 1] - t)));
        for (size_t i = 0; i < next.n; i++)
            next.mass[i] *= k == 0 ? gauss(next.at[i], sd) : density_after(&path, next.at[i], sd);
        path = next;
    }
    return true;
}
