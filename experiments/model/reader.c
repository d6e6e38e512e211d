#include "experiments/model/reader.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/base/number.h"

/* ---- faults ---- */

enum { POINTER_ROOM = 128 };

/* Appends one step of a pointer, escaped as RFC 6901 section 3 says. */
static size_t put_step(char *out, size_t n, const struct path *path) {
    if (!path->name) return n + (size_t)snprintf(out + n, POINTER_ROOM - n, "/%zu", path->index);
    if (n + 1 < POINTER_ROOM) out[n++] = '/';
    for (const char *c = path->name; *c && n + 3 < POINTER_ROOM; c++) {
        if (*c == '~' || *c == '/') {
            out[n++] = '~';
            out[n++] = *c == '~' ? '0' : '1';
        } else
            out[n++] = *c;
    }
    out[n] = 0;
    return n;
}

static size_t put_pointer(char *out, const struct path *path) {
    if (!path) {
        out[0] = 0;
        return 0;
    }
    size_t n = put_pointer(out, path->up);
    if (n + 24 > POINTER_ROOM) return n; /* deeper than can be shown: the pointer to what holds it */
    return put_step(out, n, path);
}

bool reader_fault(struct reader *r, const struct path *path, const char *format, ...) {
    char pointer[POINTER_ROOM], detail[240];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    put_pointer(pointer, path);
    error_at(r->error, pointer, "%s", detail);
    r->faults++;
    return false;
}

int reader_result(const struct reader *r) {
    return r->faults ? ERR_INVALID : 0;
}

struct text reader_list(struct reader *r, const char *const *names) {
    struct buffer list = {0};
    for (size_t i = 0; names[i]; i++) {
        if (i) buffer_cstr(&list, names[i + 1] ? ", " : " or ");
        buffer_cstr(&list, names[i]);
    }
    struct text copy = arena_text(r->arena, buffer_view(&list));
    buffer_free(&list);
    return copy;
}

static const char *kind_of(const json_t *value) {
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string", [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",      [JSON_FALSE] = "false",     [JSON_NULL] = "null"};
    return kinds[json_typeof(value)];
}

static bool wrong_kind(struct reader *r, const struct path *path, const json_t *value, const char *wanted) {
    return reader_fault(r, path, "is %s; write %s", kind_of(value), wanted);
}

/* ---- objects and arrays ---- */

static bool is_known(const char *const *known, const char *name) {
    for (; *known; known++)
        if (strcmp(*known, name) == 0) return true;
    return false;
}

static bool object(struct reader *r, const struct path *path, const json_t *value, const char *const *known,
                   const char *const *passed_over) {
    if (!json_is_object(value)) return wrong_kind(r, path, value, "an object");
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member) {
        if (!is_known(known, name) && !is_known(passed_over, name))
            reader_fault(r, PATH_MEMBER(path, name), "is not a member that is known here; there are %.*s",
                         TEXT_ARGS(reader_list(r, known)));
    }
    return true;
}

bool reader_object(struct reader *r, const struct path *path, const json_t *value, const char *const *known) {
    static const char *const none[] = {NULL};
    return object(r, path, value, known, none);
}

static const char *const read_only[] = {"version", "updatedAt",   "killed",   "state",          "startedAt",
                                        "endsAt",  "trafficNow",  "rampStep", "rampSince",      "rampApprovedAt",
                                        "epochs",  "concludedAt", "outcome",  "outcomeVariant", "outcomeNote",
                                        "origin",  NULL};

bool reader_adds(const char *member) {
    for (const char *const *name = read_only; *name; name++)
        if (strcmp(*name, member) == 0) return true;
    return false;
}

bool reader_definition(struct reader *r, const json_t *body, const char *const *known) {
    return object(r, NULL, body, known, read_only);
}

bool reader_array(struct reader *r, const struct path *path, const json_t *value, size_t least, size_t most,
                  const char *what) {
    if (!json_is_array(value)) return wrong_kind(r, path, value, "an array");
    size_t n = json_array_size(value);
    if (n < least) return reader_fault(r, path, "has %zu %s; give at least %zu", n, what, least);
    if (n > most) return reader_fault(r, path, "has %zu %s; at most %zu are allowed", n, what, most);
    return true;
}

