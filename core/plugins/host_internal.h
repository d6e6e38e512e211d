/* Shared by host.c, host_look.c and configure.c alone. */
#ifndef PARLEY_CORE_PLUGINS_HOST_INTERNAL_H
#define PARLEY_CORE_PLUGINS_HOST_INTERNAL_H

#include "core/plugins/boot.h"
#include "core/plugins/plugin.h"

struct plugins {
    struct plugin_env env; /* first: env_of */
    struct plugin **list;  /* by name */
    size_t n, room;
    struct boot boot;
    struct wanted { /* by the latest plugins_set_wanted; may name what is not installed yet */
        char *plugin, *version;
    } * wanted;
    size_t n_wanted;
    enum { NEW, BOOTING, STARTING, UP, STOPPING, CLOSING, STOPPED } phase;
    int handles; /* not closed yet */
    char *dir, *bundled, *worker, *keys, *revoked, *libraries;
    void (*told)(void *user); /* of plugins_start, then of plugins_stop */
    void *told_user;
};

/* NULL where there is none. */
struct plugin *host_find(const struct plugins *plugins, struct text name);
/* One that has a release: what was never installed is not there. */
struct plugin *host_find_installed(const struct plugins *plugins, struct text name);
struct plugin *host_find_or_add(struct plugins *plugins, struct text name);
/* The release by which people know an installed plugin: the active one, or else the first. */
const struct release *host_shown(const struct plugin *plugin);

#endif
