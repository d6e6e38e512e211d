#include "core/people/customers.h"

#include <stdio.h>

#include "tests/core/store/main.h"

TestSuite(customers, .init = main_make, .fini = main_remove);

static void tell(const char *key, const char *name, const char *value, int64_t at, enum trait_source source) {
    struct trait trait = {text_of(name), text_of(value), at, source};
    cr_assert_geq(customers_tell(sql, text_of(key), &trait, &error), 0, "%s", error.detail);
    cr_assert_eq(customers_index(sql, &arena, text_of(key), &error), 0, "%s", error.detail);
}

static const char *value_of(const struct text *keys, size_t n, const char *name) {
    struct trait *traits;
    size_t traits_n;
    cr_assert_eq(customers_traits(sql, &arena, keys, n, &traits, &traits_n, &error), 0, "%s", error.detail);
    for (size_t i = 0; i < traits_n; i++)
        if (text_is(traits[i].name, name)) return traits[i].value.at;
    return "";
}

static const struct text u1[] = {{"u1", 2}}, both[] = {{"u1", 2}, {"u2", 2}};

Test(customers, the_latest_that_was_told_counts_even_when_it_came_first) {
    tell("u1", "city", "\"Ulm\"", 200, TRAIT_TOLD);
    tell("u1", "city", "\"Bonn\"", 100, TRAIT_TOLD);
    cr_assert_str_eq(value_of(u1, 1, "city"), "\"Ulm\"");
}

Test(customers, staffs_word_wins_over_what_is_told_later_until_it_is_lifted) {
    tell("u1", "name", "\"Anna\"", 300, TRAIT_STAFF);
    tell("u1", "name", "\"Amma\"", 400, TRAIT_TOLD);
    cr_assert_str_eq(value_of(u1, 1, "name"), "\"Anna\"");
    cr_assert_eq(customers_lift(sql, u1, 1, TEXT("name"), &error), 0);
    cr_assert_str_eq(value_of(u1, 1, "name"), "\"Amma\"");
}

Test(customers, a_fact_that_staff_took_away_is_gone) {
    tell("u1", "topic", "\"lamps\"", 100, TRAIT_TOLD);
    tell("u1", "topic", "null", 300, TRAIT_STAFF);
    cr_assert_str_eq(value_of(u1, 1, "topic"), "");
}

Test(customers, facts_of_all_keys_are_joined_and_stay_apart_underneath) {
    tell("u1", "city", "\"Ulm\"", 100, TRAIT_TOLD);
    tell("u2", "city", "\"Bonn\"", 200, TRAIT_TOLD);
    cr_assert_str_eq(value_of(both, 2, "city"), "\"Bonn\"");
    cr_assert_str_eq(value_of(u1, 1, "city"), "\"Ulm\"");
}

Test(customers, names_beyond_the_limit_are_refused) {
    char name[16];
    for (int i = 0; i <= TRAITS_MOST; i++) {
        snprintf(name, sizeof name, "t%d", i);
        struct trait trait = {text_of(name), TEXT("1"), 1, TRAIT_TOLD};
        cr_assert_eq(customers_tell(sql, TEXT("u1"), &trait, &error), i < TRAITS_MOST, "%d", i);
    }
}

static struct customer_page search(const char *q, struct text cursor, size_t limit) {
    struct customer_page page;
    cr_assert_eq(customers_search(sql, &arena, text_of(q), cursor, limit, &page, &error), 0, "%s", error.detail);
    return page;
}

