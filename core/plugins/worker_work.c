#include "core/plugins/worker_work.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/plugins/worker_runtime.h"

int work_ask(parley_call *call, int (*run)(parley_call *w, parley_json input),
             int (*done)(parley_call *c, parley_json result), parley_json input) {
    struct runtime *runtime = call->runtime;
    if (runtime->working >= WORK_MOST) {
        runtime_log(runtime, PARLEY_WARN, TEXT("16 pieces of work are under way already: this one is not begun"));
        return PARLEY_FAILED;
    }
    struct work *work = memory_new(struct work);
    struct buffer copy = {0};
    buffer_text(&copy, document_source(input));
    work->input = buffer_take(&copy, NULL);
    work->run = run;
    work->done = done;
    work->next = runtime->works;
    runtime->works = work;
    runtime->works_n++;
    runtime->working++;
    return 0;
}

void work_free(struct work *work) {
    buffer_free(&work->result);
    buffer_free(&work->logs);
    free(work->input);
    free(work);
}

void works_drop(struct runtime *runtime, size_t n) {
    while (runtime->works_n > n) {
        struct work *work = runtime->works;
        runtime->works = work->next;
        runtime->works_n--;
        runtime->working--;
        work_free(work);
    }
}

struct work *works_take_all(struct runtime *runtime) {
    struct work *works = runtime->works;
    runtime->works = NULL;
    runtime->works_n = 0;
    return works;
}

void works_give_back(struct runtime *runtime, struct work **works) {
    if (!*works) return;
    runtime->works = *works;
    for (const struct work *work = *works; work; work = work->next) runtime->works_n++;
    *works = NULL;
}

struct work *works_take(struct runtime *runtime) {
    struct work **last = &runtime->works;
    while (*last && (*last)->next) last = &(*last)->next;
    struct work *work = *last;
    if (!work) return NULL;
    *last = NULL;
    runtime->works_n--;
    return work;
}

int helper_open(struct helper *helper, const struct runtime *of, struct error *error) {
    runtime_init_helper(&helper->runtime, of);
    return connection_open(&helper->runtime.database.reads, of->database.path, CONNECTION_READS, error);
}

/* Each statement of the work sees what is committed when it begins: no snapshot is held for as long as the work takes. */
void helper_run(struct helper *helper, struct work *work) {
    parley_call call = {.runtime = &helper->runtime, .kind = CALL_HELPER, .sql = &helper->runtime.database.reads};
    arena_init(&call.arena, 64 << 10);
    call.request.now = clock_now(helper->runtime.clock);
    helper->runtime.logs = &work->logs;
    parley_json input = document_scan(&call.arena, text_of(work->input), NULL);
    int rc = work->run(&call, input);
    call_end_rows(&call);
    work->good = rc >= 0 && call.status && call.status < 400;
    if (work->good) buffer_text(&work->result, buffer_view(&helper->runtime.body));
    buffer_clear(&helper->runtime.body);
    arena_free(&call.arena);
}

/* ---- the thread ---- */

static void on_lane(struct lane_job *job, void *owner) {
    struct helper *helper = owner;
    if (!helper->closing) helper_run(helper, (struct work *)job);
}

static void on_loop(struct mail *mail) {
    struct work *work = (struct work *)mail;
    struct helper *helper = work->helper;
    helper->on_done(helper, work);
}

void helper_start(struct helper *helper, uv_loop_t *loop) {
    int rc = mailbox_open(&helper->mailbox, loop);
    if (rc != 0) abort(); /* no memory for an async handle */
}

void helper_launch(struct helper *helper, struct runtime *runtime) {
    struct work *work;
    struct error error = {0};
    while ((work = works_take(runtime))) {
        if (!helper->lane && helper_open(helper, runtime, &error) < 0) {
            runtime_log(runtime, PARLEY_ERROR, text_of(error.detail));
            runtime->working--;
            work_free(work);
            continue;
        }
        if (!helper->lane) helper->lane = lane_start("work", helper);
        work->helper = helper;
        work->job = (struct lane_job){.mail.receive = on_loop, .work = on_lane, .reply_to = &helper->mailbox};
        lane_do(helper->lane, &work->job);
    }
}

void helper_stop(struct helper *helper) {
    helper->closing = true;
    if (helper->lane) lane_stop(helper->lane);
    helper->lane = NULL;
    mailbox_close(&helper->mailbox); /* receives what was posted */
}

void helper_close(struct helper *helper) {
    connection_close(&helper->runtime.database.reads);
    buffer_free(&helper->runtime.body);
    buffer_free(&helper->runtime.scratch);
}
