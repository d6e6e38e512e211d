/* The way onto a loop from other threads: a queue of messages and one uv_async that wakes the loop. Posting is one
 * compare-and-swap; messages of one sender arrive in order. The receiver's functions run on the loop thread. */
#ifndef PARLEY_CORE_BASE_MAILBOX_H
#define PARLEY_CORE_BASE_MAILBOX_H

#include <stdatomic.h>
#include <uv.h>

/* Embedded in whatever is sent; the sender owns it until `receive` is called, which then owns it. */
struct mail {
    struct mail *next;
    void (*receive)(struct mail *mail);
};

struct mailbox {
    _Atomic(struct mail *) head; /* newest first */
    uv_async_t wake;
};

/* On the loop's thread. The mailbox keeps the loop alive until closed. */
int mailbox_open(struct mailbox *box, uv_loop_t *loop);
void mailbox_post(struct mailbox *box, struct mail *mail); /* any thread, also the loop's own */
/* Loop thread; what was posted before is received first. Nobody may post afterwards. The struct must outlive the next
 * turn of the loop. */
void mailbox_close(struct mailbox *box);

#endif
