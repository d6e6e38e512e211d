/* A plugin's configuration on its way to its releases: held against what each one says of it, handed over at its start, and told live when
 * it changes. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_CONFIGURE_H
#define PARLEY_CORE_PLUGINS_CONFIGURE_H

#include "core/plugins/plugin.h"

/* The plugin's configuration becomes what the release is started with (release->settings), its defaults filled in. ERR_INVALID with the
 * places: it does not suit the release. */
int configure_start(struct release *release, struct error *error);
/* Whatever runs and was told something else is told what the configuration is. */
void configure_review(struct plugin *plugin);

#endif
