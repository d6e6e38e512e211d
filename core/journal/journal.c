#include "core/journal/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/journal/journal_internal.h"

enum { RING_MS = 5 }; /* exposures alone wait at most so long for company */

/* --- the writer --- */

static bool rings_filled(struct journal *j) {
    for (int i = 0; i < atomic_load(&j->rings_n); i++) {
        uint64_t place = ring_start(j->rings[i].ring);
        struct journal_exposure exposure;
        if (ring_peek(j->rings[i].ring, &place, &exposure)) return true;
    }
    return false;
}

static struct timespec at_ticks(uint64_t ticks) {
    return (struct timespec){(time_t)(ticks / 1000000000u), (long)(ticks % 1000000000u)};
}

/* Under the lock: sleeps until a batch comes, exposures have waited long enough, or the journal is closed. */
static void wait_for_work(struct journal *j) {
    uint64_t deadline = 0;
    while (!j->first && !j->erasures && !j->questions && !j->droppings && !j->stopping) {
        if (!deadline && rings_filled(j)) {
            deadline = clock_ticks() + RING_MS * 1000000ull;
            if (deadline < j->retry_at) deadline = j->retry_at;
        }
        if (deadline) {
            struct timespec until = at_ticks(deadline);
            if (pthread_cond_timedwait(&j->filled, &j->mutex, &until) == ETIMEDOUT) return;
            continue;
        }
        atomic_store(&j->sleeping, true);
        if (!rings_filled(j)) pthread_cond_wait(&j->filled, &j->mutex);
        atomic_store(&j->sleeping, false);
    }
}

/* Under the lock: whole batches, up to group_rows rows of them, at least one. */
static struct journal_batch *take_batches(struct journal *j) {
    struct journal_batch *taken = j->first, **end = &j->first;
    size_t rows = 0;
    while (*end && (end == &j->first || rows + (*end)->n <= j->options.group_rows)) {
        rows += (*end)->n;
        j->waiting -= (*end)->bytes;
        end = &(*end)->next;
    }
    if (!taken) return NULL;
    j->first = *end;
    if (!j->first) j->last = &j->first;
    *end = NULL;
    return taken;
}

static void answer_heads(const struct journal *j, struct journal_heads *question) {
    for (struct journal_heads *next; question; question = next) {
        next = question->next;
        for (size_t i = 0; i < question->n; i++)
            question->heads[i] = (int64_t)unit_map_get(&j->heads, unit_of(question->units[i]));
        question->mail.receive(&question->mail);
    }
}

static void *write_groups(void *arg) {
    struct journal *j = arg;
    for (bool stopping = false; !stopping;) {
        pthread_mutex_lock(&j->mutex);
        wait_for_work(j);
        struct journal_batch *batches = take_batches(j);
        bool again = j->refusing && !j->first;
        if (again) j->refusing = false;
        struct journal_erasure *erasures = j->erasures;
        struct journal_heads *questions = j->questions;
        struct journal_dropping *droppings = j->droppings;
        j->erasures = NULL;
        j->questions = NULL;
        j->droppings = NULL;
        stopping = j->stopping && !j->first;
        pthread_mutex_unlock(&j->mutex);
        if (again) log_info(j->options.log, "the journal takes events again");
        answer_heads(j, questions);
        for (struct journal_erasure *next; erasures; erasures = next) {
            next = erasures->next;
            journal_erase_units(j, erasures);
        }
        for (struct journal_dropping *next; droppings; droppings = next) {
            next = droppings->next;
            journal_drop_files(j, droppings);
        }
        if (batches || rings_filled(j)) journal_commit_group(j, batches);
    }
    return NULL;
}

/* --- opening and closing --- */

static void set_options(struct journal *j, const struct journal_options *options) {
    j->options = *options;
    struct journal_options *o = &j->options;
    j->folder = memory_copy(o->folder);
    o->folder = j->folder;
    if (!o->file_bytes) o->file_bytes = 1 << 30;
    if (!o->queue_bytes) o->queue_bytes = 32 << 20;
    if (!o->lag_bytes) o->lag_bytes = 256 << 20;
    if (!o->group_rows) o->group_rows = 10000;
    if (!o->recognise_ms) o->recognise_ms = 7 * (int64_t)CLOCK_DAY;
    if (!o->recognise_n) o->recognise_n = 20000000;
    if (!o->clock) o->clock = &clock_system;
    if (!o->telemetry) o->telemetry = j->own_telemetry = telemetry_new();
    j->seen = (struct fingerprint_set){.limit = o->recognise_n, .span_ms = o->recognise_ms};
}

