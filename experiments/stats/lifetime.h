/* What a customer will still buy. How often: BG/NBD (Fader, Hardie & Lee 2005, "Counting your customers" the easy way): she buys at
 * random times at a rate of her own, and after each purchase may be gone for good. For how much: Gamma-Gamma (Fader & Hardie 2013, "The
 * Gamma-Gamma model of monetary value"): each purchase varies around a mean of her own. Both are fitted by maximum likelihood on one row a
 * customer. Any unit of time and of money, the same throughout. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_LIFETIME_H
#define PARLEY_EXPERIMENTS_STATS_LIFETIME_H

#include <stdbool.h>
#include <stddef.h>

/* A customer, or `n` of them with the same figures. */
struct lifetime_row {
    double repeats;  /* purchases after the first one */
    double recency;  /* time from the first to the last purchase; 0 where there are no repeats */
    double observed; /* time from the first purchase to now */
    double value;    /* mean of the repeats; read by lifetime_fit_value alone */
    double n;
};

/* Purchases: rate ~ gamma(r, alpha); gone after a purchase with a chance ~ beta(a, b). */
struct lifetime_purchases {
    double r, alpha, a, b;
};
/* Values: gamma(p, nu) around the customer's own nu ~ gamma(q, v). */
struct lifetime_values {
    double p, q, v;
};

/* False, *fit untouched: nobody came again, or the likelihood has no maximum within 1e-4 to 1e5. Rows in order of `repeats` are quickest:
 * about 500 passes, each two logarithms a row. */
bool lifetime_fit_purchases(const struct lifetime_row *rows, size_t n, struct lifetime_purchases *fit);
/* The same of values; rows without repeats or with a value of 0 or less say nothing. Where the means of those who came again are no
 * nearer to each other the more often they came, p grows and v falls without end: then it ends at a bound, and what is expected of a
 * customer is all but her own mean. False where q is not found. */
bool lifetime_fit_values(const struct lifetime_row *rows, size_t n, struct lifetime_values *fit);

/* The chance that she is not gone (equation 7 of Fader, Hardie & Lee 2008). */
double lifetime_alive(const struct lifetime_purchases *fit, const struct lifetime_row *row);
/* Purchases expected within the next `time` (2005, equation 10). */
double lifetime_purchases_expected(const struct lifetime_purchases *fit, const struct lifetime_row *row, double time);
/* Mean value expected of a purchase (2013, equation 5); without repeats the mean of all customers. NaN where q <= 1: there is none. */
double lifetime_value_expected(const struct lifetime_values *fit, const struct lifetime_row *row);

#endif
