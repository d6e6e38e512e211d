/* Sample ratio mismatch: do the arms have the shares they should? Chi square (Fabijan et al., KDD 2019) per configuration epoch,
 * summed, so that a change of weights is no alarm; and the anytime-valid multinomial test (Lindon & Malek, NeurIPS 2022) that
 * may be looked at whenever one likes. Weights are relative and need not add up to 1; an arm of weight 0 takes no part.
 * No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_SRM_H
#define PARLEY_EXPERIMENTS_STATS_SRM_H

#include <stddef.h>

struct srm {
    double chi2, df;
    double p; /* upper tail; 1 where there are no units, NaN where fewer than two arms have a weight */
};

enum srm_verdict { SRM_OK, SRM_WARN, SRM_ALARM };
enum { SRM_ARMS_MAX = 256 };

/* NaN where a count or weight is negative or not finite, or no weight is above 0. */
struct srm srm_test(const double *counts, const double *weights, size_t arms);
/* `counts` and `weights` hold `epochs` rows of `arms` each, in order of time. Epochs with an expected count under 5 are
 * merged with the next (the last one with the one before): their expected counts add up. At most SRM_ARMS_MAX arms. */
struct srm srm_epochs(const double *counts, const double *weights, size_t epochs, size_t arms);
/* warn below .01, alarm below .001. */
enum srm_verdict srm_verdict(double p);

struct srm_anytime {
    double log_bayes_factor; /* of Dirichlet(k theta) against the weights theta */
    double p;                /* min(1, 1/BF); over looks, take the running minimum */
};

/* `k` > 0: how concentrated the alternative is around the weights; 100 in Parley. */
struct srm_anytime srm_anytime(const double *counts, const double *weights, size_t arms, double k);

#endif
