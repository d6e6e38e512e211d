/* Which guardrails of an experiment say that harm is certain, and what is to be done about it. Pure. Knows nothing of when
 * they are looked at, nor of how a rollback is made. */
#ifndef PARLEY_EXPERIMENTS_STEER_GUARD_H
#define PARLEY_EXPERIMENTS_STEER_GUARD_H

#include "core/base/json_write.h"
#include "experiments/judge/judgement.h"

/* A guardrail that fires for an arm: the one-sided sequence lies beyond the margin. */
struct guard_finding {
    const struct guardrail *rule; /* of the definition */
    struct text variant, control;
    double estimate;    /* treatment less control */
    double harm, bound; /* the effect in the harmful direction, and what it is at least */
    double margin;      /* in the unit of the metric, also of a relative one */
    double p, n;        /* n: units of both arms */
};

/* Those of arms still in play, in the order of the definition; in `arena`, borrowing from the judgement. Returns how many. */
uint32_t guard_findings(const struct judgement *judgement, struct guard_finding **findings, struct arena *arena);
/* The most severe action that any of them asks for; n > 0. */
enum guardrail_action guard_action(const struct guard_finding *findings, uint32_t n);
/* The evidence as one object, and as a sentence. */
void guard_write(const struct guard_finding *finding, struct json_writer *out);
struct text guard_words(const struct guard_finding *finding, struct arena *arena);

#endif
