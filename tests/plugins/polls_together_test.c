/* Two releases of polls beside each other, each in a worker of its own, on one database. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/core/plugins/channel_client.h"
#include "tests/pulse.h"

static struct client worker, newer;
static struct client_reply reply;

static void make_poll(void) {
    client_staff(&worker, "POST", "/polls",
                 "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
                 "{\"key\":\"b\",\"label\":\"Blue\"},{\"key\":\"c\",\"label\":\"Green\"}]}",
                 &reply);
    cr_assert_eq(reply.status, 201, "%s", reply.body);
}

static void expect_has(const char *part) {
    cr_expect(strstr(reply.body, part), "expected %s in %s", part, reply.body);
}

Test(polls_together, two_releases_serve_one_poll_at_once_and_no_vote_is_lost) {
    enum { EACH = 400, AT_ONCE = 40 };
    struct client *both[] = {&worker, &newer};
    client_polls(&worker, "1.0.0", client_folder());
    make_poll();
    client_polls(&newer, "1.1.0", client_folder());
    for (int i = 0; i < EACH; i += AT_ONCE) {
        for (int w = 0; w < 2; w++) {
            struct buffer out = {0};
            for (int j = i; j < i + AT_ONCE; j++) {
                char customer[24];
                snprintf(customer, sizeof customer, "c%d-%d", w, j / 2); /* each votes twice: the second time counts */
                struct frame_request request = client_request(
                    customer, "PUT", "/polls/p/vote", j % 2 ? "{\"options\":[\"b\"]}" : "{\"options\":[\"a\"]}");
                client_put(both[w], &out, &request);
            }
            client_write(both[w], &out);
            buffer_free(&out);
        }
        for (int w = 0; w < 2; w++)
            for (int j = 0; j < AT_ONCE; j++) {
                client_reply(both[w], &reply);
                cr_assert_eq(reply.status, 200, "%s", reply.body);
            }
    }
    client_shopper(&worker, "ann", "GET", "/polls/p", NULL, &reply);
    expect_has("\"voters\":400,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":400},");
    client_shopper(&newer, "ann", "GET", "/polls/p", NULL, &reply);
    expect_has("{\"key\":\"b\",\"votes\":400,\"percent\":100}");
    cr_expect_eq(client_stop(&newer), 0);
    cr_expect_eq(client_stop(&worker), 0);
}

Test(polls_together, fifty_kills_of_one_release_lose_no_acknowledged_vote_and_delay_the_other_by_less_than_a_second) {
    enum { KILLS = 50, AT_ONCE = 20 };
    const uint64_t second = 1000000000u;
    int acknowledged = 0, kills = 0;
    uint64_t worst = 0;
    struct pulse pulse;
    client_polls(&worker, "1.0.0", client_folder());
    make_poll();
    client_polls(&newer, "1.1.0", client_folder());
    pulse_start(&pulse, client_folder());
    for (int judged = 0; judged < KILLS; kills++) {
        int i = kills;
        struct buffer out = {0};
        char customer[32];
        for (int j = 0; j < AT_ONCE; j++) {
            snprintf(customer, sizeof customer, "k%d-%d", i, j);
            struct frame_request request = client_request(customer, "PUT", "/polls/p/vote", "{\"options\":[\"a\"]}");
            client_put(&newer, &out, &request);
        }
        client_write(&newer, &out);
        buffer_free(&out);
        usleep((useconds_t)(i * 37 % 100 * 150)); /* somewhere before, in and after its commit */
        if (i == 0) acknowledged += client_reply(&newer, &reply) && reply.status == 200; /* however slow it is */
        while (client_pull(&newer)) acknowledged += client_reply(&newer, &reply) && reply.status == 200;
        client_kill(&newer);
        uint64_t started = clock_ticks();
        snprintf(customer, sizeof customer, "w%d", i);
        client_shopper(&worker, customer, "PUT", "/polls/p/vote", "{\"options\":[\"b\"]}", &reply);
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        uint64_t took = clock_ticks() - started;
        if (pulse_judges(&pulse, took, second)) {
            judged++;
            if (took > worst) worst = took;
        }
        client_polls(&newer, "1.1.0", client_folder());
    }
    pulse_stop(&pulse);
    cr_expect_lt(worst, second, "%.3f s", (double)worst / 1e9);
    client_shopper(&worker, "ann", "GET", "/polls/p", NULL, &reply);
    int a = 0, b = 0;
    sscanf(strstr(reply.body, "\"key\":\"a\",\"votes\":"), "\"key\":\"a\",\"votes\":%d", &a);
    sscanf(strstr(reply.body, "\"key\":\"b\",\"votes\":"), "\"key\":\"b\",\"votes\":%d", &b);
    cr_expect_gt(acknowledged, 0);
    cr_expect_geq(a, acknowledged, "%d votes are there, %d were acknowledged", a, acknowledged);
    cr_expect_eq(b, kills);
    cr_expect_eq(client_stop(&newer), 0);
    cr_expect_eq(client_stop(&worker), 0);
}
