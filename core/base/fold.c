#include "core/base/fold.h"

#include <locale.h>
#include <wctype.h>

static wint_t decode(const char *at, size_t n) {
    const unsigned char *b = (const unsigned char *)at;
    if (n == 2) return (wint_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
    if (n == 3) return (wint_t)(b[0] & 0x0f) << 12 | (wint_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    return (wint_t)(b[0] & 0x07) << 18 | (wint_t)(b[1] & 0x3f) << 12 | (wint_t)(b[2] & 0x3f) << 6 | (b[3] & 0x3f);
}

static size_t encode(char *out, wint_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00 >> n & 0xf0) | c);
    return n;
}

struct text text_fold(struct text text, struct arena *arena) {
    char *out = arena_alloc(arena, 2 * text.n + 1); /* a lower-case letter may be longer by a byte */
    locale_t unicode = (locale_t)0;
    size_t n = 0;
    for (size_t i = 0, step; i < text.n; i += step) {
        char c = text.at[i];
        step = text_utf8_length(text.at + i, text.n - i);
        if (step > 1 && !unicode) unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        if (step > 1 && unicode) {
            n += encode(out + n, towlower_l(decode(text.at + i, step), unicode));
        } else {
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
            step = 1;
        }
    }
    if (unicode) freelocale(unicode);
    out[n] = 0;
    return text_n(out, n);
}
