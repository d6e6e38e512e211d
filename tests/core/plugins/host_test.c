#include <criterion/criterion.h>

#include "tests/core/plugins/house.h"

Test(host, an_installed_and_activated_plugin_answers) {
    struct house house;
    house_open(&house, NULL);
    house_start(&house);
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    struct said said = house_call(&house, "GET", "/polls", "");
    cr_assert_eq(said.code, 0);
    cr_assert_eq(said.status, 200);
    cr_assert(strstr(said.body, "1.0.0"), "%s", said.body);
    cr_assert_str_eq(said.version, "1.0.0");
    house_close(&house);
}
