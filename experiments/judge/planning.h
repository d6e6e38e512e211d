/* Planning: how many units, how many days, how small an effect, before a trial starts and while it runs. Pure: what it is told of rate
 * and variance may come from a running trial, from past events, or from somebody's head. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_PLANNING_H
#define PARLEY_EXPERIMENTS_JUDGE_PLANNING_H

#include <stdint.h>

#include "core/base/json_write.h"
#include "core/base/text.h"

enum { PLANNING_ARMS_MAX = 32, PLANNING_LOOKS = 50, PLANNING_RUNS = 2000, PLANNING_DAYS = 30 };

struct planning {
    double mean, variance; /* of a unit's value, in control; mean other than 0 */
    double per_day;        /* units that enter a day, all arms; 0: not known, then nothing is said in days */
    double have;           /* units that are in already */
    double days_to_end;    /* until the planned end; 0: none is planned */
    double mde;            /* relative; 0: not said, then 0.05 */
    double alpha, power;
    double n_star;                     /* planned units; 0: COMPARE_N_STAR */
    double weights[PLANNING_ARMS_MAX]; /* relative; the first is control's */
    uint32_t arms;
    uint64_t seed; /* of the simulation: the same seed gives the same answer */
};

/* Members of an object that the caller has opened:
 * "sampleSize": {"fixed":{"units","days"?},"sequential":{...}}: of all arms, for the mde, in the arm with the least units;
 * "detectable": [{"days","units","fixed","sequential"}]: the smallest relative effect after 7, 14 ... 42 days;
 * "anyLook": {"units","days"?,"power","lookingOnce"}: the chance that some of 50 looks up to the planned units (n_star, else the end,
 * else four weeks) finds the mde.
 * Simulated with PLANNING_RUNS runs (right to a point or two). Takes about half a second: off the loop. Any thread. */
void planning_write(const struct planning *planning, struct json_writer *out);

#endif
