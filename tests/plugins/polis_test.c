/* A real conversation through the real plugin: 2,995 votes of a public Polis conversation (compdemocracy/openData, CC BY 4.0), each
 * comment a poll of three options, re-votes included. The sums were taken independently of this code; see the data's README. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/plugins/build_path.h"

enum { COMMENTS = 100 };

static parley_test *t;

static void make_poll(int comment) {
    char body[300];
    snprintf(body, sizeof body,
             "{\"id\":\"comment-%d\",\"question\":\"Comment %d\",\"options\":[{\"key\":\"agree\",\"label\":\"Agree\"},"
             "{\"key\":\"disagree\",\"label\":\"Disagree\"},{\"key\":\"pass\",\"label\":\"Pass\"}]}",
             comment, comment);
    parley_test_as_staff(t);
    cr_assert_eq(parley_test_call(t, "POST", "/polls", body), 201, "%s", parley_test_body(t));
}

/* Rows "timestamp,date,comment,voter,vote", oldest vote of a pair first; returns how many. */
static int replay(FILE *votes, bool seen[COMMENTS]) {
    char line[256], path[64], customer[32];
    int rows = 0;
    cr_assert(fgets(line, sizeof line, votes));
    while (fgets(line, sizeof line, votes)) {
        int comment, voter, vote;
        cr_assert_eq(sscanf(line, "%*[^,],%*[^,],%d,%d,%d", &comment, &voter, &vote), 3, "%s", line);
        cr_assert(comment < COMMENTS);
        if (!seen[comment]) make_poll(comment);
        seen[comment] = true;
        snprintf(path, sizeof path, "/polls/comment-%d/vote", comment);
        snprintf(customer, sizeof customer, "voter-%d", voter);
        parley_test_as(t, customer);
        int status = parley_test_call(t, "PUT", path,
                                      vote > 0   ? "{\"options\":[\"agree\"]}"
                                      : vote < 0 ? "{\"options\":[\"disagree\"]}"
                                                 : "{\"options\":[\"pass\"]}");
        cr_assert_eq(status, 200, "%s", parley_test_body(t));
        parley_test_wait(t, 1000);
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
        parley_test_as(t, "somebody");
        cr_assert_eq(parley_test_call(t, "GET", path, NULL), 200);
        for (int i = 0; i < 3; i++) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/tally/options/%d/", i);
            const char *key = parley_test_at(t, strcat(pointer, "key"));
            cr_assert(key && strncmp(key + 1, keys[i], strlen(keys[i])) == 0, "%s", parley_test_body(t));
            strcpy(strrchr(pointer, '/'), "/votes");
            sums[i] += atoi(parley_test_at(t, pointer));
        }
    }
}

Test(polis, the_seattle_conversation_adds_up) {
    char path[512];
    const char *shared = getenv("PARLEY_SHARED");
    snprintf(path, sizeof path, "%s/data/polis-seattle/votes.csv", shared ? shared : "");
    FILE *votes = fopen(path, "r");
    if (!votes) cr_skip_test("PARLEY_SHARED is not there");
    bool seen[COMMENTS] = {0};
    int sums[3] = {0};
    t = parley_test_start(&(struct parley_test_options){.library = build_path("plugins/polls-%s/polls.so", "1.0.0")});
    cr_expect_eq(replay(votes, seen), 2995);
    add_up(seen, sums);
    cr_expect_eq(sums[0], 1358, "agree %d", sums[0]);
    cr_expect_eq(sums[1], 922, "disagree %d", sums[1]);
    cr_expect_eq(sums[2], 592, "pass %d", sums[2]);
    parley_test_stop(t);
    fclose(votes);
}