/* ---- members ---- */

bool reader_missing(struct reader *r, const struct path *path, const char *name, const char *hint) {
    return reader_fault(r, PATH_MEMBER(path, name), "is missing; %s", hint);
}

/* A string at `path` of 1..most bytes, copied. */
static bool text_value(struct reader *r, const struct path *path, const json_t *value, size_t most, struct text *out) {
    if (!json_is_string(value)) return wrong_kind(r, path, value, "a string");
    size_t n = json_string_length(value);
    if (n == 0) return reader_fault(r, path, "is empty; write a text or leave it out");
    if (n > most) return reader_fault(r, path, "has %zu bytes; at most %zu are allowed", n, most);
    *out = arena_text(r->arena, text_n(json_string_value(value), n));
    return true;
}

bool reader_text(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                 struct text *out) {
    const json_t *value = json_object_get(object, name);
    return value && text_value(r, PATH_MEMBER(path, name), value, most, out);
}

static bool key_value(struct reader *r, const struct path *path, const json_t *value, struct text *out) {
    if (!json_is_string(value)) return wrong_kind(r, path, value, "a key");
    struct text key = text_n(json_string_value(value), json_string_length(value));
    if (!text_is_key(key))
        return reader_fault(r, path, "is not a key: 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or a digit");
    *out = arena_text(r->arena, key);
    return true;
}

bool reader_key(struct reader *r, const struct path *path, const json_t *object, const char *name, struct text *out) {
    const json_t *value = json_object_get(object, name);
    return value && key_value(r, PATH_MEMBER(path, name), value, out);
}

bool reader_bool(struct reader *r, const struct path *path, const json_t *object, const char *name, bool *out) {
    const json_t *value = json_object_get(object, name);
    if (!value) return false;
    if (!json_is_boolean(value)) return wrong_kind(r, PATH_MEMBER(path, name), value, "true or false");
    *out = json_is_true(value);
    return true;
}

static void number_text(char out[static NUMBER_ROOM], double value) {
    number_print(out, value);
}

bool reader_number(struct reader *r, const struct path *path, const json_t *object, const char *name, double low,
                   double high, double *out) {
    const json_t *value = json_object_get(object, name);
    if (!value) return false;
    if (!json_is_number(value)) return wrong_kind(r, PATH_MEMBER(path, name), value, "a number");
    double number = json_number_value(value);
    if (!(number >= low && number <= high)) {
        char is[NUMBER_ROOM], from[NUMBER_ROOM], to[NUMBER_ROOM];
        number_text(is, number);
        number_text(from, low);
        number_text(to, high);
        return reader_fault(r, PATH_MEMBER(path, name), "is %s; write a number from %s to %s", is, from, to);
    }
    *out = number;
    return true;
}

bool reader_integer(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t low,
                    int64_t high, int64_t *out) {
    double number = 0;
    if (!reader_number(r, path, object, name, (double)low, (double)high, &number)) return false;
    if (number != (double)(int64_t)number)
        return reader_fault(r, PATH_MEMBER(path, name), "is not a whole number; write one from %lld to %lld",
                            (long long)low, (long long)high);
    *out = (int64_t)number;
    return true;
}

bool reader_choice(struct reader *r, const struct path *path, const json_t *object, const char *name,
                   const char *const *names, int *out) {
    const json_t *value = json_object_get(object, name);
    if (!value) return false;
    for (int i = 0; json_is_string(value) && names[i]; i++)
        if (strcmp(names[i], json_string_value(value)) == 0) {
            *out = i;
            return true;
        }
    struct text list = reader_list(r, names);
    if (!json_is_string(value))
        return reader_fault(r, PATH_MEMBER(path, name), "is %s; write %.*s", kind_of(value), TEXT_ARGS(list));
    return reader_fault(r, PATH_MEMBER(path, name), "is \"%.40s\"; write %.*s", json_string_value(value),
                        TEXT_ARGS(list));
}

