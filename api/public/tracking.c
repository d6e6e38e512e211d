/* The Segment tracking endpoints: read, kept by the journal, and only then answered. identify and alias join keys before the
 * answer, so that from the answer on either key meets the same variants. */
#include <zlib.h>

#include "api/app.h"
#include "api/away.h"
#include "api/public/tables.h"
#include "api/public/tracking.h"
#include "api/visitor.h"
#include "core/base/json_write.h"
#include "core/journal/segment.h"
#include "core/people/identity.h"
#include "core/people/identity_map.h"

enum {
    PARSE_HERE = 64 * 1024, /* longer bodies are read off the loop */
    UNPACK_HERE = 4 * 1024  /* likewise, packed ones */
};

struct intake {
    struct request *request;
    struct tracking_body body;
    int64_t received;
    bool previewed; /* under a preview link */
    struct segment_intake read;
    struct journal_batch batch;
    uv_work_t work;
    struct people_known known; /* of the keys that are joined for the first time */
    struct lane_job join;
    struct identity_link *links; /* what was joined, and who is known: for the loop's map */
    size_t links_n;
    struct error error; /* last: 3 KB, of which only the head is cleared for each request */
};

/* ---- the answer ---- */

static void answer(struct intake *in) {
    struct request *request = in->request;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_int(&w, "accepted", (int64_t)in->batch.accepted);
    json_put_int(&w, "duplicates", (int64_t)in->batch.duplicates);
    json_key(&w, TEXT("rejected"));
    json_open_array(&w);
    for (size_t i = 0; i < in->read.rejected_n; i++) {
        json_open_object(&w);
        json_put_int(&w, "index", (int64_t)in->read.rejected[i].index);
        json_put_text(&w, "detail", text_of(in->read.rejected[i].detail));
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    reply_json(request, 202, &out);
}

/* ---- joining keys: on the store lane, then in the loop's map ---- */

static bool joins(const struct journal_record *r) {
    return (r->kind == JOURNAL_IDENTIFY || r->kind == JOURNAL_ALIAS) && r->other.n;
}

/* Her erasure may have begun since the events were let in. */
static int is_erased(struct intake *in, struct sql *sql, const struct journal_record *r) {
    const struct suppression *list = &in->request->app->suppression; /* its key never changes */
    int rc = suppression_is_kept(list, sql, r->unit, &in->error);
    return rc ? rc : suppression_is_kept(list, sql, r->other, &in->error);
}

static int join_keys(struct intake *in, struct sql *sql, const struct journal_record *r) {
    struct text source = r->kind == JOURNAL_ALIAS ? TEXT("alias") : TEXT("identify");
    struct identity_link *link = &in->links[in->links_n];
    int rc = is_erased(in, sql, r);
    if (rc != 0) return rc;
    rc = identity_join(sql, &in->request->arena, r->other, r->unit, source, r->at, link, &in->error);
    if (rc == IDENTITY_JOINED) in->links_n++;
    return rc;
}

static void join_work(struct lane_job *job, void *owner) {
    struct intake *in = (struct intake *)((char *)job - offsetof(struct intake, join));
    struct sql *sql = owner;
    int rc = sql_begin(sql, &in->error);
    for (size_t i = 0; rc >= 0 && i < in->known.n; i++) {
        struct text key = in->known.keys[i];
        if (!in->known.known[i]) continue;
        rc = identity_know(sql, key, TEXT("track"), in->received, &in->error);
        in->links[in->links_n++] = (struct identity_link){key, key};
    }
    for (size_t i = 0; rc >= 0 && i < in->read.n; i++)
        if (joins(&in->read.records[i])) rc = join_keys(in, sql, &in->read.records[i]);
    if (rc >= 0) rc = sql_commit(sql, &in->error);
    if (rc < 0) sql_rollback(sql);
}

/* Whatever the disk's trouble is, the sender's part is to wait and to send the same again: 503 with Retry-After, as its library knows. */
static void try_again(struct intake *in, int code) {
    reply_problem(in->request, ERR_UNAVAILABLE, "none of the events could be kept (%s); send the same again later",
                  error_title(code));
}

static void join_done(struct mail *mail) {
    struct intake *in = (struct intake *)((char *)mail - offsetof(struct intake, join.mail));
    if (in->error.code) {
        try_again(in, in->error.code);
        return;
    }
    for (size_t i = 0; i < in->links_n; i++) app_join(in->request->app, in->links[i].id, in->links[i].parent);
    answer(in);
}

static void join(struct intake *in) {
    struct app *home = in->request->app;
    in->join = (struct lane_job){.mail.receive = join_done, .work = join_work, .reply_to = &home->mailbox};
    lane_do(main_db_lane(home->db), &in->join);
}

static void on_known(struct mail *mail) {
    struct intake *in = (struct intake *)((char *)mail - offsetof(struct intake, known.job.mail));
    in->error = in->known.error;
    if (in->error.code)
        reply_error(in->request, &in->error);
    else
        join(in);
}

/* What claims to be somebody's anonymous key may be another customer's id, whom no other entrance has named yet. */
static void join_or_answer(struct intake *in) {
    struct app *app = in->request->app;
    struct arena *arena = &in->request->arena;
    size_t n = 0;
    for (size_t i = 0; i < in->read.n; i++) n += joins(&in->read.records[i]);
    if (!n) {
        answer(in);
        return;
    }
    in->links = arena_array(arena, struct identity_link, 2 * n);
    in->known = (struct people_known){.keys = arena_array(arena, struct text, n), .arena = arena};
    for (size_t i = 0; i < in->read.n; i++) {
        const struct journal_record *r = &in->read.records[i];
        if (joins(r) && !identity_map_has(app->joined, r->other)) in->known.keys[in->known.n++] = r->other;
    }
    struct app *home = away_begin(in->request); /* whose map it is */
    in->known.job.mail.receive = on_known;
    in->known.job.reply_to = &home->mailbox;
    if (in->known.n)
        people_find_known(home->people, &in->known);
    else
        join(in);
}

/* ---- the journal ---- */

static void on_durable(struct mail *mail) {
    struct intake *in = (struct intake *)((char *)mail - offsetof(struct intake, batch.mail));
    if (in->batch.code)
        try_again(in, in->batch.code);
    else
        join_or_answer(in);
}

/* Why a record is not to be kept; NULL where it is. */
static const char *refused(const struct intake *in, const struct journal_record *r) {
    struct app *app = in->request->app;
    if (in->previewed) return "sent under a preview link, where nothing counts";
    bool suppressed = app_suppressed(app, r->unit) || (r->other.n && app_suppressed(app, r->other));
    return suppressed ? "this customer was erased: nothing of hers is collected again" : NULL;
}

/* Events of erased customers, and of those who look by a preview link, become rejections. Records and rejections are both in the order of the batch, so a record's place in it
 * is the next one that no rejection has. */
static void reject_refused(struct intake *in) {
    struct segment_intake *read = &in->read;
    struct segment_rejection *rejected =
        arena_array(&in->request->arena, struct segment_rejection, read->n + read->rejected_n);
    size_t index = 0, before = 0, rejected_n = 0, kept = 0;
    for (size_t i = 0; i < read->n; i++, index++) {
        for (; before < read->rejected_n && read->rejected[before].index == index; index++)
            rejected[rejected_n++] = read->rejected[before++];
        const char *why = refused(in, &read->records[i]);
        if (why)
            rejected[rejected_n++] = (struct segment_rejection){index, why};
        else
            read->records[kept++] = read->records[i];
    }
    while (before < read->rejected_n) rejected[rejected_n++] = read->rejected[before++];
    read->n = kept;
    read->rejected = rejected;
    read->rejected_n = rejected_n;
}

static void append(struct intake *in) {
    struct app *app = in->request->app;
    if (in->error.code) {
        reply_error(in->request, &in->error);
        return;
    }
    if (app->suppression.hashes.n || in->previewed) reject_refused(in);
    if (!in->read.n) {
        answer(in);
        return;
    }
    in->batch = (struct journal_batch){
        .mail.receive = on_durable, .reply_to = &app->mailbox, .records = in->read.records, .n = in->read.n};
    if (journal_append(app->journal, &in->batch) != 0)
        reply_problem(in->request, ERR_UNAVAILABLE, "more events are waiting than can be kept; send the same again");
}

/* ---- reading ---- */

/* A body packed by gzip ends with the size that it had, so that it is unpacked into as much and never into more than the route
 * takes. Of one that is cut those last bytes may say anything: too large is what really comes out of it. */
static int unpack(struct request *request, struct error *error) {
    struct text packed = request->body;
    const unsigned char *end = (const unsigned char *)packed.at + packed.n;
    if (packed.n < 18 || memcmp(packed.at, "\x1f\x8b", 2) != 0)
        return error_set(error, ERR_INVALID, "the body is not what gzip makes");
    size_t room = end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
    size_t most = request->route->max_body;
    if (room > most) room = most;
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)packed.at, .avail_in = (unsigned)packed.n};
    z.next_out = arena_take(&request->arena, room + 1);
    z.avail_out = (unsigned)room + 1;
    request->body = text_n((char *)z.next_out, room);
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return error_set(error, ERR_NO_MEMORY, "no memory to unpack the body");
    int rc = inflate(&z, Z_FINISH);
    bool whole = rc == Z_STREAM_END && z.total_out == room && z.avail_in == 0;
    inflateEnd(&z);
    if (z.total_out > most) return error_set(error, ERR_TOO_LARGE, "the body unpacked may have %zu bytes", most);
    return whole ? 0 : error_set(error, ERR_INVALID, "the body is not what gzip makes");
}

