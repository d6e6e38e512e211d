#include "programs/parley/millionths.h"

#include <stdio.h>

#include "core/base/number.h"

bool millionths_parse(struct text number, int64_t *out) {
    bool exact;
    return number_scaled(number, 6, out, &exact);
}

size_t millionths_print(char out[static MILLIONTHS_ROOM], int64_t millionths) {
    uint64_t size = millionths < 0 ? -(uint64_t)millionths : (uint64_t)millionths;
    int n = snprintf(out, MILLIONTHS_ROOM, "%s%llu.%06llu", millionths < 0 ? "-" : "",
                     (unsigned long long)(size / 1000000), (unsigned long long)(size % 1000000));
    while (out[n - 1] == '0') n--;
    if (out[n - 1] == '.') n--;
    out[n] = '\0';
    return (size_t)n;
}

struct text millionths_grouped(struct arena *arena, int64_t millionths) {
    char number[MILLIONTHS_ROOM];
    size_t n = millionths_print(number, millionths);
    return number_grouped(arena, text_n(number, n));
}

void millionths_json(struct json_writer *w, struct text key, int64_t millionths) {
    char number[MILLIONTHS_ROOM];
    size_t n = millionths_print(number, millionths);
    json_key(w, key);
    json_raw(w, text_n(number, n));
}

struct text number_grouped(struct arena *arena, struct text number) {
    struct text whole, fraction, grouped = TEXT("");
    bool negative = number.n && number.at[0] == '-';
    if (negative) number = text_n(number.at + 1, number.n - 1);
    bool has_fraction = text_cut(number, '.', &whole, &fraction);
    size_t first = whole.n % 3 ? whole.n % 3 : 3;
    for (size_t at = 0; at < whole.n; at += at ? 3 : first)
        grouped = arena_printf(arena, "%.*s%s%.*s", TEXT_ARGS(grouped), at ? "," : "",
                               (int)(at                ? 3
                                     : first < whole.n ? first
                                                       : whole.n),
                               whole.at + at);
    return arena_printf(arena, "%s%.*s%s%.*s", negative ? "-" : "", TEXT_ARGS(grouped), has_fraction ? "." : "",
                        TEXT_ARGS(fraction));
}
