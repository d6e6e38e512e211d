/* The boards plugin: comments, finding, limits, and a customer's rights. */
#include <stdlib.h>

#include "tests/plugins/boards_calls.h"

static void start_boards(void) {
    start_with(NULL);
}
static void stop_boards(void) {
    parley_test_stop(t);
}
TestSuite(boards_people, .init = start_boards, .fini = stop_boards);

/* ---- comments and notices ---- */

Test(boards_people, comments_are_read_newest_first_and_taken_away_by_their_author_or_the_board_s_owner) {
    char path[120];
    make("ann", "public", "board");
    comment("ben", "one");
    const char *second = comment("cem", "two"), *third = comment("ben", "three");
    call("dan", "GET", "/boards/%/comments?limit=2", NULL);
    says("/items/0/body", "\"three\"");
    says("/items/1/body", "\"two\"");
    snprintf(path, sizeof path, "/boards/%%/comments?cursor=%s", text_at("/next"));
    call("dan", "GET", path, NULL);
    says("/items/0/body", "\"one\"");
    says("/next", "null");
    path_of(path, sizeof path, "/boards/%s/comments/%s", second);
    call("ben", "DELETE", path, NULL);
    expect(404);
    call("ann", "DELETE", path, NULL);
    expect(204);
    path_of(path, sizeof path, "/boards/%s/comments/%s", third);
    call("ben", "DELETE", path, NULL);
    expect(204);
    call("ann", "GET", "/boards/%", NULL);
    says("/comments", "{\"open\":true,\"count\":1}");
}

Test(boards_people, the_owner_is_told_of_comments_and_copies_at_once_and_they_are_news_until_she_has_seen_them) {
    char body[60];
    make("ann", "public", "board");
    comment("ann", "my own");
    comment("ben", "nice");
    call("ben", "POST", "/boards/%/clone", "{}");
    call("ben", "GET", "/notices", NULL);
    says("/items", "[]");
    call("ann", "GET", "/notices", NULL);
    says("/items/0/sentence", "\"Somebody copied your board \\\"Kitchen\\\"\"");
    says("/items/1/sentence", "\"Somebody commented on \\\"Kitchen\\\"\"");
    cr_expect_null(parley_test_at(t, "/items/2"));
    snprintf(body, sizeof body, "{\"upto\":\"%s\"}", text_at("/items/0/id"));
    parley_test_wait(t, 1);
    cr_expect_eq(parley_test_entries(t, "board-cloned"), 1);
    call("ann", "PUT", "/notices/seen", body);
    call("ann", "PUT", "/notices/seen", body);
    cr_expect_eq(parley_test_entries(t, "board-cloned"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_entry(t, "board-cloned", 0), "/customer"), "\"ann\"");
    call("ann", "GET", "/notices", NULL);
    says("/items", "[]");
}

Test(boards_people, what_is_said_on_a_private_board_is_not_on_the_timeline_that_staff_read) {
    make("ann", "private", "board");
    comment("ann", "our secret");
    cr_expect_null(strstr(parley_test_entry(t, "board-comment", 0), "secret"));
    make("ann", "public", "board");
    comment("ann", "for all");
    cr_expect_not_null(strstr(parley_test_entry(t, "board-comment", 1), "for all"));
}

Test(boards_people, comments_can_be_switched_off) {
    make("ann", "public", "board");
    settings("{\"comments\":false}");
    call("ben", "POST", "/boards/%/comments", "{\"body\":\"x\"}");
    expect(403);
    call("ben", "GET", "/boards/%", NULL);
    says("/comments/open", "false");
}

/* ---- finding ---- */

