/* One treatment against control on one metric: from exact cells by epoch to estimates, intervals and chances, by every method at
 * once. Numbers only; knows nothing of definitions, of JSON and of verdicts. A figure that does not exist is NaN. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_COMPARE_H
#define PARLEY_EXPERIMENTS_JUDGE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "experiments/stats/cell.h"

enum compare_kind { COMPARE_PROPORTION, COMPARE_MEAN, COMPARE_RATIO };
enum compare_method { COMPARE_SEQUENTIAL, COMPARE_FIXED, COMPARE_BAYES };
enum compare_correction { COMPARE_HOLM, COMPARE_BH, COMPARE_BY, COMPARE_RAW };

enum {
    COMPARE_N_STAR =
        5000 /* planned units where nobody said how many: any number is valid, this one suits small shops */
};

struct compare_plan {
    enum compare_kind kind;
    enum compare_method method; /* what `shown` and `relative` are by */
    double alpha, n_star;       /* n_star 0: COMPARE_N_STAR */
    bool lower_is_better;
};

/* An arm's cells, one for each epoch, `stride` apart. With CUPED `missing` are those of the units without history, and of the
 * others `known` (x: before they entered, y: since) or, for a ratio, `joint` (numerator and denominator before, and since);
 * else all three are NULL. */
struct compare_arm {
    const struct cell *cells, *known, *missing;
    const struct cell_joint *joint;
    const struct sample *sample; /* where the figure is none of cells (a quantile): over all epochs; else NULL */
    size_t stride, epochs;
};

struct compare_range {
    double low, high, p;
};

struct comparison {
    double estimate, se; /* stratified over epochs: semantics.md, "Epochs" */
    double n;            /* units of both arms that it rests on */
    double control_mean; /* standardised to the same mix of epochs */
    struct compare_range fixed, sequential, shown;
    struct compare_statistic {
        double value, df; /* a z where df is infinite, else Welch's t */
    } statistic;          /* of `fixed` */
    struct {
        double estimate, low, high;
    } relative;
    double chance_to_beat, expected_loss; /* of being better as the metric has it; loss in units of the metric */
    double multiple;                      /* half-width of `shown` in standard errors */
    struct compare_cuped {
        bool used;
        double theta, reduction, coverage; /* slope, share of variance saved, share of units with history */
        double bias;                       /* p of the arms being different before they entered */
    } cuped;
};

/* An arm as it is, over all epochs: mean (ratio: of the sums) and variance of a unit. */
struct sample compare_sample(struct compare_arm arm, enum compare_kind kind);
void compare(const struct compare_plan *plan, struct compare_arm control, struct compare_arm treatment,
             struct comparison *out);

struct compare_guardrail {
    double harm, low, high, p;
    bool fires, passes;
};
/* `margin` >= 0: absolute, or a share of control's mean where `relative`. */
struct compare_guardrail compare_guard(const struct compare_plan *plan, const struct comparison *comparison,
                                       bool harm_is_decrease, double margin, bool relative);

/* Adjusts p-values in place; those that are NaN take no part. */
void compare_adjust(enum compare_correction correction, double *p, size_t n);

/* Does the effect differ between groups? p of Cochran's Q; NaN where fewer than two groups have one. */
double compare_heterogeneity(const double *estimates, const double *ses, size_t n);

#endif
