/* A plugin's data put aside while a release changes it, so that the release before can go on with it. Nobody may have the data
 * open meanwhile. Files alone; any thread but a loop's. `folder` is the plugin's, DIR/plugins/NAME; its data lies in `data`. */
#ifndef PARLEY_CORE_PLUGINS_PLUGIN_DATA_H
#define PARLEY_CORE_PLUGINS_PLUGIN_DATA_H

#include "core/base/error.h"

/* Copies `data` to `data.before`, synced, whole or not at all. 0, ERR_IO, ERR_STORAGE_FULL. */
int plugin_data_copy(const char *folder, struct error *error);
/* Puts the copy in the place of `data`; 0 also where there is no copy. May be repeated after a crash. ERR_IO. */
int plugin_data_restore(const char *folder, struct error *error);
/* Removes the copy. */
void plugin_data_forget(const char *folder);

#endif
