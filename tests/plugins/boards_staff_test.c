/* The boards plugin: what staff look at and decide, what shoppers report, and the page of a shared link. */
#include "tests/plugins/boards_calls.h"

static void start_boards(void) {
    start_with(NULL);
}
static void stop_boards(void) {
    parley_test_stop(t);
}
TestSuite(boards_staff, .init = start_boards, .fini = stop_boards);

static void moderate(const char *step, const char *kind, const char *id, const char *body) {
    char path[120];
    snprintf(path, sizeof path, "/%s/%s/%s", kind, id, step);
    call("staff", "POST", path, body);
}

Test(boards_staff, what_staff_hide_is_gone_for_all_but_its_author_who_is_told_why_and_may_appeal_once) {
    char path[120];
    make("ann", "public", "board");
    const char *id = comment("ben", "buy pills");
    call("staff", "GET", "/queue", NULL);
    says("/items/1/says", "\"buy pills\"");
    says("/items/1/author", "\"ben\"");
    moderate("hide", "comments", id, "{\"reason\":\"negative\"}");
    expect(400);
    moderate("hide", "comments", id, "{\"reason\":\"spam\"}");
    expect(200);
    call("ann", "GET", "/boards/%/comments", NULL);
    says("/items", "[]");
    call("ben", "GET", "/boards/%/comments", NULL);
    says("/items/0/review", "{\"state\":\"hidden\",\"reason\":\"spam\",\"appealed\":false}");
    call("ben", "GET", "/notices", NULL);
    cr_expect(has("reason: spam"));
    snprintf(path, sizeof path, "/comments/%s/appeal", id);
    call("ann", "POST", path, "{\"body\":\"let me\"}");
    expect(404);
    call("ben", "POST", path, "{\"body\":\"They are mints\"}");
    expect(204);
    call("ben", "POST", path, "{\"body\":\"Really\"}");
    expect(409);
    call("staff", "GET", "/queue?state=appealed", NULL);
    says("/items/0/appeal", "\"They are mints\"");
    moderate("restore", "comments", id, NULL);
    call("ann", "GET", "/boards/%/comments", NULL);
    says("/items/0/body", "\"buy pills\"");
    call("staff", "GET", "/log", NULL);
    says("/items/0/step", "\"restore\"");
    says("/items/2/reason", "\"spam\"");
    call("ben", "GET", "/queue", NULL);
    expect(404); /* no shopper's path at all */
}

Test(boards_staff, the_queue_skips_nothing_while_it_is_worked_off) {
    char path[100] = "/queue?limit=2", id[32];
    int seen = 0;
    for (int i = 0; i < 5; i++) make("ann", "public", "board");
    make("ann", "private", "board");
    for (int pages = 0; pages < 9; pages++) {
        const char *ids[2] = {NULL, NULL};
        char next[60];
        call("staff", "GET", path, NULL);
        for (int i = 0; i < 2; i++) {
            snprintf(id, sizeof id, "/items/%d", i);
            if (!parley_test_at(t, id)) continue;
            snprintf(path, sizeof path, "/items/%d/id", i);
            ids[i] = text_at(path);
            seen++;
        }
        snprintf(next, sizeof next, "%s", parley_test_at(t, "/next"));
        for (int i = 0; i < 2; i++)
            if (ids[i]) moderate("restore", "boards", ids[i], NULL);
        if (strcmp(next, "null") == 0) break;
        snprintf(path, sizeof path, "/queue?limit=2&cursor=%.*s", (int)strlen(next) - 2, next + 1);
    }
    cr_expect_eq(seen, 5);
    call("staff", "GET", "/queue", NULL);
    says("/items", "[]");
}

