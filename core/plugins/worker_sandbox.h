/* What a worker gives up before it loads foreign code: nothing that a plugin's constructor does can take it back. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_SANDBOX_H
#define PARLEY_CORE_PLUGINS_WORKER_SANDBOX_H

#include "core/base/error.h"

/* Closes every descriptor above 2 but `channel` and `library`, sets resource limits, forbids new privileges, and has the kernel
 * end this process when the thread that started it ends. Every step that fails is an error: the worker must not go on. */
int sandbox_enter(int channel, int library, struct error *error);

#endif
