#include "core/base/unit.h"

#define XXH_INLINE_ALL /* a dozen bytes: the call would cost as much as the hash */
#include <xxhash.h>

struct unit_id unit_of(struct text unit) {
    XXH128_hash_t hash = XXH3_128bits(unit.n ? unit.at : "", unit.n);
    return (struct unit_id){hash.low64, hash.high64};
}
