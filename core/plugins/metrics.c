#include "core/plugins/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

static bool known(struct metrics_seen *seen, const char *name) {
    for (size_t i = 0; i < seen->n; i++)
        if (strcmp(seen->names[i], name) == 0) return true;
    if (seen->n == sizeof seen->names / sizeof *seen->names) return false;
    seen->names[seen->n++] = memory_copy(name);
    return true;
}

static bool add_distribution(struct telemetry *telemetry, const char *name, const char *labels, const json_t *said) {
    int64_t counts[DISTRIBUTION_BUCKETS + 1];
    const json_t *buckets = json_object_get(said, "buckets");
    double sum = json_number_value(json_object_get(said, "sum"));
    if (json_array_size(buckets) != DISTRIBUTION_BUCKETS + 1 || !isfinite(sum)) return false;
    for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++) {
        counts[b] = json_integer_value(json_array_get(buckets, (size_t)b));
        if (counts[b] < 0 || counts[b] > INT32_MAX) return false;
    }
    distribution_add(telemetry_distribution(telemetry, name, "A plugin's own measure", labels), counts, sum);
    return true;
}

static bool add_one(struct metrics_seen *seen, struct telemetry *telemetry, const char *plugin, const json_t *said) {
    char full[120], labels[120];
    const char *name = json_string_value(json_object_get(said, "name"));
    const json_t *counted = json_object_get(said, "count");
    if (!name || !metric_name_valid(text_of(name))) return false;
    snprintf(full, sizeof full, "parley_plugin_own_%s%s", name, counted ? "_total" : "");
    snprintf(labels, sizeof labels, "plugin=\"%s\"", plugin);
    if (!known(seen, full)) return false;
    if (!counted) return add_distribution(telemetry, full, labels, said);
    json_int_t n = json_integer_value(counted);
    if (n < 0) return false;
    count(telemetry_counter(telemetry, full, "A plugin's own counter", labels), n);
    return true;
}

bool metrics_add(struct metrics_seen *seen, struct telemetry *telemetry, const char *plugin, struct text json) {
    json_t *said = json_loadb(json.at ? json.at : "", json.n, 0, NULL);
    bool fits = json_is_array(said);
    for (size_t i = 0; i < json_array_size(said); i++)
        fits = add_one(seen, telemetry, plugin, json_array_get(said, i)) && fits;
    json_decref(said);
    return fits;
}

void metrics_free(struct metrics_seen *seen) {
    for (size_t i = 0; i < seen->n; i++) free(seen->names[i]);
}
