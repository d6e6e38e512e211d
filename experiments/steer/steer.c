#include "experiments/steer/steer.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/store/audit.h"
#include "experiments/steer/guard.h"
#include "experiments/steer/schedule.h"

/* Beside the rows of an experiment's steps, so that one list tells the whole story. */
#define AUDIT_KIND TEXT("experiment-state")
#define ACTOR      TEXT("steer")

/* ---- findings in the audit log ---- */

enum { RECENT = 64 };

static bool is_finding(struct text action) {
    for (int kind = GUARD_HARM; kind <= GUARD_NO_DATA; kind++)
        if (text_is(action, guard_kinds[kind])) return true;
    return false;
}

/* Whether the newest rows of the experiment, back to its last step, have this one. */
static int audited(struct sql *sql, const struct audit_entry *entry, struct error *error) {
    struct arena arena;
    struct audit_page page;
    arena_init(&arena, 16 * 1024);
    int found = 0, rc = audit_list(sql, &arena, entry->kind, entry->key, 0, RECENT, &page, error);
    for (size_t i = 0; rc == 0 && !found && i < page.n; i++) {
        const struct audit_entry *row = &page.items[i];
        if (!text_is(row->action, "refused") && !is_finding(row->action)) break;
        found = text_eq(row->action, entry->action) && text_eq(row->note, entry->note);
    }
    arena_free(&arena);
    return rc < 0 ? rc : found;
}

/* 1 where the row is new, 0 where it was there. */
static int audit_once(struct sql *sql, struct audit_entry *entry, struct error *error) {
    int rc = audited(sql, entry, error);
    if (rc != 0) return rc < 0 ? rc : 0;
    rc = audit_write(sql, entry, error);
    return rc < 0 ? rc : 1;
}

/* ---- schedules ---- */

struct due_step {
    struct text key; /* TEXT_NONE: nothing is due */
    struct schedule_due due;
};

static bool is_refused(const struct text *refused, size_t n, struct text key) {
    for (size_t i = 0; i < n; i++)
        if (text_eq(refused[i], key)) return true;
    return false;
}

static struct due_step earliest_due(const struct snapshot *snapshot, int64_t now, const struct text *refused,
                                    size_t n_refused) {
    struct due_step first = {0};
    for (uint32_t i = 0; i < snapshot->n_timed; i++) {
        const struct snapshot_experiment *e = snapshot->timed[i];
        struct schedule_due due = schedule_next(&e->definition, &e->state);
        if (due.step == SCHEDULE_NOTHING || due.at > now || (first.key.n && due.at >= first.due.at)) continue;
        if (!is_refused(refused, n_refused, e->definition.key)) first = (struct due_step){e->definition.key, due};
    }
    return first;
}

static int make_step(struct catalogue *catalogue, const struct due_step *step, int64_t now, const struct log *log,
                     struct error *error) {
    static const enum experiment_step steps[] = {
        [SCHEDULE_START] = STEP_START, [SCHEDULE_RAMP] = STEP_RAMP, [SCHEDULE_END] = STEP_END};
    static const char *const names[] = {[SCHEDULE_START] = "start", [SCHEDULE_RAMP] = "ramp", [SCHEDULE_END] = "end"};
    struct change change = {
        .kind = DEFINITION_EXPERIMENT, .key = step->key, .if_match = DOCUMENT_ANY, .actor = ACTOR, .now = now};
    char iso[CLOCK_ISO_ROOM], note[CLOCK_ISO_ROOM + 32];
    clock_iso(iso, step->due.at);
    snprintf(note, sizeof note, "scheduled for %s", iso);
    struct experiment_step_input input = {.at = step->due.at, .note = text_of(note)};
    int rc = catalogue_step(catalogue, &change, steps[step->due.step], &input, error);
    if (rc == 0)
        log_info(log, "an experiment went on by its schedule", LOG_T("experiment", step->key),
                 LOG_S("step", names[step->due.step]), LOG_S("due", iso));
    return rc;
}

static bool refuses(int code) {
    return code == ERR_CONFLICT || code == ERR_INVALID || code == ERR_NOT_FOUND;
}

static int note_refusal(struct sql *sql, const struct due_step *step, int64_t now, const struct log *log,
                        const struct error *why, struct error *error) {
    struct audit_entry row = {.at = now,
                              .actor = ACTOR,
                              .action = TEXT("refused"),
                              .kind = AUDIT_KIND,
                              .key = step->key,
                              .note = text_of(why->detail)};
    int rc = audit_once(sql, &row, error);
    if (rc > 0)
        log_warn(log, "an experiment's schedule could not be followed", LOG_T("experiment", step->key),
                 LOG_S("detail", why->detail));
    return rc < 0 ? rc : 0;
}

