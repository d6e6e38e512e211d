/* Every kind of metric over random lives of 1,500 units, arriving in any order, against sums that are made from the sentences of the
 * specification alone, event by event and with nothing kept. */
#include <math.h>
#include <stdlib.h>

#include "tests/experiments/measure/trial.h"

TestSuite(brute, .init = folder_make, .fini = folder_remove);

enum { UNITS = 1500, EACH = 14, N = UNITS * EACH, HOUR = CLOCK_HOUR };
enum { EXPOSED, ORDERED, REFUNDED, VIEWED, ADDED, TIMED, KINDS };
enum { CONVERTED, AGAIN, LARGE, SPENT, CAPPED, AVERAGE, BACK, SLOW, FUNNEL, METRICS };

static const struct trial_definition trial_one = {
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},"
    "\"breakdowns\":[\"country\"],\"analysis\":{\"cuped\":\"P1D\"},\"metrics\":{\"primary\":\"converted\","
    "\"secondary\":"
    "[\"again\",\"large\",\"spent\",\"capped\",\"average\",\"back\",\"slow\",\"funnel\"]}}",
    {"{\"key\":\"converted\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P1D\"}",
     "{\"key\":\"again\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"atLeast\":2}",
     "{\"key\":\"large\",\"kind\":\"count\",\"event\":\"Order "
     "Completed\",\"where\":{\">\":[{\"var\":\"properties.revenue\"},"
     "50]}}",
     "{\"key\":\"spent\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"net\":true}",
     "{\"key\":\"capped\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"cap\":0.9}",
     "{\"key\":\"average\",\"kind\":\"ratio\",\"numerator\":{\"event\":\"Order Completed\",\"value\":\"revenue\"},"
     "\"denominator\":{\"event\":\"Order Completed\"}}",
     "{\"key\":\"back\",\"kind\":\"retention\",\"event\":\"*\",\"from\":\"P1D\",\"to\":\"P2D\"}",
     "{\"key\":\"slow\",\"kind\":\"quantile\",\"event\":\"Page Timed\",\"value\":\"ms\",\"q\":0.5}",
     "{\"key\":\"funnel\",\"kind\":\"funnel\",\"steps\":[\"Product Viewed\",\"Product Added\",\"Order Completed\"],"
     "\"window\":\"P1D\"}"},
    T,
    0};

static struct happening {
    int unit, kind, arm, country;
    int64_t at, seq, micros;
} lives[N];
static struct journal_record records[N];
static struct trial t;
static const char *const countries[] = {"DE", "FR", "IT"};

/* --- the lives --- */

static void make_lives(void) {
    static const char *const names[] = {
        "", "Order Completed", "Order Refunded", "Product Viewed", "Product Added", "Page Timed"};
    static char units[UNITS][8];
    static struct arena arena;
    arena_init(&arena, 65536);
    for (int i = 0; i < N; i++) {
        int u = i / EACH, k = i % EACH, value = 1 + rand() % 9999;
        struct happening *h = &lives[i];
        snprintf(units[u], sizeof units[u], "u%d", u);
        *h = (struct happening){.unit = u, .kind = k < 2 ? EXPOSED : 1 + rand() % (KINDS - 1)};
        h->at = T - DAY + (int64_t)(rand() % 96) * HOUR; /* four days, of which one is before the start; ties abound */
        h->micros = (int64_t)value * 10000;
        h->arm = (u + (k == 1 && u % 19 == 0)) % 2; /* a few meet both arms */
        h->country = rand() % 3;
        const char *properties = arena_printf(&arena, "{\"order_id\":\"%d\",\"%s\":%d.%02d}", i,
                                              h->kind == ORDERED    ? "revenue"
                                              : h->kind == REFUNDED ? "total"
                                                                    : "ms",
                                              value / 100, value % 100)
                                     .at;
        records[i] = h->kind == EXPOSED ? trial_exposure(units[u], h->arm ? "top" : "off", h->at)
                                        : trial_event(units[u], names[h->kind], h->at, properties);
        if (h->kind == EXPOSED)
            records[i].body = arena_printf(
                &arena, "{\"variant\":\"%s\",\"epoch\":0,\"cause\":\"met\",\"attributes\":{\"country\":\"%s\"}}",
                h->arm ? "top" : "off", countries[h->country]);
        records[i].received = T + 4 * (int64_t)DAY;
    }
}

