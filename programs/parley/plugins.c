/* Bundles made and sent, and calls to a plugin's staff API. */
#include <stdio.h>

#include "core/plugins/bundle.h"
#include "programs/parley/actions.h"

enum exit_code act_push(struct call *call) {
    struct buffer bundle = {0};
    struct answer answer;
    struct error error = {0};
    enum exit_code code = read_input(call_argument(call, "FILE"), &bundle);
    if (code != EXIT_OK) return code;
    int rc = client_ask(&call->client, "POST", call_path(call, CALL_WITH_QUERY), buffer_view(&bundle),
                        "application/octet-stream", &answer, &error);
    buffer_free(&bundle);
    if (rc != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_TRY_AGAIN;
    }
    code = exit_of_status(answer.status);
    if (code == EXIT_OK)
        show(call, buffer_view(&answer.body));
    else
        client_refused(&answer);
    buffer_free(&answer.body);
    return code;
}

enum exit_code act_pack(struct call *call) {
    struct error error = {0};
    const char *folder = call_argument(call, "FOLDER"), *out = call_flag(call, "--out");
    if (!out) {
        fprintf(stderr, "parley: say with -o FILE where the bundle goes\n");
        return EXIT_USAGE;
    }
    int rc = bundle_write(folder, out, &error);
    if (rc == 0) {
        fprintf(stderr, "packed %s into %s\n", folder, out);
        return EXIT_OK;
    }
    fprintf(stderr, "parley: %s\n", error.detail);
    return rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

enum exit_code act_plugin_call(struct call *call) {
    const char *method = call_argument(call, "METHOD"), *path = call_argument(call, "PATH");
    const char *file = call_argument(call, "FILE");
    struct buffer body = {0};
    struct answer answer;
    enum exit_code code = file ? read_input(file, &body) : EXIT_OK;
    if (code != EXIT_OK) return code;
    const char *whole = arena_printf(&call->arena, "%s%s%s", call_path(call, CALL_PLAIN), *path == '/' ? "" : "/",
                                     call_encoded(call, path, "/?&=%:,@"))
                            .at;
    code = client_fetch(&call->client, method, whole, buffer_view(&body), &answer);
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}