Test(boards_people, boards_are_found_by_their_words_without_accents_and_by_their_products) {
    make("ann", "public", "board");
    pin("ann", "HT-101", "\"note\":\"F\\u00fcr die K\\u00dcCHE\"");
    make("ben", "public", "board");
    pin("ben", "pot", "");
    static const struct {
        const char *query;
        int found;
    } rows[] = {{"kuche", 1},    {"k%C3%BCche", 1}, {"kitch", 2},     {"kitchen+ht-101", 1}, {"kitchen+garden", 0},
                {"new+flat", 2}, {"pot", 1},        {"%22%27;--", 2}, {"itchen", 0},         {"HT", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[100], last[20], over[20];
        snprintf(path, sizeof path, "/boards?q=%s", rows[i].query);
        parley_test_as_anonymous(t, "visitor");
        cr_expect_eq(parley_test_call(t, "GET", path, NULL), 200);
        snprintf(last, sizeof last, "/items/%d", rows[i].found - 1);
        snprintf(over, sizeof over, "/items/%d", rows[i].found);
        cr_expect((rows[i].found == 0 || parley_test_at(t, last)) && !parley_test_at(t, over), "%s: %s", rows[i].query,
                  parley_test_body(t));
    }
}

Test(boards_people, a_word_that_is_gone_finds_nothing_any_more) {
    make("ann", "public", "board");
    call("ann", "PATCH", "/boards/%", "{\"title\":\"Garden\",\"description\":\"\"}");
    call("ben", "GET", "/boards?q=kitchen", NULL);
    says("/items", "[]");
    call("ben", "GET", "/boards?q=garden", NULL);
    says("/items/0/title", "\"Garden\"");
}

static void page_through(const char *sort, const char *expected) {
    char path[200], seen[40] = "", cursor[80] = "";
    for (int pages = 0; pages < 9; pages++) {
        snprintf(path, sizeof path, "/boards?public=1&sort=%s&limit=2%s", sort, cursor);
        call("ben", "GET", path, NULL);
        for (int i = 0; i < 2; i++) {
            char pointer[40];
            snprintf(pointer, sizeof pointer, "/items/%d/pins", i);
            if (parley_test_at(t, pointer)) strcat(seen, parley_test_at(t, pointer));
        }
        if (strcmp(parley_test_at(t, "/next"), "null") == 0) break;
        snprintf(cursor, sizeof cursor, "&cursor=%s", text_at("/next"));
    }
    cr_expect_str_eq(seen, expected);
}

Test(boards_people, public_boards_are_paged_by_newest_and_by_most_pinned) {
    static const int pins[] = {1, 3, 0, 3, 2};
    for (int i = 0; i < 5; i++) {
        make("ann", "public", "board");
        for (int n = 0; n < pins[i]; n++) pin("ann", (const char *const[]){"a", "b", "c"}[n], "");
    }
    page_through("newest", "23031");
    page_through("pinned", "33210");
}

Test(boards_people, where_public_boards_are_switched_off_none_is_listed_or_made) {
    make("ann", "public", "board");
    settings("{\"public\":false}");
    call("ben", "GET", "/boards?public=1", NULL);
    says("/items", "[]");
    call("ben", "POST", "/boards", "{\"title\":\"x\",\"visibility\":\"public\"}");
    expect(403);
    call("ben", "GET", "/boards/%", NULL);
    expect(200); /* whoever has its link still sees it */
}

Test(boards_people, a_page_of_a_product_learns_where_it_is_pinned) {
    make("ann", "private", "board");
    const char *id = pin("ann", "mug", "");
    call("ann", "GET", "/boards?sku=mug", NULL);
    cr_expect_str_eq(text_at("/items/0/pin"), id);
    call("ann", "GET", "/boards?sku=pot", NULL);
    says("/items/0/pin", "null");
}

/* ---- limits ---- */

Test(boards_people, everything_has_a_most) {
    char *long_text = malloc(3000), *body = malloc(4000);
    memset(long_text, 'x', 2001);
    long_text[2001] = 0;
    settings("{\"maxBoards\":2,\"maxItems\":2}");
    make("ann", "private", "board");
    make("ann", "private", "board");
    call("ann", "POST", "/boards", "{\"title\":\"third\"}");
    expect(409);
    call("ann", "POST", "/boards/%/clone", "{}");
    expect(409);
    pin("ann", "a", "");
    pin("ann", "b", "");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"c\"}");
    expect(409);
    snprintf(body, 4000, "{\"body\":\"%s\"}", long_text);
    call("ann", "POST", "/boards/%/comments", body);
    expect(400);
    call("ann", "PATCH", "/boards/%", "{\"title\":\"\"}");
    expect(400);
    call("ann", "PATCH", "/boards/%", "{\"colour\":\"red\"}");
    expect(400);
    free(long_text);
    free(body);
}

