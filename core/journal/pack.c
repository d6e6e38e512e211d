#include "core/journal/pack.h"

#include <assert.h>

#include "core/base/json.h"
#include "core/base/json_write.h"

/* --- writing --- */

static void put_entry(struct json_writer *w, struct text unit, int64_t behind, int64_t prev) {
    json_open_array(w);
    json_text(w, unit);
    json_int(w, behind);
    json_int(w, prev);
    json_close_array(w);
}

static struct text keep(struct buffer *buffer, struct arena *arena) {
    struct text text = arena_text(arena, buffer_view(buffer));
    buffer_free(buffer);
    return text;
}

struct journal_record pack_row(struct journal_record *const *exposures, size_t n, struct arena *arena) {
    assert(n > 0 && n <= PACK_MOST);
    struct journal_record row = *exposures[0];
    if (n == 1) return row;
    struct buffer buffer = {0};
    struct json_writer w;
    json_writer_init(&w, &buffer);
    json_open_array(&w);
    for (size_t i = 0; i < n; i++) put_entry(&w, exposures[i]->unit, exposures[i]->at - row.at, exposures[i]->prev);
    json_close_array(&w);
    row.kind = JOURNAL_PACK;
    row.unit = TEXT("");
    row.prev = 0;
    row.other = keep(&buffer, arena);
    return row;
}

/* --- reading --- */

/* The entries; JSON_NONE as `list.n` never is: a damaged pack has an empty document. */
static int scan(const struct journal_record *row, struct json *list, struct arena *arena) {
    int rc = json_scan(list, row->other, arena, NULL);
    return rc < 0 || json_kind(list, 0) != JSON_KIND_ARRAY ? ERR_CORRUPT : 0;
}

static struct journal_record exposure_at(const struct journal_record *row, const struct json *list, json_at entry,
                                         int64_t seq, struct arena *arena) {
    struct journal_record r = *row;
    r.kind = JOURNAL_EXPOSURE;
    r.seq = seq;
    r.prev = 0;
    r.other = TEXT_NONE;
    json_at unit = json_first(list, entry), behind = json_after(list, entry, unit);
    int64_t ms = 0;
    r.unit = json_unescaped(list, unit, arena);
    if (!r.unit.n) {
        r.unit = TEXT("");
        r.body = TEXT("{}");
        return r;
    }
    json_whole(list, behind, &ms);
    json_whole(list, json_after(list, entry, behind), &r.prev);
    r.at += ms;
    return r;
}

int pack_visit(const struct journal_record *row, int64_t from, int64_t to, struct arena *arena, journal_visit visit,
               void *visitor) {
    if (row->kind != JOURNAL_PACK) return row->seq >= from && row->seq <= to ? visit(visitor, row) : 0;
    struct json list;
    int64_t seq = row->seq;
    int rc = scan(row, &list, arena);
    for (json_at e = rc == 0 ? json_first(&list, 0) : JSON_NONE; rc == 0 && e != JSON_NONE && seq <= to;
         e = json_after(&list, 0, e), seq++) {
        if (seq < from) continue;
        struct journal_record r = exposure_at(row, &list, e, seq, arena);
        rc = visit(visitor, &r);
    }
    return rc;
}

int64_t pack_seqs(const struct journal_record *row, struct arena *arena) {
    struct json list;
    if (row->kind != JOURNAL_PACK || scan(row, &list, arena) < 0) return 1;
    return list.tokens[0].size;
}

/* --- erasing --- */

int pack_erase(struct journal_record *row, int64_t seq, int64_t *prev, struct arena *arena) {
    struct json list;
    struct buffer buffer = {0};
    struct json_writer w;
    int rc = scan(row, &list, arena);
    if (rc < 0) return rc;
    if (seq < row->seq || seq >= row->seq + list.tokens[0].size) return ERR_NOT_FOUND;
    bool anybody = false;
    int64_t at = row->seq;
    json_writer_init(&w, &buffer);
    json_open_array(&w);
    for (json_at e = json_first(&list, 0); e != JSON_NONE; e = json_after(&list, 0, e), at++) {
        struct journal_record r = exposure_at(row, &list, e, at, arena);
        if (at == seq) *prev = r.prev;
        if (at == seq || !r.unit.n) {
            json_nil(&w);
            continue;
        }
        put_entry(&w, r.unit, r.at - row->at, r.prev);
        anybody = true;
    }
    json_close_array(&w);
    row->other = keep(&buffer, arena);
    if (!anybody) row->body = TEXT("{}");
    return 0;
}
