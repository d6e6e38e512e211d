/* The exposures that wait in the rings, into the transaction: those that say the same of different units go together as
 * packs (pack.h), so that a busy trial costs a row for each of its variants rather than one for each unit. Their order within a group
 * is that of the packs: nothing depends on it, for they came within the same few milliseconds, and their times are kept. */
#include "core/base/json_write.h"
#include "core/journal/journal_internal.h"
#include "core/journal/pack.h"

enum { KINDS_MOST = 64 };

/* What exposures say, and those that say it and are not written yet. */
struct kind {
    struct journal_exposure said; /* its unit and time mean nothing */
    struct journal_record *records[PACK_MOST];
    size_t n;
};

struct gathering {
    struct journal *journal;
    struct kind *kinds[KINDS_MOST];
    int n, last; /* `last` is where the one before went */
};

static bool same_kind(const struct journal_exposure *a, const struct journal_exposure *b) {
    return text_eq(a->experiment, b->experiment) && text_eq(a->variant, b->variant) && text_eq(a->salt, b->salt) &&
           a->epoch == b->epoch && a->cause == b->cause && !a->attributes.at == !b->attributes.at &&
           text_eq(a->attributes, b->attributes);
}

static struct text body_of(struct arena *arena, const struct journal_exposure *e) {
    static const char *const causes[] = {"met", "rule-override", "fallback"};
    struct buffer buffer = {0};
    struct json_writer w;
    json_writer_init(&w, &buffer);
    json_open_object(&w);
    json_put_text(&w, "experiment", e->experiment);
    if (e->salt.n) json_put_text(&w, "salt", e->salt);
    json_put_text(&w, "variant", e->variant);
    json_put_int(&w, "epoch", e->epoch);
    json_put_text(&w, "cause", text_of(causes[e->cause]));
    if (e->attributes.at) json_put_raw(&w, "attributes", e->attributes);
    json_close_object(&w);
    struct text body = arena_text(arena, buffer_view(&buffer));
    buffer_free(&buffer);
    return body;
}

static int write_kind(struct journal *j, struct kind *kind, struct error *error) {
    struct unit_id units[PACK_MOST];
    if (!kind->n) return 0;
    struct text body = body_of(j->group.arena, &kind->said);
    for (size_t i = 0; i < kind->n; i++) {
        units[i] = unit_of(kind->records[i]->unit);
        unit_map_prefetch(&j->heads, units[i]);
    }
    for (size_t i = 0; i < kind->n; i++) {
        kind->records[i]->body = body;
        journal_keep(j, kind->records[i], units[i], 0);
    }
    struct journal_record row = pack_row(kind->records, kind->n, j->group.arena);
    kind->n = 0;
    return journal_put_row(j, &row, 0, error);
}

/* Where such exposures are gathered; with too many kinds, the one that was begun longest ago is written to make room. */
static int find_kind(struct gathering *g, const struct journal_exposure *said, struct kind **kind,
                     struct error *error) {
    for (int i = 0; i < g->n; i++) {
        int at = (g->last + i) % g->n;
        *kind = g->kinds[at];
        if (!same_kind(&(*kind)->said, said)) continue;
        g->last = at;
        return 0;
    }
    int rc = 0;
    if (g->n < KINDS_MOST) {
        g->last = g->n++;
        g->kinds[g->last] = arena_take(g->journal->group.arena, sizeof **kind);
    } else {
        g->last = (g->last + 1) % KINDS_MOST;
        rc = write_kind(g->journal, g->kinds[g->last], error);
    }
    *kind = g->kinds[g->last];
    (*kind)->said = *said;
    (*kind)->n = 0;
    return rc;
}

static int gather(struct gathering *g, const struct journal_exposure *exposure, int64_t now, struct error *error) {
    struct kind *kind;
    int rc = find_kind(g, exposure, &kind, error);
    if (rc < 0) return rc;
    struct journal_record *record = arena_take(g->journal->group.arena, sizeof *record);
    *record = (struct journal_record){.received = now,
                                      .at = exposure->at,
                                      .kind = JOURNAL_EXPOSURE,
                                      .name = exposure->experiment,
                                      .unit = exposure->unit};
    kind->records[kind->n++] = record;
    return kind->n == PACK_MOST ? write_kind(g->journal, kind, error) : 0;
}

int journal_write_ring(struct journal *j, int i, int64_t now, struct error *error) {
    const struct ring *ring = j->rings[i].ring;
    struct journal_exposure exposure;
    uint64_t *place = &j->group.places[i];
    int rc = 0;
    *place = ring_start(ring);
    struct gathering g = {.journal = j};
    while (rc >= 0 && ring_peek(ring, place, &exposure)) rc = gather(&g, &exposure, now, error);
    for (int k = 0; rc >= 0 && k < g.n; k++) rc = write_kind(j, g.kinds[k], error);
    return rc < 0 ? rc : 0;
}
