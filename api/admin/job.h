/* An admin request's errand on the store lane: its work runs there with the catalogue, its answer is sent on the loop. */
#ifndef PARLEY_API_ADMIN_JOB_H
#define PARLEY_API_ADMIN_JOB_H

#include "api/app.h"
#include "core/store/audit.h"
#include "core/store/idempotency.h"
#include "experiments/model/catalogue.h"

struct admin_job {
    struct lane_job job;
    struct request *request;
    /* On the lane. 0 with `out` (and status, 200 where not set), or a negative code with `error`. */
    int (*work)(struct admin_job *job, struct catalogue *catalogue, struct sql *sql);
    const void *input; /* what the handler hands over, in the request's arena */
    struct change change;
    json_t *body; /* owned; parsed on the lane where the handler asked for it, NULL for an empty body */
    bool wants_body;
    int status;
    int64_t version;                     /* for the ETag; 0: none */
    struct buffer out;                   /* JSON */
    struct json_writer writer;           /* on `out` */
    struct audit_page changes;           /* what it wrote into the audit log, newest first */
    struct snapshot *snapshot;           /* of after the work, where it changed; a reference */
    void (*then)(struct admin_job *job); /* on the loop, after success, before the answer; NULL */
    void (*end)(struct admin_job *job);  /* on the loop, however it went, before the answer; NULL */
    struct error error;
};

/* Sends `work` to the lane; the answer follows by itself. kind and key fill job->change. */
struct admin_job *admin_job_new(struct request *request, enum definition_kind kind, struct text key,
                                int (*work)(struct admin_job *job, struct catalogue *catalogue, struct sql *sql));
void admin_job_go(struct admin_job *job);

/* The request's body in *out (the caller's reference; NULL where it is empty). ERR_INVALID: the scanner says what is wrong better than
 * jansson, and refuses more (depth, duplicate keys, NUL). Off the loop: bodies may be large. */
int admin_body(struct request *request, json_t **out, struct error *error);

/* 1 where the request came with its Idempotency-Key before: *answer, in its arena, is what it gets again (a job looks by itself; this is for
 * who does something before its job). 0: it is new, or has no key; ERR_CONFLICT: the key came with another one. On the store lane. */
int admin_answered(struct request *request, int64_t now, struct sql *sql, struct idempotency_answer *answer,
                   struct error *error);

/* If-Match: a version as ETag ("7" with quotes), or * ; DOCUMENT_ANY where it is not sent. False (answered) where it is neither. */
bool request_if_match(struct request *request, int64_t *version);

#endif
