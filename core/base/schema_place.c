/* Places in documents: the pointer to where something is, and what a reference leads to. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buffer.h"
#include "core/base/schema_internal.h"

static void put_pointer(struct buffer *out, const struct place *place) {
    if (!place->up) {
        buffer_cstr(out, place->name);
        return;
    }
    put_pointer(out, place->up);
    if (!place->name) {
        buffer_printf(out, "/%zu", place->index);
        return;
    }
    buffer_byte(out, '/');
    for (const char *c = place->name; *c; c++) /* RFC 6901, section 3 */
        if (*c == '~' || *c == '/')
            buffer_cstr(out, *c == '~' ? "~0" : "~1");
        else
            buffer_byte(out, *c);
}

char *schema_pointer(const struct place *place) {
    struct buffer out = {0};
    put_pointer(&out, place);
    return buffer_take(&out, NULL);
}

void schema_fault(struct error *error, const struct place *place, const char *format, ...) {
    char detail[240], *pointer = schema_pointer(place);
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    error_at(error, pointer, "%s", detail);
    free(pointer);
}

/* One step of a pointer, with its escapes and percent-escapes resolved, into `out`; false where it is too long or wrong. */
static bool step_of(struct text step, char *out, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < step.n; i++) {
        char c = step.at[i];
        unsigned byte;
        if (n + 1 == room) return false;
        if (c == '%') {
            if (i + 2 >= step.n || sscanf(step.at + i + 1, "%2x", &byte) != 1) return false;
            c = (char)byte;
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = 0;
    char *to = out;
    for (const char *from = out; *from; from++) {
        bool escape = *from == '~' && (from[1] == '0' || from[1] == '1');
        *to++ = escape ? (from[1] == '0' ? '~' : '/') : *from;
        from += escape;
    }
    *to = 0;
    return true;
}

const json_t *schema_target(const struct schema *schema, struct text ref) {
    const json_t *at = schema->root;
    char name[512];
    ref = text_n(ref.at + 1, ref.n - 1); /* '#' */
    if (ref.n && ref.at[0] != '/') return map_get(&schema->anchors, ref);
    while (ref.n && at) {
        struct text step, rest = TEXT_NONE;
        bool more = text_cut(text_n(ref.at + 1, ref.n - 1), '/', &step, &rest);
        if (!step_of(step, name, sizeof name)) return NULL;
        int64_t index;
        if (json_is_array(at))
            at = text_to_int(text_of(name), &index) && index >= 0 ? json_array_get(at, (size_t)index) : NULL;
        else
            at = json_object_get(at, name);
        ref = more ? text_n(rest.at - 1, rest.n + 1) : TEXT_NONE;
    }
    return at;
}
