/* A catalogue file in parts that fit into a request: rows of CSV under their header, or products of Shopify's JSON. What the server refuses
 * is said with its line in the file. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "programs/parley/actions.h"
#include "programs/parley/csv.h"
#include "programs/parley/recommendations.h"

#define CATALOGUE "/admin/v1/plugins/recommendations/api/catalogue"

enum { PART_BYTES = 256 << 10, PART_ROWS = 5000, FIRST_ROW = 2 /* line of a part; the header is the first */ };

struct import {
    struct call *call;
    struct buffer header, part;
    long lines[PART_ROWS]; /* of the part's rows in the file */
    size_t rows;
    int64_t imported, refused;
};

/* ---- a part ---- */

static int64_t number(const struct json *json, json_at object, struct text name) {
    int64_t found = 0;
    json_whole(json, json_get(json, object, name), &found);
    return found;
}

/* Adds up what was taken, and says what was not. `lines`: where the part's rows are in the file; NULL: places count as they are. */
static void add_answer(struct import *import, struct text body, const long *lines) {
    struct json json;
    if (json_scan(&json, body, &import->call->arena, NULL) != 0) return;
    json_at rejected = json_get(&json, 0, TEXT("rejected"));
    import->imported += number(&json, 0, TEXT("imported"));
    import->refused += number(&json, 0, TEXT("refused"));
    for (json_at one = json_first(&json, rejected); one != JSON_NONE; one = json_after(&json, rejected, one)) {
        int64_t line = number(&json, one, TEXT("line"));
        if (lines && line >= FIRST_ROW && line < FIRST_ROW + PART_ROWS) line = lines[line - FIRST_ROW];
        struct text detail = json_unescaped(&json, json_get(&json, one, TEXT("detail")), &import->call->arena);
        fprintf(stderr, "parley: %s %lld: %.*s\n", lines ? "line" : "product", (long long)line, TEXT_ARGS(detail));
    }
}

static enum exit_code send_part(struct import *import, struct text body, const long *lines) {
    struct answer answer;
    enum exit_code code = client_fetch(&import->call->client, "POST", CATALOGUE, body, &answer);
    if (code != EXIT_OK) return code;
    add_answer(import, buffer_view(&answer.body), lines);
    buffer_free(&answer.body);
    return EXIT_OK;
}

static enum exit_code send_rows(struct import *import) {
    struct buffer csv = {0}, body = {0};
    struct json_writer w;
    if (import->rows == 0) return EXIT_OK;
    buffer_text(&csv, buffer_view(&import->header));
    buffer_text(&csv, buffer_view(&import->part));
    json_writer_init(&w, &body);
    json_open_object(&w);
    json_put_text(&w, "csv", buffer_view(&csv));
    json_close_object(&w);
    enum exit_code code = send_part(import, buffer_view(&body), import->lines);
    buffer_free(&csv);
    buffer_free(&body);
    buffer_clear(&import->part);
    import->rows = 0;
    return code;
}

/* ---- CSV ---- */

/* A row on a line of its own, every field between quotes; a line's end within a field becomes a blank. */
static void put_row(struct buffer *out, const struct csv_row *row) {
    for (size_t f = 0; f < row->n; f++) {
        buffer_text(out, f ? TEXT(",\"") : TEXT("\""));
        for (size_t i = 0; i < row->fields[f].n; i++) {
            const char byte = row->fields[f].at[i];
            if (byte == '"') buffer_byte(out, '"');
            buffer_byte(out, byte == '\n' || byte == '\r' ? ' ' : byte);
        }
        buffer_byte(out, '"');
    }
    buffer_byte(out, '\n');
}

static enum exit_code import_rows(struct import *import, const char *path) {
    struct csv *csv;
    struct csv_row row;
    struct error error = {0};
    enum exit_code code = EXIT_OK;
    int rc = csv_open(&csv, path, &error);
    if (rc == 0) {
        if ((rc = csv_next(csv, &row, &error)) > 0) put_row(&import->header, &row);
        while (rc > 0 && code == EXIT_OK && (rc = csv_next(csv, &row, &error)) > 0) {
            import->lines[import->rows++] = row.line;
            put_row(&import->part, &row);
            if (import->part.n > PART_BYTES || import->rows == PART_ROWS) code = send_rows(import);
        }
        csv_close(csv);
    }
    if (rc < 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    return code == EXIT_OK ? send_rows(import) : code;
}

/* ---- Shopify ---- */

static enum exit_code import_products(struct import *import, struct text text) {
    struct json json;
    struct error error = {0};
    if (json_scan(&json, text, &import->call->arena, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_FAILED;
    }
    json_at products = json_kind(&json, 0) == JSON_KIND_ARRAY ? 0 : json_get(&json, 0, TEXT("products"));
    enum exit_code code = EXIT_OK;
    for (json_at p = json_first(&json, products); p != JSON_NONE && code == EXIT_OK;) {
        buffer_clear(&import->part);
        buffer_text(&import->part, TEXT("{\"products\":["));
        for (size_t n = 0; p != JSON_NONE && import->part.n < PART_BYTES; p = json_after(&json, products, p)) {
            if (n++) buffer_byte(&import->part, ',');
            buffer_text(&import->part, json_source(&json, p));
        }
        buffer_text(&import->part, TEXT("]}"));
        code = send_part(import, buffer_view(&import->part), NULL);
    }
    return code;
}

static bool is_json(const char *path) {
    struct text name = text_of(path);
    return text_ends(name, TEXT(".json"));
}

enum exit_code recommendations_import(struct call *call) {
    const char *path = call_argument(call, "FILE");
    struct import *import = memory_new(struct import);
    struct buffer file = {0};
    import->call = call;
    enum exit_code code;
    if (is_json(path)) {
        code = read_input(path, &file);
        if (code == EXIT_OK) code = import_products(import, buffer_view(&file));
        buffer_free(&file);
    } else
        code = import_rows(import, path);
    if (code == EXIT_OK) {
        struct text summary = arena_printf(&call->arena, "{\"imported\":%lld,\"refused\":%lld}", (long long)import->imported,
                                           (long long)import->refused);
        show(call, summary);
    }
    buffer_free(&import->header);
    buffer_free(&import->part);
    free(import);
    return code;
}
