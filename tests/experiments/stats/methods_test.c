/* What the worked cases do not show: degenerate input, invariants and limits of each method. */
#include <criterion/criterion.h>
#include <math.h>

#include "experiments/stats/bandit.h"
#include "experiments/stats/bayes.h"
#include "experiments/stats/cell.h"
#include "experiments/stats/cuped.h"
#include "experiments/stats/group_sequential.h"
#include "experiments/stats/guardrail.h"
#include "experiments/stats/heterogeneity.h"
#include "experiments/stats/lift.h"
#include "experiments/stats/multiplicity.h"
#include "experiments/stats/power.h"
#include "experiments/stats/proportions.h"
#include "experiments/stats/quantile.h"
#include "experiments/stats/random.h"
#include "experiments/stats/ratio.h"
#include "experiments/stats/sequential.h"
#include "experiments/stats/special.h"
#include "experiments/stats/srm.h"

static bool near(double found, double expected, double relative) {
    return fabs(found - expected) <= relative * fabs(expected);
}

Test(means, without_variance_there_is_no_test_and_no_crash) {
    const struct difference d = welch((struct sample){5, 1, 0}, (struct sample){5, 2, 0}, .05);
    cr_expect_eq(d.estimate, 1);
    cr_expect_eq(d.se, 0);
    cr_expect(isnan(d.p) && isnan(d.low));
    cr_expect(isnan(welch((struct sample){1, 1, NAN}, (struct sample){5, 2, 1}, .05).estimate));
    cr_expect(isnan(welch((struct sample){5, 1, 1}, (struct sample){5, 2, 1}, 1).p));
}

Test(means, one_arm_without_variance_has_the_other_s_degrees_of_freedom) {
    cr_expect(near(welch((struct sample){50, 1, 0}, (struct sample){20, 2, 3}, .05).df, 19, 1e-12));
}

Test(means, swapping_arms_mirrors_the_answer) {
    const struct sample a = {50, 10, 6}, b = {45, 11, 9};
    const struct difference x = welch(a, b, .05), y = welch(b, a, .05);
    cr_expect(x.p == y.p && x.low == -y.high && x.high == -y.low);
}

Test(proportions, zero_counts_have_finite_answers) {
    const struct binomial none = {20, 0}, all = {30, 30};
    const struct proportion_test same = proportion_test(none, none), apart = proportion_test(none, all);
    cr_expect(same.z == 0 && same.p == 1 && isnan(same.z_wald));
    cr_expect(apart.estimate == 1 && apart.p < 1e-10);
    const struct interval n = proportion_newcombe(none, all, 1.96), m = proportion_miettinen_nurminen(none, all, 1.96);
    cr_expect(n.low > .7 && n.high <= 1 + 1e-15 && m.low > .7 && m.high == 1);
    cr_expect_eq(proportion_wilson(none, 1.96).low, 0);
    cr_expect_eq(proportion_wilson(all, 1.96).high, 1);
    cr_expect(isnan(proportion_test((struct binomial){0, 0}, all).p));
    cr_expect(isnan(proportion_newcombe((struct binomial){5, 6}, all, 2).low));
}

Test(proportions, intervals_mirror_when_arms_or_outcomes_are_swapped) {
    const struct binomial a = {120, 7}, b = {90, 15}, not_a = {120, 113}, not_b = {90, 75};
    const struct interval ab = proportion_miettinen_nurminen(a, b, 1.96),
                          ba = proportion_miettinen_nurminen(b, a, 1.96);
    const struct interval complement = proportion_miettinen_nurminen(not_b, not_a, 1.96);
    cr_expect(near(ab.low, -ba.high, 1e-12) && near(ab.high, -ba.low, 1e-12));
    cr_expect(near(ab.low, complement.low, 1e-12) && near(ab.high, complement.high, 1e-12));
}

Test(proportions, as_samples_they_have_the_variance_of_0_and_1) {
    const struct sample s = proportion_sample((struct binomial){10, 3});
    cr_expect(near(s.variance, 0.7 * 0.3 * 10 / 9, 1e-14));
}

