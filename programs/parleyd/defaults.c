/* What a fresh data folder has to judge trials by before anybody wrote a metric: whether customers come back, and buy again. They are
 * definitions like any other: to be changed, and to be deleted. */
#include <jansson.h>

#include "programs/parleyd/parleyd.h"

static const char *const metrics[] = {
    "{\"key\":\"return-day-1\",\"name\":\"Came back on the day after\",\"kind\":\"retention\",\"event\":\"*\","
    "\"from\":\"P1D\",\"to\":\"P2D\"}",
    "{\"key\":\"return-day-7\",\"name\":\"Came back on the 7th day\",\"kind\":\"retention\",\"event\":\"*\","
    "\"from\":\"P7D\",\"to\":\"P8D\"}",
    "{\"key\":\"return-day-28\",\"name\":\"Came back on the 28th day\",\"kind\":\"retention\",\"event\":\"*\","
    "\"from\":\"P28D\",\"to\":\"P29D\"}",
    "{\"key\":\"repeat-purchase\",\"name\":\"Bought again\",\"kind\":\"conversion\",\"event\":\"Order Completed\","
    "\"atLeast\":2}",
};

static int put_all(void *user, struct sql *sql, struct error *error) {
    const struct app *app = user;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < sizeof metrics / sizeof *metrics; i++) {
        json_t *body = json_loads(metrics[i], 0, NULL);
        struct change change = {.kind = DEFINITION_METRIC,
                                .key = text_of(json_string_value(json_object_get(body, "key"))),
                                .if_match = DOCUMENT_ANY,
                                .actor = TEXT("parleyd"),
                                .now = clock_now(app->clock)};
        bool created;
        rc = catalogue_put(app->catalogue, &change, body, &created, error);
        json_decref(body);
    }
    return rc;
}

int parleyd_defaults(struct app *app, struct error *error) {
    struct snapshot *changed = NULL;
    if (catalogue_revision(app->catalogue) > 0) return 0;
    int rc = catalogue_transaction(app->catalogue, put_all, app, &changed, error);
    snapshot_release(changed);
    return rc < 0 ? rc : 0;
}
