/* The boards plugin: what a board holds, who sees it, friends, ensembles, copies. */
#include "tests/plugins/boards_calls.h"

static void start_boards(void) {
    start_with(NULL);
}
static void stop_boards(void) {
    parley_test_stop(t);
}
TestSuite(boards, .init = start_boards, .fini = stop_boards);

/* ---- what a board holds ---- */

Test(boards, products_links_images_and_notes_stand_in_the_order_they_came) {
    make("ann", "private", "board");
    cr_expect_str_eq(text_at("/id"), text_at("/board/id"));
    pin("ann", "mug", "\"price\":18.9,\"currency\":\"EUR\"");
    cr_expect_str_eq(text_at("/id"), text_at("/item/id"));
    call("ann", "POST", "/boards/%/items",
         "{\"kind\":\"link\",\"title\":\"Tiles\",\"url\":\"https://tiles.example/a?b=1\"}");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"image\",\"image\":\"https://pictures.example/a.jpg\"}");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"measure first\"}");
    expect(201);
    call("ann", "GET", "/boards/%", NULL);
    says("/board/pins", "4");
    says("/items/items/0/price", "18.9");
    says("/items/items/1/url", "\"https://tiles.example/a?b=1\"");
    says("/items/items/2/kind", "\"image\"");
    says("/items/items/3/note", "\"measure first\"");
    says("/board/covers/0", "\"https://pictures.example/a.jpg\"");
}

Test(boards, a_product_that_is_pinned_twice_is_there_once) {
    make("ann", "private", "board");
    pin("ann", "mug", "");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"product\",\"sku\":\"mug\",\"title\":\"Again\"}");
    expect(200);
    says("/item/title", "\"The mug\"");
    cr_expect_eq(parley_test_tracked(t, "Product Added to Wishlist"), 1);
}

Test(boards, items_move_and_close_up) {
    char path[120], order[40] = "";
    make("ann", "private", "board");
    const char *first = pin("ann", "a", "");
    pin("ann", "b", "");
    const char *third = pin("ann", "c", "");
    pin("ann", "d", "");
    path_of(path, sizeof path, "/boards/%s/items/%s", third);
    call("ann", "PATCH", path, "{\"position\":0}");
    path_of(path, sizeof path, "/boards/%s/items/%s", first);
    call("ann", "PATCH", path, "{\"position\":3,\"note\":\"last\"}");
    call("ann", "GET", "/boards/%/items", NULL);
    for (int i = 0; i < 4; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/items/%d/sku", i);
        strcat(order, text_at(pointer));
    }
    cr_expect_str_eq(order, "cbda");
    says("/items/3/note", "\"last\"");
    call("ann", "PATCH", path, "{\"position\":4}");
    expect(400);
    call("ann", "DELETE", path, NULL);
    call("ann", "GET", "/boards/%/items?limit=2&cursor=2", NULL);
    says("/items/0/sku", "\"d\"");
    says("/next", "null");
    cr_expect_eq(parley_test_tracked(t, "Product Removed from Wishlist"), 1);
}

Test(boards, addresses_that_are_none_and_pictures_that_are_not_https_are_refused) {
    static const char *const wrong[] = {
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"javascript:alert(1)\"}",
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"JavaScript://a.example/%0aalert(1)\"}",
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"https://shop.example@evil.example/\"}",
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"https:///path\"}",
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"https://a.example/\\\" onclick=\\\"x\"}",
        "{\"kind\":\"link\",\"title\":\"x\",\"url\":\"/shop\"}",
        "{\"kind\":\"image\",\"image\":\"http://a.example/a.png\"}",
        "{\"kind\":\"image\",\"image\":\"data:image/svg+xml,<svg/>\"}",
        "{\"kind\":\"image\",\"image\":\"/shop/pictures/mug.svg\"}",
        "{\"kind\":\"image\",\"title\":\"no picture\"}",
        "{\"kind\":\"note\",\"note\":\"  \"}",
        "{\"kind\":\"note\",\"note\":\"x\",\"url\":\"https://a.example/\"}",
        "{\"kind\":\"video\"}",
    };
    make("ann", "private", "board");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(call("ann", "POST", "/boards/%/items", wrong[i]), 400, "%s: %s", wrong[i], parley_test_body(t));
}

