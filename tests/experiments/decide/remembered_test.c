#include "experiments/decide/remembered.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "core/base/clock.h"

static struct unit_id unit_number(int i) {
    char name[32];
    return unit_of(text_n(name, (size_t)snprintf(name, sizeof name, "customer-%d", i)));
}

static struct remembered_unit entry(int i) {
    return (struct remembered_unit){unit_number(i), 1700000000000 + i, (uint16_t)(i % 3), (uint16_t)(i % 7)};
}

static bool is_entry(const struct remembered_unit *u, int i) {
    struct remembered_unit e = entry(i);
    return unit_eq(u->unit, e.unit) && u->t0 == e.t0 && u->arm == e.arm && u->epoch == e.epoch;
}

Test(remembered, every_unit_is_found_while_the_table_grows) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("poll-trial"));
    struct remembered_unit found;
    for (int i = 0; i < 20000; i++) {
        struct remembered_unit e = entry(i);
        cr_assert_not(remembered_find(r, e.unit, &found));
        cr_assert(remembered_put(r, &e));
        for (int j = i; j >= 0; j = j * 3 / 4 - 1) {
            cr_assert(remembered_find(r, unit_number(j), &found), "%d after %d", j, i);
            cr_assert(is_entry(&found, j));
        }
    }
    cr_expect_eq(remembered_count(r), 20000u);
    remembered_all_free(&all);
}

Test(remembered, the_first_exposure_stays) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("a"));
    struct remembered_unit first = entry(1), second = first, found;
    second.arm = 9;
    cr_expect(remembered_put(r, &first));
    cr_expect_not(remembered_put(r, &second));
    cr_assert(remembered_find(r, first.unit, &found));
    cr_expect_eq(found.arm, first.arm);
    remembered_all_free(&all);
}

Test(remembered, forgetting_one_unit_leaves_all_others) {
    enum { N = 5000 };
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("a"));
    struct remembered_unit found;
    for (int i = 0; i < N; i++) {
        struct remembered_unit e = entry(i);
        remembered_put(r, &e);
    }
    for (int i = 0; i < N; i += 3) cr_assert(remembered_remove(r, unit_number(i)));
    cr_expect_not(remembered_remove(r, unit_number(0)));
    for (int i = 0; i < N; i++) cr_assert_eq(remembered_find(r, unit_number(i), &found), i % 3 != 0, "%d", i);
    remembered_all_free(&all);
}

Test(remembered, a_unit_takes_at_most_32_bytes_at_every_moment_of_growing) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("a"));
    for (int i = 0; i < 300000; i++) {
        struct remembered_unit e = entry(i);
        remembered_put(r, &e);
        double each = (double)remembered_bytes(r) / (i + 1);
        cr_assert(i < 100 || each <= 32.0, "%.2f bytes a unit at %d units", each, i + 1);
    }
    remembered_all_free(&all);
}

Test(remembered, experiments_are_apart_and_can_be_forgotten) {
    struct remembered_all all = {0};
    struct remembered_unit e = entry(1), found;
    char salt[] = "one";
    cr_expect_null(remembered_of(&all, TEXT("one")));
    struct remembered *one = remembered_make(&all, text_n(salt, 3));
    remembered_put(one, &e);
    salt[0] = 'x'; /* it keeps a copy */
    cr_expect_eq(remembered_make(&all, TEXT("one")), one);
    cr_expect_not(remembered_find(remembered_make(&all, TEXT("two")), e.unit, &found));
    remembered_drop(&all, TEXT("one"));
    cr_expect_not(remembered_find(one, e.unit, &found));
    remembered_all_free(&all);
}

/* By what it asks of memory, for time is the machine's affair: a whole table made anew would ask for megabytes. */
Test(remembered, no_single_insertion_of_many_moves_many_units) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("a"));
    size_t before = 0, most = 0;
    for (int i = 0; i < 200000; i++) {
        struct remembered_unit e = {{(uint64_t)i * 0x9e3779b97f4a7c15u, (uint64_t)i}, 0, 0, 0};
        remembered_put(r, &e);
        size_t bytes = remembered_bytes(r);
        if (bytes > before && bytes - before > most) most = bytes - before;
        before = bytes;
    }
    cr_expect_lt(most, 128 * 1024, "%zu bytes", most);
    remembered_all_free(&all);
}

enum { THREADS = 4, ROUNDS = 20000 };
struct sharing {
    struct remembered_all all; /* this thread's copy */
    int new, missed;           /* units that it was the first to put; that it put and did not find */
};

/* Of every unit each thread is the first or not; whoever was, all find it from then on. */
static void *share_units(void *arg) {
    struct sharing *s = arg;
    struct remembered *r = remembered_of(&s->all, TEXT("a"));
    for (int i = 0; i < ROUNDS; i++) {
        struct remembered_unit e = entry(i), found;
        s->new += remembered_keep(&s->all, r, &e);
        for (int j = i; j >= 0; j = j / 2 - 1)
            s->missed += !remembered_look(&s->all, r, unit_number(j), &found) || !is_entry(&found, j);
    }
    return NULL;
}

Test(remembered, threads_that_share_it_find_what_any_of_them_put) {
    struct remembered_all all = {.shared = remembered_shared_new(THREADS)};
    struct remembered *r = remembered_make(&all, TEXT("a"));
    struct sharing sharing[THREADS];
    pthread_t threads[THREADS];
    int new = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        sharing[i] = (struct sharing){.all = all};
        sharing[i].all.reader = i;
        pthread_create(&threads[i], NULL, share_units, &sharing[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        new += sharing[i].new;
        cr_expect_eq(sharing[i].missed, 0);
    }
    cr_expect_eq(new, ROUNDS);
    cr_expect_eq(remembered_count(r), (size_t)ROUNDS);
    remembered_all_free(&all);
    remembered_shared_free(all.shared);
}

Test(remembered, the_first_exposure_is_known_to_the_millisecond_and_the_largest_arm_and_epoch_are_kept) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("poll-trial"));
    const int64_t last = (INT64_C(1) << 42) - 1;
    const struct {
        int64_t put, kept;
    } times[] = {{1800000000123, 1800000000123}, {0, 0}, {-5, 0}, {last, last}, {INT64_MAX, last}};
    for (int i = 0; i < 5; i++) {
        struct remembered_unit unit = {unit_number(i), times[i].put, 254, 9999}, found;
        cr_assert(remembered_put(r, &unit));
        cr_assert(remembered_find(r, unit.unit, &found));
        cr_expect_eq(found.t0, times[i].kept);
        cr_expect_eq(found.arm, 254);
        cr_expect_eq(found.epoch, 9999);
    }
    remembered_all_free(&all);
}
