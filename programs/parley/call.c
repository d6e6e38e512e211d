#include "programs/parley/call.h"

#include <assert.h>
#include <stdio.h>

#include "core/base/buffer.h"

/* ---- the table's words ---- */

static bool next_word(struct text *words, struct text *word) {
    *words = text_trim(*words);
    if (!words->n) return false;
    text_cut(*words, ' ', word, words);
    return true;
}

/* "[FILE|-]" is FILE, and may be left out; "FILE|-" is FILE; the last one may end in "..." and take all words that follow. */
static struct text argument_name(struct text word, bool *optional) {
    struct text name, rest;
    *optional = word.n && word.at[0] == '[';
    if (*optional) word = text_n(word.at + 1, word.n - 2);
    text_cut(word, '|', &name, &rest);
    return name;
}

/* Looks `name` up in a table's list of flags; *takes_value tells whether a word stands behind it. */
static bool flag_in(const char *flags, struct text name, struct text *found, bool *takes_value) {
    struct text words = text_of(flags), word;
    while (next_word(&words, &word)) {
        if (!text_eq(word, name)) continue;
        *found = word;
        words = text_trim(words);
        *takes_value = words.n && words.at[0] != '-';
        return true;
    }
    return false;
}

static struct text nearest_flag(const char *flags, struct text name) {
    struct text words = text_of(flags), word, best = TEXT_NONE;
    size_t least = 3;
    while (next_word(&words, &word)) {
        if (word.at[0] != '-' || text_distance(word, name) >= least) continue;
        least = text_distance(word, name);
        best = word;
    }
    return best;
}

/* ---- reading ---- */

static int unknown_flag(const struct call *call, struct text name, struct error *error) {
    struct text near = nearest_flag(call->command->flags ? call->command->flags : "", name);
    if (!near.n) near = nearest_flag(CALL_COMMON_FLAGS, name);
    if (near.n)
        return error_set(error, ERR_INVALID, "there is no flag %.*s here; did you mean %.*s?", TEXT_ARGS(name),
                         TEXT_ARGS(near));
    return error_set(error, ERR_INVALID, "there is no flag %.*s here", TEXT_ARGS(name));
}

static int set_common(struct call *call, struct text name, const char *value, struct error *error) {
    if (text_is(name, "--help")) call->help = true;
    if (text_is(name, "--url")) call->url = value;
    if (text_is(name, "--token")) call->token = value;
    if (!text_is(name, "--output")) return 0;
    call->output = !strcmp(value, "table") ? OUTPUT_TABLE : OUTPUT_JSON;
    if (strcmp(value, "table") && strcmp(value, "json"))
        return error_set(error, ERR_INVALID, "--output is json or table, not %s", value);
    return 0;
}

static int set_flag(struct call *call, struct text name, const char *value, struct error *error) {
    for (size_t i = 0; i < call->flags_n; i++)
        if (text_eq(call->flags[i].name, name))
            return error_set(error, ERR_INVALID, "%.*s is given twice", TEXT_ARGS(name));
    assert(call->flags_n < CALL_FLAGS);
    call->flags[call->flags_n++] = (struct call_flag){name, value};
    return 0;
}

/* argv[*i] is a flag; its value may be behind a '=' or the next word. */
static int read_flag(struct call *call, int argc, char **argv, int *i, struct error *error) {
    struct text given, found, tail;
    const char *equals = strchr(argv[*i], '='), *value = "";
    bool takes_value = false, common = false;
    text_cut(text_of(argv[*i]), '=', &given, &tail);
    if (text_is(given, "-o")) given = TEXT("--out");
    if (text_is(given, "-f"))
        given =
            flag_in(call->command->flags, TEXT("--follow"), &found, &takes_value) ? TEXT("--follow") : TEXT("--folder");
    if (!flag_in(call->command->flags ? call->command->flags : "", given, &found, &takes_value)) {
        common = flag_in(CALL_COMMON_FLAGS, given, &found, &takes_value);
        if (!common) return unknown_flag(call, given, error);
    }
    if (takes_value && !equals && *i + 1 >= argc)
        return error_set(error, ERR_INVALID, "%.*s wants a value", TEXT_ARGS(given));
    if (!takes_value && equals) return error_set(error, ERR_INVALID, "%.*s takes no value", TEXT_ARGS(given));
    if (takes_value) value = equals ? equals + 1 : argv[++*i];
    return common ? set_common(call, found, value, error) : set_flag(call, found, value, error);
}

