/* A customer's rights before all plugins at once, with real hosts and stand-in workers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/plugins/rights.h"
#include "tests/core/plugins/house.h"

static struct house house;

static void open_house(void) {
    house_open(&house, NULL);
    house_start(&house);
}
static void close_house(void) {
    house_close(&house);
}
TestSuite(rights, .init = open_house, .fini = close_house);

struct heard {
    int times;
    size_t n, failed;
    char text[1024]; /* "name version code;" for each, then the object */
};

static void on_rights(void *user, const struct plugin_rights *rights) {
    struct heard *heard = user;
    struct buffer out = {0};
    struct json_writer w;
    heard->times++;
    heard->n = rights->n;
    heard->failed = rights->failed;
    for (size_t i = 0; i < rights->n; i++)
        buffer_printf(&out, "%.*s %.*s %s;", TEXT_ARGS(rights->each[i].plugin), TEXT_ARGS(rights->each[i].version),
                      rights->each[i].code ? error_name(rights->each[i].code) : "ok");
    json_writer_init(&w, &out);
    plugin_rights_json(rights, &w);
    snprintf(heard->text, sizeof heard->text, "%.*s", TEXT_ARGS(buffer_view(&out)));
    buffer_free(&out);
}

static struct heard ask(void (*all)(struct plugins *, struct text, plugin_rights_done, void *)) {
    struct heard heard = {0};
    all(house.plugins, TEXT("ann"), on_rights, &heard);
    cr_assert_eq(heard.times, 0, "called back before the function returned");
    house_wait_until(&house, heard.times > 0);
    cr_assert_eq(heard.times, 1);
    return heard;
}

Test(rights, where_there_is_no_plugin_nothing_is_held) {
    struct heard heard = ask(plugins_export_all);
    cr_assert_eq(heard.n, 0);
    cr_assert_str_eq(heard.text, "{}");
}

Test(rights, every_plugin_is_asked_and_named_in_order) {
    house_run_plugin(&house, "qa", "2.0.0", "obedient");
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    struct heard heard = ask(plugins_export_all);
    cr_assert_str_eq(heard.text, "polls 1.0.0 ok;qa 2.0.0 ok;{\"polls\":{\"votes\":[]},\"qa\":{\"votes\":[]}}");
    heard = ask(plugins_forget_all);
    cr_assert_eq(heard.failed, 0);
    cr_assert_str_eq(heard.text, "polls 1.0.0 ok;qa 2.0.0 ok;{}");
}

Test(rights, a_retired_plugin_is_asked_too_and_stops_again) {
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(house_retire(&house, "polls"), 0);
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    struct heard heard = ask(plugins_export_all);
    cr_assert_str_eq(heard.text, "polls 1.0.0 ok;{\"polls\":{\"votes\":[]}}");
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
}

Test(rights, a_plugin_that_cannot_answer_is_named_and_keeps_no_other_from_it) {
    char command[256];
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    house_run_plugin(&house, "qa", "2.0.0", "obedient");
    snprintf(command, sizeof command, "for f in %s/qa/releases/2.0.0-*/web/widget.js; do echo >>$f; done",
             house.plugin_dir);
    cr_assert_eq(system(command), 0);
    house_reopen(&house);
    struct heard heard = ask(plugins_export_all);
    cr_assert_eq(heard.failed, 1);
    cr_assert_str_eq(heard.text, "polls 1.0.0 ok;qa 2.0.0 UNAVAILABLE;{\"polls\":{\"votes\":[]}}");
}

Test(rights, a_plugin_that_never_ran_holds_nothing) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.0.0", "obedient")), 0);
    struct heard heard = ask(plugins_forget_all);
    cr_assert_eq(heard.n, 0);
}
