/* Activating a release whose migration the one before does not survive: it needs the database for itself. Calls wait (at most
 * 1 s each), all releases of the plugin drain, the data is copied, the release migrates and proves itself; then calls go on
 * to it. Whatever fails, the data is put back as it was and the release before goes on. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_ALONE_H
#define PARLEY_CORE_PLUGINS_ALONE_H

#include "core/plugins/operation.h"

/* Instead of failing: its trial said that it needs to be alone. */
void alone_begin(struct operation *op);
/* A process of the plugin's is gone: perhaps the next step can be taken. */
void alone_advance(struct operation *op);
/* It failed (op->error says why): back to what was. Ends the operation. */
void alone_go_back(struct operation *op);
/* It is active and remembered: calls go on. */
void alone_end(struct operation *op);

#endif
