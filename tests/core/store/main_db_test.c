#include "core/store/main_db.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/memory.h"
#include "tests/core/store/folder.h"

TestSuite(main_db, .init = folder_make, .fini = folder_remove);

static struct error error;

static struct main_db *open_in(const char *name) {
    struct main_db *db;
    cr_assert_eq(main_db_open(&db, in_folder(name), &error), 0, "%s", error.detail);
    return db;
}

Test(main_db, makes_the_folder_for_its_owner_alone) {
    main_db_close(open_in("a/b"));
    struct stat st;
    cr_assert_eq(stat(in_folder("a/b"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    cr_assert_eq(stat(in_folder("a/b/parley.db"), &st), 0);
}

Test(main_db, opens_again_what_it_made) {
    main_db_close(open_in("a"));
    main_db_close(open_in("a"));
}

struct ask {
    struct lane_job job;
    int64_t tables;
    sem_t done;
};

static void count_tables(struct lane_job *job, void *owner) {
    struct ask *ask = (struct ask *)job;
    struct sql_rows rows;
    sql_query(owner, &rows, NULL, "SELECT count(*) FROM document UNION ALL SELECT count(*) FROM audit");
    while (sql_next(&rows, NULL) > 0) ask->tables++;
    sql_done(&rows);
    sem_post(&ask->done);
}

Test(main_db, gives_the_connection_to_jobs_on_its_lane) {
    struct main_db *db = open_in("a");
    struct ask ask = {.job.work = count_tables};
    sem_init(&ask.done, 0, 0);
    lane_do(main_db_lane(db), &ask.job);
    sem_wait(&ask.done);
    cr_assert_eq(ask.tables, 2);
    main_db_close(db);
}

/* Another process holds the folder until the pipe closes; returns its id. */
static pid_t hold(int *until) {
    int ready[2], end[2];
    cr_assert_eq(pipe(ready), 0);
    cr_assert_eq(pipe(end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct main_db *db;
        struct error e = {0};
        close(end[1]);
        close(ready[0]);
        char c = main_db_open(&db, in_folder("a"), &e) == 0 ? 'y' : 'n';
        if (write(ready[1], &c, 1) != 1 || read(end[0], &c, 1) < 0) _exit(1);
        _exit(0); /* as if killed: nothing is closed */
    }
    close(ready[1]);
    char c;
    cr_assert_eq(read(ready[0], &c, 1), 1);
    cr_assert_eq(c, 'y');
    *until = end[1];
    return pid;
}

Test(main_db, two_processes_cannot_share_a_folder_and_the_second_is_told_of_the_first) {
    int until;
    pid_t pid = hold(&until);
    struct main_db *db;
    cr_assert_eq(main_db_open(&db, in_folder("a"), &error), ERR_CONFLICT);
    char process[32];
    snprintf(process, sizeof process, "process %d;", (int)pid);
    cr_assert(strstr(error.detail, process) != NULL, "%s", error.detail);
    cr_assert_eq(db, NULL);
    close(until);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    main_db_close(open_in("a"));
}

Test(main_db, a_refused_second_start_does_not_free_the_folder) {
    int until;
    pid_t pid = hold(&until);
    struct main_db *db;
    for (int i = 0; i < 2; i++) cr_assert_eq(main_db_open(&db, in_folder("a"), NULL), ERR_CONFLICT);
    close(until);
    waitpid(pid, NULL, 0);
}

Test(main_db, a_database_of_a_newer_parley_is_refused_and_left_alone) {
    main_db_close(open_in("a"));
    struct sql *sql;
    cr_assert_eq(sql_open(&sql, in_folder("a/parley.db"), SQL_WRITER, &error), 0);
    sql_run(sql, &error, "UPDATE schema_version SET number = 999 WHERE name = 'main'");
    sql_close(sql);
    struct main_db *db;
    cr_assert_eq(main_db_open(&db, in_folder("a"), &error), ERR_VERSION);
    cr_assert(strstr(error.detail, "a/parley.db was made by a newer Parley") != NULL, "%s", error.detail);
}

Test(main_db, a_folder_that_cannot_be_made_is_said) {
    fclose(fopen(in_folder("file"), "w"));
    struct main_db *db;
    cr_assert_eq(main_db_open(&db, in_folder("file/a"), &error), ERR_IO);
    cr_assert(strstr(error.detail, "cannot be made") != NULL, "%s", error.detail);
}
