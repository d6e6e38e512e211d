#include "programs/parley/sums.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "programs/parley/millionths.h"
#include "programs/parley/table.h"

enum { AWAIT_SECONDS = 15, SETTLE_US = 1200000, AGAIN_US = 250000 };

static int64_t read_millionths(const struct json *json, json_at at) {
    int64_t value = 0;
    if (json_kind(json, at) == JSON_KIND_NUMBER) millionths_parse(json_source(json, at), &value);
    return value;
}

static struct text member(const struct json *json, json_at at, struct text name, struct arena *arena) {
    return json_unescaped(json, json_get(json, at, name), arena);
}

static size_t place_of(const struct sums *sums, struct text variant) {
    for (size_t i = 0; i < sums->variants; i++)
        if (text_eq(sums->variant[i], variant)) return i;
    return SUMS_VARIANTS;
}

static void add_metric(struct sums *sums, const struct json *json, json_at metric, struct arena *arena) {
    json_at list = json_get(json, metric, TEXT("variants"));
    bool any = false;
    if (sums->n == SUMS_METRICS) return;
    for (json_at v = json_first(json, list); v != JSON_NONE; v = json_after(json, list, v)) {
        size_t place = place_of(sums, member(json, v, TEXT("variant"), arena));
        json_at sum = json_get(json, v, TEXT("sum"));
        if (place == SUMS_VARIANTS || json_kind(json, sum) != JSON_KIND_NUMBER) continue;
        sums->of[sums->n][place] = read_millionths(json, sum);
        sums->all[sums->n] += sums->of[sums->n][place];
        any = true;
    }
    if (any) sums->name[sums->n++] = arena_text(arena, member(json, metric, TEXT("metric"), arena));
}

void sums_read(struct sums *sums, const struct json *json, struct arena *arena) {
    json_at variants = json_get(json, 0, TEXT("variants")), metrics = json_get(json, 0, TEXT("metrics"));
    *sums = (struct sums){.n = 1, .name = {TEXT("customers")}};
    sums->srm = member(json, json_get(json, 0, TEXT("srm")), TEXT("verdict"), arena);
    for (json_at v = json_first(json, variants); v != JSON_NONE; v = json_after(json, variants, v)) {
        if (sums->variants == SUMS_VARIANTS) break;
        sums->variant[sums->variants] = member(json, v, TEXT("key"), arena);
        sums->of[0][sums->variants] = read_millionths(json, json_get(json, v, TEXT("units")));
        sums->all[0] += sums->of[0][sums->variants++];
    }
    for (json_at m = json_first(json, metrics); m != JSON_NONE; m = json_after(json, metrics, m))
        add_metric(sums, json, m, arena);
}

/* ---- expectations ---- */

struct expectation {
    struct text name;
    int64_t value, grain; /* millionths; a sum is compared to as many decimals as the expectation gives */
};

static bool next_expectation(struct text *list, struct expectation *out) {
    struct text pair, number, whole, decimals;
    text_cut(*list, ',', &pair, list);
    if (!text_cut(pair, '=', &out->name, &number) || !out->name.n || !millionths_parse(number, &out->value))
        return false;
    text_cut(number, '.', &whole, &decimals);
    out->grain = 1000000;
    for (size_t i = 0; i < decimals.n && out->grain > 1; i++) out->grain /= 10;
    return true;
}

static bool meets(const struct expectation *expected, int64_t sum) {
    int64_t off = sum > expected->value ? sum - expected->value : expected->value - sum;
    return off == 0 || 2 * off < expected->grain;
}

int sums_check_expectations(const char *expect, struct error *error) {
    struct text list = text_of(expect);
    struct expectation expected;
    while (list.n)
        if (!next_expectation(&list, &expected))
            return error_set(error, ERR_INVALID, "--expect: '%s' is not as customers=4338,revenue=8911407.90", expect);
    return 0;
}

