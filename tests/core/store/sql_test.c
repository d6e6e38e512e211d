#include "core/store/sql.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include "tests/core/store/folder.h"

TestSuite(sql, .init = folder_make, .fini = folder_remove);

static struct error error;

static struct sql *open_writer(const char *name) {
    struct sql *sql;
    cr_assert_eq(sql_open(&sql, in_folder(name), SQL_WRITER, &error), 0, "%s", error.detail);
    return sql;
}

static struct sql *with_table(const char *name) {
    struct sql *sql = open_writer(name);
    cr_assert_eq(sql_script(sql, "CREATE TABLE t (key TEXT PRIMARY KEY, n INTEGER, x REAL, b BLOB)", &error), 0);
    return sql;
}

static int put(struct sql *sql, const char *key, int64_t n) {
    return sql_run(sql, &error, "INSERT INTO t (key, n) VALUES ($1, $2)", SQL_T(text_of(key)), SQL_I(n));
}

static int64_t one(struct sql *sql, const char *statement) {
    struct sql_rows rows;
    cr_assert_eq(sql_query(sql, &rows, &error, statement), 0, "%s", error.detail);
    cr_assert_eq(sql_next(&rows, &error), 1);
    int64_t n = sql_int(&rows, 0);
    sql_done(&rows);
    return n;
}

Test(sql, what_was_written_is_read_back_in_its_type) {
    struct sql *sql = with_table("a.db");
    struct sql_rows rows;
    cr_assert_eq(sql_run(sql, &error, "INSERT INTO t VALUES ($1, $2, $3, $4)", SQL_T(TEXT("k")), SQL_I(INT64_MIN),
                         SQL_D(0.1), SQL_B(text_n("\0\1\377", 3))),
                 1);
    cr_assert_eq(sql_query(sql, &rows, &error, "SELECT key, n, x, b, NULL FROM t WHERE key = $1", SQL_T(TEXT("k"))), 0);
    cr_assert_eq(sql_next(&rows, &error), 1);
    cr_assert(text_is(sql_text(&rows, 0), "k"));
    cr_assert_eq(sql_int(&rows, 1), INT64_MIN);
    cr_assert_eq(sql_double(&rows, 2), 0.1);
    cr_assert(text_eq(sql_text(&rows, 3), text_n("\0\1\377", 3)));
    cr_assert(sql_is_null(&rows, 4));
    cr_assert_eq(sql_text(&rows, 4).at, NULL);
    cr_assert_eq(sql_next(&rows, &error), 0);
    cr_assert_eq(sql_next(&rows, &error), 0, "after the end there is still nothing");
    sql_done(&rows);
    sql_close(sql);
}

Test(sql, empty_text_is_not_null_and_none_is_what_the_caller_says) {
    struct sql *sql = with_table("a.db");
    sql_run(sql, &error, "INSERT INTO t (key, b) VALUES ($1, $2)", SQL_T(TEXT_NONE), SQL_T_OR_NULL(TEXT_NONE));
    cr_assert_eq(one(sql, "SELECT count(*) FROM t WHERE key = '' AND b IS NULL"), 1);
    struct sql_rows rows;
    sql_query(sql, &rows, &error, "SELECT key FROM t");
    sql_next(&rows, &error);
    cr_assert_neq(sql_text(&rows, 0).at, NULL);
    cr_assert_eq(sql_text(&rows, 0).n, 0);
    sql_done(&rows);
    sql_close(sql);
}

Test(sql, texts_keep_every_byte) {
    struct text texts[] = {TEXT("Grüße, 世界 🛒"), text_n("a\0b", 3), TEXT("'; DROP TABLE t; --"),
                           TEXT("\"$1\"")};
    struct sql *sql = with_table("a.db");
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(sql_run(sql, &error, "INSERT INTO t (key, n) VALUES ($1, $2)", SQL_T(texts[i]), SQL_I(i)), 1);
    struct sql_rows rows;
    sql_query(sql, &rows, &error, "SELECT key FROM t ORDER BY n");
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(sql_next(&rows, &error), 1);
        cr_assert(text_eq(sql_text(&rows, 0), texts[i]));
    }
    sql_done(&rows);
    sql_close(sql);
}

