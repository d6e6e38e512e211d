/* What a plugin and its workers said, as lines, from where one stopped reading. */
#ifndef PARLEY_PROGRAMS_PARLEY_PLUGIN_LOGS_H
#define PARLEY_PROGRAMS_PARLEY_PLUGIN_LOGS_H

#include "core/base/json.h"
#include "programs/parley/call.h"
#include "programs/parley/listen.h"

struct plugin_logs {
    struct client *client;
    const char *name; /* of the plugin */
    void (*each)(void *user, const struct json *json, json_at line);
    void *user;
    int64_t seq;               /* of the last line that was handed on */
    struct listener *listener; /* NULL: the stream is not joined */
    bool silent;               /* the server did not answer, and that was said */
};

/* Lines that were there before it are not handed on. */
void plugin_logs_skip(struct plugin_logs *logs);
/* Hands on each line that came since, and each that comes, told by the server: until `fd` (negative: none) can be read, the user interrupts,
 * or the server is to be asked again; so it is called in a loop. A server that does not answer is said on stderr, once. */
void plugin_logs_wait(struct plugin_logs *logs, int fd);
void plugin_logs_end(struct plugin_logs *logs);
/* Prints one: as it came, on one line, or laid out for people. */
void plugin_logs_print(enum output output, const struct json *json, json_at line);

#endif
