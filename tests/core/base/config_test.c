#include "core/base/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static const struct config_option options[] = {
    {.key = "listen", .kind = CONFIG_TEXT, .fallback = "127.0.0.1:8080", .help = "address to listen on"},
    {.key = "config", .kind = CONFIG_TEXT, .fallback = "", .help = "the configuration file"},
    {.key = "workers", .kind = CONFIG_INT, .fallback = "4", .help = "threads", .least = 1, .most = 64},
    {.key = "offset", .kind = CONFIG_INT, .help = "any number"},
    {.key = "journal.sink", .kind = CONFIG_TEXT, .help = "where events go"},
    {.key = "journal.flush",
     .kind = CONFIG_DURATION,
     .fallback = "5ms",
     .help = "group commit",
     .least = 1,
     .most = 60000},
    {.key = "max-body", .kind = CONFIG_SIZE, .fallback = "1M", .help = "largest body"},
    {.key = "cuped", .kind = CONFIG_BOOL, .fallback = "true", .help = "reduce variance"},
    {.key = "admin-token", .kind = CONFIG_TEXT, .help = "a token", .secret = true},
    {.key = "pin", .kind = CONFIG_INT, .help = "a number nobody may see", .secret = true},
    {.key = "plugins.*.memory",
     .kind = CONFIG_SIZE,
     .fallback = "512M",
     .help = "of one",
     .least = 1024,
     .most = 1 << 30},
    {.key = "plugins.*.sandbox", .kind = CONFIG_BOOL, .fallback = "on", .help = "of one"},
    {.key = "help", .kind = CONFIG_FLAG, .help = "this text"},
    {.key = "check-config", .kind = CONFIG_FLAG, .help = "only check the configuration"},
};
static const char *const also[] = {"PARLEY_TRACE", NULL};
static const struct config_schema schema = {"parleyd: the server", options, sizeof options / sizeof *options, also};

static struct config config;
static struct error error;
static char path[64];

static void tear_down(void) {
    config_free(&config);
    if (*path) unlink(path);
}
TestSuite(config, .fini = tear_down);

#define NOTHING ((char *[]){NULL})

/* A list of words with NULL behind them; nobody writes to them, whatever main's argv says. */
#define WORDS(...) ((char **)(const char *[]){__VA_ARGS__, NULL})

static int load(char **flags, char **environment) {
    char **argv = WORDS("parleyd", 0, 0, 0, 0, 0, 0, 0);
    int argc = 1;
    while (*flags) argv[argc++] = *flags++;
    error_clear(&error);
    config_free(&config);
    return config_load(&config, &schema, argc, argv, environment, &error);
}

/* Writes a file and loads it alone. */
static int load_text(const char *content) {
    if (!*path) {
        strcpy(path, "/tmp/parley-config-XXXXXX");
        close(mkstemp(path));
    }
    FILE *file = fopen(path, "w");
    fputs(content, file);
    fclose(file);
    return load(WORDS("--config", path), NOTHING);
}

static void expect_error(const char *words) {
    cr_expect(strstr(error.detail, words), "'%s' is not in: %s", words, error.detail);
}

Test(config, has_defaults_where_nothing_is_said) {
    cr_assert_eq(load(NOTHING, NOTHING), 0, "%s", error.detail);
    cr_expect_str_eq(config_text(&config, "listen"), "127.0.0.1:8080");
    cr_expect_str_eq(config_text(&config, "journal.sink"), "");
    cr_expect_eq(config_int(&config, "workers"), 4);
    cr_expect_eq(config_int(&config, "offset"), 0);
    cr_expect_eq(config_duration(&config, "journal.flush"), 5);
    cr_expect_eq(config_size(&config, "max-body"), 1 << 20);
    cr_expect(config_bool(&config, "cuped"));
    cr_expect_not(config_flag(&config, "help"));
}

