#include "core/plugins/worker_runtime.h"

#include "core/plugins/worker_group.h"
#include "core/plugins/worker_migrate.h"
#include "core/plugins/worker_work.h"

void runtime_init(struct runtime *runtime, const struct clock *clock, struct buffer *logs) {
    *runtime = (struct runtime){.clock = clock, .logs = logs, .database = {.lock = {-1, -1, ""}, .users = -1}};
}

void runtime_init_helper(struct runtime *runtime, const struct runtime *of) {
    runtime_init(runtime, of->clock, NULL);
    runtime->plugin = of->plugin;
}

/* Negative: what the plugin said, or that it said nothing. */
static int prove_healthy(parley_call *call, struct error *error) {
    call->kind = CALL_HEALTH;
    if (call_run(call) == 0) return 0;
    return error_set(error, ERR_INVALID, "it is not healthy: %.*s", TEXT_ARGS(call->refusal));
}

int runtime_start(struct runtime *runtime, const char *folder, struct text settings, struct error *error) {
    *runtime->plugin.host = &call_host;
    int rc = database_open(&runtime->database, folder, runtime->plugin.version, error);
    if (rc < 0) return rc;
    parley_call call = {.runtime = runtime, .request = {.now = clock_now(runtime->clock), .settings = settings}};
    arena_init(&call.arena, RUNTIME_ARENA);
    rc = migrate(runtime, &call, error);
    call.kind = CALL_START;
    if (rc == 0) rc = group_alone(runtime, &call, NULL, error);
    if (rc == 0) rc = prove_healthy(&call, error);
    arena_free(&call.arena);
    return rc;
}

void runtime_stop(struct runtime *runtime) {
    if (runtime->plugin.stop) runtime->plugin.stop(runtime->state);
}

void runtime_free(struct runtime *runtime) {
    works_drop(runtime, 0);
    database_close(&runtime->database);
    buffer_free(&runtime->body);
    buffer_free(&runtime->scratch);
}
