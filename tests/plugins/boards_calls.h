/* What the tests of the boards plugin share: a shop with the plugin in it, and its callers. */
#ifndef PARLEY_TESTS_PLUGINS_BOARDS_CALLS_H
#define PARLEY_TESTS_PLUGINS_BOARDS_CALLS_H

#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <string.h>

#include "tests/plugins/build_path.h"

static parley_test *t;
static int status; /* of the last call */
static char board[40];

static inline void start_with(const char *settings) {
    struct parley_test_options options = {.library = build_path("plugins/%s/boards.so", "boards-1.0.0")};
    t = parley_test_start(&options);
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
    parley_test_variant(t, "boards", "on", settings);
}
/* A call as `who` ("staff": by the staff's route); in the path, a % is the board at hand. */
static inline int call(const char *who, const char *method, const char *path, const char *body) {
    char full[600];
    const char *gap = strchr(path, '%');
    if (gap)
        snprintf(full, sizeof full, "%.*s%s%s", (int)(gap - path), path, board, gap + 1);
    else
        snprintf(full, sizeof full, "%s", path);
    if (strcmp(who, "staff") == 0)
        parley_test_as_staff(t);
    else
        parley_test_as(t, who);
    return status = parley_test_call(t, method, full, body);
}
static inline void expect(int expected) {
    cr_expect_eq(status, expected, "expected %d, got %d: %s", expected, status, parley_test_body(t));
}
static inline void says(const char *pointer, const char *expected) {
    cr_expect(parley_test_says(t, pointer, expected), "%s", parley_test_body(t));
}
static inline bool has(const char *part) {
    return strstr(parley_test_body(t), part);
}
/* The text at a pointer of the last answer, without its quotes. */
static inline const char *text_at(const char *pointer) {
    static char text[8][200];
    static int at;
    const char *json = parley_test_at(t, pointer);
    cr_assert(json && json[0] == '"', "%s of %s", pointer, parley_test_body(t));
    char *out = text[at++ % 8];
    snprintf(out, sizeof text[0], "%.*s", (int)strlen(json) - 2, json + 1);
    return out;
}

static inline void make(const char *who, const char *visibility, const char *kind) {
    char body[300];
    snprintf(body, sizeof body,
             "{\"title\":\"Kitchen\",\"description\":\"For the new flat\",\"visibility\":\"%s\",\"kind\":\"%s\"}",
             visibility, kind);
    cr_assert_eq(call(who, "POST", "/boards", body), 201, "%s", parley_test_body(t));
    snprintf(board, sizeof board, "%s", text_at("/board/id"));
}
static inline const char *pin(const char *who, const char *sku, const char *more) {
    char body[400];
    snprintf(body, sizeof body, "{\"kind\":\"product\",\"sku\":\"%s\",\"title\":\"The %s\"%s%s}", sku, sku,
             *more ? "," : "", more);
    cr_assert_eq(call(who, "POST", "/boards/%/items", body), 201, "%s", parley_test_body(t));
    return text_at("/item/id");
}
static inline void path_of(char *out, size_t n, const char *format, const char *what) {
    snprintf(out, n, format, board, what);
}

static inline void settings(const char *json) {
    parley_test_variant(t, "boards", "on", json);
}
static inline const char *comment(const char *who, const char *body) {
    char json[300];
    snprintf(json, sizeof json, "{\"body\":\"%s\"}", body);
    cr_assert_eq(call(who, "POST", "/boards/%/comments", json), 201, "%s", parley_test_body(t));
    return text_at("/id");
}

#endif
