#include "core/people/identity.h"

#include "core/people/identity_map.h"
#include "core/store/audit.h"
#include "tests/core/store/main.h"

/* Every change goes to the store and to the map, as the server does it, and both must agree on who is who. */
static struct identity_map *map;

static void make(void) {
    main_make();
    cr_assert_eq(identity_map_load(&map, sql, &error), 0);
}
static void tear_down(void) {
    identity_map_free(map);
    main_remove();
}
TestSuite(identity, .init = make, .fini = tear_down);

static int join(const char *anonymous, const char *known) {
    struct identity_link link;
    int rc = identity_join(sql, &arena, text_of(anonymous), text_of(known), TEXT("identify"), 42, &link, &error);
    if (rc == IDENTITY_JOINED) identity_map_set(map, link.id, link.parent);
    return rc;
}
static int merge(const char *keep, const char *other) {
    struct identity_link link;
    int rc = identity_merge(sql, &arena, text_of(keep), text_of(other), TEXT("ann"), 43, &link, &error);
    if (rc == 0) identity_map_set(map, link.id, link.parent);
    return rc;
}
static int unmerge(const char *other) {
    struct identity_link link;
    int rc = identity_unmerge(sql, &arena, text_of(other), TEXT("ann"), 44, &link, &error);
    if (rc == 0) identity_map_set(map, link.id, link.parent);
    return rc;
}

static bool is(const char *id, const char *customer) {
    struct text root;
    struct identity_map *fresh;
    cr_assert_eq(identity_root(sql, &arena, text_of(id), &root, &error), 0, "%s", error.detail);
    cr_assert_eq(identity_map_load(&fresh, sql, &error), 0);
    bool loaded = text_is(identity_map_root(fresh, text_of(id)), customer);
    identity_map_free(fresh);
    return loaded && text_is(root, customer) && text_is(identity_map_root(map, text_of(id)), customer);
}

static size_t proposals(struct identity_proposal **items) {
    size_t n;
    cr_assert_eq(identity_proposals(sql, &arena, NULL, 10, items, &n, &error), 0, "%s", error.detail);
    return n;
}

Test(identity, a_key_nobody_has_heard_of_is_itself) {
    cr_assert(is("anon-1", "anon-1"));
}

Test(identity, an_anonymous_key_becomes_the_customer_it_identifies_as) {
    cr_assert_eq(join("anon-1", "u1"), IDENTITY_JOINED);
    cr_assert_eq(join("anon-2", "u1"), IDENTITY_JOINED);
    cr_assert(is("anon-1", "u1") && is("anon-2", "u1") && is("u1", "u1"));
}

Test(identity, identifying_again_changes_nothing) {
    join("anon-1", "u1");
    cr_assert_eq(join("anon-1", "u1"), IDENTITY_UNCHANGED);
    cr_assert_eq(join("u1", "u1"), IDENTITY_UNCHANGED);
    struct identity_proposal *items;
    cr_assert_eq(proposals(&items), 0);
}

Test(identity, two_people_at_one_device_stay_two_and_a_merge_is_proposed_once) {
    struct identity_proposal *items;
    join("anon-1", "u2");
    for (int i = 0; i < 2; i++) cr_assert_eq(join("anon-1", "u1"), IDENTITY_PROPOSED);
    cr_assert(is("anon-1", "u2") && is("u1", "u1") && is("u2", "u2"));
    cr_assert_eq(proposals(&items), 1);
    cr_assert(text_is(items[0].one, "u1") && text_is(items[0].other, "u2") && text_is(items[0].because, "anon-1"));
}

Test(identity, an_alias_between_two_known_ids_is_only_a_proposal) {
    struct identity_proposal *items;
    join("anon-1", "u1");
    join("anon-2", "u2");
    cr_assert_eq(join("u2", "u1"), IDENTITY_PROPOSED);
    cr_assert(is("u1", "u1") && is("u2", "u2") && is("anon-2", "u2"));
    cr_assert_eq(proposals(&items), 1);
}

Test(identity, an_alias_of_somebody_who_only_ever_sent_events_is_only_a_proposal) {
    struct identity_proposal *items;
    cr_assert_eq(identity_know(sql, TEXT("u2"), TEXT("track"), 41, &error), 0);
    cr_assert_eq(join("u2", "u1"), IDENTITY_PROPOSED);
    cr_assert(is("u1", "u1") && is("u2", "u2"));
    cr_assert_eq(proposals(&items), 1);
    join("anon-1", "u1");
    cr_assert_eq(identity_know(sql, TEXT("anon-1"), TEXT("track"), 43, &error), 0);
    cr_assert(is("anon-1", "u1"), "a key that was joined stays where it is");
}

Test(identity, a_key_joined_to_a_key_follows_it_to_the_customer) {
    join("anon-1", "u1");
    cr_assert_eq(join("anon-2", "anon-1"), IDENTITY_JOINED);
    cr_assert(is("anon-2", "u1"));
}

