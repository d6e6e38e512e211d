#include "core/plugins/manifest.h"

#include <ctype.h>

#include "core/plugins/configuration.h"

static struct text string_at(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    return text_n(json_string_value(value), json_string_length(value));
}

static bool all_of(struct text t, const char *others) {
    for (size_t i = 0; i < t.n; i++)
        if (!isascii(t.at[i]) || (!isalnum((unsigned char)t.at[i]) && !strchr(others, t.at[i]))) return false;
    return true;
}

bool manifest_version_valid(struct text version) {
    if (version.n > 64 || !all_of(version, ".+-")) return false;
    size_t i = 0;
    for (int part = 0; part < 3; part++) {
        size_t start = i;
        while (i < version.n && isdigit((unsigned char)version.at[i])) i++;
        if (i == start) return false;
        if (part < 2 && (i == version.n || version.at[i++] != '.')) return false;
    }
    return i == version.n || ((version.at[i] == '-' || version.at[i] == '+') && i + 1 < version.n);
}

bool manifest_file_valid(struct text name) {
    if (!name.n || name.n > 200 || !all_of(name, "._/-")) return false;
    struct text part, rest = name;
    for (bool more = true; more;) {
        more = text_cut(rest, '/', &part, &rest);
        if (!part.n || text_is(part, ".") || text_is(part, "..")) return false;
    }
    return true;
}

static void check_text(const json_t *root, const char *key, size_t most, struct error *error) {
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s", key);
    json_t *value = json_object_get(root, key);
    if (value && !json_is_string(value))
        error_at(error, pointer, "must be a string");
    else if (json_string_length(value) > most)
        error_at(error, pointer, "must not be longer than %zu bytes", most);
}

static void check_abi(struct manifest *manifest, struct error *error) {
    json_t *abi = json_object_get(manifest->root, "abi"), *major = json_array_get(abi, 0),
           *minor = json_array_get(abi, 1);
    if (json_array_size(abi) != 2 || !json_is_integer(major) || !json_is_integer(minor)) {
        error_at(error, "/abi", "must be two integers, [major, minor] of <parley/plugin.h>");
        return;
    }
    if (json_integer_value(major) != MANIFEST_ABI_MAJOR) {
        error_at(error, "/abi", "needs ABI %lld; this Parley has ABI %d", (long long)json_integer_value(major),
                 MANIFEST_ABI_MAJOR);
        return;
    }
    if (json_integer_value(minor) < 0 || json_integer_value(minor) > MANIFEST_ABI_MINOR_MOST) {
        error_at(error, "/abi", "has the minor number %lld, which no Parley has", (long long)json_integer_value(minor));
        return;
    }
    manifest->abi_major = (int)json_integer_value(major);
    manifest->abi_minor = (int)json_integer_value(minor);
}

static void check_sequence(struct manifest *manifest, struct error *error) {
    const json_t *sequence = json_object_get(manifest->root, "sequence");
    manifest->sequence = json_integer_value(sequence);
    if (sequence && (manifest->sequence < 1 || manifest->sequence > MANIFEST_SEQUENCE_MOST))
        error_at(error, "/sequence", "must be a whole number from 1, raised with each release");
}

static void check_hashes(json_t *hashes, struct error *error) {
    const char *file;
    json_t *hash;
    if (hashes && !json_is_object(hashes)) error_at(error, "/sha256", "must be an object of file: hash");
    json_object_foreach(hashes, file, hash) {
        const char *hex = json_string_value(hash);
        if (!hex || strlen(hex) != 64 || strspn(hex, "0123456789abcdef") != 64)
            error_at(error, "/sha256", "the hash of '%s' must be 64 lower-case hexadecimal digits", file);
    }
}

/* A custom element's name (HTML, "valid custom element name", the ASCII part). */
static void check_element(const json_t *element, struct error *error) {
    if (!element) return;
    struct text name = text_of(json_string_value(element));
    bool fits = name.n > 2 && name.n <= 64 && name.at[0] >= 'a' && name.at[0] <= 'z' && memchr(name.at, '-', name.n);
    for (size_t i = 0; fits && i < name.n; i++)
        fits =
            (name.at[i] >= 'a' && name.at[i] <= 'z') || (name.at[i] >= '0' && name.at[i] <= '9') || name.at[i] == '-';
    if (!fits) error_at(error, "/element", "must be a custom element's name, such as \"parley-polls\"");
}

static void check_metrics(const json_t *metrics, struct error *error) {
    size_t n = json_array_size(metrics);
    if (metrics && (!json_is_array(metrics) || n > MANIFEST_METRICS))
        error_at(error, "/metrics", "must be an array of at most %d metrics", MANIFEST_METRICS);
    for (size_t i = 0; i < n; i++) {
        char pointer[64];
        const json_t *key = json_object_get(json_array_get(metrics, i), "key");
        snprintf(pointer, sizeof pointer, "/metrics/%zu/key", i);
        if (!text_is_key(text_of(json_string_value(key))))
            error_at(error, pointer, "must be a metric's key, such as \"poll-vote-rate\"");
        for (size_t j = 0; j < i; j++)
            if (json_equal(key, json_object_get(json_array_get(metrics, j), "key")))
                error_at(error, pointer, "is that of another metric too");
    }
}

