/* What a start finds: files, heads, messages, and what is damaged. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/journal/write.h"

TestSuite(recover, .init = folder_make, .fini = folder_remove);

Test(recover, a_new_file_begins_when_one_is_large_and_when_a_month_begins) {
    struct clock clock;
    int64_t july, august;
    clock_parse(TEXT("2026-07-31T23:59:00Z"), &july);
    clock_parse(TEXT("2026-08-01T00:00:00Z"), &august);
    clock_fix(&clock, july);
    struct journal *journal = journal_start((struct journal_options){.clock = &clock, .file_bytes = 2000});
    for (int i = 0; i < 40; i++) {
        if (i == 39) clock.fixed = august;
        struct journal_record r = track("anna", "x", NULL, clock.fixed);
        cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    }
    journal_close(journal);
    cr_expect_eq(ask("journal/00000003.db", "SELECT count(*) FROM event"), 1);
    cr_expect_eq(ask("journal/00000003.db", "SELECT first FROM meta"), 40);
    struct seen seen = read_all();
    cr_assert_eq(seen.n, 40);
    for (int i = 0; i < 40; i++) cr_expect_eq(seen.seqs[i], i + 1);
    cr_expect_eq(verified(0), 40);
    journal = journal_start((struct journal_options){.clock = &clock});
    struct journal_record r = track("anna", "x", NULL, clock.fixed);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    cr_expect_eq(r.prev, 40, "the chain goes on over files and starts");
    journal_close(journal);
}

Test(recover, what_a_crash_left_of_a_file_that_was_being_made_is_made_again_and_read_by_nobody) {
    static const char *const left[] = {"journal/00000001.db.new", "journal/00000001.db.new-wal"};
    cr_assert_eq(mkdir(in_folder("journal"), 0700), 0);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        FILE *file = fopen(in_folder(left[i]), "w");
        fputs("half of a file", file);
        fclose(file);
    }
    verified(0);
    struct journal *journal = journal_start((struct journal_options){0});
    struct journal_record r = track("anna", "x", NULL, 1);
    cr_assert_eq(journal_write(journal, &r, 1).code, 0);
    journal_close(journal);
    cr_expect_eq(ask("journal/00000001.db", "SELECT count(*) FROM journal"), 1);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) cr_expect_neq(access(in_folder(left[i]), F_OK), 0);
}

Test(recover, the_chain_goes_on_when_the_list_of_heads_is_lost) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 500});
    for (int i = 0; i < 20; i++) {
        struct journal_record r = track(i % 2 ? "a" : "b", "x", NULL, 1);
        journal_write(journal, &r, 1);
    }
    journal_close(journal);
    cr_assert_eq(unlink(in_folder("journal/heads")), 0);
    journal = journal_start((struct journal_options){0});
    struct journal_record r = track("b", "x", NULL, 1);
    journal_write(journal, &r, 1);
    cr_expect_eq(r.prev, 19);
    journal_close(journal);
}

Test(recover, a_second_process_cannot_open_the_folder) {
    struct journal *journal = journal_start((struct journal_options){0}), *second;
    struct error error = {0};
    struct journal_options options = {.folder = in_folder("journal")};
    cr_expect_eq(journal_open(&second, &options, &error), ERR_CONFLICT);
    cr_expect(strstr(error.detail, "another process"));
    journal_close(journal);
}

static void damage(const char *file, long at) {
    FILE *f = fopen(in_folder(file), "r+");
    fseek(f, at, SEEK_SET);
    for (int i = 0; i < 3000; i++) fputc(0xa5, f);
    fclose(f);
}

Test(recover, a_damaged_file_is_named_and_the_journal_does_not_start_on_it) {
    struct journal *journal = journal_start((struct journal_options){0}), *second;
    for (int i = 0; i < 300; i++) {
        struct journal_record r = track("anna", "x", NULL, 1);
        journal_write(journal, &r, 1);
    }
    journal_close(journal);
    damage("journal/00000001.db", 0);
    struct error error = {0};
    struct journal_options options = {.folder = in_folder("journal")};
    cr_expect_eq(journal_open(&second, &options, &error), ERR_CORRUPT);
    cr_expect(strstr(error.detail, "00000001.db"), "%s", error.detail);
    cr_expect(strstr(error.detail, "backup"), "%s", error.detail);
}

/* --- messages after a crash: what a clean end would have kept is put back to what it was before it --- */

