#include "core/base/mailbox.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

enum { SENDERS = 4, LETTERS = 5000 };

struct letter {
    struct mail mail;
    int sender, number;
};

static uv_loop_t loop;
static struct mailbox box;
static int received[SENDERS], total, expected;
static pthread_t loop_thread;

static void set_up(void) {
    uv_loop_init(&loop);
    cr_assert_eq(mailbox_open(&box, &loop), 0);
    loop_thread = pthread_self();
}
static void tear_down(void) {
    cr_expect_eq(uv_loop_close(&loop), 0, "nothing is left on the loop");
}
TestSuite(mailbox, .init = set_up, .fini = tear_down);

static void receive(struct mail *mail) {
    struct letter *letter = (struct letter *)mail;
    cr_assert(pthread_equal(pthread_self(), loop_thread));
    cr_assert_eq(letter->number, received[letter->sender], "letters of one sender keep their order");
    received[letter->sender]++;
    free(letter);
    if (++total == expected) mailbox_close(&box);
}

static void post(int sender, int number) {
    struct letter *letter = calloc(1, sizeof *letter);
    *letter = (struct letter){.mail.receive = receive, .sender = sender, .number = number};
    mailbox_post(&box, &letter->mail);
}

static void *send_all(void *arg) {
    for (int i = 0; i < LETTERS; i++) post(*(int *)arg, i);
    return NULL;
}

Test(mailbox, brings_letters_of_several_threads_in_each_ones_order) {
    pthread_t threads[SENDERS];
    int names[SENDERS];
    expected = SENDERS * LETTERS;
    for (int i = 0; i < SENDERS; i++) {
        names[i] = i;
        pthread_create(&threads[i], NULL, send_all, &names[i]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < SENDERS; i++) pthread_join(threads[i], NULL);
    cr_expect_eq(total, SENDERS * LETTERS);
}

static void receive_and_post(struct mail *mail) {
    free(mail);
    expected = 1;
    post(0, 0);
}

Test(mailbox, takes_letters_from_its_own_loop_while_it_delivers) {
    struct letter *letter = calloc(1, sizeof *letter);
    letter->mail.receive = receive_and_post;
    mailbox_post(&box, &letter->mail);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect_eq(total, 1);
}

Test(mailbox, delivers_what_was_posted_before_it_closes) {
    for (int i = 0; i < 3; i++) post(1, i);
    mailbox_close(&box);
    cr_expect_eq(total, 3);
    uv_run(&loop, UV_RUN_DEFAULT);
}
