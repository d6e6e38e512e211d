/* Calls through a real worker at a depth of 64: reads of a poll; and durable votes, their effects acknowledged, against the same
 * rows written straight into SQLite with the same table, 64 a transaction, by turns on the same disk: the median of the rounds. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "tests/core/plugins/channel_client.h"

enum { DEPTH = 64, READS = 300000, VOTES = 16000, ROUNDS = 5, SEEN_VOTES = 2000 };

static struct client worker;
static int round_at; /* each round has voters of its own */

static void expect(int status, int expected) {
    if (status == expected) return;
    fprintf(stderr, "an answer with status %d, not %d\n", status, expected);
    exit(1);
}

/* Keeps DEPTH requests under way; `make` fills in the i-th. Seconds for all. */
static double run(int n, void (*make)(int i, struct frame_request *request)) {
    struct frame_request request = client_request("bench", "GET", "/polls/p", NULL);
    struct client_reply reply;
    struct buffer out = {0};
    uint64_t started = clock_ticks();
    for (int sent = 0, answered = 0; answered < n;) {
        while (sent < n && sent - answered < DEPTH) {
            make(sent++, &request);
            client_put(&worker, &out, &request);
        }
        client_write(&worker, &out);
        buffer_clear(&out);
        do {
            client_reply(&worker, &reply);
            expect(reply.status, 200);
            answered++;
        } while (client_has_frame(&worker));
        if (worker.effects.n) client_frame(&worker, FRAME_KEPT, worker.last_effect, "");
        buffer_clear(&worker.effects);
    }
    buffer_free(&out);
    return (double)(clock_ticks() - started) / 1e9;
}

static void make_read(int i, struct frame_request *request) {}

static void make_vote(int i, struct frame_request *request) {
    static char customers[DEPTH][24];
    char *customer = customers[i % DEPTH];
    snprintf(customer, sizeof customers[0], "customer-%d-%d", round_at, i);
    request->method = TEXT("PUT");
    request->path = TEXT("/polls/p/vote");
    request->customer = text_of(customer);
    request->body = i % 3 ? TEXT("{\"options\":[\"a\"]}") : TEXT("{\"options\":[\"b\"]}");
}

static void check(sqlite3 *db, int rc) {
    if (rc == SQLITE_OK || rc == SQLITE_DONE) return;
    fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3 *raw_open(const char *folder) {
    char path[256];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/raw.db", folder);
    check(NULL, sqlite3_open(path, &db));
    check(db, sqlite3_exec(db,
                           "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           "CREATE TABLE vote (number INTEGER PRIMARY KEY, poll TEXT NOT NULL, voter TEXT,"
                           " known INTEGER NOT NULL, choice TEXT NOT NULL, before TEXT NOT NULL,"
                           " before_known INTEGER NOT NULL, feature TEXT NOT NULL, variant TEXT NOT NULL,"
                           " at INTEGER NOT NULL);"
                           "CREATE INDEX vote_of_poll ON vote (poll, number);"
                           "CREATE INDEX vote_of_voter ON vote (voter, poll, number)",
                           NULL, NULL, NULL));
    return db;
}

static double raw_votes(sqlite3 *db) {
    sqlite3_stmt *insert;
    check(db,
          sqlite3_prepare_v2(db,
                             "INSERT INTO vote (poll, voter, known, choice, before, before_known, feature, variant, at)"
                             " VALUES ('p', $1, 1, $2, '', 0, 'product-poll', 'top', $3)",
                             -1, &insert, NULL));
    uint64_t started = clock_ticks();
    for (int i = 0; i < VOTES; i++) {
        char customer[24];
        int n = snprintf(customer, sizeof customer, "customer-%d", i);
        if (i % DEPTH == 0) check(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        sqlite3_bind_text(insert, 1, customer, n, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, i % 3 ? "a" : "b", 1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 3, 1700000000000 + i);
        check(db, sqlite3_step(insert));
        sqlite3_reset(insert);
        if (i % DEPTH == DEPTH - 1 || i == VOTES - 1) check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    double seconds = (double)(clock_ticks() - started) / 1e9;
    sqlite3_finalize(insert);
    return seconds;
}

static int by_ratio(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(void) {
    struct client_reply reply;
    const char *folder = client_folder();
    client_polls(&worker, "1.1.0", folder);
    expect(client_staff(&worker, "POST", "/polls",
                        "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
                        "{\"key\":\"b\",\"label\":\"Blue\"},{\"key\":\"c\",\"label\":\"Green\"}]}",
                        &reply),
           201);
    round_at = ROUNDS;
    run(SEEN_VOTES, make_vote);
    double reads = READS / run(READS, make_read);
    printf("poll read through a worker, depth %d: %.0f calls/s\n", DEPTH, reads);
    double rounds[ROUNDS][3]; /* ratio, worker, raw */
    sqlite3 *db = raw_open(folder);
    for (round_at = 0; round_at < ROUNDS; round_at++) {
        double raw = VOTES / raw_votes(db), votes = VOTES / run(VOTES, make_vote);
        memcpy(rounds[round_at], (double[]){votes / raw, votes, raw}, sizeof rounds[0]);
    }
    sqlite3_close(db);
    qsort(rounds, ROUNDS, sizeof rounds[0], by_ratio);
    const double *median = rounds[ROUNDS / 2];
    printf("durable votes through a worker, depth %d: %.0f/s; the same rows straight into SQLite: %.0f/s; ratio %.2f\n",
           DEPTH, median[1], median[2], median[0]);
    expect(client_stop(&worker), 0);
    return 0;
}
