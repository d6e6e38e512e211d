/* A worker from its hello to its end: what it refuses to load, and that it says why; what it is like when it serves. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "tests/core/plugins/channel_client.h"

static struct client worker;
static struct client_reply reply;
static char why[600];

static bool start(const char *library, const char *name, const char *version, const char *settings) {
    char relative[128];
    snprintf(relative, sizeof relative, "tests/fixtures/%s.so", library);
    client_start(&worker, &(struct client_plugin){client_build_path(relative), name, version, settings},
                 client_folder());
    return client_ready(&worker, why, sizeof why);
}

static void expect_refused(const char *library, const char *sentence) {
    cr_expect(!start(library, library, "1.0.0", NULL), "%s was loaded", library);
    cr_expect(strstr(why, sentence), "expected \"%s\" in \"%s\"", sentence, why);
    int status = client_wait(&worker);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

Test(worker, refuses_an_object_without_a_descriptor) {
    expect_refused("no_descriptor", "no symbol parley_plugin_v1");
}
Test(worker, refuses_a_descriptor_with_the_wrong_magic) {
    expect_refused("wrong_magic", "wrong magic 0x12345678");
}
Test(worker, refuses_a_descriptor_of_the_wrong_size) {
    expect_refused("wrong_size", "48 bytes");
}
Test(worker, refuses_a_plugin_built_for_a_later_abi) {
    expect_refused("future_abi", "needs plugin ABI 1.9; this Parley has 1.2");
}
Test(worker, refuses_a_plugin_that_cannot_forget_a_customer) {
    expect_refused("no_forget", "no forget_customer");
}
Test(worker, passes_on_why_a_plugin_would_not_start) {
    expect_refused("start_refuses", "the moon is in the wrong house");
}
Test(worker, passes_on_why_a_plugin_is_not_healthy) {
    expect_refused("unhealthy", "no model was trained yet");
}

Test(worker, refuses_a_release_that_is_not_the_one_announced) {
    cr_expect(!start("notes-1.0.0", "notes", "1.2.0", NULL));
    cr_expect(strstr(why, "its version is '1.0.0'; the bundle says '1.2.0'"), "%s", why);
    client_wait(&worker);
    cr_expect(!start("notes-1.0.0", "notebook", "1.0.0", NULL));
    cr_expect(strstr(why, "it calls itself 'notes'; the bundle says 'notebook'"), "%s", why);
    client_wait(&worker);
}

Test(worker, refuses_settings_that_the_plugin_refuses) {
    cr_expect(!start("notes-1.0.0", "notes", "1.0.0", "{\"bad\":1}"));
    cr_expect(strstr(why, "is no setting of notes"), "%s", why);
    client_wait(&worker);
}

Test(worker, refuses_a_library_with_an_executable_stack_before_loading_it) {
    char path[256], command[600];
    snprintf(path, sizeof path, "%s/stack.so", client_folder());
    snprintf(command, sizeof command,
             "echo 'int f(void) { return 1; }' | gcc -shared -fPIC -Wl,-z,execstack -x c - -o %s", path);
    cr_assert_eq(system(command), 0);
    client_start(&worker, &(struct client_plugin){path, "stack", "1.0.0", NULL}, client_folder());
    cr_expect(!client_ready(&worker, why, sizeof why));
    cr_expect(strstr(why, "its library has an executable stack"), "%s", why);
    client_wait(&worker);
}

Test(worker, refuses_a_file_that_is_no_shared_object) {
    char path[256];
    snprintf(path, sizeof path, "%s/nonsense.so", client_folder());
    FILE *file = fopen(path, "w");
    fputs("this is no ELF file\n", file);
    fclose(file);
    client_start(&worker, &(struct client_plugin){path, "nonsense", "1.0.0", NULL}, client_folder());
    cr_expect(!client_ready(&worker, why, sizeof why));
    cr_expect(strstr(why, "its library is no ELF"), "%s", why);
    client_wait(&worker);
}

Test(worker, that_dies_in_a_constructor_just_ends) {
    cr_expect(!start("constructor_crash", "constructor_crash", "1.0.0", NULL));
    cr_expect_str_eq(why, "");
    cr_expect(WIFSIGNALED(client_wait(&worker)));
}

Test(worker, that_hangs_in_start_can_be_killed) {
    client_start(
        &worker,
        &(struct client_plugin){client_build_path("tests/fixtures/start_hang.so"), "start_hang", "1.0.0", NULL},
        client_folder());
    struct pollfd ready = {.fd = worker.fd, .events = POLLIN};
    cr_expect_eq(poll(&ready, 1, 300), 0, "it said something");
    client_kill(&worker);
}

Test(worker, that_a_plugin_ends_with_exit_closes_its_channel) {
    struct frame frame;
    cr_assert(start("dies", "dies", "1.0.0", NULL), "%s", why);
    struct frame_request request = client_request("ann", "GET", "/exit", NULL);
    client_send(&worker, &request);
    cr_expect(!client_next(&worker, &frame));
    cr_expect(WIFEXITED(client_wait(&worker)));
}

Test(worker, that_crashes_in_a_handler_takes_only_itself) {
    struct frame frame;
    cr_assert(start("dies", "dies", "1.0.0", NULL), "%s", why);
    struct frame_request request = client_request("ann", "PUT", "/crash", NULL);
    client_send(&worker, &request);
    cr_expect(!client_next(&worker, &frame));
    cr_expect(WIFSIGNALED(client_wait(&worker)));
    cr_assert(start("dies", "dies", "1.0.0", NULL), "it starts again: %s", why);
    cr_expect_eq(client_shopper(&worker, "ann", "GET", "/ok", NULL, &reply), 200);
    client_stop(&worker);
}

Test(worker, ends_by_itself_when_parleyd_is_gone) {
    cr_assert(start("notes-1.0.0", "notes", "1.0.0", NULL), "%s", why);
    client_hang_up(&worker);
    int status = client_wait(&worker);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(worker, answers_what_it_holds_before_it_stops) {
    cr_assert(start("notes-1.0.0", "notes", "1.0.0", NULL), "%s", why);
    struct buffer out = {0};
    for (int i = 0; i < 300; i++) {
        char path[32];
        snprintf(path, sizeof path, "/notes/n%d", i);
        struct frame_request request = client_request("ann", "PUT", path, "{\"body\":\"x\"}");
        client_put(&worker, &out, &request);
    }
    frame_put(&out, FRAME_STOP, 0, TEXT_NONE);
    client_write(&worker, &out);
    buffer_free(&out);
    for (int i = 0; i < 300; i++) {
        client_reply(&worker, &reply);
        cr_expect_eq(reply.status, 200);
    }
    struct frame frame;
    cr_expect(!client_next(&worker, &frame));
    int status = client_wait(&worker);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- while it serves ---- */

