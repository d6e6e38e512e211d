#include "core/people/people.h"

#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/people/customers.h"
#include "core/people/people_internal.h"

/* --- timelines --- */

static void read_page(struct lane_job *job, void *owner) {
    struct people_page *page = (struct people_page *)job;
    timeline_read(page->people->reader, page->arena, &page->query, &page->page, &page->error);
}

static void page_heads_found(struct mail *mail) {
    struct people_page *page = (struct people_page *)((char *)mail - offsetof(struct people_page, heads.mail));
    page->job.work = read_page;
    lane_do(page->people->lane, &page->job);
}

void people_read_timeline(struct people *people, struct people_page *page) {
    page->people = people;
    page->query.heads = arena_array(page->arena, int64_t, page->query.n + 1);
    page->heads = (struct journal_heads){.mail.receive = page_heads_found,
                                         .units = page->query.keys,
                                         .n = page->query.n,
                                         .heads = (int64_t *)(uintptr_t)page->query.heads};
    journal_find_heads(people->journal, &page->heads);
}

/* --- rows --- */

enum { ROWS_A_PAGE = 500 };

struct exporting {
    struct json_writer w;
    int64_t prev;
    const struct people_rows *rows;
};

static const char *kind_name(uint8_t kind) {
    switch ((enum journal_kind)kind) {
    case JOURNAL_TRACK: return "track";
    case JOURNAL_IDENTIFY: return "identify";
    case JOURNAL_ALIAS: return "alias";
    case JOURNAL_PAGE: return "page";
    case JOURNAL_EXPOSURE: return "exposure";
    case JOURNAL_ENTRY: return "entry";
    case JOURNAL_PART: return "part";
    }
    return "other";
}

static int write_row(void *visitor, const struct journal_record *r) {
    static const char *const actors[] = {"customer", "agent", "system", "plugin"};
    struct exporting *e = visitor;
    bool hers = false;
    for (size_t i = 0; i < e->rows->n; i++) hers |= text_eq(e->rows->keys[i], r->unit);
    e->prev = hers ? r->prev : 0;
    if (!hers) return 0;
    /* A page that is not the first has rows before it: a page ends when it is full. */
    if (e->w.out->n || e->rows->before.n) buffer_cstr(e->w.out, ",\n");
    json_open_object(&e->w);
    json_put_int(&e->w, "seq", r->seq);
    json_put_time(&e->w, "received", r->received);
    json_put_time(&e->w, "at", r->at);
    json_put_text(&e->w, "kind", text_of(kind_name(r->kind)));
    json_put_text(&e->w, "actor", text_of(actors[r->actor & 3]));
    if (r->name.n) json_put_text(&e->w, "name", r->name);
    json_put_text(&e->w, "unit", r->unit);
    if (r->other.n) json_put_text(&e->w, "other", r->other);
    json_put_raw(&e->w, "body", r->body);
    json_close_object(&e->w);
    return 0;
}

/* One chain after the other. The place is "KEY.SEQ": which key, and the row to go on with. */
static void read_rows(struct lane_job *job, void *owner) {
    struct people_rows *rows = (struct people_rows *)job;
    struct text key, row;
    int64_t at = 0, seq = 0;
    if (rows->before.n && (!text_cut(rows->before, '.', &key, &row) || !text_to_int(key, &at) ||
                           !text_to_int(row, &seq) || at < 0 || at >= (int64_t)rows->n)) {
        error_set(&rows->error, ERR_INVALID, "this place in an export is none");
        return;
    }
    if (!rows->before.n && rows->n) seq = rows->heads.heads[0];
    for (int n = 0; n < ROWS_A_PAGE && at < (int64_t)rows->n;) {
        if (!seq) {
            if (++at < (int64_t)rows->n) seq = rows->heads.heads[at];
            continue;
        }
        struct exporting e = {.rows = rows};
        json_writer_init(&e.w, &rows->out);
        int rc = journal_get(rows->people->reader, seq, write_row, &e, NULL);
        if (rc < 0 && rc != ERR_NOT_FOUND) {
            error_set(&rows->error, rc, "row %lld of the journal cannot be read", (long long)seq);
            return;
        }
        seq = e.prev;
        n++;
    }
    if (at < (int64_t)rows->n) rows->next = arena_printf(rows->arena, "%lld.%lld", (long long)at, (long long)seq);
}

