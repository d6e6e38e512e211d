/* Events for a plugin: a batch runs in the transaction of its group, each event in a savepoint, and the position in the journal is
 * written with it. So what the plugin's tables hold and which events they include are never apart. Knows nothing of the journal. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_EVENTS_H
#define PARLEY_CORE_PLUGINS_WORKER_EVENTS_H

#include "core/plugins/worker_call.h"

/* Inside a transaction, at start: a plugin that wants the past begins at 0. */
int events_prepare(struct runtime *runtime, struct error *error);
/* The row of the journal up to which the database includes all events, by committed rows; -1: it has had none. */
int events_position(struct connection *sql, int64_t *position, struct error *error);
/* Runs a batch (FRAME_EVENTS in call->body) and answers it. A batch for another position than the database's is answered with where
 * it is; one that takes long ends after some of it. Negative: the whole batch is to be undone. */
int events_run(parley_call *call);

#endif
