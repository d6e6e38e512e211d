#include "experiments/stats/lifetime.h"

#include <math.h>
#include <string.h>

/* ---- the simplex of Nelder & Mead (1965): finds the least of a smooth function of few variables without derivatives ---- */

enum { VARIABLES_MOST = 4, PASSES_MOST = 4000, RESTARTS = 3 };
static const double NEAR = 1e-10;                        /* of the function's values: then it has ended */
static const double LEAST = -9.210340, MOST = 11.512925; /* logarithms of 1e-4 and 1e5 */
static const double EDGE = 0.01;                         /* so near to a bound is at it */

struct search {
    double (*of)(const struct search *search, const double *x);
    const struct lifetime_row *rows;
    size_t rows_n;
    int n;       /* variables */
    double unit; /* of values: their mean, so that no currency is far from where the search begins */
};

struct corner {
    double x[VARIABLES_MOST], f;
};

/* Out of the bounds there is nothing to find; a search that goes there comes back. */
static double loss_at(const struct search *s, const double *x) {
    for (int i = 0; i < s->n; i++)
        if (x[i] < LEAST || x[i] > MOST) return INFINITY;
    return s->of(s, x);
}

static void order(struct corner *corners, int n) {
    for (int i = 1; i <= n; i++) {
        struct corner moved = corners[i];
        int k = i;
        for (; k > 0 && corners[k - 1].f > moved.f; k--) corners[k] = corners[k - 1];
        corners[k] = moved;
    }
}

/* The worst corner seen from the others' centre, `by` as far. */
static struct corner mirrored(const struct search *s, const struct corner *corners, double by) {
    struct corner made = {0};
    for (int j = 0; j < s->n; j++) {
        double centre = 0;
        for (int i = 0; i < s->n; i++) centre += corners[i].x[j] / s->n;
        made.x[j] = centre + by * (corners[s->n].x[j] - centre);
    }
    made.f = loss_at(s, made.x);
    return made;
}

static void shrink(const struct search *s, struct corner *corners) {
    for (int i = 1; i <= s->n; i++) {
        for (int j = 0; j < s->n; j++) corners[i].x[j] = (corners[0].x[j] + corners[i].x[j]) / 2;
        corners[i].f = loss_at(s, corners[i].x);
    }
}

static void step(const struct search *s, struct corner *corners) {
    struct corner tried = mirrored(s, corners, -1), further;
    if (tried.f < corners[0].f) {
        further = mirrored(s, corners, -2);
        corners[s->n] = further.f < tried.f ? further : tried;
    } else if (tried.f < corners[s->n - 1].f)
        corners[s->n] = tried;
    else {
        further = mirrored(s, corners, tried.f < corners[s->n].f ? -0.5 : 0.5);
        if (further.f < tried.f && further.f < corners[s->n].f)
            corners[s->n] = further;
        else
            shrink(s, corners);
    }
}

/* From *x (logarithms) to the least within the bounds. False where it is not found. */
static bool search_least(const struct search *s, double *x) {
    bool settled = false;
    for (int again = 0; again < RESTARTS; again++) { /* a fresh simplex leaves a fold in which the last one collapsed */
        struct corner corners[VARIABLES_MOST + 1];
        for (int i = 0; i <= s->n; i++) {
            memcpy(corners[i].x, x, sizeof *x * (size_t)s->n);
            if (i > 0) corners[i].x[i - 1] += 0.5;
            corners[i].f = loss_at(s, corners[i].x);
        }
        settled = false;
        for (int pass = 0; pass < PASSES_MOST && !settled; pass++) {
            order(corners, s->n);
            settled = corners[s->n].f - corners[0].f < NEAR * (fabs(corners[0].f) + 1);
            if (!settled) step(s, corners);
        }
        memcpy(x, corners[0].x, sizeof *x * (size_t)s->n);
    }
    return settled;
}

/* At a bound there is no least, but the way to one. */
static bool is_inside(const double *x, int n) {
    bool inside = true;
    for (int i = 0; i < n; i++) inside &= x[i] > LEAST + EDGE && x[i] < MOST - EDGE;
    return inside;
}

/* ---- purchases ---- */

/* What depends on the number of repeats alone. */
struct of_repeats {
    double repeats, common, gone; /* ln A1 + ln A2; ln a - ln(b + x - 1) */
};

static struct of_repeats of_repeats(const struct lifetime_purchases *m, double x) {
    return (struct of_repeats){
        .repeats = x,
        .common = lgamma(m->r + x) - lgamma(m->r) + m->r * log(m->alpha) + lgamma(m->a + m->b) + lgamma(m->b + x) -
                  lgamma(m->b) - lgamma(m->a + m->b + x),
        .gone = x > 0 ? log(m->a) - log(m->b + x - 1) : -INFINITY,
    };
}

