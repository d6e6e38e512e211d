#include "core/base/mailbox.h"

static void deliver(struct mailbox *box) {
    struct mail *mail = atomic_exchange_explicit(&box->head, NULL, memory_order_acquire), *ordered = NULL;
    while (mail) { /* newest first becomes oldest first */
        struct mail *next = mail->next;
        mail->next = ordered;
        ordered = mail;
        mail = next;
    }
    while (ordered) {
        struct mail *next = ordered->next;
        ordered->receive(ordered);
        ordered = next;
    }
}

static void on_wake(uv_async_t *wake) {
    deliver(wake->data);
}

int mailbox_open(struct mailbox *box, uv_loop_t *loop) {
    atomic_init(&box->head, NULL);
    box->wake.data = box;
    return uv_async_init(loop, &box->wake, on_wake);
}

void mailbox_post(struct mailbox *box, struct mail *mail) {
    struct mail *head = atomic_load_explicit(&box->head, memory_order_relaxed);
    do mail->next = head;
    while (!atomic_compare_exchange_weak_explicit(&box->head, &head, mail, memory_order_release, memory_order_relaxed));
    /* Only the one who found it empty need wake the loop: a taker empties it whole. */
    if (!head) uv_async_send(&box->wake);
}

void mailbox_close(struct mailbox *box) {
    deliver(box);
    uv_close((uv_handle_t *)&box->wake, NULL);
}
