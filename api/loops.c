#include "api/loops.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/listen.h"
#include "api/offers.h"
#include "core/base/memory.h"

/* A further loop. */
struct loop {
    struct loops *loops;
    struct app app;
    pthread_rwlock_t
        gate; /* held for reading while a request looks at `app`, for writing while the first loop changes it */
    uv_loop_t uv;
    pthread_t thread;
    struct server *server;
    bool runs; /* the thread */
    struct mail drain, end, drained;
};

struct loops {
    struct app *app;
    int port;
    unsigned n; /* the first one included */
    struct loop *further;
    struct server *servers[LOOPS_MOST];
    struct dealer *dealer; /* NULL where there is one loop, which accepts by itself */
    uv_prepare_t prepare;
    struct offers *offers;
    uint64_t offers_state;
    unsigned not_drained;
    void (*told)(void *user);
    void *told_user;
};

#define FURTHER(loops, l)     (struct loop *l = (loops)->further; l && l < (loops)->further + (loops)->n - 1; l++)
#define LOOP_OF(mail, member) ((struct loop *)((char *)(mail)-offsetof(struct loop, member)))

/* ---- sharing ---- */

/* What the first loop changes and others read. */
static void share(struct loop *loop, const struct app *from) {
    struct app *to = &loop->app;
    if (to->tokens != from->tokens) to->last_token.of = NULL;
    to->tokens = from->tokens;
    to->snapshot = from->snapshot;
    to->remembered = from->remembered;
    to->remembered.reader = (unsigned)(loop - loop->loops->further) + 1;
    to->suppression = from->suppression;
    to->muted = from->muted;
    to->offers = loop->loops->offers;
}

void app_change_begin(struct app *app) {
    assert(!app->offers); /* only the first loop changes anything */
    if (!app->loops) return;
    for
        FURTHER(app->loops, l) pthread_rwlock_wrlock(&l->gate);
}

void app_change_end(struct app *app) {
    if (!app->loops) return;
    for
        FURTHER(app->loops, l) {
            share(l, app);
            pthread_rwlock_unlock(&l->gate);
        }
}

void app_show_plugins(struct app *app) {
    struct loops *loops = app->loops;
    if (!loops || loops->n == 1) return;
    uint64_t state = offers_state(app->plugins);
    if (loops->offers && state == loops->offers_state) return;
    struct offers *before = loops->offers;
    struct offers *now = offers_copy(app->plugins);
    app_change_begin(app);
    loops->offers = now;
    loops->offers_state = state;
    app_change_end(app);
    offers_free(before);
}

static void on_prepare(uv_prepare_t *prepare) {
    app_show_plugins(((struct loops *)prepare->data)->app);
}

struct usage *app_usage(struct app *app) {
    app_change_begin(app);
    if (app->loops)
        for
            FURTHER(app->loops, l) usage_gather(app->usage, l->app.usage);
    app_change_end(app);
    return app->usage;
}

/* ---- starting ---- */

static int serve(struct loops *loops, unsigned i, struct app *app, pthread_rwlock_t *gate, int fd,
                 const struct loops_options *options, struct error *error) {
    struct server_options server = {
        .loop = app->loop,
        .listen_fd = fd,
        .max_connections = options->max_connections,
        .app = app,
        .home = i ? loops->app : NULL,
        .gate = gate,
        .number = i,
        .router = options->router,
        .arrive = app_arrive,
        .admit = app_admit,
        .turn = app_turn,
        .log = app->log,
        .telemetry = app->telemetry,
    };
    return server_start(&loops->servers[i], &server, error);
}

/* What handlers of routes with ROUTE_ANY_LOOP use, and nothing else. */
static void make_app(struct loop *loop, const struct app *first, size_t ring) {
    loop->app = (struct app){
        .loop = &loop->uv,
        .log = first->log,
        .telemetry = telemetry_apart(first->telemetry),
        .clock = first->clock,
        .joined = first->joined,
        .identity = first->identity,
        .crawlers = first->crawlers,
        .cors_origins = first->cors_origins,
        .public_url = first->public_url,
        .demo_key = first->demo_key,
        .journal = first->journal,
        .exposures = journal_ring_open(first->journal, ring),
        .usage = usage_new(),
    };
    app_make_counters(&loop->app);
    mailbox_open(&loop->app.mailbox, &loop->uv);
}

static void *run(void *arg) {
    uv_run(arg, UV_RUN_DEFAULT);
    return NULL;
}

