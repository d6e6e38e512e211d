#ifndef PARLEY_CORE_BASE_CONFIG_INTERNAL_H
#define PARLEY_CORE_BASE_CONFIG_INTERNAL_H

#include "core/base/config.h"

enum config_rank { CONFIG_UNSET, CONFIG_BY_DEFAULT, CONFIG_BY_FILE, CONFIG_BY_ENVIRONMENT, CONFIG_BY_FLAG };

struct config_value {
    enum config_rank rank;
    const char *text;   /* as it was written, in the arena */
    const char *origin; /* "parley.conf:3", "PARLEY_LISTEN", "--listen", "default" */
    int64_t number;     /* INT, BOOL, DURATION in ms, SIZE in bytes */
};

struct config_named {
    struct config_named *next;
    const struct config_option *option;
    struct text name; /* as it was written */
    struct config_value value;
};

/* Reads the text as the option's kind into *number (0 for texts). 0, or ERR_INVALID with what the option wants. */
int config_read(const struct config_option *option, const char *text, int64_t *number, struct error *error);
/* "PARLEY_JOURNAL_SINK" for "journal.sink", in the arena. */
const char *config_variable(struct arena *arena, const char *key);

#endif