enum { SAID = 60 };

static struct journal_batch say(struct journal *journal, int i) {
    char id[16];
    snprintf(id, sizeof id, "m%d", i);
    struct journal_record r = track("anna", "x", id, 1);
    return journal_write(journal, &r, 1);
}

static void shell(const char *command) {
    char line[400];
    snprintf(line, sizeof line, "cd '%s' && %s", in_folder("journal"), command);
    cr_assert_eq(system(line), 0, "%s", line);
}

/* Small files are full again and again; then five messages more, and the process is gone. */
static void say_and_crash(const struct journal_options *options) {
    struct journal *journal = journal_start(*options);
    for (int i = 0; i < SAID; i++) cr_assert_eq(say(journal, i).accepted, 1);
    for (int i = 0; i < 60000 && access(in_folder("journal/seen"), F_OK) != 0; i++) usleep(1000);
    shell("cp seen kept");
    for (int i = 0; i < 5; i++) say(journal, SAID + i);
    journal_close(journal);
    shell("mv kept seen");
}

Test(recover, after_a_crash_messages_are_known_from_what_was_kept_when_a_file_was_full) {
    struct clock clock;
    clock_fix(&clock, 1000);
    struct journal_options options = {.file_bytes = 500, .clock = &clock};
    say_and_crash(&options);
    shell("sqlite3 00000001.db 'UPDATE event SET fingerprint = 0'"); /* whoever reads the rows does not learn it */
    struct journal *journal = journal_start(options);
    cr_expect_eq(say(journal, 0).duplicates, 1, "from DIR/seen");
    cr_expect_eq(say(journal, SAID + 4).duplicates, 1, "from the rows behind it");
    journal_close(journal);
    cr_assert_eq(unlink(in_folder("journal/seen")), 0);
    journal = journal_start(options);
    cr_expect_eq(say(journal, 0).accepted, 1, "without it the rows are all there is");
    cr_expect_eq(say(journal, SAID - 1).duplicates, 1);
    journal_close(journal);
}

Test(recover, what_was_kept_of_messages_is_not_believed_where_it_is_damaged) {
    struct clock clock;
    clock_fix(&clock, 1000);
    struct journal_options options = {.file_bytes = 500, .clock = &clock};
    say_and_crash(&options);
    shell("dd if=/dev/zero of=seen bs=1 seek=100 count=4000 conv=notrunc 2>/dev/null");
    struct journal *journal = journal_start(options);
    for (int i = 0; i < SAID; i++) cr_assert_eq(say(journal, i).duplicates, 1);
    journal_close(journal);
    shell("truncate -s 100 seen");
    journal = journal_start(options);
    for (int i = 0; i < SAID; i++) cr_assert_eq(say(journal, i).duplicates, 1);
    journal_close(journal);
}

Test(recover, a_message_whose_row_is_gone_is_taken_again) {
    struct clock clock;
    clock_fix(&clock, 1000);
    struct journal_options options = {.clock = &clock};
    struct journal *journal = journal_start(options);
    for (int i = 0; i < 3; i++) say(journal, i);
    journal_close(journal);
    shell("sqlite3 00000001.db 'DELETE FROM event WHERE seq = 3; DELETE FROM grp WHERE last = 3'");
    journal = journal_start(options);
    cr_expect_eq(say(journal, 2).accepted, 1);
    cr_expect_eq(say(journal, 1).duplicates, 1);
    journal_close(journal);
}
