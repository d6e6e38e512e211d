/* The plugin host: everything parleyd knows of plugins. It installs releases, runs each one that is needed in a process of
 * its own, calls them, replaces them without losing a request, and says at any time what state they are in and what they wait
 * for. Knows nothing of HTTP, features or experiments.
 *
 * All functions are for the loop's thread. Callbacks run on it too, never before the function that was given them returns,
 * and exactly once. Texts handed in are borrowed until the function returns. */
#ifndef PARLEY_CORE_PLUGINS_HOST_H
#define PARLEY_CORE_PLUGINS_HOST_H

#include <uv.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"
#include "core/base/log.h"
#include "core/base/mailbox.h"
#include "core/base/telemetry.h"
#include "core/plugins/breaker.h"
#include "core/plugins/feed.h"
#include "core/plugins/frames.h"
#include "core/plugins/manifest.h"
#include "core/plugins/probation.h"
#include "core/plugins/worker_sandbox.h"
#include "core/plugins/writer_lock.h"
#include "core/plugins/trust.h"

struct plugins;

/* How long things may take, in ms. A zero means the default, in brackets. */
struct plugin_timing {
    int start;          /* [5000] from the start of the process to READY and the first PONG */
    int call;           /* [5000] until a call's caller is told ERR_TIMEOUT */
    int overrun;        /* [5000] then until the worker that still holds it is killed */
    int heartbeat;      /* [2000] between two PINGs; the worker is killed when [3] go unanswered */
    int drain;          /* [10000] for a worker to finish what it holds */
    int stop;           /* [5000] from STOP, FAILED or a closed channel to its exit */
    int hold;           /* [1000] for a call to wait while a release has the database for itself */
    int turn;           /* [1000] with the turn to write while another release waits for it */
    int restart_first;  /* [100] before the first restart; doubled each time, with jitter ... */
    int restart_most;   /* [30000] ... up to this */
    int restart_window; /* [60000] so many restarts [5] within this, and the release stays down */
};

/* What a plugin caused beside its answer: JSON {kind: "track" | "timeline" | "identify" | "erase" | "notify", ...}. Call plugins_kept(ticket) once it is
 * durable; until then the worker's database keeps it, and it may come again (after a crash, from another worker), with the
 * same plugin and outbox number. Texts are borrowed until the function returns. */
struct plugin_effect {
    struct text plugin, version, json;
    uint64_t outbox;
    uint64_t ticket;
};

/* What a plugin's callback wants to know of a customer, now; it waits half a second: {ask: "traits" | "consent" | "entries" |
 * "ids" | "find" | "contact", customer, kinds?, before?, limit?, word?, why?, channel?, feature?}. The worker's word for who may be asked about is taken: a plugin that is installed is trusted with customers.
 * Answer with plugins_answer(ticket), 200 and JSON or a problem; late is fine. Texts are borrowed until the function returns. */
struct plugin_ask {
    struct text plugin, question;
    uint64_t ticket;
};

/* What happens to releases without anybody asking. Texts are borrowed until the function returns. */
enum plugin_event_kind {
    PLUGIN_RUNNING, /* a worker serves; `detail` is why the one before it did not, where that died or could not start */
    PLUGIN_CRASHED, /* one died or could not start; `detail` says why */
    PLUGIN_STAYS_DOWN,     /* and none is started any more */
    PLUGIN_BREAKER_OPEN,   /* it gets no calls for a while */
    PLUGIN_BREAKER_CLOSED, /* it gets them again */
    PLUGIN_SWAPPED,        /* it took over from `before` */
    PLUGIN_ROLLED_BACK,    /* it took over from `before`, which failed its probation; `evidence` is JSON */
};
struct plugin_event {
    enum plugin_event_kind kind;
    struct text plugin, version, before, detail, evidence; /* what does not apply is TEXT_NONE */
};
/* "running", "crashed", "stays-down", "breaker-open", "breaker-closed", "swapped", "rolled-back" */
const char *plugin_event_name(enum plugin_event_kind kind);

