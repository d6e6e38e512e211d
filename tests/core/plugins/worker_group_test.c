/* What group commit promises, seen from outside: an answered write is on disk, a handler that fails takes nobody with it, no
 * plugin can end the transaction of the others unnoticed, and two workers write to one database without losing anything. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/plugins/channel_client.h"

static struct client worker;
static struct client_reply reply;

static void start(struct client *client, const char *version) {
    char relative[128], why[600];
    snprintf(relative, sizeof relative, "tests/fixtures/notes-%s.so", version);
    client_start(client, &(struct client_plugin){client_build_path(relative), "notes", version, NULL}, client_folder());
    cr_assert(client_ready(client, why, sizeof why), "%s", why);
}

static void start_notes(void) {
    start(&worker, "1.0.0");
}
TestSuite(group, .init = start_notes);

static int call(const char *method, const char *path, const char *body) {
    return client_shopper(&worker, "ann", method, path, body, &reply);
}

/* Puts a request beside others, so that the worker finds them all at one wake-up. */
static void beside(struct buffer *out, const char *path, const char *body) {
    struct frame_request request = client_request("ann", "PUT", path, body);
    client_put(&worker, out, &request);
}

static void expect_notes(const char *ids) {
    char expected[4096];
    call("GET", "/notes", NULL);
    snprintf(expected, sizeof expected, "\"ids\":\"%s\"", ids);
    cr_expect(strstr(reply.body, expected), "expected %s in %s", expected, reply.body);
}

Test(group, a_handler_that_fails_rolls_back_alone) {
    struct buffer out = {0};
    beside(&out, "/notes/a", "{\"body\":\"1\"}");
    beside(&out, "/refused/b", "{\"body\":\"2\"}");
    beside(&out, "/notes/c", "{\"body\":\"3\"}");
    client_write(&worker, &out);
    buffer_free(&out);
    static const int expected[] = {200, 422, 200};
    for (int i = 0; i < 3; i++) {
        client_reply(&worker, &reply);
        cr_expect_eq(reply.status, expected[i], "%s", reply.body);
    }
    expect_notes("a c");
    client_wait_effects(&worker, 2);
    const char *effects = client_effects(&worker);
    cr_expect(strstr(effects, "{\"id\":\"a\"}") && strstr(effects, "{\"id\":\"c\"}"), "%s", effects);
    cr_expect(!strstr(effects, "{\"id\":\"b\"}"), "the effect of a refused call was sent: %s", effects);
    client_stop(&worker);
}

Test(group, an_answered_write_is_there_after_kill_9) {
    for (int i = 0; i < 40; i++) {
        char path[32];
        snprintf(path, sizeof path, "/notes/n%02d", i);
        cr_assert_eq(call("PUT", path, "{\"body\":\"x\"}"), 200);
    }
    client_kill(&worker);
    start_notes();
    call("GET", "/notes", NULL);
    cr_expect(strstr(reply.body, "\"notes\":40"), "%s", reply.body);
    client_stop(&worker);
}

Test(group, a_conflict_with_what_is_there_is_409) {
    call("PUT", "/notes/a", "{\"body\":\"1\"}");
    cr_expect_eq(call("PUT", "/notes/a", "{\"body\":\"2\"}"), 409, "%s", reply.body);
    client_stop(&worker);
}

Test(group, that_loses_its_transaction_stores_nothing_and_blames_the_call_that_ended_it) {
    struct buffer out = {0};
    call("PUT", "/notes/there", "{\"body\":\"1\"}");
    beside(&out, "/notes/a", "{\"body\":\"1\"}");
    beside(&out, "/rollback/there", NULL);
    client_write(&worker, &out);
    buffer_free(&out);
    for (int i = 0; i < 2; i++) {
        client_reply(&worker, &reply);
        cr_expect_eq(reply.status, i ? 500 : 503, "%s", reply.body);
    }
    cr_expect_eq(call("PUT", "/notes/b", "{\"body\":\"1\"}"), 200, "the next group goes on");
    expect_notes("b there");
    client_stop(&worker);
}

Test(group, an_open_foreign_key_fails_its_own_call_and_not_the_commit) {
    struct buffer out = {0};
    beside(&out, "/orphan", NULL);
    beside(&out, "/notes/a", "{\"body\":\"1\"}");
    client_write(&worker, &out);
    buffer_free(&out);
    client_reply(&worker, &reply);
    cr_expect_eq(reply.status, 409, "%s", reply.body);
    client_reply(&worker, &reply);
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    expect_notes("a");
    client_stop(&worker);
}