Test(sql, parameters_go_by_their_number_and_may_repeat) {
    struct sql *sql = with_table("a.db");
    sql_run(sql, &error, "INSERT INTO t (n, key, x) VALUES ($2, $1, $2)", SQL_T(TEXT("k")), SQL_I(7));
    cr_assert_eq(one(sql, "SELECT count(*) FROM t WHERE key = 'k' AND n = 7 AND x = 7"), 1);
    sql_close(sql);
}

Test(sql, running_tells_how_many_rows_changed) {
    struct sql *sql = with_table("a.db");
    for (int i = 0; i < 5; i++) cr_assert_eq(put(sql, (char[]){'a' + i, 0}, i), 1);
    cr_assert_eq(sql_run(sql, &error, "UPDATE t SET n = n + 1 WHERE n >= $1", SQL_I(2)), 3);
    cr_assert_eq(sql_run(sql, &error, "UPDATE t SET n = 0 WHERE n = $1", SQL_I(99)), 0);
    cr_assert_eq(sql_run(sql, &error, "CREATE TABLE other (a INTEGER)"), 0);
    sql_close(sql);
}

Test(sql, the_same_query_may_run_inside_its_own_rows) {
    struct sql *sql = with_table("a.db");
    for (int i = 0; i < 3; i++) put(sql, (char[]){'a' + i, 0}, i);
    static const char all[] = "SELECT n FROM t ORDER BY n";
    struct sql_rows outer, inner;
    int pairs = 0;
    cr_assert_eq(sql_query(sql, &outer, &error, all), 0);
    while (sql_next(&outer, &error) > 0) {
        cr_assert_eq(sql_query(sql, &inner, &error, all), 0);
        for (int i = 0; sql_next(&inner, &error) > 0; i++, pairs++) cr_assert_eq(sql_int(&inner, 0), i);
        sql_done(&inner);
    }
    sql_done(&outer);
    cr_assert_eq(pairs, 9);
    sql_close(sql);
}

Test(sql, a_hundred_statements_are_remembered_apart) {
    struct sql *sql = with_table("a.db");
    char statements[100][40];
    for (int i = 0; i < 100; i++) snprintf(statements[i], sizeof statements[i], "SELECT %d", i);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 100; i++) cr_assert_eq(one(sql, statements[i]), i);
    sql_close(sql);
}

Test(sql, a_broken_constraint_is_a_conflict_that_names_the_column) {
    struct sql *sql = with_table("a.db");
    cr_assert_eq(put(sql, "k", 1), 1);
    cr_assert_eq(put(sql, "k", 2), ERR_CONFLICT);
    cr_assert(strstr(error.detail, "t.key") && strstr(error.detail, "a.db"), "%s", error.detail);
    cr_assert_eq(one(sql, "SELECT n FROM t"), 1, "what was there stays");
    sql_close(sql);
}

Test(sql, a_mistake_in_a_statement_is_an_error_with_its_reason) {
    struct sql *sql = with_table("a.db");
    struct sql_rows rows;
    cr_assert_lt(sql_query(sql, &rows, &error, "SELECT nothing FROM t"), 0);
    cr_assert(strstr(error.detail, "nothing"));
    cr_assert_eq(sql_next(&rows, &error), 0);
    sql_done(&rows);
    error_clear(&error);
    cr_assert_lt(sql_run(sql, &error, "UPDATE t SET key = \"text\""), 0, "double quotes are for names");
    sql_close(sql);
}

Test(sql, a_reader_sees_only_what_was_committed) {
    struct sql *writer = with_table("a.db"), *reader;
    cr_assert_eq(sql_open(&reader, in_folder("a.db"), SQL_READER, &error), 0, "%s", error.detail);
    cr_assert_eq(sql_begin(writer, &error), 0);
    put(writer, "k", 1);
    cr_assert_eq(one(reader, "SELECT count(*) FROM t"), 0);
    cr_assert_eq(sql_commit(writer, &error), 0);
    cr_assert_eq(one(reader, "SELECT count(*) FROM t"), 1);
    sql_close(reader);
    sql_close(writer);
}

