#include "programs/parleyd/events.h"

#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "core/journal/reader.h"
#include "core/plugins/host.h"

enum { ROWS_AT_ONCE = 20000 /* read from files for one want, so that others have their turn */ };

struct events {
    struct feed feed;
    struct journal *journal;
    struct mailbox *mailbox;
    const struct log *log;
    struct lane *lane;
    /* The lane's: */
    struct journal_reader *reader;
    struct feed_want *parked; /* have looked at everything up to `last` */
    int64_t last;             /* all rows up to this are in the files */
};

/* ---- which rows, and how they are told ---- */

static struct text by_plugin(const struct journal_record *record) {
    struct text prefix = TEXT("plugin:"), name, number;
    if (record->actor != JOURNAL_PLUGIN || !text_starts(record->message_id, prefix)) return TEXT_NONE;
    text_cut(text_n(record->message_id.at + prefix.n, record->message_id.n - prefix.n), ':', &name, &number);
    return name;
}

/* Rows that were erased are nobody's, and are not told. */
static bool wanted(const struct feed_want *want, const struct journal_record *record) {
    if ((record->kind != JOURNAL_TRACK && record->kind != JOURNAL_PAGE) || !record->unit.n) return false;
    for (size_t i = 0; i < want->names_n; i++) {
        if (text_is(record->name, want->names[i])) return true;
        if (strcmp(want->names[i], "*") == 0 && !text_is(by_plugin(record), want->plugin)) return true;
    }
    return false;
}

static void put_properties(struct json_writer *w, struct text body) {
    struct arena arena;
    struct json json;
    arena_init(&arena, 4096);
    json_key(w, TEXT("properties"));
    json_at at = json_scan(&json, body, &arena, NULL) == 0 ? json_get(&json, 0, TEXT("properties")) : JSON_NONE;
    json_raw(w, json_kind(&json, at) == JSON_KIND_OBJECT ? json_source(&json, at) : TEXT("{}"));
    arena_free(&arena);
}

static void put_event(struct buffer *out, const struct journal_record *record) {
    static const char *const actors[] = {"customer", "staff", "system", "plugin"};
    struct json_writer w;
    if (out->n) buffer_byte(out, ',');
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "seq", record->seq);
    json_put_text(&w, "type", record->kind == JOURNAL_PAGE ? TEXT("page") : TEXT("track"));
    json_put_text(&w, "event", record->name);
    json_put_text(&w, "customer", record->unit);
    json_put_bool(&w, "known", record->flags & JOURNAL_KNOWN);
    json_put_text(&w, "actor", text_of(actors[record->actor & 3]));
    if (by_plugin(record).n) json_put_text(&w, "plugin", by_plugin(record));
    json_put_bool(&w, "browser", record->flags & JOURNAL_BROWSER);
    json_put_int(&w, "at", record->at);
    json_put_text(&w, "messageId", record->message_id);
    put_properties(&w, record->body);
    json_close_object(&w);
}

static bool full(const struct feed_want *want, int n) {
    return n >= want->most || want->events.n >= FEED_BYTES;
}

/* Looks at one row; false once the answer is full. */
static bool look(struct feed_want *want, int *n, const struct journal_record *record) {
    if (record->seq <= want->upto) return true;
    want->upto = record->seq;
    if (!wanted(want, record)) return true;
    if (!*n) want->first = record->seq;
    put_event(&want->events, record);
    ++*n;
    return !full(want, *n);
}

/* Looks at the rows of one block. */
static void pick(struct feed_want *want, const struct journal_record *records, size_t count) {
    int n = 0;
    for (size_t i = 0; i < count && look(want, &n, &records[i]); i++) continue;
    if (!n) want->looked = want->upto;
}

/* ---- on the lane ---- */

static void fed(struct mail *mail) {
    plugins_fed((struct feed_want *)mail);
}

