#include "experiments/judge/calculator.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "experiments/judge/calculator_internal.h"

enum { REQUESTS_MAX = 10000 };

bool ask_failed(const struct ask *ask) {
    return ask->complaint[0] != 0;
}

void ask_complain(struct ask *ask, const char *format, ...) {
    if (ask_failed(ask)) return;
    va_list args;
    va_start(args, format);
    vsnprintf(ask->complaint, sizeof ask->complaint, format, args);
    va_end(args);
}

struct place ask_request(const struct ask *ask) {
    return (struct place){ask->request, ""};
}

/* "control.n", for complaints. */
static const char *path_of(struct ask *ask, struct place in, const char *name) {
    return in.path[0] ? arena_printf(ask->arena, "%s.%s", in.path, name).at : name;
}

static bool listed(struct text word, const char *words, char separator) {
    struct text left = text_of(words), head;
    while (left.n) {
        text_cut(left, separator, &head, &left);
        if (text_eq(head, word)) return true;
    }
    return false;
}

/* A word as it may stand in a complaint: short, and cut between characters. */
static int shown(struct text word) {
    size_t n = 0;
    while (n < word.n && n < 40) n += text_utf8_length(word.at + n, word.n - n);
    return (int)n;
}

static void refuse_others(struct ask *ask, struct place in, const char *members) {
    for (json_at c = json_first(ask->json, in.at); c != JSON_NONE; c = json_after(ask->json, in.at, c)) {
        const struct text key = json_unescaped(ask->json, c, ask->arena);
        if (listed(key, members, ' ')) continue;
        ask_complain(ask, "%s: there is no such member here; there are: %s",
                     path_of(ask, in, arena_printf(ask->arena, "%.*s", shown(key), key.at).at), members);
    }
}

bool ask_has(const struct ask *ask, struct place in, const char *name) {
    return json_get(ask->json, in.at, text_of(name)) != JSON_NONE;
}

struct place ask_object(struct ask *ask, struct place in, const char *name, const char *members) {
    struct place place = {json_get(ask->json, in.at, text_of(name)), path_of(ask, in, name)};
    if (place.at == JSON_NONE || json_kind(ask->json, place.at) != JSON_KIND_OBJECT) {
        ask_complain(ask, "%s must be an object with %s", place.path, members);
        place.at = JSON_NONE;
    }
    refuse_others(ask, place, members);
    return place;
}

/* The number, or NaN with a complaint that says what it must be. */
static double checked(struct ask *ask, struct place in, const char *name, double low, double high, bool open,
                      const char *rule) {
    double value = NAN;
    const bool is_number = json_number(ask->json, json_get(ask->json, in.at, text_of(name)), &value);
    if (is_number && (open ? value > low && value < high : value >= low && value <= high)) return value;
    ask_complain(ask, "%s must be %s", path_of(ask, in, name), rule);
    return NAN;
}

double ask_number(struct ask *ask, struct place in, const char *name) {
    return checked(ask, in, name, -INFINITY, INFINITY, true, "a number");
}

double ask_positive(struct ask *ask, struct place in, const char *name) {
    return checked(ask, in, name, 0, INFINITY, true, "a number above 0");
}

double ask_not_negative(struct ask *ask, struct place in, const char *name) {
    return checked(ask, in, name, 0, INFINITY, false, "a number of at least 0");
}

double ask_not_zero(struct ask *ask, struct place in, const char *name) {
    const double value = ask_number(ask, in, name);
    if (value == 0) ask_complain(ask, "%s must be a number other than 0", path_of(ask, in, name));
    return value;
}

double ask_probability(struct ask *ask, struct place in, const char *name) {
    return checked(ask, in, name, 0, 1, true, "a number between 0 and 1, both excluded");
}

double ask_probability_or(struct ask *ask, struct place in, const char *name, double absent) {
    return ask_has(ask, in, name) ? ask_probability(ask, in, name) : absent;
}

double ask_alpha(struct ask *ask) {
    return ask_probability_or(ask, ask_request(ask), "alpha", 0.05);
}

double ask_count(struct ask *ask, struct place in, const char *name, double least) {
    const char *rule = arena_printf(ask->arena, "a whole number of at least %g, at most 2^53", least).at;
    const double value = checked(ask, in, name, least, 0x1p53, false, rule);
    if (value != floor(value)) ask_complain(ask, "%s must be %s", path_of(ask, in, name), rule);
    return value;
}

int ask_word(struct ask *ask, struct place in, const char *name, const char *words, int absent) {
    const json_at at = json_get(ask->json, in.at, text_of(name));
    if (at == JSON_NONE && absent >= 0) return absent;
    const struct text given =
        json_kind(ask->json, at) == JSON_KIND_STRING ? json_unescaped(ask->json, at, ask->arena) : TEXT_NONE;
    struct text left = text_of(words), head;
    for (int i = 0; left.n; i++) {
        text_cut(left, '|', &head, &left);
        if (text_eq(head, given)) return i;
    }
    ask_complain(ask, "%s must be one of %s", path_of(ask, in, name), words);
    return 0;
}

