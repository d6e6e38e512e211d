/* Whose bundles may run here: the operator's trusted keys, those that were revoked, and which libraries plugins may load. It
 * opens what was uploaded: nothing is read of it before a trusted key's signature holds. Reads key files; not for a loop's
 * thread. */
#ifndef PARLEY_CORE_PLUGINS_TRUST_H
#define PARLEY_CORE_PLUGINS_TRUST_H

#include "core/plugins/bundle.h"
#include "core/plugins/signature.h"

struct trust_options {
    const char *keys;      /* a file of public keys, or a folder of such files (*.pub); "" or NULL: no key is trusted */
    const char *revoked;   /* a file: a key's id, or the key itself, at the front of each line; "" or NULL: none is */
    const char *libraries; /* further libraries that plugins may need: names with commas between; "" or NULL: none */
    enum trust_unsigned { UNSIGNED_REFUSED, UNSIGNED_TAKEN /* for development */ } unsigned_bundles;
};

struct trust {
    struct trust_options options; /* borrowed */
    struct public_key *keys;
    size_t n;
    unsigned char (*revoked)[KEY_ID];
    size_t n_revoked;
};

/* ERR_INVALID or ERR_IO with a sentence that names file and line; then there is nothing to free. */
int trust_load(struct trust *trust, const struct trust_options *options, struct error *error);
void trust_free(struct trust *trust);

/* Where a release came from; remembered with it. */
struct origin {
    enum origin_kind {
        ORIGIN_UNSIGNED,
        ORIGIN_SIGNED,
        ORIGIN_BUNDLED, /* with Parley itself: whoever may write there may as well replace parleyd */
    } kind;
    char key[KEY_ID_TEXT]; /* of what is signed; else "" */
    int64_t sequence;      /* 0: none */
};

/* "signed", "unsigned", "bundled" and back; ORIGIN_UNSIGNED for any other word. */
const char *origin_name(enum origin_kind kind);
enum origin_kind origin_of_name(const char *name);

/* A file as it was uploaded: a signed bundle (bundle_envelope.h), or an unsigned one where those are taken. The signature must be a trusted
 * key's, its trusted comment must be the one of trust_claim, and the library must need nothing that is not allowed. 0, and the
 * caller frees *bundle; ERR_UNTRUSTED: unsigned, unknown or revoked key; else as bundle_read. */
int trust_open(const struct trust *trust, struct text file, struct bundle *bundle, struct origin *origin,
               struct error *error);
/* The same for a folder (unsigned) or a file. */
int trust_open_path(const struct trust *trust, const char *path, struct bundle *bundle, struct origin *origin,
                    struct error *error);
/* Whether a release of that origin may run now: 0 or ERR_UNTRUSTED. */
int trust_origin(const struct trust *trust, const struct origin *origin, struct error *error);
/* Whether the bundle's library needs allowed libraries alone: 0 or ERR_INVALID. */
int trust_library(const struct trust *trust, const struct bundle *bundle, struct error *error);
/* What comes with Parley is trusted because of where it lies: `folder`, all in it and the folder that it lies in must belong to root, to parleyd's user or to
 * the owner of the program, and not be writable by everybody. 0 or ERR_UNTRUSTED. */
int trust_folder(const char *folder, struct error *error);

/* What a release's trusted comment begins with: "plugin:polls version:1.3.0 abi:1.0 sequence:7". */
void trust_claim(const struct manifest *manifest, struct buffer *out);

#endif
