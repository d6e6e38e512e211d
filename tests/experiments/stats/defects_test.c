/* Defects known in today's leading experiment platforms, each a test that this engine does not have it. */
#include <criterion/criterion.h>
#include <math.h>

#include "experiments/stats/bandit.h"
#include "experiments/stats/bayes.h"
#include "experiments/stats/power.h"
#include "experiments/stats/sequential.h"
#include "experiments/stats/special.h"
#include "experiments/stats/srm.h"
#include "experiments/stats/strata.h"

static bool near(double found, double expected, double relative) {
    return fabs(found - expected) <= relative * fabs(expected);
}

Test(defects, an_arm_of_weight_0_neither_counts_nor_breaks_the_srm_test) {
    const struct srm r = srm_test((double[]){1000, 1200, 900}, (double[]){.5, .5, 0}, 3);
    cr_expect_eq(r.df, 1);
    cr_expect(near(r.p, 2.007865612426481e-05, 1e-9));
    const struct srm_anytime a = srm_anytime((double[]){1000, 1200, 900}, (double[]){.5, .5, 0}, 3, 100);
    const struct srm_anytime b = srm_anytime((double[]){1000, 1200}, (double[]){1, 1}, 2, 100);
    cr_expect_eq(a.log_bayes_factor, b.log_bayes_factor);
}

Test(defects, a_change_of_weights_is_no_srm_alarm) {
    /* 90:10 for a week, then 50:50, each kept exactly; pooled against the last weights it would be p = 0. */
    const double counts[] = {9000, 1000, 5000, 5000}, weights[] = {.9, .1, .5, .5};
    const struct srm r = srm_epochs(counts, weights, 2, 2);
    cr_expect_eq(r.chi2, 0);
    cr_expect_eq(r.df, 2);
    cr_expect_eq(r.p, 1);
    cr_expect_lt(srm_test((double[]){14000, 6000}, (double[]){.5, .5}, 2).p, 1e-300);
}

Test(defects, small_epochs_are_merged_for_the_srm_test) {
    /* Expected counts of 1.5 and 1.5, then 500 and 500: one group, one degree of freedom. */
    const double counts[] = {3, 0, 499, 501}, weights[] = {.5, .5, .5, .5};
    const struct srm merged = srm_epochs(counts, weights, 2, 2), pooled = srm_test((double[]){502, 501}, weights, 2);
    cr_expect_eq(merged.df, 1);
    cr_expect(near(merged.chi2, pooled.chi2, 1e-12));
    /* A small last epoch goes to the one before. */
    const double last[] = {499, 501, 3, 0};
    cr_expect_eq(srm_epochs(last, weights, 2, 2).df, 1);
    cr_expect(near(srm_epochs(last, weights, 2, 2).chi2, pooled.chi2, 1e-12));
}

Test(defects, top_two_weights_honour_lower_is_better) {
    const double means[] = {0.12, 0.11, 0.10}, sds[] = {.01, .01, .01}, mirrored[] = {-0.12, -0.11, -0.10};
    double best[3], top[3], weights[3], best_m[3], top_m[3], weights_m[3];
    cr_assert(thompson(means, sds, 3, BETTER_LOWER, .01, best, top, weights));
    cr_assert(thompson(mirrored, sds, 3, BETTER_HIGHER, .01, best_m, top_m, weights_m));
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(best[i], best_m[i]);
        cr_expect_eq(top[i], top_m[i]);
    }
    cr_expect(best[2] > best[1] && best[1] > best[0]);
    cr_expect(near(top[2], 0.47642466004045564, 1e-9));
}

Test(defects, two_arms_have_top_two_weights_either_way) {
    const double means[] = {0.1, 0.2}, sds[] = {.1, .02};
    double best[2], top[2], weights[2];
    for (int better = BETTER_HIGHER; better <= BETTER_LOWER; better++) {
        cr_assert(thompson(means, sds, 2, (enum better)better, .01, best, top, weights));
        cr_expect(top[0] == 0.5 && top[1] == 0.5);
        cr_expect(near(best[0] + best[1], 1, 1e-13));
        /* P(N(.1, .1) > N(.2, .02)) in closed form */
        const double first = normal_sf(.1 / sqrt(.01 + .0004));
        cr_expect(near(best[0], better == BETTER_HIGHER ? first : 1 - first, 1e-12));
    }
}

