#include "core/people/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/people/customers.h"
#include "tests/core/journal/write.h"

static struct main_db *db;
static struct journal *journal;
static struct people *people;
static struct telemetry *telemetry;
static struct error error;

static void start(void) {
    cr_assert_eq(main_db_open(&db, folder, &error), 0, "%s", error.detail);
    journal = journal_start((struct journal_options){0});
    struct people_options options = {
        .journal_folder = in_folder("journal"), .journal = journal, .db = db, .telemetry = telemetry};
    cr_assert_eq(people_open(&people, &options, &error), 0, "%s", error.detail);
}
static void stop(void) {
    journal_close(journal);
    people_close(people);
    main_db_close(db);
}

static void make(void) {
    folder_make();
    secret_init();
    telemetry = telemetry_new();
    start();
}
static void tear_down(void) {
    stop();
    telemetry_free(telemetry);
    folder_remove();
}
TestSuite(people, .init = make, .fini = tear_down);

static struct journal_record identify(const char *user, const char *traits, int64_t at) {
    struct journal_record r = track(user, "", NULL, at);
    r.kind = JOURNAL_IDENTIFY;
    r.body = text_of(traits);
    return r;
}

static void tell(struct journal_record record) {
    cr_assert_eq(journal_write(journal, &record, 1).accepted, 1);
}

/* On the store lane, behind everything that was committed. */
struct looking {
    struct lane_job job;
    const char *user;
    char found[256];
    int64_t position;
    sem_t done;
};

static void look(struct lane_job *job, void *owner) {
    struct looking *l = (struct looking *)job;
    struct text key = text_of(l->user);
    struct arena arena;
    struct trait *traits;
    size_t n, at = 0;
    struct sql_rows rows;
    arena_init(&arena, 4096);
    customers_traits(owner, &arena, &key, 1, &traits, &n, NULL);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(l->found + at, sizeof l->found - at, "%s%.*s=%.*s", i ? " " : "",
                               TEXT_ARGS(traits[i].name), TEXT_ARGS(traits[i].value));
    sql_query(owner, &rows, NULL, "SELECT seq FROM position WHERE name = 'people'");
    if (sql_next(&rows, NULL) > 0) l->position = sql_int(&rows, 0);
    sql_done(&rows);
    arena_free(&arena);
    sem_post(&l->done);
}

static struct looking looked(const char *user) {
    struct looking l = {.job.work = look, .user = user};
    sem_init(&l.done, 0, 0);
    lane_do(main_db_lane(db), &l.job);
    while (sem_wait(&l.done) != 0) continue;
    return l;
}

Test(people, what_identify_tells_is_known_when_it_is_acknowledged) {
    tell(identify("u1", "{\"traits\":{\"name\":\"Anna\",\"size\":38}}", 10));
    tell(identify("u1", "{\"traits\":{\"size\":39}}", 20));
    tell(identify("u1", "{\"traits\":{\"size\":37}}", 15));
    cr_assert_str_eq(looked("u1").found, "name=\"Anna\" size=39");
}

Test(people, traits_and_the_journals_position_are_one_transaction) {
    tell(track("u1", "x", NULL, 5));
    tell(identify("u1", "{\"traits\":{\"a\":1}}", 10));
    cr_assert_eq(looked("u1").position, 2);
    stop();
    start();
    tell(identify("u1", "{\"traits\":{\"b\":2}}", 20));
    struct looking l = looked("u1");
    cr_assert_eq(l.position, 3);
    cr_assert_str_eq(l.found, "a=1 b=2");
}

Test(people, what_the_journal_has_and_parley_db_has_not_is_made_up_for_at_the_start) {
    journal_close(journal);
    people_close(people);
    main_db_close(db);
    journal = journal_start((struct journal_options){0});
    for (int i = 0; i < 12000; i++) tell(track("u2", "x", NULL, 5));
    tell(identify("u1", "{\"traits\":{\"name\":\"Anna\"}}", 10));
    journal_close(journal);
    start();
    tell(identify("u1", "{\"traits\":{\"later\":true}}", 20)); /* comes as a block while the files are read */
    struct looking l = looked("u1");
    for (int i = 0; i < 20000 && l.position < 12002; i++) {
        usleep(5000);
        l = looked("u1");
    }
    cr_assert_str_eq(l.found, "later=true name=\"Anna\"");
}

Test(people, traits_that_are_too_long_or_none_do_no_harm) {
    tell(identify("u1", "{\"traits\":[1]}", 10));
    tell(identify("u1", "{\"traits\":\"x\"}", 10));
    tell(identify("u1", "{}", 10));
    char *body = malloc(10000);
    memset(body, 'x', 9999);
    memcpy(body, "{\"traits\":{\"ok\":1,\"long\":\"", 26);
    memcpy(body + 5000, "\"}}", 4);
    tell(identify("u1", body, 10));
    free(body);
    cr_assert_str_eq(looked("u1").found, "ok=1");
}
