/* The call, by rules that a person can check, looked at in this order:
 *  1. the split is off (SRM alarm): keep running, the figures cannot be trusted;
 *  2. a guardrail says that harm beyond its margin is certain: stop;
 *  3. the primary metric is certainly worse in every arm that is left to try: stop;
 *  4. no mde was set (a holdout has none): keep running, nobody said what difference would matter;
 *  5. a fixed test is not at its end (planned units, or the experiment's end): keep running, it may be looked at once;
 *  6. an arm is certainly better, and no guardrail fires: ship the one with the largest effect;
 *  7. every arm's interval lies within +-mde: no difference;
 *  8. else keep running.
 * The words give the effect on the primary metric with its interval, each guardrail ("unchanged": harm beyond its margin is excluded
 * and no difference is certain), and how many more days would settle what is open, were estimates and traffic to stay.
 * Certain: the adjusted p is below alpha and the interval excludes 0; under bayes, the chance to beat is above 1 - alpha/2. */
#include <math.h>

#include "experiments/judge/judge_internal.h"

static struct text arm_key(const struct judgement *j, uint32_t arm) {
    return j->results->experiment->state.arms[arm];
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
    double alpha = judgement_alpha(j);
    if (!a->compared) return UNCERTAIN;
    if (j->results->experiment->definition.method == METHOD_BAYES)
        return a->is.chance_to_beat > 1 - alpha / 2 ? BETTER : a->is.chance_to_beat < alpha / 2 ? WORSE : UNCERTAIN;
    if (!(a->p_adjusted < alpha) || !(a->is.shown.low > 0 || a->is.shown.high < 0)) return UNCERTAIN;
    return (a->is.estimate > 0) != lower_is_better(j, m) ? BETTER : WORSE;
}

static bool decided(const struct judgement *j, const struct judged_metric *m, uint32_t arm) {
    const struct comparison *c = &m->arms[arm].is;
    double mde = j->results->experiment->definition.mde;
    return sense_of(j, m, arm) != UNCERTAIN || (c->relative.low > -mde && c->relative.high < mde);
}

static void call(struct judgement *j, enum judgement_call what, int arm, struct text words) {
    j->call = what;
    j->arm = arm;
    j->words = words;
}

/* --- the words --- */

static struct text name_of(const struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    return judgement_metric_name(j->results->metrics[m->metric], arena);
}

/* "2.1 % more", or "0.6 %" alone where the direction was said already. */
static struct text amount(double relative, bool with_direction, struct arena *arena) {
    const char *direction = !with_direction ? "" : relative < 0 ? " less" : " more";
    return arena_printf(arena, "%.1f %%%s", fabs(100 * relative), direction);
}

/* "`top`: 2.1 % more buyers, between 0.6 % and 3.6 %": bounds on either side of none say which is which. */
static struct text effect_words(const struct judgement *j, const struct judged_metric *m, uint32_t arm,
                                struct arena *arena) {
    const struct comparison *c = &m->arms[arm].is;
    struct text key = arm_key(j, arm), metric = name_of(j, m, arena);
    double low = c->relative.low, high = c->relative.high;
    if (!isfinite(low) || !isfinite(high))
        return arena_printf(arena, "`%.*s`: %.3g %s %.*s, the interval is open", TEXT_ARGS(key), fabs(c->estimate),
                            c->estimate < 0 ? "less" : "more", TEXT_ARGS(metric));
    bool crosses = low < 0 && high > 0, falls = c->relative.estimate < 0;
    struct text from = amount(!crosses && falls ? high : low, crosses, arena),
                to = amount(!crosses && falls ? low : high, crosses, arena);
    return arena_printf(arena, "`%.*s`: %.*s %.*s, between %.*s and %.*s", TEXT_ARGS(key),
                        TEXT_ARGS(amount(c->relative.estimate, true, arena)), TEXT_ARGS(metric), TEXT_ARGS(from),
                        TEXT_ARGS(to));
}

static const char *guardrail_words(const struct judged_arm *a) {
    bool known = a->is.shown.low > 0 || a->is.shown.high<0, harms = a->guard.harm> 0;
    if (!a->compared) return "has no figures yet";
    if (a->guard.fires) return "is worse by more than its margin";
    if (!a->guard.passes) return "is not known to be safe yet";
    return !known ? "unchanged" : harms ? "is worse, within its margin" : "is better";
}

