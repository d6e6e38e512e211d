/* What verify passes is what was written: every byte of a file is changed in turn, and either it is found, or whoever reads the file reads
 * the same. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "tests/core/journal/write.h"

static const char file_name[] = "journal/00000001.db";

/* Enough for a tree of more than one page. */
static void write_more(struct journal *journal) {
    static const char body[] = "{\"properties\":{\"total\":19.99,\"products\":[{\"sku\":\"85123A\",\"quantity\":6}]}}";
    struct journal_record records[40];
    for (int i = 0; i < 40; i++) {
        records[i] = track("carla", "Order Completed", NULL, 5);
        records[i].body = text_of(body);
    }
    journal_write(journal, records, 40);
}

static void write_some(void) {
    struct clock clock;
    clock_fix(&clock, 1000);
    struct journal *journal = journal_start((struct journal_options){.clock = &clock});
    struct journal_record records[] = {track("anna", "x", "1", 1), track("bert", "a longer name", "2", 70000),
                                       track("anna", "y", NULL, 3)};
    records[1].flags = JOURNAL_BROWSER;
    records[2].other = TEXT("other");
    journal_write(journal, records, 3);
    struct journal_record one = track("anna", "z", "3", 4);
    journal_write(journal, &one, 1);
    write_more(journal);
    journal_close(journal);
}

/* ---- all that whoever reads the file can see of it ---- */

static const char *const everything[] = {
    "SELECT seq, prev, received, at, kind, actor, flags, fingerprint, name, unit, coalesce(other, ''),"
    " coalesce(message_id, ''), body, typeof(body), typeof(at) FROM event",
    "SELECT * FROM event WHERE seq = 2", /* by the tree, not along the leaves */
    "SELECT * FROM grp",
    "SELECT first, hex(fingerprint_key) FROM meta",
    "SELECT name, number, typeof(name), typeof(number) FROM schema_version",
    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
    "SELECT * FROM journal",
    "SELECT * FROM exposure",
};

static void add_row(struct buffer *out, sqlite3_stmt *statement) {
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        buffer_text(out, text_n(text, (size_t)sqlite3_column_bytes(statement, i)));
        buffer_byte(out, '|');
    }
    buffer_byte(out, '\n');
}

static struct buffer seen_of_it(void) {
    struct buffer out = {0};
    sqlite3 *db;
    sqlite3_open_v2(in_folder(file_name), &db, SQLITE_OPEN_READONLY, NULL);
    for (size_t i = 0; i < sizeof everything / sizeof *everything; i++) {
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db, everything[i], -1, &statement, NULL);
        while (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) add_row(&out, statement);
        sqlite3_finalize(statement);
        buffer_printf(&out, "%d\n", rc);
    }
    sqlite3_close(db);
    return out;
}

/* ---- the file's bytes ---- */

static size_t read_file(unsigned char **bytes) {
    FILE *file = fopen(in_folder(file_name), "rb");
    cr_assert(file && fseek(file, 0, SEEK_END) == 0);
    size_t n = (size_t)ftell(file);
    *bytes = memory_alloc(n);
    rewind(file);
    cr_assert_eq(fread(*bytes, 1, n, file), n);
    fclose(file);
    return n;
}

static void put_byte(size_t at, int byte) {
    FILE *file = fopen(in_folder(file_name), "r+b");
    cr_assert(file && fseek(file, (long)at, SEEK_SET) == 0 && fputc(byte, file) != EOF && fclose(file) == 0);
}

static bool passes(void) {
    int64_t rows;
    return journal_verify(in_folder("journal"), NULL, NULL, &rows, NULL) == 0;
}

Test(verify, finds_every_byte_that_makes_a_difference, .init = folder_make, .fini = folder_remove) {
    static const unsigned char flips[] = {0x01, 0x80, 0x12, 0xff};
    unsigned char *bytes;
    size_t found = 0, idle = 0;
    write_some();
    verified(0);
    size_t n = read_file(&bytes);
    struct buffer before = seen_of_it();
    for (size_t i = 0; i < n; i++) {
        if (!bytes[i] && i % 64) continue; /* most of the file is zeroes that nothing uses */
        put_byte(i, bytes[i] ^ flips[i % sizeof flips]);
        if (passes()) {
            struct buffer after = seen_of_it();
            idle++;
            cr_assert(text_eq(buffer_view(&before), buffer_view(&after)), "byte %zu of %zu: verify passes\n%.*s", i, n,
                      TEXT_ARGS(buffer_view(&after)));
            buffer_free(&after);
        } else
            found++;
        put_byte(i, bytes[i]);
    }
    cr_expect_gt(found, 2000, "%zu of %zu", found, found + idle);
    verified(0);
    buffer_free(&before);
    free(bytes);
}

/* ---- what somebody does on purpose ---- */

