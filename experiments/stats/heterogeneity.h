/* Does the effect differ between segments? Cochran's Q (Biometrics 10, 1954) over their estimates, with I^2 (Higgins & Thompson,
 * Statistics in Medicine 21, 2002). Over several break-downs adjust the p-values by BH: multiplicity.h.
 * No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_HETEROGENEITY_H
#define PARLEY_EXPERIMENTS_STATS_HETEROGENEITY_H

#include <stddef.h>

struct heterogeneity {
    double q, df, p;
    double i2;     /* share of the variation that is not chance, 0 to 1 */
    double pooled; /* estimate weighted by 1 / se^2 */
};

/* Segments with an se that is not above 0 or not finite are left out; NaN where fewer than two remain. */
struct heterogeneity cochran_q(const double *estimates, const double *ses, size_t segments);

#endif
