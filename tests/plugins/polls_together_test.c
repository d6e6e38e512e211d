/* Two releases of polls beside each other, each in a worker of its own, on one database. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/core/plugins/channel_client.h"

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