int steer_schedules(struct catalogue *catalogue, struct sql *sql, int64_t now, const struct log *log,
                    struct error *error) {
    struct arena arena;
    struct text *refused = NULL;
    size_t n_refused = 0;
    int rc = 0;
    arena_init(&arena, 4096);
    while (rc == 0) {
        struct snapshot *snapshot = catalogue_snapshot(catalogue); /* a step replaces it; the keys must last */
        struct due_step step = earliest_due(snapshot, now, refused, n_refused);
        struct error why = {0};
        int made = step.key.n ? make_step(catalogue, &step, now, log, &why) : 0;
        if (refuses(made)) {
            rc = note_refusal(sql, &step, now, log, &why, error);
            refused = memory_grow(refused, (n_refused + 1) * sizeof *refused);
            refused[n_refused++] = arena_text(&arena, step.key);
        } else if (made < 0) {
            *error = why;
            rc = made;
        }
        bool done = !step.key.n;
        snapshot_release(snapshot);
        if (done) break;
    }
    free(refused);
    arena_free(&arena);
    return rc;
}

/* ---- looks and gates ---- */

/* Still the one that was judged, and in the phase it was judged in. */
static bool unchanged(const struct snapshot *snapshot, const struct snapshot_experiment *judged) {
    const struct snapshot_experiment *now = snapshot_experiment(snapshot, judged->definition.key);
    return now && now->state.phase == judged->state.phase && text_eq(now->state.salt, judged->state.salt);
}

/* 1 where it was not written before. */
static int audit_finding(struct sql *sql, struct text key, const struct guard_finding *finding, enum steer_mode mode,
                         int64_t now, struct arena *arena, struct error *error) {
    struct buffer evidence = {0};
    struct json_writer w;
    json_writer_init(&w, &evidence);
    guard_write(finding, &w);
    struct audit_entry row = {.at = now,
                              .actor = ACTOR,
                              .action = text_of(guard_kinds[finding->kind]),
                              .kind = AUDIT_KIND,
                              .key = key,
                              .after = buffer_view(&evidence),
                              .note = arena_printf(arena, "%.*s%s", TEXT_ARGS(guard_note(finding, arena)),
                                                   mode == STEER_DRY_RUN ? " (dry run: nothing is done)" : "")};
    int rc = audit_once(sql, &row, error);
    buffer_free(&evidence);
    return rc;
}

/* The evidence in words is that of the first finding that asks for the action. Who takes no units any more cannot be paused. */
static int act(struct catalogue *catalogue, struct text key, enum experiment_phase phase,
               const struct guard_finding *findings, uint32_t n, int64_t now, struct arena *arena,
               struct error *error) {
    enum guardrail_action action = guard_action(findings, n);
    uint32_t i = 0;
    while (findings[i].action != action) i++;
    if (action == ACTION_WARN || (action == ACTION_PAUSE && phase != PHASE_RUNNING)) return 0;
    struct change change = {
        .kind = DEFINITION_EXPERIMENT, .key = key, .if_match = DOCUMENT_ANY, .actor = ACTOR, .now = now};
    struct experiment_step_input input = {.outcome = OUTCOME_ROLLBACK, .note = guard_words(&findings[i], arena)};
    return catalogue_step(catalogue, &change, action == ACTION_PAUSE ? STEP_PAUSE : STEP_CONCLUDE, &input, error);
}

static int follow(struct catalogue *catalogue, struct sql *sql, const struct steer_seen *seen,
                  const struct steer_rules *rules, int64_t now, const struct log *log, struct arena *arena,
                  struct error *error) {
    const struct snapshot_experiment *judged = seen->judgement->results->experiment;
    struct text key = judged->definition.key;
    struct guard_finding *findings;
    uint32_t n = guard_findings(seen->judgement, seen->changed_at, &rules->guard, &findings, arena);
    int rc = 0;
    for (uint32_t i = 0; rc >= 0 && i < n; i++) {
        rc = audit_finding(sql, key, &findings[i], rules->mode, now, arena, error);
        if (rc > 0)
            log_warn(log, "an experiment demands something", LOG_T("experiment", key),
                     LOG_S("what", guard_kinds[findings[i].kind]),
                     LOG_S("action", guardrail_actions[findings[i].action]), LOG_I("dry-run", rules->mode),
                     LOG_T("detail", guard_words(&findings[i], arena)));
    }
    if (rc >= 0 && n && rules->mode == STEER_ACT)
        rc = act(catalogue, key, judged->state.phase, findings, n, now, arena, error);
    return rc < 0 ? rc : 0;
}