Test(boards, the_shop_s_own_pictures_and_product_pages_are_used_where_settings_name_them) {
    make("ann", "private", "board");
    parley_test_variant(t, "boards", "on",
                        "{\"pictures\":\"/shop/pictures/\",\"productPage\":\"/shop/p?sku={sku}&from=board\"}");
    pin("ann", "a&b", "\"image\":\"/shop/pictures/mug.svg\",\"url\":\"https://evil.example/\"");
    says("/item/url", "\"/shop/p?sku=a%26b&from=board\"");
    says("/item/image", "\"/shop/pictures/mug.svg\"");
    for (const char *const *wrong = (const char *const[]){"/shop/pictures/../logout", "/shop/pictures/%2e%2e/logout",
                                                          "/logout", "//evil.example/a.png", NULL};
         *wrong; wrong++) {
        char body[200];
        snprintf(body, sizeof body, "{\"kind\":\"image\",\"image\":\"%s\"}", *wrong);
        cr_expect_eq(call("ann", "POST", "/boards/%/items", body), 400, "%s", *wrong);
    }
}

/* ---- who sees what ---- */

Test(boards, a_private_board_and_all_that_is_on_it_shows_to_nobody_else) {
    make("ann", "public", "board");
    pin("ann", "mug", "");
    call("ann", "PATCH", "/boards/%", "{\"visibility\":\"private\"}");
    static const char *const paths[] = {"/boards/%",         "/boards/%/items", "/boards/%/comments",
                                        "/boards/%/members", "/boards/%/cart",  "/boards/%/share"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        cr_expect_eq(call("ben", "GET", paths[i], NULL), 404, "%s", paths[i]);
        cr_expect(!has("mug") && !has("Kitchen"));
    }
    call("staff", "GET", "/boards/%", NULL);
    expect(404);
    call("ben", "GET", "/boards?q=mug", NULL);
    says("/items", "[]");
    call("staff", "GET", "/queue", NULL);
    says("/items", "[]");
    call("ben", "POST", "/boards/%/clone", "{}");
    expect(404);
    call("ben", "POST", "/boards/%/comments", "{\"body\":\"hello?\"}");
    expect(404);
}

Test(boards, an_unlisted_board_is_seen_by_its_link_and_found_by_nobody) {
    make("ann", "unlisted", "board");
    call("ben", "GET", "/boards/%", NULL);
    expect(200);
    says("/board/access", "\"commenter\"");
    call("ben", "GET", "/boards?public=1", NULL);
    says("/items", "[]");
    call("ben", "PATCH", "/boards/%", "{\"title\":\"Mine now\"}");
    expect(403);
    call("ben", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"x\"}");
    expect(403);
}

Test(boards, nobody_s_customer_id_is_shown_to_another) {
    make("ann@mail.example", "public", "board");
    call("ann@mail.example", "PUT", "/me", "{\"name\":\"Ann\"}");
    pin("ann@mail.example", "mug", "");
    call("ann@mail.example", "POST", "/boards/%/comments", "{\"body\":\"Nice?\"}");
    call("ann@mail.example", "PUT", "/boards/%/members/ben@mail.example", "{\"role\":\"editor\"}");
    static const char *const paths[] = {"/boards/%", "/boards/%/comments", "/boards/%/members", "/boards?public=1"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        call("ben@mail.example", "GET", paths[i], NULL);
        expect(200);
        cr_expect(!has("mail.example"), "%s", parley_test_body(t));
    }
    call("ben@mail.example", "GET", "/boards/%", NULL);
    says("/board/by", "\"Ann\"");
}

Test(boards, members_do_what_their_role_allows) {
    make("ann", "private", "board");
    struct {
        const char *role;
        int look, comment, edit;
    } rows[] = {{"viewer", 200, 403, 403}, {"commenter", 200, 201, 403}, {"editor", 200, 201, 201}};
    for (int i = 0; i < 3; i++) {
        char body[60], note[80];
        snprintf(body, sizeof body, "{\"role\":\"%s\"}", rows[i].role);
        snprintf(note, sizeof note, "{\"kind\":\"note\",\"note\":\"%s\"}", rows[i].role);
        call("ann", "PUT", "/boards/%/members/ben", body);
        cr_expect_eq(call("ben", "GET", "/boards/%", NULL), rows[i].look);
        cr_expect_eq(call("ben", "POST", "/boards/%/comments", "{\"body\":\"hm\"}"), rows[i].comment, "%s",
                     rows[i].role);
        cr_expect_eq(call("ben", "POST", "/boards/%/items", note), rows[i].edit, "%s", rows[i].role);
        cr_expect_eq(call("ben", "DELETE", "/boards/%", NULL), 403);
        cr_expect_eq(call("ben", "POST", "/boards/%/clone", "{}"), 403, "a private board is copied by its owner alone");
    }
    call("ben", "GET", "/boards", NULL);
    says("/items/0/access", "\"editor\"");
    call("ben", "DELETE", "/boards/%/members/me", NULL);
    expect(204);
    call("ben", "GET", "/boards/%", NULL);
    expect(404);
    call("ann", "PUT", "/boards/%/members/ben", "{\"role\":\"editor\"}");
    expect(409); /* who has left is not put back against her will */
}

