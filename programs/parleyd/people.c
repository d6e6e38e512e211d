/* Opening what is known of customers: timelines, who was erased, what was muted, how often somebody may be pushed to. */
#include <stdio.h>

#include "api/erasure.h"
#include "programs/parleyd/parleyd.h"

int parleyd_people_load(struct app *app, struct sql *sql, struct error *error) {
    int rc = identity_map_load(&app->joined, sql, error);
    if (rc == 0) rc = suppression_load(&app->suppression, sql, error);
    return rc == 0 ? muted_load(&app->muted, sql, error) : rc;
}

static void make_counters(struct app *app) {
    static const char *const labels[] = {
#define X(name, word) "answer=\"" word "\"",
        CONTACT_ANSWERS(X)
#undef X
    };
    for (int i = 0; i < CONTACT_ANSWERS_N; i++)
        app->contacts[i] = telemetry_counter(app->telemetry, "parley_people_contacts_total",
                                             "Questions whether something may be pushed to a customer", labels[i]);
}

int parleyd_people(struct app *app, const struct config *config, struct error *error) {
    char journal[4096];
    snprintf(journal, sizeof journal, "%s/journal", config_text(config, "data"));
    make_counters(app);
    app->contact_caps =
        (struct contact_caps){config_int(config, "people.cap.day"), config_int(config, "people.cap.week")};
    struct people_options options = {.journal_folder = journal,
                                     .journal = app->journal,
                                     .db = app->db,
                                     .log = app->log,
                                     .telemetry = app->telemetry};
    int rc = people_open(&app->people, &options, error);
    if (rc == 0) app->erasures = erasures_open(app);
    return rc;
}

void parleyd_people_close(struct app *app) {
    erasures_stop(app->erasures);
    people_close(app->people);
}

void parleyd_people_free(struct app *app) {
    identity_map_free(app->joined);
    suppression_free(&app->suppression);
    muted_free(&app->muted);
}
