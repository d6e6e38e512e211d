/* Relative lift, (m_T - m_C) / m_C: delta method (Deng, Knoblich & Lu, KDD 2018, section 3.1), Fieller (JRSS B 16, 1954) where
 * the control mean is uncertain, and the interval on the log scale. `z` is the critical multiple of whatever method is in
 * use: 1.96 for a fixed test at 95 %, a confidence sequence's own multiple for a sequential one. Lifts are plain ratios
 * (0.08 is +8 %). Needs n >= 2, variances >= 0 and m_C other than 0, else NaN. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_LIFT_H
#define PARLEY_EXPERIMENTS_STATS_LIFT_H

#include "experiments/stats/sample.h"

struct lift {
    double estimate, se, low, high;
};

struct fieller {
    double g;         /* z^2 s_C^2 / (n_C m_C^2): how uncertain the denominator is */
    double low, high; /* NaN where g >= 1: the interval is unbounded */
};

struct lift lift_delta(struct sample control, struct sample treatment, double z);
struct fieller lift_fieller(struct sample control, struct sample treatment, double z);
/* exp(ln(m_T/m_C) +- z se) - 1; NaN unless both means have the same sign. */
struct interval lift_log(struct sample control, struct sample treatment, double z);
/* What Parley shows: delta, with Fieller's bounds where g > 0.01 (NaN where they do not exist). */
struct lift lift_interval(struct sample control, struct sample treatment, double z);

#endif
