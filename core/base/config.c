#include "core/base/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "core/base/config_internal.h"

/* What stands for the * of `pattern`; false where `key` is another. */
static bool fits(const char *pattern, struct text key, struct text *name) {
    const char *star = strchr(pattern, '*');
    if (!star) return false;
    struct text head = text_n(pattern, (size_t)(star - pattern)), tail = text_of(star + 1);
    if (key.n <= head.n + tail.n || !text_starts(key, head) || !text_ends(key, tail)) return false;
    *name = text_n(key.at + head.n, key.n - head.n - tail.n);
    return true;
}

/* *name gets what stands for the option's *, TEXT_NONE where nothing does. */
static const struct config_option *find(const struct config *config, struct text key, struct text *name) {
    const struct config_option *options = config->schema->options;
    *name = TEXT_NONE;
    for (size_t i = 0; i < config->schema->n; i++)
        if (text_is(key, options[i].key)) return &options[i];
    for (size_t i = 0; i < config->schema->n; i++)
        if (fits(options[i].key, key, name)) return &options[i];
    return NULL;
}

static struct config_value *value_of(const struct config *config, const struct config_option *option) {
    return &config->values[option - config->schema->options];
}

/* The option's key as it was written. */
static const char *written_key(struct arena *arena, const struct config_option *option, struct text name) {
    int head = (int)strcspn(option->key, "*");
    if (!name.n) return option->key;
    return arena_printf(arena, "%.*s%.*s%s", head, option->key, TEXT_ARGS(name), option->key + head + 1).at;
}

static char as_variable(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c == '.' || c == '-' ? '_' : c;
}

static bool same_name(struct text a, struct text b) {
    size_t i = 0;
    while (i < a.n && i < b.n && as_variable(a.at[i]) == as_variable(b.at[i])) i++;
    return i == a.n && i == b.n;
}

static struct config_named *find_named(const struct config *config, const struct config_option *option,
                                       struct text name) {
    struct config_named *named = config->named;
    while (named && !(named->option == option && same_name(named->name, name))) named = named->next;
    return named;
}

/* Where the option's value goes, for that name where there is one. */
static struct config_value *place_for(struct config *config, const struct config_option *option, struct text name) {
    if (!name.n) return value_of(config, option);
    struct config_named *named = find_named(config, option, name);
    if (named) return &named->value;
    named = arena_new(&config->arena, struct config_named);
    *named = (struct config_named){config->named, option, arena_text(&config->arena, name), {0}};
    config->named = named;
    return &named->value;
}

/* The option a person may have meant: up to two slips, fewer in short keys. FLAGs only for the command line. */
static const struct config_option *nearest(const struct config *config, struct text key, enum config_rank rank) {
    const struct config_option *best = NULL;
    size_t least = key.n / 3 + 1 < 3 ? key.n / 3 + 1 : 3;
    for (size_t i = 0; i < config->schema->n; i++) {
        const struct config_option *option = &config->schema->options[i];
        if (option->kind == CONFIG_FLAG && rank != CONFIG_BY_FLAG) continue;
        size_t distance = text_distance(key, text_of(option->key));
        if (distance < least) best = option, least = distance;
    }
    return best;
}

/* Takes a value from one place; what a stronger source has said already stays, but a bad value is an error even so. */
static int assign(struct config *config, const struct config_option *option, struct text name, struct text text,
                  const char *origin, enum config_rank rank, struct error *error) {
    struct error bad = {0};
    const char *copy = arena_cstr(&config->arena, text);
    int64_t number;
    if (config_read(option, copy, &number, &bad) != 0)
        return error_set(error, ERR_INVALID, "%s: %s%s%s", origin,
                         rank == CONFIG_BY_FILE ? written_key(&config->arena, option, name) : "",
                         rank == CONFIG_BY_FILE ? ": " : "", bad.detail);
    struct config_value *value = place_for(config, option, name);
    if (rank >= value->rank) *value = (struct config_value){rank, copy, origin, number};
    return 0;
}

static int unknown_flag(const struct config *config, struct text key, struct error *error) {
    const struct config_option *near = nearest(config, key, CONFIG_BY_FLAG);
    return error_set(error, ERR_INVALID, "--%.*s: no such option%s%s%s", TEXT_ARGS(key),
                     near ? "; did you mean --" : "", near ? near->key : "", near ? "?" : "");
}

