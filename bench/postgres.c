/* The peer of durable votes: the same rows, single and durable each, into PostgreSQL over libpq. So many connections, each with so many
 * votes under way in a pipeline, every vote a transaction of its own. usage: bench-postgres CONNINFO CONNECTIONS DEPTH VOTES */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

enum { MOST = 256 };

static struct client {
    PGconn *pg;
    int under_way;
} clients[MOST];

static void expect(const PGconn *pg, int right) {
    if (right) return;
    fprintf(stderr, "postgres: %s\n", PQerrorMessage(pg));
    exit(1);
}

static void run(PGconn *pg, const char *sql) {
    PGresult *result = PQexec(pg, sql);
    expect(pg, PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
}

static void make_table(const char *conninfo) {
    PGconn *pg = PQconnectdb(conninfo);
    expect(pg, PQstatus(pg) == CONNECTION_OK);
    run(pg, "SET client_min_messages = warning");
    run(pg, "DROP TABLE IF EXISTS vote");
    run(pg, "CREATE TABLE vote (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, poll TEXT NOT NULL, voter TEXT,"
            " known INTEGER NOT NULL, choice TEXT NOT NULL, before TEXT NOT NULL, before_known INTEGER NOT NULL,"
            " feature TEXT NOT NULL, variant TEXT NOT NULL, at BIGINT NOT NULL)");
    run(pg, "CREATE INDEX vote_of_poll ON vote (poll, number)");
    run(pg, "CREATE INDEX vote_of_voter ON vote (voter, poll, number)");
    PQfinish(pg);
}

static void open_client(struct client *client, const char *conninfo) {
    PGconn *pg = client->pg = PQconnectdb(conninfo);
    expect(pg, PQstatus(pg) == CONNECTION_OK);
    PGresult *result = PQprepare(pg, "vote",
                                 "INSERT INTO vote (poll, voter, known, choice, before, before_known, feature, variant,"
                                 " at) VALUES ('p', $1, 1, $2, '', 0, 'product-poll', 'top', $3)",
                                 3, NULL);
    expect(pg, PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
    expect(pg, PQsetnonblocking(pg, 1) == 0 && PQenterPipelineMode(pg));
}

static void send_vote(struct client *client, int i) {
    char customer[24], at[24];
    snprintf(customer, sizeof customer, "customer-%d", i);
    snprintf(at, sizeof at, "%lld", 1700000000000LL + i);
    const char *values[] = {customer, i % 3 ? "a" : "b", at};
    expect(client->pg, PQsendQueryPrepared(client->pg, "vote", 3, values, NULL, NULL, 0) && PQpipelineSync(client->pg));
    client->under_way++;
}

/* Votes that are answered, as far as answers are there. */
static int take_answers(struct client *client) {
    int answered = 0, ends = 0;
    expect(client->pg, PQconsumeInput(client->pg));
    while (client->under_way && ends < 2 && !PQisBusy(client->pg)) {
        PGresult *result = PQgetResult(client->pg);
        ends = result ? 0 : ends + 1; /* a NULL ends each command, two of them all there is */
        if (!result) continue;
        expect(client->pg, PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_PIPELINE_SYNC);
        answered += PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        client->under_way -= PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    return answered;
}

/* Seconds for all votes. */
static double vote_all(int connections, int depth, int votes) {
    struct pollfd polls[MOST];
    uint64_t started = clock_ticks();
    for (int sent = 0, answered = 0; answered < votes;) {
        for (int i = 0; i < connections; i++) {
            while (sent < votes && clients[i].under_way < depth) send_vote(&clients[i], sent++);
            int left = PQflush(clients[i].pg);
            expect(clients[i].pg, left >= 0);
            polls[i] = (struct pollfd){PQsocket(clients[i].pg), (short)(POLLIN | (left ? POLLOUT : 0)), 0};
        }
        poll(polls, (nfds_t)connections, 5000);
        for (int i = 0; i < connections; i++)
            if (polls[i].revents) answered += take_answers(&clients[i]);
    }
    return (double)(clock_ticks() - started) / 1e9;
}

int main(int argc, char **argv) {
    int connections = argc == 5 ? atoi(argv[2]) : 0, depth = argc == 5 ? atoi(argv[3]) : 0;
    if (connections < 1 || connections > MOST || depth < 1) {
        fprintf(stderr, "usage: bench-postgres CONNINFO CONNECTIONS DEPTH VOTES\n");
        return 2;
    }
    int votes = atoi(argv[4]);
    make_table(argv[1]);
    for (int i = 0; i < connections; i++) open_client(&clients[i], argv[1]);
    printf("%.0f\n", votes / vote_all(connections, depth, votes));
    for (int i = 0; i < connections; i++) PQfinish(clients[i].pg);
    return 0;
}
