#include "programs/parleyd/options.h"

#include <stdio.h>
#include <unistd.h>

#include "api/loops.h"

static const struct config_option options[] = {
    {"config", CONFIG_TEXT, "parley.conf", "file to read options from, as lines of key = value", 0, 0, false},
    {"data", CONFIG_TEXT, "var", "folder of everything Parley keeps", 0, 0, false},
    {"listen", CONFIG_TEXT, "127.0.0.1:8080", "address and port; port 0 picks one", 0, 0, false},
    {"admin-token", CONFIG_TEXT, NULL, "a token with role admin, at least 32 characters", 0, 0, true},
    {"shop.jwt-secret", CONFIG_TEXT, NULL, "the shop's secret for Parley-Customer (HS256)", 0, 0, true},
    {"public-url", CONFIG_TEXT, NULL, "where shoppers reach Parley; https makes cookies Secure", 0, 0, false},
    {"cors.origins", CONFIG_TEXT, NULL, "pages that may call from a browser: origins with commas between, or *", 0, 0,
     false},
    {"bots.file", CONFIG_TEXT, NULL, "more crawlers: a word of their User-Agent on each line", 0, 0, false},
    {"log.level", CONFIG_TEXT, "info", "debug, info, warn or error", 0, 0, false},
    {"log.format", CONFIG_TEXT, "logfmt", "logfmt or json", 0, 0, false},
    {"http.connections", CONFIG_INT, "10000", "at most so many at once", 16, 1000000, false},
    {"loops", CONFIG_INT, "1", "threads that answer; more where a core is not enough", 1, LOOPS_MOST, false},
    {"streams.heartbeat", CONFIG_DURATION, "15s", "how often a quiet event stream says that it lives", 50, 60000,
     false},
    {"drain", CONFIG_DURATION, "10s", "how long requests in flight may take to finish at the end", 0, 600000, false},
    {"journal.file-size", CONFIG_SIZE, "1G", "the journal starts a new file beyond this", 1 << 20, 1LL << 40, false},
    {"journal.queue", CONFIG_SIZE, "32M", "events waiting to be written; beyond it senders get 503", 1 << 16, 1LL << 34,
     false},
    {"journal.retention", CONFIG_DURATION, "0s",
     "journal files go when all of them is older, and nobody needs it; 0: never", 0, 100LL * 366 * 86400000, false},
    {"journal.recognise", CONFIG_DURATION, "7d", "a messageId counts once within this", 1000, 366LL * 86400000, false},
    {"journal.recognise-most", CONFIG_INT, "20000000", "or among so many, whichever is shorter", 1000, 1000000000,
     false},
    {"people.cap.day", CONFIG_INT, "3", "pushes to a customer within 24 hours, over all plugins; 0: no cap", 0, 1000,
     false},
    {"people.cap.week", CONFIG_INT, "10", "pushes to a customer within 7 days; 0: no cap", 0, 1000, false},
    {"measure.checkpoint", CONFIG_DURATION, "10s", "how often sums are saved, so that a start reads little journal",
     100, 3600000, false},
    {"steer.checkpoint", CONFIG_DURATION, "1h", "how often guardrails are looked at", 100, 86400000, false},
    {"steer.dry-run", CONFIG_FLAG, NULL, "guardrails say what they would do, and do not do it", 0, 0, false},
    {"steer.srm", CONFIG_TEXT, "pause", "when the split of a trial is certainly off: rollback, pause, warn or off", 0,
     0, false},
    {"steer.no-data", CONFIG_TEXT, "warn", "when a running trial gets no data: rollback, pause, warn or off", 0, 0,
     false},
    {"steer.no-data-after", CONFIG_DURATION, "24h", "how long that takes", 100, 366LL * 86400000, false},
    {"exposures.ring", CONFIG_SIZE, "4M", "exposures waiting to be written; a power of two", 4096, 1 << 30, false},
    {"plugins.bundled", CONFIG_TEXT, NULL, "folder of the plugins that come with Parley [beside parleyd]", 0, 0, false},
    {"plugins.worker", CONFIG_TEXT, NULL, "path of parley-worker [beside parleyd]", 0, 0, false},
    {"plugins.keys", CONFIG_TEXT, NULL, "public keys that sign plugins: a file, or a folder of *.pub files", 0, 0,
     false},
    {"plugins.revoked", CONFIG_TEXT, NULL, "file of keys that are revoked: a key's id on each line", 0, 0, false},
    {"plugins.unsigned", CONFIG_BOOL, "no", "FOR DEVELOPMENT: takes plugins that nobody has signed", 0, 0, false},
    {"plugins.libraries", CONFIG_TEXT, "libopenblas.so.0",
     "further libraries that plugins may need: names with commas between", 0, 0, false},
    {"plugins.deadline", CONFIG_DURATION, "5s", "how long a plugin may take to answer", 10, 600000, false},
    {"webhooks.private", CONFIG_BOOL, "no", "webhooks may go to addresses of this machine and of private networks", 0,
     0, false},
    {"webhooks.retry", CONFIG_DURATION, "5s", "how long a message that was not taken waits; doubles, up to 6 hours", 10,
     3600000, false},
    {"webhooks.attempts", CONFIG_INT, "16", "after so many a message is given up", 1, 100, false},
    {"hooks.rate", CONFIG_INT, "100", "webhooks a second to each plugin; beyond it senders get 429", 1, 1000000, false},
    {"plugins.overrun", CONFIG_DURATION, "5s", "and how much longer before its worker is killed", 10, 600000, false},
    {"plugins.start", CONFIG_DURATION, "5s", "how long a worker may take until it serves", 10, 600000, false},
    {"plugins.stop", CONFIG_DURATION, "5s", "how long it may take to end when told to", 10, 600000, false},
    {"plugins.drain", CONFIG_DURATION, "10s", "and to finish what it holds before that", 10, 600000, false},
    {"plugins.heartbeat", CONFIG_DURATION, "2s", "how often it says that it lives; three missed, and it is killed", 10,
     600000, false},
    {"plugins.breaker.errors", CONFIG_INT, "50", "percent of calls that fail before a release gets none for a while", 1,
     100, false},
    {"plugins.breaker.slow", CONFIG_DURATION, "2s", "or half of them take longer", 1, 600000, false},
    {"plugins.breaker.least", CONFIG_INT, "20", "calls before that is judged", 1, 1000000, false},
    {"plugins.breaker.window", CONFIG_DURATION, "10s", "over which calls are looked at", 10, 3600000, false},
    {"plugins.breaker.open", CONFIG_DURATION, "5s", "how long until one call tries again", 10, 3600000, false},
    {"plugins.probation", CONFIG_DURATION, "1m", "how long after a swap a release that fails is rolled back; 0: never",
     0, 86400000, false},
    {"plugins.probation.errors", CONFIG_INT, "10", "percent of its calls that fail", 1, 100, false},
    {"plugins.probation.slow", CONFIG_DURATION, "1s", "or half of them take longer", 1, 600000, false},
    {"plugins.probation.least", CONFIG_INT, "20", "calls before that is judged", 1, 1000000, false},
    {"plugins.*.sandbox", CONFIG_BOOL, "on", "of one plugin (plugins.polls.sandbox) or, with the *, of all", 0, 0,
     false},
    {"plugins.*.secret", CONFIG_TEXT, NULL, "what the shop system signs its webhooks to that plugin with", 0, 0, true},
    {"plugins.*.memory", CONFIG_SIZE, "512M", "most data of its worker", 16 << 20, 1LL << 40, false},
    {"plugins.*.files", CONFIG_INT, "64", "most files its worker opens", 16, 1 << 20, false},
    {"plugins.*.cpu", CONFIG_DURATION, "10s", "most processor time between two heartbeats", 1000, 86400000, false},
    {"check-config", CONFIG_FLAG, NULL, "says whether the configuration is right, and ends", 0, 0, false},
    {"print-config", CONFIG_FLAG, NULL, "prints every option, its value and where it came from, and ends", 0, 0, false},
    {"print-routes", CONFIG_FLAG, NULL, "prints every route: method, path, roles (-: anybody), largest body; and ends",
     0, 0, false},
    {"version", CONFIG_FLAG, NULL, "prints the version and ends", 0, 0, false},
    {"help", CONFIG_FLAG, NULL, "prints this and ends", 0, 0, false},
};