/* What carries who somebody is stays with Parley. */
static void check_hooks(const json_t *hooks, struct error *error) {
    size_t n = json_array_size(hooks);
    if (hooks && (!json_is_array(hooks) || n > MANIFEST_HEADERS))
        error_at(error, "/hooks", "must be an array of at most %d names of headers", MANIFEST_HEADERS);
    for (size_t i = 0; i < n; i++) {
        char pointer[64];
        struct text name = text_of(json_string_value(json_array_get(hooks, i)));
        snprintf(pointer, sizeof pointer, "/hooks/%zu", i);
        if (!name.n || name.n > 64 || !all_of(name, "-"))
            error_at(error, pointer, "must be a header's name, such as \"X-Signature\"");
        else if (text_eq_nocase(name, TEXT("Authorization")) || text_eq_nocase(name, TEXT("Cookie")))
            error_at(error, pointer, "is a header that no plugin is handed");
    }
}

static void check_configuration(struct manifest *manifest, struct error *error) {
    json_t *configuration = json_object_get(manifest->root, "configuration");
    if (!configuration) return;
    schema_open(&manifest->configuration_schema, configuration, "/configuration", error);
    if (!configuration_can_mask(configuration))
        error_at(error, "/configuration",
                 "marks as writeOnly what is no property of the object or of an object in it: it would be shown");
}

static void check_members(struct manifest *manifest, struct error *error) {
    static const char *const known[] = {"name",    "version", "abi",      "title",         "description",
                                        "library", "web",     "element",  "settings",      "metrics",
                                        "hooks",   "sha256",  "sequence", "configuration", "social"};
    const char *key;
    json_t *value;
    json_object_foreach(manifest->root, key, value) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) found |= strcmp(key, known[i]) == 0;
        if (!found) error_at(error, "", "has a member '%.60s' that no plugin.json has", key);
    }
    const json_t *root = manifest->root;
    if (!text_is_key(string_at(root, "name")))
        error_at(error, "/name", "must be a name: letters, digits, '.', '_', '-', at most 64");
    if (!manifest_version_valid(string_at(root, "version")))
        error_at(error, "/version", "must be a version such as \"1.2.0\"");
    if (!manifest_file_valid(string_at(root, "library")))
        error_at(error, "/library", "must name the shared object, such as \"polls.so\"");
    json_t *web = json_object_get(root, "web");
    if (web && (!manifest_file_valid(string_at(root, "web")) || !text_starts(string_at(root, "web"), TEXT("web/"))))
        error_at(error, "/web", "must name the widget's module, such as \"web/polls.js\"");
    check_element(json_object_get(root, "element"), error);
    const json_t *social = json_object_get(root, "social");
    if (social && !json_is_boolean(social)) error_at(error, "/social", "must be true where shoppers meet, else false");
    check_text(root, "title", 200, error);
    check_text(root, "description", 2000, error);
    json_t *settings = json_object_get(root, "settings");
    if (settings) schema_open(&manifest->schema, settings, "/settings", error);
    check_configuration(manifest, error);
    check_metrics(json_object_get(root, "metrics"), error);
    check_hooks(json_object_get(root, "hooks"), error);
    check_abi(manifest, error);
    check_sequence(manifest, error);
    check_hashes(json_object_get(root, "sha256"), error);
}

static const char *or_empty(const char *s) {
    return s ? s : "";
}

int manifest_read(struct manifest *manifest, struct text json, struct error *error) {
    *manifest = (struct manifest){0};
    if (json.n > MANIFEST_MAX) return error_set(error, ERR_INVALID, "plugin.json is larger than 256 KiB");
    json_error_t where;
    json_t *root = json_loadb(json.at ? json.at : "", json.n, JSON_REJECT_DUPLICATES, &where);
    if (!root) return error_set(error, ERR_INVALID, "plugin.json: line %d: %.200s", where.line, where.text);
    manifest->root = root;
    if (!json_is_object(root)) {
        manifest_free(manifest);
        return error_set(error, ERR_INVALID, "plugin.json must be an object");
    }
    struct error wrong = {0};
    check_members(manifest, &wrong);
    if (wrong.code) {
        manifest_free(manifest);
        if (!error) return ERR_INVALID;
        *error = wrong;
        snprintf(error->detail, sizeof error->detail, "plugin.json%s%s: %s", *wrong.at[0].pointer ? " " : "",
                 wrong.at[0].pointer, wrong.at[0].detail);
        return ERR_INVALID;
    }
    manifest->name = json_string_value(json_object_get(root, "name"));
    manifest->version = json_string_value(json_object_get(root, "version"));
    manifest->library = json_string_value(json_object_get(root, "library"));
    manifest->web = json_string_value(json_object_get(root, "web"));
    manifest->element = json_string_value(json_object_get(root, "element"));
    manifest->title = or_empty(json_string_value(json_object_get(root, "title")));
    manifest->description = or_empty(json_string_value(json_object_get(root, "description")));
    manifest->social = json_is_true(json_object_get(root, "social"));
    manifest->settings = json_object_get(root, "settings");
    manifest->configuration = json_object_get(root, "configuration");
    manifest->metrics = json_object_get(root, "metrics");
    manifest->hooks = json_object_get(root, "hooks");
    manifest->sha256 = json_object_get(root, "sha256");
    return 0;
}

void manifest_free(struct manifest *manifest) {
    schema_release(manifest->schema);
    schema_release(manifest->configuration_schema);
    json_decref(manifest->root);
    *manifest = (struct manifest){0};
}
