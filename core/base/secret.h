/* Randomness, hashes and compares for what must not be guessed. The one source of randomness; libsodium behind it.
 * secret_init once per process before anything else. Any thread. */
#ifndef PARLEY_CORE_BASE_SECRET_H
#define PARLEY_CORE_BASE_SECRET_H

#include "core/base/text.h"

enum { SECRET_HASH_BYTES = 32, SECRET_HASH_HEX = 65, ID_ROOM = 27 };

int secret_init(void);
void secret_bytes(void *out, size_t n);
/* Ids are time-ordered: 26 digits of Crockford base32,
 * the low 50 bits of `now_ms`, then 80 random bits (the ULID layout). NUL-terminated. */
void id_new(char out[static ID_ROOM], int64_t now_ms);
/* BLAKE2b-256 of the bytes. Tokens have full entropy, so a fast hash is the right one at rest. */
void secret_hash(unsigned char out[static SECRET_HASH_BYTES], struct text t);
void secret_hash_hex(char out[static SECRET_HASH_HEX], struct text t);
/* HMAC-SHA256; `key` of any length. */
void secret_hmac(unsigned char out[static SECRET_HASH_BYTES], struct text key, struct text message);
/* The same in lower-case hex, for signed cookies and links. */
void secret_sign(char out[static SECRET_HASH_HEX], struct text key, struct text message);
/* True when equal; time depends on the lengths only. */
bool secret_equal(struct text a, struct text b);

#endif