static void change(const char *sql) {
    sqlite3 *db;
    sqlite3_open(in_folder(file_name), &db);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void is_found(const char *sql, const char *words) {
    struct error error = {0};
    int64_t rows;
    change(sql);
    cr_expect_eq(journal_verify(in_folder("journal"), NULL, NULL, &rows, &error), ERR_CORRUPT, "%s", sql);
    cr_expect(strstr(error.detail, "00000001.db") && strstr(error.detail, words), "%s: %s", sql, error.detail);
}

#define FOUND(name, sql, words)                                                                                        \
    Test(verify, finds_##name, .init = folder_make, .fini = folder_remove) {                                           \
        write_some();                                                                                                  \
        is_found(sql, words);                                                                                          \
    }
FOUND(a_row_that_was_changed, "UPDATE event SET at = 7 WHERE seq = 2", "rows 1 to 3 are not what was written")
FOUND(a_row_that_was_deleted, "DELETE FROM event WHERE seq = 4", "rows 4 to 4 are not what was written")
FOUND(a_group_that_was_deleted, "DELETE FROM grp WHERE first = 5", "it holds rows of no group")
FOUND(the_first_group_deleted_with_its_rows, "DELETE FROM grp WHERE first = 1; DELETE FROM event WHERE seq < 4",
      "rows 4 to 4 are not what was written")
FOUND(another_fingerprint_key, "UPDATE meta SET fingerprint_key = x'000102030405060708090a0b0c0d0e0f'",
      "the fingerprint of row 1")
FOUND(no_beginning, "DELETE FROM meta", "does not say with which row it begins")
FOUND(another_beginning, "UPDATE meta SET first = 2", "rows 1 to 3 are not what was written")
FOUND(a_text_that_became_bytes, "UPDATE event SET body = CAST(body AS BLOB) WHERE seq = 1", "of this row")
FOUND(a_view_that_is_gone, "DROP VIEW exposure", "as Parley makes it at schema_version 2")
FOUND(an_index_that_slows_the_writer, "CREATE INDEX slow ON event (unit)", "as Parley makes it")
FOUND(an_older_schema_version_than_the_views_are_of, "UPDATE schema_version SET number = 1",
      "as Parley makes it at schema_version 1")
FOUND(a_schema_version_of_a_newer_parley, "UPDATE schema_version SET number = 3",
      "it has schema_version 3, and this Parley knows up to 2")
FOUND(a_schema_version_that_is_no_number, "UPDATE schema_version SET number = 'two'", "none that Parley writes")
FOUND(the_schema_version_of_something_else, "UPDATE schema_version SET name = 'plugin'", "none that Parley writes")
FOUND(no_schema_version, "DELETE FROM schema_version", "none that Parley writes")
FOUND(no_table_of_the_schema_version, "DROP TABLE schema_version", "none that Parley writes")
FOUND(a_view_that_shows_something_else,
      "DROP VIEW exposure; CREATE VIEW exposure AS SELECT seq, 'x' AS experiment FROM entry", "as Parley makes it")

/* ---- while it is written ---- */

static void *verify_often(void *user) {
    for (bool *writes = user; __atomic_load_n(writes, __ATOMIC_RELAXED);) verified(0);
    return NULL;
}

Test(verify, passes_while_groups_are_written_and_persons_erased, .init = folder_make, .fini = folder_remove) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 200000});
    const struct text anna = TEXT("anna");
    bool writes = true;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, verify_often, &writes), 0);
    for (int i = 0; i < 1000; i++) {
        struct journal_record r[] = {track("anna", "x", NULL, i), track("bert", "x", NULL, i)};
        cr_assert_eq(journal_write(journal, r, 2).code, 0);
        int code = i % 50 ? 0 : try_erase(journal, &anna, 1).code;
        cr_assert(code == 0 || code == ERR_UNAVAILABLE);
    }
    __atomic_store_n(&writes, false, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    journal_close(journal);
    cr_assert_eq(verified(0), 2000);
    is_found("UPDATE event SET at = -1 WHERE seq = 399", "rows 399 to 400 are not what was written");
    change("UPDATE event SET at = 199 WHERE seq = 399");
    verified(0);
    is_found(
        "INSERT INTO event SELECT seq - 1000, prev, received, at, kind, actor, flags, fingerprint, name, unit, other,"
        " message_id, body FROM event WHERE seq = 399",
        "it holds rows of no group");
}

Test(verify, finds_a_file_that_ends_too_early, .init = folder_make, .fini = folder_remove) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 500});
    for (int i = 0; i < 10; i++) {
        struct journal_record r = track("anna", "x", NULL, 1);
        journal_write(journal, &r, 1);
    }
    journal_close(journal);
    cr_assert_eq(access(in_folder("journal/00000002.db"), F_OK), 0);
    verified(0);
    is_found(
        "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event); DELETE FROM grp WHERE first = (SELECT max(first) "
        "FROM grp)",
        "the next file begins with row");
}

/* ---- all of it, in all files ---- */