struct plugins_options {
    uv_loop_t *loop;
    struct mailbox *mailbox; /* of that loop; open until `stopped` was called */
    const char *dir;         /* the folder of all plugins, DIR/plugins; made when missing */
    const char *bundled;     /* a folder with one folder for each plugin that comes with Parley; NULL: none */
    const char *worker;      /* path of parley-worker */
    const struct log *log;
    struct telemetry *telemetry;
    const struct clock *clock;
    struct plugin_timing timing;
    /* What a bundle says of things above this floor (metrics): 0, or a code with the sentence why it is refused. On any thread. NULL:
     * nobody judges. */
    int (*judge)(const struct manifest *manifest, struct error *error);
    /* Which releases are installed, or which one is active, may have changed. NULL: nobody wants to know. */
    void (*on_standing)(void *user);
    struct breaker_policy breaker;     /* a zero means the default: 20 calls, 50 %, 2000 ms; 10000 ms; 5000 ms */
    struct probation_policy probation; /* time 0: none; a zero limit means the default: 20 calls, 10 %, 1000 ms */
    struct sandbox_policy (*sandbox)(const void *user, const char *plugin); /* NULL: the defaults for all */
    /* What parley->hmac() signs with; NULL: none. Borrowed until plugins_free. NULL: none for all */
    const char *(*secret)(const void *user, const char *plugin);
    const void *sandbox_user;                                       /* of both */
    void (*on_event)(void *user, const struct plugin_event *event); /* NULL: nobody listens */
    /* A line came into the plugin's log: the one with that "seq". NULL: nobody listens. */
    void (*on_line)(void *user, struct text plugin, size_t seq);
    struct trust_options
        trust; /* whose bundles may run; its files are read at the start, and again for each installation and
                                 * activation, so that a key can be added or revoked at any time */
    void (*on_effect)(void *user, const struct plugin_effect *effect); /* NULL: effects are kept by the workers */
    void (*on_ask)(void *user, const struct plugin_ask *ask);          /* NULL: 503 */
    void *user;
    const struct feed *feed; /* of events; NULL: there are none */
};

/* All but strings are borrowed. */
struct plugins *plugins_new(const struct plugins_options *options);
/* Reads what is installed, installs what comes with Parley (active where the plugin is new; an installed release of the same
 * version is replaced when it differs), starts every active release. `started` is called once each of them runs or has failed:
 * a release that cannot run keeps nobody else from running. */
void plugins_start(struct plugins *plugins, void (*started)(void *user), void *user);
/* Drains everything; calls and operations under way are answered first, new ones refused. Then `stopped`, in which or after
 * which plugins_free may be called. */
void plugins_stop(struct plugins *plugins, void (*stopped)(void *user), void *user);
void plugins_free(struct plugins *plugins); /* NULL is fine */

/* ---- calling ---- */

struct plugin_answer {
    int code;                 /* 0, or ERR_UNAVAILABLE, ERR_TIMEOUT */
    struct frame_reply reply; /* when 0; borrowed until the callback returns */
    struct text version;      /* of the release that answered or failed */
    int retry_after;          /* seconds, with ERR_UNAVAILABLE */
};

struct plugin_call {
    struct text plugin;
    struct text version; /* TEXT_NONE: the active release */
    const struct frame_request *request;
    int deadline; /* ms; 0: the default */
    void (*answered)(void *user, const struct plugin_answer *answer);
    void *user;
};

/* 0: `answered` will be called. Else nothing is called: ERR_NOT_FOUND (no such plugin or release), ERR_GONE (retired),
 * ERR_UNAVAILABLE (down or busy; *retry_after is set to seconds, where not NULL), ERR_TOO_LARGE. A GET or HEAD whose worker dies is
 * tried once more, by the next worker; anything else is then answered with ERR_UNAVAILABLE. */
int plugins_call(struct plugins *plugins, const struct plugin_call *call, int *retry_after);
/* A customer's rights: everything the plugin holds of them as JSON, and its erasure. By the active release; as plugins_call. */
int plugins_export(struct plugins *plugins, struct text plugin, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user);
int plugins_forget(struct plugins *plugins, struct text plugin, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user);
/* An effect is durable; its worker is told once all before it are too. Of NULL, which has no workers any more, none is. */
void plugins_kept(struct plugins *plugins, uint64_t ticket);