static void start_notes(void) {
    cr_assert(start("notes-1.0.0", "notes", "1.0.0", NULL), "%s", why);
}
static void stop_notes(void) {
    cr_expect_eq(client_stop(&worker), 0);
}
TestSuite(serving, .init = start_notes, .fini = stop_notes);

Test(serving, a_handler_sees_path_query_body_customer_and_settings) {
    struct frame_request request =
        client_request("ann", "POST", "/echo/a%20b?x=1&q=caf%C3%A9+au+lait", "{\"deep\":[1,{\"k\":\"\\u00e9\"}]}");
    request.settings = TEXT("{\"max\":4}");
    request.path = TEXT("/echo/a b");
    client_call(&worker, &request, &reply);
    cr_expect_str_eq(reply.body, "{\"id\":\"a b\",\"q\":\"caf\xC3\xA9 au lait\",\"customer\":\"ann\",\"known\":true,"
                                 "\"staff\":false,\"feature\":\"product-poll\",\"variant\":\"top\",\"max\":4,"
                                 "\"body\":{\"deep\":[1,{\"k\":\"\\u00e9\"}]}}");
}

Test(serving, a_path_that_is_none_is_404_and_a_wrong_method_405) {
    cr_expect_eq(client_shopper(&worker, "ann", "GET", "/nothing", NULL, &reply), 404);
    cr_expect(strstr(reply.body, "no path /nothing"), "%s", reply.body);
    cr_expect_eq(client_shopper(&worker, "ann", "DELETE", "/notes", NULL, &reply), 405);
}