Test(boards, an_invitation_makes_whoever_has_the_link_a_member_until_it_ends) {
    make("ann", "private", "board");
    call("ann", "POST", "/boards/%/invitations", "{\"role\":\"editor\",\"days\":2}");
    expect(201);
    char take[80], again[120];
    snprintf(take, sizeof take, "{\"token\":\"%s\"}", text_at("/token"));
    path_of(again, sizeof again, "/boards/%s/invitations/%s", text_at("/id"));
    cr_expect_eq(strlen(text_at("/token")), 26);
    call("ben", "POST", "/join", take);
    expect(200);
    says("/board/access", "\"editor\"");
    call("ann", "GET", "/boards/%/members", NULL);
    char path[120];
    path_of(path, sizeof path, "/boards/%s/members/%s", text_at("/items/0/member"));
    call("ann", "DELETE", path, NULL);
    expect(204);
    call("ben", "GET", "/boards/%", NULL);
    expect(404);
    parley_test_wait(t, 3LL * 24 * 3600 * 1000);
    call("cem", "POST", "/join", take);
    expect(404);
    call("ann", "GET", "/boards/%/invitations", NULL);
    says("/items", "[]");
    call("ben", "GET", "/boards/%/invitations", NULL);
    expect(404);
    call("ann", "DELETE", again, NULL);
    expect(204);
}

/* ---- ensembles and carts ---- */

Test(boards, an_ensemble_adds_its_pieces_up_exactly_and_by_currency) {
    make("ann", "unlisted", "ensemble");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"product\",\"sku\":\"x\",\"title\":\"X\"}");
    expect(400); /* a role is missing */
    pin("ann", "shirt", "\"role\":\"top\",\"price\":0.1,\"currency\":\"EUR\",\"quantity\":3");
    pin("ann", "shoes", "\"role\":\"shoes\",\"price\":\"119.995\",\"currency\":\"EUR\"");
    pin("ann", "hat", "\"role\":\"hat\",\"price\":20,\"currency\":\"GBP\"");
    pin("ann", "scarf", "\"role\":\"scarf\"");
    says("/totals", "{\"sums\":[{\"currency\":\"EUR\",\"amount\":120.295},{\"currency\":\"GBP\",\"amount\":20}],"
                    "\"pieces\":6,\"unpriced\":1}");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"product\",\"sku\":\"y\",\"title\":\"Y\",\"role\":\"top\"}");
    expect(409);
    for (const char *const *wrong =
             (const char *const[]){"1e3", "-1", "\"1.23456\"", "\"1.\"", "\"\"", "1234567890", NULL};
         *wrong; wrong++) {
        char body[200];
        snprintf(
            body, sizeof body,
            "{\"kind\":\"product\",\"sku\":\"z\",\"title\":\"Z\",\"role\":\"z\",\"currency\":\"EUR\",\"price\":%s}",
            *wrong);
        cr_expect_eq(call("ann", "POST", "/boards/%/items", body), 400, "%s", *wrong);
    }
}

Test(boards, a_piece_is_replaced_in_its_place_and_role) {
    char path[120];
    make("ann", "unlisted", "ensemble");
    path_of(path, sizeof path, "/boards/%s/items/%s",
            pin("ann", "shirt", "\"role\":\"top\",\"price\":10,\"currency\":\"EUR\""));
    pin("ann", "shoes", "\"role\":\"shoes\",\"price\":90,\"currency\":\"EUR\"");
    call("ann", "PUT", path,
         "{\"kind\":\"product\",\"sku\":\"blouse\",\"title\":\"Blouse\",\"price\":15.5,\"currency\":\"EUR\"}");
    expect(200);
    says("/item/role", "\"top\"");
    says("/item/position", "0");
    says("/totals/sums/0/amount", "105.5");
    call("ann", "PUT", path, "{\"kind\":\"product\",\"sku\":\"shoes\",\"title\":\"Shoes\"}");
    expect(409);
    cr_expect_eq(parley_test_tracked(t, "Product Removed from Wishlist"), 1);
    cr_expect_eq(parley_test_tracked(t, "Product Added to Wishlist"), 3);
    call("ben", "GET", "/boards?q=shirt&public=1", NULL);
    says("/items", "[]");
}