Test(identity, a_merge_takes_all_keys_along_and_settles_the_proposal) {
    struct identity_proposal *items;
    join("anon-1", "u1");
    join("anon-2", "u2");
    join("anon-2", "u1");
    cr_assert_eq(proposals(&items), 1);
    cr_assert_eq(merge("u1", "u2"), 0, "%s", error.detail);
    cr_assert(is("anon-2", "u1") && is("u2", "u1") && is("u1", "u1"));
    cr_assert_eq(proposals(&items), 0);
    cr_assert_eq(merge("u2", "u1"), ERR_CONFLICT, "they are one already");
    cr_assert_eq(join("anon-3", "u2"), IDENTITY_JOINED);
    cr_assert(is("anon-3", "u1"));
}

Test(identity, an_unmerge_gives_back_both_with_the_keys_each_had) {
    join("anon-1", "u1");
    join("anon-2", "u2");
    merge("u1", "u2");
    cr_assert_eq(unmerge("u2"), 0, "%s", error.detail);
    cr_assert(is("anon-1", "u1") && is("u1", "u1") && is("anon-2", "u2") && is("u2", "u2"));
    cr_assert_eq(unmerge("u2"), ERR_CONFLICT);
    cr_assert_eq(unmerge("anon-1"), ERR_CONFLICT, "an anonymous key was joined, not merged");
}

Test(identity, customers_who_never_identified_can_be_merged) {
    cr_assert_eq(merge("u1", "u2"), 0);
    cr_assert(is("u2", "u1"));
}

Test(identity, merges_are_audited) {
    struct audit_page page;
    merge("u1", "u2");
    unmerge("u2");
    cr_assert_eq(audit_list(sql, &arena, TEXT("customer"), TEXT("u2"), 0, 10, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_assert(text_is(page.items[1].action, "merge") && text_is(page.items[1].before, "\"u2\"") &&
              text_is(page.items[1].after, "\"u1\""));
    cr_assert(text_is(page.items[0].action, "unmerge") && text_is(page.items[0].actor, "ann"));
}

Test(identity, all_keys_of_a_customer_are_found_from_any_of_them) {
    struct text *keys;
    size_t n;
    join("b-anon", "u1");
    join("c-anon", "u2");
    join("d-anon", "u3");
    merge("u1", "u2");
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(identity_keys(sql, &arena, i ? TEXT("c-anon") : TEXT("u1"), &keys, &n, &error), 0);
        cr_assert_eq(n, 4);
        const char *expected[] = {"u1", "b-anon", "c-anon", "u2"};
        for (size_t k = 0; k < n; k++) cr_assert(text_is(keys[k], expected[k]), "%s", keys[k].at);
    }
    cr_assert_eq(identity_keys(sql, &arena, TEXT("nobody"), &keys, &n, &error), 0);
    cr_assert(n == 1 && text_is(keys[0], "nobody"));
}

Test(identity, a_forgotten_customer_leaves_no_row) {
    struct identity_proposal *items;
    join("anon-1", "u1");
    join("anon-2", "u2");
    join("anon-1", "u2");
    cr_assert_eq(identity_forget(sql, &arena, TEXT("anon-1"), &error), 0, "%s", error.detail);
    cr_assert_eq(proposals(&items), 0);
    struct text *keys;
    size_t n;
    identity_keys(sql, &arena, TEXT("u1"), &keys, &n, &error);
    cr_assert_eq(n, 1);
    identity_map_set(map, TEXT("anon-1"), TEXT("anon-1"));
    cr_assert(is("anon-1", "anon-1") && is("anon-2", "u2"), "the other stays");
}

Test(identity, the_map_lists_the_keys_of_a_person_as_the_store_does) {
    join("anon-1", "u1");
    join("anon-2", "u2");
    merge("u1", "u2");
    struct text *keys, *stored;
    size_t n, stored_n;
    for (int undone = 0; undone < 2; undone++) {
        identity_map_keys(map, TEXT("anon-2"), &arena, &keys, &n);
        cr_assert_eq(identity_keys(sql, &arena, TEXT("anon-2"), &stored, &stored_n, &error), 0);
        cr_assert_eq(n, undone ? 2 : 4);
        cr_assert_eq(stored_n, n);
        cr_assert(text_is(keys[0], undone ? "u2" : "u1"));
        for (size_t i = 0; i < n; i++) {
            size_t found = 0;
            for (size_t k = 0; k < n; k++) found += text_eq(keys[i], stored[k]);
            cr_assert_eq(found, 1);
        }
        if (!undone) unmerge("u2");
    }
    identity_map_keys(map, TEXT("nobody"), &arena, &keys, &n);
    cr_assert_eq(n, 1);
    cr_assert(text_is(keys[0], "nobody"));
}
