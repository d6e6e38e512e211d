/* Tells outside what happens: follows the audit log and the journal for each webhook from where it was, in order, and tries
 * again what was not taken. A round goes over three threads: the store lane says what is due, the lane `webhooks` sends it,
 * the store lane writes down what came of it. Loop thread. */
#ifndef PARLEY_CORE_WEBHOOKS_WEBHOOKS_H
#define PARLEY_CORE_WEBHOOKS_WEBHOOKS_H

#include "core/base/lane.h"
#include "core/base/log.h"
#include "core/base/telemetry.h"
#include "core/store/main_db.h"
#include "core/webhooks/deliver.h"

struct webhooks;

struct webhooks_options {
    struct uv_loop_s *loop;  /* borrowed, as all below */
    struct mailbox *mailbox; /* of the loop */
    struct main_db *db;
    const char *journal_folder; /* copied */
    const struct clock *clock;
    const struct log *log;
    struct telemetry *telemetry;
    bool allow_private; /* addresses of private networks may be told */
    int64_t retry_ms;   /* the first wait; it doubles, up to six hours */
    int64_t attempts;   /* then a message is given up */
};

struct webhooks *webhooks_open(const struct webhooks_options *options);
/* About once a second. */
void webhooks_tick(struct webhooks *webhooks);
/* Ends a round under way, within a moment. NULL is fine. */
void webhooks_close(struct webhooks *webhooks);

/* One message to one address, now, by itself. The asker fills in delivery (one message) and job.mail.receive, job.reply_to. */
struct webhooks_test {
    struct lane_job job;
    struct delivery delivery;
    int64_t milliseconds; /* it took */
    struct webhooks *webhooks;
};
void webhooks_send(struct webhooks *webhooks, struct webhooks_test *test);

#endif