/* Writers first: a loop that is never idle does not keep the first one from changing something. */
static void make_gate(pthread_rwlock_t *gate) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(gate, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

static int make_further(struct loops *loops, unsigned i, const struct loops_options *options, struct error *error) {
    struct loop *loop = &loops->further[i - 1];
    loop->loops = loops;
    uv_loop_init(&loop->uv);
    make_gate(&loop->gate);
    make_app(loop, loops->app, options->ring);
    share(loop, loops->app);
    int rc = serve(loops, i, &loop->app, &loop->gate, -1, options, error);
    loop->server = loops->servers[i];
    return rc;
}

static void start_thread(struct loop *loop, unsigned i) {
    char name[16];
    snprintf(name, sizeof name, "loop-%u", i);
    if (pthread_create(&loop->thread, NULL, run, &loop->uv) != 0) abort();
    pthread_setname_np(loop->thread, name);
    loop->runs = true;
}

static int serve_all(struct loops *loops, const struct loops_options *options, int fd, struct error *error) {
    struct app *app = loops->app;
    if (loops->n == 1) return serve(loops, 0, app, NULL, fd, options, error);
    app->remembered.shared = remembered_shared_new(loops->n);
    app_expect(app, app->snapshot);
    app_show_plugins(app);
    int rc = serve(loops, 0, app, NULL, -1, options, error);
    loops->further = memory_zero(loops->n - 1, sizeof *loops->further);
    for (unsigned i = 1; rc == 0 && i < loops->n; i++) rc = make_further(loops, i, options, error);
    for (unsigned i = 1; rc == 0 && i < loops->n; i++) start_thread(&loops->further[i - 1], i);
    struct dealer_options dealer = {app->loop, fd, loops->servers, loops->n, options->max_connections, app->log};
    if (rc == 0)
        loops->dealer = dealer_start(&dealer);
    else
        close(fd);
    return rc;
}

int loops_start(struct app *app, const struct loops_options *options, struct error *error) {
    int fd;
    int rc = listen_open(options->host, options->port, &fd, error);
    if (rc < 0) return rc;
    struct loops *loops = memory_new(struct loops);
    *loops = (struct loops){.app = app, .n = options->n, .port = listen_port(fd)};
    app->loops = loops;
    uv_prepare_init(app->loop, &loops->prepare);
    loops->prepare.data = loops;
    if (loops->n > 1) uv_prepare_start(&loops->prepare, on_prepare);
    rc = serve_all(loops, options, fd, error);
    if (rc < 0) loops_stop(loops);
    return rc;
}

int loops_port(const struct loops *loops) {
    return loops->port;
}

/* ---- ending ---- */

static void one_drained(struct loops *loops) {
    if (--loops->not_drained == 0) loops->told(loops->told_user);
}

static void on_drained_mail(struct mail *mail) {
    one_drained(LOOP_OF(mail, drained)->loops);
}
static void on_further_drained(void *user) {
    struct loop *loop = user;
    mailbox_post(&loop->loops->app->mailbox, &loop->drained);
}
static void on_drain(struct mail *mail) {
    struct loop *loop = LOOP_OF(mail, drain);
    server_drain(loop->server, on_further_drained, loop);
}
static void on_first_drained(void *user) {
    one_drained(user);
}

void loops_drain(struct loops *loops, void (*drained)(void *user), void *user) {
    loops->told = drained;
    loops->told_user = user;
    loops->not_drained = loops->n;
    dealer_stop(loops->dealer);
    loops->dealer = NULL;
    for
        FURTHER(loops, l) {
            l->drain.receive = on_drain;
            l->drained.receive = on_drained_mail;
            mailbox_post(&l->app.mailbox, &l->drain);
        }
    server_drain(loops->servers[0], on_first_drained, loops);
}

/* On the loop's own thread; its run ends with the last handle. */
static void end(struct loop *loop) {
    if (loop->server) server_stop(loop->server);
    mailbox_close(&loop->app.mailbox);
}
static void on_end(struct mail *mail) {
    end(LOOP_OF(mail, end));
}
static void on_abandon(struct mail *mail) {
    uv_stop(&LOOP_OF(mail, end)->uv);
}

static void tell_and_join(struct loop *loop, void (*receive)(struct mail *mail)) {
    loop->end.receive = receive;
    mailbox_post(&loop->app.mailbox, &loop->end);
    pthread_join(loop->thread, NULL);
}

static void stop_further(struct loop *loop) {
    if (!loop->loops) return; /* an earlier one failed to start */
    if (loop->runs)
        tell_and_join(loop, on_end);
    else {
        end(loop);
        run(&loop->uv);
    }
    uv_loop_close(&loop->uv);
    pthread_rwlock_destroy(&loop->gate);
    usage_free(loop->app.usage);
    telemetry_free(loop->app.telemetry);
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void loops_stop(struct loops *loops) {
    loops->app->loops = NULL;
    for
        FURTHER(loops, l) stop_further(l);
    free(loops->further);
    offers_free(loops->offers);
    remembered_shared_free(loops->app->remembered.shared);
    loops->app->remembered.shared = NULL;
    if (loops->servers[0]) server_stop(loops->servers[0]);
    uv_close((uv_handle_t *)&loops->prepare, on_closed);
}

void loops_mute(struct loops *loops) {
    server_mute(loops->servers[0]);
}

int loops_abandon(struct loops *loops) {
    int active = 0;
    loops->app->loops = NULL; /* nobody is left to share with */
    for
        FURTHER(loops, l) tell_and_join(l, on_abandon);
    for (unsigned i = 0; i < loops->n; i++) active += server_active(loops->servers[i]);
    return active;
}