static void row_heads_found(struct mail *mail) {
    struct people_rows *rows = (struct people_rows *)((char *)mail - offsetof(struct people_rows, heads.mail));
    rows->job.work = read_rows;
    lane_do(rows->people->lane, &rows->job);
}

void people_read_rows(struct people *people, struct people_rows *rows) {
    rows->people = people;
    rows->heads = (struct journal_heads){.mail.receive = row_heads_found,
                                         .units = rows->keys,
                                         .n = rows->n,
                                         .heads = arena_array(rows->arena, int64_t, rows->n + 1)};
    journal_find_heads(people->journal, &rows->heads);
}

/* --- who is known --- */

enum { LOOK_ROWS = 2000 /* of one key: one that is not a customer's has no row that says so */ };

struct looking {
    struct text key;
    bool known;
    int64_t prev;
};

static int look(void *visitor, const struct journal_record *r) {
    struct looking *l = visitor;
    bool its_own = text_eq(l->key, r->unit);
    l->known = its_own && r->flags & JOURNAL_KNOWN;
    l->prev = its_own ? r->prev : 0;
    return 0;
}

static void find_known(struct lane_job *job, void *owner) {
    struct people_known *q = (struct people_known *)job;
    for (size_t i = 0; i < q->n; i++) {
        struct looking l = {.key = q->keys[i]};
        int64_t seq = q->heads.heads[i];
        for (int n = 0; seq && !l.known && n < LOOK_ROWS; n++, seq = l.prev) {
            l.prev = 0;
            int rc = journal_get(q->people->reader, seq, look, &l, NULL);
            if (rc < 0 && rc != ERR_NOT_FOUND)
                error_set(&q->error, rc, "row %lld of the journal cannot be read", (long long)seq);
        }
        q->known[i] = l.known;
    }
}

static void known_heads_found(struct mail *mail) {
    struct people_known *q = (struct people_known *)((char *)mail - offsetof(struct people_known, heads.mail));
    q->job.work = find_known;
    lane_do(q->people->lane, &q->job);
}

void people_find_known(struct people *people, struct people_known *q) {
    q->people = people;
    q->known = arena_array(q->arena, bool, q->n);
    q->heads = (struct journal_heads){
        .mail.receive = known_heads_found, .units = q->keys, .n = q->n, .heads = arena_array(q->arena, int64_t, q->n)};
    journal_find_heads(people->journal, &q->heads);
}

/* --- opening and closing --- */

int people_open(struct people **out, const struct people_options *options, struct error *error) {
    struct people *people = memory_new(struct people);
    *people = (struct people){
        .journal = options->journal,
        .store = main_db_lane(options->db),
        .log = options->log,
        .refused_traits = telemetry_counter(options->telemetry, "parley_people_traits_refused_total",
                                            "Traits not kept: too many for a customer, a name or value too long", "")};
    *out = NULL;
    int rc = journal_reader_open(&people->reader, options->journal_folder, error);
    if (rc == 0) rc = journal_reader_open(&people->following.reader, options->journal_folder, error);
    if (rc < 0) {
        journal_reader_close(people->reader);
        free(people);
        return rc;
    }
    people->lane = lane_start("people", people);
    people_follow(people);
    *out = people;
    return 0;
}

void people_close(struct people *people) {
    if (!people) return;
    lane_stop(people->lane);
    people_stop_following(people);
    journal_reader_close(people->reader);
    free(people);
}
