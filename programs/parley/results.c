/* An experiment's results for people: how the units split, what each metric came to, and the call. */
#include <stdio.h>

#include "core/base/json.h"
#include "programs/parley/actions.h"
#include "programs/parley/millionths.h"
#include "programs/parley/table.h"

struct results {
    struct json json;
    struct arena arena;
};

static json_at get(const struct results *r, json_at at, const char *name) {
    return json_get(&r->json, at, text_of(name));
}

static struct text text_at(struct results *r, json_at at, const char *name) {
    return json_unescaped(&r->json, get(r, at, name), &r->arena);
}

/* A number to so many significant digits; "" where there is none. */
static struct text number_at(struct results *r, json_at at, const char *name, int digits) {
    double value;
    if (!json_number(&r->json, get(r, at, name), &value)) return TEXT("");
    return arena_printf(&r->arena, "%.*g", digits, value);
}

static struct text percent_at(struct results *r, json_at at, const char *name) {
    double value;
    if (!json_number(&r->json, get(r, at, name), &value)) return TEXT("");
    return arena_printf(&r->arena, "%+.2f", 100 * value);
}

static struct text sum_at(struct results *r, json_at at, const char *name) {
    int64_t value;
    json_at sum = get(r, at, name);
    if (json_kind(&r->json, sum) != JSON_KIND_NUMBER || !millionths_parse(json_source(&r->json, sum), &value))
        return TEXT("");
    return millionths_grouped(&r->arena, value);
}

static void print_head(struct results *r) {
    printf("%.*s: %.*s, as of %.*s\n", TEXT_ARGS(text_at(r, 0, "experiment")), TEXT_ARGS(text_at(r, 0, "state")),
           TEXT_ARGS(text_at(r, 0, "asOf")));
}

static void print_split(struct results *r, json_at of) {
    json_at srm = get(r, of, "srm");
    printf("shares of the variants (SRM): %.*s, p = %.*s\n\n", TEXT_ARGS(text_at(r, srm, "verdict")),
           TEXT_ARGS(number_at(r, srm, "p", 3)));
}

static void print_units(struct results *r, json_at of) {
    static const char *const headers[] = {"variant", "units", ""};
    json_at list = get(r, of, "variants");
    struct table table;
    table_init(&table, headers, 3);
    for (json_at v = json_first(&r->json, list); v != JSON_NONE; v = json_after(&r->json, list, v)) {
        bool control = json_kind(&r->json, get(r, v, "control")) == JSON_KIND_TRUE;
        table_cell(&table, text_at(r, v, "key"));
        table_number(&table, sum_at(r, v, "units"));
        table_cell(&table, control ? TEXT("control") : TEXT(""));
    }
    table_print(&table, stdout);
    table_free(&table);
}

/* "[-0.12, 0.34]" */
static struct text interval(struct results *r, json_at at) {
    struct text low = number_at(r, at, "low", 4), high = number_at(r, at, "high", 4);
    return low.n && high.n ? arena_printf(&r->arena, "[%.*s, %.*s]", TEXT_ARGS(low), TEXT_ARGS(high)) : TEXT("");
}

static struct text percent_interval(struct results *r, json_at at) {
    struct text low = percent_at(r, at, "low"), high = percent_at(r, at, "high");
    return low.n && high.n ? arena_printf(&r->arena, "[%.*s, %.*s]", TEXT_ARGS(low), TEXT_ARGS(high)) : TEXT("");
}

static void metric_row(struct results *r, struct table *table, json_at metric, json_at variant) {
    json_at difference = get(r, variant, "difference"), relative = get(r, variant, "relative");
    table_cell(table, text_at(r, metric, "metric"));
    table_cell(table, text_at(r, metric, "role"));
    table_cell(table, text_at(r, variant, "variant"));
    table_number(table, sum_at(r, variant, "n"));
    table_number(table, sum_at(r, variant, "sum"));
    table_number(table, number_at(r, variant, "mean", 6));
    table_number(table, number_at(r, difference, "estimate", 4));
    table_cell(table, interval(r, difference));
    table_number(table, percent_at(r, relative, "estimate"));
    table_cell(table, percent_interval(r, relative));
    table_number(table, number_at(r, difference, "p", 3));
    table_number(table, number_at(r, difference, "pAdjusted", 3));
}