static void answer(struct events *events, struct feed_want *want) {
    want->job.mail.receive = fed;
    mailbox_post(events->mailbox, &want->job.mail);
}

static void park(struct events *events, struct feed_want *want) {
    want->next = events->parked;
    events->parked = want;
}

struct reading {
    struct feed_want *want;
    int n;
};

static int visit(void *visitor, const struct journal_record *record) {
    struct reading *reading = visitor;
    return look(reading->want, &reading->n, record) ? 0 : 1;
}

/* Files first. Rows that are gone (a file was moved away, or was erased from) are passed over. */
static void on_want(struct lane_job *job, void *owner) {
    struct events *events = owner;
    struct feed_want *want = (struct feed_want *)job;
    struct reading reading = {want, 0};
    struct error error = {0};
    int64_t to = want->after + ROWS_AT_ONCE < events->last ? want->after + ROWS_AT_ONCE : events->last;
    want->upto = want->after;
    want->first = 0;
    if (want->after < events->last) {
        int rc = journal_read(events->reader, want->after + 1, to, visit, &reading, &error);
        if (rc < 0)
            log_error(events->log, "events for a plugin could not be read", LOG_S("plugin", want->plugin),
                      LOG_S("detail", error.detail));
        if (rc == 0) want->upto = to;
        if (!reading.n) want->looked = want->upto;
        answer(events, want);
    } else if (want->recalled)
        answer(events, want);
    else
        park(events, want);
}

struct block_job {
    struct lane_job job;
    struct journal_block *block;
};

/* Those that wait have looked at everything before this block. */
static void on_block(struct lane_job *job, void *owner) {
    struct events *events = owner;
    struct journal_block *block = ((struct block_job *)job)->block;
    for (struct feed_want **at = &events->parked, *want; (want = *at);) {
        pick(want, block->records, block->n);
        if (want->events.n || want->upto - want->after >= ROWS_AT_ONCE) {
            *at = want->next;
            answer(events, want);
        } else
            at = &want->next;
    }
    events->last = block->last;
    journal_block_free(block);
    free(job);
}

/* The journal's writer. */
static void committed(void *subscriber, struct journal_block *block) {
    struct events *events = subscriber;
    struct block_job *job = memory_new(struct block_job);
    job->job.work = on_block;
    job->block = block;
    lane_do(events->lane, &job->job);
}

static void on_recall(struct lane_job *job, void *owner) {
    struct events *events = owner;
    for (struct feed_want **at = &events->parked, *want; (want = *at);) {
        if (want->recalled) {
            *at = want->next;
            answer(events, want);
        } else
            at = &want->next;
    }
    free(job);
}

/* ---- the feed, on the loop ---- */

static int64_t newest(void *user) {
    struct journal_stats stats;
    journal_stats(((struct events *)user)->journal, &stats);
    return stats.last;
}

static void take_want(void *user, struct feed_want *want) {
    want->job = (struct lane_job){.work = on_want};
    lane_do(((struct events *)user)->lane, &want->job);
}

static void recall(void *user) {
    struct lane_job *job = memory_new(struct lane_job);
    job->work = on_recall;
    lane_do(((struct events *)user)->lane, job);
}

const struct feed *events_feed(struct events *events) {
    return &events->feed;
}

int events_open(struct events **out, struct journal *journal, const char *folder, struct mailbox *mailbox,
                const struct log *log, struct error *error) {
    struct events *events = memory_new(struct events);
    int rc = journal_reader_open(&events->reader, folder, error);
    if (rc < 0) {
        free(events);
        return rc;
    }
    events->feed = (struct feed){newest, take_want, recall, events};
    events->journal = journal;
    events->mailbox = mailbox;
    events->log = log;
    events->lane = lane_start_in_background("events", events);
    events->last = journal_subscribe(journal, committed, events);
    *out = events;
    return 0;
}

void events_close(struct events *events) {
    if (!events) return;
    lane_stop(events->lane);
    journal_reader_close(events->reader);
    free(events);
}
