#include "programs/parley/sender.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "programs/parley/progress.h"

enum { BACKOFF_FIRST = 50, BACKOFF_MOST = 1000, POLL_MOST = 200, POLL_LATER = 10 }; /* ms */

struct lane {
    struct run *run;
    size_t index;
    CURL *curl;
    struct buffer body;
    struct answer answer;
    enum { LANE_READY, LANE_SENDING, LANE_WAITING, LANE_DONE } state;
    int64_t again_at; /* ms of `now`, where waiting */
    int64_t backoff;  /* ms; 0 after an answer */
};

struct run {
    const struct sender *sender;
    CURLM *multi;
    struct curl_slist *headers;
    char *url;
    struct lane lanes[SENDER_LANES];
    int64_t away_since; /* ms of `now`; 0 while the server answers */
    enum exit_code ended;
};

static int64_t now(void) {
    return (int64_t)(clock_ticks() / 1000000);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
    struct lane *lane = user;
    buffer_put(&lane->answer.body, bytes, size * n);
    return size * n;
}

static void run_open(struct run *run, const struct sender *sender) {
    struct buffer url = {0};
    *run = (struct run){.sender = sender, .multi = curl_multi_init()};
    buffer_printf(&url, "%s%s", sender->client->url, sender->path);
    run->url = buffer_take(&url, &(size_t){0});
    run->headers = curl_slist_append(NULL, "Content-Type: application/json");
    for (struct curl_slist *l = sender->client->headers; l; l = l->next)
        run->headers = curl_slist_append(run->headers, l->data);
    for (size_t i = 0; i < sender->lanes; i++) {
        struct lane *lane = &run->lanes[i];
        *lane = (struct lane){.run = run, .index = i, .curl = curl_easy_init()};
        client_prepare(sender->client, lane->curl);
        curl_easy_setopt(lane->curl, CURLOPT_URL, run->url);
        curl_easy_setopt(lane->curl, CURLOPT_HTTPHEADER, run->headers);
        curl_easy_setopt(lane->curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(lane->curl, CURLOPT_WRITEDATA, lane);
        curl_easy_setopt(lane->curl, CURLOPT_PRIVATE, lane);
    }
}

static void run_close(struct run *run) {
    for (size_t i = 0; i < run->sender->lanes; i++) {
        struct lane *lane = &run->lanes[i];
        if (lane->state == LANE_SENDING) curl_multi_remove_handle(run->multi, lane->curl);
        curl_easy_cleanup(lane->curl);
        buffer_free(&lane->body);
        buffer_free(&lane->answer.body);
    }
    curl_multi_cleanup(run->multi);
    curl_slist_free_all(run->headers);
    free(run->url);
}

/* ---- one lane ---- */

static void send_body(struct lane *lane) {
    buffer_clear(&lane->answer.body);
    curl_easy_setopt(lane->curl, CURLOPT_POSTFIELDS, lane->body.at);
    curl_easy_setopt(lane->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lane->body.n);
    curl_multi_add_handle(lane->run->multi, lane->curl);
    lane->state = LANE_SENDING;
}

static void send_next(struct lane *lane) {
    const struct sender *sender = lane->run->sender;
    buffer_clear(&lane->body);
    enum sender_next next = sender->next(sender->user, lane->index, &lane->body);
    if (next == SENDER_REQUEST) send_body(lane);
    if (next == SENDER_DONE) lane->state = LANE_DONE;
}

static void server_away(struct run *run, const char *why) {
    if (run->away_since) return;
    run->away_since = now();
    progress_notice("no answer (%s); what was not acknowledged is sent again", why);
}

static void server_back(struct run *run) {
    if (!run->away_since) return;
    progress_notice("the server answers again after %.1f s", (double)(now() - run->away_since) / 1e3);
    run->away_since = 0;
}

static void send_again_later(struct lane *lane, const char *why) {
    struct run *run = lane->run;
    server_away(run, why);
    lane->backoff = lane->backoff ? lane->backoff * 2 : BACKOFF_FIRST;
    if (lane->backoff > BACKOFF_MOST) lane->backoff = BACKOFF_MOST;
    lane->again_at = now() + lane->backoff;
    lane->state = LANE_WAITING;
    if (now() - run->away_since < run->sender->patience) return;
    progress_notice("%s has not answered for %lld s; the same call goes on where this one ended",
                    run->sender->client->url, (long long)(run->sender->patience / 1000));
    run->ended = EXIT_TRY_AGAIN;
}

static void on_answer(struct lane *lane) {
    struct run *run = lane->run;
    curl_easy_getinfo(lane->curl, CURLINFO_RESPONSE_CODE, &lane->answer.status);
    enum exit_code code = exit_of_status(lane->answer.status);
    if (code == EXIT_TRY_AGAIN) {
        char why[400];
        client_sentence(&lane->answer, why, sizeof why);
        send_again_later(lane, why);
        return;
    }
    server_back(run);
    lane->backoff = 0;
    lane->state = LANE_READY;
    run->ended = code == EXIT_OK ? run->sender->answered(run->sender->user, lane->index, &lane->answer)
                                 : client_refused(&lane->answer);
}

/* ---- all of them ---- */

/* Whether any had ended. */
static bool finish_transfers(struct run *run) {
    bool any = false;
    int left = 0;
    for (CURLMsg *m; run->ended == EXIT_OK && (m = curl_multi_info_read(run->multi, &left));) {
        struct lane *lane;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode rc = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &lane);
        curl_multi_remove_handle(run->multi, lane->curl);
        if (rc == CURLE_OK)
            on_answer(lane);
        else
            send_again_later(lane, curl_easy_strerror(rc));
        any = true;
    }
    return any;
}

/* Starts what can be started. Returns how many lanes are not done; *wait is how long nothing is due, in ms. */
static size_t start_lanes(struct run *run, int *wait) {
    size_t busy = 0;
    *wait = POLL_MOST;
    for (size_t i = 0; i < run->sender->lanes; i++) {
        struct lane *lane = &run->lanes[i];
        if (lane->state == LANE_READY) send_next(lane);
        if (lane->state == LANE_READY && *wait > POLL_LATER) *wait = POLL_LATER;
        if (lane->state == LANE_WAITING) {
            int64_t due = lane->again_at - now();
            if (due <= 0)
                send_body(lane);
            else if (due < *wait)
                *wait = (int)due;
        }
        busy += lane->state != LANE_DONE;
    }
    return busy;
}

enum exit_code sender_run(const struct sender *sender) {
    struct run run;
    int running, wait;
    run_open(&run, sender);
    while (run.ended == EXIT_OK && start_lanes(&run, &wait)) {
        curl_multi_perform(run.multi, &running);
        if (!finish_transfers(&run)) curl_multi_poll(run.multi, NULL, 0, wait, NULL);
        sender->tick(sender->user);
    }
    run_close(&run);
    return run.ended;
}
