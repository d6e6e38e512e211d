#include "core/base/html.h"

static const char *entity_of(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static bool is_control(unsigned char c) {
    return c == 0x7f || (c < 0x20 && c != '\n' && c != '\t');
}

void html_escape(struct buffer *out, struct text text) {
    for (size_t i = 0; i < text.n; i++) {
        const char *entity = entity_of(text.at[i]);
        if (entity)
            buffer_cstr(out, entity);
        else
            buffer_byte(out, is_control((unsigned char)text.at[i]) ? ' ' : text.at[i]);
    }
}

bool html_link_safe(struct text address) {
    for (size_t i = 0; i < address.n; i++)
        if ((unsigned char)address.at[i] <= ' ' || address.at[i] == '\\') return false;
    if (text_starts(address, TEXT("/"))) return !text_starts(address, TEXT("//"));
    return (text_starts(address, TEXT("https://")) && address.n > 8) ||
           (text_starts(address, TEXT("http://")) && address.n > 7);
}
