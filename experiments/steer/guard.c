#include "experiments/steer/guard.h"

#include <math.h>

static double absolute_margin(const struct guardrail *rule, const struct comparison *is) {
    return rule->relative ? rule->margin * fabs(is->control_mean) : rule->margin;
}

uint32_t guard_findings(const struct judgement *j, struct guard_finding **findings, struct arena *arena) {
    const struct experiment_state *state = &j->results->experiment->state;
    uint32_t n = 0;
    *findings = arena_array(arena, struct guard_finding, (size_t)j->n * state->n_arms);
    for (uint32_t i = 0; i < j->n; i++) {
        const struct judged_metric *m = &j->metrics[i];
        for (uint32_t a = 0; m->rule && a < state->n_arms; a++) {
            const struct judged_arm *arm = &m->arms[a];
            if (a == state->control || state->removed[a] || !arm->compared || !arm->guard.fires) continue;
            struct guard_finding *finding = &(*findings)[n++];
            *finding = (struct guard_finding){.rule = m->rule,
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

enum guardrail_action guard_action(const struct guard_finding *findings, uint32_t n) {
    enum guardrail_action worst = ACTION_WARN; /* rollback < pause < warn */
    for (uint32_t i = 0; i < n; i++)
        if (findings[i].rule->action < worst) worst = findings[i].rule->action;
    return worst;
}

void guard_write(const struct guard_finding *f, struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "metric", f->rule->metric);
    json_put_text(w, "variant", f->variant);
    json_put_text(w, "control", f->control);
    json_put_text(w, "harm", text_of(guardrail_harms[f->rule->harm]));
    json_put_text(w, "action", text_of(guardrail_actions[f->rule->action]));
    json_put_double(w, "estimate", f->estimate);
    json_put_double(w, "bound", f->bound);
    json_put_double(w, "margin", f->margin);
    json_put_double(w, "p", f->p);
    json_put_int(w, "n", (int64_t)f->n);
    json_close_object(w);
}

struct text guard_words(const struct guard_finding *f, struct arena *arena) {
    return arena_printf(arena,
                        "`%.*s` does harm: `%.*s` is worse than under `%.*s` by %.4g, and by at least %.4g; "
                        "the margin is %.4g (%lld units)",
                        TEXT_ARGS(f->variant), TEXT_ARGS(f->rule->metric), TEXT_ARGS(f->control), f->harm, f->bound,
                        f->margin, (long long)f->n);
}
