/* A program's configuration out of one table of options: flags (--key value, --key=value) over PARLEY_* environment over one
 * file of `key = value` lines over defaults. Everything is checked when it is loaded: an unknown key or a value out of range
 * is an error that names its place, and getters cannot fail. Knows nothing of what the options mean. */
#ifndef PARLEY_CORE_BASE_CONFIG_H
#define PARLEY_CORE_BASE_CONFIG_H

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/error.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_INT,
    CONFIG_BOOL,     /* true, on, yes; false, off, no; as a flag without a value: yes */
    CONFIG_DURATION, /* "500ms", "30s", "5m", "2h", "7d", or ISO 8601 "PT30S" */
    CONFIG_SIZE,     /* "4096", "64K", "1M", "2G", also "64KiB"; powers of 1,024 */
    CONFIG_FLAG,     /* --key without a value, on the command line only: --help */
};

struct config_option {
    /* "journal.sink": PARLEY_JOURNAL_SINK in the environment, --journal.sink as a flag. "plugins.*.memory" stands for one
     * option each of things that the table does not know: plugins.polls.memory; written with the *, it is the default of all. */
    const char *key;
    enum config_kind kind;
    const char *fallback; /* the default, written as in a file; NULL: empty, 0, false */
    const char *help;     /* half a sentence */
    int64_t least, most;  /* of INT, of DURATION in ms, of SIZE in bytes; both 0: any */
    bool secret;          /* is printed as *** */
};

/* The option "config", where there is one, names the file. One that was not asked for need not be there. */
struct config_schema {
    const char *usage; /* first lines of the help */
    const struct config_option *options;
    size_t n;
    const char *const *also; /* further PARLEY_* variables that are none of our affair, NULL at the end; may be NULL */
};

struct config {
    const struct config_schema *schema;
    struct config_value *values; /* one for each option */
    struct config_named *named;  /* those of options with a *, for one name each */
    struct arena arena;
};

/* Loads all sources. The schema is borrowed and must outlive `config`; argv[0] is skipped; `envp` is as in environ. 0, or
 * ERR_INVALID, or ERR_IO where the file cannot be read. After an error too, config_free is due. */
int config_load(struct config *config, const struct config_schema *schema, int argc, char **argv, char **envp,
                struct error *error);
void config_free(struct config *config);

/* Getters. The key must be in the table, with that kind (asserted). Texts are borrowed from `config`. */
const char *config_text(const struct config *config, const char *key); /* "" where there is none */
int64_t config_int(const struct config *config, const char *key);
bool config_bool(const struct config *config, const char *key);
bool config_flag(const struct config *config, const char *key);
int64_t config_duration(const struct config *config, const char *key); /* ms */
int64_t config_size(const struct config *config, const char *key);     /* bytes */

/* Of an option with a *: its value for `name`, else for all. In the environment - and . of a name are _. */
bool config_bool_for(const struct config *config, const char *key, const char *name);
const char *config_text_for(const struct config *config, const char *key, const char *name); /* NULL where unset */
int64_t config_int_for(const struct config *config, const char *key, const char *name);
int64_t config_size_for(const struct config *config, const char *key, const char *name);
int64_t config_duration_for(const struct config *config, const char *key, const char *name);

/* Every option with its value and where it came from, as lines that a file may hold; secrets as ***. */
void config_print(const struct config *config, struct buffer *out);
/* The text for --help. */
void config_help(const struct config_schema *schema, struct buffer *out);

#endif