Test(config, prefers_flag_over_environment_over_file_over_default) {
    cr_assert_eq(load_text("workers = 2\nlisten = file:1\noffset = -7\n"), 0, "%s", error.detail);
    char **environment = WORDS("PARLEY_WORKERS=3", "PARLEY_LISTEN=environment:1", "HOME=/");
    cr_assert_eq(load(WORDS("--config", path, "--workers=5"), environment), 0, "%s", error.detail);
    cr_expect_eq(config_int(&config, "workers"), 5);
    cr_expect_str_eq(config_text(&config, "listen"), "environment:1");
    cr_expect_eq(config_int(&config, "offset"), -7);
    cr_expect_eq(config_duration(&config, "journal.flush"), 5);
}

Test(config, takes_flags_with_a_blank_or_an_equals_sign) {
    cr_assert_eq(load(WORDS("--listen", "a:1", "--journal.sink=clickhouse://h/?a=b", "--help"), NOTHING), 0, "%s",
                 error.detail);
    cr_expect_str_eq(config_text(&config, "listen"), "a:1");
    cr_expect_str_eq(config_text(&config, "journal.sink"), "clickhouse://h/?a=b");
    cr_expect(config_flag(&config, "help"));
    cr_expect_not(config_flag(&config, "check-config"));
}

Test(config, takes_a_yes_or_no_without_a_value_for_yes) {
    cr_assert_eq(load(WORDS("--cuped", "--help"), WORDS("PARLEY_CUPED=off")), 0, "%s", error.detail);
    cr_expect(config_bool(&config, "cuped"));
    cr_expect(config_flag(&config, "help"));
    cr_assert_eq(load(WORDS("--cuped", "off"), NOTHING), 0, "%s", error.detail);
    cr_expect_not(config_bool(&config, "cuped"));
    cr_assert_eq(load(WORDS("--cuped"), WORDS("PARLEY_CUPED=off")), 0, "%s", error.detail);
    cr_expect(config_bool(&config, "cuped"));
}

Test(config, lets_the_last_of_two_equal_flags_win) {
    cr_assert_eq(load(WORDS("--workers=2", "--workers=3"), NOTHING), 0);
    cr_expect_eq(config_int(&config, "workers"), 3);
}

Test(config, names_environment_variables_after_keys) {
    char **environment = WORDS("PARLEY_JOURNAL_SINK=x", "PARLEY_MAX_BODY=2K");
    cr_assert_eq(load(NOTHING, environment), 0, "%s", error.detail);
    cr_expect_str_eq(config_text(&config, "journal.sink"), "x");
    cr_expect_eq(config_size(&config, "max-body"), 2048);
}

Test(config, takes_the_file_from_the_environment_too) {
    cr_assert_eq(load_text("workers = 9"), 0, "%s", error.detail);
    char variable[80];
    snprintf(variable, sizeof variable, "PARLEY_CONFIG=%s", path);
    cr_assert_eq(load(NOTHING, WORDS(variable)), 0, "%s", error.detail);
    cr_expect_eq(config_int(&config, "workers"), 9);
}

Test(config, reads_blanks_comments_and_line_ends_of_any_kind) {
    cr_assert_eq(
        load_text("# first\n\n  workers=8\r\n\tlisten = [::1]:80   # trailing\njournal.sink = http://h/#part\n#end"), 0,
        "%s", error.detail);
    cr_expect_eq(config_int(&config, "workers"), 8);
    cr_expect_str_eq(config_text(&config, "listen"), "[::1]:80");
    cr_expect_str_eq(config_text(&config, "journal.sink"), "http://h/#part");
}

Test(config, reads_units) {
    static const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"20ms", 20}, {"3s", 3000}, {"1m", 60000}, {"PT2S", 2000}};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        cr_assert_eq(load(WORDS("--journal.flush", durations[i].text), NOTHING), 0, "%s", error.detail);
        cr_expect_eq(config_duration(&config, "journal.flush"), durations[i].ms, "%s", durations[i].text);
    }
    static const struct {
        const char *text;
        int64_t bytes;
    } sizes[] = {{"0", 0}, {"17", 17}, {"3K", 3072}, {"3KiB", 3072}, {"2MiB", 2 << 20}, {"5G", 5LL << 30}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert_eq(load(WORDS("--max-body", sizes[i].text), NOTHING), 0, "%s", error.detail);
        cr_expect_eq(config_size(&config, "max-body"), sizes[i].bytes, "%s", sizes[i].text);
    }
    static const char *const off[] = {"false", "off", "no"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(load(WORDS("--cuped", off[i]), NOTHING), 0, "%s", error.detail);
        cr_expect_not(config_bool(&config, "cuped"), "%s", off[i]);
    }
}

