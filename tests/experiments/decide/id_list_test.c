#include "experiments/decide/id_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/pulse.h"

static struct text name(char out[static 32], const char *prefix, int i) {
    return text_n(out, (size_t)snprintf(out, 32, "%s-%d", prefix, i));
}

/* Ids from..to-1, in no order. */
static struct id_list *list_of(int from, int to) {
    uint64_t *fingerprints = malloc((size_t)(to - from + 1) * sizeof *fingerprints);
    char at[32];
    for (int i = from; i < to; i++) fingerprints[i - from] = id_fingerprint(name(at, "customer", i));
    return id_list_new(fingerprints, (size_t)(to - from));
}

static bool has(const struct id_list *list, int i) {
    char at[32];
    return id_list_has(list, name(at, "customer", i));
}

Test(id_list, a_million_ids_take_less_than_64_mb_and_each_is_found) {
    enum { MANY = 1000000 };
    struct id_list *list = list_of(0, MANY);
    char at[32];
    cr_expect_eq(id_list_count(list), (size_t)MANY);
    cr_expect_lt(id_list_bytes(list), 9u * 1000 * 1000, "%zu bytes", id_list_bytes(list));
    uint64_t began = worked_ns();
    for (int i = 0; i < MANY; i++) cr_assert(has(list, i), "%d", i);
    cr_expect_lt((worked_ns() - began) / MANY, 2000u); /* the bench says how little it is */
    for (int i = 0; i < MANY; i++) cr_assert_not(id_list_has(list, name(at, "stranger", i)), "%d", i);
    id_list_release(list);
}

Test(id_list, lists_of_every_small_size_find_their_own_and_nothing_else) {
    for (int n = 0; n < 200; n++) {
        struct id_list *list = list_of(0, n);
        for (int i = 0; i < 200; i++) cr_assert_eq(has(list, i), i < n, "%d of %d", i, n);
        id_list_release(list);
    }
    cr_expect_not(id_list_has(NULL, TEXT("a")));
    cr_expect_eq(id_list_count(NULL), 0u);
}

Test(id_list, ids_are_added_and_taken_out) {
    struct id_list *a = list_of(0, 1000), *b = list_of(500, 1500), *both = id_list_union(a, b),
                   *left = id_list_difference(a, b), *none = id_list_difference(NULL, b);
    cr_expect_eq(id_list_count(both), 1500u);
    cr_expect_eq(id_list_count(left), 500u);
    cr_expect_eq(id_list_count(none), 0u);
    for (int i = 0; i < 1500; i++) {
        cr_assert(has(both, i));
        cr_assert_eq(has(left, i), i < 500);
    }
    struct id_list *lists[] = {a, b, both, left, none};
    for (int i = 0; i < 5; i++) id_list_release(lists[i]);
}

Test(id_list, doubles_count_once_and_order_does_not_matter) {
    uint64_t *some = malloc(4 * sizeof *some), *others = malloc(2 * sizeof *others);
    uint64_t x = id_fingerprint(TEXT("x")), y = id_fingerprint(TEXT("y"));
    some[0] = some[2] = some[3] = others[1] = x;
    some[1] = others[0] = y;
    struct id_list *a = id_list_new(some, 4), *b = id_list_new(others, 2);
    char one[ID_LIST_DIGEST], other[ID_LIST_DIGEST];
    id_list_digest(a, one);
    id_list_digest(b, other);
    cr_expect_eq(id_list_count(a), 2u);
    cr_expect_str_eq(one, other);
    id_list_release(a);
    id_list_release(b);
}

Test(id_list, what_is_stored_comes_back_and_what_is_damaged_does_not) {
    struct id_list *list = list_of(0, 100), *again = id_list_read(id_list_stored(list));
    cr_assert_not_null(again);
    cr_expect_eq(id_list_count(again), 100u);
    cr_expect(has(again, 99));
    struct text stored = id_list_stored(list);
    char bytes[800];
    memcpy(bytes, stored.at, 800);
    cr_expect_null(id_list_read(text_n(bytes, 799)));
    memcpy(bytes + 8, bytes, 8);
    cr_expect_null(id_list_read(text_n(bytes, 800)), "not ascending");
    id_list_release(list);
    id_list_release(again);
}