/* Whoever is told of changes is told of this one too. A first look that says to keep running says nothing new. */
static int audit_verdict(struct sql *sql, const struct steer_seen *seen, int64_t now, struct arena *arena,
                         struct error *error) {
    const struct judgement *j = seen->judgement;
    struct text before = seen->call.n ? seen->call : text_of(judgement_calls[CALL_KEEP_RUNNING]);
    struct text call = text_of(judgement_calls[j->call]);
    if (text_eq(before, call)) return 0;
    struct buffer after = {0};
    struct json_writer w;
    json_writer_init(&w, &after);
    json_open_object(&w);
    json_put_text(&w, "call", call);
    if (j->arm >= 0) json_put_text(&w, "variant", j->results->experiment->state.arms[j->arm]);
    json_close_object(&w);
    struct audit_entry row = {.at = now,
                              .actor = ACTOR,
                              .action = TEXT("change"),
                              .kind = TEXT("verdict"),
                              .key = j->results->experiment->definition.key,
                              .before = arena_printf(arena, "{\"call\":\"%.*s\"}", TEXT_ARGS(before)),
                              .after = buffer_view(&after),
                              .note = j->words};
    int rc = audit_write(sql, &row, error);
    buffer_free(&after);
    return rc;
}

int steer_look(struct catalogue *catalogue, struct sql *sql, const struct steer_seen *seen,
               const struct steer_rules *rules, int64_t now, const struct log *log, struct error *error) {
    const struct snapshot_experiment *judged = seen->judgement->results->experiment;
    struct snapshot *snapshot = catalogue_snapshot(catalogue);
    bool acts = judged->state.phase != PHASE_PAUSED && unchanged(snapshot, judged);
    snapshot_release(snapshot);
    struct arena arena;
    arena_init(&arena, 16 * 1024);
    int rc = looks_put(sql, judged->state.salt, judged->definition.key, seen->at, seen->document, error);
    if (rc >= 0) rc = audit_verdict(sql, seen, now, &arena, error);
    if (rc >= 0 && acts) rc = follow(catalogue, sql, seen, rules, now, log, &arena, error);
    arena_free(&arena);
    return rc;
}

/* What the figures say of the gate behind which the ramp waits: open, and why, in words. */
static bool gate_open(const struct ramp_step *gate, const struct judgement *judgement, struct arena *arena,
                      struct text *words) {
    int64_t units = judgement_units(judgement);
    bool safe = !gate->guardrails || judgement_harm_excluded(judgement, NULL, NULL);
    *words = arena_printf(arena, "the gate is open: %lld units are in%s", (long long)units,
                          gate->guardrails ? ", harm beyond every margin is excluded" : "");
    return units >= gate->units && safe;
}

int steer_gate(struct catalogue *catalogue, struct sql *sql, const struct judgement *judgement, int64_t now,
               const struct log *log, struct error *error) {
    const struct snapshot_experiment *judged = judgement->results->experiment;
    struct text key = judged->definition.key;
    struct snapshot *snapshot = catalogue_snapshot(catalogue);
    const struct snapshot_experiment *is = snapshot_experiment(snapshot, key);
    struct arena arena;
    struct experiment_step_input input = {.at = now};
    int rc = 0;
    arena_init(&arena, 16 * 1024);
    bool same = is && unchanged(snapshot, judged) && is->state.ramp_steps == judged->state.ramp_steps;
    struct schedule_due due = same ? schedule_gated(&is->definition, &is->state) : (struct schedule_due){0};
    if (due.step == SCHEDULE_RAMP && due.at <= now &&
        gate_open(&is->definition.ramp[is->state.ramp_steps - 1], judgement, &arena, &input.note)) {
        struct change change = {
            .kind = DEFINITION_EXPERIMENT, .key = key, .if_match = DOCUMENT_ANY, .actor = ACTOR, .now = now};
        struct due_step step = {key, due};
        struct error why = {0};
        rc = catalogue_step(catalogue, &change, STEP_RAMP, &input, &why);
        if (rc == 0) {
            log_info(log, "a ramp went on", LOG_T("experiment", key), LOG_T("why", input.note));
            rc = 1;
        } else if (refuses(rc))
            rc = note_refusal(sql, &step, now, log, &why, error);
        else
            *error = why;
    }
    snapshot_release(snapshot);
    arena_free(&arena);
    return rc;
}
