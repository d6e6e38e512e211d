/* What schema.c (understanding), schema_check.c (checking) and the files beside them share. */
#ifndef PARLEY_CORE_BASE_SCHEMA_INTERNAL_H
#define PARLEY_CORE_BASE_SCHEMA_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

#include "core/base/map.h"
#include "core/base/schema.h"

struct schema {
    _Atomic int32_t references;
    json_t *root;
    struct map patterns; /* text of a regular expression -> pcre2_code; its keys are the root's strings */
    struct map anchors;  /* "$anchor" -> json_t */
    bool marks;          /* has unevaluatedProperties or unevaluatedItems: what was looked at is to be remembered */
};

/* Where in a document we are: a chain on the stack up to the root, which has the whole pointer to it in `name`. */
struct place {
    const struct place *up;
    const char *name; /* a member; NULL for an element */
    size_t index;
};
#define PLACE_MEMBER(parent, member) (&(struct place){.up = (parent), .name = (member)})
#define PLACE_ELEMENT(parent, i)     (&(struct place){.up = (parent), .index = (i)})
/* The JSON pointer to it. Caller frees. */
char *schema_pointer(const struct place *place);
/* Notes a fault there: error_at with the place's pointer. */
void schema_fault(struct error *error, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What "#", "#/$defs/a" and "#anchor" refer to; NULL where there is nothing. */
const json_t *schema_target(const struct schema *schema, struct text ref);
/* Checks against a part of the document. */
int schema_check_part(const struct schema *schema, const json_t *part, const json_t *value, const struct place *place,
                      struct error *error);

/* schema_with_defaults for a part of the document; NULL where its defaults call for more and more defaults. */
json_t *schema_fill(const struct schema *schema, const json_t *part, const json_t *value);

/* Compiles a regular expression as ECMA-262 means it, as far as PCRE2 does. NULL and a sentence. */
pcre2_code *schema_regex(struct text pattern, char *why, size_t room);
/* 1: matches, 0: does not, -1: too costly to tell. */
int schema_matches(const pcre2_code *pattern, struct text subject);

/* Whether there is such a format here; the names of all. */
bool schema_format_known(struct text name);
extern const char schema_format_names[];
bool schema_format_fits(struct text name, struct text value);

#endif
