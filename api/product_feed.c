#include "api/product_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "core/base/memory.h"
#include "core/store/products.h"

enum {
    RETRY_MS = 5000,
    ANSWER_MS = 5000, /* who asks waits so long, and for what is being told then */
    STRIKES = 3,      /* tries of one product alone before it is passed over */
    SAID_MOST = 20,   /* products passed over, before they are only counted */
};

struct waiter {
    product_feed_told told;
    void *user;
    int64_t revision; /* the change that she asks for */
    uint64_t until;   /* ms of the loop */
    int passed_over;  /* products of that change */
    struct waiter *next;
};

/* One plugin, made when it is first told of something. */
struct follower {
    struct lane_job job;
    struct product_feed *feed;
    struct text plugin;
    struct arena arena;       /* of one page */
    struct product_news news; /* what it has not heard: a page */
    bool took;
    bool under_way, behind; /* something is being told; the last time did not end well */
    uint64_t rests_until;   /* ms of the loop: it failed, and people's changes do not make it fail faster */
    size_t most;            /* products of a page: fewer while what it cannot take is looked for ... */
    size_t careful;         /* ... among so many */
    char suspect[100];      /* the product that was last told alone and came to nothing, */
    int strikes;            /* and how often */
    int passed_over;        /* products, since it last had heard all */
    struct counter *skipped;
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

static void answer(const struct follower *f, struct waiter *w, enum product_feed_end end, const char *why) {
    char partly[100];
    if (end == PRODUCT_FEED_HAS_IT && w->passed_over) {
        snprintf(partly, sizeof partly, "%d of these products it could not take; its log says more", w->passed_over);
        why = partly;
    }
    w->told(w->user, f->plugin, end, why);
    free(w);
}

/* Those whose change lies behind it, and those who waited long enough. */
static void answer_some(struct follower *f) {
    for (struct waiter **at = &f->waiters, *w; (w = *at);) {
        bool heard = f->news.n == 0 || f->news.first > w->revision;
        if (heard || uv_now(f->feed->app->loop) >= w->until) {
            *at = w->next;
            answer(f, w, heard ? PRODUCT_FEED_HAS_IT : PRODUCT_FEED_BEHIND,
                   heard ? NULL : "it is still told of what came before; it hears of this then");
        } else
            at = &w->next;
    }
}

static void finish(struct follower *f, enum product_feed_end end, const char *why) {
    struct waiter *waiters = f->waiters;
    f->under_way = false;
    f->behind = end == PRODUCT_FEED_BEHIND;
    f->waiters = NULL;
    if (why)
        log_warn(f->feed->app->log, "a plugin did not take the catalogue's change", LOG_T("plugin", f->plugin),
                 LOG_S("why", why));
    for (struct waiter *w = waiters, *next; w; w = next) {
        next = w->next;
        answer(f, w, end, why);
    }
    if (f->behind) uv_timer_start(&f->feed->retry, on_retry, RETRY_MS, 0);
}

/* ---- what it cannot take ---- */

/* These are behind it: pages grow again once those are that it could not take together. */
static void move_on(struct follower *f) {
    f->took = true;
    f->strikes = 0;
    f->rests_until = 0;
    f->careful -= f->careful < f->news.n ? f->careful : f->news.n;
    if (f->careful == 0) f->most = 2 * f->most < PRODUCT_NEWS_MOST ? 2 * f->most : PRODUCT_NEWS_MOST;
    step(f);
}

static void pass_over(struct follower *f, const char *why) {
    const struct product_place *place = &f->news.upto;
    char line[300];
    count(f->skipped, 1);
    for (struct waiter *w = f->waiters; w; w = w->next) w->passed_over += w->revision == place->revision;
    if (f->passed_over++ < SAID_MOST) {
        snprintf(line, sizeof line, "the catalogue's change of '%.*s' is passed over: %s%s", TEXT_ARGS(place->sku), why,
                 f->passed_over < SAID_MOST ? "" : "; further ones are counted only");
        plugins_note(f->feed->app->plugins, f->plugin, text_of(line));
    }
    move_on(f);
}

/* It would refuse them again: those that it refuses alone are found by halves. */
static void refused(struct follower *f, int status) {
    char why[80];
    snprintf(why, sizeof why, "the plugin answered %d to it alone", status);
    if (f->news.n == 1) {
        pass_over(f, why);
        return;
    }
    f->careful = f->news.n;
    f->most = f->news.n / 2;
    step(f);
}

/* It died, took too long or broke, which may be by one of them: they are told one by one, as each try costs a worker its life. */
static bool struck_out(struct follower *f) {
    char suspect[sizeof f->suspect];
    if (f->news.n > 1) {
        f->careful = f->news.n;
        f->most = 1;
        return false;
    }
    snprintf(suspect, sizeof suspect, "%lld %.*s", (long long)f->news.upto.revision, TEXT_ARGS(f->news.upto.sku));
    if (strcmp(f->suspect, suspect) != 0) f->strikes = 0;
    memcpy(f->suspect, suspect, sizeof suspect);
    return ++f->strikes >= STRIKES;
}

static void failed(struct follower *f, int status) {
    char why[100] = "it gave no answer";
    if (status) snprintf(why, sizeof why, "it answered %d", status);
    if (!f->feed->app->draining && struck_out(f)) {
        snprintf(why + strlen(why), sizeof why - strlen(why), ", %d times in a row", STRIKES);
        pass_over(f, why);
        return;
    }
    f->rests_until = uv_now(f->feed->app->loop) + RETRY_MS;
    snprintf(why + strlen(why), sizeof why - strlen(why), "; it hears of this again in a while");
    finish(f, PRODUCT_FEED_BEHIND, why);
}

/* ---- one page ---- */

static void work(struct lane_job *job, void *owner) {
    struct follower *f = (struct follower *)job;
    int rc = sql_begin(owner, &f->error);
    if (rc < 0) return;
    if (f->took) rc = products_heard(owner, f->plugin, &f->news.upto, &f->error);
    f->took = false;
    arena_reset(&f->arena);
    if (rc == 0) rc = products_unheard(owner, &f->arena, f->plugin, f->most, &f->news, &f->error);
    if (rc == 0 && f->news.n == 0) rc = products_forget_gone(owner, &f->error);
    sql_end(owner, rc, &f->error);
}

/* It says itself that it can take them later: it is busy, or cannot write just now. */
static bool says_later(int status) {
    return status == 408 || status == 425 || status == 429 || status == 503 || status == 507;
}

static void on_told(void *user, const struct plugin_answer *answer) {
    struct follower *f = user;
    int status = answer->code ? 0 : answer->reply.status;
    char why[80];
    if (status == 404)
        finish(f, PRODUCT_FEED_NO_USE, NULL);
    else if (says_later(status)) {
        snprintf(why, sizeof why, "it answered %d; it hears of this again in a while", status);
        finish(f, PRODUCT_FEED_BEHIND, why);
    } else if (status == 0 || status >= 500)
        failed(f, status);
    else if (status >= 400)
        refused(f, status);
    else
        move_on(f);
}

static void on_read(struct mail *mail) {
    struct follower *f = (struct follower *)mail;
    struct app *app = f->feed->app;
    if (f->error.code || app->draining || !app->plugins) {
        finish(f, PRODUCT_FEED_BEHIND, f->error.code ? f->error.detail : "Parley is stopping");
        return;
    }
    answer_some(f);
    if (f->news.n == 0) {
        f->passed_over = 0;
        finish(f, PRODUCT_FEED_HAS_IT, NULL);
        return;
    }
    struct frame_request frame = {.method = TEXT("POST"),
                                  .path = TEXT("/catalogue"),
                                  .agent = TEXT("parley"),
                                  .settings = TEXT("{}"),
                                  .body = buffer_view(&f->news.body),
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

static struct counter *skipped_counter(struct telemetry *telemetry, struct text plugin) {
    char labels[120];
    snprintf(labels, sizeof labels, "plugin=\"%.*s\"", TEXT_ARGS(plugin));
    return telemetry_counter(telemetry, "parley_plugin_products_skipped_total",
                             "Products that a plugin is not told of: it refused them, or failed by them", labels);
}

static struct follower *follower_of(struct product_feed *feed, struct text plugin) {
    for (struct follower *f = feed->followers; f; f = f->next)
        if (text_eq(f->plugin, plugin)) return f;
    struct follower *f = memory_new(struct follower);
    f->feed = feed;
    f->plugin = text_n(memcpy(memory_alloc(plugin.n), plugin.at, plugin.n), plugin.n);
    f->most = PRODUCT_NEWS_MOST;
    f->skipped = skipped_counter(feed->app->telemetry, plugin);
    arena_init(&f->arena, 4096);
    f->next = feed->followers;
    feed->followers = f;
    return f;
}

static void start(struct follower *f) {
    if (f->under_way) return;
    f->under_way = true;
    step(f);
}

void product_feed_tell(struct product_feed *feed, struct text plugin) {
    start(follower_of(feed, plugin));
}

/* Who asks while something is being told waits for it: the page that is read next is read after what she asks for was written. */
void product_feed_ask(struct product_feed *feed, struct text plugin, int64_t revision, product_feed_told told,
                      void *user) {
    struct follower *f = follower_of(feed, plugin);
    uint64_t now = uv_now(feed->app->loop);
    if (!f->under_way && now < f->rests_until) {
        told(user, plugin, PRODUCT_FEED_BEHIND, "it failed a moment ago; it hears of this in a while");
        return;
    }
    struct waiter *w = memory_new(struct waiter);
    *w =
        (struct waiter){.told = told, .user = user, .revision = revision, .until = now + ANSWER_MS, .next = f->waiters};
    f->waiters = w;
    start(f);
}

/* One that was busy, or whose worker died over it. One that is down is told when it serves again. */
static void on_retry(uv_timer_t *timer) {
    struct product_feed *feed = timer->data;
    if (feed->app->draining || !feed->app->plugins) return;
    for (struct follower *f = feed->followers; f; f = f->next)
        if (f->behind && plugins_serves(feed->app->plugins, f->plugin, TEXT_NONE)) start(f);
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
        buffer_free(&f->news.body);
        free((char *)(uintptr_t)f->plugin.at);
        free(f);
    }
    uv_close((uv_handle_t *)&feed->retry, on_closed);
}
