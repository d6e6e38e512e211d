/* What a plugin and its workers said, as lines, from where one stopped reading. */
#ifndef PARLEY_PROGRAMS_PARLEY_PLUGIN_LOGS_H
#define PARLEY_PROGRAMS_PARLEY_PLUGIN_LOGS_H

#include "core/base/json.h"
#include "programs/parley/call.h"

struct plugin_logs {
    const char *name;
    int64_t seq; /* of the last line that was read */
};

/* Asks for the lines that came since and hands each on: its JSON and where it stands in it. False where the server did not answer with
 * lines. */
bool plugin_logs_read(struct client *client, struct plugin_logs *logs,
                      void (*each)(void *user, const struct json *json, json_at line), void *user);
/* Prints one: as it came, on one line, or laid out for people. */
void plugin_logs_print(enum output output, const struct json *json, json_at line);

#endif