/* The answer to an ask; nothing where its worker is gone. Over a frame: the worker is told so. */
void plugins_answer(struct plugins *plugins, uint64_t ticket, const struct frame_reply *answer);
/* The feed's answer to a want, which is the host's again. Every want is answered before `stopped` is called. */
void plugins_fed(struct feed_want *want);

/* ---- changing: one operation per plugin at a time, else ERR_CONFLICT saying which is under way ---- */

struct plugin_result {
    struct error error; /* code 0: done */
    struct text name,
        version; /* of the release; empty where it was not known yet. Borrowed until the callback returns */
};
typedef void (*plugins_done)(void *user, const struct plugin_result *result);

/* Installs a bundle, given as the path of a file or folder, or as bytes (from malloc, taken). The same release again is fine, and what was
 * damaged or not trusted may run then; another one of the same version is ERR_CONFLICT: a release never changes. So is a signed
 * one whose sequence is lower than one that was installed before: an old build is not a new one. ERR_UNTRUSTED: trust_open. Nothing is
 * started. */
void plugins_install(struct plugins *plugins, const char *path, plugins_done done, void *user);
void plugins_install_bytes(struct plugins *plugins, char *bytes, size_t n, plugins_done done, void *user);
/* plugins_install_bytes, but a lower sequence is taken too. */
void plugins_install_older(struct plugins *plugins, char *bytes, size_t n, plugins_done done, void *user);
/* Starts that release, proves it healthy, switches the route, remembers it on disk, drains the one before. Whatever fails, the one before
 * goes on serving and the error says what failed. For the active release: starts it where it is down. Un-retires. */
void plugins_activate(struct plugins *plugins, struct text name, struct text version, plugins_done done, void *user);
/* Activates the release that was active before; ERR_CONFLICT where there is none. */
void plugins_rollback(struct plugins *plugins, struct text name, plugins_done done, void *user);
/* Takes a release that is neither active nor the one to roll back to, that no variant names and that does not run, away for good, files
 * and all; else ERR_CONFLICT. The plugin's data stays. */
void plugins_remove(struct plugins *plugins, struct text name, struct text version, plugins_done done, void *user);
/* Drains the plugin's workers and starts no more, but for plugins_export and plugins_forget; its data stays. */
void plugins_retire(struct plugins *plugins, struct text name, plugins_done done, void *user);

/* ---- the configuration of a plugin as a whole ---- */

/* What it is from now on, `version` counting from 1: for all its releases, installed already or not; what runs is told. A release that it
 * does not suit is not started. */
void plugins_configured(struct plugins *plugins, struct text name, struct text json, int64_t version);
/* Tries one (an object, borrowed): holds it against what the active release and all that run say of it, and tells those that run, which
 * may refuse it. On success it is to be stored, and then plugins_configured; on failure (ERR_INVALID with the places, ERR_NOT_FOUND,
 * ERR_UNAVAILABLE) all go back to what it is. */
void plugins_configure(struct plugins *plugins, struct text name, const json_t *value, plugins_done done, void *user);
/* The first half of that: what the releases say of it (ERR_INVALID with the places, ERR_NOT_FOUND); nobody is told. */
int plugins_check_configuration(const struct plugins *plugins, struct text name, const json_t *value,
                                struct error *error);
/* After a success that was not stored: back to what it is. */
void plugins_unconfigure(struct plugins *plugins, struct text name);
struct plugin_configuration {
    struct text json;     /* as it was stored; "{}" where none was */
    int64_t version;      /* 0: none was stored */
    const json_t *schema; /* of the active release; NULL: it has no configuration */
};
/* False where there is no such plugin. Borrowed until the loop's next turn. */
bool plugins_configuration(const struct plugins *plugins, struct text name, struct plugin_configuration *configuration);

/* The releases that features name, beside the active ones: each runs while it is in the latest list (copied), from when it
 * is installed. Those that are not are logged. */
struct plugin_release_name {
    struct text plugin, version;
};
void plugins_set_wanted(struct plugins *plugins, const struct plugin_release_name *list, size_t n);

/* ---- looking ---- */

