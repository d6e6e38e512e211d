/* What scanning leaves for reading: the sorted names of large objects; and what reading and writing both walk over. */
#ifndef PARLEY_CORE_BASE_JSON_INTERNAL_H
#define PARLEY_CORE_BASE_JSON_INTERNAL_H

#include <endian.h>
#include <string.h>

#include "core/base/json.h"

/* Objects of more members than this have an index; the members of smaller ones are walked over. */
enum { JSON_FEW_KEYS = 32 };

struct json_key {
    struct text name; /* unescaped */
    json_at token;
};

/* One large object's. The document's own, if it is large, is the first: it ends last. */
struct json_index {
    const struct json_index *next;
    json_at object;
    const struct json_key *keys; /* by name; as many as the object has members */
};

/* To the first byte that is not printable ASCII, a quote or a backslash; eight bytes at a time. A byte of `special` has its
 * high bit set where it is one of these; carries can only spoil bytes behind the first such. */
static inline const char *json_skip_plain(const char *at, const char *end) {
    const uint64_t ones = 0x0101010101010101u, highs = ones * 0x80;
    for (; end - at >= 8; at += 8) {
        uint64_t w;
        memcpy(&w, at, 8);
        w = le64toh(w);
        uint64_t special = (w | (w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones)) & highs;
        if (special) return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && *at >= ' ' && *at != '"' && *at != '\\' && !(*at & 0x80)) at++;
    return at;
}

#endif
