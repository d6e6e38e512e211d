/* One option at a time: reading a value, and showing options and values to people. */
#include "core/base/clock.h"
#include "core/base/config_internal.h"

struct suffix {
    const char *name;
    int64_t factor;
};

static bool read_scaled(struct text t, const struct suffix *suffixes, size_t n, int64_t *out) {
    size_t digits = 0;
    while (digits < t.n && t.at[digits] >= '0' && t.at[digits] <= '9') digits++;
    struct text unit = text_n(t.at + digits, t.n - digits);
    for (size_t i = 0; i < n; i++)
        if (text_is(unit, suffixes[i].name))
            return text_to_int(text_n(t.at, digits), out) && !__builtin_mul_overflow(*out, suffixes[i].factor, out);
    return false;
}

static bool read_duration(struct text t, int64_t *out) {
    static const struct suffix units[] = {
        {"ms", 1}, {"s", CLOCK_SECOND}, {"m", CLOCK_MINUTE}, {"h", CLOCK_HOUR}, {"d", CLOCK_DAY}};
    return clock_parse_duration(t, out) || read_scaled(t, units, sizeof units / sizeof *units, out);
}

static bool read_size(struct text t, int64_t *out) {
    static const struct suffix units[] = {{"", 1},          {"K", 1 << 10}, {"KiB", 1 << 10}, {"M", 1 << 20},
                                          {"MiB", 1 << 20}, {"G", 1 << 30}, {"GiB", 1 << 30}};
    return read_scaled(t, units, sizeof units / sizeof *units, out);
}

static bool read_bool(struct text t, int64_t *out) {
    *out = text_is(t, "true") || text_is(t, "on") || text_is(t, "yes");
    return *out || text_is(t, "false") || text_is(t, "off") || text_is(t, "no");
}

static bool read_kind(enum config_kind kind, struct text t, int64_t *out) {
    switch (kind) {
    case CONFIG_INT: return text_to_int(t, out);
    case CONFIG_DURATION: return read_duration(t, out);
    case CONFIG_SIZE: return read_size(t, out);
    case CONFIG_BOOL:
    case CONFIG_FLAG: return read_bool(t, out);
    case CONFIG_TEXT: break;
    }
    *out = 0;
    return true;
}

static const char *wanted(enum config_kind kind) {
    switch (kind) {
    case CONFIG_INT: return "a whole number";
    case CONFIG_DURATION: return "a duration such as 500ms, 30s, 5m, 2h or 7d";
    case CONFIG_SIZE: return "a size such as 4096, 64K, 1M or 2G";
    default: return "true or false";
    }
}

int config_read(const struct config_option *option, const char *text, int64_t *number, struct error *error) {
    const char *shown = option->secret ? "***" : text;
    if (!read_kind(option->kind, text_of(text), number))
        return error_set(error, ERR_INVALID, "'%s' is not %s", shown, wanted(option->kind));
    bool ranged = option->kind == CONFIG_INT || option->kind == CONFIG_DURATION || option->kind == CONFIG_SIZE;
    if (!ranged || (option->least == 0 && option->most == 0)) return 0;
    if (*number >= option->least && *number <= option->most) return 0;
    const char *unit = option->kind == CONFIG_DURATION ? " ms" : option->kind == CONFIG_SIZE ? " bytes" : "";
    return error_set(error, ERR_INVALID, "%s is not from %lld to %lld%s", shown, (long long)option->least,
                     (long long)option->most, unit);
}

const char *config_variable(struct arena *arena, const char *key) {
    struct text name = arena_printf(arena, "PARLEY_%s", key);
    char *at = arena_cstr(arena, name);
    for (char *c = at; *c; c++) {
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
        if (*c == '.' || *c == '-') *c = '_';
    }
    return at;
}

void config_print(const struct config *config, struct buffer *out) {
    for (size_t i = 0; i < config->schema->n; i++) {
        const struct config_option *option = &config->schema->options[i];
        const struct config_value *value = &config->values[i];
        if (option->kind == CONFIG_FLAG) continue;
        const char *text = option->secret && *value->text ? "***" : value->text;
        buffer_printf(out, "%s = %s # %s\n", option->key, text, value->origin);
    }
    for (const struct config_named *n = config->named; n; n = n->next) {
        size_t head = strcspn(n->option->key, "*");
        buffer_printf(out, "%.*s%.*s%s = %s # %s\n", (int)head, n->option->key, TEXT_ARGS(n->name),
                      n->option->key + head + 1, n->option->secret ? "***" : n->value.text, n->value.origin);
    }
}

static const char *placeholder(enum config_kind kind) {
    static const char *const words[] = {" TEXT", " NUMBER", " true|false", " DURATION", " SIZE", ""};
    return words[kind];
}

void config_help(const struct config_schema *schema, struct buffer *out) {
    struct arena arena;
    arena_init(&arena, 4096);
    buffer_printf(out,
                  "%s\n\nOptions, each also as PARLEY_KEY in the environment or as a line `key = value` in the file:\n",
                  schema->usage);
    for (size_t i = 0; i < schema->n; i++) {
        const struct config_option *option = &schema->options[i];
        struct text flag = arena_printf(&arena, "--%s%s", option->key, placeholder(option->kind));
        buffer_printf(out, "  %-28.*s %s", TEXT_ARGS(flag), option->help);
        if (option->fallback && *option->fallback) buffer_printf(out, " (default %s)", option->fallback);
        buffer_byte(out, '\n');
    }
    arena_free(&arena);
}
