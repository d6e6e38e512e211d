/* Words of a text without case, accents and punctuation, for finding and for telling repeats. Latin, Greek and Cyrillic are folded;
 * Chinese and Japanese have no blanks, so each character is a word. Knows nothing of tables. */
#include "plugins/qa/qa.h"

/* U+00C0 to U+017F: Latin-1 Supplement's letters and Latin Extended-A. A blank is no letter; digits are two letters each. */
static const char latin[] = "aaaaaa1ceeeeiiiidnooooo ouuuuy43aaaaaa1ceeeeiiiidnooooo ouuuuy4y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii55jjkkkllllllllllnnnnnnnnnoooooo"
                            "22rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char *const pairs[] = {"ae", "oe", "ss", "th", "ij"};
_Static_assert(sizeof latin == 0x180 - 0xC0 + 1, "one letter for each code point");

/* The first code point of valid UTF-8, and its length. */
static uint32_t decode(parley_text text, size_t *n) {
    const unsigned char *s = (const unsigned char *)text.at;
    *n = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (*n > text.n) *n = text.n;
    static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = s[0] & first[*n];
    for (size_t i = 1; i < *n; i++) code = code << 6 | (s[i] & 0x3F);
    return code;
}

static size_t encode(uint32_t code, char *out) {
    if (code < 0x80) return out[0] = (char)code, 1;
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | code);
    return n;
}

static bool between(uint32_t code, uint32_t least, uint32_t most) {
    return code >= least && code <= most;
}

/* Part of the word without a sound of its own: apostrophes, combining accents, joiners. */
static bool is_silent(uint32_t code) {
    return code == '\'' || code == 0x2019 || code == 0x2BC || between(code, 0x300, 0x36F) ||
           between(code, 0x200B, 0x200D) || between(code, 0xFE00, 0xFE0F) || code == 0xAD;
}

static uint32_t fold_greek(uint32_t code) {
    static const struct {
        uint16_t from, to;
    } accents[] = {{0x3AC, 0x3B1}, {0x3AD, 0x3B5}, {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3CC, 0x3BF}, {0x3CD, 0x3C5},
                   {0x3CE, 0x3C9}, {0x386, 0x3B1}, {0x388, 0x3B5}, {0x389, 0x3B7}, {0x38A, 0x3B9}, {0x38C, 0x3BF},
                   {0x38E, 0x3C5}, {0x38F, 0x3C9}, {0x3CA, 0x3B9}, {0x3CB, 0x3C5}, {0x390, 0x3B9}, {0x3B0, 0x3C5},
                   {0x3AA, 0x3B9}, {0x3AB, 0x3C5}, {0x3C2, 0x3C3}};
    for (size_t i = 0; i < sizeof accents / sizeof *accents; i++)
        if (accents[i].from == code) return accents[i].to;
    return between(code, 0x391, 0x3A9) ? code + 0x20 : code;
}

static uint32_t fold_cyrillic(uint32_t code) {
    if (between(code, 0x410, 0x42F)) code += 0x20;
    if (between(code, 0x400, 0x40F)) code += 0x50;
    return code == 0x451 ? 0x435 : code; /* as most people type it */
}

static bool is_ideograph(uint32_t code) {
    return between(code, 0x3040, 0x30FF) || between(code, 0x3400, 0x9FFF) || between(code, 0x20000, 0x3134F);
}

static bool is_mark(uint32_t code) {
    return code < 0xC0 || between(code, 0x2000, 0x2BFF) || between(code, 0x3000, 0x303F) ||
           between(code, 0xFE10, 0xFE6F) || between(code, 0xFF00, 0xFFFF) || between(code, 0xE000, 0xF8FF) ||
           between(code, 0x1F000, 0x1FAFF);
}

/* What a code point adds to a word, in `out` (8 bytes); 0 bytes where it ends one. */
static size_t fold(uint32_t code, char *out) {
    if (between(code, 0xFF10, 0xFF5A)) code -= 0xFEE0; /* full width */
    if (between(code, 'A', 'Z')) code += 'a' - 'A';
    if (between(code, 'a', 'z') || between(code, '0', '9')) return out[0] = (char)code, 1;
    if (between(code, 0xC0, 0x17F)) {
        unsigned char letter = (unsigned char)latin[code - 0xC0];
        if (letter == ' ') return 0;
        if (letter < '1' || letter > '5') return out[0] = (char)letter, 1;
        __builtin_memcpy(out, pairs[letter - '1'], 2);
        return 2;
    }
    if (is_mark(code)) return 0;
    if (between(code, 0x1E00, 0x1EFF)) code |= 1; /* the small one of each pair */
    return encode(between(code, 0x400, 0x42F) || code == 0x451 ? fold_cyrillic(code) : fold_greek(code), out);
}

bool words_next(struct words *words) {
    words->n = 0;
    while (words->rest.n) {
        size_t n, folded;
        char letters[8];
        uint32_t code = decode(words->rest, &n);
        bool alone = is_ideograph(code);
        if (alone && words->n) return true;
        words->rest = (parley_text){words->rest.at + n, words->rest.n - n};
        if (is_silent(code)) continue;
        folded = fold(code, letters);
        if (!folded && words->n) return true;
        if (words->n + folded <= WORD_MOST) {
            __builtin_memcpy(words->word + words->n, letters, folded);
            words->n += folded;
        }
        if (alone) return true;
    }
    return words->n > 0;
}

parley_text words_same(parley_call *c, parley_text text) {
    char *all = parley->alloc(c, 2 * text.n + 1);
    size_t n = 0;
    for (struct words words = {.rest = text}; words_next(&words);) {
        if (n) all[n++] = ' ';
        __builtin_memcpy(all + n, words.word, words.n);
        n += words.n;
    }
    return (parley_text){all, n};
}

/* By its first letters a word is found in its other forms too: "handle", "handles"; "washable", "washing". */
parley_text words_stem(const struct words *words) {
    size_t n = 0;
    for (int letters = 0; n < words->n && letters <= STEM; n++)
        if (((unsigned char)words->word[n] & 0xC0) != 0x80 && ++letters > STEM) break;
    return (parley_text){words->word, n};
}
