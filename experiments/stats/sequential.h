/* Methods that may be looked at whenever one likes. The asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy &
 * Ramdas, Annals of Statistics 52, 2024, theorem 2.2 and section 2.5) is Parley's default; the mixture sequential probability
 * ratio test (Johari, Koomen, Pekelis & Walsh, KDD 2017) is there for comparison. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_SEQUENTIAL_H
#define PARLEY_EXPERIMENTS_STATS_SEQUENTIAL_H

#include "experiments/stats/sample.h"

/* The tuning parameter at which the sequence is about narrowest when n = n_star units, two-sided at alpha:
 * rho^2 = (-2 ln alpha + ln(-2 ln alpha + 1)) / n_star. One-sided sequences take it at 2 alpha. */
double sequential_rho(double alpha, double n_star);
/* The same optimum solved exactly: rho^2 = (-W_{-1}(-alpha^2 / e) - 1) / n_star. */
double sequential_rho_exact(double alpha, double n_star);
/* rho for a test: at alpha for TWO_SIDED, at 2 alpha for the others. */
double sequential_rho_for(double alpha, double n_star, enum sided sided);

/* What takes the place of z: half-width / se after `n` units (both arms together). */
double sequential_multiple(double n, double rho, double alpha, enum sided sided);

struct sequence {
    double estimate, se, rho;
    double low, high; /* the open end of a one-sided sequence is infinite */
    double p;         /* anytime-valid at this look */
};

/* `estimate` with standard error `se` > 0 after `n` >= 2 units in all. GREATER is evidence for an effect above 0 and bounds it
 * from below; LESS the reverse. NaN outside of 0 < alpha < 1 (alpha < .5 one-sided), n_star > 0. */
struct sequence sequential_test(double estimate, double se, double n, double alpha, double n_star, enum sided sided);
/* The difference of two means. */
struct sequence sequential_means(struct sample control, struct sample treatment, double alpha, double n_star,
                                 enum sided sided);
/* p alone for a given rho: min(1, sqrt(n rho^2 + 1) exp(-rho^2 S / (2 (n rho^2 + 1)))), S = n est^2 / se^2. */
double sequential_p(double estimate, double se, double n, double rho, enum sided sided);

/* What has been learnt over all looks so far. Start with sequential_path_start(). */
struct sequential_path {
    double low, high; /* the running intersection; low > high means that looks contradict each other: the data drift */
    double p;         /* the running minimum */
};
struct sequential_path sequential_path_start(void);
void sequential_path_look(struct sequential_path *path, const struct sequence *look);

struct msprt {
    double lambda; /* the mixture likelihood ratio; INFINITY where it exceeds a double */
    double p;      /* min(1, 1/lambda) */
    double half;   /* half-width of the always-valid interval at 1 - alpha */
};

/* `n` units per arm, `difference` of the means, `variance_sum` = s_T^2 + s_C^2 > 0, `tau2` > 0 the mixing variance, which must
 * have been fixed before the first look. */
struct msprt msprt(double n, double difference, double variance_sum, double tau2, double alpha);

#endif