Test(config, refuses_values_of_the_wrong_kind_or_range) {
    static const struct {
        const char *flag, *words;
    } cases[] = {
        {"--workers=four", "--workers: 'four' is not a whole number"},
        {"--workers=", "--workers: '' is not a whole number"},
        {"--workers=0", "--workers: 0 is not from 1 to 64"},
        {"--workers=65", "--workers: 65 is not from 1 to 64"},
        {"--journal.flush=5", "'5' is not a duration such as 500ms"},
        {"--journal.flush=-5s", "'-5s' is not a duration"},
        {"--journal.flush=2m", "2m is not from 1 to 60000 ms"},
        {"--max-body=1T", "'1T' is not a size such as"},
        {"--max-body=9999999999G", "is not a size"},
        {"--cuped=maybe", "'maybe' is not true or false"},
        {"--help=yes", "--help: takes no value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(load(WORDS(cases[i].flag), NOTHING), ERR_INVALID, "%s", cases[i].flag);
        expect_error(cases[i].words);
    }
}

Test(config, refuses_unknown_keys_and_suggests_the_near_one) {
    cr_expect_eq(load(WORDS("--lisen=x"), NOTHING), ERR_INVALID);
    cr_expect_str_eq(error.detail, "--lisen: no such option; did you mean --listen?");
    cr_expect_eq(load(WORDS("--colour=x"), NOTHING), ERR_INVALID);
    cr_expect_str_eq(error.detail, "--colour: no such option");
    cr_expect_eq(load(NOTHING, WORDS("PARLEY_JOURNAL_SINC=x")), ERR_INVALID);
    cr_expect_str_eq(error.detail, "PARLEY_JOURNAL_SINC: no such option; did you mean PARLEY_JOURNAL_SINK?");
    cr_expect_eq(load_text("workers = 1\nmaxbody = 1M\n"), ERR_INVALID);
    expect_error(":2: unknown key 'maxbody'; did you mean 'max-body'?");
    cr_expect_eq(load_text("help = true\n"), ERR_INVALID);
    expect_error(":1: unknown key 'help'");
}

Test(config, leaves_variables_of_other_programs_alone) {
    cr_expect_eq(load(NOTHING, WORDS("PARLEY_URL=x", "PARLEY_TOKEN=x", "PARLEY_SDK=x", "PARLEY_BUILD=x",
                                     "PARLEY_SHARED=x", "PARLEY_TRACE=x")),
                 0, "%s", error.detail);
}

Test(config, names_file_and_line_of_what_is_wrong) {
    cr_expect_eq(load_text("\nworkers: 4\n"), ERR_INVALID);
    expect_error(":2: expected key = value");
    cr_expect_eq(load_text("workers = 1\n\n# again\nworkers = 2\n"), ERR_INVALID);
    expect_error(":4: 'workers' was set before, at ");
    cr_expect_eq(load_text("workers = x\n"), ERR_INVALID);
    expect_error(":1: workers: 'x' is not a whole number");
    cr_expect_eq(load_text("config = other.conf\n"), ERR_INVALID);
    expect_error(":1: a file cannot name another file");
    cr_expect_eq(load_text("listen = \xFF\n"), ERR_INVALID);
    expect_error("not a UTF-8 text file");
}

Test(config, finds_a_bad_value_even_where_a_stronger_source_hides_it) {
    cr_expect_eq(load(WORDS("--workers=4"), WORDS("PARLEY_WORKERS=many")), ERR_INVALID);
    expect_error("PARLEY_WORKERS: 'many' is not a whole number");
}

Test(config, wants_the_file_that_was_asked_for) {
    cr_expect_eq(load(WORDS("--config=/nonexistent/parley.conf"), NOTHING), ERR_IO);
    expect_error("/nonexistent/parley.conf: there is no such file (--config)");
}

Test(config, refuses_arguments_that_are_no_options) {
    cr_expect_eq(load(WORDS("start"), NOTHING), ERR_INVALID);
    expect_error("start: not an option");
    cr_expect_eq(load(WORDS("--listen"), NOTHING), ERR_INVALID);
    expect_error("--listen: a value must follow");
}

Test(config, prints_values_and_their_origins_but_no_secrets) {
    char **environment = WORDS("PARLEY_ADMIN_TOKEN=hunter2-hunter2");
    cr_assert_eq(load(WORDS("--workers=5"), environment), 0, "%s", error.detail);
    struct buffer out = {0};
    config_print(&config, &out);
    const char *text = buffer_take(&out, NULL);
    cr_expect(strstr(text, "workers = 5 # --workers\n"), "%s", text);
    cr_expect(strstr(text, "listen = 127.0.0.1:8080 # default\n"), "%s", text);
    cr_expect(strstr(text, "admin-token = *** # PARLEY_ADMIN_TOKEN\n"), "%s", text);
    cr_expect_null(strstr(text, "hunter2"));
    cr_expect_str_eq(config_text(&config, "admin-token"), "hunter2-hunter2");
    free((void *)text);
}

Test(config, does_not_tell_a_secret_in_an_error) {
    cr_expect_eq(load(WORDS("--pin=12x4"), NOTHING), ERR_INVALID);
    cr_expect_str_eq(error.detail, "--pin: '***' is not a whole number");
}

Test(config, explains_every_option) {
    struct buffer out = {0};
    config_help(&schema, &out);
    char *text = buffer_take(&out, NULL);
    cr_expect(strstr(text, "parleyd: the server\n"));
    cr_expect(strstr(text, "  --workers NUMBER             threads (default 4)\n"), "%s", text);
    cr_expect(strstr(text, "  --check-config               only check the configuration\n"), "%s", text);
    for (size_t i = 0; i < schema.n; i++) cr_expect(strstr(text, options[i].key));
    free(text);
}

Test(config, gives_an_option_with_a_star_one_value_for_each_name) {
    cr_assert_eq(load_text("plugins.*.memory = 64M\nplugins.polls.memory = 1M\nplugins.q-a.memory = 2M\n"), 0, "%s",
                 error.detail);
    char **environment = WORDS("PARLEY_PLUGINS_Q_A_MEMORY=3M", "PARLEY_PLUGINS_BOARDS_SANDBOX=off");
    cr_assert_eq(load(WORDS("--config", path, "--plugins.polls.memory=4M"), environment), 0, "%s", error.detail);
    cr_expect_eq(config_size_for(&config, "plugins.*.memory", "polls"), 4 << 20);
    cr_expect_eq(config_size_for(&config, "plugins.*.memory", "q-a"), 3 << 20);
    cr_expect_eq(config_size_for(&config, "plugins.*.memory", "boards"), 64 << 20);
    cr_expect_not(config_bool_for(&config, "plugins.*.sandbox", "boards"));
    cr_expect(config_bool_for(&config, "plugins.*.sandbox", "polls"));
    struct buffer out = {0};
    config_print(&config, &out);
    char *text = buffer_take(&out, NULL);
    cr_expect(strstr(text, "plugins.polls.memory = 4M # --plugins.polls.memory\n"), "%s", text);
    free(text);
}

Test(config, judges_an_option_with_a_star_as_any_other) {
    cr_expect_eq(load_text("plugins.polls.memory = much\n"), ERR_INVALID);
    expect_error("plugins.polls.memory: 'much' is not a size");
    cr_expect_eq(load_text("plugins.polls.memory = 1M\nplugins.polls.memory = 2M\n"), ERR_INVALID);
    expect_error("'plugins.polls.memory' was set before");
    cr_expect_eq(load_text("plugins..memory = 1M\n"), ERR_INVALID);
    expect_error("unknown key 'plugins..memory'");
    cr_expect_eq(load(WORDS("--plugins.polls.memory", "1"), NOTHING), ERR_INVALID);
    expect_error("not from 1024");
}
