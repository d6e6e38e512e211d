#include "programs/parley/listen.h"

#include "programs/parley/interrupt.h"

struct listening {
    CURL *curl;
    struct buffer in;    /* what has no line's end yet */
    bool joined, wanted; /* wanted: the event at hand has the name */
    const char *event;
    void (*on_joined)(void *user);
    void (*each)(void *user, struct text data);
    void *user;
};

static void take_line(struct listening *l, struct text line) {
    struct text field, value;
    if (line.n && line.at[line.n - 1] == '\r') line.n--;
    text_cut(line, ':', &field, &value);
    if (!line.n) l->wanted = false; /* the event's end */
    if (text_is(field, "event")) l->wanted = text_is(text_trim(value), l->event);
    if (text_is(field, "data") && l->wanted) l->each(l->user, text_trim(value));
}

static size_t take(char *bytes, size_t size, size_t n, void *user) {
    struct listening *l = user;
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

static int look(void *user, curl_off_t down_of, curl_off_t down, curl_off_t up_of, curl_off_t up) {
    return interrupted();
}

bool listen_to(const struct client *client, const char *path, const char *event, void (*joined)(void *user),
               void (*each)(void *user, struct text data), void *user) {
    struct listening listening = {
        .curl = curl_easy_init(), .event = event, .on_joined = joined, .each = each, .user = user};
    struct buffer url = {0};
    CURL *curl = listening.curl;
    if (!curl) return false;
    buffer_printf(&url, "%s%s", client->url, path);
    buffer_byte(&url, '\0');
    client_prepare(client, curl);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L);
    curl_easy_setopt(curl, CURLOPT_URL, url.at);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &listening);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    buffer_free(&listening.in);
    buffer_free(&url);
    return listening.joined;
}
