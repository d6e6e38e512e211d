/* Brings a plugin's database to what a release wants: the numbered scripts of its descriptor that have not run yet. An additive
 * one runs beside the release before; a breaking one needs the database alone. A release may start on a database that is ahead
 * of it if all it does not know is additive: that is what makes a roll-back possible. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_MIGRATE_H
#define PARLEY_CORE_PLUGINS_WORKER_MIGRATE_H

#include "core/plugins/worker_call.h"

/* The host's tables and the plugin's, in one transaction. Waits for the turn to write. `call`: for the plugin's own migrate(). */
int migrate(struct runtime *runtime, parley_call *call, struct error *error);

#endif