Test(boards_staff, a_hidden_board_or_item_is_found_copied_priced_and_counted_by_nobody) {
    make("ann", "public", "board");
    const char *id = pin("ann", "mug", "\"price\":5,\"currency\":\"EUR\",\"image\":\"https://a.example/a.png\"");
    call("ann", "PUT", "/boards/%/members/eve", "{\"role\":\"editor\"}");
    moderate("hide", "items", id, "{\"reason\":\"illegal\"}");
    call("ben", "GET", "/boards/%", NULL);
    says("/board/pins", "0");
    says("/board/covers", "[]");
    says("/totals", "{\"sums\":[],\"pieces\":0,\"unpriced\":0}");
    call("ben", "GET", "/boards?q=mug", NULL);
    says("/items", "[]");
    call("ben", "POST", "/boards/%/clone", "{}");
    says("/items/items", "[]");
    moderate("hide", "boards", board, "{\"reason\":\"abuse\"}");
    cr_expect_eq(call("ben", "GET", "/boards/%", NULL), 404);
    cr_expect_eq(call("eve", "GET", "/boards/%", NULL), 404);
    cr_expect_eq(call("ann", "GET", "/boards/%", NULL), 200);
    says("/board/review/reason", "\"abuse\"");
    call("ben", "GET", "/boards?public=1", NULL);
    says("/items", "[]");
    call("eve", "GET", "/boards", NULL);
    says("/items", "[]");
}

Test(boards_staff, under_moderation_before_showing_strangers_see_what_staff_approved) {
    settings("{\"moderation\":\"pre\"}");
    make("ann", "public", "board");
    const char *id = pin("ann", "mug", "");
    cr_expect_eq(call("ben", "GET", "/boards/%", NULL), 404);
    call("ben", "GET", "/boards?public=1", NULL);
    says("/items", "[]");
    moderate("restore", "boards", board, NULL);
    call("ben", "GET", "/boards/%", NULL);
    expect(200);
    says("/items/items", "[]");
    call("ann", "GET", "/boards/%", NULL);
    says("/items/items/0/review/state", "\"waiting\"");
    moderate("restore", "items", id, NULL);
    call("ben", "GET", "/boards/%", NULL);
    says("/items/items/0/sku", "\"mug\"");
    call("ann", "PATCH", "/boards/%", "{\"title\":\"Something else entirely\"}"); /* new words are looked at anew */
    cr_expect_eq(call("ben", "GET", "/boards/%", NULL), 404);
}

/* ---- reports ---- */

static void report(const char *who, const char *kind, const char *id, const char *reason) {
    char path[120], body[80];
    snprintf(path, sizeof path, "/%s/%s/report", kind, id);
    snprintf(body, sizeof body, "{\"reason\":\"%s\",\"note\":\"look at this\"}", reason);
    call(who, "POST", path, body);
}

Test(boards_staff, what_shoppers_report_stands_in_the_queue_with_their_reasons_until_staff_decide) {
    make("ann", "public", "board");
    const char *id = comment("ben", "buy pills");
    moderate("restore", "comments", id, NULL);
    report("cem", "comments", id, "negative");
    expect(400);
    report("ben", "comments", id, "spam");
    expect(409); /* her own */
    report("cem", "comments", id, "spam");
    expect(200);
    report("cem", "comments", id, "spam");
    report("dan", "comments", id, "abuse");
    cr_expect_eq(parley_test_tracked(t, "Post Reported"), 2);
    call("staff", "GET", "/queue?state=reported", NULL);
    says("/items/0/says", "\"buy pills\"");
    says("/items/0/state", "\"approved\"");
    says("/items/0/reports/1/note", "\"look at this\"");
    cr_expect_null(parley_test_at(t, "/items/0/reports/2"));
    cr_expect_null(parley_test_at(t, "/items/1"));
    moderate("restore", "comments", id, NULL);
    call("staff", "GET", "/queue?state=reported", NULL);
    says("/items", "[]");
    call("ann", "GET", "/boards/%/comments", NULL);
    says("/items/0/body", "\"buy pills\"");
}

