#include "core/people/timeline.h"

#include <stdio.h>

#include "core/base/buffer.h"
#include "core/base/fold.h"

enum { ROWS_MOST = 2000 /* looked at for one page: what is filtered out costs too */ };

/* --- the place between two pages: the row to go on with, of each chain, as "123.98.7" --- */

struct chains {
    int64_t *next; /* of each chain; 0: at its end */
    size_t n;
};

static int read_place(struct chains *chains, struct text before, struct arena *arena, struct error *error) {
    size_t room = 1;
    for (size_t i = 0; i < before.n; i++) room += before.at[i] == '.';
    chains->next = arena_array(arena, int64_t, room);
    for (struct text rest = before, part; rest.n;) {
        text_cut(rest, '.', &part, &rest);
        if (!text_to_int(part, &chains->next[chains->n]) || chains->next[chains->n++] <= 0)
            return error_set(error, ERR_INVALID, "before: take it from the `next` of a page");
    }
    return 0;
}

static struct text write_place(const struct chains *chains, struct arena *arena) {
    struct buffer out = {0};
    for (size_t i = 0; i < chains->n; i++)
        if (chains->next[i]) buffer_printf(&out, "%s%lld", out.n ? "." : "", (long long)chains->next[i]);
    struct text place = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return place;
}

/* --- a page --- */

struct walk {
    const struct timeline_query *query;
    struct text words; /* the query's, in lower case */
    struct arena *arena;
    struct timeline_page *page;
    int64_t *next; /* of the chain whose row is visited */
};

static bool is_hers(const struct timeline_query *query, struct text unit) {
    for (size_t i = 0; i < query->n; i++)
        if (text_eq(query->keys[i], unit)) return true;
    return false;
}

static bool is_wanted(struct text kinds, struct text kind) {
    if (!kinds.n) return !text_is(kind, "exposure") && !text_is(kind, "measure");
    for (struct text rest = kinds, one; rest.n;) {
        text_cut(rest, ',', &one, &rest);
        if (text_eq(text_trim(one), kind)) return true;
    }
    return false;
}

static bool contains(struct text text, struct text word) {
    return !word.n || memmem(text.at, text.n, word.at, word.n);
}

/* `words` are in lower case. */
static bool is_found(struct text words, const struct timeline_entry *entry, struct arena *arena) {
    if (!words.n) return true;
    struct text body = text_fold(entry->body, arena), refs = text_fold(entry->refs, arena);
    for (struct text rest = words, word; rest.n;) {
        text_cut(rest, ' ', &word, &rest);
        if (!contains(body, word) && !contains(refs, word)) return false;
    }
    return true;
}

static int visit(void *visitor, const struct journal_record *record) {
    struct walk *walk = visitor;
    *walk->next = 0;
    if (!is_hers(walk->query, record->unit)) return 0;
    *walk->next = record->prev;
    struct timeline_entry entry;
    timeline_describe(record, walk->arena, &entry);
    if (is_wanted(walk->query->kinds, entry.kind) && is_found(walk->words, &entry, walk->arena))
        walk->page->items[walk->page->n++] = entry;
    return 0;
}

static size_t newest(const struct chains *chains) {
    size_t best = 0;
    for (size_t i = 1; i < chains->n; i++)
        if (chains->next[i] > chains->next[best]) best = i;
    return best;
}

int timeline_read(struct journal_reader *reader, struct arena *arena, const struct timeline_query *query,
                  struct timeline_page *page, struct error *error) {
    struct chains chains = {0};
    *page = (struct timeline_page){.items = arena_array(arena, struct timeline_entry, query->limit)};
    if (query->before.n) {
        int rc = read_place(&chains, query->before, arena, error);
        if (rc < 0) return rc;
    } else {
        chains = (struct chains){arena_array(arena, int64_t, query->n + 1), query->n};
        for (size_t i = 0; i < query->n; i++) chains.next[i] = query->heads[i];
    }
    struct walk walk = {query, text_fold(query->words, arena), arena, page, NULL};
    for (int rows = 0; chains.n && page->n < query->limit && rows < ROWS_MOST; rows++) {
        walk.next = &chains.next[newest(&chains)];
        if (!*walk.next) break;
        int rc = journal_get(reader, *walk.next, visit, &walk, NULL);
        if (rc == ERR_NOT_FOUND)
            *walk.next = 0; /* its file is gone: the chain ends here */
        else if (rc < 0)
            return error_set(error, rc, "row %lld of the journal cannot be read", (long long)*walk.next);
    }
    page->next = write_place(&chains, arena);
    return 0;
}

void timeline_write(struct json_writer *w, const struct timeline_entry *entry, bool unread) {
    char id[24];
    json_open_object(w);
    json_key(w, TEXT("id"));
    snprintf(id, sizeof id, "%lld", (long long)entry->seq);
    json_text(w, text_of(id));
    json_put_time(w, "at", entry->at);
    json_put_text(w, "channel", entry->channel);
    json_put_text(w, "actor", entry->actor);
    json_put_text(w, "kind", entry->kind);
    json_put_text(w, "body", entry->body);
    json_put_raw(w, "refs", entry->refs);
    if (unread) json_put_bool(w, "unread", true);
    json_close_object(w);
}
