/* Cochran's Q. */
#include "experiments/stats/heterogeneity.h"

#include <math.h>
#include <stdbool.h>

#include "experiments/stats/special.h"

static bool usable(double estimate, double se) {
    return se > 0 && isfinite(se) && isfinite(estimate);
}

struct heterogeneity cochran_q(const double *estimates, const double *ses, size_t segments) {
    struct heterogeneity r = {NAN, NAN, NAN, NAN, NAN};
    double weights = 0, weighted = 0, used = 0;
    for (size_t i = 0; i < segments; i++) {
        if (!usable(estimates[i], ses[i])) continue;
        const double w = 1 / (ses[i] * ses[i]);
        weights += w;
        weighted += w * estimates[i];
        used += 1;
    }
    if (used < 2) return r;
    r.pooled = weighted / weights;
    r.q = 0;
    for (size_t i = 0; i < segments; i++) {
        if (!usable(estimates[i], ses[i])) continue;
        const double z = (estimates[i] - r.pooled) / ses[i];
        r.q += z * z;
    }
    r.df = used - 1;
    r.p = chi2_sf(r.q, r.df);
    r.i2 = r.q > r.df ? (r.q - r.df) / r.q : 0;
    return r;
}
