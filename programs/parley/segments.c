/* Ids of segments that are lists: the file's bytes, under the type that says how they are written. */
#include <stdio.h>
#include <string.h>

#include "programs/parley/actions.h"

static const char *const types[][3] = {
    /* --type, how the file's name ends, Content-Type */
    {"lines", ".txt", "text/plain"},
    {"csv", ".csv", "text/csv"},
    {"csv-header", "", "text/csv; header=present"},
    {"ndjson", ".ndjson", "application/x-ndjson"},
};

/* One a line where nothing says otherwise. */
static const char *type_of(const char *file, const char *told) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (told ? strcmp(told, types[i][0]) == 0 : *types[i][1] && text_ends(text_of(file), text_of(types[i][1])))
            return types[i][2];
    return told ? NULL : types[0][2];
}

enum exit_code act_ids(struct call *call) {
    struct buffer ids = {0};
    struct answer answer;
    struct error error = {0};
    const char *file = call_argument(call, "FILE"), *type = type_of(file, call_flag(call, "--type"));
    if (!type) {
        fputs("parley: --type is lines, csv, csv-header or ndjson\n", stderr);
        return EXIT_USAGE;
    }
    enum exit_code code = read_input(file, &ids);
    if (code != EXIT_OK) return code;
    int rc = client_ask(&call->client, call->command->method, call_path(call, CALL_PLAIN), buffer_view(&ids), type,
                        &answer, &error);
    buffer_free(&ids);
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
