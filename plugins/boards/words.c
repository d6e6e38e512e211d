/* The words of a text, so that boards can be found: cut at everything that is no letter or digit, in lower case and without
 * accents for the Latin, Greek and Cyrillic scripts; other scripts as they are. Knows nothing of boards but two numbers. */
#include "plugins/boards/boards.h"

/* The code point at *at, which moves on; a broken byte stands for itself. */
static uint32_t next_point(parley_text text, size_t *at) {
    unsigned char lead = (unsigned char)text.at[(*at)++];
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (; more > 0 && *at < text.n && ((unsigned char)text.at[*at] & 0xC0) == 0x80; more--)
        point = point << 6 | ((unsigned char)text.at[(*at)++] & 0x3F);
    return point;
}

enum { SEPARATOR = 0, DROPPED = 1 };

/* The letter that a code point is searched as; SEPARATOR between words; DROPPED for an accent on the letter before. */
static uint32_t fold(uint32_t point) {
    static const char latin[] = /* U+00C0 to U+017F */
        "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
        "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    if (point >= 'A' && point <= 'Z') return point + 32;
    if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) return point;
    if (point < 0xC0) return SEPARATOR;
    if (point < 0x180) return latin[point - 0xC0] == ' ' ? SEPARATOR : (uint32_t)latin[point - 0xC0];
    if (point >= 0x300 && point < 0x370) return DROPPED;
    if ((point >= 0x391 && point <= 0x3A9) || (point >= 0x410 && point <= 0x42F)) return point + 0x20;
    if (point >= 0x400 && point <= 0x40F) return point + 0x50;
    if ((point >= 0x2000 && point < 0x2070) || (point >= 0x3000 && point < 0x3040) || point == 0xFEFF) return SEPARATOR;
    return point;
}

static size_t put_point(char *out, uint32_t point) {
    if (point < 0x80) return out[0] = (char)point, 1;
    if (point < 0x800) return out[0] = (char)(0xC0 | point >> 6), out[1] = (char)(0x80 | (point & 0x3F)), 2;
    size_t n = 0;
    if (point >= 0x10000) out[n++] = (char)(0xF0 | point >> 18);
    out[n] = (char)(point >= 0x10000 ? 0x80 | (point >> 12 & 0x3F) : 0xE0 | point >> 12);
    out[n + 1] = (char)(0x80 | (point >> 6 & 0x3F));
    out[n + 2] = (char)(0x80 | (point & 0x3F));
    return n + 3;
}

parley_text word_next(parley_call *c, parley_text *text) {
    char *word = parley->alloc(c, WORD_MOST);
    size_t n = 0, at = 0;
    while (at < text->n) {
        uint32_t letter = fold(next_point(*text, &at));
        if (letter == SEPARATOR && n > 0) break;
        if (letter != SEPARATOR && letter != DROPPED && n + 4 <= WORD_MOST) n += put_point(word + n, letter);
    }
    *text = (parley_text){text->at + at, text->n - at};
    return n > 0 ? (parley_text){word, n} : (parley_text){0};
}

int words_put(parley_call *c, int64_t board, int64_t item, const parley_text *texts, size_t n) {
    int room = WORDS_MOST;
    for (size_t i = 0; i < n; i++) {
        parley_text rest = texts[i], word;
        while (room-- > 0 && (word = word_next(c, &rest)).at) {
            int rc = parley_sql(c,
                                "INSERT INTO word (word, board, item) VALUES ($1, $2, $3)"
                                " ON CONFLICT (word, board, item) DO NOTHING",
                                word, board, item);
            if (rc < 0) return rc;
        }
    }
    return 0;
}

int words_drop(parley_call *c, int64_t board, int64_t item) {
    return parley_sql(c, "DELETE FROM word WHERE board = $1 AND item = $2", board, item);
}
