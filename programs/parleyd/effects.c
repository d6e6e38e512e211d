/* What plugins cause beside their answers: their events go into the journal like anybody's, under an id that makes a
 * repeat count once; customers whom they want erased are erased as by DELETE /v1/me; what they notify of goes to who listens, and is
 * kept nowhere. A plugin that says something of a customer who was erased has heard of her anew, by a webhook say, and has to forget
 * her again. The plugin's worker is told when all this is durable. */
#include <stdlib.h>

#include "api/erasure.h"
#include "api/push.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "programs/parleyd/parleyd.h"

/* One effect on its way to the disk. */
struct kept {
    struct journal_batch batch;
    struct journal_record record;
    struct app *app;
    struct text plugin;
    uint64_t ticket;
    uv_timer_t retry;                 /* a journal that is full or cannot write is asked again ... */
    void (*again)(struct kept *kept); /* ... by this step */
    bool told;                        /* that it waits */
    bool erases;                      /* its customer; nothing is written */
    bool forgetting;                  /* by a plugin that was forgetting her */
    struct text actor;                /* in the audit log */
    struct arena arena;
};

enum { RETRY_MS = 1000 };

static void on_closed(uv_handle_t *handle) {
    struct kept *kept = handle->data;
    arena_free(&kept->arena);
    free(kept);
}

static void end(struct kept *kept) {
    uv_close((uv_handle_t *)&kept->retry, on_closed);
}

/* Once the workers are gone nothing is tried again: they send again what they were not told of. */
static void on_again(uv_timer_t *timer) {
    struct kept *kept = timer->data;
    if (kept->app->plugins)
        kept->again(kept);
    else
        end(kept);
}

static void again(struct kept *kept, void (*step)(struct kept *)) {
    kept->again = step;
    uv_timer_start(&kept->retry, on_again, RETRY_MS, 0);
}

/* ---- keeping ---- */

static void append(struct kept *kept);

static void on_durable(struct mail *mail) {
    struct kept *kept = (struct kept *)mail;
    if (kept->batch.code) {
        if (!kept->told)
            log_warn(kept->app->log, "a plugin's effect could not be kept yet",
                     LOG_S("reason", error_title(kept->batch.code)));
        kept->told = true;
        again(kept, append);
        return;
    }
    plugins_kept(kept->app->plugins, kept->ticket);
    end(kept);
}

static void append(struct kept *kept) {
    kept->batch = (struct journal_batch){
        .mail.receive = on_durable, .reply_to = &kept->app->mailbox, .records = &kept->record, .n = 1};
    if (journal_append(kept->app->journal, &kept->batch) != 0) again(kept, append);
}

/* ---- erasing ---- */

static void erase(struct kept *kept);

/* Begun is enough: what was begun is in parley.db, and goes on by itself. */
static void on_erased(void *user, const struct erasure *erasure, const struct error *error) {
    struct kept *kept = user;
    if (kept->app->draining) { /* the worker sends it again when it starts; she is suppressed by then */
        end(kept);
        return;
    }
    if (error && error->code) {
        log_warn(kept->app->log, "an erasure that a plugin asked for cannot begin yet", LOG_S("reason", error->detail));
        again(kept, erase);
        return;
    }
    plugins_kept(kept->app->plugins, kept->ticket);
    end(kept);
}

static void erase(struct kept *kept) {
    struct text *keys;
    size_t n;
    identity_map_keys(kept->app->joined, kept->record.unit, &kept->arena, &keys, &n);
    erasures_start(kept->app->erasures, keys, n, kept->actor, on_erased, kept);
}

/* ---- forgetting again ---- */

static void forget(struct kept *kept);

static void forget_later(struct kept *kept, const char *why) {
    log_warn(kept->app->log, "a plugin could not forget an erased customer yet", LOG_T("plugin", kept->plugin),
             LOG_S("reason", why));
    again(kept, forget);
}

static void on_forgotten(void *user, const struct plugin_answer *answer) {
    struct kept *kept = user;
    bool refused = answer->code || answer->reply.status >= 300;
    if (refused && !kept->app->draining) {
        forget_later(kept, answer->code ? error_title(answer->code) : "it answered with a failure");
        return;
    }
    if (!refused) plugins_kept(kept->app->plugins, kept->ticket);
    end(kept);
}