Test(lift, an_uncertain_control_mean_gets_fieller_and_a_hopeless_one_no_interval) {
    const struct sample c = {100, 1, 4}, t = {100, 1.5, 4}, hopeless = {4, 0.5, 9};
    const struct fieller f = lift_fieller(c, t, 1.96);
    const struct lift shown = lift_interval(c, t, 1.96);
    cr_expect_gt(f.g, 0.01);
    cr_expect(shown.low == f.low && shown.high == f.high);
    cr_expect(isnan(lift_fieller(hopeless, t, 1.96).low) && lift_fieller(hopeless, t, 1.96).g >= 1);
    cr_expect(isnan(lift_interval(hopeless, t, 1.96).low) && isfinite(lift_interval(hopeless, t, 1.96).estimate));
    cr_expect(isnan(lift_delta((struct sample){10, 0, 1}, t, 1.96).estimate));
    /* The bounds are where (m_T - r m_C)^2 = z^2 (v_T + r^2 v_C). */
    const double r = 1 + f.low, gap = t.mean - r * c.mean;
    cr_expect(near(gap * gap, 1.96 * 1.96 * (t.variance / t.n + r * r * c.variance / c.n), 1e-12));
}

Test(ratio, a_constant_denominator_is_a_mean) {
    const struct cross_moments m = {20, 3, 2, 50, 0, 0};
    cr_expect(near(ratio_of(m).estimate, 1.5, 1e-15) && near(ratio_of(m).se, sqrt(50. / 19 / 20) / 2, 1e-14));
    cr_expect(isnan(ratio_of((struct cross_moments){20, 3, 0, 1, 1, 0}).se) &&
              isnan(ratio_of((struct cross_moments){1, 3, 1, 0, 0, 0}).se));
}

Test(cuped, units_without_history_are_regressed_on_their_indicator) {
    /* y = 2 x + 5 [no history] + 1 [treatment] exactly: the effect comes out with no error left, however the arms are mixed. */
    struct cuped_arm c = {0}, t = {0};
    for (int i = 0; i < 40; i++) {
        if (i % 4 == 0)
            moments_add(&c.missing, 5);
        else
            cross_moments_add(&c.known, i, 2 * i);
        if (i % 2 == 0)
            moments_add(&t.missing, 6);
        else
            cross_moments_add(&t.known, i * i, 2 * i * i + 1);
    }
    const struct cuped r = cuped(c, t, SLOPE_WITHIN_ARMS);
    cr_expect(near(r.theta, 2, 1e-12) && near(r.gamma, 5, 1e-10) && near(r.estimate, 1, 1e-10));
    cr_expect_lt(r.se, 1e-6);
    cr_expect_gt(r.reduction, 0.999999);
    cr_expect(near(r.coverage, 50. / 80, 1e-15));
    cr_expect(near(r.treatment.mean - r.control.mean, r.estimate, 1e-12));
    /* Fitted over both arms at once the effect leaks into the slope. */
    cr_expect(fabs(cuped(c, t, SLOPE_OVER_ALL).theta - 2) > 1e-4);
}

Test(cuped, a_covariate_that_does_not_vary_changes_nothing) {
    struct cuped_arm c = {0}, t = {0};
    for (int i = 0; i < 9; i++) {
        cross_moments_add(&c.known, 0, i);
        cross_moments_add(&t.known, 0, i + 1);
    }
    const struct cuped r = cuped(c, t, SLOPE_WITHIN_ARMS);
    cr_expect(r.theta == 0 && r.estimate == 1 && r.se == r.raw_se && r.reduction == 0);
    cr_expect(isnan(cuped((struct cuped_arm){0}, t, SLOPE_WITHIN_ARMS).estimate));
}

static uint32_t drawn(uint32_t *seed, uint32_t below) {
    *seed = (*seed * 1103515245u + 12345) % 2147483648u;
    return (*seed >> 16) % below;
}

