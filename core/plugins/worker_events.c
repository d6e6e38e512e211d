#include "core/plugins/worker_events.h"

#include "core/base/clock.h"

enum { SLICE = 50 * 1000 * 1000 /* ns: then requests have their turn */ };

int events_prepare(struct runtime *runtime, struct error *error) {
    if (!runtime->plugin.subscribes_n || runtime->plugin.history != PARLEY_FROM_START) return 0;
    return connection_run(&runtime->database.writes,
                          "INSERT INTO parley_position SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM parley_position)",
                          error);
}

int events_position(struct connection *sql, int64_t *position, struct error *error) {
    sqlite3_stmt *read = connection_prepare(sql, "SELECT seq FROM parley_position", SPEAKER_HOST, error);
    if (!read) return ERR_INTERNAL;
    int rc = connection_step(sql, read, error);
    *position = rc > 0 ? sqlite3_column_int64(read, 0) : -1;
    sqlite3_reset(read);
    return rc < 0 ? rc : 0;
}

static int move(struct connection *sql, bool had_one, int64_t position, struct error *error) {
    sqlite3_stmt *write = connection_prepare(
        sql, had_one ? "UPDATE parley_position SET seq = $1" : "INSERT INTO parley_position (seq) VALUES ($1)",
        SPEAKER_HOST, error);
    if (!write) return ERR_INTERNAL;
    sqlite3_bind_int64(write, 1, position);
    return connection_step(sql, write, error);
}

static void say_failed(parley_call *call, parley_json event) {
    struct text name = text_of_parley(document_text(document_get(event, "event")));
    int64_t seq = 0;
    document_integer(document_get(event, "seq"), &seq);
    struct text line = arena_printf(&call->arena, "event %lld \"%.*s\" failed and is passed over%s%.*s", (long long)seq,
                                    TEXT_ARGS(name), call->refusal.n ? ": " : "", TEXT_ARGS(call->refusal));
    runtime_log(call->runtime, PARLEY_WARN, line);
}

/* 1: the event failed and is undone, 0: it counts. Negative: no event of the batch can count now. */
static int run_one(parley_call *call, parley_json event) {
    struct runtime *runtime = call->runtime;
    struct connection *sql = &runtime->database.writes;
    struct runtime_mark mark = runtime_mark(runtime);
    int rc = connection_run(sql, "SAVEPOINT parley_event", NULL);
    if (rc < 0) return rc;
    call->request.customer = text_of_parley(document_text(document_get(event, "customer")));
    call->request.known = document_truth(document_get(event, "known"));
    call->refusal = TEXT_NONE;
    call->trouble = call->status = 0;
    rc = runtime->plugin.on_event(call, event);
    call_end_rows(call);
    if (connection_idle(sql)) return ERR_UNAVAILABLE; /* a statement ended the transaction of all: the group finds it */
    if (rc < 0 && call->trouble == PARLEY_FULL) return ERR_STORAGE_FULL;
    bool failed = rc < 0 || call->status >= 400 || connection_owes_keys(sql);
    if (failed) {
        say_failed(call, event);
        runtime_undo(runtime, mark);
        rc = connection_run(sql, "ROLLBACK TO parley_event", NULL);
        runtime_rolled_back(runtime);
    }
    if (!failed || rc == 0) rc = connection_run(sql, "RELEASE parley_event", NULL);
    return rc < 0 ? rc : failed;
}

struct outcome {
    int64_t position, ran, failed;
};

static int run_all(parley_call *call, parley_json events, int64_t upto, struct outcome *outcome) {
    uint64_t end = clock_ticks() + SLICE;
    for (parley_json e = document_first(events); parley_is(e); e = document_after(events, e)) {
        int64_t seq;
        if (outcome->ran && clock_ticks() > end) return 0;
        if (!document_integer(document_get(e, "seq"), &seq)) return ERR_INVALID;
        int rc = run_one(call, e);
        if (rc < 0) return rc;
        outcome->position = seq;
        outcome->ran++;
        outcome->failed += rc;
    }
    outcome->position = upto;
    return 0;
}

static int answer_failure(parley_call *call, int code) {
    call_problem(call, error_status(code), NULL,
                 code == ERR_STORAGE_FULL ? TEXT("there is no room left to store this") : TEXT("the batch failed"));
    return code;
}

int events_run(parley_call *call) {
    struct connection *sql = &call->runtime->database.writes;
    parley_json batch = call->body;
    int64_t after, upto, position;
    struct outcome outcome = {0};
    if (!document_integer(document_get(batch, "after"), &after) ||
        !document_integer(document_get(batch, "upto"), &upto))
        return answer_failure(call, ERR_INVALID);
    int rc = events_position(sql, &position, NULL);
    outcome.position = position;
    if (rc == 0 && position == after) {
        rc = run_all(call, document_get(batch, "events"), upto, &outcome);
        if (rc == 0) rc = move(sql, position >= 0, outcome.position, NULL);
    }
    if (rc < 0) return answer_failure(call, rc);
    call->trouble = 0;
    return call_host.reply(call, 200, "{position, ran, failed}",
                           (const parley_value[]){parley_of_int(outcome.position), parley_of_int(outcome.ran),
                                                  parley_of_int(outcome.failed)},
                           3);
}
