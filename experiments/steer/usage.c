#include "experiments/steer/usage.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/base/memory.h"

struct kept {
    struct usage_of is;
    int64_t day;                /* since 1970, of the newest of `times` */
    uint64_t times[USAGE_DAYS]; /* by day modulo USAGE_DAYS */
    bool changed;
    size_t n;
    char key[];
};

struct usage {
    struct map by_key;    /* -> struct kept */
    struct kept **places; /* by the feature's place in the snapshot of `revision` */
    int64_t revision;
};

struct usage *usage_new(void) {
    struct usage *usage = memory_new(struct usage);
    usage->revision = -1;
    return usage;
}

void usage_free(struct usage *usage) {
    if (!usage) return;
    for (struct map_entry *e = map_next(&usage->by_key, NULL); e; e = map_next(&usage->by_key, e)) free(e->value);
    map_free(&usage->by_key);
    free(usage->places);
    free(usage);
}

static struct kept *keep(struct usage *usage, struct text key, int64_t now) {
    struct kept *kept = map_get(&usage->by_key, key);
    if (kept) return kept;
    kept = memory_alloc(sizeof *kept + key.n);
    *kept = (struct kept){.is = {now, 0}, .changed = true, .n = key.n};
    memcpy(kept->key, key.at, key.n);
    map_put(&usage->by_key, text_n(kept->key, key.n), kept);
    return kept;
}

static void place(struct usage *usage, const struct snapshot *snapshot, int64_t now) {
    if (usage->revision == snapshot->revision) return;
    usage->places = memory_grow(usage->places, (snapshot->n_features + 1) * sizeof *usage->places);
    for (uint32_t i = 0; i < snapshot->n_features; i++)
        usage->places[i] = keep(usage, snapshot->features[i].definition.key, now);
    usage->revision = snapshot->revision;
}

/* Days that nobody asked on are emptied. */
static void turn_to(struct kept *kept, int64_t day) {
    int64_t gone = day - kept->day > USAGE_DAYS ? USAGE_DAYS : day - kept->day;
    for (int64_t i = 0; i < gone; i++) kept->times[(day - i) % USAGE_DAYS] = 0;
    if (gone > 0) kept->day = day;
}

void usage_mark(struct usage *usage, const struct snapshot *snapshot, const struct snapshot_feature *feature,
                int64_t now) {
    place(usage, snapshot, now);
    struct kept *kept = usage->places[feature - snapshot->features];
    kept->is.last = now;
    kept->changed = true;
    turn_to(kept, now / CLOCK_DAY);
    kept->times[kept->day % USAGE_DAYS]++;
}

struct usage_of usage_get(const struct usage *usage, struct text feature) {
    const struct kept *kept = map_get(&usage->by_key, feature);
    return kept ? kept->is : (struct usage_of){0, 0};
}

uint64_t usage_recent(const struct usage *usage, struct text feature, int64_t now) {
    const struct kept *kept = map_get(&usage->by_key, feature);
    uint64_t sum = 0;
    for (int64_t day = now / CLOCK_DAY, i = 0; kept && i < USAGE_DAYS; i++)
        if (day - i <= kept->day && day - i > kept->day - USAGE_DAYS) sum += kept->times[(day - i) % USAGE_DAYS];
    return sum;
}

static void add_days(struct kept *to, const struct kept *from) {
    turn_to(to, from->day);
    for (int64_t day = from->day; day > from->day - USAGE_DAYS && day > to->day - USAGE_DAYS; day--)
        to->times[day % USAGE_DAYS] += from->times[day % USAGE_DAYS];
}

void usage_gather(struct usage *to, struct usage *from) {
    for (struct map_entry *e = map_next(&from->by_key, NULL); e; e = map_next(&from->by_key, e)) {
        struct kept *marked = e->value;
        if (!marked->changed || !marked->is.last) continue;
        struct kept *kept = keep(to, e->key, marked->is.first);
        if (marked->is.last > kept->is.last) kept->is.last = marked->is.last;
        kept->changed = true;
        add_days(kept, marked);
        marked->changed = false;
        memset(marked->times, 0, sizeof marked->times);
    }
}

size_t usage_changes(struct usage *usage, const struct snapshot *snapshot, int64_t now, struct usage_row **rows,
                     struct arena *arena) {
    size_t n = 0;
    place(usage, snapshot, now);
    *rows = arena_array(arena, struct usage_row, snapshot->n_features + 1);
    for (uint32_t i = 0; i < snapshot->n_features; i++) {
        struct kept *kept = usage->places[i];
        if (!kept->changed) continue;
        (*rows)[n++] = (struct usage_row){arena_text(arena, text_n(kept->key, kept->n)), kept->is};
        kept->changed = false;
    }
    return n;
}

int usage_load(struct usage *usage, struct sql *sql, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT feature, first, last FROM feature_use");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct kept *kept = keep(usage, sql_text(&rows, 0), 0);
        kept->is = (struct usage_of){sql_int(&rows, 1), sql_int(&rows, 2)};
        kept->changed = false;
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int usage_save(struct sql *sql, const struct usage_row *rows, size_t n, struct error *error) {
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < n; i++)
        rc = sql_run(sql, error,
                     "INSERT INTO feature_use (feature, first, last) VALUES ($1, $2, $3)"
                     " ON CONFLICT (feature) DO UPDATE SET last = excluded.last",
                     SQL_T(rows[i].feature), SQL_I(rows[i].is.first), SQL_I(rows[i].is.last));
    return rc < 0 ? rc : 0;
}