/* The units of cuped_ratio.py; spend and orders of those with history, before and since, and of those without. */
static void spend_and_orders(uint32_t *seed, int treated, struct cell_joint *known, struct cell *missing) {
    for (int i = 0; i < 60; i++) {
        int64_t habit = drawn(seed, 40), before = drawn(seed, 3), since = 1 + drawn(seed, 4);
        int64_t spent_before = before * (habit + drawn(seed, 10)),
                spent = since * (habit + drawn(seed, 10) + 3 * treated);
        if (i % 4 == 0)
            cell_add(missing, spent * CELL_SCALE, since * CELL_SCALE);
        else
            cell_joint_add(known, (const int64_t[]){spent_before * CELL_SCALE, before * CELL_SCALE, spent * CELL_SCALE,
                                                    since * CELL_SCALE});
    }
}

static struct cuped_ratio_arm ratio_arm(uint32_t *seed, int treated) {
    struct cell_joint known = {0};
    struct cell missing = {0};
    spend_and_orders(seed, treated, &known, &missing);
    return (struct cuped_ratio_arm){cell_joint_moments(&known), cell_moments(&missing)};
}

Test(cuped, a_ratio_is_adjusted_by_what_it_was_before) {
    /* Least squares over the units by statsmodels: cuped_ratio.py. */
    uint32_t seed = 1;
    const struct cuped_ratio_arm control = ratio_arm(&seed, 0), treatment = ratio_arm(&seed, 1);
    struct cuped_arm c, t;
    cr_assert(cuped_of_ratio(&control, &c) && cuped_of_ratio(&treatment, &t));
    const struct cuped r = cuped(c, t, SLOPE_WITHIN_ARMS);
    cr_expect(near(r.theta, 0.60288202938214952, 1e-12), "%.17g", r.theta);
    cr_expect(near(r.gamma, 15.676565439093512, 1e-12), "%.17g", r.gamma);
    cr_expect(near(r.estimate, 0.88988703800536717, 1e-12), "%.17g", r.estimate);
    cr_expect(near(r.se, 1.8057607060927465, 1e-12), "%.17g", r.se);
    cr_expect(near(r.raw_estimate, 0.47324414715718888, 1e-12), "%.17g", r.raw_estimate);
    cr_expect(near(r.raw_se, 2.3912967336377395, 1e-12), "%.17g", r.raw_se);
    cr_expect(near(r.reduction, 0.42976554417959145, 1e-12), "%.17g", r.reduction);
    cr_expect_eq(r.coverage, 0.75);
}

Test(cuped, a_ratio_without_a_denominator_before_or_since_is_not_adjusted) {
    struct cell_joint known = {0};
    struct cuped_arm arm;
    cr_expect_not(cuped_of_ratio(&(struct cuped_ratio_arm){0}, &arm), "nobody");
    for (int i = 0; i < 5; i++) cell_joint_add(&known, (const int64_t[]){0, 0, i * CELL_SCALE, CELL_SCALE});
    cr_expect_not(cuped_of_ratio(&(struct cuped_ratio_arm){.known = cell_joint_moments(&known)}, &arm));
    cell_joint_add(&known, (const int64_t[]){0, CELL_SCALE, 0, -5 * CELL_SCALE});
    cr_expect_not(cuped_of_ratio(&(struct cuped_ratio_arm){.known = cell_joint_moments(&known)}, &arm));
}

Test(cuped, a_difference_before_the_experiment_is_found) {
    struct cuped_arm c = {0}, t = {0};
    for (int i = 0; i < 50; i++) {
        cross_moments_add(&c.known, i % 7, i);
        cross_moments_add(&t.known, i % 7 + 3, i);
    }
    cr_expect_lt(cuped_bias(c, t, .05).p, 1e-6);
    cr_expect_gt(cuped_bias(c, c, .05).p, 0.999);
}

