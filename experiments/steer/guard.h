/* What a look at an experiment demands: guardrails that are certain of harm, a split that is certainly off, a trial that gets no
 * data any more; and what is to be done about it. Pure. Knows nothing of when they are looked at, nor of how a rollback is made. */
#ifndef PARLEY_EXPERIMENTS_STEER_GUARD_H
#define PARLEY_EXPERIMENTS_STEER_GUARD_H

#include "core/base/json_write.h"
#include "experiments/judge/judgement.h"

enum guard_kind { GUARD_HARM, GUARD_SPLIT, GUARD_NO_DATA };
extern const char *const guard_kinds[]; /* "guardrail", "srm", "no-data": the action of the audit row */

struct guard_finding {
    enum guard_kind kind;
    enum guardrail_action action;
    /* of GUARD_HARM: a guardrail fires for an arm, the one-sided sequence lies beyond the margin */
    const struct guardrail *rule; /* of the definition */
    struct text variant, control;
    double estimate;    /* treatment less control */
    double harm, bound; /* the effect in the harmful direction, and what it is at least */
    double margin;      /* in the unit of the metric, also of a relative one */
    /* of GUARD_SPLIT: the anytime test; log_bayes_factor as of now, p the least so far */
    double log_bayes_factor;
    double p, n;   /* p also of harm; n: units of both arms, or of all */
    int64_t since; /* of GUARD_NO_DATA: ms, when something came last */
};

/* What is done about a split that is off and about missing data; guardrails say it themselves. */
struct guard_rules {
    bool watch_split;
    enum guardrail_action split;
    int64_t no_data_after; /* ms without any unit or record that matters here; 0: not watched */
    enum guardrail_action no_data;
};

/* p of the anytime SRM test below which an experiment is stopped: as rare as the alarm that a page shows. */
#define GUARD_SPLIT_P 0.001

/* Those of arms still in play, in the order of the definition, then of the split, then of missing data (`changed_at`: ms, when something
 * came last, as looks have it); in `arena`, borrowing from the judgement. Returns how many. */
uint32_t guard_findings(const struct judgement *judgement, int64_t changed_at, const struct guard_rules *rules,
                        struct guard_finding **findings, struct arena *arena);
/* The most severe action that any of them asks for; n > 0. */
enum guardrail_action guard_action(const struct guard_finding *findings, uint32_t n);
/* What is found, in few words that stay the same while it is found again; the evidence as one object; both as a sentence. */
struct text guard_note(const struct guard_finding *finding, struct arena *arena);
void guard_write(const struct guard_finding *finding, struct json_writer *out);
struct text guard_words(const struct guard_finding *finding, struct arena *arena);

#endif
