#include "core/people/tokens.h"

#include "core/base/clock.h"
#include "core/store/audit.h"
#include "tests/core/store/main.h"

TestSuite(tokens, .init = main_make, .fini = main_remove);

static char secret[TOKEN_ROOM];
static struct principal who;

static struct token create(const char *name, enum role role, int64_t expires) {
    struct token token = {.name = text_of(name), .role = role, .expires = expires};
    cr_assert_eq(tokens_create(sql, &arena, &token, TEXT("ann"), 1000, secret, &error), 0, "%s", error.detail);
    return token;
}

static int check_with(struct text admin_token, const char *token, int64_t now) {
    struct token_table *table;
    cr_assert_eq(token_table_load(&table, sql, admin_token, &error), 0, "%s", error.detail);
    int rc = tokens_check(table, text_of(token), now, &who, &error);
    token_table_free(table);
    return rc;
}

static int check(const char *token, int64_t now) {
    return check_with(TEXT_NONE, token, now);
}

Test(tokens, look_like_parley_and_32_letters_and_never_the_same) {
    char first[TOKEN_ROOM];
    create("a", ROLE_SERVER, 0);
    memcpy(first, secret, sizeof first);
    cr_assert_eq(strlen(secret), 7 + 32);
    cr_assert_eq(strncmp(secret, "parley_", 7), 0);
    cr_assert_eq(strspn(secret + 7, "abcdefghijklmnopqrstuvwxyz234567"), 32);
    create("a", ROLE_SERVER, 0);
    cr_assert_neq(strcmp(first, secret), 0);
}

Test(tokens, let_in_with_the_role_they_were_made_for) {
    static const enum role all[] = {ROLE_ADMIN,     ROLE_MANAGER, ROLE_ANALYST, ROLE_AGENT,
                                    ROLE_PUBLISHER, ROLE_SERVER,  ROLE_BROWSER};
    for (int i = 0; i < 7; i++) {
        struct token token = create(role_name(all[i]), all[i], 0);
        cr_assert_eq(check(secret, 2000), 0);
        cr_assert_eq(who.role, all[i]);
        cr_assert(text_is(token.id, who.id) && text_is(token.name, who.name));
        cr_assert_eq(role_of(text_of(role_name(all[i]))), all[i]);
    }
}

Test(tokens, a_token_of_nobody_is_refused) {
    create("a", ROLE_SERVER, 0);
    secret[20] ^= 1;
    cr_assert_eq(check(secret, 2000), ERR_UNAUTHENTICATED);
    cr_assert_eq(check("", 2000), ERR_UNAUTHENTICATED);
}

Test(tokens, many_are_told_apart) {
    char secrets[200][TOKEN_ROOM];
    for (int i = 0; i < 200; i++) {
        create((char[]){'a' + i / 26, 'a' + i % 26, 0}, ROLE_SERVER, 0);
        memcpy(secrets[i], secret, sizeof secret);
    }
    struct token_table *table;
    cr_assert_eq(token_table_load(&table, sql, TEXT_NONE, &error), 0);
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(tokens_check(table, text_of(secrets[i]), 0, &who, &error), 0);
        cr_assert(who.name[0] == 'a' + i / 26 && who.name[1] == 'a' + i % 26);
    }
    token_table_free(table);
}

Test(tokens, an_expired_one_is_refused_from_its_time_on) {
    create("a", ROLE_SERVER, 5000);
    cr_assert_eq(check(secret, 4999), 0);
    cr_assert_eq(check(secret, 5000), ERR_UNAUTHENTICATED);
    cr_assert_str_eq(error.detail, "this token has expired");
}

Test(tokens, a_revoked_one_is_refused_for_ever) {
    struct token token = create("a", ROLE_SERVER, 0);
    cr_assert_eq(tokens_revoke(sql, &arena, token.id, TEXT("ann"), 3000, &error), 0);
    cr_assert_eq(check(secret, 2000), ERR_UNAUTHENTICATED);
    cr_assert_eq(tokens_revoke(sql, &arena, token.id, TEXT("ann"), 4000, &error), 0);
    cr_assert_eq(tokens_get(sql, &arena, token.id, &token, &error), 0);
    cr_assert_eq(token.revoked, 3000, "the first revocation stands");
    cr_assert_eq(tokens_revoke(sql, &arena, TEXT("none"), TEXT("ann"), 4000, &error), ERR_NOT_FOUND);
}