Test(sequential, half_width_is_3_035_standard_errors_at_n_star) {
    cr_expect_float_eq(sequential_multiple(5000, sequential_rho(.05, 5000), .05, TWO_SIDED), 3.0352089903762534, 1e-12);
    cr_expect_float_eq(sequential_multiple(77, sequential_rho(.05, 77), .05, TWO_SIDED), 3.0352089903762534, 1e-12);
}

Test(sequential, p_is_alpha_exactly_where_a_bound_touches_zero) {
    const double n = 4321, n_star = 5000, se = 0.02;
    for (int sided = TWO_SIDED; sided <= LESS; sided++) {
        const double rho = sequential_rho_for(.05, n_star, (enum sided)sided);
        const double half = se * sequential_multiple(n, rho, .05, (enum sided)sided), sign = sided == LESS ? -1 : 1;
        const struct sequence s = sequential_test(sign * half, se, n, .05, n_star, (enum sided)sided);
        cr_expect(near(s.p, .05, 1e-10), "sided %d: %g", sided, s.p);
        cr_expect(fabs(sided == LESS ? s.high : s.low) < 1e-16);
        cr_expect_eq(sided == TWO_SIDED || sequential_test(-sign * half, se, n, .05, n_star, (enum sided)sided).p == 1,
                     1);
    }
}

Test(sequential, tiny_p_values_do_not_vanish_before_a_double_does) {
    const struct sequence s = sequential_test(1, 0.03, 1e5, .05, 5000, TWO_SIDED);
    cr_expect(s.p > 0 && s.p < 1e-200);
    cr_expect_eq(sequential_test(0, 0.03, 1e5, .05, 5000, GREATER).p, 1);
    cr_expect(isnan(sequential_test(1, 0, 100, .05, 5000, TWO_SIDED).p) &&
              isnan(sequential_test(1, 1, 100, .5, 5000, LESS).p));
}

Test(sequential, a_path_keeps_what_was_certain_once) {
    struct sequential_path path = sequential_path_start();
    const struct sequence looks[] = {{.low = -1, .high = 3, .p = .5},
                                     {.low = .2, .high = 2, .p = .01},
                                     {.low = -.1, .high = 1.5, .p = .2},
                                     {.low = NAN, .high = NAN, .p = NAN}};
    for (int i = 0; i < 4; i++) sequential_path_look(&path, &looks[i]);
    cr_expect(path.low == .2 && path.high == 1.5 && path.p == .01);
}

Test(group_sequential, the_published_bounds_are_met) {
    const double t[] = {.2, .4, .6, .8, 1}, published[] = {4.8769, 3.3570, 2.6803, 2.2898, 2.0310};
    double z[5], spent[5];
    cr_assert(group_sequential_bounds(t, 5, .05, SPENDING_OBRIEN_FLEMING, z, spent));
    for (int i = 0; i < 5; i++) cr_expect_float_eq(z[i], published[i], 5e-5);
    cr_expect(near(spent[4], .05, 1e-12));
}

Test(group_sequential, one_look_is_the_fixed_test_and_many_still_spend_alpha) {
    double z[100], spent[100], t[100], one = 1;
    cr_assert(group_sequential_bounds(&one, 1, .05, SPENDING_POCOCK, z, spent));
    cr_expect(near(z[0], 1.959963984540054, 1e-12));
    for (int i = 0; i < 100; i++) t[i] = (i + 1) / 100.;
    cr_assert(group_sequential_bounds(t, 100, .05, SPENDING_OBRIEN_FLEMING, z, spent));
    for (int i = 1; i < 100; i++) cr_expect(z[i] < z[i - 1], "bounds fall: look %d", i);
    /* By simulation of paths: 5 % cross. */
    struct random random = random_seeded(3);
    int crossed = 0;
    for (int run = 0; run < 20000; run++) {
        double path = 0;
        for (int i = 0; i < 100; i++) {
            path += 0.1 * random_normal(&random);
            if (fabs(path) < z[i] * sqrt(t[i])) continue;
            crossed++;
            break;
        }
    }
    cr_expect_float_eq(crossed / 20000., .05, .005);
}

