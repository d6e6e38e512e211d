#include "experiments/steer/guard.h"

#include <math.h>

const char *const guard_kinds[] = {"guardrail", "srm", "no-data"};

static double absolute_margin(const struct guardrail *rule, const struct comparison *is) {
    return rule->relative ? rule->margin * fabs(is->control_mean) : rule->margin;
}

static uint32_t find_harm(const struct judgement *j, struct guard_finding *findings) {
    const struct experiment_state *state = &j->results->experiment->state;
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->n; i++) {
        const struct judged_metric *m = &j->metrics[i];
        for (uint32_t a = 0; m->rule && a < state->n_arms; a++) {
            const struct judged_arm *arm = &m->arms[a];
            if (!judgement_in_play(j, a) || !arm->compared || !arm->guard.fires) continue;
            struct guard_finding *finding = &findings[n++];
            *finding = (struct guard_finding){.kind = GUARD_HARM,
                                              .action = m->rule->action,
                                              .rule = m->rule,
                                              .variant = state->arms[a],
                                              .control = state->arms[state->control],
                                              .estimate = arm->is.estimate,
                                              .harm = arm->guard.harm,
                                              .bound = arm->guard.low,
                                              .margin = absolute_margin(m->rule, &arm->is),
                                              .p = arm->guard.p,
                                              .n = arm->is.n};
        }
    }
    return n;
}

static bool no_data(const struct judgement *j, int64_t changed_at, const struct guard_rules *rules) {
    return rules->no_data_after && j->results->experiment->state.phase == PHASE_RUNNING &&
           j->results->as_of - changed_at > rules->no_data_after;
}

uint32_t guard_findings(const struct judgement *j, int64_t changed_at, const struct guard_rules *rules,
                        struct guard_finding **findings, struct arena *arena) {
    *findings = arena_array(arena, struct guard_finding, (size_t)j->n * j->results->n_arms + 2);
    struct guard_finding *next = *findings + find_harm(j, *findings);
    double units = (double)judgement_units(j);
    if (rules->watch_split && j->srm_anytime.p < GUARD_SPLIT_P)
        *next++ = (struct guard_finding){.kind = GUARD_SPLIT,
                                         .action = rules->split,
                                         .log_bayes_factor = j->srm_anytime.log_bayes_factor,
                                         .p = j->srm_anytime.p,
                                         .n = units};
    if (no_data(j, changed_at, rules))
        *next++ =
            (struct guard_finding){.kind = GUARD_NO_DATA, .action = rules->no_data, .since = changed_at, .n = units};
    return (uint32_t)(next - *findings);
}

enum guardrail_action guard_action(const struct guard_finding *findings, uint32_t n) {
    enum guardrail_action worst = ACTION_WARN; /* rollback < pause < warn */
    for (uint32_t i = 0; i < n; i++)
        if (findings[i].action < worst) worst = findings[i].action;
    return worst;
}

struct text guard_note(const struct guard_finding *f, struct arena *arena) {
    const char *action = guardrail_actions[f->action];
    if (f->kind == GUARD_SPLIT) return arena_printf(arena, "the split is off: %s", action);
    if (f->kind == GUARD_NO_DATA) return arena_printf(arena, "no data: %s", action);
    return arena_printf(arena, "`%.*s` under `%.*s`: %s", TEXT_ARGS(f->rule->metric), TEXT_ARGS(f->variant), action);
}

static void write_harm(const struct guard_finding *f, struct json_writer *w) {
    json_put_text(w, "metric", f->rule->metric);
    json_put_text(w, "variant", f->variant);
    json_put_text(w, "control", f->control);
    json_put_text(w, "harm", text_of(guardrail_harms[f->rule->harm]));
    json_put_text(w, "action", text_of(guardrail_actions[f->action]));
    json_put_double(w, "estimate", f->estimate);
    json_put_double(w, "bound", f->bound);
    json_put_double(w, "margin", f->margin);
    json_put_double(w, "p", f->p);
}

void guard_write(const struct guard_finding *f, struct json_writer *w) {
    json_open_object(w);
    if (f->kind == GUARD_HARM)
        write_harm(f, w);
    else
        json_put_text(w, "action", text_of(guardrail_actions[f->action]));
    if (f->kind == GUARD_SPLIT) {
        json_put_double(w, "logBayesFactor", f->log_bayes_factor);
        json_put_double(w, "p", f->p);
    }
    if (f->kind == GUARD_NO_DATA) json_put_time(w, "since", f->since);
    json_put_int(w, "n", (int64_t)f->n);
    json_close_object(w);
}

struct text guard_words(const struct guard_finding *f, struct arena *arena) {
    char iso[CLOCK_ISO_ROOM];
    clock_iso(iso, f->since);
    switch (f->kind) {
    case GUARD_SPLIT:
        return arena_printf(arena,
                            "the units do not split as the weights say (anytime p = %.2g, %lld units): something drops "
                            "or adds units unevenly",
                            f->p, (long long)f->n);
    case GUARD_NO_DATA:
        return arena_printf(arena, "nothing was told of this trial since %s (%lld units)", iso, (long long)f->n);
    case GUARD_HARM: break;
    }
    return arena_printf(arena,
                        "`%.*s` does harm: `%.*s` is worse than under `%.*s` by %.4g, and by at least %.4g; "
                        "the margin is %.4g (%lld units)",
                        TEXT_ARGS(f->variant), TEXT_ARGS(f->rule->metric), TEXT_ARGS(f->control), f->harm, f->bound,
                        f->margin, (long long)f->n);
}
