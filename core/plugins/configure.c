#include "core/plugins/configure.h"

#include <stdlib.h>

#include "core/base/json_dump.h"
#include "core/base/memory.h"
#include "core/plugins/configuration.h"
#include "core/plugins/host_internal.h"
#include "core/plugins/traffic.h"

enum { FILLED_MOST = FRAME_MAX_PAYLOAD - (64 << 10) }; /* HELLO says more than the configuration */

static json_t *parse(const char *json) {
    return json ? json_loads(json, JSON_ALLOW_NUL, NULL) : json_object();
}

/* What the release is given for that configuration. Caller frees. */
static char *filled(const struct release *r, const json_t *value) {
    const struct schema *schema = r->bundle.manifest.configuration_schema;
    struct buffer out = {0};
    json_t *whole = schema ? schema_with_defaults(schema, value) : json_object();
    json_dump(&out, whole);
    json_decref(whole);
    return buffer_take(&out, NULL);
}

/* The schema's defaults can make much of little. */
static int check_filled(const struct release *r, const json_t *value, struct error *error) {
    char *json = filled(r, value);
    size_t n = strlen(json);
    free(json);
    if (n <= FILLED_MOST) return 0;
    return error_at(error, "", "is %zu bytes as JSON with the defaults of %s %s; at most %d", n, r->plugin->name,
                    r->version, FILLED_MOST);
}

static int suits(const struct release *r, const json_t *value, struct error *error) {
    const struct schema *schema = r->bundle.manifest.configuration_schema;
    if (!schema && json_object_size(value))
        return error_at(error, "", "%s %s has no configuration: its plugin.json says nothing of one", r->plugin->name,
                        r->version);
    int rc = configuration_check_size(value, error);
    if (rc == 0 && schema) rc = schema_check(schema, value, "", error);
    return rc == 0 ? check_filled(r, value, error) : rc;
}

static void remember_told(struct release *r, const char *json) {
    free(r->told);
    r->told = memory_copy(json);
}

int configure_start(struct release *r, struct error *error) {
    json_t *value = parse(r->plugin->configuration);
    int code = suits(r, value, error);
    if (!code) {
        free(r->settings);
        r->settings = filled(r, value);
        remember_told(r, r->plugin->configuration);
    }
    json_decref(value);
    return code;
}

/* ---- telling one release ---- */

struct attempt;

struct telling {
    struct release *release;
    struct attempt *attempt; /* NULL: nobody waits for what it says */
    char *json;
};

static void one_told(struct attempt *attempt, const struct release *r, const struct plugin_answer *answer);

static void on_told(void *user, const struct plugin_answer *answer) {
    struct telling *telling = user;
    struct release *r = telling->release;
    bool took = !answer->code && answer->reply.status < 400;
    r->telling = false;
    if (took || !telling->attempt)
        remember_told(r, telling->json); /* refused, and nobody waits: it is not told again */
    if (telling->attempt)
        one_told(telling->attempt, r, answer);
    else if (!took)
        plugin_note(r->plugin, LOG_ERROR, r->version, "did not take the plugin's configuration");
    free(telling->json);
    free(telling);
}

/* False: it cannot be told now. */
static bool tell(struct release *r, const char *json, const json_t *value, struct attempt *attempt) {
    struct telling *telling = memory_new(struct telling);
    *telling = (struct telling){r, attempt, memory_copy(json)};
    char *payload = filled(r, value);
    bool sent =
        !r->telling && release_runs(r) && traffic_direct(r, FRAME_CONFIGURE, text_of(payload), on_told, telling) == 0;
    free(payload);
    if (sent)
        r->telling = true;
    else {
        free(telling->json);
        free(telling);
    }
    return sent;
}

static bool same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

void configure_review(struct plugin *plugin) {
    if (plugin->env->stopping) return;
    for (struct release *r = plugin->releases; r; r = r->next) {
        if (r->state != RELEASE_RUNNING || r->telling || same(r->told, plugin->configuration)) continue;
        json_t *value = parse(plugin->configuration);
        if (suits(r, value, NULL) == 0) tell(r, plugin->configuration, value, NULL);
        json_decref(value);
    }
}

/* ---- trying another one ---- */

struct attempt {
    struct mail mail; /* first */
    struct plugin_env *env;
    struct plugin *plugin; /* NULL: there is none */
    struct error error;
    int waiting; /* for that many releases */
    plugins_done done;
    void *user;
};

