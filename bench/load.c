/* A load generator: keeps N keep-alive connections busy with one request each, counts answers and their latency, and says so
 * as one line of JSON. "{n}" in path or body becomes a number that is new in every request, "{odd}" 1 and 0 by turns; without them a
 * request is made once and sent again. -g: ms from an answer to the next request, for a single connection. One thread, epoll; used against parleyd and against its peers alike, so that what it costs itself is in both
 * figures: "share" is how much of a core that was.
 * usage: load HOST:PORT METHOD PATH [-c connections] [-s seconds] [-n requests] [-H header]... [-b body] [-o offset] [-g ms] */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/base/memory.h"

enum { HEAD_ROOM = 4096, CONNECTIONS_MOST = 4096, LATENCIES = 1 << 24 };

struct connection {
    int fd;
    size_t n, wanted, sent; /* bytes of the answer so far; of the whole answer once its head is known */
    uint64_t since;
    struct buffer request;
    char *in; /* the head; bodies are thrown away unread */
};

struct load {
    struct sockaddr_in address;
    const char *method, *headers;
    const char *path, *body; /* body: NULL for none */
    bool numbered;           /* path or body have {n} or {odd} */
    int64_t gap;             /* nanoseconds from an answer to the next request */
    struct buffer filled;
    uint64_t next, last; /* numbers of the next request and of the first that is not sent any more */
    int64_t answers, failures;
    int first_failure;
    uint32_t *latencies; /* microseconds */
    int epoll;
};

static bool numbered(const char *template) {
    return template && (strstr(template, "{n}") || strstr(template, "{odd}"));
}

static void fill(struct buffer *out, const char *template, uint64_t number) {
    for (const char *mark; (mark = strchr(template, '{'));) {
        buffer_put(out, template, (size_t)(mark - template));
        if (strncmp(mark, "{n}", 3) == 0) {
            buffer_printf(out, "%llu", (unsigned long long)number);
            template = mark + 3;
        } else if (strncmp(mark, "{odd}", 5) == 0) {
            buffer_put(out, number & 1 ? "1" : "0", 1);
            template = mark + 5;
        } else {
            buffer_put(out, "{", 1);
            template = mark + 1;
        }
    }
    buffer_cstr(out, template);
}

static void build(struct load *load, struct connection *c) {
    uint64_t number = load->next++;
    struct buffer *out = &c->request;
    c->sent = c->n = c->wanted = 0;
    if (out->n && !load->numbered) return;
    buffer_clear(out);
    buffer_printf(out, "%s ", load->method);
    fill(out, load->path, number);
    buffer_printf(out, " HTTP/1.1\r\nHost: bench\r\n%s", load->headers);
    if (load->body) {
        buffer_clear(&load->filled);
        fill(&load->filled, load->body, number);
        buffer_printf(out, "Content-Length: %zu\r\n\r\n", load->filled.n);
        buffer_text(out, buffer_view(&load->filled));
    } else
        buffer_cstr(out, "\r\n");
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void push(struct connection *c) {
    while (c->sent < c->request.n) {
        ssize_t n = write(c->fd, c->request.at + c->sent, c->request.n - c->sent);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) die("write");
        c->sent += (size_t)n;
    }
}

static void start(struct load *load, struct connection *c) {
    if (load->next == load->last) return;
    build(load, c);
    c->since = clock_ticks();
    push(c);
}

static void dial(struct load *load, struct connection *c) {
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&load->address, sizeof load->address) < 0) die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll");
}

/* Bytes of the whole answer, or 0 while its head is not complete. */
static size_t whole(const struct connection *c) {
    char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - c->in) + 4;
    for (char *line = c->in; line < end; line = strchr(line, '\n') + 1)
        if (strncasecmp(line, "Content-Length:", 15) == 0) return head + strtoul(line + 15, NULL, 10);
    return head;
}

static void answered(struct load *load, struct connection *c) {
    int status = atoi(c->in + 9);
    if (status < 200 || status > 299) {
        if (!load->failures++) load->first_failure = status;
    }
    load->latencies[load->answers++ & (LATENCIES - 1)] = (uint32_t)((clock_ticks() - c->since) / 1000);
}

