/* The call, by rules that a person can check, looked at in this order:
 *  1. the split is off (SRM alarm): keep running, the figures cannot be trusted;
 *  2. a guardrail says that harm beyond its margin is certain: stop;
 *  3. the primary metric is certainly worse in every arm that is left to try: stop;
 *  4. no mde was set: keep running, nobody said what difference would matter;
 *  5. a fixed test is not at its end (planned units, or the experiment's end): keep running, it may be looked at once;
 *  6. an arm is certainly better, and no guardrail fires: ship the one with the largest effect;
 *  7. every arm's interval lies within +-mde: no difference;
 *  8. else keep running.
 * Certain: the adjusted p is below alpha and the interval excludes 0; under bayes, the chance to beat is above 1 - alpha/2. */
#include <math.h>

#include "experiments/judge/judge_internal.h"

static double alpha_of(const struct judgement *j) {
    double alpha = j->results->experiment->definition.alpha;
    return alpha > 0 ? alpha : 0.05;
}

static struct text arm_key(const struct judgement *j, uint32_t arm) {
    return j->results->experiment->state.arms[arm];
}

static bool in_play(const struct judgement *j, uint32_t arm) {
    return arm != j->results->experiment->state.control && !j->results->experiment->state.removed[arm];
}

static const struct judged_metric *primary_of(const struct judgement *j) {
    return j->n && j->metrics[0].role == ROLE_PRIMARY ? &j->metrics[0] : NULL;
}

static bool lower_is_better(const struct judgement *j, const struct judged_metric *m) {
    return j->results->metrics[m->metric]->better == METRIC_LOWER;
}

enum sense { WORSE = -1, UNCERTAIN, BETTER };

static enum sense sense_of(const struct judgement *j, const struct judged_metric *m, uint32_t arm) {
    const struct judged_arm *a = &m->arms[arm];
    double alpha = alpha_of(j);
    if (!a->compared) return UNCERTAIN;
    if (j->results->experiment->definition.method == METHOD_BAYES)
        return a->is.chance_to_beat > 1 - alpha / 2 ? BETTER : a->is.chance_to_beat < alpha / 2 ? WORSE : UNCERTAIN;
    if (!(a->p_adjusted < alpha) || !(a->is.shown.low > 0 || a->is.shown.high < 0)) return UNCERTAIN;
    return (a->is.estimate > 0) != lower_is_better(j, m) ? BETTER : WORSE;
}

static void call(struct judgement *j, enum judgement_call what, int arm, struct text words) {
    j->call = what;
    j->arm = arm;
    j->words = words;
}

/* --- the rules --- */

static bool guardrail_fires(struct judgement *j, struct arena *arena) {
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; j->metrics[i].role == ROLE_GUARDRAIL && a < j->results->n_arms; a++) {
            if (!in_play(j, a) || !j->metrics[i].arms[a].guard.fires) continue;
            call(j, CALL_STOP_HARM, (int)a,
                 arena_printf(arena, "`%.*s` does harm: `%.*s` is worse than control by more than its margin.",
                              TEXT_ARGS(arm_key(j, a)), TEXT_ARGS(j->results->metrics[j->metrics[i].metric]->key)));
            return true;
        }
    return false;
}

static bool all_worse(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    int worst = -1, arms = 0, worse = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!in_play(j, a)) continue;
        arms++;
        if (sense_of(j, m, a) != WORSE) continue;
        worse++;
        if (worst < 0 || fabs(m->arms[a].is.estimate) > fabs(m->arms[worst].is.estimate)) worst = (int)a;
    }
    if (!arms || worse < arms) return false;
    call(j, CALL_STOP_HARM, worst,
         arena_printf(arena, "`%.*s` makes `%.*s` worse than control does.", TEXT_ARGS(arm_key(j, (uint32_t)worst)),
                      TEXT_ARGS(j->results->metrics[m->metric]->key)));
    return true;
}

static int64_t all_units(const struct judgement *j) {
    int64_t n = 0;
    for (size_t i = 0; i < (size_t)j->results->n_epochs * j->results->n_arms; i++) n += j->group->units[i];
    return n;
}

/* A test that may be looked at once is looked at when it is over. */
static bool too_early(const struct judgement *j) {
    const struct experiment_state *state = &j->results->experiment->state;
    if (j->results->experiment->definition.method != METHOD_FIXED) return false;
    bool over = state->end_at && j->results->as_of >= state->end_at;
    return !over && !(state->n_star > 0 && all_units(j) >= state->n_star);
}