static void forget(struct kept *kept) {
    struct app *app = kept->app;
    int rc = ERR_UNAVAILABLE;
    if (app->plugins) rc = plugins_forget(app->plugins, kept->plugin, kept->record.unit, on_forgotten, kept);
    if (rc == 0) return;
    if (app->draining ||
        rc == ERR_NOT_FOUND) /* the worker sends it again when it starts; one without a plugin is none */
        end(kept);
    else
        forget_later(kept, error_title(rc));
}

/* ---- one effect ---- */

static uint8_t kind_of(struct text kind) {
    if (text_is(kind, "timeline")) return JOURNAL_ENTRY;
    return text_is(kind, "identify") ? JOURNAL_IDENTIFY : JOURNAL_TRACK;
}

enum effect_kind { EFFECT_UNKNOWN, EFFECT_KEPT, EFFECT_TOLD };

/* {"event":..., "properties":...} is what a Segment event has; an entry of the timeline is kept as it is. */
static enum effect_kind fill(struct kept *kept, const struct plugin_effect *effect) {
    struct arena *arena = &kept->arena;
    struct json json;
    struct text source = arena_text(arena, effect->json);
    if (json_scan(&json, source, arena, NULL) != 0) return EFFECT_UNKNOWN;
    struct text kind = json_unescaped(&json, json_get(&json, 0, TEXT("kind")), arena);
    int64_t at = clock_now(kept->app->clock);
    json_whole(&json, json_get(&json, 0, TEXT("at")), &at);
    bool known = json_kind(&json, json_get(&json, 0, TEXT("known"))) == JSON_KIND_TRUE;
    bool own = json_kind(&json, json_get(&json, 0, TEXT("own"))) == JSON_KIND_TRUE;
    kept->erases = text_is(kind, "erase");
    kept->forgetting = json_kind(&json, json_get(&json, 0, TEXT("forgetting"))) == JSON_KIND_TRUE;
    kept->actor = arena_printf(arena, "plugin %.*s", TEXT_ARGS(effect->plugin));
    kept->record = (struct journal_record){
        .received = clock_now(kept->app->clock),
        .at = at,
        .kind = kind_of(kind),
        .actor = own ? JOURNAL_CUSTOMER : JOURNAL_PLUGIN,
        .flags = known ? JOURNAL_KNOWN : 0,
        .name = json_unescaped(&json, json_get(&json, 0, TEXT("event")), arena),
        .unit = json_unescaped(&json, json_get(&json, 0, TEXT("customer")), arena),
        .message_id =
            arena_printf(arena, "plugin:%.*s:%llu", TEXT_ARGS(effect->plugin), (unsigned long long)effect->outbox),
        .body = source,
    };
    if (text_is(kind, "notify")) {
        struct text topic = json_unescaped(&json, json_get(&json, 0, TEXT("topic")), arena);
        push_note(kept->app->push, &(struct push_note){effect->plugin, topic, kept->record.unit, known});
        return EFFECT_TOLD;
    }
    bool known_kind = text_is(kind, "timeline") || text_is(kind, "track") || text_is(kind, "identify") || kept->erases;
    return known_kind ? EFFECT_KEPT : EFFECT_UNKNOWN;
}

void parleyd_on_effect(void *user, const struct plugin_effect *effect) {
    struct app *app = user;
    struct kept *kept = memory_new(struct kept);
    kept->app = app;
    kept->ticket = effect->ticket;
    arena_init(&kept->arena, 1024);
    kept->plugin = arena_text(&kept->arena, effect->plugin);
    uv_timer_init(app->loop, &kept->retry);
    kept->retry.data = kept;
    enum effect_kind kind = fill(kept, effect);
    bool suppressed = kind == EFFECT_KEPT && app_suppressed(app, kept->record.unit);
    if (kind == EFFECT_KEPT && !(suppressed && kept->forgetting)) {
        if (suppressed)
            forget(kept);
        else if (kept->erases)
            erase(kept);
        else
            append(kept);
        return;
    }
    if (kind == EFFECT_UNKNOWN) {
        log_warn(app->log, "a plugin's effect is not understood and is dropped", LOG_T("plugin", effect->plugin));
        count(app->effects_dropped, 1);
    }
    plugins_kept(app->plugins, effect->ticket);
    end(kept);
}
