#include "programs/parley/recommendations.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "plugins/recommendations/compare.h"
#include "programs/parley/actions.h"
#include "programs/parley/interactions.h"

#define API "/admin/v1/plugins/recommendations/api"

/* ---- files ---- */

struct lines {
    struct json_writer w;
    const char *task;
};

/* Six digits: more would be noise. */
static double rounded(double figure) {
    return round(figure * 1e6) / 1e6;
}

static void say(void *to, const char *algorithm, size_t people, const struct measures *measures) {
    struct lines *lines = to;
    struct json_writer *w = &lines->w;
    json_open_object(w);
    json_put_text(w, "task", text_of(lines->task));
    json_put_text(w, "algorithm", text_of(algorithm));
    json_put_int(w, "k", measures->k);
    json_put_double(w, "recall", rounded(measures->recall));
    json_put_double(w, "ndcg", rounded(measures->ndcg));
    json_put_double(w, "mrr", rounded(measures->mrr));
    json_put_double(w, "hitRate", rounded(measures->hit_rate));
    json_put_int(w, "people", (int64_t)people);
    json_close_object(w);
}

static int read_cutoffs(struct text list, struct compare_options *options, struct error *error) {
    struct text one;
    int64_t k = 0, before = 0;
    for (bool more = true; more; before = k) {
        more = text_cut(list, ',', &one, &list);
        if (options->k_n == COMPARE_CUTOFFS || !text_to_int(text_trim(one), &k) || k <= before || k > 100000)
            return error_set(error, ERR_INVALID, "--k is up to %d whole numbers that grow, with commas between: 20,100",
                             COMPARE_CUTOFFS);
        options->k[options->k_n++] = (uint32_t)k;
    }
    return 0;
}

static int read_options(const struct call *call, struct compare_options *options, int64_t *share, struct error *error) {
    int64_t lambda, keep;
    const char *k = call_flag(call, "--k");
    *options = (struct compare_options){.ease_items_most = EASE_ITEMS_MOST};
    int rc = read_cutoffs(text_of(k ? k : "20,100"), options, error);
    if (rc == 0) rc = call_number(call, "--lambda", 1, 1000000, (int64_t)EASE_LAMBDA, &lambda, error);
    if (rc == 0) rc = call_number(call, "--keep", 1, EASE_ITEMS_MOST, 0, &keep, error);
    if (rc == 0) rc = call_number(call, "--share", 1, 90, 20, share, error);
    if (rc < 0) return rc;
    options->lambda = (float)lambda;
    options->keep = keep ? (size_t)keep : SIZE_MAX;
    return 0;
}

static int read_files(const struct call *call, struct interactions *all, int64_t share, struct error *error) {
    const char *train = call_flag(call, "--train"), *test = call_flag(call, "--test"),
               *file = call_flag(call, "--file");
    const char *columns = call_flag(call, "--map");
    struct text map = text_of(columns ? columns : "");
    if (file ? train || test : !train || !test)
        return error_set(error, ERR_INVALID,
                         "either --train and --test name two files, or --file names one that is split by time");
    int rc = interactions_read(all, file ? file : train, map, PART_LEARNT, error);
    if (rc == 0 && test) rc = interactions_read(all, test, map, PART_TEST, error);
    if (rc == 0 && file && !all->has_times)
        rc = error_set(error, ERR_INVALID, "%s has no times to split it by: name their column with --map time=...",
                       file);
    if (rc < 0) return rc;
    interactions_order(all);
    if (file) interactions_split(all, (int)share);
    return 0;
}

static int evaluate_all(struct interactions *all, const struct compare_options *options, struct lines *lines) {
    struct sets before, later;
    interactions_people(all, &before, &later);
    lines->task = "people";
    int rc = compare_people(&before, &later, options, say, lines);
    sets_free(&before);
    sets_free(&later);
    if (rc < 0 || !all->has_sessions) return rc;
    interactions_sessions(all, &before, &later);
    lines->task = "next in session";
    compare_visits(&before, &later, options, say, lines);
    sets_free(&later);
    return 0;
}

static void write_all(struct interactions *all, const struct compare_options *options, struct buffer *out, int *rc) {
    struct lines lines = {0};
    json_writer_init(&lines.w, out);
    json_open_object(&lines.w);
    json_put_int(&lines.w, "rows", (int64_t)all->n);
    json_put_int(&lines.w, "leftOut", (int64_t)all->left_out);
    json_put_int(&lines.w, "products", (int64_t)all->items.n);
    json_put_double(&lines.w, "lambda", options->lambda);
    json_key(&lines.w, TEXT("items"));
    json_open_array(&lines.w);
    *rc = evaluate_all(all, options, &lines);
    json_close_array(&lines.w);
    json_close_object(&lines.w);
}

static enum exit_code evaluate_files(struct call *call) {
    struct compare_options options;
    struct interactions all;
    struct error error = {0};
    struct buffer out = {0};
    int64_t share;
    interactions_init(&all);
    int rc = read_options(call, &options, &share, &error);
    if (rc == 0) rc = read_files(call, &all, share, &error);
    enum exit_code code = rc == 0               ? EXIT_OK
                          : rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND
                          : rc == ERR_IO        ? EXIT_FAILED
                                                : EXIT_USAGE;
    if (rc == 0) {
        write_all(&all, &options, &out, &rc);
        if (rc < 0) error_set(&error, ERR_NO_MEMORY, "there is no memory for EASE on %zu items", all.items.n);
        if (all.left_out)
            fprintf(stderr, "parley: %zu rows are left out: no person, no item, or no time\n", all.left_out);
        if (all.items.n > EASE_ITEMS_MOST)
            fprintf(stderr, "parley: %zu items are too many for EASE (%d); item-knn stands for it\n", all.items.n,
                    EASE_ITEMS_MOST);
        code = rc == 0 ? EXIT_OK : EXIT_FAILED;
    }
    if (code == EXIT_OK)
        show(call, buffer_view(&out));
    else
        fprintf(stderr, "parley: %s\n", error.detail);
    buffer_free(&out);
    interactions_free(&all);
    return code;
}

/* ---- the shop's own past ---- */

/* True while the server is at it. */
static bool is_running(struct call *call, struct text body) {
    struct json json;
    return json_scan(&json, body, &call->arena, NULL) == 0 &&
           json_kind(&json, json_get(&json, 0, TEXT("running"))) == JSON_KIND_TRUE;
}

static enum exit_code evaluate_own(struct call *call) {
    struct answer answer;
    enum exit_code code = client_fetch(&call->client, "POST", API "/evaluation", TEXT("{}"), &answer);
    for (bool running = code == EXIT_OK; running;) {
        buffer_free(&answer.body);
        usleep(200000);
        code = client_fetch(&call->client, "GET", API "/evaluation", TEXT_NONE, &answer);
        running = code == EXIT_OK && is_running(call, buffer_view(&answer.body));
    }
    if (code != EXIT_OK) return code;
    show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}

enum exit_code recommendations_evaluate(struct call *call) {
    bool files = call_flag(call, "--train") || call_flag(call, "--test") || call_flag(call, "--file");
    return files ? evaluate_files(call) : evaluate_own(call);
}
