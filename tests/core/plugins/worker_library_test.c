#include <criterion/criterion.h>

#include "core/plugins/worker_library.h"

const struct parley_host *parley;

static int nothing(parley_call *c, parley_text customer) {
    return 0;
}

static const struct parley_plugin plugin = {
    PARLEY_PLUGIN("polls", "1.2.0", &parley),
    .export_customer = nothing,
    .forget_customer = nothing,
};

static int taken_as(const char *version) {
    struct parley_plugin taken;
    return library_take(&taken, &plugin, TEXT("polls"), text_of(version), NULL);
}

Test(worker_library, a_bundle_has_the_version_of_its_code) {
    cr_expect_eq(taken_as("1.2.0"), 0);
    cr_expect_eq(taken_as("1.2.1"), ERR_INVALID);
    cr_expect_eq(taken_as("1.2.0-rc.1"), ERR_INVALID);
    cr_expect_eq(taken_as(""), ERR_INVALID);
}

Test(worker_library, a_development_release_has_the_code_of_the_version_it_leads_to) {
    cr_expect_eq(taken_as("1.2.0-dev.1"), 0);
    cr_expect_eq(taken_as("1.2.0-dev.4711"), 0);
    cr_expect_eq(taken_as("1.3.0-dev.1"), ERR_INVALID);
    cr_expect_eq(taken_as("1.2.0-dev."), ERR_INVALID);
    cr_expect_eq(taken_as("1.2.0-dev.x"), ERR_INVALID);
    cr_expect_eq(taken_as("1.2.0-dev.1-dev.2"), ERR_INVALID);
    cr_expect_eq(taken_as("-dev.1"), ERR_INVALID);
}
