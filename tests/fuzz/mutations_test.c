/* Every fuzzer also runs here: over its corpus, and over mutations of it that are the same each time. Fuzzers abort where
 * something does not hold, which fails the test. `./dev fuzz` looks further, guided by coverage. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAX_SEEDS = 64, MAX_BYTES = 4096 };

static struct buffer seeds[MAX_SEEDS];
static size_t seeds_n;
static uint64_t state = 42;

static void load_seed(const char *name) {
    char path[512];
    snprintf(path, sizeof path, CORPUS "/%s", name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    struct buffer *seed = &seeds[seeds_n++];
    seed->n = fread(buffer_reserve(seed, MAX_BYTES), 1, MAX_BYTES, file);
    fclose(file);
}

/* Sorted by name, for folders have no order and runs shall be equal. */
static void load_seeds(void) {
    struct dirent **entries;
    int n = scandir(CORPUS, &entries, NULL, alphasort);
    cr_assert_gt(n, 2, "%s", CORPUS);
    for (int i = 0; i < n && seeds_n < MAX_SEEDS; i++) {
        if (entries[i]->d_name[0] != '.') load_seed(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}
TestSuite(mutations, .init = load_seeds);

static size_t below(size_t n) { /* splitmix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return n ? (size_t)((z ^ z >> 31) % n) : 0;
}

static void replace(struct buffer *b, size_t from, size_t drop, struct text with) {
    struct buffer out = {0};
    buffer_put(&out, b->at, from);
    buffer_text(&out, with);
    buffer_put(&out, b->at + from + drop, b->n - from - drop);
    buffer_free(b);
    *b = out;
}

static void mutate(struct buffer *b) {
    static const struct text pieces[] = {
        TEXT("\""),
        TEXT("\\"),
        TEXT("\\u"),
        TEXT("\\u0000"),
        TEXT("\\ud83d"),
        TEXT("\\ude00"),
        TEXT("\0"),
        TEXT("{"),
        TEXT("}"),
        TEXT("["),
        TEXT("]"),
        TEXT(","),
        TEXT(":"),
        TEXT(" "),
        TEXT("1e309"),
        TEXT("1e-400"),
        TEXT("-0"),
        TEXT("0"),
        TEXT("."),
        TEXT("e+"),
        TEXT("null"),
        TEXT("true"),
        TEXT("\xC3"),
        TEXT("\xC3\xA9"),
        TEXT("\xED\xA0\x80"),
        TEXT("\xF0\x9F\x98\x80"),
        TEXT("\xFF\xFF\xFF\xFF"),
        TEXT("\"a\":1,"),
        TEXT("\"\\u0061\":1,"),
        TEXT("123456789012345678901234567890"),
    };
    size_t at = below(b->n + 1), left = b->n - at, run = below(left < 16 ? left + 1 : 16);
    struct buffer *other = &seeds[below(seeds_n)];
    char byte = (char)below(256);
    switch (below(5)) {
    case 0: replace(b, at, left ? 1 : 0, text_n(&byte, 1)); break;
    case 1: replace(b, at, run, TEXT_NONE); break;
    case 2: replace(b, at, below(2) ? run : 0, pieces[below(sizeof pieces / sizeof *pieces)]); break;
    case 3: replace(b, below(b->n + 1), 0, text_n(b->at + at, run)); break;
    default: replace(b, at, run, text_n(other->at, below(other->n + 1)));
    }
}

/* In memory of exactly its size, so that AddressSanitizer sees a read beyond it. */
static void run(const struct buffer *b) {
    uint8_t *copy = calloc(b->n ? b->n : 1, 1);
    if (b->n) memcpy(copy, b->at, b->n);
    LLVMFuzzerTestOneInput(copy, b->n);
    free(copy);
}

Test(mutations, of_the_corpus_find_nothing) {
    for (size_t i = 0; i < seeds_n; i++) run(&seeds[i]);
    for (int i = 0; i < MUTATIONS; i++) {
        struct buffer b = {0};
        const struct buffer *seed = &seeds[below(seeds_n)];
        buffer_put(&b, seed->at, seed->n);
        for (size_t times = 1 + below(4); times > 0; times--) mutate(&b);
        run(&b);
        buffer_free(&b);
    }
}

Test(mutations, of_nothing_find_nothing) {
    struct buffer none = {0};
    run(&none);
}