/* One flag at argv[*i]; moves *i over the value it takes. */
static int load_flag(struct config *config, int argc, char **argv, int *i, struct error *error) {
    struct text argument = text_of(argv[*i]), key, value, name;
    if (!text_starts(argument, TEXT("--")) || argument.n == 2)
        return error_set(error, ERR_INVALID, "%s: not an option; options begin with --", argv[*i]);
    bool attached = text_cut(text_n(argument.at + 2, argument.n - 2), '=', &key, &value);
    const struct config_option *option = find(config, key, &name);
    if (!option) return unknown_flag(config, key, error);
    const char *origin = arena_printf(&config->arena, "--%.*s", TEXT_ARGS(key)).at;
    if (option->kind == CONFIG_FLAG) {
        if (attached) return error_set(error, ERR_INVALID, "%s: takes no value", origin);
        value = TEXT("true");
    } else if (!attached && option->kind == CONFIG_BOOL && (*i + 1 == argc || strncmp(argv[*i + 1], "--", 2) == 0)) {
        value = TEXT("yes"); /* it is said, so it is meant */
    } else if (!attached) {
        if (*i + 1 == argc) return error_set(error, ERR_INVALID, "%s: a value must follow", origin);
        value = text_of(argv[++*i]);
    }
    return assign(config, option, name, value, origin, CONFIG_BY_FLAG, error);
}

/* Variables of Parley's other programs and of its tests. */
static bool is_foreign(const struct config_schema *schema, struct text name) {
    static const char *const foreign[] = {"PARLEY_URL",   "PARLEY_TOKEN",  "PARLEY_SDK",
                                          "PARLEY_BUILD", "PARLEY_SHARED", NULL};
    for (const char *const *f = foreign; *f; f++)
        if (text_is(name, *f)) return true;
    for (const char *const *f = schema->also; f && *f; f++)
        if (text_is(name, *f)) return true;
    return false;
}

static int unknown_variable(struct config *config, struct text name, struct error *error) {
    struct text key = text_n(name.at + 7, name.n - 7); /* behind PARLEY_ */
    char *lower = arena_cstr(&config->arena, key);
    for (char *c = lower; *c; c++) *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    const struct config_option *near = nearest(config, text_of(lower), CONFIG_BY_ENVIRONMENT);
    return error_set(error, ERR_INVALID, "%.*s: no such option%s%s%s", TEXT_ARGS(name), near ? "; did you mean " : "",
                     near ? config_variable(&config->arena, near->key) : "", near ? "?" : "");
}

static int load_variable(struct config *config, struct text entry, struct error *error) {
    struct text name, value, part;
    if (!text_starts(entry, TEXT("PARLEY_")) || !text_cut(entry, '=', &name, &value)) return 0;
    for (size_t i = 0; i < config->schema->n; i++) {
        const struct config_option *option = &config->schema->options[i];
        const char *variable = config_variable(&config->arena, option->key);
        if (option->kind != CONFIG_FLAG && text_is(name, variable))
            return assign(config, option, TEXT_NONE, value, variable, CONFIG_BY_ENVIRONMENT, error);
    }
    for (size_t i = 0; i < config->schema->n; i++) {
        const struct config_option *option = &config->schema->options[i];
        if (fits(config_variable(&config->arena, option->key), name, &part))
            return assign(config, option, part, value, arena_cstr(&config->arena, name), CONFIG_BY_ENVIRONMENT, error);
    }
    return is_foreign(config->schema, name) ? 0 : unknown_variable(config, name, error);
}

/* A comment is a line that begins with #, or what follows a blank and a #. */
static struct text without_comment(struct text line) {
    for (size_t i = 0; i < line.n; i++)
        if (line.at[i] == '#' && (i == 0 || line.at[i - 1] == ' ' || line.at[i - 1] == '\t')) line.n = i;
    return text_trim(line);
}

static int load_line(struct config *config, const char *path, int number, struct text line, struct error *error) {
    struct text key, value, name;
    line = without_comment(line);
    if (!line.n) return 0;
    const char *place = arena_printf(&config->arena, "%s:%d", path, number).at;
    if (!text_cut(line, '=', &key, &value)) return error_set(error, ERR_INVALID, "%s: expected key = value", place);
    key = text_trim(key);
    const struct config_option *option = find(config, key, &name);
    if (!option || option->kind == CONFIG_FLAG) {
        const struct config_option *near = nearest(config, key, CONFIG_BY_FILE);
        return error_set(error, ERR_INVALID, "%s: unknown key '%.*s'%s%s%s", place, TEXT_ARGS(key),
                         near ? "; did you mean '" : "", near ? near->key : "", near ? "'?" : "");
    }
    if (text_is(key, "config")) return error_set(error, ERR_INVALID, "%s: a file cannot name another file", place);
    const struct config_value *before = place_for(config, option, name);
    if (before->rank == CONFIG_BY_FILE)
        return error_set(error, ERR_INVALID, "%s: '%.*s' was set before, at %s", place, TEXT_ARGS(key), before->origin);
    return assign(config, option, name, text_trim(value), place, CONFIG_BY_FILE, error);
}