bool reader_duration(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t *out) {
    const json_t *value = json_object_get(object, name);
    if (!value) return false;
    struct text text = text_n(json_string_value(value), json_string_length(value));
    int64_t ms;
    if (!json_is_string(value) || !clock_parse_duration(text, &ms) || ms <= 0)
        return reader_fault(
            r, PATH_MEMBER(path, name),
            "is not a duration above 0; write weeks, days, hours, minutes or seconds like \"P7D\" or \"PT12H\"");
    *out = ms;
    return true;
}

bool reader_time(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t *out) {
    const json_t *value = json_object_get(object, name);
    if (!value) return false;
    struct text text = text_n(json_string_value(value), json_string_length(value));
    int64_t ms;
    if (!json_is_string(value) || !clock_parse(text, &ms))
        return reader_fault(r, PATH_MEMBER(path, name),
                            "is not a date; write one like \"2026-12-31\" or \"2026-12-31T08:00:00Z\"");
    *out = ms;
    return true;
}

bool reader_sequence(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                     size_t longest, struct text **out, uint32_t *n) {
    const json_t *value = json_object_get(object, name);
    const struct path *here = PATH_MEMBER(path, name);
    if (!value || !reader_array(r, here, value, 0, most, "texts")) return false;
    size_t count = json_array_size(value);
    struct text *texts = arena_array(r->arena, struct text, count);
    int before = r->faults;
    for (size_t i = 0; i < count; i++)
        text_value(r, PATH_ELEMENT(here, i), json_array_get(value, i), longest, &texts[i]);
    *out = texts;
    *n = (uint32_t)count;
    return r->faults == before;
}

bool reader_texts(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                  size_t longest, struct text **out, uint32_t *n) {
    if (!reader_sequence(r, path, object, name, most, longest, out, n)) return false;
    const struct path *here = PATH_MEMBER(path, name);
    int before = r->faults;
    for (uint32_t i = 0; i < *n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (text_eq((*out)[i], (*out)[j])) {
                reader_fault(r, PATH_ELEMENT(here, i), "is there twice; leave one out");
                break;
            }
    return r->faults == before;
}

bool reader_weight(struct reader *r, const struct path *path, const json_t *value, uint32_t *out) {
    if (!json_is_number(value)) return wrong_kind(r, path, value, "a number");
    double weight = json_number_value(value);
    if (!(weight >= 0)) return reader_fault(r, path, "is negative; a weight is 0 or more");
    if (weight > 100000) return reader_fault(r, path, "is above 100000; weights are relative, so write smaller ones");
    char digits[NUMBER_ROOM];
    int64_t scaled;
    bool exact;
    size_t n = number_print(digits, weight);
    if (!number_scaled(text_n(digits, n), 4, &scaled, &exact) || !exact)
        return reader_fault(r, path, "is %s; at most 4 decimals are allowed", digits);
    *out = (uint32_t)scaled;
    return true;
}

bool reader_own_key(struct reader *r, const json_t *body, struct text url_key, struct text *out) {
    struct text key = TEXT_NONE;
    if (url_key.n && !text_is_key(url_key))
        return reader_fault(r, NULL,
                            "the key in the path is not one: 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a "
                            "letter or a digit");
    if (!json_object_get(body, "key")) {
        if (!url_key.n) return reader_missing(r, NULL, "key", "give the definition a key");
        *out = arena_text(r->arena, url_key);
        return true;
    }
    if (!reader_key(r, NULL, body, "key", &key)) return false;
    if (url_key.n && !text_eq(key, url_key))
        return reader_fault(r, PATH_MEMBER(NULL, "key"),
                            "is \"%.*s\" but the path says \"%.*s\"; a key cannot be changed", TEXT_ARGS(key),
                            TEXT_ARGS(url_key));
    *out = key;
    return true;
}

json_t *reader_canonical(struct text key, const json_t *body, const char *const *order, const json_t *defaults) {
    json_t *out = json_object();
    json_object_set_new(out, "key", json_stringn(key.at, key.n));
    for (; *order; order++) {
        json_t *value = json_object_get(body, *order);
        if (!value) value = json_object_get(defaults, *order);
        if (value) json_object_set(out, *order, value);
    }
    return out;
}
