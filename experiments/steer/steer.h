/* Steps that nobody asks for at the moment they are made: what schedules make due, and what guardrails demand. Each is a change
 * like a manager's, by the actor "steer", with an audit row; the caller's transaction holds all of them. On the store lane.
 * Knows nothing of timers. */
#ifndef PARLEY_EXPERIMENTS_STEER_STEER_H
#define PARLEY_EXPERIMENTS_STEER_STEER_H

#include "core/base/log.h"
#include "experiments/judge/looks.h"
#include "experiments/model/catalogue.h"
#include "experiments/steer/guard.h"

/* Makes every step that is due at `now`, the earliest first, so that a server that was down catches up. A step that is refused
 * (another experiment of the feature runs, a layer is full) is written to the audit log once, logged, and left for the next call. */
int steer_schedules(struct catalogue *catalogue, struct sql *sql, int64_t now, const struct log *log,
                    struct error *error);

enum steer_mode { STEER_ACT, STEER_DRY_RUN };
struct steer_rules {
    enum steer_mode mode;
    struct guard_rules guard;
};
/* A look that was taken. */
struct steer_seen {
    const struct judgement *judgement;
    struct text document; /* of look_write */
    int64_t at;           /* ms: the checkpoint */
    int64_t changed_at;   /* ms: look_changed_at */
    struct text call;     /* of the verdict at the look before; TEXT_NONE: this is the first */
};
/* Keeps the look, writes down that the verdict is another (audit row "verdict", "change"), and does what the judged experiment demands: concludes with a rollback, pauses, or warns. Every finding is an audit
 * row "guardrail", "srm" or "no-data" with its evidence; one that was written already, with nothing done to the experiment since, is
 * not repeated. STEER_DRY_RUN writes what would be done. Nothing but the look where the experiment is paused, or was paused, ended
 * or concluded since it was judged. One that takes no units any more still serves those that are in: it can be rolled back, but not
 * paused. */
int steer_look(struct catalogue *catalogue, struct sql *sql, const struct steer_seen *seen,
               const struct steer_rules *rules, int64_t now, const struct log *log, struct error *error);

/* Begins the ramp's next step where only figures were waited for (schedule_gated) and the judged ones say that it may: enough units
 * are in, and harm beyond the margin of every guardrail is excluded in every arm that is left to try. Nothing where the experiment went on, or changed, since it was judged. 1 where a step was
 * made, 0, or a negative code. */
int steer_gate(struct catalogue *catalogue, struct sql *sql, const struct judgement *judgement, int64_t now,
               const struct log *log, struct error *error);

#endif
