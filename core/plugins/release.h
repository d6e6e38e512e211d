/* One installed release of a plugin: it runs while somebody wants it to, is started again when its worker dies (later and
 * later, and in the end not at all), and drains when nobody wants it any more. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_RELEASE_H
#define PARLEY_CORE_PLUGINS_RELEASE_H

#include "core/plugins/backoff.h"
#include "core/plugins/breaker.h"
#include "core/plugins/trust.h"
#include "core/plugins/supervisor.h"

enum release_state { RELEASE_STOPPED, RELEASE_STARTING, RELEASE_RUNNING, RELEASE_DRAINING, RELEASE_FAILED };

/* Why it should run. */
enum release_want {
    WANT_ACTIVE = 1,  /* it is the plugin's active release */
    WANT_VARIANT = 2, /* a feature's variant names it */
    WANT_TRIAL = 4,   /* it is being activated */
    WANT_ERRAND = 8,  /* a customer's export or erasure needs it */
};

struct release {
    struct plugin_env *env;
    struct plugin *plugin;
    struct release *next;
    char *version, *folder, *library; /* folder of the unpacked bundle; path of the shared object in it */
    char digest[BUNDLE_DIGEST];
    int64_t installed_at;
    struct bundle bundle; /* without the library's bytes; empty where it is damaged on disk */
    bool damaged;
    struct origin origin;
    bool
        untrusted; /* what signed it is not trusted any more (`damaged` too, then), or it came unsigned and may not run */
    bool unfit;    /* the plugin's configuration does not suit it; `why` says where */
    int library_fd; /* sealed copy, -1 while it does not run */
    char *settings; /* the configuration that its worker was started with, defaults filled in; NULL: none was */
    char *told;     /* the plugin's configuration that its worker knows, as it was stored */
    bool telling;   /* it is being told another one */
    unsigned want;
    int errands; /* calls for which WANT_ERRAND is set */
    enum release_state state;
    bool settled;              /* has run or failed once */
    struct supervisor *worker; /* the current one; NULL: none */
    int leaving;               /* earlier ones that are not gone yet */
    struct backoff backoff;
    struct breaker breaker;
    uv_timer_t again; /* the next start */
    char why[400];    /* what went wrong last; empty: nothing */
    int failed_code;  /* its error code, where the worker said one */
    bool needs_alone; /* it failed because another release works on the database */
    int64_t restart_count;
    struct counter *requests, *failures, *restarts, *in_flight, *refused, *lines_dropped, *misbehaved, *breaker_state,
        *breaker_opened;
    struct histogram *latency;
};

/* Takes `bundle`'s content; NULL for one that cannot be read, `why` saying so. `folder` is copied. */
struct release *release_new(struct plugin_env *env, struct plugin *plugin, const char *version, const char *digest,
                            int64_t installed_at, const char *folder, struct bundle *bundle, const char *why);
/* The same release was brought again: what was damaged or not trusted may run now. Takes `bundle`'s content. */
void release_renew(struct release *release, struct bundle *bundle, const struct origin *origin);
/* Its origin is not trusted (any more): it is not started again, and says why. What runs goes on. */
void release_distrust(struct release *release, const char *why);
/* Only once no worker is left; the timer is closed and the release freed in the next turn of the loop. */
void release_free(struct release *release);

void release_want(struct release *release, enum release_want why);
void release_unwant(struct release *release, enum release_want why);
/* Does what the wants and the plugin's state ask for: start, resume, drain or nothing. */
void release_review(struct release *release);
/* True when its worker takes a call now. */
bool release_runs(const struct release *release);
/* True when it runs, busy or not, and its breaker lets calls through. */
bool release_serves(const struct release *release);
/* Both. */
bool release_takes(const struct release *release);
/* A call is sent to its worker; true: its fate decides over the breaker, and release_saw must be told so. */
bool release_sends(struct release *release);
/* How a call went: failed or not, after so many ms. */
void release_saw(struct release *release, bool probe, bool failed, double ms);
/* Seconds after which trying again makes sense. */
int release_retry_after(const struct release *release);
/* For people: "stopped" only when no process of it is left. */
const char *release_state_name(const struct release *release);
void release_json(const struct release *release, struct json_writer *w);

#endif