static void end(struct mail *mail) {
    struct attempt *attempt = (struct attempt *)mail;
    struct plugin_env *env = attempt->env;
    attempt->done(attempt->user, &(struct plugin_result){.error = attempt->error});
    if (attempt->plugin && attempt->error.code) configure_review(attempt->plugin); /* who took it goes back */
    free(attempt);
    env->operations--;
    env->changed(env);
}

static void finish(struct attempt *attempt) {
    attempt->mail.receive = end;
    mailbox_post(attempt->env->mailbox, &attempt->mail);
}

static void one_told(struct attempt *attempt, const struct release *r, const struct plugin_answer *answer) {
    struct error *error = &attempt->error;
    int status = answer->code ? 503 : answer->reply.status;
    if (status >= 400 && !error->code) {
        json_t *problem = json_loadb(answer->reply.body.at ? answer->reply.body.at : "", answer->reply.body.n, 0, NULL);
        const char *detail = json_string_value(json_object_get(problem, "detail"));
        error_set(error, status < 500 ? ERR_INVALID : ERR_UNAVAILABLE, "%s %s did not take it: %s", r->plugin->name,
                  r->version, detail ? detail : "it gave no answer");
        json_decref(problem);
    }
    if (--attempt->waiting == 0) finish(attempt);
}

/* The release that people mean, and whatever runs, must take it. */
static int suits_all(const struct plugin *plugin, const json_t *value, struct error *error) {
    const struct release *shown = host_shown(plugin);
    int rc = 0;
    for (const struct release *r = plugin->releases; r && rc == 0; r = r->next)
        if (r == shown || r->state == RELEASE_RUNNING) rc = suits(r, value, error);
    return rc;
}

static void try(struct attempt *attempt, const json_t *value, const char *json) {
    struct error *error = &attempt->error;
    suits_all(attempt->plugin, value, error);
    for (struct release *r = attempt->plugin->releases; r && !error->code; r = r->next) {
        if (r->state != RELEASE_RUNNING) continue;
        if (tell(r, json, value, attempt))
            attempt->waiting++;
        else
            error_set(error, ERR_UNAVAILABLE, "%s %s is too busy to be configured now", r->plugin->name, r->version);
    }
}

static int no_plugin(struct text name, struct error *error) {
    return error_set(error, ERR_NOT_FOUND, PLUGINS_NONE, TEXT_ARGS(name));
}

void plugins_configure(struct plugins *plugins, struct text name, const json_t *value, plugins_done done, void *user) {
    struct attempt *attempt = memory_new(struct attempt);
    attempt->env = &plugins->env;
    attempt->plugin = host_find_installed(plugins, name);
    attempt->done = done;
    attempt->user = user;
    plugins->env.operations++;
    struct buffer json = {0};
    json_dump(&json, value);
    char *text = buffer_take(&json, NULL);
    if (!attempt->plugin)
        no_plugin(name, &attempt->error);
    else if (plugins->env.stopping)
        error_set(&attempt->error, ERR_UNAVAILABLE, "Parley is stopping");
    else
        try(attempt, value, text);
    free(text);
    if (!attempt->waiting) finish(attempt);
}

/* ---- what it is from now on ---- */

void plugins_configured(struct plugins *plugins, struct text name, struct text json, int64_t version) {
    struct plugin *plugin = host_find_or_add(plugins, name);
    struct buffer copy = {0};
    buffer_text(&copy, json);
    free(plugin->configuration);
    plugin->configuration = buffer_take(&copy, NULL);
    plugin->configuration_version = version;
    for (struct release *r = plugin->releases; r; r = r->next)
        if (r->unfit) {
            r->unfit = false;
            r->state = RELEASE_STOPPED;
            release_review(r);
        }
    configure_review(plugin);
}

int plugins_check_configuration(const struct plugins *plugins, struct text name, const json_t *value,
                                struct error *error) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    return plugin ? suits_all(plugin, value, error) : no_plugin(name, error);
}

void plugins_unconfigure(struct plugins *plugins, struct text name) {
    struct plugin *plugin = host_find_installed(plugins, name);
    if (plugin) configure_review(plugin);
}

bool plugins_configuration(const struct plugins *plugins, struct text name,
                           struct plugin_configuration *configuration) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    if (!plugin) return false;
    *configuration = (struct plugin_configuration){
        .json = plugin->configuration ? text_of(plugin->configuration) : TEXT("{}"),
        .version = plugin->configuration_version,
        .schema = host_shown(plugin)->bundle.manifest.configuration,
    };
    return true;
}