Test(group_sequential, looks_that_do_not_rise_are_refused) {
    double z[2], spent[2];
    cr_expect_not(group_sequential_bounds((double[]){.5, .5}, 2, .05, SPENDING_POCOCK, z, spent));
    cr_expect(isnan(z[0]));
    cr_expect_not(group_sequential_bounds((double[]){.5, 1.5}, 2, .05, SPENDING_POCOCK, z, spent));
    cr_expect_not(group_sequential_bounds((double[]){.5, 1}, 2, 0, SPENDING_POCOCK, z, spent));
}

Test(srm, without_units_or_with_one_arm_there_is_nothing_to_alarm_about) {
    cr_expect_eq(srm_test((double[]){0, 0}, (double[]){1, 1}, 2).p, 1);
    cr_expect(isnan(srm_test((double[]){5, 0}, (double[]){1, 0}, 2).p));
    cr_expect(isnan(srm_test((double[]){5, -1}, (double[]){1, 1}, 2).chi2));
    cr_expect_eq(srm_verdict(.0005), SRM_ALARM);
    cr_expect_eq(srm_verdict(.005), SRM_WARN);
    cr_expect_eq(srm_verdict(.01), SRM_OK);
    cr_expect_eq(srm_epochs((double[]){0, 0}, (double[]){1, 1}, 1, 2).p, 1);
}

Test(srm, the_anytime_test_keeps_its_digits_at_a_billion_units) {
    /* mpmath at 60 digits: counts 500000000 + 12345 and - 12345, k = 100 */
    const struct srm_anytime r = srm_anytime((double[]){500012345, 499987655}, (double[]){.5, .5}, 2, 100);
    cr_expect(near(r.log_bayes_factor, -7.7567498137115259236, 1e-12), "%.17g", r.log_bayes_factor);
}

Test(multiplicity, order_of_p_values_is_kept_and_none_exceeds_one) {
    const double p[] = {.04, .01, .03, .01, .9}, shares[] = {.5, .125, .125, .125, .125};
    double out[5];
    size_t order[5];
    for (int c = CORRECTION_NONE; c <= CORRECTION_BY; c++) {
        adjust((enum correction)c, p, 5, order, out);
        for (int i = 0; i < 5; i++) {
            cr_expect(out[i] >= p[i] && out[i] <= 1);
            for (int j = 0; j < 5; j++) cr_expect(p[i] > p[j] || out[i] <= out[j]);
        }
        cr_expect_eq(out[1], out[3]);
    }
    adjust_preferential(p, shares, 5, out);
    cr_expect(out[0] == .08 && out[1] == .08 && out[4] == 1);
    adjust(CORRECTION_HOLM, (double[]){.1, NAN}, 2, order, out);
    cr_expect(isnan(out[0]) && isnan(out[1]));
}

Test(bayes, beta_comparison_matches_the_exact_sum_for_whole_counts) {
    /* P(T > C) = sum over i < a_T of B(a_C + i, b_C + b_T) / ((b_T + i) B(1 + i, b_T) B(a_C, b_C)) (Miller 2015, eq. 6) */
    const struct beta c = {31, 412}, t = {52, 407};
    double sum = 0;
    for (int i = 0; i < t.a; i++)
        sum += exp(log_beta(c.a + i, c.b + t.b) - log(t.b + i) - log_beta(1 + i, t.b) - log_beta(c.a, c.b));
    const struct beta_comparison r = beta_compare(c, t), mirror = beta_compare(t, c);
    cr_expect(near(r.chance, sum, 1e-11));
    cr_expect(near(mirror.chance, 1 - sum, 1e-9) && near(mirror.loss_control, r.loss_treatment, 1e-12));
    cr_expect(near(r.loss_control - r.loss_treatment, 52. / 459 - 31. / 443, 1e-12));
}

