/* What is remembered of a plugin across restarts: which releases are installed, which is active, which was before. One small
 * JSON file, DIR/plugins/NAME/state.json, replaced whole. Files alone; any thread but a loop's. */
#ifndef PARLEY_CORE_PLUGINS_PLUGIN_STATE_H
#define PARLEY_CORE_PLUGINS_PLUGIN_STATE_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/plugins/trust.h"

struct plugin_state {
    char *name;
    char *active, *previous; /* versions; NULL: none */
    bool retired;
    int64_t sequence;        /* the highest of a signed or bundled release that was ever installed; 0: none */
    int64_t probation_until; /* ms since 1970: the active release is on probation; 0: it is not */
    bool migrating; /* a release is tried that changes the data; the data as it was lies beside it: plugin_data.h */
    struct plugin_state_release {
        char *version;
        char digest[BUNDLE_DIGEST];
        int64_t installed_at; /* ms */
        struct origin origin;
    } * releases;
    size_t n;
};

/* Frees with plugin_state_free, always. */
void plugin_state_add(struct plugin_state *state, const char *version, const char *digest, int64_t installed_at,
                      const struct origin *origin);
/* A trusted release of that origin is installed: its sequence counts. */
void plugin_state_saw(struct plugin_state *state, const struct origin *origin);
void plugin_state_free(struct plugin_state *state);

/* `folder` is the plugin's, DIR/plugins/NAME. Reading: 0, ERR_NOT_FOUND, ERR_CORRUPT. Writing makes the folders that are
 * missing: 0, ERR_IO, ERR_STORAGE_FULL; the file is then as it was. */
int plugin_state_read(struct plugin_state *state, const char *folder, struct error *error);
int plugin_state_write(const struct plugin_state *state, const char *folder, struct error *error);

#endif
