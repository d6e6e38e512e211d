/* What parleyd and a worker tell each other beside calls, as JSON: HELLO, READY, PONG. What comes from a worker is judged. Pure:
 * knows nothing of channels or processes. */
#ifndef PARLEY_CORE_PLUGINS_NOTES_H
#define PARLEY_CORE_PLUGINS_NOTES_H

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/plugins/worker_sandbox.h"

struct supervisor_launch { /* borrowed until `gone` */
    const char *plugin, *version, *data, *library;
    const char *libraries; /* further ones that the library may need: names with commas between */
    const char *settings;  /* the plugin's configuration: JSON, defaults filled in. Never logged or shown */
    const char *secret;    /* the plugin's, for parley->hmac(); NULL: none. Never logged or shown */
    const unsigned char *sha256;
    int abi_major, abi_minor;
    int *library_fd; /* the release's sealed copy; filled by the first start */
    struct sandbox_policy sandbox;
};

/* HELLO: what to load from descriptor `library_fd` and where its data is. */
void note_hello(struct buffer *out, const struct supervisor_launch *launch, int library_fd);
struct ready {
    char *routes;      /* JSON array; NULL where there are none */
    char *sandbox;     /* JSON object: what is in force; NULL where it does not say */
    char **subscribes; /* names of events */
    size_t subscribes_n;
    int64_t position; /* of the journal, that its database includes; -1: none */
};
/* READY must name what was launched. 0 and *ready, which ready_free frees (zero is fine). ERR_INVALID: it is no such note;
 * ERR_CONFLICT: the library is another one than plugin.json says. */
int note_ready(struct text payload, const struct supervisor_launch *launch, struct ready *ready, struct error *error);
void ready_free(struct ready *ready);
/* PONG: its memory in bytes; what it waits for as a JSON array (caller frees; NULL where it says nothing). */
void note_pong(struct text payload, int64_t *memory, char **waits);
/* HELD: for how many ms. */
int64_t note_held(struct text payload);

#endif
