/* Only in builds under ThreadSanitizer. Criterion's processes share an arena that it maps at a random address, of which
 * ThreadSanitizer allows one in forty (Criterion issue 274). The address is 0x200000000000 + rand_r() * 2^24; this rand_r
 * is taken for libc's and keeps it between 0x566000000000 and 0x567000000000, which is allowed and behind any program. */
#include <stdlib.h>

int rand_r(unsigned *seed) {
    *seed = *seed * 1103515245 + 12345;
    return (int)(0x366000 | (*seed >> 16 & 0xFFF));
}