/* In any order, in batches of any size. */
static void tell_lives(void) {
    static struct journal_record told[N];
    static int order[N];
    for (int i = 0; i < N; i++) order[i] = i;
    for (int i = N - 1; i > 0; i--) {
        int k = rand() % (i + 1), swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
    for (int i = 0; i < N; i++) told[i] = records[order[i]];
    for (int i = 0; i < N;) {
        int n = 1 + rand() % 500;
        if (i + n > N) n = N - i;
        trial_write(&t, &told[i], (size_t)n);
        i += n;
    }
    for (int i = 0; i < N; i++) lives[order[i]].seq = told[i].seq;
}

/* --- what the sentences make of them --- */

struct unit {
    bool in, both;
    int arm, country;
    int64_t t0, seq, value[METRICS], orders, before, earlier[2];
    bool counts[METRICS], history;
};
static struct unit units[UNITS];

static bool is_earlier(const struct happening *a, int64_t at, int64_t seq) {
    return a->at < at || (a->at == at && a->seq < seq);
}

static void enter(struct unit *u, const struct happening *life) {
    for (int i = 0; i < EACH; i++) {
        const struct happening *h = &life[i];
        if (h->kind != EXPOSED || h->at < T) continue;
        if (u->in && h->arm != u->arm) u->both = true;
        if (u->in && !is_earlier(h, u->t0, u->seq)) continue;
        if (!u->both) u->arm = h->arm;
        u->in = true;
        u->t0 = h->at;
        u->seq = h->seq;
        u->country = h->country;
    }
}

static bool after_entry(const struct unit *u, const struct happening *h) {
    return h->kind != EXPOSED && (h->at > u->t0 || (h->at == u->t0 && h->seq > u->seq));
}

/* Distinct events in the order of the steps, all within a day of a first step. */
static int64_t reach(const struct unit *u, const struct happening *life) {
    static const int steps[] = {VIEWED, ADDED, ORDERED};
    int64_t best = 0;
    for (int i = 0; i < EACH; i++) {
        if (life[i].kind != VIEWED || !after_entry(u, &life[i])) continue;
        int64_t at = life[i].at, seq = life[i].seq, reached = 1;
        for (bool found = true; found && reached < 3;) {
            const struct happening *next = NULL;
            for (int k = 0; k < EACH; k++) {
                const struct happening *h = &life[k];
                if (h->kind != steps[reached] || is_earlier(h, at, seq) || h->at - life[i].at >= DAY) continue;
                if (!next || is_earlier(h, next->at, next->seq)) next = h;
            }
            found = next != NULL;
            if (found) at = next->at, seq = next->seq, reached++;
        }
        if (reached > best) best = reached;
    }
    return best;
}

static void live(struct unit *u, const struct happening *life, int64_t as_of) {
    int64_t day_orders = 0;
    for (int m = 0; m < METRICS; m++) u->counts[m] = true;
    u->counts[BACK] = u->t0 + 2 * (int64_t)DAY <= as_of;
    for (int i = 0; i < EACH; i++) {
        const struct happening *h = &life[i];
        bool counts = after_entry(u, h), before = h->at < u->t0 && h->at >= u->t0 - DAY;
        if (before && h->kind == ORDERED) u->before += h->micros;
        if (before && h->kind == REFUNDED) u->before -= h->micros;
        if (before && h->kind == ORDERED) u->earlier[0] += h->micros, u->earlier[1] += CELL_SCALE;
        if (before && h->kind != EXPOSED) u->history = true;
        if (!counts) continue;
        if (h->at >= u->t0 + DAY && h->at < u->t0 + 2 * (int64_t)DAY) u->value[BACK] = CELL_SCALE;
        if (h->kind == REFUNDED) u->value[SPENT] -= h->micros;
        if (h->kind != ORDERED) continue;
        u->orders++;
        day_orders += h->at < u->t0 + DAY;
        u->value[SPENT] += h->micros;
        u->value[CAPPED] += h->micros;
        u->value[AVERAGE] += h->micros;
        if (h->micros > 50 * (int64_t)CELL_SCALE) u->value[LARGE] += CELL_SCALE;
    }
    u->value[CONVERTED] = day_orders ? CELL_SCALE : 0;
    u->value[AGAIN] = u->orders >= 2 ? CELL_SCALE : 0;
    u->value[FUNNEL] = reach(u, life) == 3 ? CELL_SCALE : 0;
}

/* --- both --- */

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void expect_cap(const struct measure_results *r) {
    static int64_t values[UNITS];
    int n = 0;
    for (int u = 0; u < UNITS; u++)
        if (units[u].in && !units[u].both) values[n++] = units[u].value[CAPPED];
    qsort(values, (size_t)n, sizeof *values, by_size);
    double place = 0.9 * (n - 1), low = floor(place);
    double cap = (double)values[(int)low] + (place - low) * (double)(values[(int)low + 1] - values[(int)low]);
    cr_assert_float_eq(r->caps[CAPPED].value, cap / CELL_SCALE, 1.1e-6);
    int64_t in_force = llround(r->caps[CAPPED].value * CELL_SCALE);
    for (int u = 0; u < UNITS; u++)
        if (units[u].value[CAPPED] > in_force) units[u].value[CAPPED] = in_force;
}

static void expect_cells(const struct measure_results *r, const struct measure_group *group, int country) {
    for (int m = 0; m < METRICS; m++)
        for (int arm = 0; arm < 2 && m != SLOW; arm++) {
            struct cell cell = {0};
            for (int u = 0; u < UNITS; u++)
                if (units[u].in && !units[u].both && units[u].arm == arm && units[u].counts[m] &&
                    (country < 0 || units[u].country == country))
                    cell_add(&cell, units[u].value[m], m == AVERAGE ? units[u].orders * CELL_SCALE : 0);
            const struct cell *got = &group->metrics[m].cells[arm];
            cr_expect_gt(cell.n, 50);
            cr_expect_eq(memcmp(&cell, got, sizeof cell), 0,
                         "metric %d, arm %d, country %d: %g of %llu, not %g of %llu", m, arm, country, cell_total(got),
                         (unsigned long long)got->n, cell_total(&cell), (unsigned long long)cell.n);
        }
}

static void expect_steps(const struct measure_results *r) {
    for (int arm = 0; arm < 2; arm++) {
        int64_t steps[3] = {0};
        for (int u = 0; u < UNITS; u++) {
            if (!units[u].in || units[u].both || units[u].arm != arm) continue;
            int64_t reached = reach(&units[u], &lives[(size_t)u * EACH]);
            for (int s = 0; s < reached; s++) steps[s]++;
        }
        for (int s = 0; s < 3; s++) cr_expect_eq(r->groups[0].metrics[FUNNEL].steps[arm * 3 + s], steps[s]);
    }
}

/* Of the units of a country (-1: of any) that entered by `until`. */
static void expect_quantile(const struct measure_group *group, int country, int64_t until) {
    static int64_t values[N];
    for (int arm = 0; arm < 2; arm++) {
        int n = 0;
        for (int i = 0; i < N; i++) {
            const struct unit *u = &units[lives[i].unit];
            bool in = u->in && !u->both && u->t0 < until && (country < 0 || u->country == country);
            if (in && u->arm == arm && lives[i].kind == TIMED && after_entry(u, &lives[i]))
                values[n++] = lives[i].micros;
        }
        qsort(values, (size_t)n, sizeof *values, by_size);
        const struct measure_quantile *got = &group->metrics[SLOW].quantiles[arm];
        cr_expect_eq(got->values, n);
        cr_expect_float_eq(got->estimate * CELL_SCALE / (double)values[n / 2], 1, 0.011);
    }
}

static void expect_history(const struct measure_results *r) {
    for (int arm = 0; arm < 2; arm++) {
        __int128 before = 0, after = 0;
        uint64_t known = 0;
        for (int u = 0; u < UNITS; u++) {
            if (!units[u].in || units[u].both || units[u].arm != arm) continue;
            known += units[u].history;
            before += units[u].before;
            after += units[u].value[SPENT];
        }
        const struct measure_cells *cells = &r->groups[0].metrics[SPENT];
        cr_expect_eq(cells->known[arm].n, known);
        cr_expect(cells->known[arm].sum_x == before);
        cr_expect(cells->known[arm].sum_y + cells->missing[arm].sum_x == after);
    }
}

/* Of the ratio: spend and orders before and since, of those with history; since alone, of the others. */
static void expect_ratio_history(const struct measure_results *r) {
    for (int arm = 0; arm < 2; arm++) {
        struct cell_joint joint = {0};
        struct cell missing = {0};
        for (int u = 0; u < UNITS; u++) {
            int64_t spent = units[u].value[AVERAGE], orders = units[u].orders * CELL_SCALE;
            if (!units[u].in || units[u].both || units[u].arm != arm) continue;
            if (units[u].history)
                cell_joint_add(&joint, (const int64_t[]){units[u].earlier[0], units[u].earlier[1], spent, orders});
            else
                cell_add(&missing, spent, orders);
        }
        const struct measure_cells *cells = &r->groups[0].metrics[AVERAGE];
        cr_expect_gt(joint.n, 50);
        cr_expect_gt(missing.n, 10);
        cr_expect_eq(memcmp(&cells->joint[arm], &joint, sizeof joint), 0, "arm %d", arm);
        cr_expect_eq(memcmp(&cells->missing[arm], &missing, sizeof missing), 0, "arm %d", arm);
    }
}

Test(brute, every_kind_of_metric_is_what_the_sentences_say) {
    srand(29);
    int64_t as_of = T + 3 * (int64_t)DAY, both = 0;
    trial_open(&t, &trial_one);
    make_lives();
    tell_lives();
    for (int u = 0; u < UNITS; u++) {
        enter(&units[u], &lives[(size_t)u * EACH]);
        live(&units[u], &lives[(size_t)u * EACH], as_of);
        both += units[u].in && units[u].both;
    }
    struct measure_results *r = trial_read(&t, as_of);
    cr_expect_eq(r->multiple, both);
    cr_expect_gt(both, 20);
    expect_cap(r);
    expect_cells(r, &r->groups[0], -1);
    expect_steps(r);
    expect_quantile(&r->groups[0], -1, INT64_MAX);
    expect_history(r);
    expect_ratio_history(r);
    measure_results_free(r);
    r = cells_read(&t.fold, t.fold.measured[0], 0, as_of);
    for (uint32_t g = 0; g < r->n_groups; g++)
        for (int c = 0; c < 3; c++)
            if (text_is(r->groups[g].value, countries[c])) {
                expect_cells(r, &r->groups[g], c);
                expect_quantile(&r->groups[g], c, INT64_MAX);
            }
    measure_results_free(r);
    r = cells_read(&t.fold, t.fold.measured[0], MEASURE_BY_DAY, as_of);
    cr_assert_gt(r->n_groups, 2);
    for (uint32_t day = 0; day < r->n_groups; day++)
        expect_quantile(&r->groups[day], -1, (T / DAY + 1 + day) * (int64_t)DAY);
    measure_results_free(r);
    trial_close(&t);
}