/* The whole file into `out`; 1 where there is none. */
static int read_file(const char *path, struct buffer *out, struct error *error) {
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT) return 1;
    if (!file) return error_set(error, ERR_IO, "%s: cannot be opened: %m", path);
    size_t n;
    do {
        n = fread(buffer_reserve(out, 4096), 1, 4096, file);
        out->n += n;
    } while (n);
    int code = ferror(file) ? error_set(error, ERR_IO, "%s: cannot be read: %m", path) : 0;
    fclose(file);
    return code;
}

static int load_file(struct config *config, const struct config_option *option, struct error *error) {
    const struct config_value *named = value_of(config, option);
    const char *path = named->rank ? named->text : option->fallback;
    if (!path || !*path) return 0;
    struct buffer content = {0};
    int code = read_file(path, &content, error), number = 1;
    struct text rest = text_n(content.at, content.n), line;
    if (code == 1)
        code = named->rank ? error_set(error, ERR_IO, "%s: there is no such file (%s)", path, named->origin) : 0;
    if (code == 0 && (!text_utf8_valid(rest) || (rest.n && memchr(rest.at, 0, rest.n))))
        code = error_set(error, ERR_INVALID, "%s: not a UTF-8 text file", path);
    for (bool more = true; code == 0 && more; number++) {
        more = text_cut(rest, '\n', &line, &rest);
        code = load_line(config, path, number, line, error);
    }
    buffer_free(&content);
    return code;
}

static void load_defaults(struct config *config) {
    for (size_t i = 0; i < config->schema->n; i++) {
        const struct config_option *option = &config->schema->options[i];
        struct config_value *value = &config->values[i];
        if (value->rank) continue;
        *value = (struct config_value){CONFIG_BY_DEFAULT, option->fallback ? option->fallback : "", "default", 0};
        struct error bad = {0};
        if (option->fallback && config_read(option, option->fallback, &value->number, &bad) != 0)
            assert(!"a default in the table is not valid");
    }
}

int config_load(struct config *config, const struct config_schema *schema, int argc, char **argv, char **envp,
                struct error *error) {
    *config = (struct config){.schema = schema};
    arena_init(&config->arena, 4096);
    config->values = arena_array(&config->arena, struct config_value, schema->n);
    int code = 0;
    for (int i = 1; i < argc && code == 0; i++) code = load_flag(config, argc, argv, &i, error);
    for (char **entry = envp; entry && *entry && code == 0; entry++)
        code = load_variable(config, text_of(*entry), error);
    struct text none;
    const struct config_option *file = find(config, TEXT("config"), &none);
    if (code == 0 && file) code = load_file(config, file, error);
    load_defaults(config);
    return code;
}

void config_free(struct config *config) {
    arena_free(&config->arena);
}

static const struct config_value *get(const struct config *config, const char *key, enum config_kind kind) {
    struct text none;
    const struct config_option *option = find(config, text_of(key), &none);
    assert(option && option->kind == kind);
    return value_of(config, option);
}

static const struct config_value *get_for(const struct config *config, const char *key, const char *name,
                                          enum config_kind kind) {
    const struct config_value *all = get(config, key, kind);
    const struct config_option *option = &config->schema->options[all - config->values];
    const struct config_named *named = find_named(config, option, text_of(name));
    return named && named->value.rank ? &named->value : all;
}

const char *config_text(const struct config *config, const char *key) {
    return get(config, key, CONFIG_TEXT)->text;
}
int64_t config_int(const struct config *config, const char *key) {
    return get(config, key, CONFIG_INT)->number;
}
int64_t config_duration(const struct config *config, const char *key) {
    return get(config, key, CONFIG_DURATION)->number;
}
int64_t config_size(const struct config *config, const char *key) {
    return get(config, key, CONFIG_SIZE)->number;
}
bool config_bool(const struct config *config, const char *key) {
    return get(config, key, CONFIG_BOOL)->number != 0;
}
bool config_flag(const struct config *config, const char *key) {
    return get(config, key, CONFIG_FLAG)->number != 0;
}

bool config_bool_for(const struct config *config, const char *key, const char *name) {
    return get_for(config, key, name, CONFIG_BOOL)->number != 0;
}
const char *config_text_for(const struct config *config, const char *key, const char *name) {
    return get_for(config, key, name, CONFIG_TEXT)->text;
}
int64_t config_int_for(const struct config *config, const char *key, const char *name) {
    return get_for(config, key, name, CONFIG_INT)->number;
}
int64_t config_size_for(const struct config *config, const char *key, const char *name) {
    return get_for(config, key, name, CONFIG_SIZE)->number;
}
int64_t config_duration_for(const struct config *config, const char *key, const char *name) {
    return get_for(config, key, name, CONFIG_DURATION)->number;
}
