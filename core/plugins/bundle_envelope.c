#include "core/plugins/bundle_envelope.h"

#include <assert.h>
#include <stdio.h>

#define SIGNATURE ".minisig"

enum { BLOCK = 512, NAME_MOST = 100 - sizeof SIGNATURE - 1 };

/* A header as POSIX.1-1988 lays it out ("ustar"): texts, numbers in octal digits. */
struct header {
    char name[100], mode[8], owner[8], group[8], size[12], modified[12], checksum[8], kind, link[100], magic[6],
        version[2], rest[247];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

static bool octal(const char *digits, size_t room, uint64_t *out) {
    size_t i = 0;
    *out = 0;
    while (i < room && digits[i] == ' ') i++;
    for (; i < room && digits[i] >= '0' && digits[i] <= '7'; i++) *out = *out << 3 | (uint64_t)(digits[i] - '0');
    return i == room || digits[i] == 0 || digits[i] == ' ';
}

/* The sum of all bytes, those of the sum itself taken for blanks. */
static unsigned sum_of(const struct header *header) {
    struct header copy = *header;
    unsigned sum = 0;
    memset(copy.checksum, ' ', sizeof copy.checksum);
    for (size_t i = 0; i < sizeof copy; i++) sum += ((unsigned char *)&copy)[i];
    return sum;
}

static size_t padded(size_t n) {
    return (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* A plain file at the front of `rest`, which is moved behind it. */
static bool take(struct text *rest, struct text *name, struct text *bytes) {
    struct header header;
    uint64_t size, sum;
    if (rest->n < BLOCK) return false;
    memcpy(&header, rest->at, BLOCK);
    if ((header.kind != '0' && header.kind != 0) || !octal(header.checksum, sizeof header.checksum, &sum) ||
        sum != sum_of(&header) || !octal(header.size, sizeof header.size, &size) || size > rest->n - BLOCK)
        return false;
    *name = text_n(rest->at, strnlen(header.name, sizeof header.name));
    *bytes = text_n(rest->at + BLOCK, (size_t)size);
    size_t used = BLOCK + padded((size_t)size);
    if (used > rest->n) used = rest->n;
    for (size_t i = BLOCK + (size_t)size; i < used; i++)
        if (rest->at[i]) return false; /* what nobody signed is nothing */
    *rest = text_n(rest->at + used, rest->n - used);
    return true;
}

static bool is_signature_of(struct text name, struct text bundle) {
    return name.n == bundle.n + sizeof SIGNATURE - 1 && text_starts(name, bundle) && text_ends(name, TEXT(SIGNATURE));
}

bool envelope_read(struct envelope *envelope, struct text file, struct error *error) {
    struct text name;
    *envelope = (struct envelope){TEXT_NONE, TEXT_NONE, TEXT_NONE};
    if (!take(&file, &envelope->name, &envelope->bundle) || !take(&file, &name, &envelope->signature) ||
        !is_signature_of(name, envelope->name))
        return false;
    for (size_t i = 0; i < file.n; i++)
        if (file.at[i]) {
            error_set(error, ERR_INVALID,
                      "a signed bundle is a tar of two files, a bundle and its .minisig; here is more");
            return false;
        }
    return true;
}

static void put(struct buffer *out, const char *name, struct text bytes) {
    struct header header = {.mode = "0000644",
                            .owner = "0000000",
                            .group = "0000000",
                            .modified = "00000000000",
                            .kind = '0',
                            .magic = "ustar",
                            .version = {'0', '0'}};
    static const char zeros[BLOCK];
    memcpy(header.name, name, strlen(name));
    snprintf(header.size, sizeof header.size, "%011o", (unsigned)bytes.n);
    snprintf(header.checksum, sizeof header.checksum, "%06o", sum_of(&header));
    header.checksum[7] = ' ';
    buffer_put(out, &header, sizeof header);
    buffer_text(out, bytes);
    buffer_put(out, zeros, padded(bytes.n) - bytes.n);
}

void envelope_write(struct buffer *out, const struct envelope *envelope) {
    static const char end[2 * BLOCK];
    char name[NAME_MOST + sizeof SIGNATURE];
    assert(envelope->name.n <= NAME_MOST && envelope->bundle.n <= UINT32_MAX);
    snprintf(name, sizeof name, "%.*s", TEXT_ARGS(envelope->name));
    put(out, name, envelope->bundle);
    snprintf(name, sizeof name, "%.*s" SIGNATURE, TEXT_ARGS(envelope->name));
    put(out, name, envelope->signature);
    buffer_put(out, end, sizeof end);
}
