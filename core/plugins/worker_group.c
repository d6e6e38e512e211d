#include "core/plugins/worker_group.h"

#include <assert.h>

#include "core/base/clock.h"
#include "core/plugins/worker_work.h"

enum {
    CALLS_AT_ONCE = 128,
    TIMER_RETRY = CLOCK_MINUTE,
};

static int undo(struct runtime *runtime, struct runtime_mark mark, struct error *error) {
    runtime_undo(runtime, mark);
    int rc = database_undo(&runtime->database, error);
    runtime_rolled_back(runtime);
    return rc;
}

/* One call in its savepoint. Negative only when the whole transaction is lost. */
static int run_saved(struct runtime *runtime, parley_call *call, struct buffer *answers, struct error *error) {
    struct database *database = &runtime->database;
    struct runtime_mark mark = runtime_mark(runtime);
    int rc = database_save(database, error);
    if (rc < 0) return rc;
    int outcome = call_run(call);
    /* An interrupted statement, OR ROLLBACK and a full disk end the transaction behind our back. */
    call->ended_all = connection_idle(&database->writes);
    if (call->ended_all)
        return error_set(error, ERR_UNAVAILABLE, "the transaction was ended by a statement of the plugin");
    if (outcome >= 0 && connection_owes_keys(&database->writes)) {
        call_problem(call, 409, NULL, TEXT("this refers to something that the plugin does not hold"));
        outcome = ERR_CONFLICT;
    }
    rc = outcome < 0 ? undo(runtime, mark, error) : database_keep(database, error);
    if (rc == 0 && outcome < 0 && call->kind == CALL_TIMER) {
        runtime->timers_changed = true;
        rc = timer_set(database, call->payload, call->request.now + TIMER_RETRY, error);
    }
    if (rc == 0 && call_is_answered(call)) call_answer(call, answers);
    return rc;
}

static void finish(struct group *group) {
    struct runtime *runtime = group->runtime;
    struct parley_call *calls = group->running;
    if (runtime->database.unwiped)
        runtime_log(
            runtime, PARLEY_WARN,
            TEXT("the id of a customer who was erased may be left in data.db, which could not be written anew"));
    runtime->database.unwiped = false;
    works_give_back(runtime, &group->works);
    if (group->outcome.code == 0) {
        buffer_text(group->out, buffer_view(&group->answers));
        buffer_text(group->out, buffer_view(&group->effects));
    } else {
        runtime_log(runtime, PARLEY_ERROR, text_of(group->outcome.detail));
        works_drop(runtime, 0);
        runtime_rolled_back(runtime);
        for (parley_call *call = calls; call; call = call->next) {
            if (!call_is_answered(call)) continue;
            if (call->ended_all)
                call_problem(call, 500, NULL,
                             TEXT("a statement of the plugin ended the transaction; its log says which"));
            else
                call_problem(call, 503, NULL, TEXT("it could not be stored; try again"));
            call_answer(call, group->out);
        }
    }
    buffer_clear(&group->answers);
    buffer_clear(&group->effects);
    runtime->effects = NULL;
    group->running = NULL;
    group->running_last = &group->running;
    group->state = GROUP_IDLE;
    group->on_done(group, calls);
}

static void do_commit(struct lane_job *job, void *owner) {
    struct group *group = owner;
    database_commit(&group->runtime->database, &group->outcome);
}

static void do_wait(struct lane_job *job, void *owner) {
    struct group *group = owner;
    database_wait_begin(&group->runtime->database, &group->outcome);
}

static struct group *group_of(struct mail *mail) {
    return (struct group *)((char *)mail - offsetof(struct group, job.mail));
}

static void begin(struct group *group);

/* The end of a turn on the loop: the next group is begun at once, or nothing waits. */
static void rest(struct group *group) {
    if (group->state == GROUP_IDLE && group->waiting) begin(group);
    group->on_rest(group);
}

static void committed(struct mail *mail) {
    finish(group_of(mail));
    rest(group_of(mail));
}

static void aside(struct group *group, void (*work)(struct lane_job *, void *), void (*receive)(struct mail *)) {
    group->job = (struct lane_job){.mail.receive = receive, .work = work, .reply_to = &group->mailbox};
    lane_do(group->lane, &group->job);
}

