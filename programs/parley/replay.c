#include "programs/parley/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/base/unit.h"
#include "programs/parley/millionths.h"
#include "programs/parley/progress.h"
#include "programs/parley/sender.h"
#include "programs/parley/sums.h"
#include "programs/parley/table.h"

enum { MOST_SHOWN = 5 }; /* rejected events that are told one by one */

struct replay {
    struct call *call;
    struct orders orders;
    struct progress progress;

    /* options */
    int64_t batch, connections, patience, rate; /* events, lanes, seconds, events a second (0: as fast as it goes) */
    struct text experiment, currency;

    /* the experiment */
    struct text feature;
    struct customer **customers; /* who bought something */
    size_t customers_n, asked, answered, outside;
    size_t asking[SENDER_LANES]; /* the customer that the lane asks for */

    /* sending */
    struct replay_events lanes[SENDER_LANES];
    size_t events_n, in_flight[SENDER_LANES], handed_out, sent, accepted, duplicates, rejected, without_products;
};

/* ---- the file ---- */

static int read_rows(struct replay *r, struct csv *csv, struct error *error) {
    struct csv_row row;
    int rc = csv_next(csv, &row, error);
    if (rc == 0) return error_set(error, ERR_INVALID, "the file is empty");
    if (rc > 0) rc = orders_columns(&r->orders, text_of(call_flag(r->call, "--map")), &row, error);
    if (rc < 0) return rc;
    progress_start(&r->progress, "reading", "rows", 0);
    while ((rc = csv_next(csv, &row, error)) > 0) {
        orders_add(&r->orders, &row);
        if (r->orders.rows % 1024 == 0) progress_at(&r->progress, r->orders.rows, csv_share(csv));
    }
    if (rc < 0) return rc;
    progress_end(&r->progress, r->orders.rows);
    return orders_finish(&r->orders, error);
}

