/* One transaction of the journal: exposures from the rings first, then the batches that waited. Until COMMIT has returned
 * nothing is answered; when it fails, nothing of it has happened, in memory either. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/memory.h"
#include "core/journal/journal_internal.h"

enum { RETRY_MS = 250, ROW_BYTES = 64 /* about, beside its texts */ };

int journal_month(int64_t ms) {
    time_t seconds = ms / 1000;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return tm.tm_year * 12 + tm.tm_mon;
}

/* --- files --- */

static int next_file(struct journal *j, int64_t now, struct error *error) {
    int64_t first = j->last_seq + 1;
    if (j->sql) {
        sql_close(j->sql);
        j->sql = NULL;
        j->number++;
        journal_save_heads(j);
        journal_save_seen_aside(j);
    }
    int rc = partition_open(&j->sql, j->folder, j->number, &first, j->key, error);
    if (rc < 0) return rc;
    j->file_bytes = 0;
    j->month = journal_month(now);
    return 0;
}

static int ready_file(struct journal *j, int64_t now, struct error *error) {
    bool empty = j->file_bytes == 0;
    bool due = !j->sql || j->file_bytes >= j->options.file_bytes || (!empty && journal_month(now) > j->month);
    if (due) return next_file(j, now, error);
    if (empty) j->month = journal_month(now);
    return 0;
}

/* --- rows --- */

void journal_keep(struct journal *j, struct journal_record *record, struct unit_id unit, uint64_t fingerprint) {
    struct group *group = &j->group;
    if (group->n == group->room) {
        group->room = group->room ? group->room * 2 : 1024;
        group->kept = memory_grow(group->kept, group->room * sizeof *group->kept);
    }
    record->seq = ++j->last_seq;
    record->prev = record->unit.n ? (int64_t)unit_map_put(&j->heads, unit, (uint64_t)record->seq) : 0;
    group->kept[group->n++] = (struct kept){record, unit, fingerprint};
}

static size_t text_bytes(const struct journal_record *r) {
    return r->name.n + r->unit.n + r->other.n + r->message_id.n + r->body.n;
}

int journal_put_row(struct journal *j, const struct journal_record *row, uint64_t fingerprint, struct error *error) {
    j->group.checksum = partition_checksum(j->group.checksum, row, fingerprint);
    j->group.bytes += ROW_BYTES + (int64_t)text_bytes(row);
    return partition_insert(j->sql, row, fingerprint, error);
}

/* The newest first, so that every table is as it was before the group. */
static void undo(struct journal *j) {
    struct group *group = &j->group;
    while (group->n) {
        struct kept *kept = &group->kept[--group->n];
        if (kept->fingerprint) fingerprint_undo(&j->seen, kept->fingerprint);
        if (!kept->record->unit.n) continue;
        if (kept->record->prev)
            unit_map_put(&j->heads, kept->unit, (uint64_t)kept->record->prev);
        else
            unit_map_remove(&j->heads, kept->unit);
    }
}

static int write_batch(struct journal *j, struct journal_batch *batch, struct error *error) {
    int rc = 0;
    batch->accepted = batch->duplicates = 0;
    for (size_t i = 0; i < batch->n && rc >= 0; i++) {
        struct journal_record *r = &batch->records[i];
        uint64_t fingerprint = 0;
        if (r->message_id.at)
            fingerprint = fingerprint_of(j->key, r->flags & JOURNAL_BROWSER ? r->unit : TEXT_NONE, r->message_id);
        if (fingerprint && !fingerprint_add(&j->seen, fingerprint)) {
            r->seq = r->prev = 0;
            batch->duplicates++;
            continue;
        }
        journal_keep(j, r, unit_of(r->unit), fingerprint);
        rc = journal_put_row(j, r, fingerprint, error);
        batch->accepted++;
    }
    return rc < 0 ? rc : 0;
}

/* --- after the commit --- */

struct block {
    struct journal_lag *lag;
    _Atomic int owners;
    size_t bytes;
    struct journal_block public;
    struct journal_record records[];
};

static void copy_text(struct text *t, char **to) {
    if (!t->at) return;
    memcpy(*to, t->at, t->n);
    t->at = *to;
    *to += t->n;
}

/* Exposures that say the same share their body, here as in the file: whoever scans one has scanned the next. */
static bool shares_body(const struct group *group, size_t i) {
    return i > 0 && group->kept[i].record->body.at == group->kept[i - 1].record->body.at;
}

static struct journal_block *block_new(struct journal *j) {
    struct group *group = &j->group;
    size_t bytes = sizeof(struct block) + group->n * sizeof(struct journal_record);
    for (size_t i = 0; i < group->n; i++)
        bytes += text_bytes(group->kept[i].record) - (shares_body(group, i) ? group->kept[i].record->body.n : 0);
    struct block *block = memory_alloc(bytes);
    char *to = (char *)&block->records[group->n];
    for (size_t i = 0; i < group->n; i++) {
        struct journal_record *r = &block->records[i];
        *r = *group->kept[i].record;
        struct text *texts[] = {&r->name, &r->unit, &r->other, &r->message_id};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) copy_text(texts[k], &to);
        if (shares_body(group, i))
            r->body = block->records[i - 1].body;
        else
            copy_text(&r->body, &to);
    }
    block->lag = j->lag;
    block->bytes = bytes;
    block->owners = j->subscribers_n;
    block->public =
        (struct journal_block){block->records[0].seq, block->records[group->n - 1].seq, group->n, block->records};
    atomic_fetch_add(&j->lag->owners, 1);
    atomic_fetch_add(&j->lag->bytes, (int64_t)bytes);
    return &block->public;
}

