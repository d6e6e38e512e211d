/* Guardrails. */
#include "experiments/stats/guardrail.h"

#include <math.h>

struct guardrail guardrail_test(double estimate, double se, double n, enum harm direction, double margin, double alpha,
                                double n_star) {
    const double harm = direction == HARM_INCREASE ? estimate : -estimate;
    struct guardrail r = {harm, se, NAN, NAN, NAN, false, false};
    const struct sequence above = sequential_test(harm - margin, se, n, alpha, n_star, GREATER);
    const struct sequence below = sequential_test(harm - margin, se, n, alpha, n_star, LESS);
    if (!(margin >= 0) || isnan(above.p)) return r;
    r.low = above.low + margin;
    r.high = below.high + margin;
    r.p = above.p;
    r.fires = above.low > 0;
    r.passes = below.high < 0;
    return r;
}
