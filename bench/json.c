/* The scanner of hot bodies against jansson, on the two sizes of event that trackers send. Each is parsed with the same
 * demands (UTF-8, duplicate keys refused) and the tree or tape is thrown away. The best of several rounds counts:
 * what disturbs a round only ever makes it slower. */
#include <jansson.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/json.h"

static const char small[] = "{\"type\":\"track\",\"userId\":\"customer-48213\",\"event\":\"Order Completed\","
                            "\"messageId\":\"msg-2026-0001-48213\",\"properties\":{\"revenue\":19.99}}";

static const char large[] =
    "{\"type\":\"track\",\"userId\":\"customer-48213\",\"anonymousId\":\"f47ac10b-58cc-4372-a567-0e02b2c3d479\","
    "\"messageId\":\"ajs-next-1733040000000-48213\",\"event\":\"Order Completed\","
    "\"timestamp\":\"2026-12-01T08:00:00.000Z\",\"properties\":{\"order_id\":\"50314b8e9bcf\",\"total\":39.98,"
    "\"revenue\":33.6,\"currency\":\"EUR\",\"products\":["
    "{\"product_id\":\"85123A\",\"name\":\"White hanging heart T-light holder\",\"price\":2.55,\"quantity\":6},"
    "{\"product_id\":\"71053\",\"name\":\"Wei\u00DFe Laterne aus Metall\",\"price\":3.39,\"quantity\":6}]},"
    "\"context\":{\"campaign\":{\"name\":\"advent calendar\",\"source\":\"newsletter\"},"
    "\"page\":{\"path\":\"/checkout/done\",\"title\":\"Thank you\"},\"locale\":\"de-DE\"}}";

enum { ROUNDS = 7 };

static uint64_t scan_round(struct text text, int times) {
    struct arena arena;
    arena_init(&arena, 64 << 10);
    uint64_t start = clock_ticks();
    for (int i = 0; i < times; i++) {
        struct json json;
        if (json_scan(&json, text, &arena, NULL) != 0) return 0;
        arena_reset(&arena);
    }
    uint64_t took = clock_ticks() - start;
    arena_free(&arena);
    return took;
}

static uint64_t jansson_round(struct text text, int times) {
    uint64_t start = clock_ticks();
    for (int i = 0; i < times; i++) {
        json_t *tree = json_loadb(text.at, text.n, JSON_REJECT_DUPLICATES, NULL);
        if (!tree) return 0;
        json_decref(tree);
    }
    return clock_ticks() - start;
}

/* Nanoseconds for one text; the peers take turns, so that both see the same machine. */
static int compare(struct text text, double *scanner, double *jansson) {
    enum { SCANS = 40000, LOADS = 4000 };
    *scanner = *jansson = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t scan = scan_round(text, SCANS), load = jansson_round(text, LOADS);
        if (!scan || !load) return -1;
        if ((double)scan / SCANS < *scanner) *scanner = (double)scan / SCANS;
        if ((double)load / LOADS < *jansson) *jansson = (double)load / LOADS;
    }
    return 0;
}

int main(void) {
    const struct text texts[] = {text_of(small), text_of(large)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double scanner, jansson;
        if (compare(texts[i], &scanner, &jansson) != 0) {
            fprintf(stderr, "bench-json: the %zu-byte event was refused\n", texts[i].n);
            return 1;
        }
        printf("json scanner, %zu-byte event: %.1f x jansson (%.2f us)\n", texts[i].n, jansson / scanner,
               scanner / 1000);
    }
    return 0;
}
