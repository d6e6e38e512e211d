#include "core/plugins/worker_document.h"

#include <assert.h>

struct item {
    struct text source;
    struct item *next;
};

struct parley_document {
    struct arena *arena;
    struct text source; /* of a list: once it has been joined; TEXT_NONE after an append */
    struct json json;   /* once scanned */
    bool scanned, list;
    struct item *first, **last; /* of a list */
};

static parley_json made(struct arena *arena, struct parley_document from) {
    struct parley_document *document = arena_new(arena, struct parley_document);
    *document = from;
    document->arena = arena;
    document->last = &document->first;
    return (parley_json){document, 0};
}

parley_json document_new(struct arena *arena, struct text source) {
    return made(arena, (struct parley_document){.source = source});
}

parley_json document_scan(struct arena *arena, struct text source, struct error *error) {
    struct parley_document document = {.source = source, .scanned = true};
    if (json_scan(&document.json, source, arena, error) < 0) return (parley_json){0};
    return made(arena, document);
}

parley_json document_list(struct arena *arena) {
    return made(arena, (struct parley_document){.list = true});
}

/* Documents are handed to the plugin as const; they are all made by made() above and belong to the host. */
static struct parley_document *own(parley_json value) {
    return (struct parley_document *)value.document;
}

bool document_append(parley_json list, struct text source) {
    struct parley_document *document = own(list);
    if (!document || !document->list) return false;
    struct item *item = arena_new(document->arena, struct item);
    item->source = source;
    *document->last = item;
    document->last = &item->next;
    document->source = TEXT_NONE;
    document->scanned = false;
    return true;
}

static struct text join(struct parley_document *document) {
    size_t n = 2;
    for (struct item *item = document->first; item; item = item->next) n += item->source.n + 1;
    char *at = arena_alloc(document->arena, n), *end = at;
    *end++ = '[';
    for (struct item *item = document->first; item; item = item->next) {
        memcpy(end, item->source.at, item->source.n);
        end += item->source.n;
        if (item->next) *end++ = ',';
    }
    *end++ = ']';
    return text_n(at, (size_t)(end - at));
}

static struct text whole(struct parley_document *document) {
    if (!document->source.at) document->source = join(document);
    return document->source;
}

/* The tape of a value's document; NULL where there is no value. */
static const struct json *tape(parley_json value) {
    struct parley_document *document = own(value);
    if (!document) return NULL;
    if (!document->scanned) {
        int rc = json_scan(&document->json, whole(document), document->arena, NULL);
        assert(rc == 0); /* it was made by us, or checked by parleyd */
        document->scanned = true;
    }
    return &document->json;
}

struct text document_source(parley_json value) {
    struct parley_document *document = own(value);
    if (!document) return TEXT("null");
    return value.index == 0 ? whole(document) : json_source(tape(value), value.index);
}

struct text document_stranger(parley_json object, const char *names) {
    const struct json *json = tape(object);
    if (!json || json_kind(json, object.index) != JSON_KIND_OBJECT) return TEXT_NONE;
    for (json_at at = json_first(json, object.index); at != JSON_NONE; at = json_after(json, object.index, at)) {
        struct text key = json_unescaped(json, at, own(object)->arena), name, rest = text_of(names);
        bool found = false;
        while (!found && rest.n) {
            text_cut(rest, ' ', &name, &rest);
            found = text_eq(name, key);
        }
        if (!found) return key;
    }
    return TEXT_NONE;
}

enum parley_kind document_kind(parley_json value) {
    static const enum parley_kind kinds[] = {
        [JSON_KIND_NULL] = PARLEY_NULL,     [JSON_KIND_FALSE] = PARLEY_BOOL,    [JSON_KIND_TRUE] = PARLEY_BOOL,
        [JSON_KIND_NUMBER] = PARLEY_NUMBER, [JSON_KIND_STRING] = PARLEY_STRING, [JSON_KIND_ARRAY] = PARLEY_ARRAY,
        [JSON_KIND_OBJECT] = PARLEY_OBJECT};
    const struct json *json = tape(value);
    return json ? kinds[json_kind(json, value.index)] : PARLEY_NONE;
}

static parley_json child(parley_json of, json_at at) {
    if (at == JSON_NONE) return (parley_json){0};
    return (parley_json){of.document, at};
}

parley_json document_get(parley_json object, const char *key) {
    const struct json *json = tape(object);
    if (!json || json_kind(json, object.index) != JSON_KIND_OBJECT) return (parley_json){0};
    return child(object, json_get(json, object.index, text_of(key)));
}

parley_json document_first(parley_json array) {
    const struct json *json = tape(array);
    if (!json || json_kind(json, array.index) != JSON_KIND_ARRAY) return (parley_json){0};
    return child(array, json_first(json, array.index));
}

parley_json document_after(parley_json array, parley_json element) {
    const struct json *json = tape(array);
    if (!json || element.document != array.document) return (parley_json){0};
    return child(array, json_after(json, array.index, element.index));
}

size_t document_length(parley_json value) {
    const struct json *json = tape(value);
    enum json_kind kind = json ? json_kind(json, value.index) : JSON_KIND_NULL;
    return kind == JSON_KIND_ARRAY || kind == JSON_KIND_OBJECT ? json->tokens[value.index].size : 0;
}

parley_text document_text(parley_json value) {
    const struct json *json = tape(value);
    return json ? parley_of(json_unescaped(json, value.index, own(value)->arena)) : (parley_text){0};
}

bool document_integer(parley_json value, int64_t *out) {
    const struct json *json = tape(value);
    return json && json_whole(json, value.index, out);
}

bool document_number(parley_json value, double *out) {
    const struct json *json = tape(value);
    return json && json_number(json, value.index, out);
}

bool document_truth(parley_json value) {
    const struct json *json = tape(value);
    return json && json_kind(json, value.index) == JSON_KIND_TRUE;
}