/* Minus the mean logarithm of the likelihood (2005, equation 6, as its appendix writes it for a computer). */
static double purchases_loss(const struct search *s, const double *x) {
    struct lifetime_purchases m = {exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3])};
    struct of_repeats known = {.repeats = -1};
    double sum = 0, n = 0;
    for (size_t i = 0; i < s->rows_n; i++) {
        const struct lifetime_row *row = &s->rows[i];
        if (row->repeats != known.repeats) known = of_repeats(&m, row->repeats);
        double here = -(m.r + row->repeats) * log(m.alpha + row->observed);
        double gone = known.gone - (m.r + row->repeats) * log(m.alpha + row->recency);
        double top = here > gone ? here : gone;
        sum += row->n * (known.common + top + log(exp(here - top) + exp(gone - top)));
        n += row->n;
    }
    return isfinite(sum) ? -sum / n : INFINITY;
}

bool lifetime_fit_purchases(const struct lifetime_row *rows, size_t n, struct lifetime_purchases *fit) {
    struct search s = {purchases_loss, rows, n, 4, 1};
    double time = 0, weight = 0, repeats = 0;
    for (size_t i = 0; i < n; i++) {
        time += rows[i].n * rows[i].observed;
        repeats += rows[i].n * rows[i].repeats;
        weight += rows[i].n;
    }
    if (!(repeats > 0) || !(time > 0)) return false;
    double x[] = {0, log(time / weight / 4), 0, 0};
    if (!search_least(&s, x) || !is_inside(x, s.n)) return false;
    *fit = (struct lifetime_purchases){exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3])};
    return true;
}

double lifetime_alive(const struct lifetime_purchases *m, const struct lifetime_row *row) {
    if (row->repeats <= 0) return 1; /* nobody is gone before a repeat */
    double odds = log(m->a / (m->b + row->repeats - 1)) +
                  (m->r + row->repeats) * log((m->alpha + row->observed) / (m->alpha + row->recency));
    return 1 / (1 + exp(odds));
}

/* Gauss's hypergeometric series, 0 <= z < 1. */
static double hypergeometric(double a, double b, double c, double z) {
    double term = 1, sum = 1;
    for (int k = 0; k < 100000 && fabs(term) > 1e-15 * fabs(sum); k++) {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1)) * z;
        sum += term;
    }
    return sum;
}

double lifetime_purchases_expected(const struct lifetime_purchases *m, const struct lifetime_row *row, double time) {
    double a = fabs(m->a - 1) < 1e-7 ? 1 + 1e-7 : m->a; /* a = 1 is a hole that can be filled */
    double x = row->repeats, before = m->alpha + row->observed, after = before + time;
    double f = hypergeometric(m->r + x, m->b + x, a + m->b + x - 1, time / after);
    double all = (a + m->b + x - 1) / (a - 1) * (1 - pow(before / after, m->r + x) * f);
    return all * lifetime_alive(m, row);
}

/* ---- values ---- */

/* Minus the mean logarithm of the likelihood (2013, equation 1a), less what does not depend on the parameters. */
static double values_loss(const struct search *s, const double *x) {
    double p = exp(x[0]), q = exp(x[1]), v = exp(x[2]), sum = 0, n = 0, repeats = -1, common = 0;
    for (size_t i = 0; i < s->rows_n; i++) {
        const struct lifetime_row *row = &s->rows[i];
        if (row->repeats <= 0 || row->value <= 0) continue;
        double px = p * row->repeats, value = row->value / s->unit;
        if (row->repeats != repeats)
            common = lgamma(px + q) - lgamma(px) - lgamma(q) + q * x[2] + px * log(row->repeats);
        repeats = row->repeats;
        sum += row->n * (common + (px - 1) * log(value) - (px + q) * log(row->repeats * value + v));
        n += row->n;
    }
    return n > 0 && isfinite(sum) ? -sum / n : INFINITY;
}

bool lifetime_fit_values(const struct lifetime_row *rows, size_t n, struct lifetime_values *fit) {
    double sum = 0, weight = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].repeats > 0 && rows[i].value > 0) {
            sum += rows[i].n * rows[i].value;
            weight += rows[i].n;
        }
    struct search s = {values_loss, rows, n, 3, sum / weight};
    /* From one place it may follow the ridge on which p grows and v falls, though the least lies elsewhere. */
    static const double starts[][2] = {{4, 4}, {1, 2}, {20, 3}, {2, 20}}; /* p, q; v: so that the mean is 1 */
    double best[3] = {0}, least = INFINITY;
    for (size_t i = 0; weight > 0 && i < sizeof starts / sizeof *starts; i++) {
        double p = starts[i][0], q = starts[i][1], x[] = {log(p), log(q), log((q - 1) / p)};
        if (!search_least(&s, x) || !is_inside(x + 1, 1) || values_loss(&s, x) >= least) continue;
        memcpy(best, x, sizeof best);
        least = values_loss(&s, x);
        if (is_inside(x, s.n)) break;
    }
    if (least == INFINITY) return false;
    *fit = (struct lifetime_values){exp(best[0]), exp(best[1]), exp(best[2]) * s.unit};
    return true;
}

double lifetime_value_expected(const struct lifetime_values *m, const struct lifetime_row *row) {
    if (m->q <= 1) return NAN;
    double x = row->value > 0 ? row->repeats : 0;
    return m->p * (m->v + x * row->value) / (m->p * x + m->q - 1);
}
