#include "core/base/log.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"

static int ends[2];
static struct log log_;
static char text[1 << 20];

static void set_up(void) {
    cr_assert_eq(pipe(ends), 0);
    log_ = (struct log){.fd = ends[1], .least = LOG_INFO, .program = "parleyd"};
}
static void tear_down(void) {
    close(ends[0]);
}
TestSuite(log, .init = set_up, .fini = tear_down);

/* What was written until now, without the time in front, which is checked. */
static const char *written(void) {
    close(ends[1]);
    size_t n = 0;
    ssize_t got;
    while ((got = read(ends[0], text + n, sizeof text - 1 - n)) > 0) n += (size_t)got;
    text[n] = 0;
    return text;
}

static const char *behind_time(const char *line) {
    const char *level = strstr(line, " level=");
    cr_assert(level && strncmp(line, "time=20", 7) == 0 && level - line == 5 + 24, "%s", line);
    return level + 1;
}

Test(log, writes_logfmt) {
    log_info(&log_, "worker started", LOG_S("plugin", "polls"), LOG_I("pid", 4711), LOG_D("seconds", 0.25));
    cr_expect_str_eq(behind_time(written()),
                     "level=info program=parleyd msg=\"worker started\" plugin=polls pid=4711 seconds=0.25\n");
}

Test(log, leaves_out_what_is_below_the_least_level) {
    log_debug(&log_, "unseen");
    log_warn(&log_, "seen");
    log_warn(NULL, "nobody listens");
    cr_expect_str_eq(behind_time(written()), "level=warn program=parleyd msg=seen\n");
}

Test(log, cannot_be_made_to_forge_a_line) {
    log_error(&log_, "failed\ntime=2026-01-01T00:00:00.000Z level=info msg=forged",
              LOG_S("detail", "a\r\nlevel=info\tmsg=\"all is well\" \\ \x1b[31m"), LOG_S("empty", ""),
              LOG_T("bytes", TEXT("\xFF\0")), LOG_S("pair", "a=b"));
    const char *line = behind_time(written());
    cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line: %s", line);
    cr_expect_null(strchr(line, '\r'));
    cr_expect_null(strchr(line, '\x1b'));
    cr_expect(strstr(line, "msg=\"failed\\ntime=2026"), "%s", line);
    cr_expect(strstr(line, "detail=\"a\\r\\nlevel=info\\tmsg=\\\"all is well\\\" \\\\ \\u001b[31m\""), "%s", line);
    cr_expect(strstr(line, " empty=\"\" bytes=\"\xEF\xBF\xBD\\u0000\" pair=\"a=b\"\n"), "%s", line);
}

Test(log, writes_json_that_reads_back) {
    log_.format = LOG_JSON;
    log_warn(&log_, "odd \"quote\"\n", LOG_S("plugin", "polls"), LOG_I("n", -1), LOG_D("q", 0.5));
    const char *line = written();
    cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line: %s", line);
    struct json json;
    struct error error = {0};
    struct arena arena;
    arena_init(&arena, 1024);
    cr_assert_eq(json_scan(&json, text_of(line), &arena, &error), 0, "%s: %s", error.detail, line);
    cr_expect(text_is(json_unescaped(&json, json_get(&json, 0, TEXT("msg")), &arena), "odd \"quote\"\n"));
    cr_expect(text_is(json_unescaped(&json, json_get(&json, 0, TEXT("level")), &arena), "warn"));
    cr_expect(text_is(json_unescaped(&json, json_get(&json, 0, TEXT("plugin")), &arena), "polls"));
    cr_expect(text_is(json_source(&json, json_get(&json, 0, TEXT("n"))), "-1"));
    cr_expect(text_is(json_source(&json, json_get(&json, 0, TEXT("q"))), "0.5"));
    arena_free(&arena);
}

static void *chatter(void *arg) {
    for (int i = 0; i < 100; i++)
        log_info(&log_, "chatter", LOG_S("who", arg), LOG_S("words", "some words to fill a line"));
    return NULL;
}

Test(log, keeps_lines_of_several_threads_whole) {
    pthread_t threads[3];
    char names[3][8] = {"ann", "bob", "cleo"};
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, chatter, names[i]);
    /* A pipe holds 64 KiB; the lines come to about 35 KiB, so nobody waits for a reader. */
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    int lines = 0;
    for (char *line = strtok((char *)written(), "\n"); line; line = strtok(NULL, "\n"), lines++) {
        const char *rest = behind_time(line);
        cr_assert_eq(strncmp(rest, "level=info program=parleyd msg=chatter who=", 43), 0, "%s", line);
        cr_assert(strstr(rest, " words=\"some words to fill a line\""), "%s", line);
    }
    cr_expect_eq(lines, 300);
}
