#include "programs/parley/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "programs/parley/progress.h"

enum { CONNECT_SECONDS = 10, ANSWER_SECONDS = 120 };

enum exit_code exit_of_status(long status) {
    switch (status) {
    case 401:
    case 403: return EXIT_NOT_ALLOWED;
    case 404: return EXIT_NOT_FOUND;
    case 409:
    case 412: return EXIT_CONFLICT;
    case 429:
    case 502:
    case 503:
    case 504: return EXIT_TRY_AGAIN;
    default: return status >= 200 && status < 300 ? EXIT_OK : EXIT_FAILED;
    }
}

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value) {
    struct buffer line = {0};
    buffer_printf(&line, "%s: %s", name, value);
    buffer_byte(&line, '\0');
    list = curl_slist_append(list, line.at);
    buffer_free(&line);
    return list;
}

void client_open(struct client *client, const char *url, const char *token) {
    char *copy = memory_copy(url);
    size_t n = strlen(copy);
    while (n && copy[n - 1] == '/') copy[--n] = '\0';
    *client = (struct client){.url = copy, .curl = curl_easy_init()};
    client->headers = header(NULL, "User-Agent", "parley/" PARLEY_VERSION);
    client->headers = curl_slist_append(client->headers, "Expect:"); /* no round trip before a large body */
    if (token && *token) {
        struct buffer bearer = {0};
        buffer_printf(&bearer, "Bearer %s", token);
        buffer_byte(&bearer, '\0');
        client->headers = header(client->headers, "Authorization", bearer.at);
        buffer_free(&bearer);
    }
}

void client_if_match(struct client *client, const char *version) {
    struct buffer quoted = {0};
    buffer_printf(&quoted, "\"%s\"", version);
    buffer_byte(&quoted, '\0');
    client->headers = header(client->headers, "If-Match", quoted.at);
    buffer_free(&quoted);
}

void client_act_as(struct client *client, const char *customer) {
    if (client->acting) {
        struct curl_slist *before = client->headers;
        client->headers = before->next;
        before->next = NULL;
        curl_slist_free_all(before);
    }
    struct curl_slist *first = header(NULL, "Parley-Act-As", customer);
    first->next = client->headers;
    client->headers = first;
    client->acting = true;
}

void client_close(struct client *client) {
    curl_slist_free_all(client->headers);
    curl_easy_cleanup(client->curl);
    free((char *)client->url);
}

/* A proxy of the environment is for other machines. */
static bool on_this_machine(const char *url) {
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return !strncmp(host, "127.", 4) || !strncmp(host, "localhost", 9) || !strncmp(host, "[::1]", 5);
}

void client_prepare(const struct client *client, CURL *curl) {
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_SECONDS);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    if (on_this_machine(client->url)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
    buffer_put(user, bytes, size * n);
    return size * n;
}

static int look(void *patience, curl_off_t down_of, curl_off_t down, curl_off_t up_of, curl_off_t up) {
    patience_look(patience);
    return 0;
}

static CURLcode perform(CURL *curl, const char *doing) {
    struct patience patience;
    patience_start(&patience, doing);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &patience);
    CURLcode code = curl_easy_perform(curl);
    patience_end(&patience);
    return code;
}

/* The common headers and the body's type; the list is the caller's. */
static struct curl_slist *headers_for(const struct client *client, const char *type) {
    struct curl_slist *list = header(NULL, "Content-Type", type ? type : "application/json");
    for (struct curl_slist *l = client->headers; l; l = l->next) list = curl_slist_append(list, l->data);
    return list;
}

