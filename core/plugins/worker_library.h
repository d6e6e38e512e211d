/* A release's shared object: loaded from a file descriptor, its descriptor read, checked and copied. Everything that can be wrong
 * with it is said in one sentence. Constructors of the object run in library_load, before any check. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_LIBRARY_H
#define PARLEY_CORE_PLUGINS_WORKER_LIBRARY_H

#include <parley/plugin.h>

#include "core/base/error.h"
#include "core/base/text.h"

/* Makes sure that `fd` is a sealed file in memory, as parleyd hands it over; where it is not, a sealed copy takes its number.
 * ERR_IO. Before the sandbox, while files may be made. */
int library_seal(int fd, struct error *error);
/* The checks of elf.h on what is sealed: that no segment, search path or needed library is what it may not be. `also`: further
 * libraries that are allowed. Before library_load; ERR_INVALID and a sentence. */
int library_check(int fd, struct text also, struct error *error);

/* `fd`: a sealed memfd or an open file, left open. `name` and `version` are what the bundle says. *plugin gets a copy of the
 * descriptor that is zero beyond the size the plugin knows; what it points to lies in the object, which is never unloaded: the
 * process ends with it. ERR_INVALID and a sentence. */
int library_load(struct parley_plugin *plugin, int fd, struct text name, struct text version, struct error *error);
/* The same with a descriptor that is there already. TEXT_NONE for `name`: any name and version will do, in library_load too. */
int library_take(struct parley_plugin *plugin, const struct parley_plugin *found, struct text name, struct text version,
                 struct error *error);

#endif