struct list ask_numbers(struct ask *ask, json_at array, const char *label) {
    struct list list = {NULL, 0};
    if (array == JSON_NONE || json_kind(ask->json, array) != JSON_KIND_ARRAY) {
        ask_complain(ask, "%s must be an array of numbers", label);
        return list;
    }
    const size_t n = ask->json->tokens[array].size;
    double *values = arena_array(ask->arena, double, n + 1);
    for (json_at c = json_first(ask->json, array); c != JSON_NONE; c = json_after(ask->json, array, c)) {
        if (!json_number(ask->json, c, &values[list.n++]))
            ask_complain(ask, "%s[%zu] must be a number", label, list.n - 1);
    }
    list.at = values;
    return list;
}

struct list ask_list(struct ask *ask, struct place in, const char *name, size_t least, size_t most) {
    const char *label = path_of(ask, in, name);
    const struct list list = ask_numbers(ask, json_get(ask->json, in.at, text_of(name)), label);
    if (list.n < least || list.n > most) ask_complain(ask, "%s must have %zu to %zu numbers", label, least, most);
    return list;
}

struct sample ask_sample(struct ask *ask, const char *name) {
    const struct place p = ask_object(ask, ask_request(ask), name, "n mean variance");
    return (struct sample){ask_count(ask, p, "n", 2), ask_number(ask, p, "mean"), ask_not_negative(ask, p, "variance")};
}

struct binomial ask_binomial(struct ask *ask, const char *name, double least) {
    const struct place p = ask_object(ask, ask_request(ask), name, "n successes");
    const struct binomial b = {ask_count(ask, p, "n", least), ask_count(ask, p, "successes", 0)};
    if (b.successes > b.n) ask_complain(ask, "%s.successes must be at most %s.n", name, name);
    return b;
}

void ask_put_figures(struct ask *ask, const struct ask_figure *figures, size_t n) {
    json_open_object(ask->out);
    for (size_t i = 0; i < n; i++) {
        json_key(ask->out, text_of(figures[i].name));
        json_double(ask->out, figures[i].value);
    }
    json_close_object(ask->out);
}

void ask_put_interval(struct ask *ask, const char *name, struct interval interval) {
    ask_put_list(ask, name, (const double[]){interval.low, interval.high}, 2);
}

void ask_put_list(struct ask *ask, const char *name, const double *values, size_t n) {
    json_key(ask->out, text_of(name));
    json_open_array(ask->out);
    for (size_t i = 0; i < n; i++) json_double(ask->out, values[i]);
    json_close_array(ask->out);
}

static const struct ask_test *const tables[] = {calculator_comparisons, calculator_designs};

static const struct ask_test *find_test(struct text name) {
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        for (const struct ask_test *t = tables[k]; t->name; t++)
            if (text_is(name, t->name)) return t;
    return NULL;
}

static void complain_of_test(struct ask *ask) {
    struct buffer names = {0};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        for (const struct ask_test *t = tables[k]; t->name; t++) buffer_printf(&names, names.n ? " %s" : "%s", t->name);
    ask_complain(ask, "test must be one of %.*s", (int)names.n, names.at);
    buffer_free(&names);
}

static void write_error(struct json_writer *out, const char *sentence) {
    json_open_object(out);
    json_put_text(out, "error", text_of(sentence));
    json_close_object(out);
}

static bool answer_one(const struct json *json, json_at request, struct arena *arena, struct json_writer *out) {
    struct ask ask = {.json = json, .request = request, .arena = arena, .out = out};
    if (json_kind(json, request) != JSON_KIND_OBJECT) {
        ask_complain(&ask, "a request is an object with a member \"test\"");
    } else {
        const struct ask_test *test = find_test(json_unescaped(json, json_get(json, request, TEXT("test")), arena));
        if (!test) {
            complain_of_test(&ask);
        } else {
            refuse_others(&ask, ask_request(&ask), arena_printf(arena, "test %s", test->members).at);
            test->answer(&ask);
        }
    }
    if (ask_failed(&ask)) write_error(out, ask.complaint);
    return !ask_failed(&ask);
}

static bool answer_all(const struct json *json, struct arena *arena, struct json_writer *out) {
    if (json_kind(json, 0) != JSON_KIND_ARRAY) return answer_one(json, 0, arena, out);
    if (json->tokens[0].size > REQUESTS_MAX) {
        write_error(out, "an array has at most 10000 requests");
        return false;
    }
    json_open_array(out);
    for (json_at c = json_first(json, 0); c != JSON_NONE; c = json_after(json, 0, c)) answer_one(json, c, arena, out);
    json_close_array(out);
    return true;
}

bool calculator_answer(struct text request, struct buffer *out) {
    struct arena arena;
    struct json json;
    struct error error = {0};
    struct json_writer writer;
    arena_init(&arena, 64 * 1024);
    json_writer_init(&writer, out);
    bool fine = json_scan(&json, request, &arena, &error) == 0;
    if (fine)
        fine = answer_all(&json, &arena, &writer);
    else
        write_error(&writer, error.detail);
    arena_free(&arena);
    return fine;
}
