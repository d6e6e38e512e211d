/* What scanning leaves for reading: the sorted names of large objects. */
#ifndef PARLEY_CORE_BASE_JSON_INTERNAL_H
#define PARLEY_CORE_BASE_JSON_INTERNAL_H

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

#endif
