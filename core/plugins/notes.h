/* What parleyd and a worker tell each other beside calls, as JSON: HELLO, READY, PONG. What comes from a worker is judged. Pure:
 * knows nothing of channels or processes. */
#ifndef PARLEY_CORE_PLUGINS_NOTES_H
#define PARLEY_CORE_PLUGINS_NOTES_H

#include "core/base/buffer.h"
#include "core/base/error.h"

struct supervisor_launch { /* borrowed until `gone` */
    const char *plugin, *version, *data, *library;
    const char *libraries; /* further ones that the library may need: names with commas between */
    const unsigned char *sha256;
    int abi_major, abi_minor;
    int *library_fd; /* the release's sealed copy; filled by the first start */
};

/* HELLO: what to load from descriptor `library_fd` and where its data is. */
void note_hello(struct buffer *out, const struct supervisor_launch *launch, int library_fd);
/* READY must name what was launched. 0 and *routes is its routes as a JSON array (caller frees; NULL where there are none).
 * ERR_INVALID: it is no such note; ERR_CONFLICT: the library is another one than plugin.json says. */
int note_ready(struct text payload, const struct supervisor_launch *launch, char **routes, struct error *error);
/* PONG: its memory in bytes; what it waits for as a JSON array (caller frees; NULL where it says nothing). */
void note_pong(struct text payload, int64_t *memory, char **waits);

#endif
