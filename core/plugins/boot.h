/* What is installed when parleyd starts: every plugin's state and verified releases, and on top of them the plugins that come
 * with Parley. Files alone, on the files lane; the loop then makes its plugins of it. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_BOOT_H
#define PARLEY_CORE_PLUGINS_BOOT_H

#include "core/base/lane.h"
#include "core/base/log.h"
#include "core/plugins/plugin_state.h"

struct boot {
    struct lane_job job;       /* first */
    const char *dir, *bundled; /* as in struct plugins_options; `bundled` may be NULL */
    struct trust_options trust;
    const struct log *log;
    int64_t now;
    struct trust trusted; /* while it reads */
    struct boot_plugin {
        struct plugin_state state;
        bool added; /* now, by what comes with Parley: it begins with the newest release */
        struct boot_release {
            struct bundle bundle; /* empty when `error` is set */
            struct error error;
        } * releases; /* beside state.releases */
    } * plugins;
    size_t n;
};

/* A lane job's work. Whatever cannot be read is logged and marked; it never fails as a whole. */
void boot_read(struct lane_job *job, void *owner);
/* The bundles must have been taken (zeroed) or they are freed too. */
void boot_free(struct boot *boot);

#endif