static void read_body(struct intake *in) {
    struct request *request = in->request;
    const struct caller *caller = &request->caller;
    struct segment_caller who = {.browser = caller->role == ROLE_BROWSER,
                                 .user = caller->known ? caller->customer : TEXT_NONE,
                                 .anonymous = caller->anonymous};
    if (request->headers.content_encoding.n && unpack(request, &in->error) < 0) return;
    in->body.read(&in->body, request, &who, in->received, &in->read, &in->error);
}

static void read_work(uv_work_t *work) {
    read_body(work->data);
}
static void read_done(uv_work_t *work, int status) {
    struct intake *in = work->data;
    request_enter(in->request);
    append(in);
    request_leave(in->request);
}

void tracking_take(struct request *request, struct tracking_body body) {
    struct text encoding = request->headers.content_encoding;
    if (encoding.n && !text_eq_nocase(encoding, TEXT("gzip"))) {
        reply_problem(request, ERR_MEDIA_TYPE, "Content-Encoding may be gzip, or left out");
        return;
    }
    struct intake *in = arena_take(&request->arena, sizeof *in);
    memset(in, 0, offsetof(struct intake, error));
    error_clear(&in->error);
    in->request = request;
    in->body = body;
    in->received = clock_now(request->app->clock);
    in->previewed = visitor_previews(request);
    in->work.data = in;
    if (request->body.n > (encoding.n ? UNPACK_HERE : PARSE_HERE)) {
        uv_queue_work(request->app->loop, &in->work, read_work, read_done);
        return;
    }
    read_body(in);
    append(in);
}