static int check_arguments(const struct call *call, size_t given, struct error *error) {
    struct text words = text_of(call->command->arguments), word;
    bool optional = false;
    for (size_t i = 0; next_word(&words, &word); i++) {
        struct text name = argument_name(word, &optional);
        if (i >= given && !optional) return error_set(error, ERR_INVALID, "%.*s is missing", TEXT_ARGS(name));
    }
    return 0;
}

int call_read(struct call *call, int argc, char **argv, struct error *error) {
    struct text words = text_of(call->command->arguments), word;
    size_t given = 0;
    bool only_arguments = false, repeats = false;
    for (int i = 0; i < argc; i++) {
        int rc = 0;
        if (!only_arguments && !strcmp(argv[i], "--"))
            only_arguments = true;
        else if (!only_arguments && argv[i][0] == '-' && argv[i][1])
            rc = read_flag(call, argc, argv, &i, error);
        else if (next_word(&words, &word) || (repeats && given < CALL_ARGUMENTS)) {
            call->arguments[given++] = argv[i];
            repeats = text_ends(word, TEXT("...]"));
        } else
            rc = error_set(error, ERR_INVALID, "'%s' is one word too many", argv[i]);
        if (rc < 0) return rc;
    }
    return call->help ? 0 : check_arguments(call, given, error);
}

/* ---- using ---- */

static int argument_place(const struct call *call, struct text name) {
    struct text words = text_of(call->command->arguments), word;
    bool optional;
    for (int i = 0; next_word(&words, &word); i++)
        if (text_eq(argument_name(word, &optional), name)) return i;
    return -1;
}

const char *call_argument(const struct call *call, const char *name) {
    int place = argument_place(call, text_of(name));
    assert(place >= 0);
    return call->arguments[place];
}

const char *call_flag(const struct call *call, const char *name) {
    for (size_t i = 0; i < call->flags_n; i++)
        if (text_is(call->flags[i].name, name)) return call->flags[i].value;
    return NULL;
}

int call_number(const struct call *call, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out,
                struct error *error) {
    const char *value = call_flag(call, name);
    *out = otherwise;
    if (!value || (text_to_int(text_of(value), out) && *out >= least && *out <= most)) return 0;
    return error_set(error, ERR_INVALID, "%s is a whole number from %lld to %lld, not '%s'", name, (long long)least,
                     (long long)most, value);
}

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static void encode(struct buffer *out, const char *text, const char *kept) {
    for (; *text; text++)
        if (is_unreserved(*text) || strchr(kept, *text))
            buffer_byte(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned char)*text);
}

const char *call_encoded(struct call *call, const char *text, const char *kept) {
    struct buffer out = {0};
    encode(&out, text, kept);
    const char *copy = arena_cstr(&call->arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

const char *call_path(struct call *call, enum call_query query) {
    struct buffer out = {0};
    for (const char *at = call->command->path; *at;) {
        const char *open = strchr(at, '{');
        if (!open) {
            buffer_cstr(&out, at);
            break;
        }
        const char *close = strchr(open, '}');
        buffer_put(&out, at, (size_t)(open - at));
        int place = argument_place(call, text_n(open + 1, (size_t)(close - open - 1)));
        assert(place >= 0 && call->arguments[place]);
        encode(&out, call->arguments[place], "");
        at = close + 1;
    }
    for (size_t i = 0; query == CALL_WITH_QUERY && i < call->flags_n; i++) {
        struct text name = call->flags[i].name;
        buffer_printf(&out, "%c%.*s=", memchr(out.at, '?', out.n) ? '&' : '?', (int)name.n - 2, name.at + 2);
        encode(&out, call->flags[i].value, "");
    }
    const char *path = arena_cstr(&call->arena, buffer_view(&out));
    buffer_free(&out);
    return path;
}
