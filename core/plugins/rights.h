/* A customer's rights before every plugin at once: all that any of them holds of her, and its erasure. Each plugin is asked at
 * the same time, retired ones too (their last release is started for the purpose); one that cannot answer keeps no other
 * from it and is named. Knows nothing of HTTP and of what else is held of a customer. Loop thread. */
#ifndef PARLEY_CORE_PLUGINS_RIGHTS_H
#define PARLEY_CORE_PLUGINS_RIGHTS_H

#include "core/plugins/host.h"

/* What one plugin said. Texts are borrowed until `done` returns. */
struct plugin_right {
    struct text plugin, version; /* the release that was asked */
    int code;                    /* 0, or ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_INTERNAL (it answered with a failure) */
    struct text held;            /* of an export with code 0: JSON, all that the plugin holds; else TEXT_NONE */
};

struct plugin_rights {
    struct plugin_right *each; /* by the plugin's name */
    size_t n;
    size_t failed; /* how many have a code other than 0 */
};

typedef void (*plugin_rights_done)(void *user, const struct plugin_rights *rights);

/* Asks every plugin that ever ran (one that was installed and never activated holds nothing). `done` is called exactly once, on the
 * loop, after the function has returned, also where there is no plugin. `customer` is borrowed until then. Each plugin has
 * the time of a start and a call; nothing is asked twice: whoever wants an erasure to be complete calls again for as long as
 * `failed` is not 0 (forgetting twice is harmless). */
void plugins_export_all(struct plugins *plugins, struct text customer, plugin_rights_done done, void *user);
void plugins_forget_all(struct plugins *plugins, struct text customer, plugin_rights_done done, void *user);

/* The parts of an export as one JSON object: {"polls":{...},"boards":{...}}; plugins that failed are left out. */
void plugin_rights_json(const struct plugin_rights *rights, struct json_writer *w);

#endif
