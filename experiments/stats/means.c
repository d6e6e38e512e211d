/* Welch's t test and the plain z test. */
#include "experiments/stats/means.h"

#include <math.h>

#include "experiments/stats/special.h"

double difference_se(struct sample control, struct sample treatment) {
    return sqrt(treatment.variance / treatment.n + control.variance / control.n);
}

static int usable(struct sample s) {
    return s.n >= 2 && s.variance >= 0;
}

struct difference welch(struct sample control, struct sample treatment, double alpha) {
    struct difference d = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!usable(control) || !usable(treatment) || !(alpha > 0 && alpha < 1)) return d;
    const double v_t = treatment.variance / treatment.n, v_c = control.variance / control.n;
    d.estimate = treatment.mean - control.mean;
    d.se = sqrt(v_t + v_c);
    if (d.se == 0) return d;
    /* Shares of the variance, so that nothing underflows for tiny ones. */
    const double share_t = v_t / (v_t + v_c), share_c = v_c / (v_t + v_c);
    d.df = 1 / (share_t * share_t / (treatment.n - 1) + share_c * share_c / (control.n - 1));
    d.t = d.estimate / d.se;
    d.p = student_two_sided(d.t, d.df);
    const double half = student_upper_quantile(alpha / 2, d.df) * d.se;
    d.low = d.estimate - half;
    d.high = d.estimate + half;
    return d;
}

struct difference z_difference(double estimate, double se, double alpha) {
    struct difference d = {estimate, se, INFINITY, NAN, NAN, NAN, NAN};
    if (!(se > 0) || !(alpha > 0 && alpha < 1)) return d;
    d.t = estimate / se;
    d.p = 2 * normal_sf(fabs(d.t));
    const double half = normal_upper_quantile(alpha / 2) * se;
    d.low = estimate - half;
    d.high = estimate + half;
    return d;
}