static void make_instruments(struct journal *j) {
    struct telemetry *t = j->options.telemetry;
    j->events = telemetry_counter(t, "parley_journal_events_total", "Rows made durable", "");
    j->duplicates = telemetry_counter(t, "parley_journal_duplicates_total", "Messages that were seen before", "");
    j->groups = telemetry_counter(t, "parley_journal_groups_total", "Transactions committed", "");
    j->failed_groups = telemetry_counter(t, "parley_journal_failed_groups_total", "Transactions that failed", "");
    j->refused = telemetry_counter(t, "parley_journal_refused_batches_total", "Batches refused: too much waits", "");
    j->dropped = telemetry_counter(t, "parley_journal_dropped_exposures_total", "Exposures lost to a full ring", "");
    j->dropped_files =
        telemetry_counter(t, "parley_journal_dropped_files_total", "Files let go because all of them was old", "");
    j->kept_files =
        telemetry_gauge(t, "parley_journal_kept_files", "Files that are old and stay, as they are needed", "");
    j->bytes_gauge = telemetry_gauge(t, "parley_journal_bytes", "Size of the journal's files, about", "");
    j->lag_gauge = telemetry_gauge(t, "parley_journal_lag_bytes", "Committed rows that were not folded in yet", "");
    j->span_gauge = telemetry_gauge(t, "parley_journal_message_id_span_seconds",
                                    "Time over which a messageId is recognised for certain", "");
    j->commit_time = telemetry_histogram(t, "parley_journal_commit_seconds", "Time to commit a group", "");
}

static int lock_folder(struct journal *j, struct error *error) {
    char path[PARTITION_PATH_ROOM];
    if (mkdir(j->folder, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERR_IO, "the folder %s cannot be made: %s", j->folder, strerror(errno));
    snprintf(path, sizeof path, "%s/lock", j->folder);
    j->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->lock < 0) return error_set(error, ERR_IO, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(j->lock, LOCK_EX | LOCK_NB) != 0)
        return error_set(error, ERR_CONFLICT, "another process has the journal %s open", j->folder);
    return 0;
}

static void start_writer(struct journal *j) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->mutex, NULL);
    pthread_cond_init(&j->filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    j->last = &j->first;
    if (pthread_create(&j->thread, NULL, write_groups, j) != 0) abort();
    pthread_setname_np(j->thread, "journal");
}

static void journal_free(struct journal *j) {
    sql_close(j->sql);
    if (j->lock >= 0) close(j->lock);
    for (int i = 0; i < j->rings_n; i++) ring_free(j->rings[i].ring);
    fingerprint_free(&j->seen);
    unit_map_free(&j->heads);
    free(j->group.kept);
    if (atomic_fetch_sub(&j->lag->owners, 1) == 1) free(j->lag);
    telemetry_free(j->own_telemetry);
    free(j->folder);
    free(j);
}

int journal_open(struct journal **out, const struct journal_options *options, struct error *error) {
    struct error own = {0};
    if (!error) error = &own;
    struct journal *j = memory_new(struct journal);
    j->lock = -1;
    j->lag = memory_new(struct journal_lag);
    j->lag->owners = 1;
    set_options(j, options);
    make_instruments(j);
    *out = NULL;
    int rc = lock_folder(j, error);
    if (rc == 0) rc = journal_recover(j, error);
    if (rc < 0) {
        journal_free(j);
        return rc;
    }
    gauge_set(j->bytes_gauge, j->stats.bytes);
    gauge_set(j->span_gauge, j->stats.covered_ms / 1000);
    start_writer(j);
    *out = j;
    return 0;
}

void journal_close(struct journal *j) {
    if (!j) return;
    pthread_mutex_lock(&j->mutex);
    j->stopping = true;
    pthread_cond_signal(&j->filled);
    pthread_mutex_unlock(&j->mutex);
    pthread_join(j->thread, NULL);
    journal_save_heads(j);
    journal_save_seen(j);
    pthread_mutex_destroy(&j->mutex);
    pthread_cond_destroy(&j->filled);
    journal_free(j);
}

/* --- from other threads --- */

static size_t batch_bytes(const struct journal_batch *batch) {
    size_t bytes = sizeof *batch + batch->n * sizeof *batch->records;
    for (size_t i = 0; i < batch->n; i++)
        bytes += batch->records[i].name.n + batch->records[i].unit.n + batch->records[i].body.n;
    return bytes;
}

