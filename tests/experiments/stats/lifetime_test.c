/* Against what is published of CDNOW: the fits of Fader, Hardie & Lee (2005) and Fader & Hardie (2013), which the package lifetimes
 * is tested against too, and Hardie's spreadsheet (brucehardie.com/notes/025). */
#include "experiments/stats/lifetime.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "experiments/stats/random.h"

enum { CUSTOMERS = 2357 };
static struct lifetime_row cdnow[CUSTOMERS];
static const struct lifetime_purchases published = {0.243, 4.414, 0.793, 2.426};
static const struct lifetime_values values_published = {6.25, 3.74, 15.44};

static void read_cdnow(void) {
    char line[400];
    size_t n = 0;
    FILE *file = fopen(CDNOW, "r");
    cr_assert_not_null(file, "%s", CDNOW);
    while (fgets(line, sizeof line, file)) {
        struct lifetime_row row = {.n = 1};
        if (sscanf(line, "%lf,%lf,%lf,%lf", &row.repeats, &row.recency, &row.observed, &row.value) != 4) continue;
        cr_assert_lt(n, (size_t)CUSTOMERS);
        cdnow[n++] = row;
    }
    fclose(file);
    cr_assert_eq(n, (size_t)CUSTOMERS);
}
TestSuite(lifetime, .init = read_cdnow);

static void near(double found, double expected, double within) {
    cr_expect(fabs(found - expected) <= within, "%.6f, not %.6f", found, expected);
}

Test(lifetime, purchases_of_cdnow_have_the_published_parameters) {
    struct lifetime_purchases fit;
    cr_assert(lifetime_fit_purchases(cdnow, CUSTOMERS, &fit));
    near(fit.r, 0.243, 0.0005);
    near(fit.alpha, 4.414, 0.001);
    near(fit.a, 0.793, 0.0005);
    near(fit.b, 2.426, 0.0005);
}

Test(lifetime, values_of_cdnow_have_the_published_parameters) {
    struct lifetime_values fit;
    cr_assert(lifetime_fit_values(cdnow, CUSTOMERS, &fit));
    near(fit.p, 6.25, 0.005);
    near(fit.q, 3.74, 0.005);
    near(fit.v, 15.44, 0.01);
}

Test(lifetime, another_unit_of_time_or_money_is_the_same_model) {
    struct lifetime_purchases fit;
    struct lifetime_values values;
    for (int i = 0; i < CUSTOMERS; i++) {
        cdnow[i].recency *= 7;
        cdnow[i].observed *= 7;
        cdnow[i].value *= 100;
    }
    cr_assert(lifetime_fit_purchases(cdnow, CUSTOMERS, &fit));
    cr_assert(lifetime_fit_values(cdnow, CUSTOMERS, &values));
    near(fit.r, 0.243, 0.001);
    near(fit.alpha, 7 * 4.414, 0.02);
    near(fit.b, 2.426, 0.005);
    near(values.p, 6.25, 0.02);
    near(values.v, 1544, 5);
}

