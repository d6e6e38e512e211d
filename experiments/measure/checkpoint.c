#include "experiments/measure/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/folder.h"
#include "core/base/memory.h"

static const char magic[16] = "parley-measure-5";

/* What the row at the position looks like, as far as erasing leaves it: tells whether the journal is the one that the state was
 * made from. */
static int row_sum(void *visitor, const struct journal_record *r) {
    const int64_t numbers[] = {r->seq, r->at, r->received, r->kind};
    *(uint64_t *)visitor = XXH3_64bits(numbers, sizeof numbers);
    return 0;
}

static uint64_t journal_sum(const struct fold *fold) {
    uint64_t sum = 0;
    if (fold->position) journal_get(fold->reader, fold->position, row_sum, &sum, NULL);
    return sum;
}

/* --- writing --- */

struct writer {
    FILE *file;
    XXH3_state_t *sum;
    bool failed;
};

static void put(struct writer *w, const void *at, size_t n) {
    if (!n) return;
    XXH3_64bits_update(w->sum, at, n);
    w->failed |= fwrite(at, 1, n, w->file) != n;
}

static void put_number(struct writer *w, uint64_t n) {
    put(w, &n, sizeof n);
}

static void put_text(struct writer *w, struct text t) {
    put_number(w, t.n);
    put(w, t.at, t.n);
}

/* Millions of entries, and events wait meanwhile: many go at once. */
static void put_map(struct writer *w, const struct unit_map *map) {
    enum { MANY = 2048 };
    struct unit_map_entry entries[MANY];
    size_t n = 0;
    put_number(w, map->n);
    for (size_t i = 0; i < map->room; i++) {
        if (map->entries[i].value) entries[n++] = map->entries[i];
        if (n < MANY) continue;
        put(w, entries, sizeof entries);
        n = 0;
    }
    put(w, entries, n * sizeof *entries);
}

static void put_units(struct writer *w, const struct unit_table *t) {
    put_number(w, t->columns);
    put_number(w, t->n_attributes);
    put_number(w, t->n);
    put(w, t->rows, t->n * sizeof *t->rows);
    put(w, t->totals, (size_t)t->n * t->columns * sizeof *t->totals);
    put(w, t->attributes, (size_t)t->n * t->n_attributes * sizeof *t->attributes);
}

static void put_links(struct writer *w, const struct fold_links *l) {
    put_map(w, &l->index);
    put_number(w, l->units_n);
    put(w, l->units, l->units_n * sizeof *l->units);
    put_number(w, l->links_n);
    put(w, l->links, l->links_n * sizeof *l->links);
}

static void put_samples(struct writer *w, const struct samples *s) {
    put_number(w, s->free);
    put_number(w, s->n);
    put(w, s->nodes, s->n * sizeof *s->nodes);
}

static void put_residual(struct writer *w, const struct residual *r) {
    put_number(w, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const struct residual_part *part = &r->parts[i];
        put(w, &part->of, sizeof part->of);
        put_number(w, part->n);
        put(w, part->metrics, part->n * sizeof *part->metrics);
    }
    put_samples(w, &r->samples);
}

/* One that is not live is computed anyway, so it begins anew; but for what nobody can compute again. */
static void put_measured(struct writer *w, const struct measured *m) {
    put_text(w, m->salt);
    put_residual(w, &m->residual);
    put_number(w, m->live);
    if (!m->live) return;
    put_number(w, m->shape);
    put_number(w, m->frozen);
    put_number(w, (uint64_t)m->end);
    put_number(w, m->turns);
    put_number(w, (uint64_t)m->newest);
    put(w, &m->excluded, sizeof m->excluded);
    put(w, m->caps, sizeof m->caps);
    put_units(w, &m->units);
    put_samples(w, &m->samples);
    put_links(w, &m->links);
    for (int i = 0; i < EXPERIMENT_MAX_BREAKDOWNS; i++) {
        put_number(w, m->words[i].n);
        for (uint32_t k = 0; k < m->words[i].n; k++) put_text(w, m->words[i].list[k]->value);
    }
}

