#include <criterion/criterion.h>
#include <unistd.h>

#include "core/base/aside.h"

static _Atomic int done;

static void slowly(void *what) {
    usleep(50000);
    atomic_store(&done, atomic_load(&done) * 10 + *(int *)what);
}

Test(aside, work_is_done_beside_one_after_the_other_and_can_be_waited_for) {
    struct aside aside = {0};
    int one = 1, two = 2;
    cr_expect(!aside_busy(&aside));
    aside_wait(&aside);
    aside_do(&aside, slowly, &one);
    cr_expect(aside_busy(&aside));
    cr_expect_eq(atomic_load(&done), 0, "nobody waited");
    aside_do(&aside, slowly, &two);
    cr_expect_eq(atomic_load(&done), 1, "the first one ends before the second begins");
    aside_wait(&aside);
    cr_expect_eq(atomic_load(&done), 12);
    cr_expect(!aside_busy(&aside));
}
