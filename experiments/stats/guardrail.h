/* A guardrail: a metric that must not get worse by more than a margin. Two one-sided confidence sequences against the margin:
 * one says when harm beyond it is certain, the other when it is excluded. May be looked at whenever one likes.
 * No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_GUARDRAIL_H
#define PARLEY_EXPERIMENTS_STATS_GUARDRAIL_H

#include <stdbool.h>

#include "experiments/stats/sequential.h"

enum harm { HARM_INCREASE, HARM_DECREASE };

struct guardrail {
    double harm;      /* the effect in the harmful direction, treatment against control */
    double se;        /* of it */
    double low, high; /* one-sided bounds of it, each at alpha */
    double p;         /* anytime-valid, of "harm is at most the margin" */
    bool fires;       /* low > margin: harm beyond the margin is certain */
    bool passes;      /* high < margin: it is excluded, a ramp may go on */
};

/* `estimate` of treatment less control (or of the lift, with a relative margin), se > 0 after n units; margin >= 0;
 * 0 < alpha < .5. NaN and neither fires nor passes outside. */
struct guardrail guardrail_test(double estimate, double se, double n, enum harm harm, double margin, double alpha,
                                double n_star);

#endif
