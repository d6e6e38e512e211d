/* Shared by worker_sandbox*.c alone. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_SANDBOX_INTERNAL_H
#define PARLEY_CORE_PLUGINS_WORKER_SANDBOX_INTERNAL_H

#include "core/plugins/worker_sandbox.h"

/* The file system: `data` and what loading libraries needs. *abi gets the kernel's, 0 where it has no Landlock. */
int sandbox_restrict_files(const char *data, int *abi, struct error *error);
/* System calls: those that a plugin may need, and later that none of them makes memory executable. All threads. */
int sandbox_restrict_calls(struct error *error);
int sandbox_forbid_code(struct error *error);

#endif
