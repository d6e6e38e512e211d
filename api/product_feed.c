#include "api/product_feed.h"

#include <stdlib.h>

#include "api/app.h"
#include "core/base/memory.h"
#include "core/store/products.h"

enum { RETRY_MS = 5000 };

struct waiter {
    product_feed_told told;
    void *user;
    struct waiter *next;
};

/* One plugin, made when it is first told of something. */
struct follower {
    struct lane_job job;
    struct product_feed *feed;
    struct text plugin;
    struct arena arena;        /* of one page */
    struct buffer body;        /* what it has not heard */
    struct product_place upto; /* where it stands once it took that */
    bool took;
    bool under_way, behind; /* something is being told; the last time did not end well */
    char refused[160];      /* what it said no to; "" where it took all */
    struct waiter *waiters;
    struct error error;
    struct follower *next;
};

struct product_feed {
    struct app *app;
    struct follower *followers;
    uv_timer_t retry;
};

static void step(struct follower *f);
static void on_retry(uv_timer_t *timer);

/* ---- the end ---- */

static void finish(struct follower *f, enum product_feed_end end, const char *why) {
    const struct log *log = f->feed->app->log;
    struct waiter *waiters = f->waiters;
    f->under_way = false;
    f->behind = end == PRODUCT_FEED_BEHIND;
    f->waiters = NULL;
    if (why)
        log_warn(log, "a plugin did not take the catalogue's change", LOG_T("plugin", f->plugin), LOG_S("why", why));
    for (struct waiter *w = waiters, *next; w; w = next) {
        next = w->next;
        w->told(w->user, f->plugin, end, why);
        free(w);
    }
    if (f->behind) uv_timer_start(&f->feed->retry, on_retry, RETRY_MS, 0);
}

/* ---- one page ---- */

static void work(struct lane_job *job, void *owner) {
    struct follower *f = (struct follower *)job;
    int rc = sql_begin(owner, &f->error);
    if (rc < 0) return;
    if (f->took) rc = products_heard(owner, f->plugin, &f->upto, &f->error);
    f->took = false;
    arena_reset(&f->arena);
    buffer_clear(&f->body);
    if (rc == 0) rc = products_unheard(owner, &f->arena, f->plugin, &f->body, &f->upto, &f->error);
    sql_end(owner, rc, &f->error);
}

/* What it refuses in its own words it would refuse again: it is said, and what comes behind it is told. */
static void on_told(void *user, const struct plugin_answer *answer) {
    struct follower *f = user;
    int status = answer->code ? 503 : answer->reply.status;
    if (status == 404) {
        finish(f, PRODUCT_FEED_NO_USE, NULL);
        return;
    }
    if (status >= 500) {
        char why[80];
        snprintf(why, sizeof why, "it answered %d; it hears of this again in a while", status);
        finish(f, PRODUCT_FEED_BEHIND, why);
        return;
    }
    if (status >= 400)
        snprintf(f->refused, sizeof f->refused, "it answered %d to some of it; its log says why", status);
    f->took = true;
    step(f);
}

static void on_read(struct mail *mail) {
    struct follower *f = (struct follower *)mail;
    struct app *app = f->feed->app;
    if (f->error.code || app->draining || !app->plugins) {
        finish(f, PRODUCT_FEED_BEHIND, f->error.code ? f->error.detail : "Parley is stopping");
        return;
    }
    if (f->body.n == 0) {
        finish(f, PRODUCT_FEED_HAS_ALL, f->refused[0] ? f->refused : NULL);
        return;
    }
    struct frame_request frame = {.method = TEXT("POST"),
                                  .path = TEXT("/catalogue"),
                                  .agent = TEXT("parley"),
                                  .settings = TEXT("{}"),
                                  .body = buffer_view(&f->body),
                                  .now = clock_now(app->clock),
                                  .staff = true};
    struct plugin_call call = {.plugin = f->plugin, .request = &frame, .answered = on_told, .user = f};
    if (plugins_call(app->plugins, &call, NULL) != 0)
        finish(f, PRODUCT_FEED_BEHIND, "it is not running; it hears of this once it is");
}

static void step(struct follower *f) {
    f->error = (struct error){0};
    f->job = (struct lane_job){.mail.receive = on_read, .work = work, .reply_to = &f->feed->app->mailbox};
    lane_do(main_db_lane(f->feed->app->db), &f->job);
}

/* ---- beginning ---- */

static struct follower *follower_of(struct product_feed *feed, struct text plugin) {
    for (struct follower *f = feed->followers; f; f = f->next)
        if (text_eq(f->plugin, plugin)) return f;
    struct follower *f = memory_new(struct follower);
    f->feed = feed;
    f->plugin = text_n(memcpy(memory_alloc(plugin.n), plugin.at, plugin.n), plugin.n);
    arena_init(&f->arena, 4096);
    f->next = feed->followers;
    feed->followers = f;
    return f;
}

/* Who asks while something is being told waits for the same end: the page that is read last is read after what she asks for was written. */
void product_feed_tell(struct product_feed *feed, struct text plugin, product_feed_told told, void *user) {
    struct follower *f = follower_of(feed, plugin);
    if (told) {
        struct waiter *w = memory_new(struct waiter);
        *w = (struct waiter){told, user, f->waiters};
        f->waiters = w;
    }
    if (f->under_way) return;
    f->under_way = true;
    f->refused[0] = 0;
    step(f);
}

/* One that was busy, or whose worker died over it. One that is down is told when it serves again. */
static void on_retry(uv_timer_t *timer) {
    struct product_feed *feed = timer->data;
    if (feed->app->draining || !feed->app->plugins) return;
    for (struct follower *f = feed->followers; f; f = f->next)
        if (f->behind && plugins_serves(feed->app->plugins, f->plugin, TEXT_NONE))
            product_feed_tell(feed, f->plugin, NULL, NULL);
}

struct product_feed *product_feed_open(struct app *app) {
    struct product_feed *feed = memory_new(struct product_feed);
    feed->app = app;
    uv_timer_init(app->loop, &feed->retry);
    feed->retry.data = feed;
    return feed;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void product_feed_close(struct product_feed *feed) {
    if (!feed) return;
    for (struct follower *f = feed->followers, *next; f; f = next) {
        next = f->next;
        arena_free(&f->arena);
        buffer_free(&f->body);
        free((char *)(uintptr_t)f->plugin.at);
        free(f);
    }
    uv_close((uv_handle_t *)&feed->retry, on_closed);
}
