#include "core/webhooks/deliver.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

enum { CONNECT_MS = 5000, POLL_MS = 100, ANSWER_BYTES = 64 * 1024 /* read and thrown away */ };

/* --- who may be told --- */

static bool public_v4(uint32_t a) {
    static const struct {
        uint32_t net;
        int bits;
    } closed[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
        {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
        {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4},
    };
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if ((a ^ closed[i].net) >> (32 - closed[i].bits) == 0) return false;
    return true;
}

static uint32_t v4_at(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Only 2000::/3 is given out; within it some prefixes hold an IPv4 address or lead nowhere. */
static bool public_v6(const unsigned char b[static 16]) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0) return public_v4(v4_at(b + 12));
    if ((b[0] & 0xe0) != 0x20) return false;
    if (b[0] == 0x20 && b[1] == 0x02) return public_v4(v4_at(b + 2));       /* 6to4 */
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] < 2) return false;             /* Teredo and its kind */
    return !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8); /* documentation */
}

bool deliver_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) return public_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6) return public_v6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
    return false;
}

int deliver_check_url(struct text url, struct error *error) {
    CURLU *parts = curl_url();
    char *scheme = NULL, *user = NULL, *copy = memory_alloc(url.n + 1);
    memcpy(copy, url.at, url.n);
    copy[url.n] = 0;
    bool fine = curl_url_set(parts, CURLUPART_URL, copy, CURLU_DISALLOW_USER) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (!strcmp(scheme, "https") || !strcmp(scheme, "http")) && strlen(copy) == url.n;
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parts);
    free(copy);
    return fine ? 0 : error_at(error, "/url", "must be an address such as https://shop.example/hook, without a user");
}

/* --- signing --- */

bool deliver_sign(char out[static DELIVER_SIGNATURE_ROOM], struct text secret, struct text id, int64_t seconds,
                  struct text body) {
    unsigned char key[64], mac[crypto_auth_hmacsha256_BYTES];
    char time[24], base64[48];
    size_t n = 0;
    if (sodium_base642bin(key, sizeof key, secret.at, secret.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, n);
    int time_n = snprintf(time, sizeof time, ".%lld.", (long long)seconds);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)id.at, id.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, (size_t)time_n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.at, body.n);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(key, sizeof key);
    sodium_bin2base64(base64, sizeof base64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, DELIVER_SIGNATURE_ROOM, "v1,%s", base64);
    return true;
}

/* --- sending --- */

struct sending {
    struct delivery *delivery;
    const struct delivery_options *options;
    CURL *curl;
    struct curl_slist *headers;
    size_t answered; /* bytes */
    bool refused;    /* the address is not public */
};

/* The address that a name was resolved to is looked at when it is used: a name that changes its mind gains nothing. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct sending *s = user;
    if (!s->options->allow_private && !deliver_is_public(&address->addr)) {
        s->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t drop_answer(char *bytes, size_t size, size_t n, void *user) {
    struct sending *s = user;
    s->answered += size * n;
    return s->answered <= ANSWER_BYTES ? size * n : 0;
}

static void add_header(struct sending *s, const char *name, struct text value) {
    struct buffer line = {0};
    buffer_printf(&line, "%s: %.*s", name, TEXT_ARGS(value));
    buffer_byte(&line, 0);
    s->headers = curl_slist_append(s->headers, line.at);
    buffer_free(&line);
}

static void set_headers(struct sending *s, const struct delivery_message *m) {
    char signature[DELIVER_SIGNATURE_ROOM] = "", seconds[24];
    int64_t now = clock_now(s->options->clock) / 1000;
    snprintf(seconds, sizeof seconds, "%lld", (long long)now);
    deliver_sign(signature, s->delivery->secret, m->id, now, m->body);
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    add_header(s, "Content-Type", TEXT("application/json"));
    add_header(s, "User-Agent", TEXT("Parley/" PARLEY_VERSION));
    add_header(s, "Expect", TEXT_NONE);
    add_header(s, "webhook-id", m->id);
    add_header(s, "webhook-timestamp", text_of(seconds));
    add_header(s, "webhook-signature", text_of(signature));
    curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
}

static void begin(struct sending *s, CURLM *multi) {
    const struct delivery_message *m = &s->delivery->messages[s->delivery->done];
    s->answered = 0;
    set_headers(s, m);
    curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, m->body.at);
    curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)m->body.n);
    curl_multi_add_handle(multi, s->curl);
}

static void open_sending(struct sending *s) {
    CURL *curl = s->curl = curl_easy_init();
    if (!curl) abort();
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a proxy would resolve the name by itself */
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_URL, s->delivery->url.at);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)s->options->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, s);
}

/* True where the next message may follow. */
static bool judge(struct sending *s, CURLcode rc) {
    struct delivery *d = s->delivery;
    d->status = 0;
    curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &d->status);
    bool taken = d->status >= 200 && d->status < 300 && (rc == CURLE_OK || rc == CURLE_WRITE_ERROR);
    if (taken)
        d->done++;
    else if (s->refused)
        snprintf(d->detail, sizeof d->detail, "the address is not public; webhooks.private allows it");
    else if (rc != CURLE_OK && rc != CURLE_WRITE_ERROR)
        snprintf(d->detail, sizeof d->detail, "%s", curl_easy_strerror(rc));
    else
        snprintf(d->detail, sizeof d->detail, "it answered %ld", d->status);
    return taken && d->done < d->n;
}

static void collect(CURLM *multi, int *open) {
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
        struct sending *s;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode rc = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
        curl_multi_remove_handle(multi, s->curl);
        if (judge(s, rc) && !atomic_load(s->options->stop))
            begin(s, multi);
        else
            --*open;
    }
}

void deliver(struct delivery *deliveries, size_t n, const struct delivery_options *options) {
    CURLM *multi = curl_multi_init();
    struct sending *sendings = memory_zero(n ? n : 1, sizeof *sendings);
    int open = 0, running;
    for (size_t i = 0; i < n; i++) {
        sendings[i] = (struct sending){.delivery = &deliveries[i], .options = options};
        if (!deliveries[i].n) continue;
        open_sending(&sendings[i]);
        begin(&sendings[i], multi);
        open++;
    }
    while (open > 0 && !atomic_load(options->stop)) {
        curl_multi_perform(multi, &running);
        collect(multi, &open);
        if (open > 0) curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        struct sending *s = &sendings[i];
        if (!s->curl) continue;
        curl_multi_remove_handle(multi, s->curl);
        curl_easy_cleanup(s->curl);
        curl_slist_free_all(s->headers);
        if (s->delivery->done < s->delivery->n && !s->delivery->detail[0])
            snprintf(s->delivery->detail, sizeof s->delivery->detail, "Parley was ending");
    }
    curl_multi_cleanup(multi);
    free(sendings);
}
