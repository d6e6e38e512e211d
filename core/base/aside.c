#include "core/base/aside.h"

#include <stddef.h>

#include "core/base/background.h"

static void run(struct aside *aside) {
    aside->work(aside->what);
    atomic_store(&aside->busy, false);
}

static void *run_beside(void *aside) {
    background_enter();
    run(aside);
    return NULL;
}

void aside_do(struct aside *aside, void (*work)(void *what), void *what) {
    aside_wait(aside);
    aside->work = work;
    aside->what = what;
    atomic_store(&aside->busy, true);
    aside->started = pthread_create(&aside->thread, NULL, run_beside, aside) == 0;
    if (!aside->started) run(aside);
}

bool aside_busy(const struct aside *aside) {
    return atomic_load(&aside->busy);
}

void aside_wait(struct aside *aside) {
    if (aside->started) pthread_join(aside->thread, NULL);
    aside->started = false;
}