Test(customers, are_found_by_the_beginning_of_id_name_or_mail_each_once) {
    tell("C-17", "name", "\"Anna Blum\"", 1, TRAIT_TOLD);
    tell("C-17", "email", "\"anna@shop.example\"", 1, TRAIT_TOLD);
    tell("C-18", "email", "\"bert@shop.example\"", 1, TRAIT_TOLD);
    struct customer_page page = search("ANN", TEXT(""), 10);
    cr_assert_eq(page.n, 1);
    cr_assert(text_is(page.items[0].id, "C-17"));
    cr_assert_eq(search("c-1", TEXT(""), 10).n, 2);
    cr_assert_eq(search("", TEXT(""), 10).n, 2);
    cr_assert_eq(search("shop", TEXT(""), 10).n, 0);
    tell("C-19", "name", "\"Zo\\u00eb von der M\\u00fchle\"", 1, TRAIT_TOLD);
    const char *const ways[] = {"zo\u00eb", "ZO\u00cb VON DER M\u00dcHLE"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        cr_expect_eq(search(ways[i], TEXT(""), 10).n, 1, "%s", ways[i]);
}

Test(customers, a_name_that_was_corrected_is_found_no_more) {
    tell("u1", "name", "\"Amma\"", 1, TRAIT_TOLD);
    tell("u1", "name", "\"Anna\"", 2, TRAIT_STAFF);
    cr_assert_eq(search("amma", TEXT(""), 10).n, 0);
    cr_assert_eq(search("anna", TEXT(""), 10).n, 1);
}

Test(customers, search_goes_on_where_the_page_ended) {
    char id[16];
    for (int i = 0; i < 25; i++) {
        snprintf(id, sizeof id, "u%02d", i);
        tell(id, "name", "\"Same\"", 1, TRAIT_TOLD);
    }
    struct text cursor = TEXT("");
    size_t n = 0;
    do {
        struct customer_page page = search("same", cursor, 10);
        n += page.n;
        cursor = page.next;
    } while (cursor.n);
    cr_assert_eq(n, 25);
}

static struct preferences prefer(const char *key, const char *body, int64_t now) {
    struct preferences before, after;
    struct text id = text_of(key);
    cr_assert_eq(customers_preferences(sql, &arena, &id, 1, &before, &error), 0, "%s", error.detail);
    cr_assert_eq(preferences_read(&after, text_of(body), &before, now, &arena, &error), 0, "%s", error.detail);
    cr_assert_eq(customers_prefer(sql, id, &after, &error), 0, "%s", error.detail);
    cr_assert_eq(customers_preferences(sql, &arena, &id, 1, &after, &error), 0, "%s", error.detail);
    return after;
}

Test(customers, preferences_are_kept_as_they_were_said) {
    struct preferences p = prefer(
        "u1", "{\"muted\":[\"poll\"],\"pushes\":false,\"channels\":{\"email\":false,\"web\":true},\"perDay\":1}", 5);
    cr_assert(preferences_mute(&p, TEXT("poll")));
    cr_assert(!preferences_mute(&p, TEXT("board")));
    cr_assert(p.pushes_off);
    cr_assert_eq(p.channels_n, 1);
    cr_assert_eq(p.per_day, 1);
    cr_assert_eq(p.per_week, -1);
    cr_assert_eq(p.at, 5);
}

Test(customers, consent_keeps_the_time_it_was_given_at) {
    prefer("u1", "{\"consent\":{\"marketing\":true}}", 1000);
    struct preferences p = prefer("u1", "{\"consent\":{\"marketing\":true,\"analytics\":false}}", 2000);
    cr_assert_eq(p.consents_n, 2);
    cr_assert_eq(preferences_consent(&p, TEXT("marketing")), 1);
    cr_assert_eq(p.consents[0].at, 1000);
    cr_assert_eq(preferences_consent(&p, TEXT("analytics")), 0);
    cr_assert_eq(p.consents[1].at, 2000);
    cr_assert_eq(preferences_consent(&p, TEXT("profiling")), -1);
}

Test(customers, preferences_that_make_no_sense_are_refused_with_their_place) {
    struct preferences before = {.per_day = -1, .per_week = -1}, after;
    const char *bad[][2] = {{"{\"muted\":\"poll\"}", "/muted"},      {"{\"pushes\":1}", "/pushes"},
                            {"{\"perDay\":-2}", "/perDay"},          {"{\"perWeek\":1.5}", "/perWeek"},
                            {"{\"consent\":{\"m\":1}}", "/consent"}, {"{\"mute\":[]}", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error_clear(&error);
        cr_assert_eq(preferences_read(&after, text_of(bad[i][0]), &before, 1, &arena, &error), ERR_INVALID, "%s",
                     bad[i][0]);
        cr_assert_str_eq(error.at[0].pointer, bad[i][1]);
    }
}

Test(customers, forgetting_leaves_nothing_of_one_and_everything_of_another) {
    tell("u1", "name", "\"Anna\"", 1, TRAIT_TOLD);
    tell("u2", "name", "\"Bert\"", 1, TRAIT_TOLD);
    prefer("u1", "{}", 4);
    struct seen_mark mark = {7, 1, TEXT("ann")};
    cr_assert_eq(customers_see(sql, TEXT("u1"), &mark, &error), 0);
    cr_assert_gt(customers_forget(sql, u1, 1, &error), 3);
    cr_assert_str_eq(value_of(u1, 1, "name"), "");
    cr_assert_eq(search("", TEXT(""), 10).n, 1);
    cr_assert_str_eq(value_of(both, 2, "name"), "\"Bert\"");
    cr_assert_eq(customers_seen(sql, &arena, u1, 1, &mark, &error), 0);
    cr_assert_eq(mark.seq, 0);
}
