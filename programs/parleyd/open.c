/* Opening what parleyd keeps: secret, main database, definitions, tokens, identities, journal, measures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/product_feed.h"
#include "api/public/hooks.h"
#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/webhooks/webhooks.h"
#include "experiments/insight/insight.h"
#include "experiments/model/catalogue.h"
#include "programs/parleyd/parleyd.h"

int parleyd_secret(const char *folder, char out[static 65], struct error *error) {
    char path[4096], fresh[32];
    snprintf(path, sizeof path, "%s/secret", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        secret_bytes(fresh, sizeof fresh);
        for (size_t i = 0; i < sizeof fresh; i++) snprintf(out + 2 * i, 3, "%02x", (unsigned char)fresh[i]);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool written = fd >= 0 && write(fd, out, 64) == 64 && fsync(fd) == 0;
        if (fd >= 0) close(fd);
        return written ? 0 : error_set(error, ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    bool read_whole = fd >= 0 && read(fd, out, 64) == 64;
    if (fd >= 0) close(fd);
    out[64] = 0;
    return read_whole ? 0 : error_set(error, ERR_IO, "cannot read 64 digits from %s: %s", path, strerror(errno));
}

/* ---- what the store lane reads ---- */

struct opening {
    struct lane_job job;
    struct app *app;
    struct error error;
    bool done;
};

#define DEMO_TOKEN "demo-shop"

/* The public key that the demo shop's pages carry: made once. */
static int demo_key(struct app *app, struct sql *sql, struct arena *arena, struct error *error) {
    struct token_page page;
    struct text before = TEXT("");
    do {
        int rc = tokens_list(sql, arena, before, 1000, &page, error);
        if (rc < 0) return rc;
        for (size_t i = 0; i < page.n; i++)
            if (text_is(page.items[i].name, DEMO_TOKEN) && page.items[i].public.n && !page.items[i].revoked) {
                app->demo_key = text_of(memory_copy(page.items[i].public.at));
                return 0;
            }
        if (page.n) before = page.items[page.n - 1].id;
    } while (page.more);
    char secret[TOKEN_ROOM];
    struct token token = {.name = TEXT(DEMO_TOKEN), .role = ROLE_BROWSER};
    int rc = sql_begin(sql, error);
    if (rc < 0) return rc;
    rc = tokens_create(sql, arena, &token, TEXT("parleyd"), clock_now(app->clock), secret, error);
    rc = sql_end(sql, rc, error);
    if (rc == 0) app->demo_key = text_of(memory_copy(secret));
    return rc;
}

static void open_on_lane(struct lane_job *job, void *owner) {
    struct opening *opening = (struct opening *)job;
    struct app *app = opening->app;
    struct error *error = &opening->error;
    struct arena arena;
    arena_init(&arena, 16 * 1024);
    int rc = catalogue_open(&app->catalogue, owner, error);
    if (rc == 0) rc = parleyd_defaults(app, error);
    if (rc == 0) parleyd_make_up(app);
    if (rc == 0) rc = demo_key(app, owner, &arena, error);
    if (rc == 0) rc = token_table_load(&app->tokens, owner, app->admin_token, error);
    if (rc == 0) rc = parleyd_people_load(app, owner, error);
    if (rc == 0) rc = looks_load(app->looks, owner, error);
    if (rc == 0) rc = usage_load(app->usage, owner, error);
    if (rc == 0) app->snapshot = catalogue_snapshot(app->catalogue);
    if (rc < 0 && !error->code) error_set(error, rc, "the main database could not be read");
    arena_free(&arena);
}

static void opened(struct mail *mail) {
    ((struct opening *)mail)->done = true;
}

static int open_definitions(struct app *app, struct error *error) {
    struct opening opening = {.app = app};
    opening.job = (struct lane_job){.mail.receive = opened, .work = open_on_lane, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &opening.job);
    while (!opening.done) uv_run(app->loop, UV_RUN_ONCE);
    if (opening.error.code) *error = opening.error;
    return opening.error.code;
}

/* ---- the journal and what is derived from it ---- */

