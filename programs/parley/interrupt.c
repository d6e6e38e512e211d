#include "programs/parley/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came; /* a signal has no other place to put it */

static void on_signal(int number) {
    came = number;
}

void interrupt_listen(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void) {
    return came != 0;
}
