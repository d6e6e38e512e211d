/* `parley plugin dev`: a plugin's folder on a server for development. Each save becomes a release that takes over from the one before; a
 * feature in draft shows it to whoever has its preview link. */
#include "programs/parley/plugin_dev.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"
#include "programs/parley/actions.h"
#include "programs/parley/interrupt.h"
#include "programs/parley/watch.h"

enum { ROUND_ROOM = 64 * 1024 };

/* ---- the feature and its preview ---- */

static struct text new_feature(struct dev *dev) {
    return arena_printf(&dev->arena,
                        "{\"key\":\"%s\",\"name\":\"%s in development\",\"type\":\"string\",\"stage\":\"draft\","
                        "\"enabled\":false,\"off\":\"off\",\"default\":{\"serve\":\"off\"},\"variants\":"
                        "{\"off\":{\"value\":\"off\"},\"dev\":{\"value\":\"dev\",\"plugin\":\"%s\"}}}",
                        dev->feature, dev->name, dev->name);
}

/* The variant that the plugin's active release serves; TEXT_NONE, said on stderr, where the feature has none. */
static struct text variant_of(struct dev *dev, struct text feature) {
    struct json json;
    if (json_scan(&json, feature, &dev->arena, NULL) != 0) return TEXT_NONE;
    json_at variants = json_get(&json, 0, TEXT("variants"));
    for (json_at key = json_first(&json, variants); key != JSON_NONE; key = json_after(&json, variants, key)) {
        struct text name = json_unescaped(&json, key, &dev->arena);
        json_at variant = json_get(&json, variants, name);
        struct text plugin = json_unescaped(&json, json_get(&json, variant, TEXT("plugin")), &dev->arena);
        if (text_is(plugin, dev->name) && json_get(&json, variant, TEXT("release")) == JSON_NONE) return name;
    }
    fprintf(stderr,
            "parley: feature %s has no variant that the active release of %s serves, so there is no preview; --feature "
            "names another\n",
            dev->feature, dev->name);
    return TEXT_NONE;
}

/* The feature as it is, made where there is none; empty, said on stderr, where that fails. */
static struct text find_feature(struct dev *dev) {
    struct client *client = &dev->call->client;
    struct answer answer;
    struct error error = {0};
    const char *path = arena_printf(&dev->arena, "/admin/v1/features/%s", call_encoded(dev->call, dev->feature, "")).at;
    if (client_ask(client, "GET", path, TEXT_NONE, NULL, &answer, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return TEXT_NONE;
    }
    if (answer.status == 404) {
        buffer_free(&answer.body);
        if (client_fetch(client, "PUT", path, new_feature(dev), &answer) != EXIT_OK) return TEXT_NONE;
    }
    struct text feature = arena_text(&dev->arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return feature;
}

static void show_preview(struct dev *dev) {
    struct answer answer;
    struct json json;
    struct text feature = find_feature(dev), variant = feature.n ? variant_of(dev, feature) : TEXT_NONE;
    struct text body = arena_printf(&dev->arena, "{\"feature\":\"%s\",\"variant\":\"%.*s\",\"expiresIn\":\"P7D\"}",
                                    dev->feature, TEXT_ARGS(variant));
    if (!variant.n || client_fetch(&dev->call->client, "POST", "/admin/v1/previews", body, &answer) != EXIT_OK) return;
    if (json_scan(&json, buffer_view(&answer.body), &dev->arena, NULL) == 0) {
        struct text token = json_unescaped(&json, json_get(&json, 0, TEXT("token")), &dev->arena);
        struct text until = json_unescaped(&json, json_get(&json, 0, TEXT("expiresAt")), &dev->arena);
        dev_tell_preview(dev,
                         arena_printf(&dev->arena, "%s/shop/preview.html?feature=%s&parley_preview=%.*s",
                                      dev->call->client.url, dev->feature, TEXT_ARGS(token))
                             .at,
                         until);
    }
    buffer_free(&answer.body);
}

/* ---- rounds ---- */

static void one_round(struct dev *dev, uint64_t saved, enum dev_step *step) {
    struct dev_round round = {.saved = saved};
    arena_reset(&dev->arena);
    dev_round(dev, &round);
    *step = round.step;
    if (!interrupted()) dev_tell_round(dev, &round);
    dev_round_free(&round);
    if (round.step >= DEV_TEST) dev_clean(dev);
}

static enum exit_code refused(void) {
    fprintf(
        stderr,
        "parley: what you save is sent unsigned, and this server does not take that, or not from you. Start one for "
        "development with --plugins.unsigned yes, and use a token of role publisher and manager, or admin\n");
    return EXIT_NOT_ALLOWED;
}

/* Until something is saved, with the log of what serves meanwhile. False: interrupted. */
static bool wait_for_save(struct dev *dev, struct watch *watch, uint64_t *saved) {
    while (!interrupted()) {
        if (*dev->serving)
            plugin_logs_wait(&dev->logs, watch->fd);
        else
            watch_ready(watch);
        if (watch_take(watch, saved)) return true;
    }
    return false;
}

static enum exit_code go_on(struct dev *dev, struct watch *watch) {
    enum dev_step step;
    bool linked = false;
    uint64_t saved = clock_ticks();
    do {
        one_round(dev, saved, &step);
        if (step == DEV_REFUSED) return refused();
        if (step >= DEV_TEST && !linked) show_preview(dev);
        linked = linked || step >= DEV_TEST;
    } while (wait_for_save(dev, watch, &saved));
    if (*dev->serving)
        fprintf(stderr, "\n%s %s goes on serving; `parley plugin activate %s %s` switches to %s\n", dev->name,
                dev->serving, dev->name, *dev->before ? dev->before : "VERSION",
                *dev->before ? "what was active before" : "another release");
    return EXIT_OK;
}

/* The plugin's name and version, which stay after the project is closed. EXIT_OK, or said on stderr. */
static enum exit_code read_names(struct dev *dev) {
    struct project project;
    struct error error = {0};
    if (project_open(&project, dev->folder, &dev->call->arena, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return error.code == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    dev->name = arena_cstr(&dev->call->arena, text_of(project.manifest.name));
    snprintf(dev->base, sizeof dev->base, "%s", project.manifest.version);
    project_close(&project);
    if (!dev->feature) dev->feature = arena_printf(&dev->call->arena, "%s-dev", dev->name).at;
    dev->logs = (struct plugin_logs){.client = &dev->call->client,
                                     .name = call_encoded(dev->call, dev->name, ""),
                                     .each = dev_tell_log,
                                     .user = dev};
    return EXIT_OK;
}

enum exit_code act_plugin_dev(struct call *call) {
    const char *folder = call_argument(call, "DIR");
    struct dev dev = {.call = call, .folder = folder ? folder : ".", .feature = call_flag(call, "--feature")};
    struct watch watch;
    struct error error = {0};
    enum exit_code code = read_names(&dev);
    if (code != EXIT_OK) return code;
    arena_init(&dev.arena, ROUND_ROOM);
    code = dev_look(&dev);
    if (code == EXIT_OK && watch_open(&watch, dev.folder, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        code = EXIT_FAILED;
    } else if (code == EXIT_OK) {
        if (*dev.before)
            fprintf(stderr,
                    "parley: %s %s is active on this server: whoever uses it there gets what you save from now on\n",
                    dev.name, dev.before);
        interrupt_listen();
        plugin_logs_skip(&dev.logs);
        code = go_on(&dev, &watch);
        plugin_logs_end(&dev.logs);
        watch_close(&watch);
    }
    arena_free(&dev.arena);
    return code;
}
