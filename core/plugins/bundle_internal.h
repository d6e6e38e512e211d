/* Shared by bundle.c, bundle_folder.c and bundle_archive.c alone. */
#ifndef PARLEY_CORE_PLUGINS_BUNDLE_INTERNAL_H
#define PARLEY_CORE_PLUGINS_BUNDLE_INTERNAL_H

#include "core/plugins/bundle.h"

/* Checks name, count and size, and gives room for `size` bytes, which the caller fills. NULL and `error` when refused. */
char *bundle_add(struct bundle *bundle, struct text name, int64_t size, struct error *error);
/* After the last file: manifest, hashes, library, digest. On failure the bundle is freed. */
int bundle_check(struct bundle *bundle, struct error *error);

#endif
