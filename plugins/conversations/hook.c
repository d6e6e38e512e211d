/* What a mail gateway tells without a token of ours: mails that came, and what became of those that went out. It signs as Standard
 * Webhooks says, under the secret that both know; the messages themselves are channels.c's. */
#include "plugins/base64.h"
#include "plugins/conversations/conversations.h"

enum { DIGEST = 32, BASE64 = 44, AGE_MOST = 5 * 60 /* seconds: an older delivery is somebody's copy of it */ };

static int refuse(parley_call *c, const char *sentence) {
    parley->count(c, "hooks_refused", 1);
    return parley->fail(c, 401, sentence);
}

static int check_age(parley_call *c, parley_text timestamp) {
    int64_t at = 0, now = parley->now(c) / SECOND;
    if (parley->integer(parley->parse(c, timestamp), &at) && at > now - AGE_MOST && at < now + AGE_MOST) return 0;
    return refuse(
        c, "the header webhook-timestamp is not the time of now, in seconds since 1970, give or take five minutes");
}

/* Any one of "v1,BASE64 v1,BASE64 ...": a sender that changes its secret signs with both. */
static bool is_signed(parley_text given, const char expected[static BASE64]) {
    for (size_t i = 0, n; i < given.n; i += n + 1) {
        for (n = 0; i + n < given.n && given.at[i + n] != ' ';) n++;
        if (n == BASE64 + 3 && __builtin_memcmp(given.at + i, "v1,", 3) == 0 &&
            base64_same(expected, given.at + i + 3, BASE64))
            return true;
    }
    return false;
}

static int check_sender(parley_call *c) {
    parley_text id = parley->header(c, "webhook-id"), timestamp = parley->header(c, "webhook-timestamp");
    unsigned char digest[DIGEST];
    char expected[BASE64];
    parley_text message = text_of_cstr(parley_format(c, "{}.{}.{}", id, timestamp, parley->source(c)));
    if (!parley->hmac(c, message, digest))
        return parley->fail(
            c, 409,
            "no gateway is configured: give parleyd the secret that it signs with,"
            " plugins.conversations.secret (or PARLEY_PLUGINS_CONVERSATIONS_SECRET), and start it again");
    base64_write(digest, DIGEST, expected);
    if (!is_signed(parley->header(c, "webhook-signature"), expected))
        return refuse(
            c, "the header webhook-signature is not v1 of this id, time and body under the secret that Parley has");
    return check_age(c, timestamp);
}

/* POST /hooks/conversations/inbound: as the staff's POST /inbound. */
int hook_inbound(parley_call *c) {
    int rc = check_sender(c);
    return rc < 0 ? rc : channel_inbound(c);
}

/* POST /hooks/conversations/deliveries {"id","state","detail"?}: what became of something that went out. */
int hook_delivered(parley_call *c) {
    int64_t number = 0;
    int rc = check_sender(c);
    if (rc >= 0) rc = object_with(c, "id state detail");
    if (rc >= 0) rc = read_number(c, parley->body(c), "id", &number);
    return rc < 0 ? rc : delivery_report(c, number);
}