static void add_guardrails(const struct judgement *j, uint32_t arm, struct buffer *out, struct arena *arena) {
    for (uint32_t i = 0; i < j->n; i++)
        if (j->metrics[i].rule)
            buffer_printf(out, "; %.*s %s", TEXT_ARGS(name_of(j, &j->metrics[i], arena)),
                          guardrail_words(&j->metrics[i].arms[arm]));
}

/* --- how long --- */

/* An interval may be expected to decide when it is narrow enough to leave out 0, or what lies beyond the mde, were the estimate to
 * stay as it is; at the rate of units so far. -1: not known. */
static int32_t days_for(const struct judgement *j, const struct judged_metric *m, uint32_t arm) {
    const struct experiment_state *state = &j->results->experiment->state;
    double n = (double)judgement_units(j), days = (double)(j->results->as_of - state->start_at) / CLOCK_DAY;
    double mde = j->results->experiment->definition.mde;
    const struct comparison *c = &m->arms[arm].is;
    double half = (c->relative.high - c->relative.low) / 2, estimate = fabs(c->relative.estimate);
    if (!m->arms[arm].compared || !isfinite(half) || !(mde > 0) || !(days > 0) || !(n > 0)) return -1;
    double ratio = half / fmax(estimate, mde - estimate), needed = n * ratio * ratio;
    if (m->role == ROLE_PRIMARY && j->results->experiment->definition.method == METHOD_FIXED && state->n_star > 0)
        needed = (double)state->n_star;
    double left = fmax(1, ceil((needed - n) / (n / days)));
    return left <= 3650 ? (int32_t)left : -1;
}

/* Until every arm is decided; no longer than the trial lasts. */
static int32_t days_left(const struct judgement *j, const struct judged_metric *m) {
    const struct experiment_state *state = &j->results->experiment->state;
    int32_t most = -1;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!judgement_in_play(j, a)) continue;
        int32_t days = days_for(j, m, a);
        if (days < 0) return -1;
        if (days > most) most = days;
    }
    double last = ceil(fmax(0, (double)(state->end_at - j->results->as_of)) / CLOCK_DAY);
    return state->end_at && most > last ? (int32_t)last : most;
}

static void add_days(struct buffer *out, int32_t days, struct text what) {
    buffer_printf(out, "; about %d more day%s would settle %.*s", days, days == 1 ? "" : "s", TEXT_ARGS(what));
}

enum { PATIENCE = 90 /* days: nobody waits longer for a secondary metric */ };

/* Secondary metrics that are open, while units still come. */
static void add_secondary(const struct judgement *j, uint32_t arm, struct buffer *out, struct arena *arena) {
    if (judgement_phase(j->results) != PHASE_RUNNING) return;
    for (uint32_t i = 0; i < j->n; i++) {
        int32_t days = j->metrics[i].role == ROLE_SECONDARY ? days_for(j, &j->metrics[i], arm) : -1;
        if (days > 0 && days <= PATIENCE && !decided(j, &j->metrics[i], arm))
            add_days(out, days, name_of(j, &j->metrics[i], arena));
    }
}

/* The effect on the primary, `said` of it, the guardrails, and what more days would bring. */
static struct text sentence(const struct judgement *j, const struct judged_metric *m, uint32_t arm, const char *said,
                            struct arena *arena) {
    struct buffer out = {0};
    buffer_text(&out, effect_words(j, m, arm, arena));
    buffer_cstr(&out, said);
    add_guardrails(j, arm, &out, arena);
    if (j->call == CALL_KEEP_RUNNING && j->days_left > 0)
        add_days(&out, j->days_left, TEXT("it"));
    else
        add_secondary(j, arm, &out, arena);
    buffer_byte(&out, '.');
    struct text copy = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

/* --- the rules --- */

static struct text harm_words(const struct judgement *j, const struct judged_metric *m, uint32_t arm,
                              struct arena *arena) {
    const struct compare_guardrail *guard = &m->arms[arm].guard;
    return arena_printf(arena,
                        "`%.*s` does harm: %.*s is worse than under control by %.3g, and by at least %.3g: more than "
                        "its margin of %.3g%s.",
                        TEXT_ARGS(arm_key(j, arm)), TEXT_ARGS(name_of(j, m, arena)), guard->harm, guard->low,
                        m->rule->margin, m->rule->relative ? " of control's mean" : "");
}

static bool guardrail_fires(struct judgement *j, struct arena *arena) {
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; j->metrics[i].role == ROLE_GUARDRAIL && a < j->results->n_arms; a++) {
            if (!judgement_in_play(j, a) || !j->metrics[i].arms[a].guard.fires) continue;
            call(j, CALL_STOP_HARM, (int)a, harm_words(j, &j->metrics[i], a, arena));
            return true;
        }
    return false;
}