static void write_files(void) {
    struct journal *journal = journal_start((struct journal_options){.file_bytes = 200});
    for (int i = 0; i < 6; i++) {
        struct journal_record r[] = {track("anna", "x", NULL, 1), track("bert", "x", NULL, 1)};
        journal_write(journal, r, 2);
    }
    journal_close(journal);
    cr_assert_eq(access(in_folder("journal/00000003.db"), F_OK), 0);
    cr_assert_neq(access(in_folder("journal/00000004.db"), F_OK), 0);
}

struct told {
    char words[16][512];
    struct journal_finding findings[16];
    int n;
};

static void tell(void *user, const struct journal_finding *finding) {
    struct told *told = user;
    cr_assert_lt(told->n, 16);
    cr_assert(finding->mend && *finding->mend);
    snprintf(told->words[told->n], sizeof told->words[0], "%s", finding->what);
    told->findings[told->n++] = *finding;
}

static struct told verify_all(int expected, int64_t right) {
    struct told told = {0};
    int64_t rows;
    cr_expect_eq(journal_verify(in_folder("journal"), tell, &told, &rows, NULL), expected);
    cr_expect_eq(rows, right, "%lld", (long long)rows);
    return told;
}

static void change_file(const char *file, const char *sql) {
    sqlite3 *db;
    sqlite3_open(in_folder(file), &db);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

Test(verify, goes_on_after_a_damage_and_names_the_rows_of_every_file, .init = folder_make, .fini = folder_remove) {
    write_files();
    change_file("journal/00000001.db", "UPDATE event SET at = 7 WHERE seq IN (1, 4)");
    change_file("journal/00000003.db", "UPDATE event SET body = '[]' WHERE seq = 10");
    struct told told = verify_all(ERR_CORRUPT, 6);
    cr_assert_eq(told.n, 3);
    cr_expect(strstr(told.words[0], "00000001.db: rows 1 to 2 are not what was written"), "%s", told.words[0]);
    cr_expect(strstr(told.words[1], "00000001.db: rows 3 to 4 are not what was written"), "%s", told.words[1]);
    cr_expect(strstr(told.words[2], "00000003.db: rows 9 to 10 are not what was written"), "%s", told.words[2]);
    cr_expect_eq(told.findings[2].file, 3);
    cr_expect_eq(told.findings[2].from, 9);
    cr_expect_eq(told.findings[2].to, 10);
}

Test(verify, tells_a_file_that_is_missing_in_between_apart_from_a_damage, .init = folder_make, .fini = folder_remove) {
    write_files();
    unlink(in_folder("journal/00000002.db"));
    struct told told = verify_all(0, 8);
    cr_assert_eq(told.n, 1);
    cr_expect(strstr(told.words[0], "journal: rows 5 to 8 are missing: 00000002.db is gone"), "%s", told.words[0]);
    cr_expect_eq(told.findings[0].kind, JOURNAL_GAP);
    cr_expect_eq(told.findings[0].from, 5);
    cr_expect_eq(told.findings[0].to, 8);
}

Test(verify, takes_no_offence_at_files_that_retention_dropped, .init = folder_make, .fini = folder_remove) {
    write_files();
    unlink(in_folder("journal/00000001.db"));
    cr_expect_eq(verify_all(0, 8).n, 0);
}

Test(verify, finds_that_the_newest_file_is_missing_by_what_was_known_when_the_journal_was_closed, .init = folder_make,
     .fini = folder_remove) {
    write_files();
    unlink(in_folder("journal/00000003.db"));
    struct told told = verify_all(0, 8);
    cr_assert_eq(told.n, 1);
    cr_expect(strstr(told.words[0], "rows 9 to 12 are missing"), "%s", told.words[0]);
}

Test(verify, finds_two_files_that_changed_places, .init = folder_make, .fini = folder_remove) {
    write_files();
    char first[PATH_MAX], second[PATH_MAX];
    snprintf(first, sizeof first, "%s", in_folder("journal/00000001.db"));
    snprintf(second, sizeof second, "%s", in_folder("journal/00000002.db"));
    cr_assert_eq(rename(first, in_folder("journal/aside")), 0);
    cr_assert_eq(rename(second, first), 0);
    cr_assert_eq(rename(in_folder("journal/aside"), second), 0);
    struct told told = verify_all(ERR_CORRUPT, 12);
    cr_assert_eq(told.n, 2);
    cr_expect(strstr(told.words[0], "00000001.db: it ends before row 9, and the next file begins with row 1"), "%s",
              told.words[0]);
}

Test(verify, notes_what_a_crash_left_of_a_making_and_what_is_none_of_the_journals, .init = folder_make,
     .fini = folder_remove) {
    write_files();
    fclose(fopen(in_folder("journal/00000004.db.new"), "w"));
    fclose(fopen(in_folder("journal/00000001.db.bak"), "w"));
    struct told told = verify_all(0, 12);
    cr_assert_eq(told.n, 2);
    for (int i = 0; i < 2; i++) {
        bool made = strstr(told.words[i], ".new") != NULL;
        cr_expect_eq(told.findings[i].kind, JOURNAL_NOTE);
        cr_expect(strstr(told.words[i], made ? "being made when parleyd ended" : "no file of the journal's"));
    }
}