/* Marsaglia & Tsang 2000, for shapes of at least 1. */
static double gamma_drawn(struct random *random, double shape) {
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = random_normal(random), v = pow(1 + c * x, 3);
        if (v > 0 && log(random_uniform(random)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
    }
}

static void simulate(struct random *random, struct lifetime_row *rows, int n, const struct lifetime_values *truth) {
    for (int i = 0; i < n; i++) {
        double nu = gamma_drawn(random, truth->q) / truth->v, value = 0, repeats = 1 + i * 6 / n; /* in order */
        for (int k = 0; k < repeats; k++) value += gamma_drawn(random, truth->p) / nu / repeats;
        rows[i] = (struct lifetime_row){.repeats = repeats, .value = value, .n = 1};
    }
}

Test(lifetime, values_are_expected_of_simulated_customers_in_any_currency_and_however_alike_their_purchases) {
    static const double p[] = {1.5, 6, 12, 25}, q[] = {2.5, 4.5, 11}, mean[] = {0.8, 50, 3e6};
    enum { N = 600 };
    static struct lifetime_row rows[N];
    struct random random = random_seeded(1);
    for (int i = 0; i < 4 * 3 * 3 * 4; i++) {
        struct lifetime_values truth = {.p = p[i % 4], .q = q[i / 4 % 3]}, fit;
        truth.v = mean[i / 12 % 3] * (truth.q - 1) / truth.p;
        simulate(&random, rows, N, &truth);
        cr_assert(lifetime_fit_values(rows, N, &fit), "p %g, q %g, v %g", truth.p, truth.q, truth.v);
        struct lifetime_row never = {.n = 1}, often = {.repeats = 5, .value = 3 * mean[i / 12 % 3], .n = 1};
        near(lifetime_value_expected(&fit, &never) / lifetime_value_expected(&truth, &never), 1, 0.25);
        near(lifetime_value_expected(&fit, &often) / lifetime_value_expected(&truth, &often), 1, 0.25);
    }
}

Test(lifetime, customers_alike_may_be_one_row) {
    enum { TWINS = 1000 };
    static struct lifetime_row each[CUSTOMERS + TWINS];
    struct lifetime_purchases one, many;
    for (int i = 0; i < CUSTOMERS; i++) each[i] = cdnow[i];
    for (int i = 0; i < TWINS; i++) {
        each[CUSTOMERS + i] = cdnow[i];
        cdnow[i].n = 2;
    }
    cr_assert(lifetime_fit_purchases(cdnow, CUSTOMERS, &one));
    cr_assert(lifetime_fit_purchases(each, CUSTOMERS + TWINS, &many));
    near(one.r, many.r, 1e-5);
    near(one.alpha, many.alpha, 1e-4);
    cr_expect_gt(fabs(one.alpha - published.alpha), 0.01, "the twins must count");
}

Test(lifetime, a_customer_of_cdnow_is_expected_to_buy_as_published) {
    struct lifetime_row row = {.repeats = 2, .recency = 30.43, .observed = 38.86};
    near(lifetime_purchases_expected(&published, &row, 39), 1.226, 0.001);
    near(lifetime_purchases_expected(&published, &row, 0), 0, 1e-12);
    struct lifetime_row nobody = {.observed = 0};
    struct lifetime_purchases fit;
    cr_assert(lifetime_fit_purchases(cdnow, CUSTOMERS, &fit));
    static const struct {
        double time, expected;
    } purchases[] = {{0.1429, 0.0078}, {1, 0.0532}, {3, 0.1506}, {31.8571, 1.0405}, {32, 1.0437}, {78, 1.8576}};
    for (int i = 0; i < 6; i++)
        near(lifetime_purchases_expected(&fit, &nobody, purchases[i].time), purchases[i].expected, 0.0005);
}

Test(lifetime, a_mean_of_one_is_no_hole) {
    struct lifetime_purchases at = published, beside = published;
    struct lifetime_row row = {.repeats = 2, .recency = 30.43, .observed = 38.86};
    at.a = 1, beside.a = 1.0001;
    near(lifetime_purchases_expected(&at, &row, 39), lifetime_purchases_expected(&beside, &row, 39), 1e-3);
}

Test(lifetime, who_has_been_silent_for_long_is_rather_gone) {
    struct lifetime_row first = {.observed = 38}, lately = {.repeats = 5, .recency = 37, .observed = 38},
                        long_ago = {.repeats = 5, .recency = 10, .observed = 38};
    near(lifetime_alive(&published, &first), 1, 0);
    cr_expect_gt(lifetime_alive(&published, &lately), 0.85);
    cr_expect_lt(lifetime_alive(&published, &long_ago), 0.1);
}

Test(lifetime, values_of_ten_customers_are_those_of_hardies_spreadsheet) {
    static const double expected[] = {24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17};
    for (int i = 0; i < 10; i++)
        near(lifetime_value_expected(&values_published, &cdnow[i]), expected[i],
             0.1); /* of parameters with two decimals */
    struct lifetime_values none = {6, 0.9, 15};
    cr_expect(isnan(lifetime_value_expected(&none, &cdnow[0])));
}

Test(lifetime, what_cannot_be_fitted_is_said) {
    struct lifetime_purchases fit;
    struct lifetime_values values;
    struct lifetime_row once = {.observed = 10, .n = 100};
    cr_expect_not(lifetime_fit_purchases(&once, 1, &fit));
    cr_expect_not(lifetime_fit_values(&once, 1, &values));
    cr_expect_not(lifetime_fit_purchases(&once, 0, &fit));
}
