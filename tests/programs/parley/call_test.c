#include <criterion/criterion.h>

#include "programs/parley/call.h"

static const struct command conclude = {
    .resource = "experiments",
    .verb = "conclude",
    .arguments = "KEY",
    .flags = "--outcome ship|rollback --note TEXT --dry-run",
    .path = "/admin/v1/experiments/{KEY}/conclude",
};
static const struct command call_plugin = {.resource = "plugins",
                                           .verb = "call",
                                           .arguments = "NAME METHOD [FILE|-]",
                                           .flags = "",
                                           .path = "/admin/v1/plugins/{NAME}/api"};

static struct call call;
static struct error error;

static int given(const struct command *command, int argc, const char *const *argv) {
    error_clear(&error);
    call = (struct call){.command = command};
    arena_init(&call.arena, 1024);
    return call_read(&call, argc, (char **)(uintptr_t)argv, &error);
}
#define GIVEN(command, ...)                                                                                            \
    given(&(command), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

Test(call, takes_flags_before_and_behind_arguments_with_a_blank_or_an_equals_sign) {
    cr_assert_eq(GIVEN(conclude, "--outcome", "ship", "poll-trial", "--note=it works"), 0);
    cr_assert_str_eq(call_argument(&call, "KEY"), "poll-trial");
    cr_assert_str_eq(call_flag(&call, "--outcome"), "ship");
    cr_assert_str_eq(call_flag(&call, "--note"), "it works");
    cr_assert_null(call_flag(&call, "--dry-run"));
}

Test(call, takes_a_flag_without_a_value_as_given) {
    cr_assert_eq(GIVEN(conclude, "--dry-run", "poll-trial"), 0);
    cr_assert_not_null(call_flag(&call, "--dry-run"));
    cr_assert_str_eq(call_argument(&call, "KEY"), "poll-trial");
}

Test(call, f_is_short_for_what_the_command_has) {
    static const struct command logs = {.arguments = "NAME", .flags = "--follow"};
    static const struct command apply = {.arguments = "[FILE|-]", .flags = "--folder FOLDER"};
    cr_assert_eq(GIVEN(logs, "polls", "-f"), 0);
    cr_assert_not_null(call_flag(&call, "--follow"));
    cr_assert_eq(GIVEN(apply, "-f", "shop"), 0);
    cr_assert_str_eq(call_flag(&call, "--folder"), "shop");
}

Test(call, says_which_argument_is_missing) {
    cr_assert_eq(GIVEN(conclude, "--outcome", "ship"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "KEY is missing");
}

Test(call, refuses_a_word_too_many) {
    cr_assert_eq(GIVEN(conclude, "poll-trial", "poll-trail"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "'poll-trail' is one word too many");
}

Test(call, suggests_the_flag_that_was_meant) {
    cr_assert_eq(GIVEN(conclude, "poll-trial", "--outcom", "ship"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "there is no flag --outcom here; did you mean --outcome?");
}

Test(call, suggests_no_flag_where_none_is_near) {
    cr_assert_eq(GIVEN(conclude, "poll-trial", "--verbosity", "3"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "there is no flag --verbosity here");
}

Test(call, refuses_a_flag_without_its_value_and_one_given_twice) {
    cr_assert_eq(GIVEN(conclude, "poll-trial", "--note"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--note wants a value");
    cr_assert_eq(GIVEN(conclude, "poll-trial", "--note", "a", "--note", "b"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--note is given twice");
}

Test(call, knows_the_flags_of_every_command) {
    cr_assert_eq(GIVEN(conclude, "k", "--url", "http://h:1", "--token=t", "--output", "table"), 0);
    cr_assert_str_eq(call.url, "http://h:1");
    cr_assert_str_eq(call.token, "t");
    cr_assert_eq(call.output, OUTPUT_TABLE);
    cr_assert_eq(GIVEN(conclude, "k", "--output", "yaml"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--output is json or table, not yaml");
}

Test(call, needs_no_arguments_where_help_is_asked_for) {
    cr_assert_eq(GIVEN(conclude, "--help"), 0);
    cr_assert(call.help);
}

Test(call, takes_what_follows_two_dashes_as_arguments) {
    cr_assert_eq(GIVEN(conclude, "--", "--note"), 0);
    cr_assert_str_eq(call_argument(&call, "KEY"), "--note");
}

Test(call, a_single_dash_is_standard_input_and_an_optional_argument_may_be_left_out) {
    cr_assert_eq(GIVEN(call_plugin, "polls", "POST", "-"), 0);
    cr_assert_str_eq(call_argument(&call, "FILE"), "-");
    cr_assert_eq(GIVEN(call_plugin, "polls", "GET"), 0);
    cr_assert_null(call_argument(&call, "FILE"));
}

Test(call, puts_arguments_into_the_path_percent_encoded_and_flags_behind_it) {
    cr_assert_eq(GIVEN(conclude, "a/b ü?", "--note", "x&y=1"), 0);
    cr_assert_str_eq(call_path(&call, CALL_PLAIN), "/admin/v1/experiments/a%2Fb%20%C3%BC%3F/conclude");
    cr_assert_str_eq(call_path(&call, CALL_WITH_QUERY),
                     "/admin/v1/experiments/a%2Fb%20%C3%BC%3F/conclude?note=x%26y%3D1");
}

Test(call, checks_the_bounds_of_numbers) {
    int64_t n = 0;
    cr_assert_eq(GIVEN(conclude, "k", "--note", "2501"), 0);
    cr_assert_eq(call_number(&call, "--note", 1, 2500, 500, &n, &error), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--note is a whole number from 1 to 2500, not '2501'");
    cr_assert_eq(call_number(&call, "--outcome", 1, 2500, 500, &n, &error), 0);
    cr_assert_eq(n, 500);
}
