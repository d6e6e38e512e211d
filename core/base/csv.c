#include "core/base/csv.h"

#include <string.h>

void csv_field(struct buffer *out, struct text value) {
    bool formula = value.n && memchr("=+-@\t\r", value.at[0], 6), plain = !formula;
    for (size_t i = 0; i < value.n; i++) plain &= !memchr("\",\r\n", value.at[i], 4);
    if (!plain) buffer_byte(out, '"');
    if (formula) buffer_byte(out, '\'');
    for (size_t i = 0; i < value.n; i++) {
        if (value.at[i] == '"') buffer_byte(out, '"');
        buffer_byte(out, value.at[i]);
    }
    if (!plain) buffer_byte(out, '"');
}
