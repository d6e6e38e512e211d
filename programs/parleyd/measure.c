/* Opening the measures, and what the loop remembers of units: which variant each of them met. */
#include <stdio.h>

#include "programs/parleyd/parleyd.h"

struct recalling {
    struct measure_memory memory;
    struct app *app;
    bool done;
};

static void recalled(struct mail *mail) {
    ((struct recalling *)mail)->done = true;
}

/* Keys that were joined are one unit: each is remembered by the text that it is bucketed by, the first exposure first. */
static void remember(struct app *app, const struct measure_memory *memory) {
    for (uint32_t i = 0; i < memory->n; i++) {
        struct remembered *remembered = remembered_make(&app->remembered, memory->experiments[i].salt);
        for (size_t k = 0; k < memory->experiments[i].n; k++)
            remembered_put(remembered, &memory->experiments[i].units[k]);
    }
}

int parleyd_measure(struct app *app, const struct config *config, struct error *error) {
    char folder[4096], journal[4096];
    snprintf(folder, sizeof folder, "%s/measure", config_text(config, "data"));
    snprintf(journal, sizeof journal, "%s/journal", config_text(config, "data"));
    struct measure_options options = {
        .folder = folder,
        .journal_folder = journal,
        .journal = app->journal,
        .checkpoint_ms = config_duration(config, "measure.checkpoint"),
        .clock = app->clock,
        .log = app->log,
        .telemetry = app->telemetry,
    };
    int rc = measure_open(&app->measure, &options, app->snapshot, error);
    if (rc < 0) return rc;
    struct recalling recalling = {.app = app};
    recalling.memory.job.mail.receive = recalled;
    recalling.memory.job.reply_to = &app->mailbox;
    measure_recall(app->measure, &recalling.memory);
    while (!recalling.done) uv_run(app->loop, UV_RUN_ONCE);
    remember(app, &recalling.memory);
    arena_free(&recalling.memory.arena);
    return 0;
}
