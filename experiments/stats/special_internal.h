/* What the files of special.h share: extended precision pieces that neither cancel nor overflow. Included by them, and by
 * the methods whose integrals need the tails themselves in extended precision. */
#ifndef PARLEY_EXPERIMENTS_STATS_SPECIAL_INTERNAL_H
#define PARLEY_EXPERIMENTS_STATS_SPECIAL_INTERNAL_H

/* The two tails of a distribution at a point; lower + upper = 1, and whichever is small has full relative precision. */
struct tails {
    long double lower, upper;
};

/* log(1 + d) - d, d > -1, without cancellation for small d. */
long double log1p_minus(long double d);
/* log(q) - (q - 1) for a ratio q = 1 + d > 0, given both because either may be the accurate one. */
long double log_ratio_minus(long double q, long double d);
/* ln Gamma(a) - [(a - 1/2) ln a - a + ln(2 pi)/2], a > 0: what Stirling's formula leaves out. */
long double stirling_rest(long double a);
long double log_gamma(long double a);

/* x^a y^b / B(a, b) with y = 1 - x given apart: the density of logit(X) for X ~ Beta(a, b). */
long double beta_kernel(long double a, long double b, long double x, long double y);
struct tails beta_tails(long double a, long double b, long double x, long double y);
/* ln(x / (1 - x)) at which the lower tail is `lower` and the upper one `upper`; the smaller of the two decides. */
long double beta_logit_quantile(long double a, long double b, struct tails target);

/* x^a exp(-x) / Gamma(a): the density of ln(X) for X ~ Gamma(a). */
long double gamma_kernel(long double a, long double x);
struct tails gamma_tails(long double a, long double x);

/* 16-point Gauss-Legendre over [from, to]. */
enum { GAUSS_HALF = 8 };
extern const long double gauss_nodes[GAUSS_HALF][2]; /* node in (0, 1), weight; the rule is symmetric */
long double gauss_panel(long double (*f)(long double, const void *), const void *of, long double from, long double to);

/* A log-concave function given by its log: the integral from 0 to `end` by panels until nothing is left to add.
 * `slope` >= 0 is how fast it falls at 0, `curvature` > 0 minus its second derivative there; both only set the panels. */
struct fall {
    long double (*log_of)(long double s, const void *of);
    const void *of;
    long double slope, curvature, end;
};
long double fall_integral(const struct fall *f);

#endif
