/* A trial's plan for people: what it rests on, how many units and days, and what could be seen by when. */
#include <stdio.h>

#include "core/base/json.h"
#include "programs/parley/actions.h"
#include "programs/parley/table.h"

struct plan {
    struct json json;
    struct arena arena;
};

static json_at get(const struct plan *p, json_at at, const char *name) {
    return json_get(&p->json, at, text_of(name));
}

static double number(const struct plan *p, json_at at, const char *name) {
    double value = 0;
    json_number(&p->json, get(p, at, name), &value);
    return value;
}

static struct text word(struct plan *p, json_at at, const char *name) {
    return json_unescaped(&p->json, get(p, at, name), &p->arena);
}

static void print_source(struct plan *p) {
    json_at source = get(p, 0, "source");
    printf("from the %.*s: %.0f units in %.1f days, %.1f a day; %.*s has mean %.6g, variance %.6g\n",
           TEXT_ARGS(word(p, source, "kind")), number(p, source, "units"), number(p, source, "days"),
           number(p, source, "unitsPerDay"), TEXT_ARGS(word(p, source, "metric")), number(p, source, "mean"),
           number(p, source, "variance"));
    printf("to find a relative difference of %.3g %% with %.3g %% power at alpha %.3g:\n\n", 100 * number(p, 0, "mde"),
           100 * number(p, 0, "power"), number(p, 0, "alpha"));
}

static void print_sizes(struct plan *p) {
    static const char *const headers[] = {"method", "units", "more days"}, *const methods[] = {"fixed", "sequential"};
    struct table table;
    table_init(&table, headers, 3);
    for (size_t i = 0; i < 2; i++) {
        json_at size = get(p, get(p, 0, "sampleSize"), methods[i]);
        table_cell(&table, text_of(methods[i]));
        table_numberf(&table, "%.0f", number(p, size, "units"));
        if (get(p, size, "days") == JSON_NONE)
            table_number(&table, TEXT(""));
        else
            table_numberf(&table, "%.0f", number(p, size, "days"));
    }
    table_print(&table, stdout);
    table_free(&table);
}

static void print_detectable(struct plan *p) {
    static const char *const headers[] = {"after days", "units", "fixed [%]", "sequential [%]"};
    json_at list = get(p, 0, "detectable");
    struct table table;
    table_init(&table, headers, 4);
    for (json_at row = json_first(&p->json, list); row != JSON_NONE; row = json_after(&p->json, list, row)) {
        table_numberf(&table, "%.0f", number(p, row, "days"));
        table_numberf(&table, "%.0f", number(p, row, "units"));
        table_numberf(&table, "%.2f", 100 * number(p, row, "fixed"));
        table_numberf(&table, "%.2f", 100 * number(p, row, "sequential"));
    }
    if (json_first(&p->json, list) != JSON_NONE) {
        puts("\nthe smallest relative difference that would be found:");
        table_print(&table, stdout);
    }
    table_free(&table);
    json_at any = get(p, 0, "anyLook");
    if (any != JSON_NONE)
        printf("\nby %.0f units, some look of the sequence finds it with %.0f %%, one fixed look with %.0f %%\n",
               number(p, any, "units"), 100 * number(p, any, "power"), 100 * number(p, any, "lookingOnce"));
}

enum exit_code act_plan(struct call *call) {
    struct answer answer;
    struct plan p;
    enum exit_code code = client_fetch(&call->client, "GET", call_path(call, CALL_WITH_QUERY), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    arena_init(&p.arena, 16 * 1024);
    if (call->output == OUTPUT_TABLE && json_scan(&p.json, buffer_view(&answer.body), &p.arena, NULL) == 0) {
        print_source(&p);
        print_sizes(&p);
        print_detectable(&p);
    } else
        show(call, buffer_view(&answer.body));
    arena_free(&p.arena);
    buffer_free(&answer.body);
    return EXIT_OK;
}