Test(group, a_plugin_may_not_word_transactions_attach_pragma_or_the_hosts_tables) {
    static const char *const statements[] = {"COMMIT",
                                             "ROLLBACK",
                                             "BEGIN",
                                             "SAVEPOINT x",
                                             "RELEASE parley_call",
                                             "ATTACH '/tmp/x.db' AS x",
                                             "PRAGMA synchronous = OFF",
                                             "DELETE FROM parley_outbox",
                                             "SELECT * FROM parley_schema",
                                             "DROP TABLE note",
                                             "CREATE TABLE x (y)",
                                             "VACUUM INTO '/tmp/x.db'",
                                             "DELETE FROM sqlite_master"};
    call("PUT", "/notes/a", "{\"body\":\"1\"}");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        char body[200];
        snprintf(body, sizeof body, "{\"sql\":\"%s\"}", statements[i]);
        cr_expect_eq(call("PUT", "/sql", body), 500, "%s was let through: %s", statements[i], reply.body);
    }
    cr_expect_eq(call("PUT", "/sql", "{\"sql\":\"DELETE FROM note WHERE id = 'a'\"}"), 200, "%s", reply.body);
    expect_notes("");
    client_stop(&worker);
}

Test(group, a_reading_route_can_neither_write_nor_have_effects) {
    cr_expect_eq(call("POST", "/sql", "{\"sql\":\"INSERT INTO note (id) VALUES ('x')\"}"), 500);
    cr_expect_eq(call("GET", "/track", NULL), 500);
    expect_notes("");
    client_stop(&worker);
}

/* Each thread of the worker. */
static bool all_traced(void) {
    char path[64], line[128];
    int untraced = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)worker.pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; (task = readdir(tasks));) {
        if (*task->d_name == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)worker.pid, task->d_name);
        int tracer = 0;
        FILE *status = fopen(path, "r");
        while (fgets(line, sizeof line, status)) sscanf(line, "TracerPid: %d", &tracer);
        fclose(status);
        untraced += !tracer;
    }
    closedir(tasks);
    return untraced == 0;
}

/* Has strace make every fsync of the worker fail until it is ended; 0 where strace may not do that here. */
static pid_t break_disk(void) {
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)worker.pid);
    pid_t tracer = fork();
    if (tracer == 0) {
        execlp("strace", "strace", "-q", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e",
               "inject=fsync,fdatasync:error=EIO", "-p", pid, (char *)NULL);
        _exit(127);
    }
    while (!all_traced()) {
        if (waitpid(tracer, NULL, WNOHANG) == tracer) return 0;
        usleep(20000);
    }
    return tracer;
}

Test(group, whose_commit_fails_answers_503_to_all_and_the_next_one_goes_on) {
    pid_t tracer = break_disk();
    if (!tracer) {
        client_stop(&worker);
        cr_skip_test("strace cannot attach here");
    }
    struct buffer out = {0};
    beside(&out, "/notes/a", "{\"body\":\"1\"}");
    beside(&out, "/notes/b", "{\"body\":\"1\"}");
    client_write(&worker, &out);
    buffer_free(&out);
    for (int i = 0; i < 2; i++) {
        client_reply(&worker, &reply);
        cr_expect_eq(reply.status, 503, "%s", reply.body);
    }
    kill(tracer, SIGTERM);
    waitpid(tracer, NULL, 0);
    cr_expect_eq(call("PUT", "/notes/c", "{\"body\":\"1\"}"), 200, "%s", reply.body);
    expect_notes("c");
    client_wait_effects(&worker, 1);
    cr_expect(!strstr(client_effects(&worker), "\"id\":\"a\""), "%s", client_effects(&worker));
    client_stop(&worker);
}

Test(group, reads_go_on_while_the_writer_lock_is_held_elsewhere) {
    char path[256];
    snprintf(path, sizeof path, "%s/writer.lock", client_folder());
    int lock = open(path, O_RDWR | O_CLOEXEC);
    cr_assert(lock >= 0 && flock(lock, LOCK_EX) == 0);
    struct frame_request write = client_request("ann", "PUT", "/notes/a", "{\"body\":\"1\"}");
    uint64_t writing = client_send(&worker, &write);
    expect_notes(""); /* and the reply that comes first is the read's */
    struct frame frame;
    client_frame(&worker, FRAME_PING, 1, "");
    cr_assert(client_next(&worker, &frame));
    cr_expect(memmem(frame.payload.at, frame.payload.n, "writer.lock", 11), "%.*s", TEXT_ARGS(frame.payload));
    flock(lock, LOCK_UN);
    cr_expect_eq(client_reply(&worker, &reply), writing);
    cr_expect_eq(reply.status, 200);
    expect_notes("a");
    client_stop(&worker);
}

