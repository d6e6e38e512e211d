/* The release gate on real people: a year of a shop's orders goes through definitions, bucketing, journal, fold, cells and judgement, as
 * live data would, for many A/A trials at once, each with a salt of its own. Needs the Online Retail data. */
#ifndef PARLEY_TOOLS_PIPELINE_H
#define PARLEY_TOOLS_PIPELINE_H

#include <stdint.h>

#include "core/base/error.h"

enum { PIPELINE_LOOKS = 50, PIPELINE_METRICS = 2 };

struct pipeline_found {
    int trials, units; /* units of each trial: customers that bought */
    struct pipeline_metric {
        const char *name;
        double rejects; /* share of trials whose fixed p at the end is below .05 */
        double ks;      /* p of Kolmogorov and Smirnov that the fixed p are uniform */
        double ever;    /* share whose confidence sequence excluded 0 at some look */
        double naive;   /* share whose fixed p was below .05 at some look */
    } metrics[PIPELINE_METRICS];
    double split_alarms; /* share of trials with an SRM alarm at the end */
};

/* `csv`: online_retail.csv.gz. Takes about 50 ms a trial; a temporary folder holds the journal. 0, or a negative code. */
int pipeline_run(const char *csv, int trials, uint64_t seed, struct pipeline_found *found, struct error *error);

/* P(D_n > d) of the one-sample Kolmogorov-Smirnov test against the uniform distribution on [0, 1]: Kolmogorov's series with Stephens'
 * correction for finite n. Sorts `p`. */
double pipeline_ks(double *p, int n);

#endif
