/* The checking scanner for hot bodies (tracking, evaluation, plugin requests): bytes become a tape of tokens, nothing is
 * copied. It refuses what contract.md refuses: bad UTF-8, NUL, lone surrogates, duplicate keys (compared after unescaping),
 * depth over 64, numbers beyond a double, anything after the value. jansson serves definitions and administration;
 * no name here is one of jansson's, so that a file may include both and a program link both. */
#ifndef PARLEY_CORE_BASE_JSON_H
#define PARLEY_CORE_BASE_JSON_H

#include "core/base/arena.h"
#include "core/base/error.h"

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};
enum { JSON_MAX_DEPTH = 64 };

/* One value. Members of an object are two tokens each: the key (JSON_KIND_STRING), then the value. */
struct json_token {
    uint32_t at;   /* offset of the first byte of the value in the text; for strings, behind the quote */
    uint32_t n;    /* bytes of raw text; for strings, without the quotes, escapes not resolved */
    uint32_t next; /* index of the token after this value's whole subtree; of a key, after its value's */
    uint32_t size; /* elements of an array, members of an object */
    uint8_t kind;  /* enum json_kind */
    bool escaped;  /* a string with at least one backslash */
};

struct json {
    struct text text;          /* borrowed: must outlive the document */
    struct json_token *tokens; /* in the arena; tokens[0] is the root */
    uint32_t n;
    const struct json_index *indexes; /* of large objects, for json_get */
};

/* An index into the tape; JSON_NONE where something is not there. Every reader below takes JSON_NONE and answers emptily. */
typedef uint32_t json_at;
#define JSON_NONE UINT32_MAX

enum { JSON_MAX_BYTES = 64 << 20 };

/* Scans `text`, any one JSON value. 0, or ERR_INVALID with the line, the byte offset (from 0) and what was expected in `error`,
 * or ERR_TOO_LARGE for more than JSON_MAX_BYTES; after an error the document is empty. Tokens live in `arena`. Any thread. */
int json_scan(struct json *json, struct text text, struct arena *arena, struct error *error);

enum json_kind json_kind(const struct json *json, json_at at); /* JSON_KIND_NULL for JSON_NONE */
/* A member's value. Large objects cost little more than small ones, whatever the names. */
json_at json_get(const struct json *json, json_at object, struct text key);
/* Iterates children: for arrays each is an element; for objects each is a KEY token and its value is at + 1.
 * for (json_at c = json_first(j, o); c != JSON_NONE; c = json_after(j, o, c)) */
json_at json_first(const struct json *json, json_at parent);
json_at json_after(const struct json *json, json_at parent, json_at child);
/* The string unescaped: borrowed from the text where there is no escape, else a copy in `arena`. TEXT_NONE if not a string. */
struct text json_unescaped(const struct json *json, json_at at, struct arena *arena);
/* The raw bytes of any value, quotes included. */
struct text json_source(const struct json *json, json_at at);
/* False where it is not a number. */
bool json_number(const struct json *json, json_at at, double *out);
/* False where it is not a number that is whole and fits. */
bool json_whole(const struct json *json, json_at at, int64_t *out);
/* A number rounded half away from zero to millionths, exactly from the decimal text; false where it is none or comes to 1e9 or
 * more, either side of zero. */
bool json_micros(const struct json *json, json_at at, int64_t *out);

#endif