/* With the name's length and place. */
#define PLUGINS_NONE                                                                                                   \
    "there is no plugin '%.*s' here; GET /admin/v1/plugins (parley plugin list) has those that there are"

/* True where unsigned bundles are taken: a server for development. */
bool plugins_take_unsigned(const struct plugins *plugins);
/* With TEXT_NONE: whether the plugin is there (and not retired). */
bool plugins_has(const struct plugins *plugins, struct text name, struct text version);
/* Where its database and the writer's lock lie; NULL where there is no such plugin. Borrowed until the loop's next turn. */
const char *plugins_folder(const struct plugins *plugins, struct text name);
/* One plugin with all its releases; false (and nothing written) where there is none. `writer`: who has the turn to write, by
 * writer_lock_look in its folder (NULL: nothing is said of it). */
bool plugins_status_json(const struct plugins *plugins, struct text name, const struct writer_holder *writer,
                         struct json_writer *w);
/* An array of the plugins behind the name `after` (TEXT_NONE: all), which none need have, by name, shorter, at most `limit`: the last one's name where there are more, else
 * TEXT_NONE. Borrowed until the loop's next turn. */
struct text plugins_list_json(const struct plugins *plugins, struct text after, size_t limit, struct json_writer *w);
/* The last 500 lines of all releases, oldest first, of those with a greater "seq" than `after`: [{"seq","at","by","level","version","line"}].
 * "seq" counts a plugin's lines from 1 since parleyd started; where `after` is from an earlier start, all. */
bool plugins_logs_json(const struct plugins *plugins, struct text name, size_t after, struct json_writer *w);
/* A file below web/ of a release, from the verified bundle in memory; TEXT_NONE for the active release. False where there is
 * none. Borrowed until the loop's next turn. `path` as in "polls.js" for the bundle's web/polls.js. */
bool plugins_asset(const struct plugins *plugins, struct text name, struct text version, struct text path,
                   struct text *bytes, const char **content_type);
/* Where a plugin stands. False where there is none of that name. Borrowed until the loop's next turn. */
struct plugin_standing {
    struct text active, previous; /* versions; TEXT_NONE: none */
    bool retired;
};
bool plugins_standing(const struct plugins *plugins, struct text name, struct plugin_standing *standing);
/* Every installed release that can be read, plugin by plugin, with what its bundle says of itself. */
void plugins_each_release(const struct plugins *plugins,
                          void (*each)(void *user, struct text plugin, const struct plugin_standing *standing,
                                       const struct manifest *manifest),
                          void *user);
/* The names of the headers (array of strings) that webhooks for the active release are handed with; NULL: it takes no webhooks. Borrowed
 * until the loop's next turn. */
const json_t *plugins_hooks(const struct plugins *plugins, struct text name);
/* What the settings of a release (TEXT_NONE: the active one) must look like; NULL where it does not say. Borrowed until the loop's
 * next turn. */
struct schema *plugins_schema(const struct plugins *plugins, struct text name, struct text version);
/* Appends that as JSON, {} where it does not say; false (and nothing is appended) where there is no such release. */
bool plugins_settings_json(const struct plugins *plugins, struct text name, struct text version, struct buffer *out);
/* Whether shoppers meet in a release (TEXT_NONE: the active one). */
bool plugins_social(const struct plugins *plugins, struct text name, struct text version);
/* A line into the plugin's log and parleyd's; nothing where there is no such plugin. */
void plugins_note(struct plugins *plugins, struct text name, struct text line);
/* True while that release (TEXT_NONE: the active one) serves: its worker runs, and its breaker lets calls through. */
bool plugins_serves(const struct plugins *plugins, struct text name, struct text version);
/* What a page needs to load a release's widget; TEXT_NONE for the active one. False where there is no such release. Borrowed
 * until the loop's next turn. */
struct plugin_web {
    struct text version;
    struct text module;    /* path below /plugins/NAME/VERSION/; TEXT_NONE: it has no widget */
    struct text element;   /* the custom element that the module defines; TEXT_NONE: none */
    struct text integrity; /* the module's, for a script element; TEXT_NONE: none */
};
bool plugins_web(const struct plugins *plugins, struct text name, struct text version, struct plugin_web *web);

#endif
