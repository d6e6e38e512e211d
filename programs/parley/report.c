/* A trial's report into a file. */
#include <errno.h>
#include <stdio.h>

#include "programs/parley/actions.h"

static enum exit_code write_file(const char *path, struct text bytes) {
    FILE *file = fopen(path, "wb");
    bool fine = file && fwrite(bytes.at, 1, bytes.n, file) == bytes.n;
    if (file) fine &= fclose(file) == 0;
    if (fine)
        fprintf(stderr, "wrote %s\n", path);
    else
        fprintf(stderr, "parley: %s cannot be written: %s\n", path, strerror(errno));
    return fine ? EXIT_OK : EXIT_FAILED;
}

enum exit_code act_report(struct call *call) {
    struct answer answer;
    const char *format = call_flag(call, "--format"), *out = call_flag(call, "--out");
    const char *path = arena_printf(&call->arena, "%s?format=%s", call_path(call, CALL_PLAIN),
                                    format ? call_encoded(call, format, "") : "html")
                           .at;
    enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    if (out)
        code = write_file(out, buffer_view(&answer.body));
    else
        fwrite(answer.body.at, 1, answer.body.n, stdout);
    buffer_free(&answer.body);
    return code;
}
