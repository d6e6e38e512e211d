/* Weights for arms whose means are known with normal uncertainty: Thompson sampling (Biometrika 25, 1933) and top two (Russo,
 * Operations Research 68, 2020), by deterministic one-dimensional quadrature instead of draws. Read-outs of a bandit are
 * stratified by epoch: see strata.h. No state: any thread. */
#ifndef PARLEY_EXPERIMENTS_STATS_BANDIT_H
#define PARLEY_EXPERIMENTS_STATS_BANDIT_H

#include <stddef.h>

enum better { BETTER_HIGHER, BETTER_LOWER };
enum { BANDIT_ARMS_MAX = 64 };

/* Writes, per arm: `best` = P(this arm is best), `top_two` = P(it is among the best two) / 2 (with two arms, a half each), and
 * `weights` = floor + (1 - arms floor) top_two. Each adds up to 1. False, with NaN everywhere, unless 1 <= arms <= 64,
 * every sd > 0 and 0 <= arms * floor <= 1. 0.3 ms for 4 arms; grows with the cube of the arms. */
int thompson(const double *means, const double *sds, size_t arms, enum better better, double floor, double *best,
             double *top_two, double *weights);

#endif
