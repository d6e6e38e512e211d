/* Definitions as files: one document of all, or a folder with a file for each. */
#ifndef PARLEY_PROGRAMS_PARLEY_DEFINITIONS_H
#define PARLEY_PROGRAMS_PARLEY_DEFINITIONS_H

#include "core/base/json.h"
#include "programs/parley/actions.h"

/* "metric" and "metrics", in the order in which they refer to each other; NULL-terminated. */
struct definition_names {
    const char *one, *many;
};
extern const struct definition_names definition_names[];
/* Of these only the configuration is a definition: {"key","configuration"}. */
#define DEFINITION_PLUGIN "plugin"

/* Takes each definition of a kind ("metrics"); EXIT_OK or said on stderr. */
typedef enum exit_code take_definition(struct call *call, const char *kind, const struct json *json, json_at at,
                                       void *user);
/* Hands over the configuration of the plugin at `at` of the server's list, where it can have one, and says which secrets it leaves
 * out. */
enum exit_code definition_of_plugin(struct call *call, const struct json *json, json_at at, take_definition *take,
                                    void *user);

/* Where a definition was written. All in the call's arena. */
struct definition_source {
    const char *file;
    const char *kind; /* "metric" */
    struct json json; /* the file's */
    json_at at;       /* the definition in it */
};
struct definition_sources {
    struct definition_source *items;
    size_t n, room;
    unsigned kinds; /* bits by definition_names: what stands there, were it an empty folder */
};

/* Reads the folder's files, or the document FILE, as the call says. EXIT_OK, or said on stderr with FILE:LINE. */
enum exit_code definitions_read(struct call *call, struct definition_sources *sources);
/* The line, from 1, of what a JSON pointer into the definition points at; of the nearest thing around it where that is not there. */
size_t definition_line(const struct definition_source *source, struct text pointer, struct arena *arena);

#endif