Test(serving, a_staff_route_is_not_there_for_shoppers) {
    cr_expect_eq(client_shopper(&worker, "ann", "GET", "/staff", NULL, &reply), 404);
    cr_expect_eq(client_staff(&worker, "GET", "/staff", NULL, &reply), 200);
    cr_expect_eq(client_staff(&worker, "GET", "/notes", NULL, &reply), 404);
}

Test(serving, a_body_that_is_no_json_is_400_and_never_reaches_the_handler) {
    cr_expect_eq(client_shopper(&worker, "ann", "PUT", "/notes/x", "{\"body\":", &reply), 400);
    cr_expect(strstr(reply.body, "\"detail\""), "%s", reply.body);
    client_shopper(&worker, "ann", "GET", "/notes", NULL, &reply);
    cr_expect_str_eq(reply.body, "{\"notes\":0,\"ids\":\"\"}");
}

Test(serving, parameters_go_by_their_number_wherever_they_stand) {
    client_shopper(&worker, "ann", "GET", "/parameters", NULL, &reply);
    cr_expect_str_eq(reply.body, "{\"all\":\"cabc16\"}");
}

Test(serving, a_shape_without_its_values_is_500_and_in_the_log) {
    cr_expect_eq(client_shopper(&worker, "ann", "GET", "/wrong-shape", NULL, &reply), 500);
    cr_expect(strstr(client_logs(&worker), "a gap without a value"));
}

Test(serving, a_ping_is_answered_with_memory_and_what_it_waits_for) {
    struct frame frame;
    client_frame(&worker, FRAME_PING, 7, "");
    cr_assert(client_next(&worker, &frame));
    cr_expect_eq(frame.type, FRAME_PONG);
    cr_expect_eq(frame.id, 7);
    cr_expect(text_starts(frame.payload, TEXT("{\"waiting\":[],\"queued\":0,\"memory\":")), "%.*s",
              TEXT_ARGS(frame.payload));
}

Test(serving, an_idle_worker_needs_less_than_8_megabytes) {
    struct frame frame;
    long long memory = 0;
    client_frame(&worker, FRAME_PING, 1, "");
    cr_assert(client_next(&worker, &frame));
    sscanf(strstr(frame.payload.at, "\"memory\":"), "\"memory\":%lld", &memory);
    cr_expect(memory > 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which need more */
    cr_expect_lt(memory, 8 << 20, "%lld bytes", memory);
#endif
}

Test(serving, a_frame_that_is_none_for_a_worker_ends_it) {
    struct frame frame;
    client_frame(&worker, 63, 1, "?");
    cr_expect(!client_next(&worker, &frame));
    client_wait(&worker);
    start_notes(); /* for the end of the test */
}

Test(serving, a_request_of_a_megabyte_goes_through_and_is_answered) {
    enum { LONG = 1000000 };
    char *text = memory_zero(1, LONG + 1), *body = memory_zero(1, LONG + 32);
    memset(text, 'x', LONG);
    snprintf(body, LONG + 32, "{\"body\":\"%s\"}", text);
    cr_expect_eq(client_shopper(&worker, "ann", "PUT", "/notes/big", body, &reply), 200, "%s", reply.body);
    free(text);
    free(body);
}
