#include "api/away.h"

#include <microhttpd.h>

#include "api/app.h"
#include "api/server_internal.h"

enum { CHUNK = 4096 };

struct away {
    struct request *request;
    struct mail there, back, gone; /* each has one use at a time; mail of one loop to another stays in order */
    void (*handle)(struct request *request);
    struct reply_source source; /* of a stream: the first loop's */
    char *chunk;
    ssize_t n;                   /* in the chunk; negative: the stream has ended. Whoever has the chunk */
    size_t sent;                 /* of it. Own loop */
    bool asked, completed, full; /* own loop: the next is asked for; the connection is done; there is a chunk */
    bool wanted;                 /* first loop: asked for, and there was nothing yet */
};

#define AWAY_OF(mail, member) ((struct away *)((char *)(mail)-offsetof(struct away, member)))

static struct mailbox *own_mailbox(const struct request *request) {
    return &request->server->options.app->mailbox;
}
static struct mailbox *first_mailbox(const struct request *request) {
    return &request->server->options.home->mailbox;
}

/* ---- there and back ---- */

struct app *away_begin(struct request *request) {
    struct app *home = request->server->options.home;
    if (!home) return request->app;
    request->away = arena_new(&request->arena, struct away);
    request->away->request = request;
    request->app = home;
    return home;
}

static void on_there(struct mail *mail) {
    struct away *away = AWAY_OF(mail, there);
    away->handle(away->request);
}

void away_send(struct request *request, void (*handle)(struct request *request)) {
    if (!request->server->options.home) {
        handle(request);
        return;
    }
    away_begin(request);
    request->away->handle = handle;
    request->away->there.receive = on_there;
    mailbox_post(first_mailbox(request), &request->away->there);
}

static void on_back(struct mail *mail) {
    server_resume(AWAY_OF(mail, back)->request);
}

void away_answered(struct request *request) {
    app_show_plugins(request->app);
    request->away->back.receive = on_back;
    mailbox_post(own_mailbox(request), &request->away->back);
}

/* ---- streams ---- */

static void on_chunk(struct mail *mail) {
    struct away *away = AWAY_OF(mail, back);
    away->asked = false;
    away->full = true;
    away->sent = 0;
    if (!away->completed) server_wake(away->request);
}

/* First loop: the next chunk, once there is something in it. */
static void fetch(struct away *away) {
    if (!away->wanted) return;
    away->n = away->source.read(away->source.user, away->chunk, CHUNK);
    if (away->n == 0) return; /* the source wakes */
    away->wanted = false;
    away->back.receive = on_chunk;
    mailbox_post(own_mailbox(away->request), &away->back);
}

static void on_asked(struct mail *mail) {
    struct away *away = AWAY_OF(mail, there);
    away->wanted = true;
    fetch(away);
}

static ssize_t read_chunk(void *user, char *out, size_t room) {
    struct away *away = user;
    if (away->full && away->n < 0) return -1;
    if (!away->full) {
        if (!away->asked) {
            away->asked = true;
            away->there.receive = on_asked;
            mailbox_post(first_mailbox(away->request), &away->there);
        }
        return 0;
    }
    size_t left = (size_t)away->n - away->sent, n = left < room ? left : room;
    memcpy(out, away->chunk + away->sent, n);
    away->sent += n;
    away->full = away->sent < (size_t)away->n;
    return (ssize_t)n;
}

static void on_released(struct mail *mail) {
    server_released(AWAY_OF(mail, gone)->request);
}

static void on_gone(struct mail *mail) {
    struct away *away = AWAY_OF(mail, gone);
    away->wanted = false;
    away->source.closed(away->source.user);
    mail->receive = on_released;
    mailbox_post(own_mailbox(away->request), mail);
}

static void close_chunks(void *user) {
    struct away *away = user;
    away->completed = true;
    away->gone.receive = on_gone;
    mailbox_post(first_mailbox(away->request), &away->gone);
}

void away_carry(struct request *request) {
    struct away *away = request->away;
    away->source = request->source;
    away->chunk = arena_take(&request->arena, CHUNK);
    request->source = (struct reply_source){read_chunk, close_chunks, away};
}

void away_wake(struct request *request) {
    fetch(request->away);
}

bool away_closes(const struct request *request) {
    return request->away && request->away->completed;
}