Test(bayes, equal_posteriors_are_even_and_tiny_chances_keep_their_digits) {
    cr_expect(near(beta_compare((struct beta){1, 1}, (struct beta){1, 1}).chance, .5, 1e-14));
    cr_expect(near(beta_compare((struct beta){1, 1}, (struct beta){1, 1}).loss_treatment, 1. / 6, 1e-12));
    cr_expect(near(beta_compare((struct beta){5e7, 5e7}, (struct beta){5e7, 5e7}).chance, .5, 1e-12));
    /* Beta(1, n) against Beta(m, 1): P(X < Y) = m B(m, n + 1) = m! n! / (m + n)! */
    const double tiny = beta_compare((struct beta){40, 1}, (struct beta){1, 60}).chance;
    cr_expect(near(tiny, 40 * exp(log_beta(40, 61)), 1e-10), "%g", tiny);
    cr_expect(isnan(beta_compare((struct beta){0, 1}, (struct beta){1, 1}).chance));
}

Test(bandit, weights_add_up_and_ties_are_even) {
    double means[20], sds[20], best[20], top[20], weights[20], sums[3] = {0};
    for (int i = 0; i < 20; i++) means[i] = i % 5, sds[i] = 0.5 + i / 5;
    cr_assert(thompson(means, sds, 20, BETTER_HIGHER, .02, best, top, weights));
    for (int i = 0; i < 20; i++) {
        sums[0] += best[i], sums[1] += top[i], sums[2] += weights[i];
        cr_expect_geq(weights[i], .02);
    }
    for (int k = 0; k < 3; k++) cr_expect(near(sums[k], 1, 1e-11), "%.15g", sums[k]);
    cr_assert(thompson((double[]){3}, (double[]){1}, 1, BETTER_HIGHER, 0, best, top, weights));
    cr_expect(near(best[0], 1, 1e-12) && weights[0] == 1);
    cr_expect_not(thompson(means, (double[]){1, 0}, 2, BETTER_HIGHER, 0, best, top, weights));
    cr_expect_not(thompson(means, sds, 4, BETTER_HIGHER, .3, best, top, weights));
}

Test(bandit, arms_far_apart_or_very_unequal_do_not_lose_mass) {
    double best[3], top[3], weights[3];
    cr_assert(thompson((double[]){0, 1000, 1}, (double[]){1e-3, 1e-2, 50}, 3, BETTER_HIGHER, 0, best, top, weights));
    cr_expect(near(best[1], 1, 1e-12) && near(top[1], .5, 1e-12));
    cr_expect(near(top[0] + top[2], .5, 1e-12));
    cr_expect(near(top[2] * 2, normal_cdf(1 / sqrt(2500 + 1e-6)), 1e-10));
}

Test(quantile, ends_and_single_values_are_themselves) {
    const double values[] = {1, 2, 4};
    cr_expect(quantile_type7(values, 3, 0) == 1 && quantile_type7(values, 3, 1) == 4 &&
              quantile_type7(values, 3, .75) == 3);
    cr_expect(quantile_type7(values, 1, .3) == 1 && isnan(quantile_type7(values, 0, .3)) &&
              isnan(quantile_type7(values, 3, 2)));
    cr_expect(quantile_rank(values, 3, 0) == 0 && quantile_rank(values, 3, 2) == 2 && quantile_rank(values, 3, 9) == 3);
    cr_expect(quantile_nonzero((double[]){-1, 0, 0, 3}, 4, .5) == 1 &&
              isnan(quantile_nonzero((double[]){0, 0}, 2, .5)));
    const struct quantile few = quantile_interval(values, 3, .5, quantile_iid_se(.5, 3), .05);
    cr_expect(few.level_low == 0 && few.level_high == 1 && few.low == 1 && few.high == 4);
}

Test(quantile, clusters_of_one_are_independent_values) {
    struct cross_moments counts = {0};
    for (int i = 0; i < 100; i++) cross_moments_add(&counts, i < 50, 1);
    cr_expect(near(quantile_cluster_se(counts), quantile_iid_se(.5, 100) * sqrt(100. / 99), 1e-12));
}

