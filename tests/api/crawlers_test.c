#include "api/crawlers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static struct crawlers crawlers;
static struct error error;

static void tear_down(void) {
    crawlers_close(&crawlers);
}
TestSuite(crawlers, .fini = tear_down);

static bool match(const char *user_agent) {
    return crawlers_match(&crawlers, text_of(user_agent));
}

static int open_with(const char *lines) {
    char path[] = "/tmp/parley-bots-XXXXXX";
    int fd = mkstemp(path);
    dprintf(fd, "%s", lines);
    close(fd);
    int rc = crawlers_open(&crawlers, path, &error);
    unlink(path);
    return rc;
}

Test(crawlers, are_known_by_a_word_of_their_user_agent) {
    cr_assert_eq(crawlers_open(&crawlers, "", &error), 0, "%s", error.detail);
    cr_expect(match("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
    cr_expect(match("Googlebot-Image/1.0"));
    cr_expect(match("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; "
                    "+http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36"));
    cr_expect(match("facebookexternalhit/1.1"));
    cr_expect(match("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)"));
    cr_expect(match("Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)"));
    cr_expect(match(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"));
}

Test(crawlers, are_not_browsers_nor_phones_with_odd_names) {
    cr_assert_eq(crawlers_open(&crawlers, "", &error), 0);
    cr_expect_not(match(""));
    cr_expect_not(match("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"));
    cr_expect_not(
        match("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"));
    cr_expect_not(
        match("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"));
    cr_expect_not(match("notgooglebot/1.0"));
    cr_expect_not(match("googlebots/1.0"));
}

Test(crawlers, can_be_added_by_the_operator) {
    cr_assert_eq(open_with("# ours\nOurProbe # nightly\n\n  other_probe\r\n"), 0, "%s", error.detail);
    cr_expect(match("OURPROBE/3"));
    cr_expect(match("x (other_probe)"));
    cr_expect(match("Googlebot/2.1"));
}

Test(crawlers, are_refused_where_a_line_is_not_one_word) {
    cr_expect_eq(open_with("fine\ntwo words\n"), ERR_INVALID);
    cr_expect(strstr(error.detail, "line 2"));
}

Test(crawlers, in_a_file_that_is_not_there_are_an_error) {
    cr_expect_eq(crawlers_open(&crawlers, "/nowhere/bots", &error), ERR_IO);
    cr_expect(strstr(error.detail, "/nowhere/bots"));
}
