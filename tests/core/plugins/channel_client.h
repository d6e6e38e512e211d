/* parleyd's end of the channel for tests: starts a real parley-worker over a socket pair and speaks frames with it. Whatever goes
 * wrong that a test does not ask about fails the test. */
#ifndef PARLEY_TESTS_CORE_PLUGINS_CHANNEL_CLIENT_H
#define PARLEY_TESTS_CORE_PLUGINS_CHANNEL_CLIENT_H

#include <sys/types.h>

#include "core/plugins/frames.h"

struct client {
    pid_t pid;
    int fd;
    struct buffer in;
    size_t used;           /* bytes of `in` that the last frame took */
    uint64_t last_id;      /* given to the last request */
    struct buffer logs;    /* FRAME_LOG lines, each ended by a newline */
    struct buffer effects; /* FRAME_EFFECT as "NUMBER JSON\n" */
    uint64_t last_effect;
};

struct client_plugin {
    const char *library; /* a path; see client_build_path */
    const char *name, *version, *settings;
};

/* build/RELATIVE: where meson put it. Static memory, one at a time. */
const char *client_build_path(const char *relative);
/* A new folder that is removed when the process ends. */
const char *client_folder(void);

/* Starts a worker and sends the hello. */
void client_start(struct client *client, const struct client_plugin *plugin, const char *folder);
/* The next frame; logs and effects are put aside. False when the worker has closed the channel. */
bool client_next(struct client *client, struct frame *frame);
/* One is there already, without waiting: logs and effects before it are put aside. */
bool client_has_frame(struct client *client);
/* The same, after what lies in the channel was taken; never waits. */
bool client_pull(struct client *client);
/* Waits for READY (true) or for FAILED or the end (false; `why` gets the sentence, "" where there was none). */
bool client_ready(struct client *client, char *why, size_t room);
/* polls-VERSION, started and ready. */
void client_polls(struct client *client, const char *version, const char *folder);

struct client_reply {
    int status;
    char body[16384]; /* NUL-terminated */
};
/* Sends without waiting; several may be under way. The id is given by the client and returned. */
uint64_t client_send(struct client *client, const struct frame_request *request);
/* Requests put together and sent at once. */
void client_put(struct client *client, struct buffer *out, const struct frame_request *request);
void client_write(struct client *client, const struct buffer *out);
/* The next reply, whosever it is; returns its id. */
uint64_t client_reply(struct client *client, struct client_reply *reply);
/* Sends and waits. */
int client_call(struct client *client, const struct frame_request *request, struct client_reply *reply);
void client_frame(struct client *client, enum frame_type type, uint64_t id, const char *payload);

/* For short tests: the shopper's and the staff's call. */
int client_shopper(struct client *client, const char *customer, const char *method, const char *path, const char *body,
                   struct client_reply *reply);
int client_staff(struct client *client, const char *method, const char *path, const char *body,
                 struct client_reply *reply);
/* A request of a known shopper, to be changed and sent. "PATH?QUERY" is taken apart. */
struct frame_request client_request(const char *customer, const char *method, const char *path, const char *body);

/* Each waits until the process has ended and frees what the client holds. STOP, and its exit status: */
int client_stop(struct client *client);
void client_kill(struct client *client);
/* It ends by itself: the status as of waitpid. */
int client_wait(struct client *client);
/* Closes the channel, as when parleyd ends. */
void client_hang_up(struct client *client);
/* Reads what is still to come without answering it, until `effects` of them were seen or 100 s have passed. */
void client_wait_effects(struct client *client, int effects);
/* What was put aside, NUL-terminated; borrowed until the next frame. */
const char *client_effects(struct client *client);
const char *client_logs(struct client *client);

#endif
