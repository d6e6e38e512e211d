#include "core/base/unit.h"

#include <xxhash.h>

struct unit_id unit_of(struct text unit) {
    XXH128_hash_t hash = XXH3_128bits(unit.n ? unit.at : "", unit.n);
    return (struct unit_id){hash.low64, hash.high64};
}
