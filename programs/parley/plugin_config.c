/* What a plugin is configured with as a whole: shown, replaced by a file, or changed member by member. */
#include <jansson.h>
#include <stdio.h>

#include "core/base/json_dump.h"
#include "programs/parley/actions.h"

/* Sets MEMBER=VALUE: the value is JSON where it is any, else a text; an empty one takes the member out. */
static bool set_member(json_t *configuration, const char *word) {
    struct text name, value;
    if (!text_cut(text_of(word), '=', &name, &value) || !name.n) {
        fprintf(stderr, "parley: %s: MEMBER=VALUE is expected\n", word);
        return false;
    }
    json_t *parsed = json_loadb(value.at, value.n, JSON_DECODE_ANY, NULL);
    if (!parsed) parsed = json_stringn(value.at, value.n);
    if (value.n)
        json_object_setn_new(configuration, name.at, name.n, parsed);
    else {
        json_decref(parsed);
        json_object_deln(configuration, name.at, name.n);
    }
    return true;
}

/* What is there, with the members of the command line set. */
static enum exit_code changed(struct call *call, struct buffer *out) {
    struct answer answer;
    enum exit_code code = client_fetch(&call->client, "GET", call_path(call, CALL_PLAIN), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    json_t *configuration = json_loadb(answer.body.at, answer.body.n, JSON_ALLOW_NUL, NULL);
    bool fine = json_is_object(configuration);
    for (size_t i = 1; fine && i < CALL_ARGUMENTS && call->arguments[i]; i++)
        fine = set_member(configuration, call->arguments[i]);
    if (fine) json_dump(out, configuration);
    json_decref(configuration);
    buffer_free(&answer.body);
    return fine ? EXIT_OK : EXIT_USAGE;
}

enum exit_code act_plugin_config(struct call *call) {
    const char *file = call_argument(call, "FILE");
    struct buffer body = {0};
    struct answer answer;
    if (!file) return act_get(call);
    enum exit_code code = strchr(file, '=') ? changed(call, &body) : read_input(file, &body);
    if (code == EXIT_OK)
        code = client_fetch(&call->client, "PUT", call_path(call, CALL_PLAIN), buffer_view(&body), &answer);
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}
