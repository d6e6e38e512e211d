/* Writes JSON into a buffer: commas and escapes are its affair, so that hot answers need no tree. The one escaper for
 * all JSON that Parley sends. Strings must be UTF-8; what is not becomes U+FFFD. One thread at a time. */
#ifndef PARLEY_CORE_BASE_JSON_WRITE_H
#define PARLEY_CORE_BASE_JSON_WRITE_H

#include "core/base/buffer.h"

enum { JSON_WRITE_DEPTH = 64 };

struct json_writer {
    struct buffer *out; /* borrowed */
    int depth;
    uint64_t filled; /* bit d: something was written at depth d, so a comma is due */
    bool after_key;
};

void json_writer_init(struct json_writer *w, struct buffer *out);
void json_open_object(struct json_writer *w);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w);
void json_close_array(struct json_writer *w);
void json_key(struct json_writer *w, struct text key);
void json_name(struct json_writer *w, struct text key); /* a key as it is written: quotes, colon and all */
void json_text(struct json_writer *w, struct text value);
void json_int(struct json_writer *w, int64_t value);
/* The shortest of %.15g, %.16g, %.17g that reads back to the same double; null for NaN and infinities. */
void json_double(struct json_writer *w, double value);
void json_bool(struct json_writer *w, bool value);
void json_nil(struct json_writer *w); /* null; jansson has a json_null */
/* A value that is JSON already (from the scanner, from the store); it is copied as it is. */
void json_raw(struct json_writer *w, struct text value);

/* "key":value in one call, for keys that are literals without anything to escape. */
#define JSON_NAME(key)                 TEXT("\"" key "\":")
#define json_put_text(w, key, value)   (json_name((w), JSON_NAME(key)), json_text((w), (value)))
#define json_put_int(w, key, value)    (json_name((w), JSON_NAME(key)), json_int((w), (value)))
#define json_put_double(w, key, value) (json_name((w), JSON_NAME(key)), json_double((w), (value)))
#define json_put_bool(w, key, value)   (json_name((w), JSON_NAME(key)), json_bool((w), (value)))
#define json_put_null(w, key)          (json_name((w), JSON_NAME(key)), json_nil(w))
#define json_put_raw(w, key, value)    (json_name((w), JSON_NAME(key)), json_raw((w), (value)))
#define json_put_time(w, key, ms)      (json_name((w), JSON_NAME(key)), json_time((w), (ms)))
/* Milliseconds since 1970 as "2026-12-01T08:00:00.000Z"; 0 or less than 0 is written too (years before 1970). */
void json_time(struct json_writer *w, int64_t ms);

/* The escaper alone: `value` between quotes. */
void json_escape(struct buffer *out, struct text value);

#endif