Test(sql, a_readers_transaction_keeps_one_view) {
    struct sql *writer = with_table("a.db"), *reader;
    sql_open(&reader, in_folder("a.db"), SQL_READER, &error);
    sql_begin(reader, &error);
    cr_assert_eq(one(reader, "SELECT count(*) FROM t"), 0);
    put(writer, "k", 1);
    cr_assert_eq(one(reader, "SELECT count(*) FROM t"), 0);
    sql_commit(reader, &error);
    cr_assert_eq(one(reader, "SELECT count(*) FROM t"), 1);
    sql_close(reader);
    sql_close(writer);
}

Test(sql, a_reader_cannot_write) {
    struct sql *writer = with_table("a.db"), *reader;
    sql_open(&reader, in_folder("a.db"), SQL_READER, &error);
    cr_assert_eq(put(reader, "k", 1), ERR_IO);
    sql_close(reader);
    sql_close(writer);
}

Test(sql, a_rollback_leaves_nothing) {
    struct sql *sql = with_table("a.db");
    sql_begin(sql, &error);
    put(sql, "k", 1);
    sql_rollback(sql);
    cr_assert_eq(one(sql, "SELECT count(*) FROM t"), 0);
    sql_rollback(sql);
    cr_assert_eq(sql_begin(sql, &error), 0);
    put(sql, "k", 1);
    sql_close(sql);
    sql = open_writer("a.db");
    cr_assert_eq(one(sql, "SELECT count(*) FROM t"), 0, "closing is no commit");
    sql_close(sql);
}

Test(sql, after_a_failure_that_ended_the_transaction_nothing_more_is_written) {
    struct sql *sql = with_table("a.db");
    put(sql, "k", 1);
    sql_begin(sql, &error);
    put(sql, "before", 1);
    cr_assert_eq(sql_run(sql, &error, "INSERT OR ROLLBACK INTO t (key) VALUES ('k')"), ERR_CONFLICT);
    cr_assert_lt(put(sql, "after", 1), 0);
    cr_assert_lt(sql_commit(sql, &error), 0);
    cr_assert_eq(one(sql, "SELECT count(*) FROM t"), 1);
    cr_assert_eq(put(sql, "later", 1), 1, "the connection is good again");
    sql_close(sql);
}

Test(sql, a_file_that_is_no_database_is_refused_with_its_name) {
    FILE *f = fopen(in_folder("a.db"), "w");
    for (int i = 0; i < 1000; i++) fputs("This is a letter, not a database. ", f);
    fclose(f);
    struct sql *sql;
    for (int mode = SQL_WRITER; mode <= SQL_READER; mode++) {
        error_clear(&error);
        cr_assert_eq(sql_open(&sql, in_folder("a.db"), mode, &error), ERR_CORRUPT, "%d", mode);
        cr_assert(strstr(error.detail, "a.db: file is not a database"), "%s", error.detail);
        cr_assert_eq(sql, NULL);
    }
}

Test(sql, a_missing_folder_is_refused_with_the_reason) {
    struct sql *sql;
    cr_assert_eq(sql_open(&sql, in_folder("no/a.db"), SQL_WRITER, &error), ERR_IO);
    cr_assert(strstr(error.detail, "No such file or directory"), "%s", error.detail);
}