static bool pull(struct load *load, struct connection *c) {
    for (;;) {
        ssize_t n = c->wanted ? recv(c->fd, NULL, c->wanted - c->n, MSG_TRUNC)
                              : read(c->fd, c->in + c->n, HEAD_ROOM - 1 - c->n);
        if (n < 0 && errno == EAGAIN) return true;
        if (n <= 0) return false;
        c->n += (size_t)n;
        if (!c->wanted) {
            c->in[c->n] = 0;
            c->wanted = whole(c);
        }
        if (!c->wanted || c->n < c->wanted) continue;
        answered(load, c);
        if (load->gap) nanosleep(&(struct timespec){load->gap / 1000000000, load->gap % 1000000000}, NULL);
        start(load, c);
        return true; /* what comes now is another event */
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Seconds of processor time so far. */
static double worked(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static volatile sig_atomic_t ended; /* SIGTERM: say what there is and end */

static void on_end(int signal) {
    ended = 1;
}

static void run(struct load *load, struct connection *connections, int n, double seconds) {
    load->epoll = epoll_create1(0);
    for (int i = 0; i < n; i++) {
        connections[i].in = memory_alloc(HEAD_ROOM);
        dial(load, &connections[i]);
    }
    uint64_t wanted = load->last - load->next, began = clock_ticks(), until = began + (uint64_t)(seconds * 1e9);
    for (int i = 0; i < n; i++) {
        start(load, &connections[i]);
    }
    struct epoll_event events[256];
    double before = worked();
    while (clock_ticks() < until && !ended && (uint64_t)load->answers < wanted) {
        int got = epoll_wait(load->epoll, events, 256, 100);
        for (int i = 0; i < got; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->sent < c->request.n) push(c);
            if (pull(load, c)) continue;
            load->failures++;
            close(c->fd);
            dial(load, c);
            start(load, c);
        }
    }
    double took = (double)(clock_ticks() - began) / 1e9, share = (worked() - before) / took;
    size_t kept = load->answers < LATENCIES ? (size_t)load->answers : LATENCIES;
    qsort(load->latencies, kept, sizeof *load->latencies, by_size);
    printf("{\"rate\":%.1f,\"answers\":%lld,\"failures\":%lld,\"firstFailure\":%d,\"p50ms\":%.3f,\"p99ms\":%.3f,"
           "\"maxms\":%.3f,\"share\":%.3f,\"next\":%llu}\n",
           (double)load->answers / took, (long long)load->answers, (long long)load->failures, load->first_failure,
           kept ? load->latencies[kept / 2] / 1e3 : 0, kept ? load->latencies[kept * 99 / 100] / 1e3 : 0,
           kept ? load->latencies[kept - 1] / 1e3 : 0, share, (unsigned long long)load->next);
}

int main(int argc, char **argv) {
    int connections = 64, option;
    double seconds = 3;
    uint64_t requests = UINT64_MAX / 2;
    struct buffer headers = {0};
    struct load load = {.address.sin_family = AF_INET};
    char host[64];
    int port;
    while ((option = getopt(argc, argv, "c:s:n:H:b:o:g:")) != -1) switch (option) {
        case 'c': connections = atoi(optarg); break;
        case 's': seconds = atof(optarg); break;
        case 'n': requests = strtoull(optarg, NULL, 10); break;
        case 'H': buffer_printf(&headers, "%s\r\n", optarg); break;
        case 'b': load.body = optarg; break;
        case 'o': load.next = strtoull(optarg, NULL, 10); break;
        case 'g': load.gap = atoll(optarg) * 1000000; break;
        default: return 2;
        }
    if (argc - optind != 3 || sscanf(argv[optind], "%63[^:]:%d", host, &port) != 2 ||
        inet_pton(AF_INET, host, &load.address.sin_addr) != 1 || connections < 1 || connections > CONNECTIONS_MOST) {
        fprintf(stderr, "usage: load HOST:PORT METHOD PATH [-c connections] [-s seconds] [-n requests] [-H header]... "
                        "[-b body] [-g ms]\n");
        return 2;
    }
    signal(SIGTERM, on_end);
    load.last = load.next + requests;
    load.address.sin_port = htons((uint16_t)port);
    load.method = argv[optind + 1];
    load.path = argv[optind + 2];
    load.numbered = numbered(load.path) || numbered(load.body);
    buffer_put(&headers, "", 1);
    load.headers = headers.at;
    load.latencies = memory_alloc(LATENCIES * sizeof *load.latencies);
    struct connection *all = memory_zero((size_t)connections, sizeof *all);
    run(&load, all, connections, seconds);
    for (int i = 0; i < connections; i++) {
        buffer_free(&all[i].request);
        free(all[i].in);
    }
    free(all);
    free(load.latencies);
    buffer_free(&load.filled);
    buffer_free(&headers);
    return 0;
}
