/* What the cells of an experiment say: every treatment against control on every metric, whether the split is as planned, what
 * is wrong, and the call. Pure; the same for console, command line and steer. Knows nothing of JSON. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_JUDGEMENT_H
#define PARLEY_EXPERIMENTS_JUDGE_JUDGEMENT_H

#include "experiments/judge/compare.h"
#include "experiments/measure/cells.h"
#include "experiments/stats/srm.h"

enum judgement_role { ROLE_PRIMARY, ROLE_SECONDARY, ROLE_GUARDRAIL };

/* A metric in one role; a metric may have several. */
struct judged_metric {
    uint32_t metric; /* index among the results' */
    enum judgement_role role;
    const struct guardrail *rule; /* of a guardrail; the definition's */
    struct judged_arm {
        bool compared; /* false: control itself, an arm without figures, or no figure exists */
        struct comparison is;
        double p_adjusted; /* of `shown` */
        struct compare_guardrail guard;
    } * arms;
};

enum judgement_call { CALL_SHIP, CALL_KEEP_RUNNING, CALL_STOP_HARM, CALL_NO_DIFFERENCE };

struct judgement {
    const struct measure_results *results;
    const struct measure_group *group;
    struct judged_metric *metrics; /* primary, secondary, guardrails, in the order of the definition */
    uint32_t n;
    struct srm srm, srm_with_multiple; /* without and with the units that met two variants */
    enum srm_verdict srm_verdict;
    struct judgement_warning {
        const char *code;
        struct text detail;
    } * warnings;
    uint32_t n_warnings;
    enum judgement_call call;
    int32_t arm;       /* the one to ship, or that does harm; -1 */
    struct text words; /* the call in a sentence or two */
    int32_t days_left; /* about, until a call may be expected; -1: not known */
};

/* Of one group of the results. Everything is in `arena` and borrows from `results`. */
struct judgement *judge(const struct measure_results *results, const struct measure_group *group, struct arena *arena);

extern const char *const judgement_roles[], *const judgement_calls[]; /* as the contract has them */

#endif