static parley_call *pop(struct group *group) {
    parley_call *call = group->waiting;
    group->waiting = call->next;
    if (!group->waiting) group->waiting_last = &group->waiting;
    group->waiting_n--;
    call->next = NULL;
    *group->running_last = call;
    group->running_last = &call->next;
    return call;
}

/* The turn is ours and a transaction is open. */
static void run(struct group *group) {
    struct runtime *runtime = group->runtime;
    int rc = 0;
    runtime->effects = &group->effects;
    if (outbox_needs_sweep(&runtime->outbox)) rc = outbox_sweep(&runtime->outbox, &runtime->database, &group->outcome);
    for (int n = 0; rc == 0 && group->waiting && n < CALLS_AT_ONCE; n++)
        rc = run_saved(runtime, pop(group), &group->answers, &group->outcome);
    if (rc == 0)
        rc = outbox_settle(&runtime->outbox, &runtime->database, buffer_view(&group->effects), &group->outcome);
    if (rc < 0) {
        outbox_forget(&runtime->outbox);
        database_rollback(&runtime->database);
        finish(group);
        return;
    }
    group->state = GROUP_COMMITS;
    group->works = works_take_all(runtime); /* reads that come meanwhile may ask for work too */
    aside(group, do_commit, committed);
}

/* No transaction can be had: what waits is answered so, for it would otherwise wait without end. */
static void give_up(struct group *group) {
    while (group->waiting) pop(group);
    finish(group);
}

static void turn_came(struct mail *mail) {
    struct group *group = group_of(mail);
    if (group->outcome.code)
        give_up(group);
    else
        run(group);
    rest(group);
}

static void begin(struct group *group) {
    error_clear(&group->outcome);
    int rc = database_try_begin(&group->runtime->database, &group->outcome);
    if (rc > 0)
        run(group);
    else if (rc < 0)
        give_up(group);
    else {
        group->state = GROUP_WAITS_FOR_TURN;
        aside(group, do_wait, turn_came);
    }
}

void group_kick(struct group *group) {
    if (group->state == GROUP_IDLE && group->waiting) begin(group);
}

void group_sweep(struct group *group) {
    if (group->state == GROUP_IDLE && outbox_needs_sweep(&group->runtime->outbox)) begin(group);
}

void group_add(struct group *group, parley_call *call) {
    call->next = NULL;
    *group->waiting_last = call;
    group->waiting_last = &call->next;
    group->waiting_n++;
}

void group_open(struct group *group, struct runtime *runtime, struct buffer *out, uv_loop_t *loop) {
    *group = (struct group){.runtime = runtime, .out = out};
    group->waiting_last = &group->waiting;
    group->running_last = &group->running;
    int rc = mailbox_open(&group->mailbox, loop);
    assert(rc == 0);
    group->lane = lane_start("commit", group);
}

void group_close(struct group *group) {
    assert(group_idle(group));
    lane_stop(group->lane);
    mailbox_close(&group->mailbox);
    buffer_free(&group->answers);
    buffer_free(&group->effects);
}

int group_alone(struct runtime *runtime, parley_call *call, struct buffer *frames, struct error *error) {
    struct buffer effects = {0}, answers = {0};
    runtime->effects = &effects;
    int rc = database_wait_begin(&runtime->database, error);
    if (rc == 0) {
        if (outbox_needs_sweep(&runtime->outbox)) rc = outbox_sweep(&runtime->outbox, &runtime->database, error);
        if (rc == 0) rc = run_saved(runtime, call, &answers, error);
        if (rc == 0) rc = outbox_settle(&runtime->outbox, &runtime->database, buffer_view(&effects), error);
        if (rc == 0 && call->kind == CALL_START && call->status >= 400)
            rc = error_set(error, ERR_INVALID, "%.*s", TEXT_ARGS(call->refusal));
        if (rc < 0) {
            outbox_forget(&runtime->outbox);
            database_rollback(&runtime->database);
            runtime_undo(runtime, (struct runtime_mark){0});
            runtime_rolled_back(runtime);
        } else
            rc = database_commit(&runtime->database, error);
    }
    if (rc == 0 && frames) {
        buffer_text(frames, buffer_view(&answers));
        buffer_text(frames, buffer_view(&effects));
    }
    runtime->effects = NULL;
    buffer_free(&effects);
    buffer_free(&answers);
    return rc;
}
