/* One command of the command line, as the table describes it, and one call of it, as the user typed it. Reading
 * argv is all that happens here; knows nothing of servers. */
#ifndef PARLEY_PROGRAMS_PARLEY_CALL_H
#define PARLEY_PROGRAMS_PARLEY_CALL_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "programs/parley/client.h"

struct call;

struct command {
    const char *resource, *verb; /* verb NULL: the resource is the whole command, as `evaluate` */
    const char *arguments;       /* "KEY VERSION", "FILE|-"; an optional one, the last, in brackets */
    const char *flags;           /* "--at TIME --dry-run": with the word for the value, or none where it takes none */
    const char *method, *path;   /* "/admin/v1/features/{KEY}"; NULL where the function does not need them */
    enum exit_code (*run)(struct call *call);
    const char *columns; /* of the table, see table.h; NULL: as JSON or as one member a line */
    const char *help;
};

enum output { OUTPUT_JSON, OUTPUT_TABLE };
enum { CALL_ARGUMENTS = 32, CALL_FLAGS = 16 };

struct call {
    const struct command *command;
    const char *arguments[CALL_ARGUMENTS]; /* in the table's order; NULL for an optional one left out */
    struct call_flag {
        struct text name;  /* "--at", borrowed from the table */
        const char *value; /* "" for one without a value */
    } flags[CALL_FLAGS];
    size_t flags_n;
    const char *url, *token;
    enum output output;
    bool help;
    struct client client;
    struct arena arena;
};

/* Flags that every command takes. */
#define CALL_COMMON_FLAGS "--url URL --token TOKEN --output json|table --help"

/* Reads what follows the command's words. ERR_INVALID with a sentence for people. Texts are borrowed from argv. */
int call_read(struct call *call, int argc, char **argv, struct error *error);
/* The argument of that name; asserts that the table has it. NULL for an optional one left out. */
const char *call_argument(const struct call *call, const char *name);
/* NULL where it was not given. */
const char *call_flag(const struct call *call, const char *name);
/* A flag's whole number within [least, most], or `otherwise`. ERR_INVALID. */
int call_number(const struct call *call, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out,
                struct error *error);
/* The command's path with its {ARGUMENTS} in place, percent-encoded, and flags as its query where `query`. In the
 * arena. */
enum call_query { CALL_PLAIN, CALL_WITH_QUERY };
const char *call_path(struct call *call, enum call_query query);
/* `text` percent-encoded but for the unreserved characters and '/' where it is kept. In the arena. */
const char *call_encoded(struct call *call, const char *text, const char *kept);

#endif
