/* Lambert's W on its lower branch. */
#include "experiments/stats/special.h"
#include "experiments/stats/special_internal.h"

#include <float.h>
#include <math.h>

/* With w = -1 - u the equation is u - ln(1 + u) = -1 - ln(-x): convex and increasing in u, so that Newton comes down to the
 * root from Chatzigeorgiou's upper bound u <= delta + sqrt(2 delta) (IEEE Comm. Letters 17, 2013, theorem 1). */
double lambert_w_minus1(double x) {
    static const long double e_high = 2.718281828459045235428168L, e_low = -6.788063664127784117e-20L;
    if (!(x < 0)) return NAN;
    /* 1 + e x with e in two parts, so that the branch point is not blurred. */
    const long double above = fmal(x, e_high, 1) + x * e_low;
    if (above < 0) return x == -0.36787944117144233 ? -1 : NAN;
    const long double delta = above < 0.5L ? -log1pl(-above) : -1 - logl(-(long double)x);
    if (delta <= 0) return -1;
    long double u = delta + sqrtl(2 * delta);
    for (int i = 0; i < 100; i++) {
        const long double step = (-log1p_minus(u) - delta) * (1 + u) / u;
        u -= step;
        if (fabsl(step) <= 4 * LDBL_EPSILON * u) break;
    }
    return (double)(-1 - u);
}
