/* A signed bundle as one file: a plain tar of exactly two files, NAME and NAME.minisig, so that `tar xf` and `minisign -Vm NAME`
 * are all that is needed to check one by hand. Read by a few lines of ours, so that nothing but what a trusted key has signed
 * reaches libarchive and zstd. Pure. */
#ifndef PARLEY_CORE_PLUGINS_BUNDLE_ENVELOPE_H
#define PARLEY_CORE_PLUGINS_BUNDLE_ENVELOPE_H

#include "core/base/buffer.h"
#include "core/base/error.h"

struct envelope {
    struct text name, bundle, signature; /* borrowed from the file */
};

/* True: it is one. False and no error: it is something else, such as a bundle that is not signed. False and ERR_INVALID: it begins as
 * one and is damaged. */
bool envelope_read(struct envelope *envelope, struct text file, struct error *error);
/* Appends one. `name` has at most 90 bytes. The same parts give the same bytes. */
void envelope_write(struct buffer *out, const struct envelope *envelope);

#endif