static bool one_better(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    int best = -1;
    for (uint32_t a = 0; a < j->results->n_arms; a++)
        if (in_play(j, a) && sense_of(j, m, a) == BETTER &&
            (best < 0 || fabs(m->arms[a].is.estimate) > fabs(m->arms[best].is.estimate)))
            best = (int)a;
    if (best < 0) return false;
    const struct comparison *c = &m->arms[best].is;
    call(j, CALL_SHIP, best,
         isfinite(c->relative.low) && isfinite(c->relative.high)
             ? arena_printf(arena, "`%.*s` makes `%.*s` better than control does, by %+.1f %% (%+.1f to %+.1f %%).",
                            TEXT_ARGS(arm_key(j, (uint32_t)best)), TEXT_ARGS(j->results->metrics[m->metric]->key),
                            100 * c->relative.estimate, 100 * c->relative.low, 100 * c->relative.high)
             : arena_printf(arena, "`%.*s` makes `%.*s` better than control does.",
                            TEXT_ARGS(arm_key(j, (uint32_t)best)), TEXT_ARGS(j->results->metrics[m->metric]->key)));
    return true;
}

static bool all_the_same(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    double mde = j->results->experiment->definition.mde;
    int arms = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!in_play(j, a)) continue;
        arms++;
        const struct comparison *c = &m->arms[a].is;
        if (!m->arms[a].compared || !(c->relative.low > -mde) || !(c->relative.high < mde)) return false;
    }
    if (!arms) return false;
    call(j, CALL_NO_DIFFERENCE, -1,
         arena_printf(arena,
                      "Whatever difference there is in `%.*s`, it is smaller than the %.1f %% that would matter.",
                      TEXT_ARGS(j->results->metrics[m->metric]->key), 100 * mde));
    return true;
}

/* --- how long --- */

/* A call may be expected when each interval is narrow enough to leave out 0, or what lies beyond the mde, were the estimates to
 * stay as they are; at the rate of units so far. A fixed test needs its plan. */
static int32_t days_left(const struct judgement *j, const struct judged_metric *m) {
    const struct experiment_state *state = &j->results->experiment->state;
    double n = (double)all_units(j), days = (double)(j->results->as_of - state->start_at) / CLOCK_DAY, needed = 0;
    double mde = j->results->experiment->definition.mde;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!in_play(j, a)) continue;
        const struct comparison *c = &m->arms[a].is;
        double half = (c->relative.high - c->relative.low) / 2;
        if (!m->arms[a].compared || !isfinite(half) || !(mde > 0)) return -1;
        double estimate = fabs(c->relative.estimate), enough = fmax(estimate, mde - estimate);
        needed = fmax(needed, n * (half / enough) * (half / enough));
    }
    if (j->results->experiment->definition.method == METHOD_FIXED && state->n_star > 0) needed = (double)state->n_star;
    if (!(days > 0) || !(n > 0)) return -1;
    double left = fmax(1, ceil((needed - n) / (n / days)));
    if (state->end_at) left = fmin(left, ceil(fmax(0, (double)(state->end_at - j->results->as_of)) / CLOCK_DAY));
    return left <= 3650 ? (int32_t)left : -1;
}

void judge_call(struct judgement *j, struct arena *arena) {
    const struct judged_metric *primary = primary_of(j);
    j->arm = j->days_left = -1;
    if (j->srm_verdict == SRM_ALARM) {
        call(j, CALL_KEEP_RUNNING, -1,
             TEXT("No verdict: the units do not split as the weights say, so that the figures cannot be trusted. Find "
                  "out "
                  "what drops or adds units first."));
        return;
    }
    if (guardrail_fires(j, arena)) return;
    if (!primary) {
        call(j, CALL_KEEP_RUNNING, -1, TEXT("No verdict: the experiment has no primary metric."));
        return;
    }
    if (all_worse(j, primary, arena)) return;
    if (!(j->results->experiment->definition.mde > 0)) {
        call(j, CALL_KEEP_RUNNING, -1,
             TEXT("No verdict: set `mde`, the smallest relative difference that would matter to you."));
        return;
    }
    if (too_early(j))
        call(j, CALL_KEEP_RUNNING, -1, TEXT("A fixed test is read once, when its planned units are in."));
    else if (one_better(j, primary, arena) || all_the_same(j, primary, arena))
        return;
    else
        call(j, CALL_KEEP_RUNNING, -1,
             TEXT("Not decided yet: the interval still holds differences that would matter."));
    j->days_left = days_left(j, primary);
}
