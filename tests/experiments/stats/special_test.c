/* The special functions against mpmath at 40 digits (special_grid.py made special_grid.csv). */
#include "experiments/stats/special.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double call(const char *name, const double *x) {
#define ONE(f)                                                                                                         \
    if (!strcmp(name, #f)) return f(x[0]);
#define TWO(f)                                                                                                         \
    if (!strcmp(name, #f)) return f(x[0], x[1]);
#define THREE(f)                                                                                                       \
    if (!strcmp(name, #f)) return f(x[0], x[1], x[2]);
    ONE(normal_cdf)
    ONE(normal_sf)
    ONE(normal_quantile)
    ONE(lambert_w_minus1)
    TWO(gamma_cdf)
    TWO(gamma_sf)
    TWO(gamma_quantile)
    TWO(gamma_upper_quantile)
    TWO(chi2_sf)
    TWO(student_two_sided)
    TWO(student_sf)
    TWO(student_cdf)
    TWO(student_quantile)
    TWO(student_upper_quantile)
    THREE(beta_cdf)
    THREE(beta_sf)
    THREE(beta_quantile)
    THREE(f_cdf)
    THREE(f_sf)
    THREE(f_upper_quantile)
    cr_assert_fail("the grid names a function that is not tested here: %s", name);
    return NAN;
}

/* 1e-12 relative, or two units in the last place where the double itself is coarser (denormals). */
static bool agrees(double found, long double expected) {
    const long double off = fabsl(found - expected);
    return off <= 1e-12L * fabsl(expected) || off <= 2 * 0x1p-1074L;
}

Test(special, every_value_of_the_mpmath_grid_is_met_to_1e_12) {
    FILE *grid = fopen(SPECIAL_GRID, "r");
    cr_assert(grid, "cannot open %s", SPECIAL_GRID);
    char line[256];
    int lines = 0;
    while (fgets(line, sizeof line, grid)) {
        char *rest, *name = strtok_r(line, ",\n", &rest), *fields[5], *field;
        int n = 0;
        while (n < 5 && (field = strtok_r(NULL, ",\n", &rest))) fields[n++] = field;
        cr_assert(n >= 2 && n <= 4, "a line with %d fields", n);
        double x[3] = {0};
        for (int i = 0; i + 1 < n; i++) x[i] = strtod(fields[i], NULL);
        const long double expected = strtold(fields[n - 1], NULL);
        const double found = call(name, x);
        cr_expect(agrees(found, expected), "%s(%.17g, %.17g, %.17g) = %.17g, not %.20Lg: off by %.2Lg", name, x[0],
                  x[1], x[2], found, expected, fabsl(found / expected - 1));
        lines++;
    }
    fclose(grid);
    cr_assert(lines > 1000, "the grid has only %d lines", lines);
}

Test(special, a_p_value_is_never_one_minus_a_cdf) {
    cr_expect(agrees(student_two_sided(15, 1e4), 2.5833150399391763851e-50L));
    cr_expect(agrees(chi2_sf(1500, 9), 1.897743e-317L));
    cr_expect_eq(normal_cdf(-38), 2.88542835e-316);
    cr_expect(beta_sf(1 - 0x1p-53, 2, 3) > 0);
}

Test(special, quantiles_and_tails_undo_each_other) {
    for (double df = 0.1; df < 1e9; df *= 7) {
        for (double q = 1e-280; q < 0.5; q = q < 1e-12 ? q * 1e20 : q * 5) {
            const double t = student_upper_quantile(q, df), x = chi2_upper_quantile(q, df),
                         f = f_upper_quantile(q, df, 12);
            /* A tail moves by (its slope) times the rounding of the quantile: up to q's exponent, in relative terms. */
            const double room = 1e-12 * (1 - log(q));
            if (t < 1e300) cr_expect_float_eq(student_sf(t, df) / q, 1, room, "t: df %g, q %g", df, q);
            if (x > 1e-300) cr_expect_float_eq(chi2_sf(x, df) / q, 1, room * (1 + x / 100), "chi2: df %g, q %g", df, q);
            cr_expect_float_eq(f_sf(f, df, 12) / q, 1, room, "F: df %g, q %g", df, q);
            cr_expect_float_eq(normal_sf(normal_upper_quantile(q)) / q, 1, 1e-12, "normal: q %g", q);
        }
    }
}

Test(special, the_ends_of_a_domain_have_their_limits) {
    cr_expect_eq(normal_quantile(0), -INFINITY);
    cr_expect_eq(normal_quantile(1), INFINITY);
    cr_expect_eq(student_quantile(1, 3), INFINITY);
    cr_expect_eq(student_quantile(0.5, 3), 0);
    cr_expect_eq(chi2_quantile(0, 3), 0);
    cr_expect_eq(chi2_sf(INFINITY, 3), 0);
    cr_expect_eq(beta_quantile(1, 2, 3), 1);
    cr_expect_eq(beta_cdf(0, 2, 3), 0);
    cr_expect_eq(student_two_sided(1.5, INFINITY), 2 * normal_sf(1.5));
    cr_expect_eq(lambert_w_minus1(-0.36787944117144233), -1);
}

Test(special, outside_of_its_domain_a_function_answers_nan) {
    cr_expect(isnan(normal_quantile(-0.1)) && isnan(normal_quantile(1.1)) && isnan(normal_quantile(NAN)));
    cr_expect(isnan(student_sf(1, 0)) && isnan(student_sf(NAN, 3)) && isnan(student_quantile(0.5, -1)));
    cr_expect(isnan(chi2_sf(-1, 3)) && isnan(chi2_sf(1, 0)) && isnan(chi2_quantile(2, 3)));
    cr_expect(isnan(beta_cdf(0.5, 0, 1)) && isnan(beta_cdf(1.5, 1, 1)) && isnan(beta_quantile(-1, 1, 1)));
    cr_expect(isnan(f_sf(-1, 2, 3)) && isnan(f_quantile(0.5, 0, 3)) && isnan(gamma_cdf(1, -2)));
    cr_expect(isnan(lambert_w_minus1(0)) && isnan(lambert_w_minus1(-0.4)) && isnan(lambert_w_minus1(1)));
    cr_expect(isnan(log_beta(0, 1)));
}

Test(special, the_noncentral_t_without_noncentrality_is_the_t) {
    cr_expect_float_eq(student_noncentral_two_sided(1.7, 5.5, 0), student_two_sided(1.7, 5.5), 1e-14);
    /* scipy.stats.nct: sf(c, 50, 2) + cdf(-c, 50, 2), c = t.isf(.025, 50) */
    cr_expect_float_eq(student_noncentral_two_sided(student_upper_quantile(0.025, 50), 50, 2), 0.5006651731208187,
                       1e-9);
}
