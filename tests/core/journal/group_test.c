/* What a group promises when the disk, or the process, ends in the middle of it. */
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>

#include "tests/core/journal/write.h"

TestSuite(group, .init = folder_make, .fini = folder_remove);

Test(group, a_full_disk_refuses_what_it_cannot_keep_and_takes_it_when_there_is_room) {
    mkdir(in_folder("small"), 0700);
    if (mount("tmpfs", in_folder("small"), "tmpfs", 0, "size=1m") != 0) cr_skip_test("mounting a tmpfs needs root");
    char ballast[128], path[128];
    snprintf(ballast, sizeof ballast, "%s/ballast", in_folder("small"));
    snprintf(path, sizeof path, "%s/journal", in_folder("small"));
    struct journal *journal = journal_start((struct journal_options){.folder = path});
    struct journal_ring *ring = journal_ring_open(journal, 4096);
    FILE *f = fopen(ballast, "w");
    static char block[4096];
    while (fwrite(block, sizeof block, 1, f) == 1 && fflush(f) == 0) continue;
    fclose(f);

    enum { N = 200 };
    static struct journal_record r[N];
    static char body[3000], ids[N][8];
    memset(body, ' ', sizeof body);
    body[0] = '{', body[sizeof body - 1] = '}';
    int refused = 0, kept = 0;
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "m%d", i);
        r[i] = track("anna", "x", ids[i], 1);
        r[i].body = text_n(body, sizeof body);
    }
    struct journal_batch batch = journal_write(journal, r, N);
    cr_expect_eq(batch.code, ERR_STORAGE_FULL, "%s", error_name(batch.code));
    cr_expect_eq(batch.accepted, 0);
    struct journal_exposure exposure = {.experiment = TEXT("t"), .unit = TEXT("anna"), .variant = TEXT("v")};
    cr_expect(journal_ring_push(ring, &exposure));
    usleep(50000);
    cr_assert_eq(unlink(ballast), 0);
    for (int i = 0; i < 20; i++) { /* the same messages again: none was marked as seen */
        batch = journal_write(journal, r + i, 1);
        if (batch.code == 0)
            kept += (int)batch.accepted;
        else
            refused++;
    }
    cr_expect_eq(kept, 20);
    cr_expect_eq(refused, 0);
    journal_close(journal);
    snprintf(ballast, sizeof ballast, "%s", path);
    struct journal_reader *reader;
    struct seen seen = {0};
    int64_t rows;
    cr_assert_eq(journal_reader_open(&reader, path, NULL), 0);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, note, &seen, NULL), 0);
    cr_expect_eq(journal_verify(path, NULL, NULL, &rows, NULL), 0);
    journal_reader_close(reader);
    cr_expect_eq(seen.n, 21, "the exposure that waited was kept too");
    cr_expect_str_eq(seen.units[0], "anna:t");
    for (int i = 0; i < seen.n; i++) cr_expect_eq(seen.seqs[i], i + 1, "no number is lost to a failed group");
    umount(in_folder("small"));
}

Test(group, a_file_that_cannot_grow_gives_no_false_answer) {
    struct journal *journal = journal_start((struct journal_options){0});
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit, tight = {8192, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &limit);
    struct journal_record r = track("anna", "x", "m1", 1);
    setrlimit(RLIMIT_FSIZE, &tight);
    struct journal_batch batch = journal_write(journal, &r, 1);
    cr_expect_lt(batch.code, 0);
    cr_expect_eq(batch.accepted, 0);
    setrlimit(RLIMIT_FSIZE, &limit);
    batch = journal_write(journal, &r, 1);
    cr_expect_eq(batch.code, 0);
    cr_expect_eq(batch.accepted, 1);
    cr_expect_eq(r.seq, 1);
    journal_close(journal);
}

/* --- kill -9 --- */

/* Appends batches of three and writes the number of each batch to `fd` once it is answered. Never returns. */
static void append_until_killed(int fd, int round) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 20000});
    for (int i = 0;; i++) {
        char ids[3][32];
        struct journal_record r[3];
        for (int k = 0; k < 3; k++) {
            snprintf(ids[k], sizeof ids[k], "r%d-b%d-%d", round, i, k);
            r[k] = track(k ? "anna" : "ben", ids[k], ids[k], clock_now(&clock_system));
        }
        struct journal_batch batch = journal_write(journal, r, 3);
        if (batch.code != 0 || batch.accepted != 3) _exit(3);
        if (write(fd, &i, sizeof i) != sizeof i) _exit(4);
    }
}

struct tally {
    int rounds[16][4096]; /* rows of each batch */
    int64_t last, prev_anna;
    bool chained;
};

static int tally(void *visitor, const struct journal_record *record) {
    struct tally *t = visitor;
    int round, i, k;
    cr_assert_eq(record->seq, t->last + 1, "numbers without a gap");
    t->last = record->seq;
    cr_assert_eq(sscanf(record->name.at, "r%d-b%d-%d", &round, &i, &k), 3);
    if (i < 4096) t->rounds[round][i]++;
    if (text_is(record->unit, "anna")) {
        if (record->prev != t->prev_anna) t->chained = false;
        t->prev_anna = record->seq;
    }
    return 0;
}

Test(group, everything_acknowledged_survives_kill_9_exactly_once) {
    enum { ROUNDS = 8 };
    int acknowledged[ROUNDS] = {0};
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2];
        cr_assert_eq(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0) {
            close(fds[0]);
            append_until_killed(fds[1], round);
        }
        close(fds[1]);
        int i;
        for (int k = 0; k < 2; k++)
            cr_assert_eq(read(fds[0], &i, sizeof i), sizeof i, "two batches at least, however slow the machine");
        usleep(20000 + (useconds_t)(rand() % 60000));
        kill(child, SIGKILL);
        do acknowledged[round] = i + 1;
        while (read(fds[0], &i, sizeof i) == sizeof i);
        close(fds[0]);
        int status;
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status), "the child ended by itself: %d", WEXITSTATUS(status));
    }
    static struct tally t;
    t.chained = true;
    struct journal *journal = journal_start((struct journal_options){0});
    journal_close(journal);
    struct journal_reader *reader;
    struct error error = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, tally, &t, &error), 0, "%s", error.detail);
    journal_reader_close(reader);
    int total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < acknowledged[round] && i < 4096; i++) cr_expect_eq(t.rounds[round][i], 3);
        for (int i = acknowledged[round]; i < 4096; i++)
            cr_expect(t.rounds[round][i] == 0 || t.rounds[round][i] == 3, "a batch is whole or not there");
        total += acknowledged[round];
    }
    cr_expect_gt(total, ROUNDS);
    cr_expect(t.chained);
    cr_expect_eq(verified(0), t.last);
}