/* ---- the Segment calls ---- */

static void read_segment(const struct tracking_body *body, struct request *request, const struct segment_caller *caller,
                         int64_t received, struct segment_intake *out, struct error *error) {
    struct json json;
    if (json_scan(&json, request->body, &request->arena, error) == 0)
        segment_read(out, &json, (enum segment_call)body->form, caller, received, &request->arena, error);
}

static void take(struct request *request, enum segment_call call) {
    tracking_take(request, (struct tracking_body){.read = read_segment, .form = (int)call});
}

static void handle_track(struct request *request) {
    take(request, SEGMENT_TRACK);
}
static void handle_identify(struct request *request) {
    take(request, SEGMENT_IDENTIFY);
}
static void handle_alias(struct request *request) {
    take(request, SEGMENT_ALIAS);
}
static void handle_page(struct request *request) {
    take(request, SEGMENT_PAGE);
}
static void handle_batch(struct request *request) {
    take(request, SEGMENT_BATCH);
}

const struct route tracking_routes[] = {
    {METHOD_POST, "/v1/track", TRACKING_ROLES, TRACKING_BODY, TRACKING_HOW, handle_track},
    {METHOD_POST, "/v1/identify", TRACKING_ROLES, TRACKING_BODY, TRACKING_HOW, handle_identify},
    {METHOD_POST, "/v1/alias", TRACKING_ROLES, TRACKING_BODY, TRACKING_HOW, handle_alias},
    {METHOD_POST, "/v1/page", TRACKING_ROLES, TRACKING_BODY, TRACKING_HOW, handle_page},
    {METHOD_POST, "/v1/batch", TRACKING_ROLES, TRACKING_BATCH_BODY, TRACKING_HOW, handle_batch},
    {0},
};
