#include "api/languages.h"

/* "0.8" in thousandths, as qvalue has it: 0 or 1 and up to three digits; -1 where it is none. */
static int thousandths(struct text q) {
    if (q.n == 0 || q.n > 5 || (q.at[0] != '0' && q.at[0] != '1') || (q.n > 1 && q.at[1] != '.')) return -1;
    int value = (q.at[0] - '0') * 1000;
    for (size_t i = 2, unit = 100; i < q.n; i++, unit /= 10) {
        if (q.at[i] < '0' || q.at[i] > '9') return -1;
        value += (q.at[i] - '0') * (int)unit;
    }
    return value <= 1000 ? value : -1;
}

/* Of "de-AT;q=0.8": 800; 1000 where no weight is said; -1 where it cannot be read. */
static int weight_of(struct text parameters) {
    struct text p = text_trim(parameters);
    if (p.n == 0) return 1000;
    if (p.n < 2 || (p.at[0] | 0x20) != 'q' || p.at[1] != '=') return -1;
    return thousandths(text_n(p.at + 2, p.n - 2));
}

size_t languages_best(struct text accepted, const char *const *offered, size_t n) {
    size_t best = 0;
    int most = 0;
    while (accepted.n) {
        struct text range, tag, parameters, primary, region;
        text_cut(accepted, ',', &range, &accepted);
        text_cut(range, ';', &tag, &parameters);
        text_cut(text_trim(tag), '-', &primary, &region);
        int weight = weight_of(parameters);
        for (size_t i = 0; i < n && weight > most; i++)
            if (text_eq_nocase(primary, text_of(offered[i])) || (i == 0 && text_is(primary, "*")))
                best = i, most = weight;
    }
    return best;
}
