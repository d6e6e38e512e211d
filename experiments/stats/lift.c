/* Relative lift. */
#include "experiments/stats/lift.h"

#include <math.h>

static int usable(struct sample c, struct sample t) {
    return c.n >= 2 && t.n >= 2 && c.variance >= 0 && t.variance >= 0 && c.mean != 0;
}

struct lift lift_delta(struct sample c, struct sample t, double z) {
    if (!usable(c, t)) return (struct lift){NAN, NAN, NAN, NAN};
    /* var = s_T^2/(n_T m_C^2) + s_C^2 m_T^2/(n_C m_C^4) */
    const double ratio = t.mean / c.mean;
    const double se = sqrt(t.variance / t.n + c.variance / c.n * ratio * ratio) / fabs(c.mean);
    const double estimate = (t.mean - c.mean) / c.mean;
    return (struct lift){estimate, se, estimate - z * se, estimate + z * se};
}

struct fieller lift_fieller(struct sample c, struct sample t, double z) {
    if (!usable(c, t)) return (struct fieller){NAN, NAN, NAN};
    const double ratio = t.mean / c.mean, zz = z * z;
    const double v_c = c.variance / c.n / (c.mean * c.mean), v_t = t.variance / t.n / (c.mean * c.mean), g = zz * v_c;
    if (g >= 1) return (struct fieller){g, NAN, NAN};
    /* (r -+ z sqrt(v_T (1-g) + r^2 v_C)) / (1 - g) - 1 for independent arms, in units of the control mean */
    const double half = z * sqrt(v_t * (1 - g) + ratio * ratio * v_c), lift = (t.mean - c.mean) / c.mean;
    return (struct fieller){g, (lift + g - half) / (1 - g), (lift + g + half) / (1 - g)};
}

struct interval lift_log(struct sample c, struct sample t, double z) {
    if (!usable(c, t) || !(t.mean / c.mean > 0)) return (struct interval){NAN, NAN};
    const double se = sqrt(t.variance / t.n / (t.mean * t.mean) + c.variance / c.n / (c.mean * c.mean));
    const double log_ratio = log1p((t.mean - c.mean) / c.mean);
    return (struct interval){expm1(log_ratio - z * se), expm1(log_ratio + z * se)};
}

struct lift lift_interval(struct sample c, struct sample t, double z) {
    struct lift lift = lift_delta(c, t, z);
    const struct fieller fieller = lift_fieller(c, t, z);
    if (fieller.g > 0.01) {
        lift.low = fieller.low;
        lift.high = fieller.high;
    }
    return lift;
}
