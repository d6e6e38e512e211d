/* A change of a plugin's configuration as a whole, shared by the route of one plugin and by `apply`: what is stored, and what of it may be
 * shown. */
#ifndef PARLEY_API_ADMIN_PLUGIN_CONFIG_H
#define PARLEY_API_ADMIN_PLUGIN_CONFIG_H

#include <jansson.h>

#include "api/admin/job.h"
#include "core/plugins/host.h"

/* All of it in the request's arena. */
struct config_change {
    struct text name;
    struct text before, after; /* as they may be shown; `before` TEXT_NONE where there was none */
    struct text json;          /* as it is stored */
    int64_t expected;          /* the version that it is to replace; DOCUMENT_ANY */
    int64_t version;           /* once it is stored */
};

/* From what there is now to `value` (borrowed). On the loop. */
void config_change_of(struct config_change *change, struct arena *arena, const struct plugin_configuration *now,
                      const json_t *value);
/* Stores it with its audit row, in the job's transaction. On the store lane. */
int config_change_store(struct config_change *change, struct admin_job *job, struct sql *sql);
/* On the loop, after that transaction: what is stored is in force, else all go back to what is. */
void config_change_end(const struct config_change *change, struct admin_job *job);

#endif
