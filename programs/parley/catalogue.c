#include "programs/parley/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "programs/parley/actions.h"

enum { PART_BYTES = 256 << 10, PART_ITEMS = 2000 };

struct import {
    struct call *call;
    const char *what;        /* "line", "product": what places count */
    struct buffer part;      /* items of the request, with commas between */
    long places[PART_ITEMS]; /* of each in the file */
    size_t n;
    int64_t imported, refused;
    struct buffer plugins; /* what the last answer says of them */
};

static void refuse(struct import *import, long place, const char *why) {
    fprintf(stderr, "parley: %s %ld: %s\n", import->what, place, why);
    import->refused++;
}

/* ---- a part ---- */

static int64_t number(const struct json *json, struct text name) {
    int64_t found = 0;
    json_whole(json, json_get(json, 0, name), &found);
    return found;
}

static void read_answer(struct import *import, struct text body) {
    struct json json;
    struct arena *arena = &import->call->arena;
    if (json_scan(&json, body, arena, NULL) != 0) return;
    json_at rejected = json_get(&json, 0, TEXT("rejected"));
    import->imported += number(&json, TEXT("imported"));
    import->refused += number(&json, TEXT("refused"));
    for (json_at one = json_first(&json, rejected); one != JSON_NONE; one = json_after(&json, rejected, one)) {
        int64_t index = 0;
        json_whole(&json, json_get(&json, one, TEXT("index")), &index);
        struct text detail = json_unescaped(&json, json_get(&json, one, TEXT("detail")), arena);
        long place = index >= 0 && (size_t)index < import->n ? import->places[index] : (long)index;
        fprintf(stderr, "parley: %s %ld: %.*s\n", import->what, place, TEXT_ARGS(detail));
    }
    json_at plugins = json_get(&json, 0, TEXT("plugins"));
    if (json_first(&json, plugins) == JSON_NONE) return;
    buffer_clear(&import->plugins);
    buffer_text(&import->plugins, json_source(&json, plugins));
}

static enum exit_code send_part(struct import *import) {
    struct buffer body = {0};
    struct answer answer;
    if (import->n == 0) return EXIT_OK;
    buffer_cstr(&body, "{\"items\":[");
    buffer_text(&body, buffer_view(&import->part));
    buffer_cstr(&body, "]}");
    enum exit_code code =
        client_fetch(&import->call->client, "POST", import->call->command->path, buffer_view(&body), &answer);
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    read_answer(import, buffer_view(&answer.body));
    buffer_free(&answer.body);
    buffer_clear(&import->part);
    import->n = 0;
    return EXIT_OK;
}

static enum exit_code take(struct import *import, long place, struct text item) {
    if (import->n) buffer_byte(&import->part, ',');
    buffer_text(&import->part, item);
    import->places[import->n++] = place;
    return import->part.n > PART_BYTES || import->n == PART_ITEMS ? send_part(import) : EXIT_OK;
}

/* ---- CSV ---- */

static enum exit_code import_rows(struct import *import, struct csv *csv, struct error *error) {
    struct catalogue_columns columns;
    struct csv_row row;
    struct buffer item = {0};
    enum exit_code code = EXIT_OK;
    int rc = csv_next(csv, &row, error);
    if (rc == 0 || (rc > 0 && !catalogue_header(&row, &columns)))
        rc = error_set(error, ERR_INVALID, "line 1 names the columns: at least sku and title");
    while (rc > 0 && code == EXIT_OK && (rc = csv_next(csv, &row, error)) > 0) {
        buffer_clear(&item);
        const char *why = catalogue_row(&row, &columns, &item, &import->call->arena);
        if (why)
            refuse(import, row.line, why);
        else
            code = take(import, row.line, buffer_view(&item));
    }
    buffer_free(&item);
    if (rc < 0) fprintf(stderr, "parley: %s\n", error->detail);
    return rc < 0 ? EXIT_FAILED : code;
}

static enum exit_code import_csv(struct import *import, const char *path) {
    struct csv *csv;
    struct error error = {0};
    import->what = "line";
    int rc = csv_open(&csv, path, &error);
    if (rc < 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    enum exit_code code = import_rows(import, csv, &error);
    csv_close(csv);
    return code;
}

/* ---- Shopify ---- */

/* {"products": [...]}, or the list alone. Its prices have no currency of their own. */
static enum exit_code import_products(struct import *import, struct text text) {
    struct json json;
    struct error error = {0};
    struct buffer items = {0};
    const char *flag = call_flag(import->call, "--currency");
    enum exit_code code = EXIT_OK;
    long place = 0;
    if (json_scan(&json, text, &import->call->arena, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_FAILED;
    }
    json_at products = json_kind(&json, 0) == JSON_KIND_ARRAY ? 0 : json_get(&json, 0, TEXT("products"));
    for (json_at p = json_first(&json, products); p != JSON_NONE && code == EXIT_OK;
         p = json_after(&json, products, p)) {
        json_at variants = json_get(&json, p, TEXT("variants"));
        place++;
        if (json_first(&json, variants) == JSON_NONE) refuse(import, place, "it has no \"variants\"");
        for (json_at v = json_first(&json, variants); v != JSON_NONE && code == EXIT_OK;
             v = json_after(&json, variants, v)) {
            buffer_clear(&items);
            catalogue_variant(&json, p, v, text_of(flag ? flag : "EUR"), &items, &import->call->arena);
            code = take(import, place, buffer_view(&items));
        }
    }
    buffer_free(&items);
    return code;
}

static enum exit_code import_shopify(struct import *import, const char *path) {
    struct buffer file = {0};
    import->what = "product";
    enum exit_code code = read_input(path, &file);
    if (code == EXIT_OK) code = import_products(import, buffer_view(&file));
    buffer_free(&file);
    return code;
}

enum exit_code catalogue_import(struct call *call) {
    const char *path = call_argument(call, "FILE");
    struct import *import = memory_new(struct import);
    import->call = call;
    enum exit_code code =
        text_ends(text_of(path), TEXT(".json")) ? import_shopify(import, path) : import_csv(import, path);
    if (code == EXIT_OK) code = send_part(import);
    if (code == EXIT_OK)
        show(call, arena_printf(&call->arena, "{\"imported\":%lld,\"refused\":%lld,\"plugins\":%.*s}",
                                (long long)import->imported, (long long)import->refused,
                                import->plugins.n ? (int)import->plugins.n : 2,
                                import->plugins.n ? import->plugins.at : "[]"));
    if (code == EXIT_OK && import->refused && !import->imported) code = EXIT_FAILED;
    buffer_free(&import->part);
    buffer_free(&import->plugins);
    free(import);
    return code;
}