static void put_fold(struct writer *w, const struct fold *fold) {
    put(w, magic, sizeof magic);
    put_number(w, (uint64_t)fold->position);
    put_number(w, journal_sum(fold));
    put_number(w, fold->keys.n);
    put(w, fold->keys.rows, fold->keys.n * sizeof *fold->keys.rows);
    put_map(w, &fold->orders);
    put_number(w, fold->n);
    for (uint32_t i = 0; i < fold->n; i++) put_measured(w, fold->measured[i]);
    uint64_t sum = XXH3_64bits_digest(w->sum);
    put(w, &sum, sizeof sum);
}

static int failed(const struct checkpoint_draft *draft, int system, struct error *error) {
    unlink(draft->temporary);
    return error_set(error, system == ENOSPC ? ERR_STORAGE_FULL : ERR_IO, "%s cannot be written: %s", draft->path,
                     strerror(system));
}

int checkpoint_draft(struct checkpoint_draft *draft, const struct fold *fold, const char *path, struct error *error) {
    assert(fold->dirty_n == 0);
    snprintf(draft->path, sizeof draft->path, "%s", path);
    snprintf(draft->temporary, sizeof draft->temporary, "%s.new", path);
    struct writer w = {.file = fopen(draft->temporary, "we")};
    if (!w.file) return failed(draft, errno, error);
    w.sum = XXH3_createState();
    XXH3_64bits_reset(w.sum);
    put_fold(&w, fold);
    XXH3_freeState(w.sum);
    w.failed |= fflush(w.file) != 0;
    draft->file = w.file;
    if (!w.failed) return 0;
    int system = errno;
    fclose(w.file);
    return failed(draft, system, error);
}

int checkpoint_settle(const struct checkpoint_draft *draft, struct error *error) {
    bool synced = fsync(fileno(draft->file)) == 0;
    int system = errno;
    fclose(draft->file);
    if (!synced || rename(draft->temporary, draft->path) != 0 || folder_sync_of(draft->path) != 0)
        return failed(draft, synced ? errno : system, error);
    return 0;
}

int checkpoint_write(const struct fold *fold, const char *path, struct error *error) {
    struct checkpoint_draft draft = {0};
    int rc = checkpoint_draft(&draft, fold, path, error);
    return rc < 0 ? rc : checkpoint_settle(&draft, error);
}

/* --- reading --- */

struct loader {
    FILE *file;
    XXH3_state_t *sum;
    uint64_t left; /* bytes of the file: no count in it can ask for more memory than that */
    bool failed;
};

static void get(struct loader *l, void *to, size_t n) {
    if (!n || l->failed) return;
    if (n > l->left || fread(to, 1, n, l->file) != n) {
        l->failed = true;
        return;
    }
    l->left -= n;
    XXH3_64bits_update(l->sum, to, n);
}

static uint64_t get_number(struct loader *l) {
    uint64_t n = 0;
    get(l, &n, sizeof n);
    return l->failed ? 0 : n;
}

/* A count of things of `size` bytes each, all of which must be in the rest of the file. */
static uint32_t get_count(struct loader *l, size_t size) {
    uint64_t n = get_number(l);
    if (n > UINT32_MAX || (size && n > l->left / size)) {
        l->failed = true;
        return 0;
    }
    return (uint32_t)n;
}

static struct text get_text(struct loader *l) {
    uint32_t n = get_count(l, 1);
    char *at = memory_alloc(n + 1);
    get(l, at, n);
    return text_n(at, n);
}

static void get_map(struct loader *l, struct unit_map *map) {
    uint32_t n = get_count(l, sizeof(struct unit_map_entry));
    unit_map_reserve(map, n);
    for (uint32_t i = 0; i < n && !l->failed; i++) {
        struct unit_map_entry entry;
        get(l, &entry, sizeof entry);
        if (!l->failed && entry.value) unit_map_put(map, entry.unit, entry.value);
    }
}

static void get_units(struct loader *l, struct unit_table *t) {
    uint32_t columns = get_count(l, 0), attributes = get_count(l, 0);
    uint32_t n = get_count(l, sizeof *t->rows + columns * sizeof *t->totals + attributes * sizeof *t->attributes);
    unit_table_init(t, columns, attributes);
    unit_table_resize(t, n);
    get(l, t->rows, n * sizeof *t->rows);
    get(l, t->totals, (size_t)n * columns * sizeof *t->totals);
    get(l, t->attributes, (size_t)n * attributes * sizeof *t->attributes);
    if (!l->failed) unit_table_reindex(t);
}

