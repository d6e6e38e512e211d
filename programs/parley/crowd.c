#include "programs/parley/crowd.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "programs/parley/actions.h"
#include "programs/parley/interrupt.h"

enum { TOLD_EVERY = 100 /* visits */, PEOPLE_LEAST = 20 };

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t next(struct crowd *crowd) {
    uint64_t z = crowd->seed += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double crowd_chance(struct crowd *crowd) {
    return (double)(next(crowd) >> 11) * 0x1p-53;
}

size_t crowd_pick(struct crowd *crowd, size_t n) {
    return (size_t)(crowd_chance(crowd) * (double)n);
}

/* ---- requests ---- */

bool crowd_send(struct crowd *crowd, const char *method, const char *path, const char *body) {
    struct answer answer;
    struct error error = {0};
    crowd->answer = (struct json){0};
    if (crowd->failed) return false;
    if (client_ask(&crowd->call->client, method, path, body ? text_of(body) : TEXT_NONE, NULL, &answer, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        crowd->failed = EXIT_TRY_AGAIN;
        return false;
    }
    buffer_free(&crowd->answer_body);
    crowd->answer_body = answer.body;
    if (answer.status == 401) crowd->failed = client_refused(&answer);
    return answer.status / 100 == 2 &&
           json_scan(&crowd->answer, buffer_view(&crowd->answer_body), &crowd->arena, NULL) == 0;
}

const char *crowd_text(struct crowd *crowd, json_at object, const char *member) {
    struct text text = json_unescaped(&crowd->answer, json_get(&crowd->answer, object, text_of(member)), &crowd->arena);
    return arena_cstr(&crowd->arena, text);
}

/* ---- events ---- */

static void put_ware(struct json_writer *w, const struct ware *ware) {
    json_put_text(w, "product_id", text_of(ware->sku));
    json_put_text(w, "sku", text_of(ware->sku));
    json_put_text(w, "name", text_of(ware->name));
    json_put_double(w, "price", ware->price);
    json_put_text(w, "currency", TEXT("EUR"));
    json_put_int(w, "quantity", 1);
}

/* {"type":"track", ... "properties":{ open. */
static void open_event(struct crowd *crowd, struct json_writer *w, const char *event) {
    char at[CLOCK_ISO_ROOM];
    clock_iso(at, clock_now(&clock_system));
    if (crowd->events.n) buffer_byte(&crowd->events, ',');
    json_writer_init(w, &crowd->events);
    json_open_object(w);
    json_put_text(w, "type", TEXT("track"));
    json_put_text(w, "event", text_of(event));
    json_put_text(w, "userId", text_of(crowd->who));
    json_put_text(w, "timestamp", text_of(at));
    json_key(w, TEXT("properties"));
    json_open_object(w);
}

static void close_event(struct json_writer *w) {
    json_close_object(w);
    json_close_object(w);
}

void crowd_track(struct crowd *crowd, const char *event, const struct ware *ware) {
    struct json_writer w;
    open_event(crowd, &w, event);
    put_ware(&w, ware);
    close_event(&w);
}

void crowd_track_order(struct crowd *crowd, const struct ware *const *wares, size_t n) {
    struct json_writer w;
    double total = 0;
    for (size_t i = 0; i < n; i++) total += wares[i]->price;
    open_event(crowd, &w, "Order Completed");
    json_put_text(&w, "order_id", arena_printf(&crowd->arena, "%s-%lld", crowd->who, (long long)crowd->visits));
    json_put_double(&w, "total", total);
    json_put_double(&w, "revenue", total);
    json_put_text(&w, "currency", TEXT("EUR"));
    json_key(&w, TEXT("products"));
    json_open_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_open_object(&w);
        put_ware(&w, wares[i]);
        json_close_object(&w);
    }
    json_close_array(&w);
    close_event(&w);
    crowd->orders++;
}

static void send_events(struct crowd *crowd) {
    if (!crowd->events.n) return;
    struct text batch = arena_printf(&crowd->arena, "{\"batch\":[%.*s]}", TEXT_ARGS(buffer_view(&crowd->events)));
    crowd_send(crowd, "POST", "/v1/batch", batch.at);
    buffer_clear(&crowd->events);
}

/* ---- one after the other ---- */

static void pause_for(int64_t ms) {
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0) nanosleep(&span, NULL); /* a signal ends it, and the crowd */
}

static void tell(struct crowd *crowd) {
    const struct {
        const char *name;
        int64_t n;
    } counts[] = {{"visits", crowd->visits},       {"votes", crowd->votes},      {"orders", crowd->orders},
                  {"questions", crowd->questions}, {"answers", crowd->answers},  {"boards", crowd->boards},
                  {"comments", crowd->comments},   {"messages", crowd->messages}};
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_key(&w, text_of(counts[i].name));
        json_int(&w, counts[i].n);
    }
    json_close_object(&w);
    show(crowd->call, buffer_view(&out));
    buffer_free(&out);
}

/* Some come for the first time, others again: with more visits there are more people, about half as many. */
static void begin_visit(struct crowd *crowd, int64_t run) {
    size_t people = PEOPLE_LEAST + (size_t)crowd->visits / 2;
    snprintf(crowd->who, sizeof crowd->who, "crowd-%llx-%zu", (unsigned long long)run, crowd_pick(crowd, people));
    client_act_as(&crowd->call->client, crowd->who);
    crowd->asked_for_opinion = false;
    crowd->visits++;
}

enum exit_code crowd_run(struct call *call) {
    struct crowd crowd = {.call = call};
    struct error error = {0};
    int64_t visitors, rate, seed, now = clock_now(&clock_system);
    if (call_number(call, "--visitors", 1, 1000000, 0, &visitors, &error) < 0 ||
        call_number(call, "--rate", 1, 1000, 5, &rate, &error) < 0 ||
        call_number(call, "--seed", 1, INT64_MAX, now / 1000, &seed, &error) < 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_USAGE;
    }
    crowd.seed = (uint64_t)seed;
    arena_init(&crowd.arena, 4096);
    interrupt_listen();
    fprintf(stderr, "simulated shoppers come, %lld a second; their ids begin with crowd-%llx%s\n", (long long)rate,
            (unsigned long long)seed, visitors ? "" : ". Ctrl-C ends");
    for (int64_t due = now; !interrupted() && !crowd.failed && (!visitors || crowd.visits < visitors);
         due += 1000 / rate) {
        pause_for(due - clock_now(&clock_system));
        if (interrupted()) break;
        begin_visit(&crowd, seed);
        crowd_visit(&crowd);
        send_events(&crowd);
        arena_reset(&crowd.arena);
        if (crowd.visits % TOLD_EVERY == 0) fprintf(stderr, "%lld visits so far\n", (long long)crowd.visits);
    }
    tell(&crowd);
    buffer_free(&crowd.events);
    buffer_free(&crowd.answer_body);
    arena_free(&crowd.arena);
    return crowd.failed;
}
