/* plugin.json: what a bundle says about itself, checked. Knows nothing of where it came from.
 *
 * { "name": "polls", "version": "1.0.0", "abi": [1, 2], "title": "Polls", "description": "...",
 *   "library": "polls.so", "sequence": 7, "web": "web/polls.js", "element": "parley-poll", "settings": {JSON Schema},
 *   "configuration": {JSON Schema},
 *   "social": true, "metrics": [{"key": "poll-vote-rate", ...}], "hooks": ["X-Signature"], "sha256": {"polls.so": "hex", ...} }
 *
 * name, version, abi and library must be there; `sequence`, which what is signed must have, grows with each release; `sha256`,
 * where it is, must list every other file of the bundle. */
#ifndef PARLEY_CORE_PLUGINS_MANIFEST_H
#define PARLEY_CORE_PLUGINS_MANIFEST_H

#include <jansson.h>

#include "core/base/schema.h"

enum {
    MANIFEST_MAX = 256 << 10,
    MANIFEST_ABI_MAJOR = 1,
    MANIFEST_ABI_MINOR_MOST = 9999,
    MANIFEST_METRICS = 20,
    MANIFEST_HEADERS = 16
};
#define MANIFEST_SEQUENCE_MOST (INT64_C(1) << 53)

/* All strings live as long as `root`. */
struct manifest {
    json_t *root;
    const char *name, *version, *library;
    const char *title, *description; /* "" where there is none */
    const char *web;                 /* the entry module's file; NULL where there is none */
    const char *element;             /* the custom element that it defines; NULL where there is none */
    int abi_major, abi_minor;
    int64_t sequence;          /* from 1 to 2^53; 0 where there is none */
    json_t *settings, *sha256; /* borrowed from root; NULL where there is none */
    json_t *configuration;     /* of the plugin as a whole, as `settings` are of a variant */
    json_t *metrics;           /* definitions, each with a key of its own; what they mean is for others to judge */
    bool social;               /* shoppers meet in it: what one is shown, another makes */
    json_t *hooks;             /* it takes webhooks, with these headers; NULL: it takes none */
    struct schema *schema,
        *configuration_schema; /* `settings` and `configuration`, understood; NULL where there is none */
};

/* Reads and checks it. 0, or ERR_INVALID with a sentence and the places. Any thread. */
int manifest_read(struct manifest *manifest, struct text json, struct error *error);
void manifest_free(struct manifest *manifest);

/* A version: digits.digits.digits, then perhaps "-" or "+" and [A-Za-z0-9.+-]; at most 64 bytes. */
bool manifest_version_valid(struct text version);
/* A file's name inside a bundle: relative, no empty, "." or ".." part, [A-Za-z0-9._/-] alone, at most 200 bytes. */
bool manifest_file_valid(struct text name);

#endif
