/* parley: the command line. Words to a command, its call, what it ends with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "programs/parley/commands.h"

static bool is_help(const char *word) {
    return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* Nothing runs: what was typed is no command, or only half of one. */
static enum exit_code unknown(int argc, char **argv) {
    bool known = command_is_resource(argv[0]);
    if (known && argc < 2) {
        help_resource(argv[0], stderr);
        return EXIT_USAGE;
    }
    const char *typed = known ? argv[1] : argv[0], *near = command_nearest(known ? argv[0] : NULL, typed);
    if (known)
        fprintf(stderr, "parley: %s has no verb '%s'", argv[0], typed);
    else
        fprintf(stderr, "parley: there is no command '%s'", typed);
    if (near)
        fprintf(stderr, "; did you mean '%s'?\n", near);
    else
        fprintf(stderr, "; `parley%s%s --help` lists them\n", known ? " " : "", known ? argv[0] : "");
    return EXIT_USAGE;
}

static enum exit_code run(struct call *call, int argc, char **argv) {
    struct error error = {0};
    if (call_read(call, argc, argv, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        help_command(call->command, stderr);
        return EXIT_USAGE;
    }
    if (call->help) {
        help_command(call->command, stdout);
        return EXIT_OK;
    }
    client_open(&call->client, call->url, call->token);
    if (call_flag(call, "--if-match")) client_if_match(&call->client, call_flag(call, "--if-match"));
    enum exit_code code = call->command->run(call);
    client_close(&call->client);
    if (code == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        perror("parley: stdout");
        code = EXIT_FAILED;
    }
    return code;
}

static const char *from_environment(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

/* Common flags may stand in front of the command's words: they go to the end. */
static void flags_last(int argc, char **argv) {
    for (int moved = 0; moved < argc && argv[0][0] == '-' && argv[0][1] == '-';) {
        int n = strchr(argv[0], '=') || moved + 1 == argc ? 1 : 2;
        for (int i = 0; i < n; i++, moved++) {
            char *first = argv[0];
            memmove(argv, argv + 1, (size_t)(argc - 1) * sizeof *argv);
            argv[argc - 1] = first;
        }
    }
}

static struct call call_by(const struct command *command) {
    return (struct call){.command = command,
                         .url = from_environment("PARLEY_URL", "http://127.0.0.1:8080"),
                         .token = from_environment("PARLEY_TOKEN", NULL),
                         .output = isatty(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_JSON};
}

int main(int argc, char **argv) {
    int words = 0;
    argc--;
    argv++;
    if (argc < 1 || is_help(argv[0])) {
        help_all(argc < 1 ? stderr : stdout);
        return argc < 1 ? EXIT_USAGE : EXIT_OK;
    }
    if (!strcmp(argv[0], "--version")) {
        puts("parley " PARLEY_VERSION);
        return EXIT_OK;
    }
    flags_last(argc, argv);
    const struct command *command = command_find(argc, argv, &words);
    if (!command && argc > 1 && is_help(argv[1]) && help_resource(argv[0], stdout)) return EXIT_OK;
    if (!command) return unknown(argc, argv);
    struct call call = call_by(command);
    arena_init(&call.arena, 64 * 1024);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    enum exit_code code = run(&call, argc - words, argv + words);
    curl_global_cleanup();
    arena_free(&call.arena);
    return code;
}