static int open_journal(struct app *app, const struct config *config, const char *folder, struct error *error) {
    char path[4096];
    snprintf(path, sizeof path, "%s/journal", folder);
    struct journal_options options = {
        .folder = path,
        .file_bytes = config_size(config, "journal.file-size"),
        .queue_bytes = (size_t)config_size(config, "journal.queue"),
        .recognise_ms = config_duration(config, "journal.recognise"),
        .recognise_n = (uint64_t)config_int(config, "journal.recognise-most"),
        .clock = app->clock,
        .log = app->log,
        .telemetry = app->telemetry,
    };
    return journal_open(&app->journal, &options, error);
}

static int open_insight(struct app *app, const char *folder, struct error *error) {
    char path[4096], journal[4096];
    struct journal_stats stats;
    snprintf(path, sizeof path, "%s/insight.db", folder);
    snprintf(journal, sizeof journal, "%s/journal", folder);
    journal_stats(app->journal, &stats);
    struct insight_options options = {.path = path,
                                      .journal_folder = journal,
                                      .journal_last = stats.last,
                                      .clock = app->clock,
                                      .log = app->log,
                                      .telemetry = app->telemetry};
    return insight_open(&app->insight, &options, error);
}

static void open_webhooks(struct app *app, const struct config *config, const char *folder) {
    char journal[4096];
    snprintf(journal, sizeof journal, "%s/journal", folder);
    struct webhooks_options options = {.loop = app->loop,
                                       .mailbox = &app->mailbox,
                                       .db = app->db,
                                       .journal_folder = journal,
                                       .clock = app->clock,
                                       .log = app->log,
                                       .telemetry = app->telemetry,
                                       .allow_private = config_bool(config, "webhooks.private"),
                                       .retry_ms = config_duration(config, "webhooks.retry"),
                                       .attempts = config_int(config, "webhooks.attempts")};
    app->webhooks = webhooks_open(&options);
}

int parleyd_open(struct app *app, const struct config *config, struct error *error) {
    const char *folder = config_text(config, "data");
    app->admin_token = text_of(config_text(config, "admin-token"));
    app->identity.shop_jwt = text_of(config_text(config, "shop.jwt-secret"));
    app->identity.secure_cookies = text_starts(text_of(config_text(config, "public-url")), TEXT("https://"));
    app->looks = looks_new();
    app->usage = usage_new();
    app->hooks = hooks_new((int)config_int(config, "hooks.rate"));
    int rc = crawlers_open(&app->crawlers, config_text(config, "bots.file"), error);
    if (rc == 0) rc = main_db_open(&app->db, folder, error);
    if (rc == 0) app->product_feed = product_feed_open(app);
    if (rc == 0) rc = parleyd_secret(folder, app->identity.server, error);
    if (rc == 0) suppression_init(&app->suppression, text_of(app->identity.server));
    if (rc == 0) rc = open_definitions(app, error);
    if (rc == 0) rc = open_journal(app, config, folder, error);
    if (rc == 0) app->exposures = journal_ring_open(app->journal, (size_t)config_size(config, "exposures.ring"));
    if (rc == 0) rc = parleyd_people(app, config, error);
    if (rc == 0) rc = parleyd_measure(app, config, error);
    if (rc == 0) rc = open_insight(app, folder, error);
    if (rc == 0) open_webhooks(app, config, folder);
    return rc;
}

static void close_on_lane(struct lane_job *job, void *owner) {
    struct opening *closing = (struct opening *)job;
    catalogue_close(closing->app->catalogue);
}

void parleyd_close(struct app *app) {
    webhooks_close(app->webhooks);
    journal_close(app->journal); /* first: what waits is committed and handed to the measures */
    measure_close(app->measure);
    parleyd_people_close(app);
    insight_close(app->insight);
    if (app->catalogue) {
        struct opening closing = {.app = app};
        closing.job = (struct lane_job){.mail.receive = opened, .work = close_on_lane, .reply_to = &app->mailbox};
        lane_do(main_db_lane(app->db), &closing.job);
        while (!closing.done) uv_run(app->loop, UV_RUN_ONCE);
    }
    product_feed_close(app->product_feed);
    main_db_close(app->db);
    snapshot_release(app->snapshot);
    remembered_all_free(&app->remembered);
    parleyd_people_free(app);
    token_table_free(app->tokens);
    looks_free(app->looks);
    usage_free(app->usage);
    hooks_free(app->hooks);
    crawlers_close(&app->crawlers);
    free((void *)(uintptr_t)app->demo_key.at);
}
