/* Secret keys as files that minisign reads and writes: plain, or encrypted with a password by scrypt. For the command line:
 * parleyd never holds one. Pure; any thread; secret_init first. */
#ifndef PARLEY_CORE_PLUGINS_SECRET_KEY_H
#define PARLEY_CORE_PLUGINS_SECRET_KEY_H

#include "core/plugins/signature.h"

/* What trying one password costs; the file says it. SECRET_KEY_COST: scrypt with N = 2^17, r = 8, p = 1: 128 MiB, as OWASP
 * ("Password Storage Cheat Sheet", 2023) asks for. */
struct secret_key_cost {
    uint64_t operations, memory;
};
#define SECRET_KEY_COST ((struct secret_key_cost){4 << 20, 128 << 20})

void secret_key_new(struct secret_key *key, struct public_key *its_public);
void secret_key_public(const struct secret_key *key, struct public_key *out);

/* Both lines of the file. TEXT_NONE: not encrypted. ERR_NO_MEMORY. */
int secret_key_write(const struct secret_key *key, struct text password, struct secret_key_cost cost,
                     struct buffer *out, struct error *error);
/* 0; ERR_UNAUTHENTICATED: it is encrypted and this is not its password (TEXT_NONE: none was given); ERR_INVALID: no such
 * file; ERR_NO_MEMORY. */
int secret_key_read(struct secret_key *key, struct text file, struct text password, struct error *error);

#endif