static bool all_worse(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    int worst = -1, arms = 0, worse = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!judgement_in_play(j, a)) continue;
        arms++;
        if (sense_of(j, m, a) != WORSE) continue;
        worse++;
        if (worst < 0 || fabs(m->arms[a].is.estimate) > fabs(m->arms[worst].is.estimate)) worst = (int)a;
    }
    if (!arms || worse < arms) return false;
    call(j, CALL_STOP_HARM, worst, TEXT_NONE);
    j->words = sentence(j, m, (uint32_t)worst, ", and that is worse than control: stop", arena);
    return true;
}

/* A test that may be looked at once is looked at when it is over. */
static bool too_early(const struct judgement *j) {
    const struct experiment_state *state = &j->results->experiment->state;
    if (j->results->experiment->definition.method != METHOD_FIXED) return false;
    bool over = state->end_at && j->results->as_of >= state->end_at;
    return !over && !(state->n_star > 0 && judgement_units(j) >= state->n_star);
}

static bool one_better(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    int best = -1;
    for (uint32_t a = 0; a < j->results->n_arms; a++)
        if (judgement_in_play(j, a) && sense_of(j, m, a) == BETTER &&
            (best < 0 || fabs(m->arms[a].is.estimate) > fabs(m->arms[best].is.estimate)))
            best = (int)a;
    if (best < 0) return false;
    call(j, CALL_SHIP, best, TEXT_NONE);
    j->words = sentence(j, m, (uint32_t)best, ", sure enough to ship", arena);
    return true;
}

static bool all_the_same(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    double mde = j->results->experiment->definition.mde;
    int arms = 0;
    for (uint32_t a = 0; a < j->results->n_arms; a++) {
        if (!judgement_in_play(j, a)) continue;
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

/* The arm in play that does best so far; -1 where none has figures. */
static int leading(const struct judgement *j, const struct judged_metric *m) {
    int best = -1;
    double sign = lower_is_better(j, m) ? -1 : 1;
    for (uint32_t a = 0; a < j->results->n_arms; a++)
        if (judgement_in_play(j, a) && m->arms[a].compared &&
            (best < 0 || sign * m->arms[a].is.estimate > sign * m->arms[best].is.estimate))
            best = (int)a;
    return best;
}

/* Undecided, early or late: what there is, and how long it may take. */
static void keep_running(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    bool early = too_early(j);
    int best = leading(j, m);
    call(j, CALL_KEEP_RUNNING, -1, TEXT("Not decided yet: no arm has figures."));
    j->days_left = days_left(j, m);
    if (early)
        j->words = TEXT("A fixed test is read once, when its planned units are in.");
    else if (best >= 0)
        j->words = sentence(j, m, (uint32_t)best, ", not decided yet", arena);
}

static void no_mde(struct judgement *j, const struct judged_metric *m, struct arena *arena) {
    int best = leading(j, m);
    call(j, CALL_KEEP_RUNNING, -1,
         TEXT("No verdict without `mde`, the smallest relative difference that would matter to you."));
    if (best >= 0)
        j->words = sentence(
            j, m, (uint32_t)best,
            ": no verdict, because `mde`, the smallest relative difference that would matter, is not set", arena);
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
    if (!(j->results->experiment->definition.mde > 0))
        no_mde(j, primary, arena);
    else if (too_early(j) || (!one_better(j, primary, arena) && !all_the_same(j, primary, arena)))
        keep_running(j, primary, arena);
}