Test(boards_staff, nobody_reports_what_she_may_not_see_and_a_member_reports_what_is_said_in_private) {
    make("ann", "private", "board");
    call("ann", "PUT", "/boards/%/members/ben", "{\"role\":\"commenter\"}");
    const char *id = comment("ann", "threats");
    report("cem", "comments", id, "abuse");
    expect(404);
    report("cem", "boards", board, "abuse");
    expect(404);
    report("ben", "comments", id, "abuse");
    expect(200);
    call("staff", "GET", "/queue?state=reported", NULL);
    says("/items/0/says", "\"threats\"");
    says("/items/0/visibility", "\"private\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    cr_expect_eq(parley_test_forget(t, "ben"), 0);
    call("staff", "GET", "/queue?state=reported", NULL);
    says("/items", "[]");
}

/* ---- telling ---- */

Test(boards_staff, an_author_hears_at_once_what_was_decided_and_why) {
    make("ann", "public", "board");
    const char *id = comment("ben", "buy pills");
    moderate("hide", "comments", id, "{\"reason\":\"spam\"}");
    parley_test_wait(t, 1);
    cr_assert_eq(parley_test_entries(t, "board-hidden"), 1);
    const char *entry = parley_test_entry(t, "board-hidden", 0);
    cr_expect_str_eq(parley_test_json(t, entry, "/customer"), "\"ben\"");
    cr_expect_not_null(strstr(entry, "reason: spam"));
    moderate("restore", "comments", id, NULL);
    parley_test_wait(t, 1);
    cr_expect_eq(parley_test_entries(t, "board-restored"), 1);
}

/* ---- share links ---- */

Test(boards_staff, the_page_of_a_shared_link_shows_what_strangers_see_and_of_a_private_board_nothing) {
    settings("{\"boardPage\":\"/b?board={id}\",\"productPage\":\"/p/{sku}\"}");
    make("ann", "unlisted", "ensemble");
    pin("ann", "mug",
        "\"image\":\"https://a.example/a.png\",\"price\":18.9,\"currency\":\"EUR\",\"quantity\":2,\"role\":\"cup\"");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"<b>measure</b>\"}");
    call("", "GET", "/share/%", NULL);
    expect(200);
    says("/title", "\"Kitchen\"");
    says("/image", "\"https://a.example/a.png\"");
    says("/listed", "false");
    says("/items/0/line", "\"cup · 2 × 18.90 EUR\"");
    says("/items/0/url", "\"/p/mug\"");
    says("/items/1/text", "\"<b>measure</b>\"");
    settings("{\"moderation\":\"pre\"}");
    call("", "GET", "/share/%", NULL);
    expect(404); /* nobody has looked at it */
    settings(NULL);
    call("ann", "PATCH", "/boards/%", "{\"visibility\":\"private\"}");
    call("ann", "GET", "/share/%", NULL);
    expect(404); /* the link is a stranger's, even hers */
    cr_expect(!has("Kitchen"));
}

Test(boards_staff, a_share_link_says_what_other_sites_show_and_a_private_board_has_none) {
    settings("{\"boardPage\":\"https://shop.example/b?board={id}\"}");
    make("ann", "public", "board");
    pin("ann", "mug", "\"image\":\"https://a.example/a.png\"");
    call("ben", "GET", "/boards/%/share", NULL);
    says("/og/title", "\"Kitchen\"");
    says("/og/image", "\"https://a.example/a.png\"");
    char url[120];
    snprintf(url, sizeof url, "\"https://shop.example/b?board=%s\"", board);
    says("/url", url);
    cr_expect_eq(parley_test_tracked(t, "Board Shared"), 0);
    call("ben", "POST", "/boards/%/share", "{\"via\":\"mail\"}");
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Board Shared", 0), "/share_via"), "\"mail\"");
    call("ann", "PATCH", "/boards/%", "{\"visibility\":\"private\"}");
    call("ann", "GET", "/boards/%/share", NULL);
    expect(409);
}
