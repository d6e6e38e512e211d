/* Signatures as minisign makes and takes them: ed25519 over a file or over its BLAKE2b-512, and a second one over the first and
 * the trusted comment. Keys and signatures are the text files that minisign reads and writes. Knows nothing of bundles, nor of
 * whom to trust. Pure; any thread; secret_init first.
 *
 * The format: https://jedisct1.github.io/minisign/#signature-format, "Signature format" and "Public key format". */
#ifndef PARLEY_CORE_PLUGINS_SIGNATURE_H
#define PARLEY_CORE_PLUGINS_SIGNATURE_H

#include "core/base/buffer.h"
#include "core/base/error.h"

enum { KEY_ID = 8, KEY_ID_TEXT = 17, SIGNATURE_BYTES = 64, SIGNATURE_COMMENT = 1024 /* most bytes of a comment */ };

struct public_key {
    unsigned char id[KEY_ID], key[32];
};

struct secret_key {
    unsigned char id[KEY_ID], key[64];
};

struct signature {
    unsigned char id[KEY_ID]; /* of the key that made it */
    bool hashed;              /* over the BLAKE2b-512 of the file ("ED"), not over the file itself ("Ed") */
    unsigned char of_file[SIGNATURE_BYTES], of_comment[SIGNATURE_BYTES];
    struct text comment; /* the trusted one; borrowed from what was read */
};

/* 16 upper-case hexadecimal digits and a NUL, as minisign prints them. */
void key_id_text(char out[static KEY_ID_TEXT], const unsigned char id[static KEY_ID]);

/* One line of base64, as in the second line of minisign.pub. ERR_INVALID. */
int public_key_read(struct public_key *key, struct text line, struct error *error);
/* Both lines of the file. */
void public_key_write(const struct public_key *key, struct buffer *out);

/* The four lines of a .minisig file. ERR_INVALID. */
int signature_read(struct signature *signature, struct text file, struct error *error);
/* Whether `key` made it, over exactly these bytes and that comment. ERR_INVALID where not. */
int signature_verify(const struct signature *signature, const struct public_key *key, struct text bytes,
                     struct error *error);
/* Appends the four lines; prehashed. The same key, bytes and comment give the same lines. `comment`: one line. */
void signature_write(struct buffer *out, const struct secret_key *key, struct text bytes, struct text comment);

#endif