Test(defects, a_prior_on_the_absolute_scale_moves_a_relative_effect) {
    /* Control mean 20: a prior N(0, 1) on the difference is N(0, 0.05) on the lift. */
    const struct normal_prior absolute = {0, 1, SCALE_ABSOLUTE}, same = {0, 0.05, SCALE_RELATIVE},
                              none = {0, INFINITY, SCALE_RELATIVE};
    const struct normal_posterior a = bayes_normal(0.08, 0.05, SCALE_RELATIVE, absolute, 20, .05);
    const struct normal_posterior b = bayes_normal(0.08, 0.05, SCALE_RELATIVE, same, 20, .05);
    const struct normal_posterior flat = bayes_normal(0.08, 0.05, SCALE_RELATIVE, none, 20, .05);
    cr_expect(near(a.mean, 0.04, 1e-12), "prior and data weigh the same: half of 0.08");
    cr_expect(near(a.mean, b.mean, 1e-12) && near(a.sd, b.sd, 1e-12));
    cr_expect_eq(flat.mean, 0.08);
    /* And the other way round: a relative prior on a difference. */
    const struct normal_posterior d = bayes_normal(1.6, 1, SCALE_ABSOLUTE, same, 20, .05);
    cr_expect(near(d.mean, 0.8, 1e-12));
    /* Closed-form chance and risk agree: E[effect] = gain - loss. */
    cr_expect(near(a.loss_control - a.loss_treatment, a.mean, 1e-12));
    cr_expect(near(a.chance, normal_cdf(a.mean / a.sd), 1e-15));
}

Test(defects, sequential_power_counts_both_arms_and_uses_the_sequence_s_own_multiple) {
    /* GrowthBook's published example: mean 10, variance 3910, +5 %, 400,000 users on three variations, N* = 5000. */
    const double n = 400000 / 3.0, v = 3909.9997749994377 / n, lift_se = sqrt(v / 100 + v * 10.5 * 10.5 / 1e4);
    cr_expect_float_eq(power_fixed(.05, lift_se, .05), 0.52144, 5e-6);
    cr_expect_float_eq(power_sequential_once(.05, lift_se, 2 * n, .05, 5000), 0.0721, 5e-5);
    /* By simulation: one look gives the same, 50 looks more, never the 0.206 they print for one. */
    const struct sequential_plan once = {2 * n, lift_se, .05, 5000, 1}, often = {2 * n, lift_se, .05, 5000, 50};
    const double one = power_sequential(once, .05, 40000, 1), many = power_sequential(often, .05, 40000, 1);
    cr_expect_float_eq(one, 0.0721, 0.005);
    cr_expect(many > one && many < 0.18, "any-look power %g", many);
}

Test(defects, pooled_means_over_epochs_of_different_weights_are_not_compared) {
    /* Simpson: the treatment is +1 in both epochs, but most of it ran when everything was low. */
    const struct stratum epochs[] = {{{9000, 10, 4}, {1000, 11, 4}}, {{1000, 2, 4}, {9000, 3, 4}}};
    const struct stratified r = strata_difference(epochs, 2);
    cr_expect(near(r.estimate, 1, 1e-12));
    cr_expect(near(r.treatment.mean - r.control.mean, 1, 1e-12));
    cr_expect(near(r.se, sqrt(r.treatment.variance / r.treatment.n + r.control.variance / r.control.n), 1e-12));
    /* Pooled: 10000 units at 9.2 against 10000 at 3.8. */
    cr_expect_lt((1000 * 11 + 9000 * 3) / 1e4 - (9000 * 10 + 1000 * 2) / 1e4, -5);
}
