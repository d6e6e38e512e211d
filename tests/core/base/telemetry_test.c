#include "core/base/telemetry.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct telemetry *telemetry;
static char *page;

static void set_up(void) {
    telemetry = telemetry_new();
}
static void tear_down(void) {
    telemetry_free(telemetry);
    free(page);
}
TestSuite(telemetry, .init = set_up, .fini = tear_down);

static void write_page(void) {
    struct buffer out = {0};
    free(page);
    telemetry_write(telemetry, &out);
    page = buffer_take(&out, NULL);
}

/* The value of a series, named as on the page; fails where it is not there. */
static double series(const char *name) {
    char *at = page, *found;
    while ((found = strstr(at, name)) && ((found != page && found[-1] != '\n') || found[strlen(name)] != ' '))
        at = found + 1;
    cr_assert(found, "%s is not in\n%s", name, page);
    return strtod(found + strlen(name), NULL);
}

Test(telemetry, counts) {
    struct counter *requests = telemetry_counter(telemetry, "parley_requests_total", "Requests", "code=\"200\"");
    struct counter *depth = telemetry_gauge(telemetry, "parley_queue", "Waiting", "");
    count(requests, 2);
    count(requests, 3);
    gauge_set(depth, 9);
    gauge_set(depth, 4);
    write_page();
    cr_expect_eq(series("parley_requests_total{code=\"200\"}"), 5);
    cr_expect_eq(series("parley_queue"), 4);
}

Test(telemetry, gives_the_same_instrument_for_the_same_name_and_labels) {
    struct counter *a = telemetry_counter(telemetry, "parley_a_total", "A", "x=\"1\"");
    cr_expect_eq(telemetry_counter(telemetry, "parley_a_total", "A", "x=\"1\""), a);
    cr_expect_neq(telemetry_counter(telemetry, "parley_a_total", "A", "x=\"2\""), a);
}

Test(telemetry, keeps_series_of_one_name_together_under_one_heading) {
    telemetry_counter(telemetry, "parley_b_total", "B", "x=\"1\"");
    telemetry_counter(telemetry, "parley_a_total", "A", "");
    telemetry_counter(telemetry, "parley_b_total", "B", "x=\"0\"");
    write_page();
    cr_expect_str_eq(page, "# HELP parley_a_total A\n# TYPE parley_a_total counter\nparley_a_total 0\n"
                           "# HELP parley_b_total B\n# TYPE parley_b_total counter\n"
                           "parley_b_total{x=\"0\"} 0\nparley_b_total{x=\"1\"} 0\n");
}

Test(telemetry, puts_latencies_into_cumulative_buckets) {
    struct histogram *h = telemetry_histogram(telemetry, "parley_wait_seconds", "Waiting", "lane=\"store\"");
    histogram_observe(h, 0);
    histogram_observe(h, 16384);
    histogram_observe(h, 16385);
    histogram_observe(h, 1000000000);
    histogram_observe(h, 3600u * 1000000000ull);
    write_page();
    cr_expect_eq(series("parley_wait_seconds_bucket{lane=\"store\",le=\"1.6384e-05\"}"), 2);
    cr_expect_eq(series("parley_wait_seconds_bucket{lane=\"store\",le=\"3.2768e-05\"}"), 3);
    cr_expect_eq(series("parley_wait_seconds_bucket{lane=\"store\",le=\"8.58993459\"}"), 4);
    cr_expect_eq(series("parley_wait_seconds_bucket{lane=\"store\",le=\"+Inf\"}"), 5);
    cr_expect_eq(series("parley_wait_seconds_count{lane=\"store\"}"), 5);
    cr_expect_float_eq(series("parley_wait_seconds_sum{lane=\"store\"}"), 3601.00003, 1e-4);
}

/* Every line is a comment of HELP or TYPE, or `name{labels} number` (Prometheus text format 0.0.4). */
Test(telemetry, writes_lines_that_prometheus_can_parse) {
    telemetry_counter(telemetry, "parley_a_total", "A", "");
    telemetry_gauge(telemetry, "parley_g", "G", "plugin=\"polls\",release=\"1.2.0\"");
    telemetry_histogram(telemetry, "parley_h_seconds", "H", "");
    write_page();
    int series_seen = 0;
    for (char *line = strtok(page, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64], kind[16];
        if (*line == '#') {
            cr_expect(sscanf(line, "# HELP %63s", name) == 1 || sscanf(line, "# TYPE %63s %15s", name, kind) == 2, "%s",
                      line);
            continue;
        }
        size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
        char *value = line + n, *end;
        if (*value == '{') value = strchr(value, '}') ? strchr(value, '}') + 1 : value;
        cr_expect(n > 0 && *value == ' ', "%s", line);
        strtod(value + 1, &end);
        cr_expect(end > value + 1 && *end == 0, "%s", line);
        cr_expect(!strstr(line, "{}") && !strstr(line, ",}") && !strstr(line, "{,"), "%s", line);
        series_seen++;
    }
    cr_expect_eq(series_seen, 1 + 1 + HISTOGRAM_BUCKETS + 1 + 2);
}

static void *count_to_ten_thousand(void *arg) {
    struct counter *counter = telemetry_counter(telemetry, "parley_shared_total", "Shared", "");
    struct histogram *histogram = telemetry_histogram(telemetry, "parley_shared_seconds", "Shared", "");
    for (int i = 0; i < 10000; i++) {
        count(counter, 1);
        histogram_observe(histogram, 1);
    }
    return NULL;
}

Test(telemetry, loses_nothing_among_threads) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, count_to_ten_thousand, NULL);
    for (int i = 0; i < 20; i++) write_page();
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    write_page();
    cr_expect_eq(series("parley_shared_total"), 40000);
    cr_expect_eq(series("parley_shared_seconds_count"), 40000);
}

Test(telemetry, what_is_counted_apart_is_written_as_one_sum) {
    struct telemetry *apart[2] = {telemetry_apart(telemetry), telemetry_apart(telemetry)};
    struct counter *whole = telemetry_counter(telemetry, "parley_parts_total", "Parts", "of=\"a\"");
    count(whole, 1);
    for (int i = 0; i < 2; i++) {
        struct counter *a = telemetry_counter(apart[i], "parley_parts_total", "Parts", "of=\"a\"");
        cr_expect_neq(a, whole);
        cr_expect_eq(whole, telemetry_counter(telemetry, "parley_parts_total", "Parts", "of=\"a\""));
        count(a, 10);
        count(telemetry_counter(apart[i], "parley_parts_total", "Parts", "of=\"b\""), 100);
        histogram_observe(telemetry_histogram(apart[i], "parley_parts_seconds", "Parts", ""), 1);
    }
    write_page();
    cr_expect_eq(series("parley_parts_total{of=\"a\"}"), 21);
    cr_expect_eq(series("parley_parts_total{of=\"b\"}"), 200);
    cr_expect_eq(series("parley_parts_seconds_count"), 2);
    for (int i = 0; i < 2; i++) telemetry_free(apart[i]);
}
