/* A real conversation through the real plugin: 2,995 votes of a public Polis conversation (compdemocracy/openData, CC BY 4.0), each
 * comment a poll of three options, re-votes included. The sums were taken independently of this code; see the data's README. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "tests/core/plugins/channel_client.h"

enum { COMMENTS = 100 };

static struct client worker;
static struct client_reply reply;

static void make_poll(int comment) {
    char body[300];
    snprintf(body, sizeof body,
             "{\"id\":\"comment-%d\",\"question\":\"Comment %d\",\"options\":[{\"key\":\"agree\",\"label\":\"Agree\"},"
             "{\"key\":\"disagree\",\"label\":\"Disagree\"},{\"key\":\"pass\",\"label\":\"Pass\"}]}",
             comment, comment);
    cr_assert_eq(client_staff(&worker, "POST", "/polls", body, &reply), 201, "%s", reply.body);
}

/* Rows "timestamp,date,comment,voter,vote", oldest vote of a pair first; returns how many. */
static int replay(FILE *votes, bool seen[COMMENTS]) {
    char line[256], path[64], customer[32];
    int rows = 0;
    cr_assert(fgets(line, sizeof line, votes));
    while (fgets(line, sizeof line, votes)) {
        long long at;
        int comment, voter, vote;
        cr_assert_eq(sscanf(line, "%lld,%*[^,],%d,%d,%d", &at, &comment, &voter, &vote), 4, "%s", line);
        cr_assert(comment < COMMENTS);
        if (!seen[comment]) make_poll(comment);
        seen[comment] = true;
        snprintf(path, sizeof path, "/polls/comment-%d/vote", comment);
        snprintf(customer, sizeof customer, "voter-%d", voter);
        struct frame_request request = client_request(customer, "PUT", path,
                                                      vote > 0   ? "{\"options\":[\"agree\"]}"
                                                      : vote < 0 ? "{\"options\":[\"disagree\"]}"
                                                                 : "{\"options\":[\"pass\"]}");
        request.now = at;
        cr_assert_eq(client_call(&worker, &request, &reply), 200, "%s", reply.body);
        rows++;
    }
    return rows;
}

static void add_up(const bool seen[COMMENTS], int sums[3]) {
    static const char *const keys[] = {"agree", "disagree", "pass"};
    for (int comment = 0; comment < COMMENTS; comment++) {
        if (!seen[comment]) continue;
        char path[64];
        snprintf(path, sizeof path, "/polls/comment-%d", comment);
        cr_assert_eq(client_shopper(&worker, "somebody", "GET", path, NULL, &reply), 200);
        for (int i = 0; i < 3; i++) {
            char member[64];
            int n = 0;
            snprintf(member, sizeof member, "\"key\":\"%s\",\"votes\":", keys[i]);
            const char *at = strstr(reply.body, member);
            cr_assert(at && sscanf(at + strlen(member), "%d", &n) == 1, "%s", reply.body);
            sums[i] += n;
        }
    }
}

Test(polis, the_seattle_conversation_adds_up, .timeout = 120) {
    char path[512];
    const char *shared = getenv("PARLEY_SHARED");
    snprintf(path, sizeof path, "%s/data/polis-seattle/votes.csv", shared ? shared : "");
    FILE *votes = fopen(path, "r");
    if (!votes) cr_skip_test("PARLEY_SHARED is not there");
    bool seen[COMMENTS] = {0};
    int sums[3] = {0};
    client_polls(&worker, "1.0.0", client_folder());
    cr_expect_eq(replay(votes, seen), 2995);
    add_up(seen, sums);
    cr_expect_eq(sums[0], 1358, "agree %d", sums[0]);
    cr_expect_eq(sums[1], 922, "disagree %d", sums[1]);
    cr_expect_eq(sums[2], 592, "pass %d", sums[2]);
    client_stop(&worker);
    fclose(votes);
}