Test(boards, everything_goes_into_the_cart_with_an_event_each) {
    make("ann", "unlisted", "board");
    pin("ann", "mug", "\"quantity\":2,\"price\":18,\"currency\":\"EUR\"");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"note\",\"note\":\"no product\"}");
    pin("ann", "pot", "");
    call("ben", "GET", "/boards/%/cart", NULL);
    says("/items/0/quantity", "2");
    says("/items/1/sku", "\"pot\"");
    cr_expect_eq(parley_test_tracked(t, "Wishlist Product Added to Cart"), 0);
    call("ben", "POST", "/boards/%/cart", "{}");
    expect(200);
    cr_expect_eq(parley_test_tracked(t, "Wishlist Product Added to Cart"), 2);
    const char *event = parley_test_properties(t, "Wishlist Product Added to Cart", 0);
    cr_expect_str_eq(parley_test_json(t, event, "/product_id"), "\"mug\"");
    cr_expect_str_eq(parley_test_json(t, event, "/quantity"), "2");
}

/* ---- copies ---- */

Test(boards, a_copy_keeps_whom_it_goes_back_to_in_a_chain) {
    call("ann", "PUT", "/me", "{\"name\":\"Ann\"}");
    call("ben", "PUT", "/me", "{\"name\":\"Ben\"}");
    make("ann", "public", "ensemble");
    pin("ann", "shirt", "\"role\":\"top\",\"price\":10,\"currency\":\"EUR\"");
    call("ben", "POST", "/boards/%/clone", "{\"title\":\"My kitchen\"}");
    expect(201);
    says("/board/visibility", "\"private\"");
    says("/lineage/0/by", "\"Ann\"");
    says("/items/items/0/role", "\"top\"");
    says("/totals/sums/0/amount", "10");
    snprintf(board, sizeof board, "%s", text_at("/board/id"));
    call("ben", "PATCH", "/boards/%", "{\"visibility\":\"public\"}");
    call("cem", "POST", "/boards/%/clone", "{}");
    says("/lineage/0/by", "\"Ben\"");
    says("/lineage/0/title", "\"My kitchen\"");
    says("/lineage/1/by", "\"Ann\"");
    says("/lineage/1/title", "\"Kitchen\"");
    call("ben", "PATCH", "/boards/%", "{\"visibility\":\"private\"}");
    call("cem", "GET", "/boards", NULL);
    snprintf(board, sizeof board, "%s", text_at("/items/0/id"));
    call("cem", "GET", "/boards/%", NULL);
    says("/lineage/0", "{\"by\":\"Ben\",\"board\":null,\"title\":null}"); /* whose title it is decides who reads it */
    cr_expect_eq(parley_test_tracked(t, "Board Cloned"), 2);
    call("x", "GET", "/boards?q=shirt", NULL);
    cr_expect_null(parley_test_at(t, "/items/1"), "%s", parley_test_body(t));
}

/* ---- the catalogue ---- */

Test(boards, a_product_that_the_shop_knows_has_the_shop_s_title_picture_and_todays_price) {
    make("ann", "public", "board");
    call("staff", "POST", "/catalogue",
         "{\"items\":[{\"sku\":\"mug\",\"title\":\"Mug\",\"image\":\"/p/"
         "mug.svg\",\"price\":18.9,\"currency\":\"EUR\"}]}");
    expect(204);
    call("ann", "POST", "/boards/%/items",
         "{\"kind\":\"product\",\"sku\":\"mug\",\"title\":\"Free\",\"price\":0.01,\"currency\":\"EUR\"}");
    says("/item/title", "\"Mug\"");
    says("/item/image", "\"/p/mug.svg\"");
    says("/totals/sums/0/amount", "18.9");
    call("staff", "POST", "/catalogue",
         "{\"items\":[{\"sku\":\"mug\",\"title\":\"Mug\",\"price\":\"20.00\",\"currency\":\"EUR\"}]}");
    call("ann", "GET", "/boards/%/cart", NULL);
    says("/totals/sums/0/amount", "20");
    call("staff", "POST", "/catalogue", "{\"removed\":[\"mug\"]}");
    make("ann", "public", "board");
    call("ann", "POST", "/boards/%/items", "{\"kind\":\"product\",\"sku\":\"mug\"}");
    expect(400); /* it has no title now */
}