Test(sql, a_full_disk_is_said_and_costs_only_the_last_transaction) {
    cr_assert_eq(mkdir(in_folder("disk"), 0700), 0);
    /* In a name space of our own, the mount ends with this process. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", in_folder("disk"), "tmpfs", 0, "size=1m") != 0)
        cr_skip_test("a small file system cannot be mounted here");
    struct sql *sql = with_table("disk/a.db");
    put(sql, "kept", 1);
    static char big[60000];
    int rc = 0;
    for (int i = 0; i < 100 && rc >= 0; i++) {
        sql_begin(sql, &error);
        put(sql, (char[]){'0' + i / 10, '0' + i % 10, 0}, 0);
        rc = sql_run(sql, &error, "UPDATE t SET b = $1 WHERE n = 0 AND b IS NULL", SQL_B(text_n(big, sizeof big)));
        if (rc >= 0)
            rc = sql_commit(sql, &error);
        else
            sql_rollback(sql);
    }
    cr_expect_eq(rc, ERR_STORAGE_FULL, "%s", error.detail);
    cr_expect(strstr(error.detail, "disk/a.db"), "%s", error.detail);
    cr_expect_eq(one(sql, "SELECT count(*) FROM t WHERE n = 0 AND b IS NULL"), 0, "no half transaction");
    cr_expect_eq(one(sql, "SELECT count(*) FROM t WHERE key = 'kept'"), 1);
    sql_close(sql);
    umount(in_folder("disk"));
}

/* Commits pairs of rows for ever and says after each commit how many there are. */
static void write_pairs(int acknowledge) {
    struct sql *sql = with_table("a.db");
    for (int i = 0;; i++) {
        char key[32];
        sql_begin(sql, &error);
        for (int half = 0; half < 2; half++) {
            snprintf(key, sizeof key, "%d-%d", i, half);
            put(sql, key, i);
        }
        if (sql_commit(sql, &error) < 0 || write(acknowledge, &i, sizeof i) != sizeof i) _exit(1);
    }
}

Test(sql, kill_9_loses_nothing_acknowledged_and_leaves_no_half_transaction) {
    int pipes[2], last = 0;
    cr_assert_eq(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) write_pairs(pipes[1]);
    close(pipes[1]);
    while (last < 200) cr_assert_eq(read(pipes[0], &last, sizeof last), sizeof last);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    while (read(pipes[0], &last, sizeof last) == sizeof last) {
    } /* acknowledged before it died */
    struct sql *sql = open_writer("a.db");
    cr_assert_eq(one(sql, "SELECT count(*) % 2 FROM t"), 0);
    cr_assert_geq(one(sql, "SELECT count(*) FROM t"), 2 * (last + 1));
    cr_assert_geq(one(sql, "SELECT max(n) FROM t"), last);
    sql_close(sql);
}

static const struct sql_migration three[] = {
    {1, "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1)"},
    {2, "UPDATE a SET n = n * 10"},
    {3, "UPDATE a SET n = n + 1"},
};

Test(sql, migrations_run_in_order_and_once) {
    struct sql *sql = open_writer("a.db");
    cr_assert_eq(sql_migrate(sql, "main", three, 1, &error), 0);
    cr_assert_eq(one(sql, "SELECT n FROM a"), 1);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(sql_migrate(sql, "main", three, 3, &error), 0, "%s", error.detail);
        cr_assert_eq(one(sql, "SELECT n FROM a"), 11);
    }
    sql_close(sql);
}

Test(sql, a_migration_that_fails_leaves_the_one_before) {
    struct sql *sql = open_writer("a.db");
    struct sql_migration list[] = {three[0], {2, "UPDATE a SET n = 5; CREATE TABLE a (oops)"}};
    cr_assert_lt(sql_migrate(sql, "main", list, 2, &error), 0);
    cr_assert_eq(one(sql, "SELECT n FROM a"), 1);
    error_clear(&error);
    cr_assert_eq(sql_migrate(sql, "main", three, 3, &error), 0, "%s", error.detail);
    cr_assert_eq(one(sql, "SELECT n FROM a"), 11);
    sql_close(sql);
}

Test(sql, a_database_from_a_newer_parley_is_refused_with_a_sentence) {
    struct sql *sql = open_writer("a.db");
    cr_assert_eq(sql_migrate(sql, "main", three, 3, &error), 0);
    cr_assert_eq(sql_migrate(sql, "main", three, 2, &error), ERR_VERSION);
    cr_assert(strstr(error.detail, "newer Parley") && strstr(error.detail, "version 3"), "%s", error.detail);
    cr_assert_eq(one(sql, "SELECT n FROM a"), 11);
    sql_close(sql);
}

Test(sql, two_names_in_one_file_migrate_apart) {
    struct sql *sql = open_writer("a.db");
    static const struct sql_migration other[] = {{1, "CREATE TABLE b (n INTEGER)"}};
    cr_assert_eq(sql_migrate(sql, "main", three, 3, &error), 0);
    cr_assert_eq(sql_migrate(sql, "plugin", other, 1, &error), 0);
    cr_assert_eq(one(sql, "SELECT count(*) FROM b"), 0);
    sql_close(sql);
}
