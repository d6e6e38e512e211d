#include <criterion/criterion.h>
#include <semaphore.h>
#include <unistd.h>

#include "core/base/aside.h"

static _Atomic int done;
static sem_t may_go_on;

static void slowly(void *what) {
    while (sem_wait(&may_go_on) != 0) continue;
    usleep(50000);
    atomic_store(&done, atomic_load(&done) * 10 + *(int *)what);
}

Test(aside, work_is_done_beside_one_after_the_other_and_can_be_waited_for) {
    struct aside aside = {0};
    int one = 1, two = 2;
    sem_init(&may_go_on, 0, 0);
    cr_expect(!aside_busy(&aside));
    aside_wait(&aside);
    aside_do(&aside, slowly, &one);
    cr_expect(aside_busy(&aside));
    cr_expect_eq(atomic_load(&done), 0, "nobody waited");
    sem_post(&may_go_on);
    aside_do(&aside, slowly, &two);
    cr_expect_eq(atomic_load(&done), 1, "the first one ends before the second begins");
    sem_post(&may_go_on);
    aside_wait(&aside);
    cr_expect_eq(atomic_load(&done), 12);
    cr_expect(!aside_busy(&aside));
}
