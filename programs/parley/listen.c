#include "programs/parley/listen.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "programs/parley/interrupt.h"

enum { LOOK_MS = 1000 /* a signal just before the wait is seen then */ };

struct listener {
    CURL *curl;
    CURLM *multi;
    struct buffer in;    /* what has no line's end yet */
    bool joined, wanted; /* wanted: the event at hand has the name */
    const char *event;
    void (*on_joined)(void *user);
    void (*each)(void *user, struct text data);
    void *user;
};

static void take_line(struct listener *l, struct text line) {
    struct text field, value;
    if (line.n && line.at[line.n - 1] == '\r') line.n--;
    text_cut(line, ':', &field, &value);
    if (!line.n) l->wanted = false; /* the event's end */
    if (text_is(field, "event")) l->wanted = text_is(text_trim(value), l->event);
    if (text_is(field, "data") && l->wanted) l->each(l->user, text_trim(value));
}

static size_t take(char *bytes, size_t size, size_t n, void *user) {
    struct listener *l = user;
    long status = 0;
    curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) return 0;
    if (!l->joined) l->on_joined(l->user);
    l->joined = true;
    buffer_put(&l->in, bytes, size * n);
    struct text line, rest = buffer_view(&l->in);
    while (rest.n && memchr(rest.at, '\n', rest.n)) {
        text_cut(rest, '\n', &line, &rest);
        take_line(l, line);
    }
    if (rest.n) memmove(l->in.at, rest.at, rest.n);
    l->in.n = rest.n;
    return size * n;
}

/* Where curl has no memory, each of its functions refuses the NULL that it gave: there is no stream, and listen_wait says so. */
struct listener *listen_open(const struct client *client, const char *path, const char *event,
                             void (*joined)(void *user), void (*each)(void *user, struct text data), void *user) {
    struct listener *l = memory_new(struct listener);
    struct buffer url = {0};
    *l = (struct listener){curl_easy_init(), curl_multi_init(), {0}, false, false, event, joined, each, user};
    buffer_printf(&url, "%s%s", client->url, path);
    buffer_byte(&url, '\0');
    client_prepare(client, l->curl);
    curl_easy_setopt(l->curl, CURLOPT_TIMEOUT, 0L);
    curl_easy_setopt(l->curl, CURLOPT_URL, url.at);
    curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, l);
    curl_multi_add_handle(l->multi, l->curl);
    buffer_free(&url);
    return l;
}

void listen_close(struct listener *l) {
    if (!l) return;
    curl_multi_remove_handle(l->multi, l->curl);
    curl_easy_cleanup(l->curl);
    curl_multi_cleanup(l->multi);
    buffer_free(&l->in);
    free(l);
}

bool listen_joined(const struct listener *l) {
    return l->joined;
}

bool listen_wait(struct listener *l, int fd) {
    struct curl_waitfd also = {.fd = fd, .events = CURL_WAIT_POLLIN};
    int under_way = 0;
    while (curl_multi_perform(l->multi, &under_way) == CURLM_OK && under_way) {
        if (also.revents || interrupted()) return true;
        curl_multi_poll(l->multi, &also, fd >= 0, LOOK_MS, NULL);
    }
    return false;
}