Test(power, sizes_and_effects_undo_each_other) {
    const double n = sample_size_means(3, .2, .05, .8), se = sqrt(2 * 9 / n);
    cr_expect(near(mde_fixed(se, .05, .8), .2, 1e-12));
    cr_expect_float_eq(power_fixed(.2, se, .05), .8, 1e-5);
    cr_expect(near(power_t(.5, 1, sample_size_t(1, .5, .05, .9), .05), .9, 1e-12));
    cr_expect(near(power_fixed(0, 1, .05), .05, 1e-12));
    cr_expect(isnan(sample_size_means(3, 0, .05, .8)) && isnan(sample_size_proportions(.95, .1, .05, .8)) &&
              isnan(power_fixed(1, 0, .05)));
}

Test(power, sequential_plans_are_found_by_seeded_simulation) {
    const struct sequential_plan plan = {20000, .02, .05, 20000, 20};
    const double mde = mde_sequential(plan, .8, 4000, 9);
    cr_expect_float_eq(power_sequential(plan, mde, 40000, 10), .8, .02);
    cr_expect_eq(mde, mde_sequential(plan, .8, 4000, 9));
    /* A sequence pays for its looks: more than the fixed test's 2.80 se, less than if it looked once (3.035 + 0.84). */
    cr_expect(mde / .02 > 2.9 && mde / .02 < 3.877, "%g se", mde / .02);
    const double n = sample_size_sequential(plan, plan.se * plan.se * plan.n, mde, .8, 4000, 9);
    cr_expect_float_eq(n, 20000, 600);
}

Test(guardrail, fires_beyond_its_margin_and_passes_when_harm_is_excluded) {
    const struct guardrail bad = guardrail_test(.05, .005, 20000, HARM_INCREASE, .01, .05, 20000);
    const struct guardrail good = guardrail_test(-.02, .005, 20000, HARM_INCREASE, .01, .05, 20000);
    const struct guardrail unclear = guardrail_test(.01, .005, 20000, HARM_INCREASE, .01, .05, 20000);
    cr_expect(bad.fires && !bad.passes && bad.p < .05);
    cr_expect(!good.fires && good.passes);
    cr_expect(!unclear.fires && !unclear.passes);
    const struct guardrail mirrored = guardrail_test(-.05, .005, 20000, HARM_DECREASE, .01, .05, 20000);
    cr_expect(mirrored.fires && mirrored.low == bad.low && mirrored.high == bad.high);
    cr_expect_not(guardrail_test(.05, 0, 20000, HARM_INCREASE, .01, .05, 20000).fires);
}

Test(heterogeneity, equal_effects_have_no_q_and_different_ones_do) {
    const double same[] = {1, 1, 1}, apart[] = {1, 2, 6, 100}, ses[] = {.5, .5, 1, NAN};
    cr_expect(cochran_q(same, ses, 3).q == 0 && cochran_q(same, ses, 3).p == 1 && cochran_q(same, ses, 3).i2 == 0);
    const struct heterogeneity r = cochran_q(apart, ses, 4);
    /* Weights 4, 4, 1: pooled 2; Q = 4 + 0 + 16. */
    cr_expect(near(r.pooled, 2, 1e-15) && near(r.q, 20, 1e-14) && r.df == 2 && near(r.i2, .9, 1e-14));
    cr_expect(near(r.p, exp(-10), 1e-12));
    cr_expect(isnan(cochran_q(apart, ses, 1).p));
}

Test(random, the_same_seed_gives_the_same_numbers_for_ever) {
    struct random r = random_seeded(42);
    cr_expect_eq(random_bits(&r), 0x15780b2e0c2ec716);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        const double x = random_normal(&r);
        sum += x, squares += x * x;
    }
    cr_expect(fabs(sum / 1e5) < .01 && fabs(squares / 1e5 - 1) < .02);
}
