/* xoshiro256**. */
#include "experiments/stats/random.h"

#include "experiments/stats/special.h"

struct random random_seeded(uint64_t seed) {
    struct random r;
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        r.s[i] = z ^ z >> 31;
    }
    return r;
}

static uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

uint64_t random_bits(struct random *r) {
    uint64_t *s = r->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double random_uniform(struct random *r) {
    return ((double)(random_bits(r) >> 12) + 0.5) * 0x1p-52;
}

double random_normal(struct random *r) {
    return normal_quantile(random_uniform(r));
}
