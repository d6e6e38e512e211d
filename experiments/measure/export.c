#include "experiments/measure/export.h"

#include "core/base/csv.h"
#include "core/base/json_write.h"

/* ---- whose row it is ---- */

struct named {
    const struct plan_experiment *plan;
    struct arena arena;
    struct text unit;
};

/* The table has the unit's hash; its text stands in the exposure that it entered by. */
static int take_unit(void *visitor, const struct journal_record *record) {
    struct named *named = visitor;
    struct event event = {.record = record, .arena = &named->arena};
    named->unit = arena_text(&named->arena, event_unit(&event, named->plan));
    return 0;
}

static void find_unit(struct named *named, const struct fold *fold, const struct measured *m,
                      const struct unit_row *row) {
    *named = (struct named){.plan = m->plan};
    arena_init(&named->arena, 4096);
    journal_get(fold->reader, row->seq, take_unit, named, NULL);
}

/* ---- JSON ---- */

static void put_value(struct json_writer *w, const struct plan_metric *pm, int64_t x, int64_t y) {
    json_key(w, pm->metric->key);
    if (pm->metric->kind == METRIC_RATIO) json_open_array(w);
    json_double(w, (double)x / CELL_SCALE);
    if (pm->metric->kind != METRIC_RATIO) return;
    json_double(w, (double)y / CELL_SCALE);
    json_close_array(w);
}

void export_json(const struct fold *fold, const struct measured *m, const struct unit_row *row, int64_t now,
                 struct buffer *out) {
    struct named named;
    struct json_writer w;
    int64_t x, y;
    find_unit(&named, fold, m, row);
    json_writer_init(&w, out);
    json_open_object(&w);
    if (named.unit.n) json_put_text(&w, "unit", named.unit);
    json_put_int(&w, "exposure", row->seq);
    json_put_time(&w, "t0", row->t0);
    json_put_text(&w, "variant", m->plan->source->state.arms[row->arm]);
    json_put_int(&w, "epoch", row->epoch);
    if (row->flags & UNIT_MULTIPLE) json_put_text(&w, "excluded", TEXT("multipleExposure"));
    json_key(&w, TEXT("metrics"));
    json_open_object(&w);
    for (uint32_t i = 0; i < m->plan->n_metrics; i++)
        if (cells_value(&m->plan->metrics[i], row, unit_totals(&m->units, row), now, &x, &y))
            put_value(&w, &m->plan->metrics[i], x, y);
    json_close_object(&w);
    json_close_object(&w);
    buffer_byte(out, '\n');
    arena_free(&named.arena);
}

/* ---- CSV ---- */

static void put_number(struct buffer *out, int64_t micros) {
    struct json_writer w;
    json_writer_init(&w, out);
    json_double(&w, (double)micros / CELL_SCALE);
}

void export_csv_header(const struct measured *m, struct buffer *out) {
    buffer_cstr(out, "unit,exposure,t0,variant,epoch,excluded");
    for (uint32_t i = 0; i < m->plan->n_metrics; i++) {
        const struct metric *metric = m->plan->metrics[i].metric;
        buffer_printf(out, ",%.*s", TEXT_ARGS(metric->key));
        if (metric->kind == METRIC_RATIO) buffer_printf(out, ",%.*s.denominator", TEXT_ARGS(metric->key));
    }
    buffer_cstr(out, "\r\n");
}

void export_csv(const struct fold *fold, const struct measured *m, const struct unit_row *row, int64_t now,
                struct buffer *out) {
    struct named named;
    char iso[CLOCK_ISO_ROOM];
    int64_t x, y;
    find_unit(&named, fold, m, row);
    clock_iso(iso, row->t0);
    csv_field(out, named.unit);
    buffer_printf(out, ",%lld,%s,", (long long)row->seq, iso);
    csv_field(out, m->plan->source->state.arms[row->arm]);
    buffer_printf(out, ",%u,%s", row->epoch, row->flags & UNIT_MULTIPLE ? "multipleExposure" : "");
    for (uint32_t i = 0; i < m->plan->n_metrics; i++) {
        const struct plan_metric *pm = &m->plan->metrics[i];
        bool counts = cells_value(pm, row, unit_totals(&m->units, row), now, &x, &y);
        buffer_byte(out, ',');
        if (counts) put_number(out, x);
        if (pm->metric->kind != METRIC_RATIO) continue;
        buffer_byte(out, ',');
        put_number(out, y);
    }
    buffer_cstr(out, "\r\n");
    arena_free(&named.arena);
}