static const int64_t *sum_named(const struct sums *sums, struct text name) {
    for (size_t i = 0; i < sums->n; i++)
        if (text_eq(sums->name[i], name)) return &sums->all[i];
    return NULL;
}

enum telling { QUIETLY, ALOUD };

static void tell_difference(const struct expectation *expected, const int64_t *found) {
    char is[MILLIONTHS_ROOM] = "not there", should[MILLIONTHS_ROOM];
    if (found) millionths_print(is, *found);
    millionths_print(should, expected->value);
    fprintf(stderr, "parley: %.*s is %s, expected %s\n", TEXT_ARGS(expected->name), is, should);
}

static bool as_expected(const struct sums *sums, const char *expect, enum telling telling) {
    struct text list = text_of(expect);
    struct expectation expected;
    bool fine = !text_is(sums->srm, "alarm");
    if (!fine && telling == ALOUD)
        fprintf(stderr, "parley: the shares of the variants are not what the weights say (SRM alarm)\n");
    while (list.n && next_expectation(&list, &expected)) {
        const int64_t *found = sum_named(sums, expected.name);
        if (found && meets(&expected, *found)) continue;
        fine = false;
        if (telling == ALOUD) tell_difference(&expected, found);
    }
    return fine;
}

static enum exit_code fetch(struct call *call, const char *path, struct sums *sums) {
    struct answer answer;
    struct json json;
    struct error error = {0};
    enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    struct text body = arena_text(&call->arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    if (json_scan(&json, body, &call->arena, &error) != 0) {
        fprintf(stderr, "parley: the results are no JSON: %s\n", error.detail);
        return EXIT_FAILED;
    }
    sums_read(sums, &json, &call->arena);
    return EXIT_OK;
}

enum exit_code sums_await(struct call *call, struct text experiment, const char *expect, struct sums *sums) {
    const char *key = call_encoded(call, experiment.at, "");
    const char *path = arena_printf(&call->arena, "/admin/v1/experiments/%s/results", key).at;
    uint64_t deadline = clock_ticks() + AWAIT_SECONDS * 1000000000ull;
    *sums = (struct sums){0};
    if (!expect) usleep(SETTLE_US);
    for (;;) {
        enum exit_code code = fetch(call, path, sums);
        if (code != EXIT_OK || !expect || as_expected(sums, expect, QUIETLY)) return code;
        if (clock_ticks() > deadline) break;
        usleep(AGAIN_US);
    }
    as_expected(sums, expect, ALOUD);
    return EXIT_FAILED;
}

/* ---- showing ---- */

static void row(struct table *table, const struct sums *sums, size_t variant) {
    bool all = variant == sums->variants;
    table_cell(table, all ? TEXT("together") : sums->variant[variant]);
    for (size_t c = 0; c < sums->n; c++)
        table_number(table, millionths_grouped(&table->arena, all ? sums->all[c] : sums->of[c][variant]));
}

void sums_table(const struct sums *sums, FILE *out) {
    const char *headers[TABLE_COLUMNS] = {"variant"};
    struct table table;
    for (size_t c = 0; c < sums->n; c++) headers[c + 1] = sums->name[c].at;
    table_init(&table, headers, sums->n + 1);
    for (size_t v = 0; v <= sums->variants; v++) row(&table, sums, v);
    fputc('\n', out);
    table_print(&table, out);
    fprintf(out, "\nshares of the variants (SRM): %.*s\n", TEXT_ARGS(sums->srm));
    table_free(&table);
}

void sums_json(const struct sums *sums, struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "srm", sums->srm);
    for (size_t c = 0; c < sums->n; c++) {
        json_key(w, sums->name[c]);
        json_open_object(w);
        for (size_t v = 0; v < sums->variants; v++) millionths_json(w, sums->variant[v], sums->of[c][v]);
        millionths_json(w, TEXT("all"), sums->all[c]);
        json_close_object(w);
    }
    json_close_object(w);
}
