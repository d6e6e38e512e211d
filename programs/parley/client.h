/* Requests to a Parley server, one after the other, and what its refusals come to: a sentence on stderr and an exit
 * code. Knows nothing of commands. */
#ifndef PARLEY_PROGRAMS_PARLEY_CLIENT_H
#define PARLEY_PROGRAMS_PARLEY_CLIENT_H

#include <curl/curl.h>

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/error.h"

/* What the program ends with (contract.md). */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_ALLOWED = 3,
    EXIT_NOT_FOUND = 4,
    EXIT_CONFLICT = 5,
    EXIT_TRY_AGAIN = 6,
};
enum exit_code exit_of_status(long status);

struct client {
    const char *url; /* borrowed; without a slash at the end */
    CURL *curl;
    struct curl_slist *headers;
    bool acting;       /* the first header says as whom */
    const char *doing; /* what a request that takes over a second is told as, on stderr; NULL: nothing is said */
};

struct answer {
    long status;
    struct buffer body; /* the caller frees it */
};

/* `token` may be NULL. A slash at the end of the URL is let go, so the copy is the client's. */
void client_open(struct client *client, const char *url, const char *token);
void client_close(struct client *client);
/* Every request from now on is for that version of a definition alone (If-Match). */
void client_if_match(struct client *client, const char *version);
/* Requests from now on are that customer's, until another one is named (Parley-Act-As). */
void client_act_as(struct client *client, const char *customer);
/* Sets on another handle what every request has: token, timeouts, no proxy for this machine. */
void client_prepare(const struct client *client, CURL *curl);

/* Sends `body` (TEXT_NONE: none) as `type` (NULL: JSON) and waits. 0 with whatever was answered, or ERR_UNAVAILABLE
 * where nothing was. */
int client_ask(struct client *client, const char *method, const char *path, struct text body, const char *type,
               struct answer *answer, struct error *error);

/* Says on stderr what a refusal (application/problem+json) says, with the places in the body. Returns the exit
 * code. */
enum exit_code client_refused(const struct answer *answer);
/* The sentence of a refusal alone, for those who say more: copied into `out`. */
void client_sentence(const struct answer *answer, char *out, size_t room);
/* One request whose failure is said on stderr: EXIT_OK with an answer of 2xx, which the caller frees; else nothing
 * to free. */
enum exit_code client_fetch(struct client *client, const char *method, const char *path, struct text body,
                            struct answer *answer);

/* The path behind the last answer's `Link: <PATH>; rel="next"`, in the arena; NULL where there is none (RFC 8288). */
const char *client_next(struct client *client, struct arena *arena);

#endif
