/* How fast the journal takes events in, durable, in batches of 100, against the same rows inserted into SQLite with nothing
 * around it (synchronous=FULL, 1,000 a transaction), in the same run on the same disk. */
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/journal/journal.h"

enum { ROWS = 400000, BATCH = 100, UNDER_WAY = 64, UNITS = 50000 };

static struct journal_record *rows;

static void make_rows(void) {
    rows = memory_zero(ROWS, sizeof *rows);
    for (int i = 0; i < ROWS; i++) {
        char *unit = memory_alloc(24), *message = memory_alloc(40), *body = memory_alloc(320), id[ID_ROOM];
        id_new(id, 1700000000000 + i);
        snprintf(unit, 24, "customer-%d", rand() % UNITS);
        snprintf(message, 40, "%s", id);
        snprintf(
            body, 320,
            "{\"type\":\"track\",\"event\":\"Product Viewed\",\"userId\":\"%s\",\"messageId\":\"%s\",\"timestamp\":"
            "\"2026-11-01T10:00:00.000Z\",\"properties\":{\"product_id\":\"sku-%d\",\"price\":%d.95,\"currency\":"
            "\"EUR\"}}",
            unit, message, rand() % 5000, rand() % 100);
        rows[i] = (struct journal_record){.received = 1700000000000 + i,
                                          .at = 1700000000000 + i,
                                          .kind = JOURNAL_TRACK,
                                          .flags = JOURNAL_KNOWN,
                                          .name = TEXT("Product Viewed"),
                                          .unit = text_of(unit),
                                          .message_id = text_of(message),
                                          .body = text_of(body)};
    }
}

static sem_t room;
static void answered(struct mail *mail) {
    if (((struct journal_batch *)mail)->code != 0) abort();
    sem_post(&room);
}

static double bench_journal(const char *folder) {
    struct journal *journal;
    struct error error = {0};
    struct journal_options options = {.folder = folder};
    if (journal_open(&journal, &options, &error) < 0) {
        fprintf(stderr, "%s\n", error.detail);
        exit(1);
    }
    struct journal_batch *batches = memory_zero(ROWS / BATCH, sizeof *batches);
    sem_init(&room, 0, UNDER_WAY);
    uint64_t started = clock_ticks();
    for (int i = 0; i < ROWS / BATCH; i++) {
        while (sem_wait(&room) != 0) continue;
        batches[i] = (struct journal_batch){.mail.receive = answered, .records = rows + i * BATCH, .n = BATCH};
        while (journal_append(journal, &batches[i]) < 0) usleep(100);
    }
    for (int i = 0; i < UNDER_WAY; i++) sem_wait(&room);
    double seconds = (double)(clock_ticks() - started) / 1e9;
    journal_close(journal);
    free(batches);
    return ROWS / seconds;
}

static void must(int result) {
    if (result != SQLITE_OK && result != SQLITE_DONE) abort();
}

static double bench_sqlite(const char *path) {
    sqlite3 *db;
    sqlite3_stmt *insert;
    must(sqlite3_open(path, &db));
    must(sqlite3_exec(
        db,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE event (seq INTEGER PRIMARY KEY,"
        " received INTEGER, at INTEGER, kind INTEGER, flags INTEGER, name TEXT, unit TEXT, message_id TEXT,"
        " body TEXT)",
        NULL, NULL, NULL));
    must(sqlite3_prepare_v2(db, "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?)", -1, &insert, NULL));
    uint64_t started = clock_ticks();
    for (int i = 0; i < ROWS; i++) {
        struct journal_record *r = &rows[i];
        if (i % 1000 == 0) must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        const int64_t numbers[] = {i + 1, r->received, r->at, r->kind, r->flags};
        const struct text texts[] = {r->name, r->unit, r->message_id, r->body};
        for (int k = 0; k < 5; k++) sqlite3_bind_int64(insert, k + 1, numbers[k]);
        for (int k = 0; k < 4; k++) sqlite3_bind_text(insert, k + 6, texts[k].at, (int)texts[k].n, SQLITE_STATIC);
        must(sqlite3_step(insert));
        sqlite3_reset(insert);
        if (i % 1000 == 999) must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    double seconds = (double)(clock_ticks() - started) / 1e9;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return ROWS / seconds;
}

int main(int argc, char **argv) {
    char folder[] = "./bench-ingest-XXXXXX", path[64], command[64];
    secret_init();
    if (!mkdtemp(folder)) return 1;
    make_rows();
    double best_ours = 0, best_raw = 0;
    for (int round = 0; round < 3; round++) { /* in turn, so that both meet the same disk */
        snprintf(path, sizeof path, "%s/journal%d", folder, round);
        double ours = bench_journal(path);
        snprintf(path, sizeof path, "%s/raw%d.db", folder, round);
        double raw = bench_sqlite(path);
        best_ours = ours > best_ours ? ours : best_ours;
        best_raw = raw > best_raw ? raw : best_raw;
    }
    printf("ingest: journal %.0f events/s (durable, batches of %d), raw SQLite %.0f rows/s (FULL, 1,000 a transaction),"
           " ratio %.2f\n",
           best_ours, BATCH, best_raw, best_ours / best_raw);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}
