/* Between judgement.c (figures), warnings.c and verdict.c (the call). */
#ifndef PARLEY_EXPERIMENTS_JUDGE_JUDGE_INTERNAL_H
#define PARLEY_EXPERIMENTS_JUDGE_JUDGE_INTERNAL_H

#include "experiments/judge/judgement.h"

/* Fills `warnings` from everything else. */
void judge_warnings(struct judgement *judgement, struct arena *arena);
/* Fills call, arm, words and days_left from everything else. */
void judge_call(struct judgement *judgement, struct arena *arena);

#endif
