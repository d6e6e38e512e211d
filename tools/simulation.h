/* The simulations behind the release gate: seeded streams of units judged by the engine as live data would be. The gate
 * (tools/gate.c) runs them in full, the test suite for a few seconds. No state: any thread. */
#ifndef PARLEY_TOOLS_SIMULATION_H
#define PARLEY_TOOLS_SIMULATION_H

#include <stdint.h>

/* Streams of two arms drawn from one normal distribution, looked at `looks` times, `per_look` units an arm between looks. */
struct stream_plan {
    int streams, looks, per_look;
    uint64_t seed;
};

struct stream_rates {
    double naive;       /* Welch p < .05 at some look */
    double last;        /* Welch p < .05 at the last look: should be 5 % */
    double sequence;    /* the confidence sequence excludes 0 at some look; it ends at n = n_star */
    double beyond;      /* the same, but it ends at n = 5 n_star, where it has spent nearly all it ever will */
    double half_widths; /* mean half-width / se at the last look, where n = n_star */
    double guardrail;   /* a guardrail whose margin is the true difference fires at some look */
};

struct stream_rates simulate_streams(struct stream_plan plan);

/* How often the 95 % interval covers what is true. */
enum coverage_kind {
    COVER_NORMAL,        /* Welch */
    COVER_LOGNORMAL,     /* Welch on exp(N(0, 1)) */
    COVER_ZERO_INFLATED, /* Welch: 10 % of the units spend, lognormally */
    COVER_RATIO,         /* ratio of sums: spend per order */
    COVER_LIFT,          /* relative lift, delta or Fieller */
    COVER_CUPED,         /* adjusted difference, 30 % of the units without history */
    COVER_PROPORTION,    /* Miettinen-Nurminen at 5 % */
    COVER_QUANTILE,      /* 90th percentile of lognormal values */
    COVER_CLUSTERED,     /* median of values that come in clusters */
    COVER_RATIO_CUPED,   /* spend per order, adjusted by that of before, 30 % of the units without history */
    COVER_KINDS
};

const char *coverage_name(enum coverage_kind kind);
/* Units per arm (clusters for COVER_CLUSTERED). */
int coverage_units(enum coverage_kind kind);
double simulate_coverage(enum coverage_kind kind, int runs, uint64_t seed);

#endif