static const char *const others[] = {"PARLEY_URL",    "PARLEY_TOKEN",  "PARLEY_SDK", "PARLEY_BUILD",
                                     "PARLEY_SHARED", "PARLEY_ML100K", NULL};

const struct config_schema parleyd_schema = {
    .usage = "usage: parleyd [--data DIR] [--listen HOST:PORT] [--config FILE] [--option value ...]\n"
             "Each option may also stand in the file (option = value) or in the environment (PARLEY_OPTION).",
    .options = options,
    .n = sizeof options / sizeof *options,
    .also = others,
};

int options_listen(const struct config *config, char *host, size_t room, int *port, struct error *error) {
    struct text listen = text_of(config_text(config, "listen"));
    size_t colon = listen.n;
    while (colon > 0 && listen.at[colon - 1] != ':') colon--;
    int64_t number = -1;
    if (colon == 0 || !text_to_int(text_n(listen.at + colon, listen.n - colon), &number) || number < 0 ||
        number > 65535)
        return error_set(error, ERR_INVALID, "listen = %.*s: write HOST:PORT, as 127.0.0.1:8080", TEXT_ARGS(listen));
    struct text name = text_n(listen.at, colon - 1);
    if (name.n > 1 && name.at[0] == '[' && name.at[name.n - 1] == ']') name = text_n(name.at + 1, name.n - 2);
    if (!name.n) name = TEXT("0.0.0.0");
    if (name.n >= room) return error_set(error, ERR_INVALID, "listen = %.*s: the host is too long", TEXT_ARGS(listen));
    snprintf(host, room, "%.*s", TEXT_ARGS(name));
    *port = (int)number;
    return 0;
}