Test(tokens, the_token_itself_is_nowhere_in_the_database_unless_it_is_public) {
    struct token token = create("server", ROLE_SERVER, 0);
    cr_assert_eq(token.public.at, NULL);
    sql_close(sql); /* writes the log back into the file */
    FILE *f = fopen(in_folder("parley.db"), "r");
    static char bytes[1 << 20];
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    cr_assert_eq(memmem(bytes, n, secret, strlen(secret)), NULL);
    cr_assert_neq(memmem(bytes, n, "server", 6), NULL);
    cr_assert_eq(sql_open(&sql, in_folder("parley.db"), SQL_WRITER, &error), 0);
    token = create("shop", ROLE_BROWSER, 0);
    cr_assert(text_is(token.public, secret));
    cr_assert_eq(tokens_get(sql, &arena, token.id, &token, &error), 0);
    cr_assert(text_is(token.public, secret), "a browser token can be read again");
}

Test(tokens, changes_are_audited_without_the_secret) {
    struct token token = create("a", ROLE_MANAGER, 5000);
    tokens_revoke(sql, &arena, token.id, TEXT("bob"), 3000, &error);
    struct audit_page page;
    audit_list(sql, &arena, TEXT("token"), token.id, 0, 10, &page, &error);
    cr_assert_eq(page.n, 2);
    cr_assert(text_is(page.items[0].action, "revoke") && text_is(page.items[0].actor, "bob"));
    cr_assert(text_is(page.items[1].action, "create") && text_is(page.items[1].actor, "ann"));
    cr_assert(text_eq(page.items[0].before, page.items[1].after));
    cr_assert(
        text_is(page.items[1].after, "{\"name\":\"a\",\"role\":\"manager\",\"expires\":\"1970-01-01T00:00:05.000Z\"}"),
        "%s", page.items[1].after.at);
}

Test(tokens, what_makes_no_sense_is_refused_with_its_place) {
    struct token token = {.name = TEXT(""), .role = 0, .expires = 500};
    cr_assert_eq(tokens_create(sql, &arena, &token, TEXT("ann"), 1000, secret, &error), ERR_INVALID);
    cr_assert_eq(error.places, 3);
    cr_assert_str_eq(error.at[0].pointer, "/name");
    cr_assert_str_eq(error.at[1].pointer, "/role");
    cr_assert_str_eq(error.at[2].pointer, "/expires");
}

Test(tokens, the_list_goes_from_newest_to_oldest_page_by_page) {
    for (int i = 0; i < 5; i++) {
        struct token token = {.name = text_of((char[]){'a' + i, 0}), .role = ROLE_SERVER};
        cr_assert_eq(tokens_create(sql, &arena, &token, TEXT("ann"), 1000 + i, secret, &error), 0);
    }
    struct token_page page;
    cr_assert_eq(tokens_list(sql, &arena, TEXT_NONE, 3, &page, &error), 0);
    cr_assert_eq(page.n, 3);
    cr_assert(page.more && text_is(page.items[0].name, "e"));
    cr_assert_eq(tokens_list(sql, &arena, page.items[2].id, 3, &page, &error), 0);
    cr_assert(page.n == 2 && !page.more && text_is(page.items[1].name, "a"));
}

Test(tokens, the_one_in_the_environment_is_an_admin_without_being_stored) {
    static const char long_enough[] = "0123456789abcdef0123456789abcdef";
    cr_assert_eq(check_with(text_of(long_enough), long_enough, 0), 0);
    cr_assert_eq(who.role, ROLE_ADMIN);
    cr_assert_str_eq(who.id, "environment");
    cr_assert_eq(check(long_enough, 0), ERR_UNAUTHENTICATED, "without the variable it is nobody's");
}

Test(tokens, one_in_the_environment_that_is_too_short_is_refused) {
    struct token_table *table;
    cr_assert_eq(token_table_load(&table, sql, TEXT("secret"), &error), ERR_INVALID);
    cr_assert(strstr(error.detail, "PARLEY_ADMIN_TOKEN") != NULL);
    cr_assert_eq(strstr(error.detail, "secret"), NULL, "it is not printed");
}