int client_ask(struct client *client, const char *method, const char *path, struct text body, const char *type,
               struct answer *answer, struct error *error) {
    struct buffer url = {0};
    CURL *curl = client->curl;
    struct curl_slist *headers = NULL;
    *answer = (struct answer){0};
    buffer_printf(&url, "%s%s", client->url, path);
    buffer_byte(&url, '\0');
    curl_easy_reset(curl);
    client_prepare(client, curl);
    curl_easy_setopt(curl, CURLOPT_URL, url.at);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    if (body.at || !strcmp(method, "POST")) {
        headers = headers_for(client, type);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at ? body.at : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    CURLcode rc = perform(curl, client->doing);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    buffer_free(&url);
    if (rc == CURLE_OK) return 0;
    buffer_free(&answer->body);
    return error_set(error, ERR_UNAVAILABLE,
                     "%s does not answer (%s): is parleyd running there? --url or PARLEY_URL says where it is",
                     client->url, curl_easy_strerror(rc));
}

static struct text member(const struct json *json, json_at object, struct text key, struct arena *arena) {
    return json_unescaped(json, json_get(json, object, key), arena);
}

static void print_places(const struct json *json, struct arena *arena) {
    json_at places = json_get(json, 0, TEXT("errors"));
    for (json_at p = json_first(json, places); p != JSON_NONE; p = json_after(json, places, p)) {
        struct text pointer = member(json, p, TEXT("pointer"), arena), detail = member(json, p, TEXT("detail"), arena);
        fprintf(stderr, "  %.*s: %.*s\n", TEXT_ARGS(pointer.n ? pointer : TEXT("the body")), TEXT_ARGS(detail));
    }
}

static struct text sentence_of(const struct json *json, struct arena *arena) {
    struct text detail = member(json, 0, TEXT("detail"), arena), title = member(json, 0, TEXT("title"), arena);
    /* With places, the detail repeats the first of them. */
    if (title.n && json_first(json, json_get(json, 0, TEXT("errors"))) != JSON_NONE) return title;
    return detail.n ? detail : title;
}

enum exit_code client_refused(const struct answer *answer) {
    struct arena arena;
    struct json json;
    arena_init(&arena, 4096);
    bool told = json_scan(&json, buffer_view(&answer->body), &arena, NULL) == 0;
    struct text sentence = told ? sentence_of(&json, &arena) : TEXT_NONE;
    if (sentence.n)
        fprintf(stderr, "parley: %.*s (%ld)\n", TEXT_ARGS(sentence), answer->status);
    else
        fprintf(stderr, "parley: the server answered %ld without saying why\n", answer->status);
    if (told) print_places(&json, &arena);
    if (answer->status == 401)
        fputs("  --token or PARLEY_TOKEN is the token that is sent; `parley tokens create NAME ROLE` makes one\n",
              stderr);
    arena_free(&arena);
    return exit_of_status(answer->status);
}

void client_sentence(const struct answer *answer, char *out, size_t room) {
    struct arena arena;
    struct json json;
    arena_init(&arena, 4096);
    struct text sentence = TEXT_NONE;
    if (json_scan(&json, buffer_view(&answer->body), &arena, NULL) == 0) sentence = sentence_of(&json, &arena);
    snprintf(out, room, "%.*s (%ld)", TEXT_ARGS(sentence.n ? sentence : TEXT("refused")), answer->status);
    arena_free(&arena);
}

enum exit_code client_fetch(struct client *client, const char *method, const char *path, struct text body,
                            struct answer *answer) {
    struct error error = {0};
    if (client_ask(client, method, path, body, NULL, answer, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_TRY_AGAIN;
    }
    if (answer->status >= 200 && answer->status < 300) return EXIT_OK;
    enum exit_code code = client_refused(answer);
    buffer_free(&answer->body);
    return code;
}

const char *client_next(struct client *client, struct arena *arena) {
    struct curl_header *link;
    struct text value, path, relation;
    if (curl_easy_header(client->curl, "Link", 0, CURLH_HEADER, -1, &link) != CURLHE_OK) return NULL;
    value = text_of(link->value);
    if (!text_cut(value, '>', &path, &relation) || !path.n || path.at[0] != '<') return NULL;
    if (!text_is(text_trim(relation), "; rel=\"next\"")) return NULL;
    return arena_cstr(arena, text_n(path.at + 1, path.n - 1));
}
