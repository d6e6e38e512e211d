/* The distributions and special functions everything else in stats stands on: normal, Student t, chi square, F, beta,
 * gamma and Lambert W-1, each with its lower tail (cdf), its upper tail (sf, never 1 - cdf) and both quantiles.
 * Relative error below 1e-12 over shapes from 0.05 to 1e8 and into the tails, down to the precision of a denormal;
 * x86 extended precision or IEEE quad is used inside (where long double is a plain double, expect about 1e-9).
 * Outside of its domain a function answers NaN. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_SPECIAL_H
#define PARLEY_EXPERIMENTS_STATS_SPECIAL_H

/* Standard normal. Tails by erfc; quantile by Wichura 1988 (AS 241, PPND16). */
double normal_pdf(double x);
double normal_cdf(double x);
double normal_sf(double x);
/* x with cdf(x) = p, 0 <= p <= 1; the ends answer -INFINITY and INFINITY. */
double normal_quantile(double p);
/* x with sf(x) = q. */
double normal_upper_quantile(double q);

/* Student t with df > 0 degrees of freedom, not necessarily whole; df = INFINITY is the normal. */
double student_cdf(double t, double df);
double student_sf(double t, double df);
double student_two_sided(double t, double df); /* P(|T| >= |t|) */
double student_quantile(double p, double df);
double student_upper_quantile(double q, double df);
/* Power of a t test: P(|T'| > t) for T' noncentral t with df and noncentrality delta, by quadrature over the chi density. */
double student_noncentral_two_sided(double t, double df, double delta);

/* Chi square, df > 0, x >= 0. */
double chi2_cdf(double x, double df);
double chi2_sf(double x, double df);
double chi2_quantile(double p, double df);
double chi2_upper_quantile(double q, double df);

/* F with d1, d2 > 0, f >= 0. */
double f_cdf(double f, double d1, double d2);
double f_sf(double f, double d1, double d2);
double f_quantile(double p, double d1, double d2);
double f_upper_quantile(double q, double d1, double d2);

/* Gamma with shape a > 0 and scale 1: the regularised incomplete gamma P(a, x) and Q(a, x), x >= 0. */
double gamma_cdf(double x, double a);
double gamma_sf(double x, double a);
double gamma_quantile(double p, double a);
double gamma_upper_quantile(double q, double a);

/* Beta with a, b > 0: the regularised incomplete beta I_x(a, b) and its complement, 0 <= x <= 1. */
double beta_cdf(double x, double a, double b);
double beta_sf(double x, double a, double b);
double beta_quantile(double p, double a, double b);
double beta_upper_quantile(double q, double a, double b);
double log_beta(double a, double b);

/* The branch w <= -1 of w exp(w) = x, -1/e <= x < 0 (Corless et al. 1996; start by Chatzigeorgiou 2013). */
double lambert_w_minus1(double x);

#endif