void journal_block_free(struct journal_block *public) {
    struct block *block = (struct block *)((char *)public - offsetof(struct block, public));
    if (atomic_fetch_sub(&block->owners, 1) > 1) return;
    atomic_fetch_sub(&block->lag->bytes, (int64_t)block->bytes);
    if (atomic_fetch_sub(&block->lag->owners, 1) == 1) free(block->lag);
    free(block);
}

static void publish(struct journal *j, int64_t now) {
    struct group *group = &j->group;
    if (!group->n) return;
    j->file_bytes += group->bytes;
    j->stats.bytes += group->bytes;
    gauge_set(j->bytes_gauge, j->stats.bytes);
    j->last_received = group->kept[group->n - 1].record->received;
    if (!j->stats.oldest) j->stats.oldest = group->kept[0].record->received;
    j->stats.events += (int64_t)group->n;
    j->stats.last = j->last_seq;
    j->stats.units = (int64_t)j->heads.n;
    j->stats.covered_ms = fingerprint_span(&j->seen, now);
    count(j->events, (int64_t)group->n);
    count(j->groups, 1);
    gauge_set(j->span_gauge, j->stats.covered_ms / 1000);
    if (!j->subscribers_n) return;
    struct journal_block *block = block_new(j);
    gauge_set(j->lag_gauge, atomic_load(&j->lag->bytes));
    for (int i = 0; i < j->subscribers_n; i++) j->subscribers[i].committed(j->subscribers[i].subscriber, block);
}

static void release_rings(struct journal *j) {
    for (int i = 0; i < atomic_load(&j->rings_n); i++)
        if (j->group.places[i]) ring_release(j->rings[i].ring, j->group.places[i]);
}

static void answer(struct journal *j, struct journal_batch *batches, int code) {
    for (struct journal_batch *next; batches; batches = next) {
        next = batches->next;
        batches->code = code;
        if (code < 0) batches->accepted = batches->duplicates = 0;
        count(j->duplicates, (int64_t)batches->duplicates);
        if (batches->reply_to)
            mailbox_post(batches->reply_to, &batches->mail);
        else
            batches->mail.receive(&batches->mail);
    }
}

/* --- the group --- */

static int write_rows(struct journal *j, struct journal_batch *batches, int64_t now, struct error *error) {
    int rc = 0;
    for (int i = 0; i < atomic_load(&j->rings_n) && rc == 0; i++) rc = journal_write_ring(j, i, now, error);
    for (struct journal_batch *b = batches; b && rc == 0; b = b->next) rc = write_batch(j, b, error);
    return rc;
}

static int write_group(struct journal *j, struct journal_batch *batches, int64_t now, struct error *error) {
    int rc = ready_file(j, now, error);
    if (rc == 0) rc = sql_begin(j->sql, error);
    if (rc < 0) return rc;
    int64_t before = j->last_seq;
    rc = write_rows(j, batches, now, error);
    if (rc == 0 && j->group.n) {
        rc = partition_insert_group(j->sql, before + 1, j->last_seq, j->group.checksum, error);
        if (rc >= 0)
            rc = sql_commit(j->sql, error);
        else
            sql_rollback(j->sql);
    } else
        sql_rollback(j->sql);
    if (rc < 0) {
        undo(j);
        j->last_seq = before;
    }
    return rc;
}

static void say(struct journal *j, int rc, const struct error *error) {
    if (rc < 0 && rc != j->stats.failing)
        log_error(j->options.log, "the journal cannot be written; events are refused until it can",
                  LOG_S("detail", error->detail));
    if (rc == 0 && j->stats.failing) log_info(j->options.log, "the journal can be written again");
    j->stats.failing = rc;
}

void journal_commit_group(struct journal *j, struct journal_batch *batches) {
    struct error error = {0};
    struct arena arena;
    uint64_t started = clock_ticks();
    int64_t now = clock_now(j->options.clock);
    size_t rows = 0;
    for (struct journal_batch *b = batches; b; b = b->next) rows += b->n;
    arena_init(&arena, 64 * 1024);
    j->group.arena = &arena;
    j->group.n = 0;
    j->group.bytes = 0;
    j->group.checksum = 0;
    memset(j->group.places, 0, sizeof j->group.places);
    fingerprint_prepare(&j->seen, now, rows);
    int rc = write_group(j, batches, now, &error);
    say(j, rc, &error);
    if (rc == 0) {
        publish(j, now);
        release_rings(j);
        histogram_observe(j->commit_time, clock_ticks() - started);
    } else {
        count(j->failed_groups, 1);
        j->retry_at = clock_ticks() + RETRY_MS * 1000000ull;
    }
    answer(j, batches, rc);
    arena_free(&arena);
}