static void get_samples(struct loader *l, struct samples *s) {
    s->free = (uint32_t)get_number(l);
    s->n = s->room = get_count(l, sizeof *s->nodes);
    s->nodes = memory_alloc(s->n * sizeof *s->nodes);
    get(l, s->nodes, s->n * sizeof *s->nodes);
}

static void get_residual(struct loader *l, struct residual *r) {
    uint32_t n = get_count(l, sizeof r->parts->of);
    r->parts = memory_zero(n, sizeof *r->parts);
    for (; r->n < n && !l->failed; r->n++) {
        struct residual_part *part = &r->parts[r->n];
        get(l, &part->of, sizeof part->of);
        part->n = get_count(l, sizeof *part->metrics);
        part->metrics = memory_alloc(part->n * sizeof *part->metrics);
        get(l, part->metrics, part->n * sizeof *part->metrics);
    }
    get_samples(l, &r->samples);
}

static void get_links(struct loader *l, struct fold_links *links) {
    get_map(l, &links->index);
    links->units_n = links->units_room = get_count(l, sizeof *links->units);
    links->units = memory_alloc(links->units_n * sizeof *links->units);
    get(l, links->units, links->units_n * sizeof *links->units);
    links->links_n = links->links_room = get_count(l, sizeof *links->links);
    links->links = memory_alloc(links->links_n * sizeof *links->links);
    get(l, links->links, links->links_n * sizeof *links->links);
}

static struct measured *get_measured(struct loader *l) {
    struct measured *m = memory_new(struct measured);
    m->salt = get_text(l);
    get_residual(l, &m->residual);
    m->live = get_number(l) != 0;
    if (!m->live) return m;
    m->shape = get_number(l);
    m->frozen = get_number(l) != 0;
    m->end = (int64_t)get_number(l);
    m->turns = (uint32_t)get_number(l);
    m->newest = (int64_t)get_number(l);
    get(l, &m->excluded, sizeof m->excluded);
    get(l, m->caps, sizeof m->caps);
    get_units(l, &m->units);
    get_samples(l, &m->samples);
    get_links(l, &m->links);
    for (int i = 0; i < EXPERIMENT_MAX_BREAKDOWNS; i++) {
        uint32_t n = get_count(l, sizeof(uint64_t));
        for (uint32_t k = 0; k < n && !l->failed; k++) {
            struct text value = get_text(l);
            fold_word(&m->words[i], value);
            free((char *)value.at);
        }
    }
    return m;
}

static void get_fold(struct loader *l, struct fold *fold) {
    uint32_t n = get_count(l, sizeof *fold->keys.rows);
    keys_resize(&fold->keys, n);
    get(l, fold->keys.rows, n * sizeof *fold->keys.rows);
    if (!l->failed) keys_reindex(&fold->keys);
    get_map(l, &fold->orders);
    n = get_count(l, sizeof(uint64_t));
    fold->measured = memory_zero(n, sizeof *fold->measured);
    for (fold->n = 0; fold->n < n && !l->failed;) fold->measured[fold->n++] = get_measured(l);
    uint64_t sum = XXH3_64bits_digest(l->sum), stored = get_number(l);
    l->failed |= sum != stored || l->left != 0;
}

static int get_all(struct loader *l, struct fold *fold, const char *path, struct error *error) {
    char found[sizeof magic];
    get(l, found, sizeof found);
    if (!l->failed && memcmp(found, magic, sizeof magic) != 0)
        return error_set(error, ERR_VERSION, "%s is of another format", path);
    fold->position = (int64_t)get_number(l);
    uint64_t row = get_number(l);
    get_fold(l, fold);
    if (l->failed) return error_set(error, ERR_CORRUPT, "%s is damaged", path);
    if (row != journal_sum(fold)) return error_set(error, ERR_CORRUPT, "%s was made from another journal", path);
    return 0;
}

int checkpoint_read(struct fold *fold, const char *path, struct error *error) {
    struct stat stat;
    FILE *file = fopen(path, "re");
    if (!file) return error_set(error, ERR_NOT_FOUND, "there is no %s", path);
    struct loader l = {.file = file, .sum = XXH3_createState()};
    if (fstat(fileno(file), &stat) == 0) l.left = (uint64_t)stat.st_size;
    XXH3_64bits_reset(l.sum);
    int rc = get_all(&l, fold, path, error);
    XXH3_freeState(l.sum);
    fclose(file);
    if (rc < 0) fold_forget(fold);
    return rc;
}