/* An export is one answer of at most 1 MiB, so what one customer may write is limited, and the worst texts still fit. */
Test(boards_people, whoever_has_written_all_she_may_can_still_export_it) {
    char *body = malloc(20000), *note = malloc(14000);
    size_t n = (size_t)sprintf(note, "x"), notes = 0;
    for (int i = 0; i < 1200; i++) n += (size_t)sprintf(note + n, "\\u0001");
    sprintf(body, "{\"kind\":\"note\",\"note\":\"%s\"}", note);
    settings("{\"maxItems\":500}");
    make("ann", "private", "board");
    while (call("ann", "POST", "/boards/%/items", body) == 201) notes++;
    expect(409);
    cr_expect_gt(notes, 100);
    cr_expect_not_null(parley_test_json(t, parley_test_export(t, "ann"), "/items/100/note"), "%.200s",
                       parley_test_export(t, "ann"));
    free(body);
    free(note);
}

/* ---- rights ---- */

Test(boards_people, an_export_has_all_of_hers_and_nothing_of_others) {
    make("ann", "public", "board");
    pin("ann", "mug", "");
    comment("ben", "from ben");
    call("ann", "PUT", "/me", "{\"name\":\"Ann\"}");
    char mine[40];
    strcpy(mine, board);
    make("ben", "public", "board");
    comment("ann", "from ann");
    call("ben", "PUT", "/boards/%/members/ann", "{\"role\":\"editor\"}");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"on ben's\"}");
    const char *all = parley_test_export(t, "ann");
    static const char *const in[] = {"\"name\":\"Ann\"",    "The mug",         "from ann", "on ben's",
                                     "\"role\":\"editor\"", "shared the board"};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) cr_expect_not_null(strstr(all, in[i]), "%s in %s", in[i], all);
    cr_expect_null(strstr(all, "from ben"));
    cr_expect_str_eq(
        parley_test_export(t, "nobody"),
        "{\"name\":null,\"boards\":[],\"items\":[],\"comments\":[],\"memberships\":[],\"notices\":[],\"reports\":[]}");
}

Test(boards_people, who_is_forgotten_leaves_nothing_but_copies_without_her_name) {
    call("ann", "PUT", "/me", "{\"name\":\"Ann\"}");
    make("ann", "public", "board");
    pin("ann", "mug", "");
    call("ben", "POST", "/boards/%/clone", "{}");
    char copy[40], anns[40];
    strcpy(anns, board);
    strcpy(copy, text_at("/board/id"));
    make("ben", "public", "board");
    call("ben", "PUT", "/boards/%/members/ann", "{\"role\":\"editor\"}");
    pin("ben", "first", "");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"from ann\"}");
    pin("ben", "last", "");
    comment("ann", "from ann");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_str_eq(
        parley_test_export(t, "ann"),
        "{\"name\":null,\"boards\":[],\"items\":[],\"comments\":[],\"memberships\":[],\"notices\":[],\"reports\":[]}");
    call("ben", "GET", "/boards/%", NULL);
    says("/board/pins", "2");
    says("/items/items/1/position", "1");
    says("/comments/count", "0");
    call("ben", "GET", "/notices", NULL);
    says("/items", "[]");
    strcpy(board, copy);
    call("ben", "GET", "/boards/%", NULL);
    says("/lineage/0", "{\"by\":null,\"board\":null,\"title\":null}");
    says("/items/items/0/sku", "\"mug\"");
    strcpy(board, anns);
    call("ben", "GET", "/boards/%", NULL);
    expect(404);
}

Test(boards_people, what_was_written_is_there_after_a_restart) {
    make("ann", "public", "board");
    pin("ann", "mug", "");
    parley_test_restart(t, NULL);
    call("ann", "GET", "/boards/%", NULL);
    says("/items/items/0/sku", "\"mug\"");
}
