/* What the cells of an experiment say: every treatment against control on every metric, whether the split is as planned, what
 * is wrong, and the call. Pure; the same for console, command line and steer. Knows nothing of JSON but that evidence is some. */
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
        double p_now;      /* of the sequence at this look alone; `is` has the least that any look found */
        double p_adjusted; /* of `shown` */
        struct compare_guardrail guard;
    } * arms;
};

enum judgement_call { CALL_SHIP, CALL_KEEP_RUNNING, CALL_STOP_HARM, CALL_NO_DIFFERENCE };

/* The least p that earlier looks found, by role, metric and variant: see looks.h. */
struct judged_before {
    enum judgement_role role;
    struct text metric, variant;
    double p;
};
struct judged_past {
    const struct judged_before *items;
    uint32_t n;
    double srm_p; /* the least p of the anytime SRM test */
};

struct judgement {
    const struct measure_results *results;
    const struct measure_group *group;
    struct judged_metric *metrics; /* primary, secondary, guardrails, in the order of the definition */
    uint32_t n;
    struct srm srm, srm_with_multiple; /* without and with the units that met two variants */
    struct srm *srm_by_epoch;          /* as many as the results have epochs */
    struct srm_anytime srm_anytime;    /* k = 100; Bayes factors of the epochs multiplied; p the least of all looks */
    enum srm_verdict srm_verdict;
    struct judgement_warning {
        const char *code;
        struct text detail;
        struct text evidence; /* JSON: the figures behind it */
    } * warnings;
    uint32_t n_warnings;
    enum judgement_call call;
    int32_t arm;       /* the one to ship, or that does harm; -1 */
    struct text words; /* the call in a sentence or two */
    int32_t days_left; /* about, until a call may be expected; -1: not known */
};

/* Of one group of the results. `past` NULL: nothing was looked at before. Everything is in `arena` and borrows from `results`. */
struct judgement *judge(const struct measure_results *results, const struct measure_group *group,
                        const struct judged_past *past, struct arena *arena);

/* Whether harm beyond its margin is excluded for every guardrail in every arm that is left to try, as a ramp may wait for. Where it
 * is not, `*why` (may be NULL) says for which; in `arena`. True without guardrails. */
bool judgement_harm_excluded(const struct judgement *judgement, struct text *why, struct arena *arena);

/* The name that people gave a metric, or its key in backticks. */
struct text judgement_metric_name(const struct metric *metric, struct arena *arena);
double judgement_alpha(const struct judgement *judgement);
/* Whether an arm is one that might be shipped: not control, and not removed. */
bool judgement_in_play(const struct judgement *judgement, uint32_t arm);
/* What the trial is by now: past its end it is maturing, also where nobody takes that step (a holdout's read-out). */
enum experiment_phase judgement_phase(const struct measure_results *results);
int64_t judgement_units(const struct judgement *judgement); /* in the figures, of all arms */

extern const char *const judgement_roles[], *const judgement_calls[]; /* as the contract has them */

#endif
