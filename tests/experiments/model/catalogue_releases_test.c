#include "experiments/model/catalogue.h"

#include "tests/core/store/main.h"
#include "tests/experiments/quoted.h"

enum { DAY = 24 * 3600 * 1000 };
static const int64_t now = 20000LL * DAY; /* 2024-10-04 */

static struct catalogue *catalogue;
static char said[512];

static void begin(void) {
    main_make();
    cr_assert_eq(catalogue_open(&catalogue, sql, &error), 0, "%s", error.detail);
}
static void end(void) {
    catalogue_close(catalogue);
    main_remove();
}
TestSuite(catalogue_releases, .init = begin, .fini = end);

static void note(void *user, struct text plugin, struct text sentence) {
    snprintf(said, sizeof said, "%.*s", TEXT_ARGS(sentence));
}

static int contribute(void *user, struct sql *database, struct error *why) {
    struct change change = {.actor = TEXT("parleyd"), .now = *(const int64_t *)user};
    return catalogue_contribute(catalogue, &change, note, NULL, why);
}

static int put(void *user, struct sql *database, struct error *why) {
    const char *const *what = user;
    struct change change = {DEFINITION_HOLDOUT, text_of(what[0]), DOCUMENT_ANY, TEXT("ann"), now};
    json_t *body = quoted_json(what[1]);
    bool created;
    int rc = catalogue_put(catalogue, &change, body, &created, why);
    json_decref(body);
    return rc;
}

static void do_in_transaction(int (*work)(void *, struct sql *, struct error *), void *user) {
    struct snapshot *changed = NULL;
    error_clear(&error);
    cr_assert_eq(catalogue_transaction(catalogue, work, user, &changed, &error), 0, "%s", error.detail);
    snapshot_release(changed);
}

static void holdout(const char *key, const char *body) {
    do_in_transaction(put, (const char *[]){key, body});
}

/* The plugin's one release brings the metric `votes` of this event. */
static void brings(const char *event, int64_t when) {
    struct releases *releases = releases_new();
    json_t *metrics = json_pack("[{s:s,s:s,s:s}]", "key", "votes", "kind", "count", "event", event);
    releases_add(releases, &(struct release_offer){TEXT("polls"), TEXT("1.0.0"), true, true, NULL, metrics});
    json_decref(metrics);
    catalogue_set_releases(catalogue, releases);
    said[0] = 0;
    do_in_transaction(contribute, &when);
}

static bool counts(const char *event) {
    struct snapshot *snapshot = catalogue_snapshot(catalogue);
    const struct metric *metric = snapshot_metric(snapshot, TEXT("votes"));
    bool so = metric && text_is(metric->source.event, event);
    snapshot_release(snapshot);
    return so;
}

Test(catalogue_releases, a_metric_of_a_plugin_changes_with_its_releases) {
    brings("Voted", now);
    cr_expect(counts("Voted"));
    brings("Vote Cast", now);
    cr_expect(counts("Vote Cast"));
    cr_expect_str_eq(said, "");
}

Test(catalogue_releases, a_metric_stays_as_it_is_while_a_holdout_is_measured_by_it) {
    brings("Voted", now);
    holdout("q4", "{'key':'q4','share':5,'start':'2024-01-01T00:00:00Z','end':'2024-12-31T00:00:00Z',"
                  "'metrics':{'primary':'votes'}}");
    brings("Vote Cast", now);
    cr_expect(counts("Voted"));
    cr_expect_str_eq(said, "metric 'votes' stays as it is until experiment 'holdout:q4', which it measures, ends");
}

Test(catalogue_releases, a_holdout_that_is_over_holds_no_metric_back) {
    brings("Voted", now);
    holdout("q4", "{'key':'q4','share':5,'start':'2024-01-01T00:00:00Z','end':'2024-12-31T00:00:00Z',"
                  "'metrics':{'primary':'votes'}}");
    brings("Vote Cast", now + 365LL * DAY);
    cr_expect(counts("Vote Cast"));
    cr_expect_str_eq(said, "");
}