static int choice(const struct config *config, const char *key, const char *const *names, int *out,
                  struct error *error) {
    for (int i = 0; names[i]; i++)
        if (text_is(text_of(config_text(config, key)), names[i])) {
            *out = i;
            return 0;
        }
    return error_set(error, ERR_INVALID, "%s = %s: see --help for what it can be", key, config_text(config, key));
}

/* -1: off */
static int steer_choice(const struct config *config, const char *key, int *out, struct error *error) {
    *out = -1;
    if (text_is(text_of(config_text(config, key)), "off")) return 0;
    return choice(config, key, guardrail_actions, out, error);
}

int options_steer(const struct config *config, struct steer_rules *rules, struct error *error) {
    int split, no_data;
    int rc = steer_choice(config, "steer.srm", &split, error);
    if (rc == 0) rc = steer_choice(config, "steer.no-data", &no_data, error);
    if (rc < 0) return rc;
    *rules = (struct steer_rules){.mode = config_flag(config, "steer.dry-run") ? STEER_DRY_RUN : STEER_ACT};
    rules->guard.watch_split = split >= 0;
    rules->guard.split = split >= 0 ? (enum guardrail_action)split : ACTION_WARN;
    rules->guard.no_data = no_data >= 0 ? (enum guardrail_action)no_data : ACTION_WARN;
    rules->guard.no_data_after = no_data >= 0 ? config_duration(config, "steer.no-data-after") : 0;
    return 0;
}

struct trust_options options_trust(const struct config *config) {
    return (struct trust_options){
        .keys = config_text(config, "plugins.keys"),
        .revoked = config_text(config, "plugins.revoked"),
        .libraries = config_text(config, "plugins.libraries"),
        .unsigned_bundles = config_bool(config, "plugins.unsigned") ? UNSIGNED_TAKEN : UNSIGNED_REFUSED,
    };
}

int options_log(const struct config *config, struct log *log, struct error *error) {
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL}, *const formats[] = {"logfmt", "json",
                                                                                                      NULL};
    int level = LOG_INFO, format = LOG_LOGFMT;
    int rc = choice(config, "log.level", levels, &level, error);
    if (rc == 0) rc = choice(config, "log.format", formats, &format, error);
    *log = (struct log){STDERR_FILENO, (enum log_format)format, (enum log_level)level, "parleyd"};
    return rc;
}
