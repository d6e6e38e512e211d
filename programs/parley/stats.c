/* `parley stats`: statistical questions on stdin, answers on stdout; no server takes part. */
#include "programs/parley/stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "experiments/judge/calculator.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, READ_AT_ONCE = 64 * 1024, INPUT_MAX = 64 * 1024 * 1024 };

static int read_all(FILE *from, struct buffer *into) {
    size_t n;
    do {
        n = fread(buffer_reserve(into, READ_AT_ONCE), 1, READ_AT_ONCE, from);
        into->n += n;
    } while (n > 0 && into->n <= INPUT_MAX);
    return ferror(from) ? -1 : 0;
}

int command_stats(int argc, char **argv) {
    if (argc > 1) {
        fprintf(stderr, "parley stats takes no arguments: requests come as JSON on standard input (unexpected: %s)\n",
                argv[1]);
        return EXIT_USAGE;
    }
    struct buffer input = {0}, output = {0};
    int status = EXIT_FAILED;
    if (read_all(stdin, &input) != 0) {
        fprintf(stderr, "parley stats: cannot read standard input: %s\n", strerror(errno));
    } else if (input.n > INPUT_MAX) {
        fprintf(stderr, "parley stats: the input is over 64 MiB\n");
    } else {
        const bool fine = calculator_answer(buffer_view(&input), &output);
        buffer_byte(&output, '\n');
        const bool written = fwrite(output.at, 1, output.n, stdout) == output.n && fflush(stdout) == 0;
        if (!written) fprintf(stderr, "parley stats: cannot write standard output: %s\n", strerror(errno));
        status = fine && written ? EXIT_FINE : EXIT_FAILED;
    }
    buffer_free(&input);
    buffer_free(&output);
    return status;
}
