#include "core/plugins/tally.h"

#include <stdio.h>

void tally_add(struct tally *tally, const struct tally_limits *limits, bool failed, double ms) {
    tally->calls++;
    tally->failed += failed;
    tally->slow += ms > limits->slow;
}

bool tally_fair(const struct tally *tally, const struct tally_limits *limits, char *why, size_t room) {
    if (tally->calls < limits->least) return true;
    if (tally->failed * 100 > tally->calls * limits->errors) {
        snprintf(why, room, "%lld of %lld calls failed (%lld %%, allowed are %d %%)", (long long)tally->failed,
                 (long long)tally->calls, (long long)(tally->failed * 100 / tally->calls), limits->errors);
        return false;
    }
    if (tally->slow * 2 > tally->calls) {
        snprintf(why, room, "%lld of %lld calls took longer than %d ms", (long long)tally->slow,
                 (long long)tally->calls, limits->slow);
        return false;
    }
    return true;
}