static enum exit_code read_file(struct replay *r) {
    struct error error = {0};
    struct csv *csv = NULL;
    const char *path = call_argument(r->call, "FILE");
    int rc = csv_open(&csv, path, &error);
    if (rc == 0) rc = read_rows(r, csv, &error);
    csv_close(csv);
    if (rc == 0) return EXIT_OK;
    fprintf(stderr, "parley: %s: %s\n", path, error.detail);
    return rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

static struct text grouped(struct replay *r, size_t n) {
    struct arena *arena = &r->call->arena;
    return number_grouped(arena, arena_printf(arena, "%zu", n));
}

static void tell_left_out(struct replay *r) {
    for (int i = 0; i < LEFT_OUT_COUNT; i++)
        if (r->orders.left_out[i])
            fprintf(stderr, "left out: %.*s rows %s\n", TEXT_ARGS(grouped(r, r->orders.left_out[i])),
                    orders_left_out[i]);
}

/* ---- which variant each customer gets ---- */

/* Whether telling history to this experiment makes sense; what does not is said on stderr. */
static enum exit_code check_experiment(struct replay *r, const struct json *json) {
    struct arena *arena = &r->call->arena;
    struct text state = json_unescaped(json, json_get(json, 0, TEXT("state")), arena);
    struct text assignment = json_unescaped(json, json_get(json, 0, TEXT("assignment")), arena);
    struct text started = json_unescaped(json, json_get(json, 0, TEXT("startedAt")), arena);
    int64_t start = 0;
    size_t early = 0;
    if (text_is(assignment, "external")) {
        fprintf(stderr,
                "parley: experiment '%s' is assigned elsewhere, so its exposures must come from there: replay "
                "without --experiment\n",
                r->experiment.at);
        return EXIT_FAILED;
    }
    if (!text_is(state, "running")) {
        fprintf(stderr, "parley: experiment '%s' is not running (%.*s): `parley experiments start %s --at TIME`\n",
                r->experiment.at, TEXT_ARGS(state), r->experiment.at);
        return EXIT_FAILED;
    }
    clock_parse(started, &start);
    while (early < r->orders.n && r->orders.list[early]->at < start) early++;
    if (early)
        fprintf(stderr, "%.*s orders are from before the experiment's start (%.*s) and will not count\n",
                TEXT_ARGS(grouped(r, early)), TEXT_ARGS(started));
    return EXIT_OK;
}

static enum exit_code read_experiment(struct replay *r) {
    struct arena *arena = &r->call->arena;
    struct answer answer;
    struct json json;
    const char *key = call_encoded(r->call, r->experiment.at, "");
    const char *path = arena_printf(arena, "/admin/v1/experiments/%s", key).at;
    enum exit_code code = client_fetch(&r->call->client, "GET", path, TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    struct text body = arena_text(arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    if (json_scan(&json, body, arena, NULL) != 0) return EXIT_FAILED;
    r->feature = json_unescaped(&json, json_get(&json, 0, TEXT("feature")), arena);
    return check_experiment(r, &json);
}

static enum sender_next ask_next(void *user, size_t lane, struct buffer *body) {
    struct replay *r = user;
    struct json_writer w;
    if (r->asked == r->customers_n) return SENDER_DONE;
    r->asking[lane] = r->asked++;
    json_writer_init(&w, body);
    json_open_object(&w);
    json_key(&w, TEXT("context"));
    json_open_object(&w);
    json_put_text(&w, "targetingKey", r->customers[r->asking[lane]]->id);
    json_close_object(&w);
    json_key(&w, TEXT("features"));
    json_open_array(&w);
    json_text(&w, r->feature);
    json_close_array(&w);
    json_close_object(&w);
    return SENDER_REQUEST;
}

static enum exit_code ask_answered(void *user, size_t lane, const struct answer *answer) {
    struct replay *r = user;
    struct arena arena;
    struct json json;
    r->answered++;
    arena_init(&arena, 8192);
    bool fits = json_scan(&json, buffer_view(&answer->body), &arena, NULL) == 0;
    json_at feature = fits ? json_first(&json, json_get(&json, 0, TEXT("features"))) : JSON_NONE;
    if (feature == JSON_NONE) {
        fprintf(stderr, "parley: the server says nothing of feature '%.*s'\n", TEXT_ARGS(r->feature));
        arena_free(&arena);
        return EXIT_FAILED;
    }
    struct text experiment = json_unescaped(&json, json_get(&json, feature, TEXT("experiment")), &arena);
    struct text variant = json_unescaped(&json, json_get(&json, feature, TEXT("variant")), &arena);
    if (text_eq(experiment, r->experiment) && variant.n)
        r->customers[r->asking[lane]]->user = arena_cstr(&r->call->arena, variant);
    else
        r->outside++;
    arena_free(&arena);
    return EXIT_OK;
}

static void ask_tick(void *user) {
    struct replay *r = user;
    progress_at(&r->progress, r->answered, -1);
}

static void list_customers(struct replay *r) {
    r->customers = arena_array(&r->call->arena, struct customer *, r->orders.buyers + 1);
    for (size_t i = 0; i < r->orders.n; i++) {
        struct order *order = r->orders.list[i];
        if (order == order->customer->first_order) r->customers[r->customers_n++] = order->customer;
    }
}

static struct sender sender_for(struct replay *r, const char *path) {
    return (struct sender){.client = &r->call->client,
                           .path = path,
                           .lanes = (size_t)r->connections,
                           .patience = r->patience * 1000,
                           .user = r};
}

static enum exit_code ask_variants(struct replay *r) {
    enum exit_code code = read_experiment(r);
    if (code != EXIT_OK) return code;
    struct sender sender = sender_for(r, "/admin/v1/evaluate");
    sender.next = ask_next;
    sender.answered = ask_answered;
    sender.tick = ask_tick;
    list_customers(r);
    progress_start(&r->progress, "asking for variants", "customers", r->customers_n);
    code = sender_run(&sender);
    if (code != EXIT_OK) return code;
    progress_end(&r->progress, r->answered);
    if (r->outside)
        fprintf(stderr, "not in the experiment: %.*s customers; their orders are told all the same\n",
                TEXT_ARGS(grouped(r, r->outside)));
    return EXIT_OK;
}

/* ---- sending ---- */

/* Each customer has one connection, so that what she did keeps its order. */
static void deal(struct replay *r) {
    size_t lanes = (size_t)r->connections, n = r->orders.n;
    struct order **all = arena_array(&r->call->arena, struct order *, n + 1);
    unsigned char *lane_of = arena_alloc(&r->call->arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        lane_of[i] = (unsigned char)(unit_of(r->orders.list[i]->customer->id).lo % lanes);
        r->lanes[lane_of[i]].n++;
    }
    for (size_t lane = 0; lane < lanes; lane++) {
        r->lanes[lane].list = all;
        all += r->lanes[lane].n;
        r->lanes[lane].n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct replay_events *events = &r->lanes[lane_of[i]];
        events->list[events->n++] = r->orders.list[i];
    }
    r->events_n = n + r->customers_n - r->outside;
}

/* Whether more would be faster than --rate allows. */
static bool too_fast(const struct replay *r) {
    double seconds = (double)(clock_ticks() - r->progress.started) / 1e9;
    return r->rate && (double)r->handed_out > (double)r->rate * seconds;
}

static enum sender_next send_next(void *user, size_t lane, struct buffer *body) {
    struct replay *r = user;
    if (too_fast(r)) return SENDER_LATER;
    size_t n = replay_batch(&r->lanes[lane], r->experiment, r->currency, (size_t)r->batch, body, &r->without_products);
    r->in_flight[lane] = n;
    r->handed_out += n;
    return n ? SENDER_REQUEST : SENDER_DONE;
}

static void tell_rejected(struct replay *r, const struct json *json, struct arena *arena) {
    json_at list = json_get(json, 0, TEXT("rejected"));
    for (json_at i = json_first(json, list); i != JSON_NONE; i = json_after(json, list, i))
        if (r->rejected++ < MOST_SHOWN)
            progress_notice("an event was refused: %.*s",
                            TEXT_ARGS(json_unescaped(json, json_get(json, i, TEXT("detail")), arena)));
}

static enum exit_code send_answered(void *user, size_t lane, const struct answer *answer) {
    struct replay *r = user;
    struct arena arena;
    struct json json;
    int64_t accepted = 0, duplicates = 0;
    arena_init(&arena, 8192);
    r->sent += r->in_flight[lane];
    if (json_scan(&json, buffer_view(&answer->body), &arena, NULL) == 0) {
        json_whole(&json, json_get(&json, 0, TEXT("accepted")), &accepted);
        json_whole(&json, json_get(&json, 0, TEXT("duplicates")), &duplicates);
        tell_rejected(r, &json, &arena);
    }
    r->accepted += (size_t)accepted;
    r->duplicates += (size_t)duplicates;
    arena_free(&arena);
    return EXIT_OK;
}

static void send_tick(void *user) {
    struct replay *r = user;
    progress_at(&r->progress, r->sent, -1);
}

static enum exit_code send_events(struct replay *r) {
    struct sender sender = sender_for(r, "/v1/batch");
    sender.next = send_next;
    sender.answered = send_answered;
    sender.tick = send_tick;
    deal(r);
    progress_start(&r->progress, "sending", "events", r->events_n);
    enum exit_code code = sender_run(&sender);
    if (code != EXIT_OK) return code;
    progress_end(&r->progress, r->sent);
    if (r->without_products)
        fprintf(stderr, "%.*s orders had more products than an event may list; they were sent without\n",
                TEXT_ARGS(grouped(r, r->without_products)));
    if (!r->rejected) return EXIT_OK;
    fprintf(stderr, "parley: %.*s events were refused\n", TEXT_ARGS(grouped(r, r->rejected)));
    return EXIT_FAILED;
}

/* ---- what it came to ---- */

static void print_table(struct replay *r) {
    static const char *const headers[] = {"replayed", "number"};
    struct table table;
    table_init(&table, headers, 2);
    struct {
        const char *name;
        struct text number;
    } rows[] = {{"rows read", grouped(r, r->orders.rows)},
                {"rows left out", grouped(r, r->orders.rows - r->orders.kept)},
                {"customers with an order", grouped(r, r->orders.buyers)},
                {"orders", grouped(r, r->orders.completed)},
                {"revenue", millionths_grouped(&r->call->arena, r->orders.revenue)},
                {"refunds", grouped(r, r->orders.refunds)},
                {"refunded", millionths_grouped(&r->call->arena, r->orders.refunded)},
                {"events sent", grouped(r, r->sent)},
                {"events seen before", grouped(r, r->duplicates)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_cell(&table, text_of(rows[i].name));
        table_number(&table, rows[i].number);
    }
    table_print(&table, stdout);
    table_free(&table);
}

static void print_json(struct replay *r, const struct sums *sums) {
    struct buffer out = {0}, pretty = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_int(&w, "rows", (int64_t)r->orders.rows);
    json_put_int(&w, "leftOut", (int64_t)(r->orders.rows - r->orders.kept));
    json_put_int(&w, "customers", (int64_t)r->orders.buyers);
    json_put_int(&w, "orders", (int64_t)r->orders.completed);
    millionths_json(&w, TEXT("revenue"), r->orders.revenue);
    json_put_int(&w, "refunds", (int64_t)r->orders.refunds);
    millionths_json(&w, TEXT("refunded"), r->orders.refunded);
    json_put_int(&w, "sent", (int64_t)r->sent);
    json_put_int(&w, "accepted", (int64_t)r->accepted);
    json_put_int(&w, "duplicates", (int64_t)r->duplicates);
    json_put_int(&w, "rejected", (int64_t)r->rejected);
    if (sums) {
        json_key(&w, TEXT("results"));
        sums_json(sums, &w);
    }
    json_close_object(&w);
    json_pretty(buffer_view(&out), &pretty);
    fwrite(pretty.at, 1, pretty.n, stdout);
    buffer_free(&out);
    buffer_free(&pretty);
}

static enum exit_code report(struct replay *r) {
    struct sums sums = {0};
    bool with_results = r->experiment.n && !call_flag(r->call, "--dry-run");
    enum exit_code code = EXIT_OK;
    if (with_results) code = sums_await(r->call, r->experiment, call_flag(r->call, "--expect"), &sums);
    if (r->call->output == OUTPUT_JSON)
        print_json(r, sums.n ? &sums : NULL);
    else {
        print_table(r);
        if (sums.n) sums_table(&sums, stdout);
    }
    return code;
}

/* ---- the command ---- */

static int read_options(struct replay *r, struct error *error) {
    struct call *call = r->call;
    const char *experiment = call_flag(call, "--experiment"), *currency = call_flag(call, "--currency");
    r->experiment = text_of(experiment);
    r->currency = text_of(currency);
    if (!call_flag(call, "--map"))
        return error_set(error, ERR_INVALID,
                         "--map is missing: it says which column is what, as "
                         "order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,"
                         "quantity=Quantity,price=UnitPrice");
    if (call_flag(call, "--expect") && !experiment)
        return error_set(error, ERR_INVALID, "--expect is about the results of --experiment, which is missing");
    int rc = sums_check_expectations(call_flag(call, "--expect"), error);
    if (rc == 0) rc = call_number(call, "--batch", 1, 2500, 500, &r->batch, error);
    if (rc == 0) rc = call_number(call, "--connections", 1, SENDER_LANES, 4, &r->connections, error);
    if (rc == 0) rc = call_number(call, "--patience", 1, 86400, 60, &r->patience, error);
    if (rc == 0) rc = call_number(call, "--rate", 1, 100000000, 0, &r->rate, error);
    return rc;
}

static enum exit_code run(struct replay *r) {
    enum exit_code code = read_file(r);
    if (code != EXIT_OK) return code;
    tell_left_out(r);
    if (!call_flag(r->call, "--dry-run")) {
        if (r->experiment.n) code = ask_variants(r);
        if (code == EXIT_OK) code = send_events(r);
    }
    if (code != EXIT_OK) return code;
    return report(r);
}

enum exit_code replay_run(struct call *call) {
    struct error error = {0};
    struct replay *r = memory_new(struct replay);
    enum exit_code code = EXIT_USAGE;
    r->call = call;
    orders_init(&r->orders);
    if (read_options(r, &error) == 0)
        code = run(r);
    else
        fprintf(stderr, "parley: %s\n", error.detail);
    orders_free(&r->orders);
    free(r);
    return code;
}