int journal_append(struct journal *j, struct journal_batch *batch) {
    batch->bytes = batch_bytes(batch);
    batch->next = NULL;
    bool lagging = atomic_load(&j->lag->bytes) > (int64_t)j->options.lag_bytes;
    pthread_mutex_lock(&j->mutex);
    assert(!j->stopping);
    bool taken = !lagging && (!j->first || j->waiting + batch->bytes <= j->options.queue_bytes);
    bool first = taken && !j->first, begins = !taken && !j->refusing;
    j->refusing |= !taken;
    size_t waiting = j->waiting;
    if (taken) {
        *j->last = batch;
        j->last = &batch->next;
        j->waiting += batch->bytes;
    }
    pthread_mutex_unlock(&j->mutex);
    if (first && !atomic_load(&j->gathering)) pthread_cond_signal(&j->filled); /* after the lock: it is free then */
    if (!taken) count(j->refused, 1);
    if (begins)
        log_warn(j->options.log, "too much waits for the journal; events are refused until it is less",
                 LOG_I("waiting", waiting), LOG_I("lag", atomic_load(&j->lag->bytes)));
    return taken ? 0 : ERR_UNAVAILABLE;
}

void journal_gather(struct journal *j) {
    atomic_fetch_add(&j->gathering, 1);
}

void journal_gathered(struct journal *j) {
    pthread_mutex_lock(&j->mutex);
    atomic_fetch_sub(&j->gathering, 1);
    bool waiting = j->first != NULL;
    pthread_mutex_unlock(&j->mutex);
    if (waiting) pthread_cond_signal(&j->filled);
}

void journal_erase(struct journal *j, struct journal_erasure *erasure) {
    pthread_mutex_lock(&j->mutex);
    erasure->next = j->erasures;
    j->erasures = erasure;
    pthread_cond_signal(&j->filled);
    pthread_mutex_unlock(&j->mutex);
}

void journal_drop(struct journal *j, struct journal_dropping *dropping) {
    pthread_mutex_lock(&j->mutex);
    dropping->next = j->droppings;
    j->droppings = dropping;
    pthread_cond_signal(&j->filled);
    pthread_mutex_unlock(&j->mutex);
}

void journal_find_heads(struct journal *j, struct journal_heads *question) {
    pthread_mutex_lock(&j->mutex);
    question->next = j->questions;
    j->questions = question;
    pthread_cond_signal(&j->filled);
    pthread_mutex_unlock(&j->mutex);
}

struct journal_ring *journal_ring_open(struct journal *j, size_t bytes) {
    int i = atomic_load(&j->rings_n);
    assert(i < JOURNAL_RINGS);
    j->rings[i] = (struct journal_ring){j, ring_new(bytes)};
    atomic_store(&j->rings_n, i + 1);
    return &j->rings[i];
}

bool journal_ring_push(struct journal_ring *ring, const struct journal_exposure *exposure) {
    struct journal *j = ring->journal;
    if (!ring_push(ring->ring, exposure)) {
        count(j->dropped, 1);
        return false;
    }
    if (atomic_load(&j->sleeping)) {
        pthread_mutex_lock(&j->mutex);
        pthread_cond_signal(&j->filled);
        pthread_mutex_unlock(&j->mutex);
    }
    return true;
}

int64_t journal_subscribe(struct journal *j, void (*committed)(void *, struct journal_block *), void *subscriber) {
    assert(j->subscribers_n < JOURNAL_SUBSCRIBERS);
    pthread_mutex_lock(&j->mutex); /* what the writer reads after its next wake-up */
    j->subscribers[j->subscribers_n].committed = committed;
    j->subscribers[j->subscribers_n++].subscriber = subscriber;
    int64_t last = j->stats.last;
    pthread_mutex_unlock(&j->mutex);
    return last;
}

void journal_stats(struct journal *j, struct journal_stats *stats) {
    pthread_mutex_lock(&j->mutex);
    size_t waiting = j->waiting;
    pthread_mutex_unlock(&j->mutex);
    *stats = (struct journal_stats){
        .events = j->stats.events,
        .last = j->stats.last,
        .bytes = j->stats.bytes,
        .oldest = j->stats.oldest,
        .covered_ms = j->stats.covered_ms,
        .units = j->stats.units,
        .waiting = (int64_t)waiting,
        .lag = atomic_load(&j->lag->bytes),
        .failing = j->stats.failing,
    };
}
