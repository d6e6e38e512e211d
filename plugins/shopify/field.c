/* Reading payloads of which nothing is certain: what is not there, or of another kind, is {NULL, 0}. */
#include "plugins/shopify/shop.h"

enum { NAME_MOST = 64 };

static parley_json nth(parley_json array, const char *digits) {
    int64_t n = 0;
    for (; *digits; digits++) n = n * 10 + (*digits - '0');
    parley_json element = parley->first(array);
    while (n-- > 0 && parley_is(element)) element = parley->after(array, element);
    return element;
}

parley_json field(parley_json object, shop_path path) {
    char name[NAME_MOST];
    if (!path) return (parley_json){0};
    while (*path && parley_is(object)) {
        size_t n = 0;
        for (; *path && *path != '/'; path++)
            if (n < sizeof name - 1) name[n++] = *path;
        name[n] = 0;
        if (*path == '/') path++;
        object = parley->kind(object) == PARLEY_ARRAY ? nth(object, name) : parley->get(object, name);
    }
    return object;
}

parley_text field_text(parley_call *c, parley_json object, shop_path path) {
    parley_json value = field(object, path);
    if (parley->kind(value) != PARLEY_NUMBER) return parley->text(value);
    const char *digits = parley_format(c, "{}", value);
    return (parley_text){digits, __builtin_strlen(digits)};
}

parley_json field_amount(parley_call *c, parley_json object, shop_path path) {
    parley_json value = field(object, path);
    if (parley->kind(value) == PARLEY_STRING) value = parley->parse(c, parley->text(value));
    return parley->kind(value) == PARLEY_NUMBER ? value : (parley_json){0};
}

int64_t field_time(parley_json object, shop_path path, int64_t otherwise) {
    parley->parse_time(parley->text(field(object, path)), &otherwise);
    return otherwise;
}