static void print_metrics(struct results *r, json_at of) {
    static const char *const headers[] = {"metric",       "role",         "variant",    "units",
                                          "sum",          "mean",         "difference", "interval",
                                          "relative [%]", "interval [%]", "p",          "p adjusted"};
    json_at list = get(r, of, "metrics");
    struct table table;
    table_init(&table, headers, 12);
    for (json_at m = json_first(&r->json, list); m != JSON_NONE; m = json_after(&r->json, list, m)) {
        json_at variants = get(r, m, "variants");
        for (json_at v = json_first(&r->json, variants); v != JSON_NONE; v = json_after(&r->json, variants, v))
            metric_row(r, &table, m, v);
    }
    putchar('\n');
    table_print(&table, stdout);
    table_free(&table);
}

static void print_tail(struct results *r) {
    json_at excluded = get(r, 0, "excluded"), warnings = get(r, 0, "warnings"), verdict = get(r, 0, "verdict");
    int64_t n;
    putchar('\n');
    for (json_at k = json_first(&r->json, excluded); k != JSON_NONE; k = json_after(&r->json, excluded, k))
        if (json_whole(&r->json, k + 1, &n) && n)
            printf("left out: %lld %.*s\n", (long long)n, TEXT_ARGS(json_unescaped(&r->json, k, &r->arena)));
    for (json_at w = json_first(&r->json, warnings); w != JSON_NONE; w = json_after(&r->json, warnings, w))
        printf("warning: %.*s (%.*s)\n", TEXT_ARGS(text_at(r, w, "detail")), TEXT_ARGS(text_at(r, w, "code")));
    struct text call = text_at(r, verdict, "call"), words = text_at(r, verdict, "words");
    if (call.n) printf("verdict: %.*s. %.*s\n", TEXT_ARGS(call), TEXT_ARGS(words));
}

/* Of the whole trial, or of one group of a break-down. */
static void print_figures(struct results *r, json_at of) {
    print_split(r, of);
    print_units(r, of);
    print_metrics(r, of);
}

static void print_groups(struct results *r, json_at groups) {
    struct text by = text_at(r, 0, "by");
    for (json_at g = json_first(&r->json, groups); g != JSON_NONE; g = json_after(&r->json, groups, g)) {
        bool other = json_kind(&r->json, get(r, g, "other")) == JSON_KIND_TRUE;
        struct text value = text_at(r, g, "value"), merged = number_at(r, g, "merged", 6);
        if (other)
            printf("\n%.*s: %.*s others together\n", TEXT_ARGS(by), TEXT_ARGS(merged));
        else
            printf("\n%.*s: %.*s\n", TEXT_ARGS(by), TEXT_ARGS(value.n ? value : TEXT("not said")));
        print_figures(r, g);
    }
    json_at tests = get(r, 0, "heterogeneity");
    putchar('\n');
    for (json_at t = json_first(&r->json, tests); t != JSON_NONE; t = json_after(&r->json, tests, t))
        printf("the effect of %.*s is the same in all of them: p = %.*s\n", TEXT_ARGS(text_at(r, t, "variant")),
               TEXT_ARGS(number_at(r, t, "p", 3)));
}

static bool print_results(struct text body) {
    struct results r;
    arena_init(&r.arena, 64 * 1024);
    bool fine = json_scan(&r.json, body, &r.arena, NULL) == 0;
    if (fine) {
        json_at groups = get(&r, 0, "groups");
        print_head(&r);
        if (groups == JSON_NONE) {
            print_figures(&r, 0);
            print_tail(&r);
        } else
            print_groups(&r, groups);
    }
    arena_free(&r.arena);
    return fine;
}

enum exit_code act_results(struct call *call) {
    struct answer answer;
    enum exit_code code = client_fetch(&call->client, "GET", call_path(call, CALL_WITH_QUERY), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    /* A series is a table of its own shape: it is shown as it came. */
    bool as_table = call->output == OUTPUT_TABLE && !call_flag(call, "--series");
    if (!as_table || !print_results(buffer_view(&answer.body))) show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}