Test(group, two_workers_write_to_one_database_at_once_and_nothing_is_lost) {
    enum { EACH = 1500, AT_ONCE = 50 };
    struct client other, *both[] = {&worker, &other};
    start(&other, "1.0.0");
    for (int i = 0; i < EACH; i += AT_ONCE) {
        for (int w = 0; w < 2; w++) {
            struct buffer out = {0};
            for (int j = i; j < i + AT_ONCE; j++) {
                char path[32];
                snprintf(path, sizeof path, "/notes/w%d-%04d", w, j);
                struct frame_request request = client_request("ann", "PUT", path, "{\"body\":\"x\"}");
                client_put(both[w], &out, &request);
            }
            client_write(both[w], &out);
            buffer_free(&out);
        }
        for (int w = 0; w < 2; w++)
            for (int j = 0; j < AT_ONCE; j++) {
                client_reply(both[w], &reply);
                cr_assert_eq(reply.status, 200, "%s", reply.body);
            }
    }
    client_stop(&other);
    call("GET", "/echo", NULL);
    client_kill(&worker);

    char path[256];
    sqlite3 *db;
    sqlite3_stmt *count;
    snprintf(path, sizeof path, "%s/data.db", client_folder());
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM note), (SELECT integrity_check FROM pragma_integrity_check)",
                       -1, &count, NULL);
    cr_assert_eq(sqlite3_step(count), SQLITE_ROW);
    cr_expect_eq(sqlite3_column_int(count, 0), 2 * EACH);
    cr_expect_str_eq((const char *)sqlite3_column_text(count, 1), "ok");
    sqlite3_finalize(count);
    sqlite3_close(db);
}

/* ---- migrations ---- */

static bool starts(struct client *client, const char *version, char *why, size_t room) {
    char relative[128];
    snprintf(relative, sizeof relative, "tests/fixtures/notes-%s.so", version);
    client_start(client, &(struct client_plugin){client_build_path(relative), "notes", version, NULL}, client_folder());
    return client_ready(client, why, room);
}

Test(migration, an_additive_one_runs_beside_the_release_before_which_goes_on) {
    struct client newer;
    start_notes();
    call("PUT", "/notes/a", "{\"body\":\"1\"}");
    start(&newer, "1.1.0");
    cr_expect_eq(call("PUT", "/notes/b", "{\"body\":\"2\"}"), 200, "%s", reply.body);
    client_shopper(&newer, "ann", "GET", "/notes", NULL, &reply);
    cr_expect(strstr(reply.body, "\"ids\":\"a b\""), "%s", reply.body);
    client_stop(&newer);
    client_stop(&worker);
    start_notes(); /* rolled back: an older release on what is only added to */
    expect_notes("a b");
    client_stop(&worker);
}

Test(migration, a_breaking_one_waits_for_nobody_and_cannot_be_rolled_back) {
    struct client newer;
    char why[600];
    start_notes();
    cr_expect(!starts(&newer, "2.0.0", why, sizeof why));
    cr_expect(strstr(why, "another release still works on this database"), "%s", why);
    client_wait(&newer);
    cr_expect_eq(call("PUT", "/notes/a", "{\"body\":\"1\"}"), 200, "the old one is untouched: %s", reply.body);
    client_stop(&worker);
    cr_assert(starts(&newer, "2.0.0", why, sizeof why), "%s", why);
    client_stop(&newer);
    cr_expect(!starts(&worker, "1.0.0", why, sizeof why));
    cr_expect(strstr(why, "breaking migration 3 of a later release"), "%s", why);
    client_wait(&worker);
}

Test(migration, that_fails_changes_nothing) {
    struct client newer;
    char why[600];
    start_notes();
    client_stop(&worker);
    cr_expect(!starts(&newer, "3.0.0", why, sizeof why));
    cr_expect(strstr(why, "migration 4 failed, nothing was changed"), "%s", why);
    client_wait(&newer);
    start_notes();
    cr_expect_eq(call("PUT", "/notes/a", "{\"body\":\"1\"}"), 200, "%s", reply.body);
    client_stop(&worker);
}
