/* Stratified differences. */
#include "experiments/stats/strata.h"

#include <math.h>
#include <stdbool.h>

static bool usable(const struct stratum *s) {
    return s->control.n >= 2 && s->treatment.n >= 2;
}

struct stratified strata_difference(const struct stratum *strata, size_t n) {
    struct stratified r = {NAN, NAN, 0, 0, {0, 0, 0}, {0, 0, 0}};
    for (size_t i = 0; i < n; i++) {
        if (!usable(&strata[i])) continue;
        r.n += strata[i].control.n + strata[i].treatment.n;
        r.control.n += strata[i].control.n;
        r.treatment.n += strata[i].treatment.n;
        r.used++;
    }
    if (r.used == 0) return r;
    double v_c = 0, v_t = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sample *c = &strata[i].control, *t = &strata[i].treatment;
        if (!usable(&strata[i])) continue;
        const double share = (c->n + t->n) / r.n;
        r.control.mean += share * c->mean;
        r.treatment.mean += share * t->mean;
        v_c += share * share * c->variance / c->n;
        v_t += share * share * t->variance / t->n;
    }
    r.estimate = r.treatment.mean - r.control.mean;
    r.se = sqrt(v_c + v_t);
    r.control.variance = v_c * r.control.n;
    r.treatment.variance = v_t * r.treatment.n;
    return r;
}
